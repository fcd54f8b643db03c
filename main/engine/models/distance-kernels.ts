/**
 * Distances of one row to many, four at a time: the inner loops of all models that compare rows with rows, as
 * WebAssembly that is put together here, and as plain loops with the same results where there is no WebAssembly.
 *
 * Rows lie in blocks of BLOCK_ROWS, column by column, so that one instruction takes the same column of four rows. A
 * block begins with minus half the squared length of each of its rows.
 */
import {
  doWhile,
  type F32,
  FunctionWriter,
  f32,
  f32x4,
  i32,
  type Local,
  type Statement,
  set,
  type V128,
  type WasmFunction,
  when,
} from './wasm-assembler.ts';
import { type MultiplyAdd, moduleOf } from './wasm-module.ts';

/** Rows of a block: a few of its columns fit where the processor is quickest. */
export const BLOCK_ROWS = 32;
/** Columns are filled up with zeros to a multiple of this, so that no loop has an odd end. */
export const COLUMN_STEP = 8;

const NUMBER_BYTES = 4;
export const LANES = 4;
export const VECTOR_BYTES = LANES * NUMBER_BYTES;
/** From a column of a block to the next. */
export const COLUMN_BYTES = BLOCK_ROWS * NUMBER_BYTES;

/** All addresses are in bytes from the beginning of `memory`; `columns` is a multiple of COLUMN_STEP. */
export interface DistanceKernels {
  readonly memory: ArrayBuffer;
  /** Squared distance of two rows that lie row by row. */
  square(a: number, b: number, columns: number): number;
  /** Squared distances of a row to the rows of `blocks` blocks, one after another into `out`. */
  squares(row: number, block: number, blocks: number, columns: number, out: number): void;
  /**
   * Puts `rows` rows that lie row by row into a block, and adds them to the row `sum`.
   *
   * @returns the greatest of their squared lengths
   */
  fillBlock(row: number, rows: number, block: number, columns: number, sum: number): number;
}

export interface KernelFunctions extends DistanceKernels {
  /** Makes each number from `start` to before `end`, a multiple of four of them, exp(number × factor), for a factor below 0. */
  exponentials(start: number, end: number, factor: number): void;
}

/** Above this a squared distance is measured again in 64 bits, as it may be infinite in 32. */
export const MOST_MEASURED = 1e38;

/** Unit roundoff of 32-bit numbers. */
const ROUNDOFF = 2 ** -24;

/** Relative error of `square` and `squares` at most, with as much again to be sure. */
export function squareError(columns: number): number {
  return 2 * ROUNDOFF * (columns + 4);
}

/** Bytes of a block. */
export function blockBytes(columns: number): number {
  return (columns + 1) * COLUMN_BYTES;
}

/** Columns with those that are filled in. */
export function paddedColumns(columns: number): number {
  return Math.ceil(columns / COLUMN_STEP) * COLUMN_STEP;
}

/** Puts a row into a block. `block` is in numbers, not bytes. */
export function putRow(numbers: Float32Array, block: number, place: number, row: Float32Array, columns: number): void {
  let squares = 0;
  for (let column = 0; column < columns; column++) {
    const value = row[column]!;
    squares += value * value;
    numbers[block + (column + 1) * BLOCK_ROWS + place] = value;
  }
  numbers[block + place] = -0.5 * squares;
}

/** @param bytes of memory that the rows need */
export function openKernels(bytes: number): KernelFunctions {
  return openWasmKernels(bytes) ?? plainKernels(new ArrayBuffer(bytes));
}

/**
 * Undefined where WebAssembly is switched off or has no address space left. Squares of several rows may differ from
 * those of plain loops by how products are rounded.
 */
export const openWasmKernels = moduleOf<Omit<KernelFunctions, 'memory'>>((multiplyAdd) => [
  squareFunction(),
  squaresFunction(multiplyAdd),
  fillBlockFunction(),
  exponentialsFunction(),
]);

const advance = (pointer: Local<'i32'>, bytes: number): Statement =>
  set(pointer, i32.add(pointer, i32.constant(bytes)));

