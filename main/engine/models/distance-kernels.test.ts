import { describe, expect, it } from 'vitest';
import {
  BLOCK_GROUPS,
  BLOCK_ROWS,
  blockBytes,
  type DistanceKernels,
  OWN_SCREENING_ERROR,
  openWasmKernels,
  paddedColumns,
  plainKernels,
  putRow,
  SCREENED_NUMBERS,
  screeningError,
} from './distance-kernels.ts';
import { Random } from './random.ts';

const BLOCKS = 3;
const QUERIES = 4;

/** Queries, then blocks, then room for results, at the same places of both memories. */
function laidOut(columns: number, scale: number, kernels: DistanceKernels) {
  const width = paddedColumns(columns);
  const blocks = QUERIES * width * 4;
  const out = blocks + BLOCKS * blockBytes(width);
  const numbers = new Float32Array(kernels.memory, 0, (out >> 2) + BLOCKS * BLOCK_ROWS + QUERIES * SCREENED_NUMBERS);
  const random = new Random(columns);
  const row = () => Float32Array.from({ length: columns }, () => scale * random.normal());
  const queries = Array.from({ length: QUERIES }, row);
  queries.forEach((query, index) => {
    numbers.set(query, index * width);
  });
  const rows = Array.from({ length: BLOCKS * BLOCK_ROWS }, row);
  rows.forEach((each, index) => {
    const block = blocks + Math.floor(index / BLOCK_ROWS) * blockBytes(width);
    putRow(numbers, block / 4, index % BLOCK_ROWS, each, columns);
  });
  return { kernels, width, blocks, out, numbers, queries, rows };
}

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, column) => sum + value * b[column]!, 0);

describe.each([
  [1, 1],
  [7, 1e-3],
  [8, 30],
  [80, 1],
  [81, 1e6],
])('distance kernels of %s columns, values of about %s', (columns, scale) => {
  const bytes = 1 << 18;
  const wasm = openWasmKernels(bytes);
  if (wasm === undefined) throw new Error('Node without WebAssembly');
  const both = [wasm, plainKernels(new ArrayBuffer(bytes))].map((kernels) => laidOut(columns, scale, kernels));

  it('measure to the last bit what plain loops measure', () => {
    const [ours, plain] = both.map(({ kernels, width, blocks, out, numbers }) => {
      kernels.squares(0, blocks, BLOCKS, width, out);
      const squares = numbers.slice(out / 4, out / 4 + BLOCKS * BLOCK_ROWS);
      return { squares, square: kernels.square(0, width * 4, width) };
    });
    expect(ours).toEqual(plain);
    const [first] = both;
    const exact = first!.rows.map((row) => row.reduce((sum, v, i) => sum + (v - first!.queries[0]![i]!) ** 2, 0));
    ours!.squares.forEach((square, row) => {
      expect(Math.abs(square - exact[row]!)).toBeLessThan(1e-5 * exact[row]! + 1e-30);
    });
  });

  it.each(both)('screen within the error that they admit, one row or four at a time', (laid) => {
    const { kernels, width, blocks, out, numbers, queries, rows } = laid;
    const outs = queries.map((_, query) => out + query * SCREENED_NUMBERS * 4);
    const results = () => outs.map((start) => [...numbers.slice(start / 4, start / 4 + SCREENED_NUMBERS)]);
    const [a, b, c, d] = outs;
    kernels.screenFour(0, width * 4, width * 8, width * 12, blocks, width, a!, b!, c!, d!);
    const four = results();
    queries.forEach((_, query) => {
      kernels.screen(query * width * 4, blocks, width, outs[query]!);
    });
    const one = results();
    const blockLength = Math.max(...rows.slice(0, BLOCK_ROWS).map((row) => Math.sqrt(dot(row, row))));
    const { ofBlock, perLength } = screeningError(width, blockLength);
    for (const [query, values] of queries.entries()) {
      const square = dot(values, values);
      const error = ofBlock + Math.sqrt(square) * perLength + square * OWN_SCREENING_ERROR;
      for (const sums of [one[query]!, four[query]!]) {
        for (let row = 0; row < BLOCK_ROWS; row++) {
          expect(Math.abs(sums[row]! - (dot(values, rows[row]!) - dot(rows[row]!, rows[row]!) / 2))).toBeLessThan(
            error,
          );
        }
        for (let group = 0; group < BLOCK_GROUPS; group++) {
          const own = sums.slice(0, BLOCK_ROWS).filter((_, row) => row % BLOCK_GROUPS === group);
          expect(sums[BLOCK_ROWS + group]).toBe(Math.max(...own));
        }
      }
    }
  });
});

describe('distance kernels', () => {
  it('are not there where memory cannot be had', () => {
    expect(openWasmKernels(2 ** 40)).toBeUndefined();
  });
});
