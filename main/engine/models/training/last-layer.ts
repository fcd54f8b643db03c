/**
 * The last weights of an autoencoder in closed form: ridge regression (A. E. Hoerl, R. W. Kennard: "Ridge Regression",
 * Technometrics 12, 1970) of the columns on what the layer before says. How wrong each row would be said had it been
 * left out follows without learning again (D. M. Allen: "The Relationship between Variable Selection and Data
 * Augmentation and a Method for Prediction", Technometrics 16, 1974): no row need be held back to know it.
 */
import type { Matrix } from '../matrix.ts';

export interface LastLayer {
  /** units × columns. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
  /** Mean squared error of each column, of rows that were left out one at a time. */
  readonly errors: Float64Array;
}

/** What is added to the sums of squares of the units, from nearly nothing to what leaves only the means. */
const PENALTIES: readonly number[] = Array.from({ length: 12 }, (_, step) => 10 ** ((step - 3) / 2));
/**
 * Of the penalties whose error is not more above the least than so many standard errors of the difference, the greatest
 * is taken: a rule of L. Breiman, J. H. Friedman, R. A. Olshen, C. J. Stone: "Classification and Regression Trees",
 * 1984, which few rows need most.
 */
const STANDARD_ERRORS = 2;
/** What a row at least says of itself only through others. */
const LEAST_LEFT_OUT = 1e-9;

interface Fit {
  /** units × columns. */
  readonly kernel: Float64Array;
  /** Mean squared error of each row and of each column, left out. */
  readonly ofRows: Float64Array;
  readonly ofColumns: Float64Array;
}

/** @param hidden what the layer before says of each row @param rows as they should be said, as many */
export function solveLastLayer(hidden: Matrix, rows: Matrix): LastLayer {
  const [unitMeans, columnMeans] = [meansOf(hidden), meansOf(rows)];
  const [units, columns] = [centred(hidden, unitMeans), centred(rows, columnMeans)];
  const squares = productOf(units, units);
  const products = productOf(units, columns);
  const fits = PENALTIES.map((penalty) => fitWith(penalty, squares, products, units, columns));
  const { kernel, ofColumns } = chosen(fits);
  const bias = Float32Array.from(columnMeans, (mean, column) => {
    let sum = mean;
    for (let unit = 0; unit < hidden.columns; unit++) {
      sum -= unitMeans[unit]! * kernel[unit * rows.columns + column]!;
    }
    return sum;
  });
  return { kernel: Float32Array.from(kernel), bias, errors: ofColumns };
}

function chosen(fits: readonly Fit[]): Fit {
  const best = fits.reduce((least, fit) => (meanOf(fit.ofRows) < meanOf(least.ofRows) ? fit : least));
  return fits.findLast((fit) => {
    const worse = fit.ofRows.map((error, row) => error - best.ofRows[row]!);
    const mean = meanOf(worse);
    const deviation = Math.sqrt(meanOf(worse.map((each) => (each - mean) ** 2)));
    return mean <= (STANDARD_ERRORS * deviation) / Math.sqrt(worse.length);
  })!;
}

function fitWith(penalty: number, squares: Float64Array, products: Float64Array, units: Matrix, columns: Matrix): Fit {
  const factor = choleskyOf(squares, units.columns, penalty);
  const kernel = solved(factor, units.columns, products, columns.columns);
  const ofRows = new Float64Array(units.rows);
  const ofColumns = new Float64Array(columns.columns);
  const half = new Float64Array(units.columns);
  const said = new Float64Array(columns.columns);
  for (let row = 0; row < units.rows; row++) {
    const from = row * units.columns;
    // The mean, too, was learnt from this row.
    let leverage = 1 / units.rows;
    for (let unit = 0; unit < half.length; unit++) {
      let sum = units.data[from + unit]!;
      for (let k = 0; k < unit; k++) sum -= factor[unit * half.length + k]! * half[k]!;
      half[unit] = sum / factor[unit * half.length + unit]!;
      leverage += half[unit]! ** 2;
    }
    said.fill(0);
    for (let unit = 0; unit < half.length; unit++) {
      const value = units.data[from + unit]!;
      for (let column = 0; column < said.length; column++)
        said[column]! += value * kernel[unit * said.length + column]!;
    }
    const leftOut = Math.max(1 - leverage, LEAST_LEFT_OUT);
    for (let column = 0; column < said.length; column++) {
      const square = ((columns.data[row * said.length + column]! - said[column]!) / leftOut) ** 2;
      ofRows[row]! += square / said.length;
      ofColumns[column]! += square / units.rows;
    }
  }
  return { kernel, ofRows, ofColumns };
}

/** The lower triangle whose product with itself is the matrix with the penalty on its diagonal. */
function choleskyOf(matrix: Float64Array, size: number, penalty: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]! + (i === j ? penalty : 0);
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!;
      // The penalty is far above what rounding could take from the diagonal.
      factor[i * size + j] = i === j ? Math.sqrt(Math.max(sum, penalty)) : sum / factor[j * size + j]!;
    }
  }
  return factor;
}

/** @param right size × columns @returns what the matrix of the factor makes that of */
function solved(factor: Float64Array, size: number, right: Float64Array, columns: number): Float64Array {
  const result = right.slice();
  const subtract = (target: number, source: number, share: number): void => {
    for (let c = 0; c < columns; c++) result[target * columns + c]! -= share * result[source * columns + c]!;
  };
  const divide = (row: number): void => {
    for (let c = 0; c < columns; c++) result[row * columns + c]! /= factor[row * size + row]!;
  };
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) subtract(i, k, factor[i * size + k]!);
    divide(i);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) subtract(i, k, factor[k * size + i]!);
    divide(i);
  }
  return result;
}

/** Of each column of one with each of the other, summed over the rows. */
function productOf(first: Matrix, second: Matrix): Float64Array {
  const sums = new Float64Array(first.columns * second.columns);
  for (let row = 0; row < first.rows; row++) {
    for (let a = 0; a < first.columns; a++) {
      const value = first.data[row * first.columns + a]!;
      const [to, from] = [a * second.columns, row * second.columns];
      for (let b = 0; b < second.columns; b++) sums[to + b]! += value * second.data[from + b]!;
    }
  }
  return sums;
}

function meansOf({ rows, columns, data }: Matrix): Float64Array {
  const means = new Float64Array(columns);
  for (let i = 0; i < data.length; i++) means[i % columns]! += data[i]! / rows;
  return means;
}

function centred({ rows, columns, data }: Matrix, means: Float64Array): Matrix {
  return { rows, columns, data: data.map((value, place) => value - means[place % columns]!) };
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
