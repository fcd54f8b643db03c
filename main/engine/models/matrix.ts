/** Tables of numbers, row after row in one typed array. */
import { areFinite } from './finite.ts';
import type { Random } from './random.ts';

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** rows × columns values; all finite where a model is fitted. */
  readonly data: Float64Array;
}

/** Rows as 32-bit numbers: half the memory to walk through, and more digits than scaled features have meaning. */
export interface Sample {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** Wider tables than any feature set; keeps products of rows and columns far from what an array can hold. */
export const MAX_COLUMNS = 4_096;

/** @throws RangeError where the rows differ in length */
export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  const columns = rows[0]?.length ?? 0;
  const data = new Float64Array(rows.length * columns);
  for (const [index, row] of rows.entries()) {
    if (row.length !== columns) throw new RangeError(`row ${index} has ${row.length} values instead of ${columns}`);
    data.set(row, index * columns);
  }
  return { rows: rows.length, columns, data };
}

/** The rows of these numbers, in their order. */
export function pickRows(matrix: Matrix, indices: ArrayLike<number>): Matrix {
  const { columns } = matrix;
  const data = new Float64Array(indices.length * columns);
  for (let i = 0; i < indices.length; i++) {
    const start = indices[i]! * columns;
    data.set(matrix.data.subarray(start, start + columns), i * columns);
  }
  return { rows: indices.length, columns, data };
}

/** @throws RangeError for a table that nothing can be learnt from */
export function checkTrainable(matrix: Matrix): void {
  const { rows, columns, data } = matrix;
  if (rows < 2) throw new RangeError(`a model needs at least 2 rows to learn from, not ${rows}`);
  if (columns < 1 || columns > MAX_COLUMNS) throw new RangeError(`${columns} columns, not 1 to ${MAX_COLUMNS}`);
  if (data.length !== rows * columns) throw new RangeError(`${data.length} values for ${rows} × ${columns}`);
  if (areFinite(data)) return;
  const first = data.findIndex((value) => !Number.isFinite(value));
  throw new RangeError(`row ${Math.floor(first / columns)}, column ${first % columns} is ${data[first]}`);
}

/** At most `limit` rows, each as likely as any other, in their own order where all are taken. */
export function drawSample(matrix: Matrix, limit: number, random: Random): Sample {
  const { columns } = matrix;
  const taken = matrix.rows <= limit ? matrix : pickRows(matrix, random.choose(matrix.rows, limit).sort());
  const data = new Float32Array(taken.data);
  if (!areFinite(data)) copyRow(taken.data, 0, data);
  return { rows: taken.rows, columns, data };
}

/** The largest 32-bit number. */
const MOST = 3.402_823_466_385_288_6e38;

/** Fills `target` from `values[offset…]`; what a 32-bit number cannot hold becomes the largest that it can. */
export function copyRow(values: Float64Array, offset: number, target: Float32Array): void {
  for (let i = 0; i < target.length; i++) {
    const value = values[offset + i]!;
    target[i] = value > MOST ? MOST : value < -MOST ? -MOST : value;
  }
}

/** How many columns are added up before looking whether the sum is already too large. */
const STRIDE = 8;

/** Sum of squared differences of two rows; any number above `limit` where it is more than that. */
export function squaredDistance(
  a: Float32Array,
  aStart: number,
  b: Float32Array,
  bStart: number,
  columns: number,
  limit: number,
): number {
  let sum = 0;
  let column = 0;
  for (const whole = columns - STRIDE; column <= whole; column += STRIDE) {
    const i = aStart + column;
    const j = bStart + column;
    const d0 = a[i]! - b[j]!;
    const d1 = a[i + 1]! - b[j + 1]!;
    const d2 = a[i + 2]! - b[j + 2]!;
    const d3 = a[i + 3]! - b[j + 3]!;
    const d4 = a[i + 4]! - b[j + 4]!;
    const d5 = a[i + 5]! - b[j + 5]!;
    const d6 = a[i + 6]! - b[j + 6]!;
    const d7 = a[i + 7]! - b[j + 7]!;
    sum += d0 * d0 + d1 * d1 + (d2 * d2 + d3 * d3) + (d4 * d4 + d5 * d5 + (d6 * d6 + d7 * d7));
    if (sum > limit) return sum;
  }
  for (; column < columns; column++) {
    const difference = a[aStart + column]! - b[bStart + column]!;
    sum += difference * difference;
  }
  return sum;
}
