/**
 * Nearest rows of a bounded sample, exactly. The sample lies in blocks of near rows, each in a ball; balls too far away
 * are passed over whole (S. M. Omohundro, "Five Balltree Construction Algorithms", ICSI 1989, on one level), and of the
 * rows of the others only those are measured that a quick inner product does not rule out (search-kernels.ts).
 */
import {
  BLOCK_ROWS,
  type DistanceKernels,
  MOST_MEASURED,
  plainKernels,
  putRow,
  squareError,
} from './distance-kernels.ts';
import { copyRow, type Sample, squaredDistance } from './matrix.ts';
import { NearestRows, type Search } from './nearest-rows.ts';
import { halveRows } from './row-halves.ts';
import { openSearchKernels, type SearchKernels } from './search-kernels.ts';
import {
  contextOffset,
  layOutSearch,
  MOST_QUERIES,
  MOST_SCREENED,
  NUMBER_BYTES,
  RECORD,
  type SearchLayout,
  writeContext,
  writeSearch,
} from './search-layout.ts';

/** No row. */
const NONE = -1;

/** Kernels that search by themselves, or that only measure. */
type IndexKernels = DistanceKernels & Partial<SearchKernels>;

/** Not thread-safe: queries and results are kept in the index, so that a search allocates nothing. */
export class NeighbourIndex {
  readonly rows: number;
  readonly columns: number;
  /** Where each row stood in the sample. */
  readonly positions: Int32Array;
  /** What the last search found. */
  readonly nearest: NearestRows;
  private readonly most: number;
  private readonly kernels: IndexKernels;
  private readonly layout: SearchLayout;
  private readonly view: DataView;
  private readonly numbers: Float32Array;
  private readonly integers: Int32Array;
  private readonly queries: readonly Float32Array[];
  /** Makes a measured distance at least what it is. */
  private readonly roundedUp: number;
  private readonly leftOut = new Int32Array(MOST_QUERIES);
  private readonly isLong = new Uint8Array(MOST_QUERIES);
  /** All blocks, and those that cannot be screened, as their rows are too long. */
  private readonly allBlocks: readonly number[];
  private readonly longBlocks: readonly number[];

  /**
   * @param most rows that a search will be asked for
   * @param open makes the kernels with so many bytes of memory; undefined where they cannot be had
   */
  constructor(sample: Sample, most: number, open: (bytes: number) => IndexKernels | undefined = openSearchKernels) {
    const { rows, columns } = sample;
    this.rows = rows;
    this.columns = columns;
    this.most = most;
    this.nearest = new NearestRows(MOST_QUERIES, most);
    this.layout = layOutSearch(rows, columns, most);
    this.kernels = open(this.layout.end) ?? plainKernels(new ArrayBuffer(this.layout.end));
    this.roundedUp = 1 + squareError(this.layout.columns);
    const { memory } = this.kernels;
    this.view = new DataView(memory);
    this.numbers = new Float32Array(memory, 0, Math.floor(memory.byteLength / NUMBER_BYTES));
    this.integers = new Int32Array(memory, 0, this.numbers.length);
    writeContext(this.view, this.layout);
    this.queries = Array.from(
      { length: MOST_QUERIES },
      (_, query) => new Float32Array(memory, this.queryAddress(query), columns),
    );
    const { numbers, integers, layout } = this;
    for (let query = 0; query < MOST_QUERIES; query++) {
      integers[(this.recordAddress(query) + RECORD.query) / NUMBER_BYTES] = this.queryAddress(query);
    }
    integers[(layout.noneStart + RECORD.query) / NUMBER_BYTES] = layout.zerosStart;
    numbers[(layout.noneStart + RECORD.heap) / NUMBER_BYTES] = Number.POSITIVE_INFINITY;
    this.positions = halveRows(sample, BLOCK_ROWS);
    const rowsStart = this.layout.rowsStart / NUMBER_BYTES;
    const width = this.layout.columns;
    for (let row = 0; row < rows; row++) {
      const start = this.positions[row]! * columns;
      this.numbers.set(sample.data.subarray(start, start + columns), rowsStart + row * width);
    }
    this.allBlocks = Array.from({ length: this.layout.blocks }, (_, block) => block);
    this.longBlocks = this.allBlocks.filter((block) => !this.fillBlock(block));
    // What only fills up the last of the centres is never looked at.
    const filled = this.layout.lengthsStart / NUMBER_BYTES;
    this.numbers.fill(Number.NaN, filled + this.layout.blocks, filled + this.layout.ceilingBytes / NUMBER_BYTES);
  }

