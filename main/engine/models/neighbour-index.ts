/**
 * Nearest rows of a bounded sample, exactly. The sample lies in blocks of near rows, each in a ball; balls too far away
 * are passed over whole (S. M. Omohundro, "Five Balltree Construction Algorithms", ICSI 1989, on one level), and of the
 * rows of the others only those are measured that a quick inner product does not rule out.
 */
import {
  BLOCK_GROUPS,
  BLOCK_ROWS,
  blockBytes,
  type DistanceKernels,
  OWN_SCREENING_ERROR,
  openKernels,
  paddedColumns,
  putRow,
  SCREENED_NUMBERS,
  SCREENED_TOGETHER,
  screeningError,
  squareError,
} from './distance-kernels.ts';
import { copyRow, type Sample, squaredDistance } from './matrix.ts';
import { NearestRows, type Search } from './nearest-rows.ts';
import { halveRows } from './row-halves.ts';

/** Rows that can be searched for at a time: enough that a block is used often while it is near the processor. */
export const MOST_QUERIES = 32;
/** Blocks that are screened before the nearest of what came out are looked for; the results stay near the processor. */
const CHUNK_BLOCKS = 32;

/** Blocks around a query that are looked at before all others. */
const OPENED_BLOCKS = 2;
const NUMBER_BYTES = 4;
/** A row's number without these bits is that of its block. */
const BLOCK_BITS = Math.log2(BLOCK_ROWS);
/** No row, no block. */
const NONE = -1;
/** Squared lengths from which on products of 32-bit numbers could become infinite. */
const MOST_SCREENED = 1e30;
/** Above this a squared distance is measured again in 64 bits, as it may be infinite in 32. */
const MOST_MEASURED = 1e38;

/** Not thread-safe: queries and results are kept in the index, so that a search allocates nothing. */
export class NeighbourIndex {
  readonly rows: number;
  readonly columns: number;
  /** Where each row stood in the sample. */
  readonly positions: Int32Array;
  /** What the last search found. */
  readonly nearest: NearestRows;
  private readonly kernels: DistanceKernels;
  /** Columns with those filled in. */
  private readonly width: number;
  private readonly blocks: number;
  private readonly addresses: Addresses;
  private readonly numbers: Float32Array;
  /** Where in them the results of screening begin. */
  private readonly firstScreened: number;
  /** Of each block, how far its rows are from their centre at most. */
  private readonly radii: Float64Array;
  /** Of each block, what its screening errs by, in two parts; not numbers where its rows are too long for it. */
  private readonly errors: Float64Array;
  private readonly errorsPerLength: Float64Array;
  private readonly queries: readonly Float32Array[];
  private readonly queryLengths = new Float64Array(MOST_QUERIES);
  /** Of each query, its part in what screening errs by; not a number for one that is too long for it. */
  private readonly queryErrors = new Float64Array(MOST_QUERIES);
  private readonly leftOut = new Int32Array(MOST_QUERIES);
  /** By block, for each query the least squared distance of a row; not a number where it was looked at. */
  private readonly least: Float32Array;
  /** By query, the blocks that were screened, in their order. */
  private readonly screened = new Int32Array(MOST_QUERIES * CHUNK_BLOCKS);
  private readonly screenedCounts = new Int32Array(MOST_QUERIES);
  private readonly pending = new Int32Array(SCREENED_TOGETHER);
  private readonly measureRow: (query: number, row: number) => number;

  /**
   * @param most rows that a search will be asked for
   * @param open makes the kernels with so many bytes of memory
   */
  constructor(sample: Sample, most: number, open: (bytes: number) => DistanceKernels = openKernels) {
    const { rows, columns } = sample;
    this.rows = rows;
    this.columns = columns;
    this.nearest = new NearestRows(MOST_QUERIES, most);
    this.width = paddedColumns(columns);
    this.blocks = Math.ceil(rows / BLOCK_ROWS);
    this.addresses = addressesFor(rows, this.blocks, this.width);
    this.kernels = open(this.addresses.end);
    this.numbers = new Float32Array(this.kernels.memory);
    this.firstScreened = this.addresses.screened / NUMBER_BYTES;
    this.queries = Array.from(
      { length: MOST_QUERIES },
      (_, query) => new Float32Array(this.kernels.memory, this.queryAddress(query), columns),
    );
    this.radii = new Float64Array(this.blocks);
    this.errors = new Float64Array(this.blocks);
    this.errorsPerLength = new Float64Array(this.blocks);
    this.least = new Float32Array(MOST_QUERIES * this.blocks);
    this.measureRow = (query, row) => this.measure(query, row);
    this.positions = halveRows(sample, BLOCK_ROWS);
    this.positions.forEach((position, row) => {
      this.rowValues(row).set(sample.data.subarray(position * columns, (position + 1) * columns));
    });
    for (let block = 0; block < this.blocks; block++) this.fillBlock(block);
  }

