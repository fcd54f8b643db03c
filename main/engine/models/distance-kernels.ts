/**
 * Distances of one row to many, four at a time: the inner loops of all models that compare rows with rows, as
 * WebAssembly that is put together here, and as plain loops with the same results where there is no WebAssembly.
 *
 * Rows lie in blocks of BLOCK_ROWS, column by column, so that one instruction takes the same column of four rows. A
 * block begins with minus half the squared length of each of its rows.
 */
import {
  doWhile,
  FunctionWriter,
  f32,
  f32x4,
  i32,
  type Local,
  type Statement,
  set,
  type V128,
  type WasmFunction,
} from './wasm-assembler.ts';
import { type MultiplyAdd, moduleOf } from './wasm-module.ts';

/** Rows of a block: a few of its columns fit where the processor is quickest. */
export const BLOCK_ROWS = 32;
/** Columns are filled up with zeros to a multiple of this, so that no loop has an odd end. */
export const COLUMN_STEP = 8;
/** Rows that `screenFour` compares with a block. */
export const SCREENED_TOGETHER = 4;

/** Groups of rows of a block of which the nearest is known: row i is in group i modulo this. */
export const BLOCK_GROUPS = 4;
/** Numbers that screening a block leaves. */
export const SCREENED_NUMBERS = BLOCK_ROWS + BLOCK_GROUPS;

const NUMBER_BYTES = 4;
const LANES = 4;
const VECTOR_BYTES = LANES * NUMBER_BYTES;
const COLUMN_BYTES = BLOCK_ROWS * NUMBER_BYTES;

/** All addresses are in bytes from the beginning of `memory`; `columns` is a multiple of COLUMN_STEP. */
export interface DistanceKernels {
  readonly memory: ArrayBuffer;
  /** Squared distance of two rows that lie row by row. */
  square(a: number, b: number, columns: number): number;
  /** Squared distances of a row to the rows of `blocks` blocks, one after another into `out`. */
  squares(row: number, block: number, blocks: number, columns: number, out: number): void;
  /**
   * a · bᵢ − ½ |bᵢ|² of a row and those of a block, which is the greater the nearer they are: BLOCK_ROWS sums into
   * `out`, and behind them the greatest of each BLOCK_GROUPS-th. Rounded as the machine likes best: what is made of them
   * leaves room for `ScreeningError`.
   */
  screen(row: number, block: number, columns: number, out: number): void;
  /** The same for four rows. */
  screenFour(
    row0: number,
    row1: number,
    row2: number,
    row3: number,
    block: number,
    columns: number,
    out0: number,
    out1: number,
    out2: number,
    out3: number,
  ): void;
}

/** Unit roundoff of 32-bit numbers. */
const ROUNDOFF = 2 ** -24;
/** Below what 32-bit numbers hold with all their digits, errors are no longer in proportion. */
const LEAST_ERROR = 1e-30;

/** Error of a sum of `screen`: `ofBlock` + |a| × `perLength` + |a|² × OWN_SCREENING_ERROR at most. */
export interface ScreeningError {
  readonly ofBlock: number;
  readonly perLength: number;
}

export const OWN_SCREENING_ERROR = 2 * ROUNDOFF;

/**
 * For a block whose rows are at most so long (N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 3.1: an
 * inner product of n terms errs by at most n u / (1 − n u) of the sum of its terms' sizes). The terms are the columns
 * and half the squared length, itself rounded; twice that, to be sure.
 */
export function screeningError(columns: number, blockLength: number): ScreeningError {
  const perSize = 2 * ROUNDOFF * (columns + 4);
  return {
    ofBlock: (perSize / 2 + OWN_SCREENING_ERROR) * blockLength * blockLength + LEAST_ERROR,
    perLength: perSize * blockLength,
  };
}

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
export function openKernels(bytes: number): DistanceKernels {
  return openWasmKernels(bytes) ?? plainKernels(new ArrayBuffer(bytes));
}

/** Undefined where WebAssembly is switched off or has no address space left. */
export const openWasmKernels = moduleOf<Omit<DistanceKernels, 'memory'>>(kernelFunctions);

function kernelFunctions(multiplyAdd: MultiplyAdd): WasmFunction[] {
  return [squareFunction(), squaresFunction(), screenFunction(multiplyAdd), screenFourFunction(multiplyAdd)];
}

const advance = (pointer: Local<'i32'>, bytes: number): Statement =>
  set(pointer, i32.add(pointer, i32.constant(bytes)));

function squareFunction(): WasmFunction {
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
  const lane = (index: 0 | 1 | 2 | 3) => f32x4.lane(sums[0], index);
  return { name: 'square', writer, result: f32.add(f32.add(lane(0), lane(1)), f32.add(lane(2), lane(3))) };
}

/** Vectors of a block whose sums are kept in registers at a time; more do not fit beside what is added. */
const VECTORS_TOGETHER = 4;

