import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSignalRequest, SIGNAL_FIXED_BYTES, SIGNAL_RECORD_TYPE, SignalRecordDecoder } from './signal-records.ts';

function record(type: number, bytes: number, words: readonly number[]): Buffer {
  const made = Buffer.alloc(bytes);
  made.writeUInt32LE(bytes, 0);
  made.writeUInt16LE(type, 4);
  for (const [index, word] of words.entries()) made.writeUInt32LE(word, 8 + 4 * index);
  return made;
}

const HELLO = record(SIGNAL_RECORD_TYPE.hello, SIGNAL_FIXED_BYTES.hello, [0x47534648, 1]);
const PULSE = record(SIGNAL_RECORD_TYPE.pulse, SIGNAL_FIXED_BYTES.pulse, [3]);
const result = (sequence: number, outcome: number, error = 0): Buffer =>
  record(SIGNAL_RECORD_TYPE.result, SIGNAL_FIXED_BYTES.result, [sequence, outcome, error]);

function decode(pieces: readonly Buffer[]) {
  const told: unknown[] = [];
  const decoder = new SignalRecordDecoder({
    hello: () => told.push('hello'),
    result: (...said) => told.push(said),
  });
  const isSound = pieces.every((piece) => decoder.accept(piece));
  return { told, isSound, problem: decoder.problem };
}

describe('the words of sense signal', () => {
  it('are understood, whatever pieces they come in', () => {
    const whole = Buffer.concat([HELLO, PULSE, result(7, 1), result(8, 5, 1), result(9, 3)]);
    const expected = ['hello', [7, 'done', 0], [8, 'failed', 1], [9, 'another', 0]];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }), (sizes) => {
        const pieces: Buffer[] = [];
        let from = 0;
        for (const size of sizes) {
          pieces.push(whole.subarray(from, from + size));
          from += size;
        }
        pieces.push(whole.subarray(from));
        expect(decode(pieces)).toEqual({ told: expected, isSound: true, problem: undefined });
      }),
    );
  });

  it.each([
    ['no greeting', [result(1, 1)]],
    ['another greeting', [record(SIGNAL_RECORD_TYPE.hello, 16, [1, 1])]],
    ['another version', [record(SIGNAL_RECORD_TYPE.hello, 16, [0x47534648, 2])]],
    ['an unknown outcome', [HELLO, result(1, 6)]],
    ['an unknown record', [HELLO, record(99, 16, [])]],
  ])('are refused: %s', (_name, pieces) => {
    expect(decode(pieces).isSound).toBe(false);
  });

  it('never throw, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        decode([HELLO, Buffer.from(bytes)]);
      }),
    );
  });

  it('ask in 24 bytes', () => {
    const asked = Buffer.from(encodeSignalRequest(5, { pid: 4711, startTicks: 2 ** 40 + 3 }, 'kill'));
    expect([asked.length, asked.readUInt32LE(0), asked.readUInt32LE(4)]).toEqual([24, 5, 4711]);
    expect([asked.readBigUInt64LE(8), asked.readUInt32LE(16)]).toEqual([2n ** 40n + 3n, 3]);
  });
});