export function squareFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [a, b, columns] = [writer.param('i32'), writer.param('i32'), writer.param('i32')];
  const end = writer.local('i32');
  // Two sums, as each addition waits for the one before it.
  const sums = [writer.local('v128'), writer.local('v128')] as const;
  const difference = writer.local('v128');
  writer.do(
    set(end, i32.add(a, i32.shiftLeft(columns, i32.constant(2)))),
    doWhile(
      [
        ...sums.flatMap((sum, half) => [
          set(difference, f32x4.subtract(f32x4.load(a, half * VECTOR_BYTES), f32x4.load(b, half * VECTOR_BYTES))),
          set(sum, f32x4.add(sum, f32x4.multiply(difference, difference))),
        ]),
        advance(a, COLUMN_STEP * NUMBER_BYTES),
        advance(b, COLUMN_STEP * NUMBER_BYTES),
      ],
      i32.isBelow(a, end),
    ),
    set(sums[0], f32x4.add(sums[0], sums[1])),
  );
  return { name: 'square', writer, result: sumOfLanes(sums[0]) };
}

const LANE_NUMBERS = [0, 1, 2, 3] as const;

function sumOfLanes(vector: V128): F32 {
  const [a, b, c, d] = LANE_NUMBERS.map((lane) => f32x4.lane(vector, lane)) as [F32, F32, F32, F32];
  return f32.add(f32.add(a, b), f32.add(c, d));
}

/** Vectors of a block whose sums are kept in registers at a time; more do not fit beside what is added. */
const VECTORS_TOGETHER = 4;

/** Rounds twice, as plain loops do. */
const strictMultiplyAdd: MultiplyAdd = (a, b, c) => f32x4.add(c, f32x4.multiply(a, b));

export function squaresFunction(multiplyAdd: MultiplyAdd = strictMultiplyAdd): WasmFunction {
  const writer = new FunctionWriter();
  const pointer = () => writer.param('i32');
  const [row, block, blocks, columns, out] = [pointer(), pointer(), pointer(), pointer(), pointer()];
  const [at, value, end] = [writer.local('i32'), writer.local('i32'), writer.local('i32')];
  const sums = Array.from({ length: VECTORS_TOGETHER }, () => writer.local('v128'));
  const [query, difference] = [writer.local('v128'), writer.local('v128')];
  const part = (first: number): Statement[] => [
    ...sums.map((sum) => set(sum, f32x4.zero)),
    set(at, i32.add(block, i32.constant(COLUMN_BYTES))),
    set(value, row),
    doWhile(
      [
        set(query, f32x4.loadSplat(value)),
        ...sums.flatMap((sum, index) => [
          set(difference, f32x4.subtract(query, f32x4.load(at, (first + index) * VECTOR_BYTES))),
          set(sum, multiplyAdd(difference, difference, sum)),
        ]),
        advance(at, COLUMN_BYTES),
        advance(value, NUMBER_BYTES),
      ],
      i32.isBelow(value, end),
    ),
    ...sums.map((sum, index) => f32x4.store(out, sum, (first + index) * VECTOR_BYTES)),
  ];
  writer.do(
    set(end, i32.add(row, i32.shiftLeft(columns, i32.constant(2)))),
    doWhile(
      [
        ...part(0),
        ...part(VECTORS_TOGETHER),
        // Where the last column ended, the next block begins.
        set(block, at),
        advance(out, COLUMN_BYTES),
        advance(blocks, -1),
      ],
      blocks,
    ),
  );
  return { name: 'squares', writer };
}

export function fillBlockFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const pointer = () => writer.param('i32');
  const [row, rows, block, columns, sum] = [pointer(), pointer(), pointer(), pointer(), pointer()];
  const [at, total, end] = [writer.local('i32'), writer.local('i32'), writer.local('i32')];
  const [values, squares] = [writer.local('v128'), writer.local('v128')];
  const [square, longest] = [writer.local('f32'), writer.local('f32')];
  writer.do(
    doWhile(
      [
        set(at, block),
        set(total, sum),
        set(end, i32.add(row, i32.shiftLeft(columns, i32.constant(2)))),
        set(squares, f32x4.zero),
        doWhile(
          [
            set(values, f32x4.load(row)),
            ...LANE_NUMBERS.map((lane) => f32.store(at, f32x4.lane(values, lane), (lane + 1) * COLUMN_BYTES)),
            f32x4.store(total, f32x4.add(f32x4.load(total), values)),
            set(squares, f32x4.add(squares, f32x4.multiply(values, values))),
            advance(at, LANES * COLUMN_BYTES),
            advance(total, VECTOR_BYTES),
            advance(row, VECTOR_BYTES),
          ],
          i32.isBelow(row, end),
        ),
        set(square, sumOfLanes(squares)),
        f32.store(block, f32.multiply(square, f32.constant(-0.5))),
        when(f32.isAbove(square, longest), [set(longest, square)]),
        advance(block, NUMBER_BYTES),
        advance(rows, -1),
      ],
      rows,
    ),
  );
  return { name: 'fillBlock', writer, result: longest };
}

