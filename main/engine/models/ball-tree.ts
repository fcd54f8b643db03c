/**
 * Nearest rows of a bounded sample, by a ball tree (S. M. Omohundro, "Five Balltree Construction Algorithms", ICSI
 * 1989): halves of the rows in balls, of which those too far away are passed over whole.
 */
import { type Sample, squaredDistance } from './matrix.ts';

/** Rows of a ball that is not halved: fewer cost more balls than they save rows. */
const LEAF_ROWS = 24;
/** Levels of halving at most, far above what MAX_VALUES rows need. */
const MAX_DEPTH = 32;

/** Not thread-safe: a search keeps its results in the tree, so that it allocates nothing. */
export class BallTree {
  readonly rows: number;
  readonly columns: number;
  /** The rows, those of one leaf together. */
  readonly data: Float32Array;
  /** Where each row stood in the sample. */
  readonly positions: Int32Array;
  /** Rows that the last search found, nearest first; numbers are those of `data`. */
  readonly found: Int32Array;
  /** Their squared distances. */
  readonly foundSquares: Float64Array;
  private readonly levels: number;
  private readonly starts: Int32Array;
  private readonly centres: Float32Array;
  private readonly radii: Float64Array;
  private readonly stack = new Int32Array(2 * MAX_DEPTH);
  private readonly stackDistances = new Float64Array(2 * MAX_DEPTH);
  private foundCount = 0;

