import { describe, expect, it } from 'vitest';
import {
  BLOCK_ROWS,
  blockBytes,
  type DistanceKernels,
  openWasmKernels,
  paddedColumns,
  plainKernels,
  putRow,
} from './distance-kernels.ts';
import { Random } from './random.ts';
import { openSearchKernels } from './search-kernels.ts';

const BLOCKS = 3;
const QUERIES = 4;

/** Queries, then blocks, then room for results, at the same places of both memories. */
function laidOut(columns: number, scale: number, kernels: DistanceKernels) {
  const width = paddedColumns(columns);
  const blocks = QUERIES * width * 4;
  const out = blocks + BLOCKS * blockBytes(width);
  const numbers = new Float32Array(kernels.memory, 0, (out >> 2) + BLOCKS * BLOCK_ROWS);
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

describe.each([
  [1, 1],
  [7, 1e-3],
  [8, 30],
  [80, 1],
  [81, 1e6],
])('distance kernels of %s columns, values of about %s', (columns, scale) => {
  const bytes = 1 << 18;
  const [wasm, near] = [openSearchKernels(bytes), openWasmKernels(bytes)];
  if (wasm === undefined || near === undefined) throw new Error('Node without WebAssembly');
  const both = [wasm, plainKernels(new ArrayBuffer(bytes))].map((kernels) => laidOut(columns, scale, kernels));

  it('measure to the last bit what plain loops measure', () => {
    const [ours, plain] = both.map(({ kernels, width, blocks, out, numbers }) => {
      kernels.squares(0, blocks, BLOCKS, width, out);
      const squares = numbers.slice(out / 4, out / 4 + BLOCKS * BLOCK_ROWS);
      return { squares, square: kernels.square(0, width * 4, width) };
    });
    expect(ours).toEqual(plain);
  });

  it('measure what is there, where the quick multiply-add is taken as well', () => {
    for (const { kernels, width, blocks, out, numbers, rows, queries } of [...both, laidOut(columns, scale, near)]) {
      kernels.squares(0, blocks, BLOCKS, width, out);
      rows.forEach((row, place) => {
        const exact = row.reduce((sum, value, i) => sum + (value - queries[0]![i]!) ** 2, 0);
        expect(Math.abs(numbers[out / 4 + place]! - exact)).toBeLessThan(1e-5 * exact + 1e-30);
      });
    }
  });

  it('fill blocks as plain loops do', () => {
    const [ours, plain] = both.map(({ kernels, width, blocks, out, numbers, queries }) => {
      numbers.fill(-1, blocks / 4, blocks / 4 + blockBytes(width) / 4);
      numbers.fill(0, out / 4, out / 4 + width);
      const longest = kernels.fillBlock(0, QUERIES, blocks, width, out);
      const block = numbers.slice(blocks / 4, (blocks + blockBytes(width)) / 4);
      const at = (place: number) =>
        Array.from({ length: columns }, (_, column) => block[(column + 1) * BLOCK_ROWS + place]!);
      queries.forEach((query, place) => {
        expect(at(place)).toEqual([...query]);
        expect(block[place]! / query.reduce((sum, value) => sum - value ** 2 / 2, 0)).toBeCloseTo(1, 5);
      });
      expect(at(QUERIES)).toEqual(new Array(columns).fill(-1));
      expect(longest / Math.max(...block.subarray(0, QUERIES).map((half) => -2 * half))).toBeCloseTo(1, 6);
      return { sum: numbers.slice(out / 4, out / 4 + columns), values: block.slice(BLOCK_ROWS) };
    });
    expect(ours).toEqual(plain);
  });
});

describe('distance kernels', () => {
  it('are not there where memory cannot be had', () => {
    expect(openWasmKernels(2 ** 40)).toBeUndefined();
  });

  it('take exponentials to seven digits', () => {
    const [wasm, plain] = [openWasmKernels(1 << 16)!, plainKernels(new ArrayBuffer(1 << 16))].map(
      ({ memory, ...kernels }) => {
        const numbers = new Float32Array(memory, 0, 4_096);
        for (let at = 0; at < 4_096; at++) numbers[at] = at / 100;
        numbers[4_095] = Number.POSITIVE_INFINITY;
        kernels.exponentials(0, 4_096 * 4, -1);
        return numbers;
      },
    );
    wasm!.forEach((value, at) => {
      expect(Math.abs(value - plain![at]!)).toBeLessThanOrEqual(3e-7 * plain![at]! + 1e-37);
    });
    expect([wasm![0], wasm![4_094]! < 1e-17]).toEqual([1, true]);
  });
});
