import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entropyOf } from './entropy.ts';
import { ENTROPY_BYTES } from './flow-layout.ts';

/** The definition: −Σ p·log2(p). */
function plainEntropy(bytes: Uint8Array): number {
  const counts = new Map<number, number>();
  for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => {
    const share = count / bytes.length;
    return sum - share * Math.log2(share);
  }, 0);
}

describe('entropyOf', () => {
  it.each([
    ['nothing', [], 0],
    ['one byte', [7], 0],
    ['the same byte over and over', new Array(100).fill(7), 0],
    ['two bytes in turn', [0, 1, 0, 1], 1],
    ['four different bytes', [9, 8, 7, 6], 2],
  ])('of %s', (_what, bytes, expected) => {
    expect(entropyOf(Uint8Array.from(bytes), 0, bytes.length)).toBe(expected);
  });

  it('looks at the first bytes only', () => {
    const bytes = new Uint8Array(4 * ENTROPY_BYTES).map((_, i) => (i < ENTROPY_BYTES ? 0 : i));
    expect(entropyOf(bytes, 0, bytes.length)).toBe(0);
  });

  it('is what the definition says, of any range, time after time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: ENTROPY_BYTES }), fc.nat(20), (bytes, before) => {
        const around = new Uint8Array(before + bytes.length + 20).fill(0xa5);
        around.set(bytes, before);
        expect(entropyOf(around, before, before + bytes.length)).toBeCloseTo(plainEntropy(bytes), 9);
      }),
    );
  });
});
