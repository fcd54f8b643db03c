/** Where what lies in the memory of the search kernels: a context, one record for each query or row, and the rows. */
import {
  BLOCK_ROWS,
  blockBytes,
  COLUMN_BYTES,
  LANES,
  paddedColumns,
  squareError,
  VECTOR_BYTES,
} from './distance-kernels.ts';
import type { Search } from './nearest-rows.ts';

/** Rows that can be searched for at a time: enough that a block is used often while it is near the processor. */
export const MOST_QUERIES = 128;
export const NUMBER_BYTES = 4;

/** At the beginning of the memory, four bytes each: what is the same for all queries. */
const CONTEXT_FIELDS = [
  // Whole numbers; addresses and sizes in bytes.
  'wanted',
  'isAnyEnough',
  'queries',
  'rows',
  'columns',
  'blocks',
  'blockBytes',
  'rowBytes',
  'recordBytes',
  'ceilingBytes',
  'centreBlocks',
  'room',
  'mostBytes',
  'candidatesOffset',
  'squaresOffset',
  'enough',
  'recordsStart',
  'noneStart',
  'zerosStart',
  'queriesStart',
  'distancesStart',
  'radiiStart',
  'lengthsStart',
  'ceilingsStart',
  'centresStart',
  'topsStart',
  'tileStart',
  'reachesStart',
  'sumsStart',
  'blocksStart',
  'rowsStart',
  // Numbers with a fraction.
  'limit',
  'certain',
  'errorScale',
] as const;
export type ContextField = (typeof CONTEXT_FIELDS)[number];
export type FractionField = 'limit' | 'certain' | 'errorScale';
const FRACTIONS: ReadonlySet<ContextField> = new Set<FractionField>(['limit', 'certain', 'errorScale']);

export function contextOffset(field: ContextField): number {
  return CONTEXT_FIELDS.indexOf(field) * NUMBER_BYTES;
}

/**
 * Fields of a record, by their offsets. Behind them come, each with as much room as the context says:
 *  - a heap of the greatest sure sums so far, the least of them on top, which is what others must exceed;
 *  - candidates: a row and the sum that it has at most;
 *  - after a search, the rows found, and their squared distances.
 */
export const RECORD = {
  /** Row that is not to be found. */
  leftOut: 0,
  /** Number of candidates. */
  candidates: 4,
  /** Number of rows found. */
  found: 8,
  /** Address of the query's values. */
  query: 12,
  /** Length of the query as a vector; not a number where it is too long for screening. */
  length: 16,
  /** Half its square. */
  halfSquare: 20,
  /** What sums must exceed from the beginning on: above it squared distances are below the limit. */
  start: 24,
  /** For the block at hand, what sums err by. */
  error: 28,
  /** For the block at hand, what sums must exceed to be looked at. */
  needed: 32,
  /** Sums of some rows of the block at hand. */
  sums: 48,
  heap: 48 + BLOCK_ROWS * NUMBER_BYTES,
} as const;

/** Below what 32-bit numbers hold with all their digits, errors are no longer in proportion. */
export const LEAST_ERROR = 1e-30;
/** Rows of one block and of another that are compared at a time. */
export const TILE = { first: 4, second: 2 * LANES } as const;
const TILE_BYTES = TILE.first * TILE.second * NUMBER_BYTES;
/** Squared lengths from which on products of 32-bit numbers could become infinite. */
export const MOST_SCREENED = 1e30;
/** Share of the rows wanted that may be candidates beside them without it being looked for a closer border. */
const MORE_THAN_WANTED = 0.25;
/** Of a candidate: a row, and the sum that it has at most. */
export const CANDIDATE_BYTES = 2 * NUMBER_BYTES;
/** Candidates that a record has room for beside twice the rows wanted: of a query, and of a row that all compare with. */
const LEAST_ROOM = 64;
const LEAST_PAIR_ROOM = 24;

/** What layouts give of the context; sizes and addresses in bytes. */
type Fields = Exclude<ContextField, 'wanted' | 'isAnyEnough' | 'queries' | 'limit'>;
/** What is the same for every layout of so many rows and columns. */
type CommonField = 'rows' | 'columns' | 'blocks' | 'blockBytes' | 'rowBytes' | 'certain' | 'errorScale';
type Layout<Field extends Fields> = Readonly<Record<Field | 'end', number>>;
export type SearchLayout = Layout<Exclude<Fields, PairField>>;
type PairField = 'enough' | 'topsStart' | 'tileStart' | 'reachesStart' | 'sumsStart';
export type PairLayout = Layout<
  | CommonField
  | PairField
  | 'recordsStart'
  | 'recordBytes'
  | 'room'
  | 'mostBytes'
  | 'candidatesOffset'
  | 'squaresOffset'
  | 'lengthsStart'
  | 'zerosStart'
  | 'blocksStart'
  | 'rowsStart'
>;

function commonSizes(rows: number, columns: number): Readonly<Record<CommonField, number>> {
  const width = paddedColumns(columns);
  return {
    rows,
    columns: width,
    blocks: Math.ceil(rows / BLOCK_ROWS),
    blockBytes: blockBytes(width),
    rowBytes: width * NUMBER_BYTES,
    certain: 1 - squareError(width),
    errorScale: squareError(width),
  };
}

