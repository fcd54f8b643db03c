import type { Database } from 'better-sqlite3';
import type { HuntSort } from '../../../../contract/hunt-query.ts';
import { huntTable } from '../../../../contract/hunt-tables.ts';
import { compileWhere, type Fragment, fieldOf, sourceOf } from './compile.ts';
import { type Cursor, readCursor, writeCursor } from './cursor.ts';
import type { Cell } from './fields.ts';
import type { HuntAnswer, HuntRequest } from './messages.ts';
import { LONGEST_COUNTING_MS, type Pace } from './pace.ts';
import { shortness } from './shortness.ts';
import { pieces, type Span, spanOf } from './spans.ts';
import { TimelineCounter } from './timeline.ts';

/** Text that is sorted by: enough to tell rows apart, and short enough for a cursor. */
const SORTED_CHARACTERS = 60;
/** Characters of one page; an answer stays far below what a socket carries at once. */
const MAX_PAGE_CHARACTERS = 200_000;
const MAX_CELL_CHARACTERS = 2_000;

/** A row as it comes from the database: its number, its time, what it is sorted by, its cells. */
type Raw = readonly [row: number, timeMs: number, ...rest: Cell[]];

/**
 * One page of rows. The latest come first where the query says nothing else. Rows are looked at in pieces, so that
 * the search can stop between two of them.
 */
export function runRows(database: Database, request: HuntRequest, pace: Pace): HuntAnswer {
  const { query } = request;
  const sort: readonly HuntSort[] =
    query.sort.length > 0 || query.table !== 'alerts' ? query.sort : [{ name: 'time', direction: 'desc' }];
  const cursor = request.cursor === undefined ? undefined : readCursor(request.cursor, sort.length);
  const compiled = { query, source: request.source, nowMs: cursor?.nowMs ?? request.nowMs };
  const { table, from = table, row, timeMs } = sourceOf(query);
  const fields = (huntTable(query.table)?.columns ?? []).map((name) => fieldOf(query, name));
  const keys = sort.map(({ name }) => {
    const { field, source } = fieldOf(query, name);
    const [sql = ''] = source.sql;
    return field.type === 'text' || field.type === 'id' ? `substr(${sql}, 1, ${SORTED_CHARACTERS})` : sql;
  });
  const cells = fields.map(({ source }) => source.list ?? source.sql[0] ?? 'NULL');
  const where = compileWhere({ ...compiled, isShort: shortness(database) });
  const beyond = cursor === undefined ? EVERYTHING : after(keys, sort, row, cursor);
  const order = [...keys.map((sql, i) => `${sql} ${sort[i]?.direction ?? 'asc'}`), `${row} DESC`].join(', ');
  const span = spanOf(database, compiled);
  const newest = cursor?.newest ?? span.last;
  const given = cursor?.given ?? 0;
  const wanted = Math.max(0, Math.min(request.limit, (query.limit ?? Number.POSITIVE_INFINITY) - given));
  const statement = database
    .prepare(
      `SELECT ${[row, timeMs, ...keys, ...cells].join(', ')} FROM ${from}
       WHERE ${row} BETWEEN @first AND @last AND ${beyond.sql} AND ${where.sql} ORDER BY ${order} LIMIT ?`,
    )
    .raw();
  const counting = database
    .prepare(
      `SELECT CAST(${timeMs} / ? AS INTEGER), count(*) FROM ${from}
       WHERE ${row} BETWEEN @first AND @last AND ${where.sql} GROUP BY 1`,
    )
    .raw();
  const timeline = new TimelineCounter();
  const isCounted = cursor === undefined;
  const isInOrder = sort.length === 0;
  const page = new Page(sort, wanted + 1);
  let scanned = 0;
  let isPartial = false;
  let reached = span.first;
  for (const piece of pieces(fitting(span, newest, isInOrder ? cursor : undefined), pace)) {
    const isFull = isInOrder && page.isFull;
    const counts = isCounted && pace.elapsedMs() < LONGEST_COUNTING_MS;
    if (isFull && !counts) break;
    if (pace.isOver()) {
      isPartial = true;
      reached = piece.last + 1;
      break;
    }
    scanned += piece.last - piece.first + 1;
    const room = isFull ? 0 : isInOrder ? page.room : wanted + 1;
    const found = room === 0 ? [] : (statement.all(piece, ...beyond.values, ...where.values, room) as Raw[]);
    page.add(found);
    if (!counts) continue;
    if (found.length < room) for (const [, foundMs] of found) timeline.add(foundMs, 1);
    else {
      const { stepMs } = timeline;
      const steps = counting.all(piece, stepMs, ...where.values) as [number, number][];
      for (const [step, rows] of steps) timeline.add(step * stepMs, rows);
    }
  }
  const rows = page.taken(wanted, (raw) =>
    fields.map(({ source }, i) => shown(raw[2 + keys.length + i] ?? null, source.show)),
  );
  const last = page.rows[rows.length - 1];
  const hasMore = page.rows.length > rows.length && given + rows.length < (query.limit ?? Number.POSITIVE_INFINITY);
  const next = { nowMs: compiled.nowMs, newest, given: given + rows.length };
  return {
    columns: fields.map(({ field }) => columnOf(field)),
    rows,
    next:
      hasMore && last !== undefined
        ? writeCursor({ ...next, row: last[0], keys: last.slice(2, 2 + keys.length) as Cell[] })
        : // What is stored in the order of the rows can be gone on with where the time was up.
          isPartial && isInOrder && rows.length < wanted
          ? writeCursor({ ...next, row: reached, keys: [] })
          : null,
    scanned,
    elapsedMs: pace.elapsedMs(),
    isPartial,
    timeline: isCounted ? timeline.points() : [],
  };
}

