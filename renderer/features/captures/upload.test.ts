import { describe, expect, it } from 'vitest';
import type { Capture } from '../../../contract/api-captures.ts';
import { CAPTURE_PIECE_BYTES } from '../../../contract/capture-pieces.ts';
import type { Failure } from '../../../contract/domain.ts';
import type { Answer } from '../../lib/client.ts';
import { fromBase64, toBase64 } from '../../lib/pieces.ts';
import { rateOf, timeLeftMs, withSample } from './rate.ts';
import { type UploadClient, type UploadFile, type UploadStep, upload } from './upload.ts';

const SIZE = 3 * CAPTURE_PIECE_BYTES + 1_000;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => (index * 31 + (index >> 8)) % 256);

function fileOf(bytes: Uint8Array, name = 'a.pcap'): UploadFile {
  return {
    name,
    size: bytes.length,
    slice: (from, until) => ({ arrayBuffer: async () => bytes.slice(from, until).buffer }),
  };
}

function bytesOf(base64: string): Uint8Array {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

/** An expectation that compares megabytes would take seconds. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const LOST: Failure = { code: 'engine-lost', message: 'The connection to the engine ended.', hint: '' };

/** An engine that takes one capture, and whose way can be cut. */
class FakeEngine implements UploadClient {
  received: Uint8Array = new Uint8Array(0);
  size = 0;
  name = '';
  state: Capture['state'] = 'receiving';
  cancelled: string[] = [];
  waits = 0;
  /** Asked before each call; a failure is answered instead. `after` lets the engine do it first. */
  trouble: (call: string, number: number) => { failure: Failure; after?: boolean } | undefined = () => undefined;
  #calls = new Map<string, number>();

  async #answer<T>(call: string, run: () => Answer<T>): Promise<Answer<T>> {
    const number = (this.#calls.get(call) ?? 0) + 1;
    this.#calls.set(call, number);
    const trouble = this.trouble(call, number);
    if (trouble === undefined) return run();
    if (trouble.after) run();
    return { ok: false, failure: trouble.failure };
  }

  #capture(): Capture {
    return {
      id: 'c-1',
      name: this.name,
      state: this.state,
      // Of no use for going on: it is rounded, and of the analysis later.
      progress: this.state === 'receiving' ? Number((this.received.length / this.size).toFixed(1)) : null,
      sizeBytes: this.size,
      receivedBytes: this.received.length,
      addedMs: 0,
      addedBy: 'test',
      result: null,
      failure: null,
    };
  }

  begin(name: string, sizeBytes: number) {
    return this.#answer('begin', () => {
      this.name = name;
      this.size = sizeBytes;
      return { ok: true, value: this.#capture() };
    });
  }

  append(_id: string, offset: number, data: string) {
    return this.#answer('append', (): Answer<{ receivedBytes: number }> => {
      const piece = bytesOf(data);
      if (piece.length > CAPTURE_PIECE_BYTES) throw new Error('a piece is too large');
      if (offset !== this.received.length) {
        return { ok: false, failure: { code: 'wrong-offset', message: 'Another byte is expected.', hint: '' } };
      }
      this.received = joined(this.received, piece);
      if (this.received.length === this.size) this.state = 'waiting';
      return { ok: true, value: { receivedBytes: this.received.length } };
    });
  }

  get() {
    return this.#answer('get', () => ({ ok: true, value: this.#capture() }));
  }

  async cancel(id: string) {
    this.cancelled.push(id);
    this.state = 'cancelled';
  }

  async linked() {
    this.waits += 1;
  }

  async sleep() {
    this.waits += 1;
  }
}

function run(engine: FakeEngine, file = fileOf(BYTES), abort = new AbortController()) {
  const steps: UploadStep[] = [];
  return { steps, abort, end: upload(file, engine, abort.signal, (step) => steps.push(step)) };
}

