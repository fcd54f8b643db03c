import { describe, expect, it } from 'vitest';
import { CAPTURE_PIECE_BYTES } from '../../../contract/capture-pieces.ts';
import type { Failure } from '../../../contract/domain.ts';
import { type ImportClient, importFile, kindOf, nameFor, type Piece, type Taken } from './transfer.ts';

const SIZE = 2 * CAPTURE_PIECE_BYTES + 100;

function fileOf(name: string, size: number) {
  return {
    name,
    size,
    slice: (from: number, until: number) => ({ arrayBuffer: async () => new ArrayBuffer(until - from) }),
  };
}

const TAKEN: Taken = { kind: 'sigma', rules: 3, problems: [] };
const LOST: Failure = { code: 'engine-lost', message: 'The connection to the engine ended.', hint: '' };

/** Takes pieces in their order; answers a failure where one is planned for the turn. */
class FakeEngine implements ImportClient {
  readonly pieces: Piece[] = [];
  readonly failures = new Map<number, Failure>();
  waits = 0;
  #received = 0;
  #turn = 0;

  async send(_kind: string, piece: Piece): ReturnType<ImportClient['send']> {
    this.pieces.push(piece);
    const failure = this.failures.get(this.#turn++);
    if (failure !== undefined) return { ok: false, failure };
    this.#received = piece.offset + atob(piece.data).length;
    return { ok: true, value: { receivedBytes: this.#received, taken: piece.isLast ? TAKEN : null } };
  }

  async linked(): Promise<void> {
    this.waits += 1;
  }
}

const send = (engine: FakeEngine, file = fileOf('my rules.yml', SIZE), signal = new AbortController().signal) => {
  const told: number[] = [];
  return importFile(file, engine, signal, (bytes) => told.push(bytes)).then((answer) => ({ answer, told }));
};

describe('a file of rules on its way', () => {
  it('goes in pieces, in their order, the last one marked', async () => {
    const engine = new FakeEngine();
    const { answer, told } = await send(engine);
    expect(answer).toEqual({ ok: true, value: TAKEN });
    expect(engine.pieces.map(({ name, offset, isLast }) => [name, offset, isLast])).toEqual([
      ['my-rules.yml', 0, false],
      ['my-rules.yml', CAPTURE_PIECE_BYTES, false],
      ['my-rules.yml', 2 * CAPTURE_PIECE_BYTES, true],
    ]);
    expect(told).toEqual([CAPTURE_PIECE_BYTES, 2 * CAPTURE_PIECE_BYTES]);
  });

  it('begins again when the link was lost, but not for ever', async () => {
    const engine = new FakeEngine();
    engine.failures.set(1, LOST);
    const { answer } = await send(engine);
    expect(answer).toEqual({ ok: true, value: TAKEN });
    expect(engine.pieces.map(({ offset }) => offset)).toEqual([0, 1, 0, 1, 2].map((at) => at * CAPTURE_PIECE_BYTES));
    expect(engine.waits).toBe(1);

    const dead = new FakeEngine();
    for (let turn = 0; turn < 20; turn++) dead.failures.set(turn, LOST);
    expect((await send(dead)).answer).toEqual({ ok: false, failure: LOST });
    expect(dead.waits).toBe(3);
  });

  it('ends with what the engine refuses', async () => {
    const engine = new FakeEngine();
    const refused: Failure = { code: 'no-rule', message: 'Line 3: no detection.', hint: '' };
    engine.failures.set(2, refused);
    expect((await send(engine)).answer).toEqual({ ok: false, failure: refused });
  });

  it('sends nothing of a file that is none', async () => {
    const engine = new FakeEngine();
    expect((await send(engine, fileOf('a.exe', 5))).answer).toMatchObject({ failure: { code: 'unknownKind' } });
    expect((await send(engine, fileOf('a.yml', 0))).answer).toMatchObject({ failure: { code: 'empty' } });
    expect(engine.pieces).toEqual([]);
  });

  it('is given up between two pieces', async () => {
    const engine = new FakeEngine();
    const abort = new AbortController();
    abort.abort();
    expect((await send(engine, undefined, abort.signal)).answer).toBeUndefined();
    expect(engine.pieces).toEqual([]);
  });
});

describe('names of files', () => {
  it('say what they are', () => {
    expect(['a.yml', 'B.YAML', 'c.yar', 'd.yara', 'e.txt', 'f.json', 'g.csv'].map(kindOf)).toEqual([
      'sigma',
      'sigma',
      'yara',
      'yara',
      'indicators',
      'indicators',
      'indicators',
    ]);
    expect(['a', 'a.constructor', '', '.'].map(kindOf)).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('become what the engine takes', () => {
    expect(nameFor('my rules (1).yml')).toBe('my-rules--1-.yml');
    expect(nameFor('../../etc/passwd.YAR')).toBe('etc-passwd.yar');
    expect(nameFor('.yml')).toBe('rules.yml');
    expect(nameFor('äöü.yml')).toBe('rules.yml');
    const long = nameFor(`${'x'.repeat(300)}.yaml`);
    expect([long.length, long.endsWith('.yaml')]).toEqual([100, true]);
  });
});
