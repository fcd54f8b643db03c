import type { Database } from 'better-sqlite3';
import { groupColumn, summaryColumns } from '../../../../contract/hunt-language.ts';
import type { HuntAggregate, HuntGroup, HuntSort } from '../../../../contract/hunt-query.ts';
import { compileWhere, fieldOf, sourceOf } from './compile.ts';
import { readCursor, writeCursor } from './cursor.ts';
import type { Cell } from './fields.ts';
import type { HuntAnswer, HuntRequest } from './messages.ts';
import type { Pace } from './pace.ts';
import { columnOf, compareCells, shown } from './rows.ts';
import { shortness } from './shortness.ts';
import { pieces, spanOf } from './spans.ts';

/** Groups that are kept; far more than anybody reads, and some ten megabytes. */
const MAX_GROUPS = 50_000;
/** Different values that are kept over all groups. */
const MAX_DISTINCT = 500_000;

interface Tally {
  readonly keys: readonly Cell[];
  rows: number;
  sum: number;
  min: Cell;
  max: Cell;
  distinct: Set<Cell> | undefined;
}

/** One page of a summary: all rows that fit are looked at, in pieces, and their groups joined. */
export function runSummary(database: Database, request: HuntRequest, aggregate: HuntAggregate, pace: Pace): HuntAnswer {
  const { query } = request;
  const cursor = request.cursor === undefined ? undefined : readCursor(request.cursor, 0);
  const compiled = { query, source: request.source, nowMs: cursor?.nowMs ?? request.nowMs };
  const { table, from: source = table, row, timeMs } = sourceOf(query);
  const joins = new Set<string>();
  const valueSql = (name: string): string => {
    const { each, sql } = fieldOf(query, name).source;
    if (each === undefined) return sql[0] ?? 'NULL';
    joins.add(each.join);
    return each.value;
  };
  const groups = aggregate.by.map((group) =>
    group.type === 'span' ? `CAST(${timeMs} / ${group.ms} AS INTEGER) * ${group.ms}` : valueSql(group.name),
  );
  const isDistinct = aggregate.function === 'distinct';
  const subject = aggregate.field === null ? '0' : valueSql(aggregate.field);
  const where = compileWhere({ ...compiled, isShort: shortness(database) });
  const columns = [
    ...groups,
    ...(isDistinct ? [subject] : ['count(*)', `sum(${subject})`, `min(${subject})`, `max(${subject})`]),
  ];
  const grouped = (isDistinct ? [...groups, subject] : groups).map((_, i) => i + 1).join(', ');
  const from = [source, ...joins].join(' CROSS JOIN ');
  const statement = database
    .prepare(
      `SELECT ${columns.join(', ')} FROM ${from}
       WHERE ${row.includes('.') ? row : `${table}.${row}`} BETWEEN @first AND @last AND ${where.sql}${grouped === '' ? '' : ` GROUP BY ${grouped}`}`,
    )
    .raw();
  const tallies = new Map<string, Tally>();
  const span = spanOf(database, compiled);
  const newest = cursor?.newest ?? span.last;
  let scanned = 0;
  let kept = 0;
  let isPartial = false;
  for (const piece of pieces({ first: span.first, last: Math.min(span.last, newest) }, pace)) {
    if (pace.isOver()) {
      isPartial = true;
      break;
    }
    scanned += piece.last - piece.first + 1;
    for (const found of statement.iterate(piece, ...where.values) as Iterable<Cell[]>) {
      const keys = found.slice(0, groups.length);
      const name = JSON.stringify(keys);
      let tally = tallies.get(name);
      if (tally === undefined) {
        if (tallies.size >= MAX_GROUPS) {
          isPartial = true;
          continue;
        }
        tally = { keys, rows: 0, sum: 0, min: null, max: null, distinct: isDistinct ? new Set() : undefined };
        tallies.set(name, tally);
      }
      if (tally.distinct === undefined) addTo(tally, found.slice(groups.length));
      else if (!tally.distinct.has(found[groups.length] ?? null)) {
        if (kept++ >= MAX_DISTINCT) isPartial = true;
        else tally.distinct.add(found[groups.length] ?? null);
      }
    }
  }
  // A number of nothing is a number as well.
  if (groups.length === 0 && tallies.size === 0) {
    tallies.set('', { keys: [], rows: 0, sum: 0, min: null, max: null, distinct: undefined });
  }
  const names = summaryColumns(aggregate);
  const rows = [...tallies.values()]
    .filter((tally) => groups.length === 0 || tally.rows > 0 || (tally.distinct?.size ?? 0) > 0)
    .map((tally) => [...tally.keys, resultOf(aggregate, tally)])
    .sort(orderOf(names, query.sort.length > 0 ? query.sort : usualOrder(aggregate, names)))
    .slice(0, query.limit ?? undefined);
  const given = Math.max(0, Math.trunc(cursor?.given ?? 0));
  const page = rows.slice(given, given + request.limit);
  const end = given + page.length;
  return {
    columns: columnsOf(request, aggregate),
    rows: page.map((cells) => cells.map((cell, i) => shown(cell, showOf(request, aggregate, i)))),
    next: end < rows.length ? writeCursor({ nowMs: compiled.nowMs, newest, given: end, row: 0, keys: [] }) : null,
    scanned,
    elapsedMs: pace.elapsedMs(),
    isPartial,
    timeline: [],
  };
}

