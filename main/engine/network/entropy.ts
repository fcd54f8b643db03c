import { ENTROPY_BYTES } from './flow-layout.ts';

/** n·log2(n) for every count that can occur. */
const COUNT_BITS = Float64Array.from({ length: ENTROPY_BYTES + 1 }, (_, n) => (n === 0 ? 0 : n * Math.log2(n)));
const counts = new Uint16Array(256);

/**
 * Shannon entropy of the first ENTROPY_BYTES bytes of `bytes[start..end)`, in bits per byte (0–8).
 * H = log2(n) − Σ c·log2(c) / n over the counts c of the byte values. 0 for an empty range.
 */
export function entropyOf(bytes: Uint8Array, start: number, end: number): number {
  const stop = end - start > ENTROPY_BYTES ? start + ENTROPY_BYTES : end;
  const n = stop - start;
  if (n <= 1) return 0;
  for (let i = start; i < stop; i++) counts[bytes[i]]++;
  let sum = 0;
  // Taking each count once and clearing it leaves the scratch array clean without touching all 256 entries.
  for (let i = start; i < stop; i++) {
    const value = bytes[i];
    sum += COUNT_BITS[counts[value]];
    counts[value] = 0;
  }
  return Math.max(0, Math.log2(n) - sum / n);
}
