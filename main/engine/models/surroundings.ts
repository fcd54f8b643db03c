/** For every row of a sample how far the rows nearest to it among the others are, exactly. */
import { BLOCK_ROWS, MOST_MEASURED, plainKernels, squareError } from './distance-kernels.ts';
import { type Sample, squaredDistance } from './matrix.ts';
import { NearestRows } from './nearest-rows.ts';
import { ownRows, searchOwnRows } from './neighbour-batches.ts';
import type { NeighbourIndex } from './neighbour-index.ts';
import { openPairKernels, type PairKernels } from './pair-kernels.ts';
import {
  layOutPairs,
  MOST_SCREENED,
  NUMBER_BYTES,
  type PairLayout,
  writeContext,
  writeSearch,
} from './search-layout.ts';

/** By row. */
export interface Surroundings {
  /** Distance to the last of the rows nearest to it. */
  readonly reaches: Float64Array;
  /** Sum of its reach distances: of the distance to each of them, or the reach of that one where it is more. */
  readonly sums: Float64Array;
}

/** Blocks that are compared with as many others before the next are: what is known of their rows stays near the processor. */
const GROUP_BLOCKS = 8;

type Open = (bytes: number) => PairKernels | undefined;

/**
 * Compares each pair of rows once: of equally near ones those with the lowest numbers are found.
 *
 * @param wanted less than there are rows
 * @param open makes the kernels with so many bytes of memory; undefined where they cannot be had
 */
export function comparePairs(sample: Sample, wanted: number, open: Open = openPairKernels): Surroundings {
  return screenPairs(sample, wanted, open) ?? measurePairs(sample, wanted);
}

/** The same by searches for each row, which take less time where there are many rows, and some far from others. */
export function searchOthers(index: NeighbourIndex, wanted: number): Surroundings {
  const { nearest, positions } = index;
  const found = new Int32Array(index.rows * wanted);
  const squares = new Float64Array(index.rows * wanted);
  searchOwnRows(index, ownRows(index), { wanted, isLeftOut: true }, (row, query) => {
    const [from, to] = [query * wanted, positions[row]! * wanted];
    squares.set(nearest.squares.subarray(from, from + wanted), to);
    for (let i = 0; i < wanted; i++) found[to + i] = positions[nearest.found[from + i]!]!;
  });
  return addReaches(found, squares, wanted);
}

/** Undefined where there are no kernels, or a row is too long for them. */
function screenPairs(sample: Sample, wanted: number, open: Open): Surroundings | undefined {
  const { rows, columns } = sample;
  const layout = layOutPairs(rows, columns, wanted);
  const kernels = open(layout.end);
  if (kernels === undefined) return undefined;
  const { memory } = kernels;
  const numbers = new Float32Array(memory);
  const view = new DataView(memory);
  writeContext(view, layout);
  writeSearch(view, { wanted });
  writeRows(sample, numbers, layout);
  if (!fillBlocks(kernels, numbers, layout)) return undefined;
  openTops(numbers, layout);
  compareAll(kernels, layout.blocks);
  kernels.settlePairs();
  kernels.addReaches();
  // Copied, so that the memory is given back.
  return {
    reaches: new Float64Array(memory, layout.reachesStart, rows).slice(),
    sums: new Float64Array(memory, layout.sumsStart, rows).slice(),
  };
}

function writeRows({ rows, columns, data }: Sample, numbers: Float32Array, layout: PairLayout): void {
  const start = layout.rowsStart / NUMBER_BYTES;
  const width = layout.columns;
  if (width === columns) numbers.set(data, start);
  else
    for (let row = 0; row < rows; row++) {
      numbers.set(data.subarray(row * columns, (row + 1) * columns), start + row * width);
    }
}

/** @returns whether all of them can be screened */
function fillBlocks(kernels: PairKernels, numbers: Float32Array, layout: PairLayout): boolean {
  const { rows, columns, blocks, blocksStart, rowsStart, rowBytes, zerosStart, lengthsStart } = layout;
  const roundedUp = 1 + squareError(columns);
  for (let block = 0; block < blocks; block++) {
    const first = block * BLOCK_ROWS;
    const address = blocksStart + block * layout.blockBytes;
    const start = address / NUMBER_BYTES;
    // Places without a row are farther away than any.
    numbers.fill(Number.NEGATIVE_INFINITY, start, start + BLOCK_ROWS);
    const count = Math.min(BLOCK_ROWS, rows - first);
    const longest = kernels.fillBlock(rowsStart + first * rowBytes, count, address, columns, zerosStart);
    if (!(longest < MOST_SCREENED)) return false;
    numbers[lengthsStart / NUMBER_BYTES + block] = Math.sqrt(longest) * roundedUp;
  }
  return true;
}

function openTops(numbers: Float32Array, { rows, blocks, topsStart }: PairLayout): void {
  const tops = topsStart / NUMBER_BYTES;
  numbers.fill(Number.NEGATIVE_INFINITY, tops, tops + rows);
  // Places without a row want nothing.
  numbers.fill(Number.POSITIVE_INFINITY, tops + rows, tops + blocks * BLOCK_ROWS);
}

function compareAll(kernels: PairKernels, blocks: number): void {
  for (let group = 0; group < blocks; group += GROUP_BLOCKS) {
    for (let other = group; other < blocks; other += GROUP_BLOCKS) compareGroups(kernels, blocks, group, other);
  }
}

function compareGroups(kernels: PairKernels, blocks: number, group: number, other: number): void {
  const [end, otherEnd] = [Math.min(blocks, group + GROUP_BLOCKS), Math.min(blocks, other + GROUP_BLOCKS)];
  for (let first = group; first < end; first++) {
    for (let second = Math.max(first, other); second < otherEnd; second++) kernels.compareBlocks(first, second);
  }
}

/** By measuring alone, as the kernels measure what they do not rule out. */
function measurePairs(sample: Sample, wanted: number): Surroundings {
  const { rows, columns, data } = sample;
  const layout = layOutPairs(rows, columns, wanted);
  const memory = new ArrayBuffer(layout.end);
  writeRows(sample, new Float32Array(memory), layout);
  const { square } = plainKernels(memory);
  const address = (row: number) => layout.rowsStart + row * layout.rowBytes;
  const measure = (first: number, second: number): number => {
    const measured = square(address(first), address(second), layout.columns);
    if (measured < MOST_MEASURED) return measured;
    return squaredDistance(data, first * columns, data, second * columns, columns, Number.POSITIVE_INFINITY);
  };
  const nearest = new NearestRows(rows, wanted);
  const search = { wanted };
  for (let first = 0; first < rows; first++) {
    for (let second = first + 1; second < rows; second++) {
      const measured = measure(first, second);
      nearest.add(first, second, measured, search);
      nearest.add(second, first, measured, search);
    }
  }
  return addReaches(nearest.found, nearest.squares, wanted);
}

/** @param squares of the distances of each row to the rows found for it, nearest first */
function addReaches(found: Int32Array, squares: Float64Array, wanted: number): Surroundings {
  const reaches = new Float64Array(found.length / wanted);
  for (let row = 0; row < reaches.length; row++) reaches[row] = Math.sqrt(squares[(row + 1) * wanted - 1]!);
  const sums = new Float64Array(reaches.length);
  for (let i = 0; i < found.length; i++) {
    sums[Math.floor(i / wanted)]! += Math.max(reaches[found[i]!]!, Math.sqrt(squares[i]!));
  }
  return { reaches, sums };
}
