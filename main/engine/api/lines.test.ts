import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineError, LineSplitter } from './lines.ts';

/** Cuts bytes at the given places. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.slice(cuts[index], end));
}

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut', () => {
    const text = fc.array(fc.string({ unit: 'grapheme' }).map((line) => line.replaceAll('\n', ' ')));
    fc.assert(
      fc.property(text, fc.array(fc.nat(5_000)), (lines, places) => {
        const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
        const splitter = new LineSplitter(1_000_000);
        expect(cutAt(bytes, places).flatMap((piece) => splitter.push(piece))).toEqual(lines);
        expect(splitter.isWaiting).toBe(false);
      }),
    );
  });

  it('does not keep the buffer that the bytes came in', () => {
    const splitter = new LineSplitter(100);
    const buffer = new TextEncoder().encode('abc');
    splitter.push(buffer);
    buffer.fill(0x78);
    expect(splitter.push(new TextEncoder().encode('\n'))).toEqual(['abc']);
  });

  it('holds no more than its bound, in one piece or in many', () => {
    const splitter = new LineSplitter(10);
    expect(() => splitter.push(new Uint8Array(11).fill(0x61))).toThrow(LineError);
    const other = new LineSplitter(10);
    expect(() => {
      for (let index = 0; index < 11; index++) other.push(new Uint8Array([0x61]));
    }).toThrow(LineError);
  });

  it('refuses what is no text', () => {
    expect(() => new LineSplitter(10).push(new Uint8Array([0xff, 0xfe, 0x0a]))).toThrow(LineError);
  });
});