  /** What to search for: `values[offset…]`, the largest 32-bit number instead of what is larger. */
  setQuery(query: number, values: Float64Array, offset: number): void {
    copyRow(values, offset, this.queries[query]!);
    this.prepare(query, NONE);
  }

  /** To search for a row of the index among the others, or among all. */
  setOwnQuery(query: number, row: number, isLeftOut: boolean): void {
    this.queries[query]!.set(this.rowValues(row));
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
    this.nearest.begin(queries, search);
    for (let query = 0; query < queries; query++) {
      this.measureBlocks(query);
      // The blocks around the row come first, as what is found there rules out most others.
      for (let opened = 0; opened < OPENED_BLOCKS && opened < this.blocks; opened++) {
        this.screenOne(query, this.nearestBlock(query));
      }
      this.take(query);
    }
    for (let block = 0; block < this.blocks; ) {
      const end = Math.min(this.blocks, block + CHUNK_BLOCKS);
      for (; block < end; block++) this.screenForAll(block, queries);
      for (let query = 0; query < queries; query++) this.take(query);
    }
    for (let query = 0; query < queries; query++) this.nearest.settle(query, this.measureRow);
  }

  /** The rows as the sample had them. */
  sampleRows(): Float32Array {
    const { columns } = this;
    const rows = new Float32Array(this.rows * columns);
    for (let row = 0; row < this.rows; row++) rows.set(this.rowValues(row), this.positions[row]! * columns);
    return rows;
  }

  /** One number for each row of the index, in the sample's order. */
  sampleOrder(values: Float64Array): Float64Array {
    const ordered = new Float64Array(values.length);
    for (let row = 0; row < values.length; row++) ordered[this.positions[row]!] = values[row]!;
    return ordered;
  }

  /** One number for each row of the sample, in the index's order. */
  indexOrder(values: Float64Array): Float64Array {
    return values.map((_, row) => values[this.positions[row]!]!);
  }

  private prepare(query: number, leftOut: number): void {
    const length = lengthOf(this.queries[query]!);
    this.leftOut[query] = leftOut;
    this.queryLengths[query] = length;
    this.queryErrors[query] = length * length < MOST_SCREENED ? length * length * OWN_SCREENING_ERROR : Number.NaN;
  }

  private measureBlocks(query: number): void {
    const { addresses, blocks, width, numbers, radii, least } = this;
    this.kernels.squares(
      this.queryAddress(query),
      addresses.centres,
      Math.ceil(blocks / BLOCK_ROWS),
      width,
      addresses.distances,
    );
    const first = addresses.distances / NUMBER_BYTES;
    const certain = 1 - squareError(width);
    for (let block = 0; block < blocks; block++) {
      const square = numbers[first + block]!;
      const gap = square < MOST_MEASURED ? Math.sqrt(square) * certain - radii[block]! : 0;
      least[block * MOST_QUERIES + query] = gap > 0 ? gap * gap * certain : 0;
    }
  }

  /** Of those not yet screened. */
  private nearestBlock(query: number): number {
    const { least, numbers } = this;
    const first = this.addresses.distances / NUMBER_BYTES;
    let nearest = NONE;
    for (let block = 0; block < this.blocks; block++) {
      if (Number.isNaN(least[block * MOST_QUERIES + query]!)) continue;
      if (nearest === NONE || numbers[first + block]! < numbers[first + nearest]!) nearest = block;
    }
    return nearest;
  }

  private screenOne(query: number, block: number): void {
    this.kernels.screen(
      this.queryAddress(query),
      this.blockAddress(block),
      this.width,
      this.screenedAddress(query, block),
    );
  }