describe('sending a capture', () => {
  it('sends every byte once, in pieces', async () => {
    const engine = new FakeEngine();
    const { end, steps } = run(engine);
    expect(await end).toEqual({ type: 'done', id: 'c-1' });
    expect(isSame(engine.received, BYTES)).toBe(true);
    expect(steps.map((step) => (step.type === 'sent' ? step.bytes : step.type))).toEqual([
      'begun',
      CAPTURE_PIECE_BYTES,
      2 * CAPTURE_PIECE_BYTES,
      3 * CAPTURE_PIECE_BYTES,
      SIZE,
    ]);
  });

  it.each([false, true])('goes on where the engine is after the link was lost (piece arrived: %s)', async (after) => {
    const engine = new FakeEngine();
    engine.trouble = (call, number) => (call === 'append' && number === 2 ? { failure: LOST, after } : undefined);
    const { end, steps } = run(engine);
    expect(await end).toEqual({ type: 'done', id: 'c-1' });
    expect(isSame(engine.received, BYTES)).toBe(true);
    expect([engine.waits, steps.some(({ type }) => type === 'no-link')]).toEqual([1, true]);
  });

  it('is done when the last piece arrived and its answer did not', async () => {
    const engine = new FakeEngine();
    engine.trouble = (call, number) => (call === 'append' && number === 4 ? { failure: LOST, after: true } : undefined);
    expect(await run(engine).end).toEqual({ type: 'done', id: 'c-1' });
    expect(isSame(engine.received, BYTES)).toBe(true);
  });

  it('waits through a link that comes and goes', async () => {
    const engine = new FakeEngine();
    engine.trouble = (call, number) =>
      (call === 'begin' && number < 3) || (call === 'append' && number === 1) || (call === 'get' && number < 4)
        ? { failure: LOST }
        : undefined;
    expect((await run(engine).end).type).toBe('done');
    expect([engine.received.length, engine.waits]).toEqual([SIZE, 6]);
  });

  it('takes the offset that the engine names, but does not go in a circle', async () => {
    const engine = new FakeEngine();
    const wrong = { failure: { code: 'wrong-offset', message: '', hint: '' } };
    engine.trouble = (call, number) => (call === 'append' && number === 2 ? wrong : undefined);
    expect((await run(engine).end).type).toBe('done');
    expect(isSame(engine.received, BYTES)).toBe(true);

    const stubborn = new FakeEngine();
    stubborn.trouble = (call) => (call === 'append' ? wrong : undefined);
    expect(await run(stubborn).end).toMatchObject({ type: 'failed', failure: { code: 'changed' } });
    expect(stubborn.cancelled).toEqual(['c-1']);
  });

  it('waits for a place, and tells what the engine refuses', async () => {
    const engine = new FakeEngine();
    const busy = { failure: { code: 'too-many-captures', message: '', hint: '' } };
    engine.trouble = (call, number) => (call === 'begin' && number < 3 ? busy : undefined);
    const { end, steps } = run(engine);
    expect((await end).type).toBe('done');
    expect(steps.filter(({ type }) => type === 'no-place')).toHaveLength(2);

    const full = new FakeEngine();
    const noRoom = { failure: { code: 'no-room', message: 'The disk is full.', hint: '' } };
    full.trouble = (call) => (call === 'append' ? noRoom : undefined);
    expect(await run(full).end).toEqual({ type: 'failed', ...noRoom });
    expect(full.cancelled).toEqual([]);
  });

  it('is cancelled in the middle, and the engine is told', async () => {
    const engine = new FakeEngine();
    const abort = new AbortController();
    engine.trouble = (call, number) => {
      if (call === 'append' && number === 2) abort.abort();
      return undefined;
    };
    expect(await run(engine, fileOf(BYTES), abort).end).toEqual({ type: 'cancelled' });
    expect([engine.cancelled, engine.received.length]).toEqual([['c-1'], 2 * CAPTURE_PIECE_BYTES]);
  });

  it('ends quietly when somebody else cancelled or removed it', async () => {
    const refused = (code: string) => ({ failure: { code, message: '', hint: '' } });
    const cancelled = new FakeEngine();
    cancelled.trouble = (call) => {
      if (call !== 'append') return undefined;
      cancelled.state = 'cancelled';
      return refused('not-receiving');
    };
    expect(await run(cancelled).end).toEqual({ type: 'cancelled' });
    const removed = new FakeEngine();
    removed.trouble = (call) => (call === 'append' || call === 'get' ? refused('no-such-capture') : undefined);
    expect(await run(removed).end).toEqual({ type: 'cancelled' });
  });

  it('is cancelled while it waits for the link, or before it began', async () => {
    const engine = new FakeEngine();
    const abort = new AbortController();
    engine.trouble = (call) => (call === 'append' ? { failure: LOST } : undefined);
    engine.linked = async () => abort.abort();
    expect(await run(engine, fileOf(BYTES), abort).end).toEqual({ type: 'cancelled' });
    expect(engine.cancelled).toEqual(['c-1']);

    const never = new FakeEngine();
    expect(await run(never, fileOf(BYTES), abort).end).toEqual({ type: 'cancelled' });
    expect([never.size, never.cancelled]).toEqual([0, []]);
  });

  it('says of a file that changed that it cannot be read', async () => {
    const engine = new FakeEngine();
    const shorter = { ...fileOf(BYTES.slice(0, CAPTURE_PIECE_BYTES + 5)), size: SIZE };
    expect(await run(engine, shorter).end).toMatchObject({ type: 'failed', failure: { code: 'unreadable' } });
    expect(engine.cancelled).toEqual(['c-1']);
    const folder: UploadFile = {
      name: 'folder',
      size: 4_096,
      slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotReadableError')) }),
    };
    expect(await run(new FakeEngine(), folder).end).toMatchObject({ failure: { code: 'unreadable' } });
  });

  it('takes any name', async () => {
    const engine = new FakeEngine();
    await run(engine, fileOf(BYTES.slice(0, 10), 'x'.repeat(400))).end;
    expect(engine.name).toHaveLength(255);
    const nameless = new FakeEngine();
    await run(nameless, fileOf(BYTES.slice(0, 10), '')).end;
    expect(nameless.name).toBe('capture');
  });

  it('writes base64 as everybody does', () => {
    expect(toBase64(new TextEncoder().encode('Holdfast?>'))).toBe('SG9sZGZhc3Q/Pg==');
    for (const length of [0, 1, 2, 3, 40_000]) {
      const bytes = BYTES.slice(0, length);
      expect(isSame(bytesOf(toBase64(bytes)), bytes)).toBe(true);
      expect(isSame(fromBase64(toBase64(bytes)) ?? new Uint8Array(1), bytes)).toBe(true);
    }
  });
});

describe('the rate', () => {
  it('is of the last seconds', () => {
    const at = (seconds: number, bytes: number) => ({ timeMs: seconds * 1_000, bytes });
    const samples = [at(0, 0), at(1, 100), at(6, 100), at(7, 2_100)].reduce(withSample, []);
    expect(rateOf(samples)).toBe(2_000);
    expect(rateOf([at(0, 0)])).toBeNull();
    expect(timeLeftMs(4_000, 2_000)).toBe(2_000);
    expect([timeLeftMs(1, 0), timeLeftMs(1, null)]).toEqual([null, null]);
  });
});
