import { afterEach, describe, expect, it, vi } from 'vitest';
import { areFinite } from './finite.ts';

/** Enough for WebAssembly, in chunks of which the last is not full. */
const COUNT = 50_003;
const ENDS = [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -0, 0, 1e300];

afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each([
  ['with', true],
  ['without', false],
])('finite numbers %s WebAssembly', (_, isThere) => {
  it('are told from others wherever those stand', () => {
    if (!isThere) vi.stubGlobal('WebAssembly', undefined);
    for (const count of [1, 7, COUNT]) {
      const numbers = Float64Array.from({ length: count }, (__, i) => ENDS[i % ENDS.length]!);
      expect(areFinite(numbers)).toBe(true);
      for (const place of new Set([0, count >> 1, Math.max(0, count - 2), count - 1, Math.min(8_191, count - 1)])) {
        for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const kept = numbers[place]!;
          numbers[place] = wrong;
          expect(areFinite(numbers), `${wrong} at ${place} of ${count}`).toBe(false);
          numbers[place] = kept;
        }
      }
    }
  });

  it('are told from others in 32 bits', () => {
    if (!isThere) vi.stubGlobal('WebAssembly', undefined);
    expect(areFinite(new Float32Array(COUNT).fill(3e38))).toBe(true);
    expect(areFinite(new Float32Array(COUNT).fill(4e38))).toBe(false);
  });
});
