/** Every row of a query, page after page, for a file. Pure but for what it is given to ask with. */
import type { HuntResult } from '../../../contract/api-hunt.ts';
import { csvLine } from '../../../contract/csv.ts';
import type { Failure } from '../../../contract/domain.ts';
import { jsonText, plainText } from '../../../contract/text.ts';
import type { Answer } from '../../lib/client.ts';
import type { Cell, ResultColumn } from './query-edit.ts';

/** More rows do not fit into a file that a spreadsheet opens, nor into the window's memory with ease. */
export const MAX_EXPORTED_ROWS = 100_000;
/** The most that one answer has. */
const PAGE_ROWS = 1_000;
/** A query that finds nothing page after page is given up; the time limit of a page makes that minutes. */
const MAX_PAGES = 2_000;

export interface AllRows {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly Cell[])[];
  /** `limit`: there were more than fit into a file. `time`: the engine's time was up. */
  readonly end: 'all' | 'limit' | 'time' | 'cancelled';
}

export interface FetchOptions {
  readonly ask: (cursor: string | undefined, limit: number) => Promise<Answer<HuntResult>>;
  readonly isCancelled: () => boolean;
  readonly onProgress: (rows: number) => void;
  readonly maximum?: number;
}

/** Asks until there is no more, it is enough, or it is cancelled. */
export async function fetchAllRows({
  ask,
  isCancelled,
  onProgress,
  maximum = MAX_EXPORTED_ROWS,
}: FetchOptions): Promise<AllRows | { readonly failure: Failure }> {
  const rows: (readonly Cell[])[] = [];
  let columns: readonly ResultColumn[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await ask(cursor, Math.min(PAGE_ROWS, maximum - rows.length));
    if (isCancelled()) return { columns, rows, end: 'cancelled' };
    if (!answer.ok) return { failure: answer.failure };
    const { value } = answer;
    columns = value.columns;
    for (const row of value.rows) if (rows.length < maximum) rows.push(row);
    onProgress(rows.length);
    if (value.next === null) return { columns, rows, end: value.isPartial ? 'time' : 'all' };
    if (rows.length >= maximum) return { columns, rows, end: 'limit' };
    cursor = value.next;
  }
  return { columns, rows, end: 'time' };
}

/** Times as ISO 8601, which every program reads; a damaged capture can claim any time. */
function exported(cell: Cell, column: ResultColumn | undefined): Cell {
  if (typeof cell === 'string') return plainText(cell, Number.POSITIVE_INFINITY);
  if (column?.type !== 'time' || cell === null) return cell;
  const date = new Date(cell);
  return Number.isNaN(date.getTime()) ? cell : date.toISOString();
}

/** The same lines as `holdfast hunt --csv` writes (RFC 4180). */
export function rowsAsCsv({ columns, rows }: Pick<AllRows, 'columns' | 'rows'>): string {
  const lines = [csvLine(columns.map(({ name }) => name))];
  for (const row of rows) lines.push(csvLine(row.map((cell, index) => exported(cell, columns[index]))));
  return `${lines.join('\r\n')}\r\n`;
}

export interface ExportFacts {
  readonly query: string;
  readonly source: string;
  readonly exportedMs: number;
}

/** One document: what was asked, when, whether it is all, and the rows by the names of their columns. */
export function rowsAsJson(
  { columns, rows, end }: Omit<AllRows, 'failure'>,
  { query, source, exportedMs }: ExportFacts,
): string {
  const document = {
    query,
    source,
    exportedAt: new Date(exportedMs).toISOString(),
    isComplete: end === 'all',
    columns,
    rows: rows.map((row) =>
      Object.fromEntries(columns.map(({ name }, i) => [name, rawTime(row[i] ?? null, columns[i])])),
    ),
  };
  return `${jsonText(document, 2)}\n`;
}

function rawTime(cell: Cell, column: ResultColumn | undefined): Cell {
  return typeof cell === 'number' ? exported(cell, column) : cell;
}
