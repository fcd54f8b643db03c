/** Where what lies in the memory of the search kernels: a context, one record for each query, and the rows. */
import { BLOCK_ROWS, blockBytes, paddedColumns, squareError } from './distance-kernels.ts';

/** Rows that can be searched for at a time: enough that a block is used often while it is near the processor. */
export const MOST_QUERIES = 128;
export const NUMBER_BYTES = 4;

/** At the beginning of the memory, four bytes each: what is the same for all queries. */
const CONTEXT_FIELDS = [
  // Whole numbers; addresses and sizes in bytes.
  'wanted',
  'isAnyEnough',
  'queries',
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
  'recordsStart',
  'noneStart',
  'zerosStart',
  'queriesStart',
  'distancesStart',
  'radiiStart',
  'lengthsStart',
  'ceilingsStart',
  'centresStart',
  'blocksStart',
  'rowsStart',
  // Numbers with a fraction.
  'limit',
  'certain',
  'errorScale',
] as const;
export type ContextField = (typeof CONTEXT_FIELDS)[number];
export type FractionField = 'limit' | 'certain' | 'errorScale';

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
/** Candidates that a record has room for beside twice the rows wanted. */
const LEAST_ROOM = 64;

/** Sizes and addresses in bytes. */
export type SearchLayout = Readonly<
  Record<Exclude<ContextField, 'wanted' | 'isAnyEnough' | 'queries' | 'limit'>, number>
> & {
  readonly end: number;
};

/** @param most rows that are asked for */
export function layOutSearch(rows: number, columns: number, most: number): SearchLayout {
  const width = paddedColumns(columns);
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  const centreBlocks = Math.ceil(blocks / BLOCK_ROWS);
  const rowBytes = width * NUMBER_BYTES;
  const mostBytes = most * NUMBER_BYTES;
  const room = 2 * most + LEAST_ROOM;
  const candidatesOffset = RECORD.heap + mostBytes;
  const squaresOffset = candidatesOffset + room * 2 * NUMBER_BYTES + mostBytes;
  const recordBytes = squaresOffset + mostBytes;
  // One number for each block, filled up to whole blocks of centres.
  const ceilingBytes = centreBlocks * BLOCK_ROWS * NUMBER_BYTES;
  let end = CONTEXT_FIELDS.length * NUMBER_BYTES;
  const take = (bytes: number): number => {
    const start = Math.ceil(end / 16) * 16;
    end = start + bytes;
    return start;
  };
  const addresses = {
    recordsStart: take(MOST_QUERIES * recordBytes),
    // A query for which nothing is near enough.
    noneStart: take(recordBytes),
    // A row of zeros.
    zerosStart: take(rowBytes),
    queriesStart: take(MOST_QUERIES * rowBytes),
    distancesStart: take(ceilingBytes),
    radiiStart: take(ceilingBytes),
    lengthsStart: take(ceilingBytes),
    ceilingsStart: take(MOST_QUERIES * ceilingBytes),
    centresStart: take(centreBlocks * blockBytes(width)),
    blocksStart: take(blocks * blockBytes(width)),
    rowsStart: take(rows * rowBytes),
  };
  return {
    ...addresses,
    columns: width,
    blocks,
    blockBytes: blockBytes(width),
    rowBytes,
    recordBytes,
    ceilingBytes,
    centreBlocks,
    room,
    mostBytes,
    candidatesOffset,
    squaresOffset,
    certain: 1 - squareError(width),
    errorScale: squareError(width),
    end,
  };
}

/** Writes the context, all but what belongs to one search. */
export function writeContext(memory: ArrayBuffer, layout: SearchLayout): void {
  const view = new DataView(memory);
  for (const field of CONTEXT_FIELDS) {
    if (!(field in layout)) continue;
    const value = layout[field as keyof SearchLayout];
    if (field === 'certain' || field === 'errorScale') view.setFloat32(contextOffset(field), value, true);
    else view.setInt32(contextOffset(field), value, true);
  }
}