  /** All queries for which the block is not too far away. */
  private screenForAll(block: number, queries: number): void {
    const { pending, least } = this;
    const { bounds } = this.nearest;
    let waiting = 0;
    for (let query = 0; query < queries; query++) {
      if (!(least[block * MOST_QUERIES + query]! <= bounds[query]!)) continue;
      pending[waiting++] = query;
      if (waiting < SCREENED_TOGETHER) continue;
      this.screenFour(block);
      waiting = 0;
    }
    for (let i = 0; i < waiting; i++) this.screenOne(pending[i]!, block);
  }

  private screenFour(block: number): void {
    const { pending } = this;
    const [a, b, c, d] = [pending[0]!, pending[1]!, pending[2]!, pending[3]!];
    this.kernels.screenFour(
      this.queryAddress(a),
      this.queryAddress(b),
      this.queryAddress(c),
      this.queryAddress(d),
      this.blockAddress(block),
      this.width,
      this.screenedAddress(a, block),
      this.screenedAddress(b, block),
      this.screenedAddress(c, block),
      this.screenedAddress(d, block),
    );
  }

  /** Where the results of the next block are to go. */
  private screenedAddress(query: number, block: number): number {
    const index = query * CHUNK_BLOCKS + this.screenedCounts[query]!++;
    this.screened[index] = block;
    this.least[block * MOST_QUERIES + query] = Number.NaN;
    return this.addresses.screened + index * SCREENED_NUMBERS * NUMBER_BYTES;
  }

  /**
   * Looks for near rows in what was screened: first at the nearest of each group, so that the bound is low when the
   * others come.
   */
  private take(query: number): void {
    const { nearest, numbers, screened, firstScreened } = this;
    const { bounds } = nearest;
    const high = 1 + squareError(this.width);
    const own = this.queryLengths[query]! ** 2;
    const start = query * CHUNK_BLOCKS;
    const end = start + this.screenedCounts[query]!;
    for (let index = start; index < end; index++) {
      const block = screened[index]!;
      if (this.isOdd(query, block)) continue;
      const most = own + 2 * this.error(query, block);
      const first = firstScreened + index * SCREENED_NUMBERS + BLOCK_ROWS;
      let needed = (most - bounds[query]! / high) / 2;
      for (let group = first; group < first + BLOCK_GROUPS; group++) {
        const sum = numbers[group]!;
        if (!(sum > needed)) continue;
        nearest.addUpper(query, (most - 2 * sum) * high);
        needed = (most - bounds[query]! / high) / 2;
      }
    }
    for (let index = start; index < end; index++) this.takeBlock(query, index);
    this.screenedCounts[query] = 0;
  }

  private takeBlock(query: number, index: number): void {
    const { numbers, firstScreened } = this;
    const block = this.screened[index]!;
    if (this.isOdd(query, block)) {
      this.takeAll(query, block);
      return;
    }
    const error = 2 * this.error(query, block);
    const least = this.queryLengths[query]! ** 2 - error;
    const low = 1 - squareError(this.width);
    const first = firstScreened + index * SCREENED_NUMBERS;
    const needed = (least - this.nearest.bounds[query]! / low) / 2;
    for (let group = 0; group < BLOCK_GROUPS; group++) {
      if (!(numbers[first + BLOCK_ROWS + group]! < needed)) this.takeGroup(query, block, group, first);
    }
  }

  /** @param first where the results of the block begin, in numbers */
  private takeGroup(query: number, block: number, group: number, first: number): void {
    const { nearest, numbers } = this;
    const slack = squareError(this.width);
    const own = this.queryLengths[query]! ** 2;
    const error = 2 * this.error(query, block);
    const greatest = numbers[first + BLOCK_ROWS + group]!;
    // Its upper end was taken before the others.
    let isGreatestOut = true;
    for (let place = group; place < BLOCK_ROWS; place += BLOCK_GROUPS) {
      const sum = numbers[first + place]!;
      const bound = nearest.bounds[query]!;
      const least = (own - 2 * sum - error) * (1 - slack);
      if (least > bound) continue;
      const most = (own - 2 * sum + error) * (1 + slack);
      if (isGreatestOut && sum === greatest) isGreatestOut = false;
      else if (most < bound) nearest.addUpper(query, most);
      nearest.add(query, block * BLOCK_ROWS + place, least, this.measureRow);
    }
  }

  /** Measures all rows of a block. */
  private takeAll(query: number, block: number): void {
    const { nearest } = this;
    const end = Math.min(this.rows, (block + 1) * BLOCK_ROWS);
    for (let row = block * BLOCK_ROWS; row < end; row++) {
      if (row === this.leftOut[query]) continue;
      const square = this.measure(query, row);
      if (!(square < nearest.bounds[query]!)) continue;
      nearest.addUpper(query, square);
      nearest.add(query, row, square, this.measureRow);
    }
  }