/** Gives out memory behind the context. */
class Room {
  end = CONTEXT_FIELDS.length * NUMBER_BYTES;

  take(bytes: number): number {
    const start = Math.ceil(this.end / VECTOR_BYTES) * VECTOR_BYTES;
    this.end = start + bytes;
    return start;
  }
}

/** @param most rows that are asked for */
export function layOutSearch(rows: number, columns: number, most: number): SearchLayout {
  const sizes = commonSizes(rows, columns);
  const { rowBytes } = sizes;
  const candidates = 2 * most + LEAST_ROOM;
  const mostBytes = most * NUMBER_BYTES;
  const candidatesOffset = RECORD.heap + mostBytes;
  const squaresOffset = candidatesOffset + candidates * CANDIDATE_BYTES + mostBytes;
  const recordBytes = squaresOffset + mostBytes;
  const centreBlocks = Math.ceil(sizes.blocks / BLOCK_ROWS);
  // One number for each block, filled up to whole blocks of centres.
  const ceilingBytes = centreBlocks * BLOCK_ROWS * NUMBER_BYTES;
  const room = new Room();
  const addresses = {
    recordsStart: room.take(MOST_QUERIES * recordBytes),
    // A query for which nothing is near enough.
    noneStart: room.take(recordBytes),
    // A row of zeros.
    zerosStart: room.take(rowBytes),
    queriesStart: room.take(MOST_QUERIES * rowBytes),
    distancesStart: room.take(ceilingBytes),
    radiiStart: room.take(ceilingBytes),
    lengthsStart: room.take(ceilingBytes),
    ceilingsStart: room.take(MOST_QUERIES * ceilingBytes),
    centresStart: room.take(centreBlocks * sizes.blockBytes),
    blocksStart: room.take(sizes.blocks * sizes.blockBytes),
    rowsStart: room.take(rows * rowBytes),
  };
  return {
    ...sizes,
    ...addresses,
    recordBytes,
    room: candidates,
    mostBytes,
    candidatesOffset,
    squaresOffset,
    centreBlocks,
    ceilingBytes,
    end: room.end,
  };
}

/**
 * To compare all rows with one another; every row has a record.
 *
 * @param most rows that are asked for
 */
export function layOutPairs(rows: number, columns: number, most: number): PairLayout {
  const sizes = commonSizes(rows, columns);
  // Memory that was never used is dear: of a heap there is only the top, and squares lie where sure sums did.
  const candidates = 2 * most + LEAST_PAIR_ROOM;
  const mostBytes = most * NUMBER_BYTES;
  const candidatesOffset = RECORD.heap + NUMBER_BYTES;
  const squaresOffset = candidatesOffset + candidates * CANDIDATE_BYTES + mostBytes;
  const recordBytes = squaresOffset + candidates * NUMBER_BYTES + VECTOR_BYTES;
  const room = new Room();
  const addresses = {
    recordsStart: room.take(rows * recordBytes),
    // Of each row, filled up to whole blocks: what sums must exceed for the pair to be a candidate.
    topsStart: room.take(sizes.blocks * COLUMN_BYTES),
    // Sums of the pairs that were compared last.
    tileStart: room.take(TILE_BYTES),
    // Of each row, in 64 bits: how far it is to the last of its nearest, and to all of them.
    reachesStart: room.take(rows * 2 * NUMBER_BYTES),
    sumsStart: room.take(rows * 2 * NUMBER_BYTES),
    lengthsStart: room.take(sizes.blocks * NUMBER_BYTES),
    zerosStart: room.take(sizes.rowBytes),
    blocksStart: room.take(sizes.blocks * sizes.blockBytes),
    rowsStart: room.take(rows * sizes.rowBytes),
  };
  return {
    ...sizes,
    ...addresses,
    recordBytes,
    room: candidates,
    enough: most + Math.floor(most * MORE_THAN_WANTED),
    mostBytes,
    candidatesOffset,
    squaresOffset,
    end: room.end,
  };
}

/** Writes the context, all but what belongs to one search. */
export function writeContext(memory: DataView, layout: SearchLayout | PairLayout): void {
  const values: Readonly<Partial<Record<ContextField, number>>> = layout;
  for (const field of CONTEXT_FIELDS) {
    const value = values[field];
    if (value === undefined) continue;
    if (FRACTIONS.has(field)) memory.setFloat32(contextOffset(field), value, true);
    else memory.setInt32(contextOffset(field), value, true);
  }
}

/** Writes what belongs to one search. */
export function writeSearch(memory: DataView, { wanted, limit = Number.POSITIVE_INFINITY, isAnyEnough }: Search): void {
  memory.setInt32(contextOffset('wanted'), wanted, true);
  memory.setInt32(contextOffset('isAnyEnough'), isAnyEnough === true ? 1 : 0, true);
  const limitOffset = contextOffset('limit');
  memory.setFloat32(limitOffset, limit, true);
  // The next 32-bit number above it, where it is none itself: what is below the one is below the other.
  if (Math.fround(limit) < limit) memory.setInt32(limitOffset, memory.getInt32(limitOffset, true) + 1, true);
}