  /** What to search for: `values[offset…]`, the largest 32-bit number instead of what is larger. */
  setQuery(query: number, values: Float64Array, offset: number): void {
    const target = this.queries[query]!;
    target.set(values.subarray(offset, offset + this.columns));
    // What cannot be screened may hold what 32 bits cannot hold.
    if (!this.prepare(query, NONE)) copyRow(values, offset, target);
  }

  /** To search for a row of the index among the others, or among all. */
  setOwnQuery(query: number, row: number, isLeftOut: boolean): void {
    const { numbers, layout } = this;
    const start = this.rowAddress(row) / NUMBER_BYTES;
    numbers.copyWithin(this.queryAddress(query) / NUMBER_BYTES, start, start + layout.columns);
    this.prepare(query, isLeftOut ? row : NONE);
  }

  /** Of a row of the index, in its own order; lives as long as the index. */
  rowValues(row: number): Float32Array {
    return new Float32Array(this.kernels.memory, this.rowAddress(row), this.columns);
  }

  queryValues(query: number): Float32Array {
    return this.queries[query]!;
  }

  /**
   * Finds the rows nearest to each of the first `queries` queries. Of equally near ones it is always the same that are
   * found, however many queries there are.
   */
  search(queries: number, search: Search): void {
    const { kernels, longBlocks } = this;
    if (kernels.search === undefined) {
      for (let query = 0; query < queries; query++) this.measureNear(query, search);
      return;
    }
    writeSearch(this.view, search);
    this.view.setInt32(contextOffset('queries'), queries, true);
    kernels.search();
    for (let query = 0; query < queries; query++) {
      this.readFound(query);
      const unscreened = this.isLong[query] === 1 ? this.allBlocks : longBlocks;
      for (const block of unscreened) this.measureBlock(query, block, search);
    }
  }

  /** The rows as the sample had them. */
  sampleRows(): Float32Array {
    const { columns } = this;
    const rows = new Float32Array(this.rows * columns);
    for (let row = 0; row < this.rows; row++) rows.set(this.rowValues(row), this.positions[row]! * columns);
    return rows;
  }

  /** One number for each row of the sample, in the index's order. */
  indexOrder(values: Float64Array): Float64Array {
    return values.map((_, row) => values[this.positions[row]!]!);
  }

  /** @returns whether the query can be screened */
  private prepare(query: number, leftOut: number): boolean {
    const { layout } = this;
    const record = this.recordAddress(query) / NUMBER_BYTES;
    const square = this.kernels.square(this.queryAddress(query), layout.zerosStart, layout.columns);
    const canScreen = square < MOST_SCREENED;
    this.leftOut[query] = leftOut;
    this.isLong[query] = canScreen ? 0 : 1;
    this.integers[record + RECORD.leftOut / NUMBER_BYTES] = leftOut;
    this.numbers[record + RECORD.length / NUMBER_BYTES] = canScreen ? Math.sqrt(square) * this.roundedUp : Number.NaN;
    this.numbers[record + RECORD.halfSquare / NUMBER_BYTES] = canScreen ? square / 2 : Number.NaN;
    return canScreen;
  }

  private readFound(query: number): void {
    const { nearest, integers, numbers, layout, most } = this;
    const record = this.recordAddress(query);
    const count = integers[(record + RECORD.found) / NUMBER_BYTES]!;
    const squares = (record + layout.squaresOffset) / NUMBER_BYTES;
    // Copied by what is built in, which is quick from the first query on.
    nearest.found.set(integers.subarray(squares - most, squares - most + count), query * most);
    nearest.squares.set(numbers.subarray(squares, squares + count), query * most);
    nearest.counts[query] = count;
  }

