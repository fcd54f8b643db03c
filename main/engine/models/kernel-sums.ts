/** Rows in the memory of the distance kernels, to take Gaussian kernels (RBF) of them with one row at a time. */
import { BLOCK_ROWS, blockBytes, type KernelFunctions, openKernels, paddedColumns } from './distance-kernels.ts';
import { copyRow, type Sample } from './matrix.ts';

/** Exponents from which on exp(−x) adds nothing to a sum of kernels. */
export const NEGLIGIBLE_EXPONENT = 40;

/** A sum of weights that add up to 1 loses no digits down to here by what is left out of it. */
const LEAST_EXACT = 1e-9;
/** The largest 32-bit number, in the place of squares that are more. */
const MOST_SQUARE = 3.402_823_466_385_288_6e38;

const NUMBER_BYTES = 4;

/** Not thread-safe: the row and its distances are kept here, so that nothing is allocated. */
export class KernelSums {
  private readonly rows: number;
  private readonly blocks: number;
  private readonly width: number;
  private readonly kernels: KernelFunctions;
  /** What the others are compared with. */
  private readonly query: Float32Array;
  private readonly squares: Float32Array;

  /** @param open makes the kernels with so many bytes of memory */
  constructor(sample: Sample, open: (bytes: number) => KernelFunctions = openKernels) {
    const { rows, columns, data } = sample;
    this.rows = rows;
    this.width = paddedColumns(columns);
    this.blocks = Math.ceil(rows / BLOCK_ROWS);
    const squaresStart = this.blocks * blockBytes(this.width);
    const queryStart = squaresStart + this.blocks * BLOCK_ROWS * NUMBER_BYTES;
    const rowBytes = this.width * NUMBER_BYTES;
    // Behind the query, the rows of one block while it is filled, and what they add up to, which nothing reads.
    const rowsStart = queryStart + rowBytes;
    const sumsStart = rowsStart + BLOCK_ROWS * rowBytes;
    this.kernels = open(sumsStart + rowBytes);
    this.squares = new Float32Array(this.kernels.memory, squaresStart, this.blocks * BLOCK_ROWS);
    this.query = new Float32Array(this.kernels.memory, queryStart, columns);
    const numbers = new Float32Array(this.kernels.memory, rowsStart, BLOCK_ROWS * this.width);
    for (let block = 0; block < this.blocks; block++) {
      const first = block * BLOCK_ROWS;
      const count = Math.min(BLOCK_ROWS, rows - first);
      for (let row = 0; row < count; row++) {
        const start = (first + row) * columns;
        numbers.set(data.subarray(start, start + columns), row * this.width);
      }
      this.kernels.fillBlock(rowsStart, count, block * blockBytes(this.width), this.width, sumsStart);
    }
  }

  /** Sum of weight × exp(−gamma × squared distance) over the rows, for `values[offset…]`. */
  weightedSum(values: Float64Array, offset: number, weights: Float64Array, gamma: number): number {
    copyRow(values, offset, this.query);
    this.measure();
    const { squares } = this;
    let sum = 0;
    for (let row = 0; row < this.rows; row++) {
      const exponent = gamma * squares[row]!;
      if (exponent < NEGLIGIBLE_EXPONENT) sum += weights[row]! * Math.exp(-exponent);
    }
    return sum;
  }

  /**
   * Natural logarithm of the same, which has a number however far away all rows are.
   *
   * @param weights not all 0, together 1
   */
  logOfSum(values: Float64Array, offset: number, weights: Float64Array, gamma: number): number {
    const sum = this.weightedSum(values, offset, weights, gamma);
    if (sum >= LEAST_EXACT) return Math.log(sum);
    const { squares, rows } = this;
    let nearest = MOST_SQUARE;
    for (let row = 0; row < rows; row++) if (squares[row]! < nearest && weights[row]! > 0) nearest = squares[row]!;
    // In proportion to the nearest, as all of them would round to 0.
    let inProportion = 0;
    for (let row = 0; row < rows; row++) {
      const further = Math.min(squares[row]!, MOST_SQUARE) - nearest;
      if (gamma * further < NEGLIGIBLE_EXPONENT) inProportion += weights[row]! * Math.exp(-gamma * further);
    }
    return Math.log(inProportion) - gamma * nearest;
  }

  /** exp(−gamma × squared distance) of one row of the sample, `values`, and each of them, into `target`. */
  fill(target: Float32Array, values: Float32Array, gamma: number): void {
    this.query.set(values);
    this.measure();
    const { squares } = this;
    this.kernels.exponentials(squares.byteOffset, squares.byteOffset + squares.byteLength, -gamma);
    target.set(squares.subarray(0, this.rows));
  }

  private measure(): void {
    this.kernels.squares(this.query.byteOffset, 0, this.blocks, this.width, this.squares.byteOffset);
  }
}