function addTo(tally: Tally, [rows, sum, min, max]: readonly Cell[]): void {
  tally.rows += Number(rows ?? 0);
  tally.sum += Number(sum ?? 0);
  if (min !== undefined && min !== null && (tally.min === null || compareCells(min, tally.min) < 0)) tally.min = min;
  if (max !== undefined && max !== null && (tally.max === null || compareCells(max, tally.max) > 0)) tally.max = max;
}

function resultOf({ function: name }: HuntAggregate, tally: Tally): Cell {
  switch (name) {
    case 'count':
      return tally.rows;
    case 'distinct':
      return tally.distinct?.size ?? 0;
    case 'sum':
      return tally.sum;
    case 'average':
      return tally.rows === 0 ? null : tally.sum / tally.rows;
    case 'min':
      return tally.min;
    case 'max':
      return tally.max;
  }
}

/** Over time the latest first, else the most. */
function usualOrder({ by }: HuntAggregate, names: readonly string[]): readonly HuntSort[] {
  const result: HuntSort = { name: names.at(-1) ?? '', direction: 'desc' };
  return by.some(({ type }) => type === 'span') ? [{ name: 'time', direction: 'desc' }, result] : [result];
}

/** Rows that are equal by the order are told apart by their groups, so that pages do not overlap. */
function orderOf(
  names: readonly string[],
  sort: readonly HuntSort[],
): (a: readonly Cell[], b: readonly Cell[]) => number {
  const keys = [...sort, ...names.map((name): HuntSort => ({ name, direction: 'asc' }))].map(({ name, direction }) => ({
    at: names.indexOf(name),
    sign: direction === 'asc' ? 1 : -1,
  }));
  return (a, b) => {
    for (const { at, sign } of keys) {
      const order = compareCells(a[at] ?? null, b[at] ?? null);
      if (order !== 0) return order * sign;
    }
    return 0;
  };
}

function columnsOf({ query }: HuntRequest, aggregate: HuntAggregate): HuntAnswer['columns'] {
  const groups = aggregate.by.map((group) =>
    group.type === 'span' ? columnOf({ name: 'time', type: 'time' }) : columnOf(fieldOf(query, group.name).field),
  );
  const isCount = aggregate.function === 'count' || aggregate.function === 'distinct' || aggregate.field === null;
  const type = isCount ? 'number' : fieldOf(query, aggregate.field ?? '').field.type;
  return [...groups, columnOf({ name: summaryColumns(aggregate).at(-1) ?? '', type })];
}

/** Codes are shown as their words; what comes from a list is one of its values already. */
function showOf({ query }: HuntRequest, { by }: HuntAggregate, at: number): ((cell: Cell) => Cell) | undefined {
  const group: HuntGroup | undefined = by[at];
  if (group === undefined || group.type === 'span') return undefined;
  const { each, show } = fieldOf(query, groupColumn(group)).source;
  return each === undefined ? show : undefined;
}