  /** @param most rows that a search will be asked for */
  constructor(sample: Sample, most: number) {
    const { rows, columns } = sample;
    this.rows = rows;
    this.columns = columns;
    this.levels = Math.max(0, Math.ceil(Math.log2(rows / LEAF_ROWS)));
    const balls = 2 ** (this.levels + 1) - 1;
    this.starts = new Int32Array(2 * balls);
    this.centres = new Float32Array(balls * columns);
    this.radii = new Float64Array(balls);
    this.positions = Int32Array.from({ length: rows }, (_, row) => row);
    this.build(sample, 0, 0, rows, 0);
    this.data = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      const start = this.positions[row]! * columns;
      this.data.set(sample.data.subarray(start, start + columns), row * columns);
    }
    this.found = new Int32Array(most);
    this.foundSquares = new Float64Array(most);
  }

  /**
   * The rows nearest to `query[offset…]`, into `found` and `foundSquares`.
   *
   * @param wanted how many at most
   * @param limit squared distance from which on rows do not count
   * @param except row of `data` that does not count, or −1
   * @returns how many were found
   */
  search(query: Float32Array, offset: number, wanted: number, limit = Number.POSITIVE_INFINITY, except = -1): number {
    this.foundCount = 0;
    let bound = limit;
    let depth = 0;
    this.stack[0] = 0;
    this.stackDistances[0] = 0;
    for (let top = 1; top > 0; ) {
      top--;
      const nearest = this.stackDistances[top]!;
      if (nearest * nearest >= bound) continue;
      const ball = this.stack[top]!;
      depth = 31 - Math.clz32(ball + 1);
      if (depth === this.levels) {
        bound = this.scan(ball, query, offset, wanted, bound, except);
        continue;
      }
      const left = 2 * ball + 1;
      const toLeft = this.distanceTo(left, query, offset);
      const toRight = this.distanceTo(left + 1, query, offset);
      const isLeftNearer = toLeft - this.radii[left]! <= toRight - this.radii[left + 1]!;
      // The farther is put down first, so that the nearer is looked at first.
      this.stack[top] = isLeftNearer ? left + 1 : left;
      this.stackDistances[top++] = Math.max(
        0,
        isLeftNearer ? toRight - this.radii[left + 1]! : toLeft - this.radii[left]!,
      );
      this.stack[top] = isLeftNearer ? left : left + 1;
      this.stackDistances[top++] = Math.max(
        0,
        isLeftNearer ? toLeft - this.radii[left]! : toRight - this.radii[left + 1]!,
      );
    }
    return this.foundCount;
  }

  /** The rows as the sample had them. */
  sampleRows(): Float32Array {
    const { columns } = this;
    const rows = new Float32Array(this.data.length);
    for (let row = 0; row < this.rows; row++) {
      rows.set(this.data.subarray(row * columns, (row + 1) * columns), this.positions[row]! * columns);
    }
    return rows;
  }

  /** One number for each row of the tree, in the sample's order. */
  sampleOrder(values: Float64Array): Float64Array {
    const ordered = new Float64Array(values.length);
    for (let row = 0; row < values.length; row++) ordered[this.positions[row]!] = values[row]!;
    return ordered;
  }

  /** One number for each row of the sample, in the tree's order. */
  treeOrder(values: Float64Array): Float64Array {
    return values.map((_, row) => values[this.positions[row]!]!);
  }

  private distanceTo(ball: number, query: Float32Array, offset: number): number {
    return Math.sqrt(
      squaredDistance(query, offset, this.centres, ball * this.columns, this.columns, Number.POSITIVE_INFINITY),
    );
  }

  /** Sorts the rows of a leaf in among those found. @returns the squared distance that the next must be below */
  private scan(
    ball: number,
    query: Float32Array,
    offset: number,
    wanted: number,
    limit: number,
    except: number,
  ): number {
    const { found, foundSquares, columns, data } = this;
    let bound = limit;
    let count = this.foundCount;
    const end = this.starts[2 * ball + 1]!;
    for (let row = this.starts[2 * ball]!; row < end; row++) {
      const square = squaredDistance(query, offset, data, row * columns, columns, bound);
      if (!(square < bound) || row === except) continue;
      if (count < wanted) count++;
      let place = count - 1;
      for (; place > 0 && foundSquares[place - 1]! > square; place--) {
        foundSquares[place] = foundSquares[place - 1]!;
        found[place] = found[place - 1]!;
      }
      foundSquares[place] = square;
      found[place] = row;
      if (count === wanted) bound = foundSquares[count - 1]!;
    }
    this.foundCount = count;
    return bound;
  }

  /** Balls are numbered as in a heap, so that all leaves are on one level. */
  private build(sample: Sample, ball: number, start: number, end: number, level: number): void {
    this.starts[2 * ball] = start;
    this.starts[2 * ball + 1] = end;
    this.enclose(sample, ball, start, end);
    if (level === this.levels) return;
    const middle = start + ((end - start) >>> 1);
    const column = widestColumn(sample, this.positions, start, end);
    const value = (row: number) => sample.data[row * sample.columns + column]!;
    this.positions.subarray(start, end).sort((a, b) => value(a) - value(b) || a - b);
    this.build(sample, 2 * ball + 1, start, middle, level + 1);
    this.build(sample, 2 * ball + 2, middle, end, level + 1);
  }

  private enclose(sample: Sample, ball: number, start: number, end: number): void {
    const { columns } = sample;
    const sums = new Float64Array(columns);
    for (let i = start; i < end; i++) {
      const offset = this.positions[i]! * columns;
      for (let column = 0; column < columns; column++) sums[column]! += sample.data[offset + column]!;
    }
    const first = ball * columns;
    for (let column = 0; column < columns; column++) this.centres[first + column] = sums[column]! / (end - start);
    let farthest = 0;
    for (let i = start; i < end; i++) {
      const offset = this.positions[i]! * columns;
      const square = squaredDistance(sample.data, offset, this.centres, first, columns, Number.POSITIVE_INFINITY);
      if (square > farthest) farthest = square;
    }
    this.radii[ball] = Math.sqrt(farthest);
  }
}

function widestColumn({ data, columns }: Sample, positions: Int32Array, start: number, end: number): number {
  const low = new Float64Array(columns).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(columns).fill(Number.NEGATIVE_INFINITY);
  for (let i = start; i < end; i++) {
    const offset = positions[i]! * columns;
    for (let column = 0; column < columns; column++) {
      const value = data[offset + column]!;
      if (value < low[column]!) low[column] = value;
      if (value > high[column]!) high[column] = value;
    }
  }
  let widest = 0;
  for (let column = 1; column < columns; column++) {
    if (high[column]! - low[column]! > high[widest]! - low[widest]!) widest = column;
  }
  return widest;
}
