/**
 * Lengths of the codes of HPACK's Huffman coding (RFC 7541, appendix B), by symbol; the last is that of the end of a
 * string. The codes follow from them: those of one length are numbered in the order of their symbols.
 */
const CODE_LENGTHS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28,
  28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6,
  5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23,
  22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22,
  23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26,
  20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27,
  27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27,
  27, 27, 27, 26, 30,
];

const END_OF_STRING = 256;
const MAX_CODE_BITS = 30;

/** A code of n bits is a symbol where it is below FIRST[n] + COUNT[n]: its place among those of its length tells which. */
interface CanonicalCode {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly offset: Int32Array;
  readonly symbols: Uint16Array;
}

function canonicalCode(lengths: readonly number[]): CanonicalCode {
  const first = new Int32Array(MAX_CODE_BITS + 1);
  const count = new Int32Array(MAX_CODE_BITS + 1);
  const offset = new Int32Array(MAX_CODE_BITS + 1);
  for (const length of lengths) count[length]++;
  let code = 0;
  let placed = 0;
  for (let bits = 1; bits <= MAX_CODE_BITS; bits++) {
    code = (code + count[bits - 1]) << 1;
    first[bits] = code;
    offset[bits] = placed;
    placed += count[bits];
  }
  const next = offset.slice();
  const symbols = new Uint16Array(lengths.length);
  for (const [symbol, length] of lengths.entries()) symbols[next[length]++] = symbol;
  return { first, count, offset, symbols };
}

const CODE = canonicalCode(CODE_LENGTHS);

/**
 * The text that Huffman-coded bytes stand for, one character a byte; undefined for what is none (RFC 7541 5.2).
 * @param maxText what is longer is cut
 */
export function huffmanText(bytes: Uint8Array, start: number, end: number, maxText: number): string | undefined {
  const { first, count, offset, symbols } = CODE;
  let text = '';
  let code = 0;
  let bits = 0;
  for (let at = start; at < end; at++) {
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((bytes[at] >> bit) & 1);
      bits++;
      if (bits > MAX_CODE_BITS) return undefined;
      const place = code - first[bits];
      if (place < 0 || place >= count[bits]) continue;
      const symbol = symbols[offset[bits] + place];
      if (symbol === END_OF_STRING) return undefined;
      if (text.length < maxText) text += String.fromCharCode(symbol);
      code = 0;
      bits = 0;
    }
  }
  // The last byte is filled up with the beginning of the end's code, all ones.
  return bits < 8 && code === (1 << bits) - 1 ? text : undefined;
}