/** Below it an exponential is as good as 0, and above 0 it stays. */
const LEAST_EXPONENT = -87;
/** ln 2 in two parts, the first of so few digits that whole multiples of it are exact. */
const LN_2 = [0.693_359_375, -2.121_944_4e-4] as const;
/** (exp(x) − 1 − x) / x² from −½ ln 2 to ½ ln 2, highest power first (S. L. Moshier, Cephes library, `expf`). */
const EXPONENTIAL_TERMS = [
  1.987_569_15e-4, 1.398_199_950_7e-3, 8.333_451_907_3e-3, 4.166_579_589_4e-2, 1.666_666_545_9e-1, 5.000_000_120_1e-1,
] as const;

function exponentialsFunction(): WasmFunction {
  const writer = new FunctionWriter();
  const [at, end, factor] = [writer.param('i32'), writer.param('i32'), writer.param('f32')];
  const [x, whole, sum] = [writer.local('v128'), writer.local('v128'), writer.local('v128')];
  const { add, subtract, multiply, constant } = f32x4;
  writer.do(
    doWhile(
      [
        set(x, f32x4.greater(constant(LEAST_EXPONENT), multiply(f32x4.load(at), f32x4.splat(factor)))),
        set(whole, f32x4.nearest(multiply(x, constant(Math.LOG2E)))),
        ...LN_2.map((part) => set(x, subtract(x, multiply(whole, constant(part))))),
        set(sum, constant(EXPONENTIAL_TERMS[0])),
        ...EXPONENTIAL_TERMS.slice(1).map((term) => set(sum, add(multiply(sum, x), constant(term)))),
        set(sum, add(add(multiply(multiply(sum, x), x), x), constant(1))),
        f32x4.store(at, multiply(sum, f32x4.powerOfTwo(whole))),
        advance(at, VECTOR_BYTES),
      ],
      i32.isBelow(at, end),
    ),
  );
  return { name: 'exponentials', writer };
}

/** The same in plain loops; sums of squares to the last bit, as they are added up in the same order. */
export function plainKernels(memory: ArrayBuffer): KernelFunctions {
  const numbers = new Float32Array(memory, 0, Math.floor(memory.byteLength / NUMBER_BYTES));
  const { fround } = Math;
  const lanes = new Float32Array(COLUMN_STEP);

  const square = (a: number, b: number, columns: number): number => {
    const [i, j] = [a / NUMBER_BYTES, b / NUMBER_BYTES];
    lanes.fill(0);
    for (let column = 0; column < columns; column++) {
      const difference = fround(numbers[i + column]! - numbers[j + column]!);
      lanes[column % COLUMN_STEP]! += fround(difference * difference);
    }
    const sum = (lane: number) => fround(lanes[lane]! + lanes[lane + LANES]!);
    return fround(fround(sum(0) + sum(1)) + fround(sum(2) + sum(3)));
  };

  const squares = (row: number, block: number, blocks: number, columns: number, out: number): void => {
    const query = row / NUMBER_BYTES;
    for (let index = 0; index < blocks; index++) {
      const first = (block + index * blockBytes(columns)) / NUMBER_BYTES;
      for (let place = 0; place < BLOCK_ROWS; place++) {
        let sum = 0;
        for (let column = 0; column < columns; column++) {
          const difference = fround(numbers[query + column]! - numbers[first + (column + 1) * BLOCK_ROWS + place]!);
          sum = fround(sum + fround(difference * difference));
        }
        numbers[out / NUMBER_BYTES + index * BLOCK_ROWS + place] = sum;
      }
    }
  };

  const fillBlock = (row: number, rows: number, block: number, columns: number, sum: number): number => {
    const [first, place, total] = [row / NUMBER_BYTES, block / NUMBER_BYTES, sum / NUMBER_BYTES];
    let longest = 0;
    for (let index = 0; index < rows; index++) {
      const start = first + index * columns;
      putRow(numbers, place, index, numbers.subarray(start, start + columns), columns);
      for (let column = 0; column < columns; column++) numbers[total + column]! += numbers[start + column]!;
      longest = Math.max(longest, -2 * numbers[place + index]!);
    }
    return longest;
  };

  const exponentials = (start: number, end: number, factor: number): void => {
    for (let at = start / NUMBER_BYTES; at < end / NUMBER_BYTES; at++) numbers[at] = Math.exp(numbers[at]! * factor);
  };

  return { memory, square, squares, fillBlock, exponentials };
}