function squaresFunction(): WasmFunction {
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
          set(sum, f32x4.add(sum, f32x4.multiply(difference, difference))),
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

/** Columns that one turn of a screening loop does. */
const UNROLLED = 4;

/** One row against all vectors of the block at once. */
function screenFunction(multiplyAdd: MultiplyAdd): WasmFunction {
  const writer = new FunctionWriter();
  const pointer = () => writer.param('i32');
  const [row, block, columns, out] = [pointer(), pointer(), pointer(), pointer()];
  const end = writer.local('i32');
  const sums = Array.from({ length: BLOCK_ROWS / LANES }, () => writer.local('v128'));
  const query = writer.local('v128');
  writer.do(
    set(end, i32.add(row, i32.shiftLeft(columns, i32.constant(2)))),
    ...sums.map((sum, vector) => set(sum, f32x4.load(block, vector * VECTOR_BYTES))),
    doWhile(
      [
        ...range(UNROLLED).flatMap((column) => [
          set(query, f32x4.loadSplat(row, column * NUMBER_BYTES)),
          ...sums.map((sum, vector) =>
            set(sum, multiplyAdd(query, f32x4.load(block, (column + 1) * COLUMN_BYTES + vector * VECTOR_BYTES), sum)),
          ),
        ]),
        advance(row, UNROLLED * NUMBER_BYTES),
        advance(block, UNROLLED * COLUMN_BYTES),
      ],
      i32.isBelow(row, end),
    ),
    ...sums.map((sum, vector) => f32x4.store(out, sum, vector * VECTOR_BYTES)),
    f32x4.store(out, sums.reduce<V128>(f32x4.greater, sums[0]!), COLUMN_BYTES),
  );
  return { name: 'screen', writer };
}

/** Vectors of the block that four rows are compared with at a time: eight sums, and what is added, in 16 registers. */
const VECTORS_OF_FOUR = 2;

function screenFourFunction(multiplyAdd: MultiplyAdd): WasmFunction {
  const writer = new FunctionWriter();
  const pointer = () => writer.param('i32');
  const rows = range(SCREENED_TOGETHER).map(pointer);
  const [block, columns] = [pointer(), pointer()];
  const outs = rows.map(pointer);
  const [at, end] = [writer.local('i32'), writer.local('i32')];
  const values = rows.map(() => writer.local('i32'));
  const sums = rows.map(() => range(VECTORS_OF_FOUR).map(() => writer.local('v128')));
  const others = range(VECTORS_OF_FOUR).map(() => writer.local('v128'));
  const query = writer.local('v128');
  writer.do(set(end, i32.add(rows[0]!, i32.shiftLeft(columns, i32.constant(2)))));
  for (let first = 0; first < BLOCK_ROWS / LANES; first += VECTORS_OF_FOUR) {
    const place = (index: number) => (first + index) * VECTOR_BYTES;
    writer.do(
      ...sums.flatMap((own) => own.map((sum, index) => set(sum, f32x4.load(block, place(index))))),
      set(at, i32.add(block, i32.constant(COLUMN_BYTES))),
      ...values.map((value, index) => set(value, rows[index]!)),
      doWhile(
        [
          ...range(UNROLLED).flatMap((column) => [
            ...others.map((other, index) => set(other, f32x4.load(at, column * COLUMN_BYTES + place(index)))),
            ...sums.flatMap((own, row) => [
              set(query, f32x4.loadSplat(values[row]!, column * NUMBER_BYTES)),
              ...own.map((sum, index) => set(sum, multiplyAdd(query, others[index]!, sum))),
            ]),
          ]),
          advance(at, UNROLLED * COLUMN_BYTES),
          ...values.map((value) => advance(value, UNROLLED * NUMBER_BYTES)),
        ],
        i32.isBelow(values[0]!, end),
      ),
      ...sums.flatMap((own, row) => own.map((sum, index) => f32x4.store(outs[row]!, sum, place(index)))),
      ...sums.map((own, row) => {
        const greatest = own.reduce<V128>(f32x4.greater, own[0]!);
        const known = f32x4.load(outs[row]!, COLUMN_BYTES);
        return f32x4.store(outs[row]!, first === 0 ? greatest : f32x4.greater(known, greatest), COLUMN_BYTES);
      }),
    );
  }
  return { name: 'screenFour', writer };
}

const range = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** The same in plain loops; sums of squares to the last bit, as they are added up in the same order. */
export function plainKernels(memory: ArrayBuffer): DistanceKernels {
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

  const screen = (row: number, block: number, columns: number, out: number): void => {
    const [query, first, target] = [row / NUMBER_BYTES, block / NUMBER_BYTES, out / NUMBER_BYTES];
    for (let place = 0; place < BLOCK_ROWS; place++) {
      let sum = numbers[first + place]!;
      for (let column = 0; column < columns; column++) {
        sum += numbers[query + column]! * numbers[first + (column + 1) * BLOCK_ROWS + place]!;
      }
      numbers[target + place] = sum;
      const greatest = target + BLOCK_ROWS + (place % BLOCK_GROUPS);
      if (place < BLOCK_GROUPS || numbers[greatest]! < sum) numbers[greatest] = sum;
    }
  };

  return {
    memory,
    square,
    squares,
    screen,
    screenFour: (row0, row1, row2, row3, block, columns, out0, out1, out2, out3) => {
      screen(row0, block, columns, out0);
      screen(row1, block, columns, out1);
      screen(row2, block, columns, out2);
      screen(row3, block, columns, out3);
    },
  };
}