const EVERYTHING: Fragment = { sql: '1', values: [] };

/** How a field is told to whoever shows it. */
export function columnOf({
  name,
  type,
}: {
  readonly name: string;
  readonly type: string;
}): HuntAnswer['columns'][number] {
  const shownType = type === 'choice' ? 'text' : (type as HuntAnswer['columns'][number]['type']);
  const unit = UNITS[type];
  return { name, type: shownType, ...(unit === undefined ? {} : { unit }) };
}

const UNITS: Readonly<Record<string, string>> = { bytes: 'B', duration: 'ms' };

/** Bounded, so that no single value fills an answer. */
export function shown(cell: Cell, show: ((cell: Cell) => Cell) | undefined): Cell {
  const value = show === undefined ? cell : show(cell);
  return typeof value === 'string' && value.length > MAX_CELL_CHARACTERS
    ? `${value.slice(0, MAX_CELL_CHARACTERS)}…`
    : value;
}

/** Rows that come after the cursor, in an order of several keys with directions of their own. */
function after(keys: readonly string[], sort: readonly HuntSort[], row: string, cursor: Cursor): Fragment {
  const parts: string[] = [];
  const values: Cell[] = [];
  for (let depth = 0; depth <= keys.length; depth++) {
    const same = keys.slice(0, depth).map((sql) => `${sql} = ?`);
    const sign = depth < keys.length && sort[depth]?.direction === 'asc' ? '>' : '<';
    parts.push(`(${[...same, `${keys[depth] ?? row} ${sign} ?`].join(' AND ')})`);
    values.push(...cursor.keys.slice(0, depth), depth < keys.length ? (cursor.keys[depth] ?? null) : cursor.row);
  }
  return { sql: `(${parts.join(' OR ')})`, values };
}

function fitting({ first, last }: Span, newest: number, cursor: Cursor | undefined): Span {
  return { first, last: Math.min(last, newest, cursor === undefined ? Number.POSITIVE_INFINITY : cursor.row - 1) };
}

/** The first so many rows in their order, from pieces that come one after the other. */
class Page {
  rows: Raw[] = [];
  readonly #sort: readonly HuntSort[];
  readonly #size: number;

  constructor(sort: readonly HuntSort[], size: number) {
    this.#sort = sort;
    this.#size = size;
  }

  get isFull(): boolean {
    return this.rows.length >= this.#size;
  }

  get room(): number {
    return Math.max(0, this.#size - this.rows.length);
  }

  add(found: readonly Raw[]): void {
    this.rows.push(...found);
    if (this.#sort.length === 0) return;
    this.rows.sort((a, b) => this.#compare(a, b));
    this.rows.length = Math.min(this.rows.length, this.#size);
  }

  /** At most `limit` rows, and no more than one answer carries. */
  taken(limit: number, cellsOf: (raw: Raw) => Cell[]): Cell[][] {
    const rows: Cell[][] = [];
    let characters = 0;
    for (const raw of this.rows.slice(0, limit)) {
      const cells = cellsOf(raw);
      characters += cells.reduce<number>((sum, cell) => sum + String(cell).length, 0);
      if (characters > MAX_PAGE_CHARACTERS && rows.length > 0) return rows;
      rows.push(cells);
    }
    return rows;
  }

  #compare(a: Raw, b: Raw): number {
    for (const [i, { direction }] of this.#sort.entries()) {
      const order = compareCells(a[2 + i] ?? null, b[2 + i] ?? null);
      if (order !== 0) return direction === 'asc' ? order : -order;
    }
    return b[0] - a[0];
  }
}

/** As SQLite orders: nothing, then numbers, then text by its bytes. */
export function compareCells(a: Cell, b: Cell): number {
  const rank = (cell: Cell): number => (cell === null ? 0 : typeof cell === 'number' ? 1 : 2);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)));
}
