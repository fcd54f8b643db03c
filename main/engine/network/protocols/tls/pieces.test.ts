import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pieces } from './pieces.ts';

describe('pieces', () => {
  it('make the text whole in any order, with doubles', () => {
    const text = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
    const cuts = fc.array(fc.tuple(fc.nat(299), fc.nat(60)), { maxLength: 40 });
    fc.assert(
      fc.property(cuts, (list) => {
        const pieces = new Pieces(1_000);
        const covered = new Uint8Array(301);
        for (const [start, length] of list) {
          const end = Math.min(300, start + length);
          if (pieces.put(start, text.subarray(start, end))) covered.fill(1, start, end);
        }
        const end = covered.indexOf(0);
        expect([...pieces.beginning]).toEqual([...text.subarray(0, end)]);
      }),
    );
  });

  it('cost memory for what came, which is counted and given back', () => {
    let held = 0;
    const pieces = new Pieces(32_768, (bytes) => {
      held += bytes;
    });
    expect(pieces.put(32_767, Uint8Array.of(1))).toBe(false);
    expect(held).toBe(0);
    for (let at = 0; at < 32_768; at += 1_024) expect(pieces.put(at, new Uint8Array(1_024))).toBe(true);
    expect(held).toBe(32_768);
    pieces.release();
    expect([held, pieces.beginning.length]).toEqual([0, 0]);
  });

  it('are bounded in place, and in number where there are holes', () => {
    const pieces = new Pieces(10_000);
    expect(pieces.put(9_999, Uint8Array.from([1, 2]))).toBe(false);
    expect(pieces.put(2 ** 60, Uint8Array.from([1]))).toBe(false);
    expect(pieces.put(-1, Uint8Array.from([1]))).toBe(false);
    const taken = Array.from({ length: 100 }, (_, i) => pieces.put(2 * i + 1, Uint8Array.from([i])));
    expect(taken.filter(Boolean)).toHaveLength(32);
    expect(pieces.put(0, Uint8Array.from([0, 0, 0]))).toBe(true);
    expect(pieces.beginning.length).toBe(4);
  });
});