  /** Whether the block is not to be screened: not full, holding the row that is left out, or of too long rows. */
  private isOdd(query: number, block: number): boolean {
    return (
      (block + 1) * BLOCK_ROWS > this.rows ||
      this.leftOut[query]! >> BLOCK_BITS === block ||
      Number.isNaN(this.error(query, block))
    );
  }

  private error(query: number, block: number): number {
    return this.errors[block]! + this.queryLengths[query]! * this.errorsPerLength[block]! + this.queryErrors[query]!;
  }

  private measure(query: number, row: number): number {
    const square = this.kernels.square(this.queryAddress(query), this.rowAddress(row), this.width);
    if (square < MOST_MEASURED) return square;
    return squaredDistance(this.queries[query]!, 0, this.rowValues(row), 0, this.columns, Number.POSITIVE_INFINITY);
  }

  private fillBlock(block: number): void {
    const { columns, numbers } = this;
    const first = block * BLOCK_ROWS;
    const end = Math.min(this.rows, first + BLOCK_ROWS);
    const sums = new Float64Array(columns);
    let length = 0;
    for (let row = first; row < end; row++) {
      const values = this.rowValues(row);
      putRow(numbers, this.blockAddress(block) / NUMBER_BYTES, row - first, values, columns);
      for (let column = 0; column < columns; column++) sums[column]! += values[column]!;
      length = Math.max(length, lengthOf(values));
    }
    const { ofBlock, perLength } = screeningError(this.width, length);
    this.errors[block] = length * length < MOST_SCREENED ? ofBlock : Number.NaN;
    this.errorsPerLength[block] = perLength;
    const centre = Float32Array.from(sums, (sum) => sum / (end - first));
    const centreBlock = this.addresses.centres + Math.floor(block / BLOCK_ROWS) * blockBytes(this.width);
    putRow(numbers, centreBlock / NUMBER_BYTES, block % BLOCK_ROWS, centre, columns);
    let farthest = 0;
    for (let row = first; row < end; row++) {
      const square = squaredDistance(this.rowValues(row), 0, centre, 0, columns, Number.POSITIVE_INFINITY);
      farthest = Math.max(farthest, square);
    }
    this.radii[block] = Math.sqrt(farthest);
  }

  private queryAddress(query: number): number {
    return this.addresses.queries + query * this.width * NUMBER_BYTES;
  }

  private rowAddress(row: number): number {
    return this.addresses.rows + row * this.width * NUMBER_BYTES;
  }

  private blockAddress(block: number): number {
    return this.addresses.blocks + block * blockBytes(this.width);
  }
}

/** Where in the memory of the kernels what begins, in bytes. */
interface Addresses {
  /** By query and block of a chunk, what came out. */
  readonly screened: number;
  /** From one query to the centres of the blocks. */
  readonly distances: number;
  readonly queries: number;
  /** Centres of the blocks, themselves in blocks. */
  readonly centres: number;
  readonly blocks: number;
  readonly rows: number;
  readonly end: number;
}

function addressesFor(rows: number, blocks: number, width: number): Addresses {
  const centreBlocks = Math.ceil(blocks / BLOCK_ROWS);
  const rowBytes = width * NUMBER_BYTES;
  const screened = 0;
  const distances = screened + MOST_QUERIES * CHUNK_BLOCKS * SCREENED_NUMBERS * NUMBER_BYTES;
  const queries = distances + centreBlocks * BLOCK_ROWS * NUMBER_BYTES;
  const centres = queries + MOST_QUERIES * rowBytes;
  const blocksStart = centres + centreBlocks * blockBytes(width);
  const rowsStart = blocksStart + blocks * blockBytes(width);
  return {
    screened,
    distances,
    queries,
    centres,
    blocks: blocksStart,
    rows: rowsStart,
    end: rowsStart + rows * rowBytes,
  };
}

function lengthOf(row: Float32Array): number {
  let even = 0;
  let odd = 0;
  let column = 0;
  for (; column + 1 < row.length; column += 2) {
    even += row[column]! * row[column]!;
    odd += row[column + 1]! * row[column + 1]!;
  }
  if (column < row.length) even += row[column]! * row[column]!;
  return Math.sqrt(even + odd);
}