  /** Measures every row of the block. */
  private measureBlock(query: number, block: number, search: Search): void {
    const { nearest } = this;
    const end = Math.min(this.rows, (block + 1) * BLOCK_ROWS);
    for (let row = block * BLOCK_ROWS; row < end; row++) {
      if (row !== this.leftOut[query]) nearest.add(query, row, this.measure(query, row), search);
    }
  }

  /** Searches by measuring alone: block by block, the nearest first, but for those too far away. */
  private measureNear(query: number, search: Search): void {
    const { layout, numbers, nearest } = this;
    const { centreBlocks, centresStart, columns, distancesStart, certain } = layout;
    nearest.counts[query] = 0;
    this.kernels.squares(this.queryAddress(query), centresStart, centreBlocks, columns, distancesStart);
    const squares = numbers.subarray(distancesStart / NUMBER_BYTES);
    const radii = numbers.subarray(layout.radiiStart / NUMBER_BYTES);
    for (const block of this.allBlocks.toSorted((a, b) => squares[a]! - squares[b]!)) {
      if (search.isAnyEnough === true && nearest.counts[query] === search.wanted) return;
      const square = squares[block]!;
      const gap = square < MOST_MEASURED ? Math.sqrt(square) * certain - radii[block]! : 0;
      const least = gap > 0 ? gap * gap * certain : 0;
      if (!(least > nearest.bound(query, search))) this.measureBlock(query, block, search);
    }
  }

  private measure(query: number, row: number): number {
    const square = this.kernels.square(this.queryAddress(query), this.rowAddress(row), this.layout.columns);
    if (square < MOST_MEASURED) return square;
    return squaredDistance(this.queries[query]!, 0, this.rowValues(row), 0, this.columns, Number.POSITIVE_INFINITY);
  }

  /** @returns whether the block can be screened */
  private fillBlock(block: number): boolean {
    const { columns, numbers, layout } = this;
    const first = block * BLOCK_ROWS;
    const end = Math.min(this.rows, first + BLOCK_ROWS);
    const start = (layout.blocksStart + block * layout.blockBytes) / NUMBER_BYTES;
    // Places without a row are farther away than any.
    numbers.fill(Number.NEGATIVE_INFINITY, start, start + BLOCK_ROWS);
    const [centre, centreAddress] = [this.queries[0]!.fill(0), this.queryAddress(0)];
    const address = start * NUMBER_BYTES;
    const count = end - first;
    const longest = this.kernels.fillBlock(this.rowAddress(first), count, address, layout.columns, centreAddress);
    for (let column = 0; column < columns; column++) centre[column]! /= count;
    const centreStart = layout.centresStart + Math.floor(block / BLOCK_ROWS) * layout.blockBytes;
    putRow(numbers, centreStart / NUMBER_BYTES, block % BLOCK_ROWS, centre, columns);
    this.kernels.squares(centreAddress, address, 1, layout.columns, layout.distancesStart);
    const distances = layout.distancesStart / NUMBER_BYTES;
    let farthest = 0;
    for (let place = 0; place < count; place++) {
      const square = numbers[distances + place]!;
      farthest = Math.max(farthest, square < MOST_MEASURED ? square : this.measure(0, first + place));
    }
    const canScreen = longest < MOST_SCREENED;
    numbers[layout.radiiStart / NUMBER_BYTES + block] = Math.sqrt(farthest) * this.roundedUp;
    numbers[layout.lengthsStart / NUMBER_BYTES + block] = canScreen ? Math.sqrt(longest) * this.roundedUp : Number.NaN;
    return canScreen;
  }

  private recordAddress(query: number): number {
    return this.layout.recordsStart + query * this.layout.recordBytes;
  }

  private queryAddress(query: number): number {
    return this.layout.queriesStart + query * this.layout.rowBytes;
  }

  private rowAddress(row: number): number {
    return this.layout.rowsStart + row * this.layout.rowBytes;
  }
}
