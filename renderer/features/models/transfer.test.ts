import { describe, expect, it } from 'vitest';
import { PROFILE_PIECE_BYTES } from '../../../contract/capture-pieces.ts';
import type { Failure } from '../../../contract/domain.ts';
import { fromBase64, toBase64 } from '../../lib/pieces.ts';
import { sampleProfile } from './testing.ts';
import { exportProfile, type ImportClient, importProfile } from './transfer.ts';

const LOST: Failure = { code: 'engine-lost', message: 'The connection to the engine ended.', hint: '' };
const SIZE = 2 * PROFILE_PIECE_BYTES + 77;
const BYTES = Uint8Array.from({ length: SIZE }, (_, index) => (index * 31 + (index >> 8)) % 256);

const fileOf = (bytes: Uint8Array, size = bytes.length) => ({
  name: 'office.hfmodel',
  size,
  slice: (from: number, until: number) => ({ arrayBuffer: async () => bytes.slice(from, until).buffer }),
});

/** An expectation that compares megabytes would take seconds. */
const isSame = (a: readonly number[], b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);

/** An engine that takes one file; `trouble` is asked before each piece. */
class FakeEngine implements ImportClient {
  received: number[] = [];
  waits = 0;
  pieces = 0;
  isKept = true;
  trouble: (piece: number) => Failure | undefined = () => undefined;

  async send({ offset, data, isLast }: { offset: number; data: string; isLast: boolean }) {
    this.pieces += 1;
    const failure = this.trouble(this.pieces);
    if (failure !== undefined) return { ok: false as const, failure };
    if (offset === 0) this.received = [];
    expect(offset).toBe(this.received.length);
    for (const byte of fromBase64(data) ?? []) this.received.push(byte);
    const profile = isLast && this.isKept ? sampleProfile({ id: 'flow-9' }) : null;
    return { ok: true as const, value: { receivedBytes: this.received.length, profile } };
  }

  async linked() {
    this.waits += 1;
  }
}

describe('taking a version in', () => {
  it('sends every byte once, and says how far it is', async () => {
    const engine = new FakeEngine();
    const told: number[] = [];
    const answer = await importProfile(fileOf(BYTES), engine, (sent) => told.push(sent));
    expect(answer).toMatchObject({ ok: true, value: { id: 'flow-9' } });
    expect(isSame(engine.received, BYTES)).toBe(true);
    expect(told).toEqual([PROFILE_PIECE_BYTES, 2 * PROFILE_PIECE_BYTES]);
  });

  it('begins again when the link was lost, and gives up at last', async () => {
    const engine = new FakeEngine();
    engine.trouble = (piece) => (piece === 2 ? LOST : undefined);
    expect(await importProfile(fileOf(BYTES), engine, () => {})).toMatchObject({ ok: true });
    expect([engine.waits, engine.received.length]).toEqual([1, SIZE]);
    const lost = new FakeEngine();
    lost.trouble = () => LOST;
    expect(await importProfile(fileOf(BYTES), lost, () => {})).toEqual({ ok: false, failure: LOST });
    expect(lost.pieces).toBe(4);
  });

  it.each([
    ['empty', fileOf(new Uint8Array(0))],
    ['unreadable', fileOf(BYTES, SIZE + 1)],
  ])('refuses a file that is %s', async (code, file) => {
    expect(await importProfile(file, new FakeEngine(), () => {})).toMatchObject({ ok: false, failure: { code } });
  });

  it('says what the engine refused, and that nothing was kept', async () => {
    const broken: Failure = { code: 'not-a-profile', message: 'This is no version.', hint: '' };
    const engine = new FakeEngine();
    engine.trouble = () => broken;
    expect(await importProfile(fileOf(BYTES), engine, () => {})).toEqual({ ok: false, failure: broken });
    const forgetful = new FakeEngine();
    forgetful.isKept = false;
    const answer = await importProfile(fileOf(BYTES), forgetful, () => {});
    expect(answer).toMatchObject({ ok: false, failure: { code: 'notKept' } });
  });
});

describe('giving a version out', () => {
  const pieceAt = (offset: number, bytes = BYTES.length) => ({
    ok: true as const,
    value: { bytes, data: toBase64(BYTES.subarray(offset, offset + PROFILE_PIECE_BYTES)) },
  });

  it('puts the pieces together', async () => {
    const answer = await exportProfile(async (offset) => pieceAt(offset));
    expect(
      answer.ok &&
        isSame(
          answer.value.flatMap((piece) => [...piece]),
          BYTES,
        ),
    ).toBe(true);
  });

  it.each([
    ['grows', (offset: number) => pieceAt(offset, SIZE + offset)],
    ['has no end', () => ({ ok: true as const, value: { bytes: SIZE, data: '' } })],
    ['is no base64', () => ({ ok: true as const, value: { bytes: SIZE, data: '?' } })],
    ['is longer than it says', () => pieceAt(0, 10)],
  ])('keeps nothing of one that %s', async (_what, ask) => {
    expect(await exportProfile(async (offset) => ask(offset))).toMatchObject({ failure: { code: 'changed' } });
  });
});
