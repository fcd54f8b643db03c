/** Changes to a query that are made by pointing instead of typing. Pure; a query that is wrong stays as it is. */
import type { HuntResult } from '../../../contract/api-hunt.ts';
import {
  groupColumn,
  type HuntCondition,
  type HuntField,
  type HuntQuery,
  type HuntTable,
  type HuntTime,
  type HuntType,
  type HuntValue,
  huntField,
  huntTable,
  MAX_QUERY_LENGTH,
  parseHunt,
  printHunt,
} from '../../../contract/hunt-language.ts';

export type Cell = HuntResult['rows'][number][number];
export type ResultColumn = HuntResult['columns'][number];

/** Only rows with this value, or only those without it. */
export type CellEdit = 'only' | 'not';

/** Types whose values a row shows as they are stored; the others are rounded or joined on their way. */
const VALUE_TYPES: Readonly<Record<HuntType, 'text' | 'number' | 'network' | null>> = {
  text: 'text',
  choice: 'text',
  severity: 'text',
  id: 'text',
  number: 'number',
  bytes: 'number',
  duration: 'number',
  port: 'number',
  address: 'network',
  time: null,
};

/** Texts longer than this are cut on their way here, and would not be found again. */
const LONGEST_VALUE = 500;

/** The condition that a cell stands for; null where a query cannot say it. */
function conditionOf(table: HuntTable, name: string, cell: Cell): HuntCondition | null {
  const field = huntField(table, name);
  if (field === undefined || cell === null || cell === '') return null;
  const values = valuesOf(field, cell);
  const [first] = values;
  if (first === undefined) return null;
  return values.length === 1
    ? { type: 'compare', field: field.name, operator: '=', values }
    : { type: 'compare', field: field.name, operator: 'in', values };
}

function valuesOf(field: HuntField, cell: string | number): readonly HuntValue[] {
  const kind = VALUE_TYPES[field.type];
  if (kind === 'number') return typeof cell === 'number' && cell >= 0 ? [{ type: 'number', value: cell }] : [];
  if (kind === null || typeof cell !== 'string' || cell.length > LONGEST_VALUE) return [];
  // A field of several values shows them in one cell.
  const texts = field.isMany === true ? cell.split(', ') : [cell];
  return texts.map((text) =>
    kind === 'text' ? { type: 'text', text } : { type: 'network', address: text, prefix: null },
  );
}

function withCondition(query: HuntQuery, added: HuntCondition): HuntQuery {
  const { where } = query;
  if (where === null) return { ...query, where: added };
  const before = where.type === 'and' ? where.conditions : [where];
  if (before.some((one) => JSON.stringify(one) === JSON.stringify(added))) return query;
  return { ...query, where: { type: 'and', conditions: [...before, added] } };
}

/** The text of a changed query, if it can be read again and means the same. */
function written(query: HuntQuery): string | null {
  const text = printHunt(query);
  const again = parseHunt(text);
  return text.length <= MAX_QUERY_LENGTH && again.query !== null ? text : null;
}

/** Narrows a query down to rows with (or without) the value of a cell; null where that cannot be said. */
export function narrowByCell(text: string, column: string, cell: Cell, edit: CellEdit): string | null {
  const { query } = parseHunt(text);
  const table = query === null ? undefined : huntTable(query.table);
  if (query === null || table === undefined) return null;
  const condition = conditionOf(table, column, cell);
  if (condition === null) return null;
  const wanted: HuntCondition =
    edit === 'only'
      ? condition
      : condition.type === 'compare' && condition.operator === '='
        ? { ...condition, operator: '!=' }
        : { type: 'not', condition };
  // A summary's group is a field of the rows below it.
  return written(withCondition(query, wanted));
}

/** Whatever a host did, in the same table and time; null where the cell is no single address. */
export function lookAtHost(text: string, cell: Cell): string | null {
  const { query } = parseHunt(text);
  if (query === null || typeof cell !== 'string' || cell.includes(',')) return null;
  const host: HuntCondition = {
    type: 'compare',
    field: 'host',
    operator: '=',
    values: [{ type: 'network', address: cell, prefix: null }],
  };
  return written({ ...query, where: host, aggregate: null, sort: [], limit: null });
}

/** @param untilMs the last moment is not part of it */
export function narrowToTime(text: string, fromMs: number, untilMs: number): string | null {
  const { query } = parseHunt(text);
  if (query === null || !(fromMs < untilMs)) return null;
  return written({ ...query, since: at(fromMs), until: at(untilMs) });
}

const LAST_DATE_MS = 253_402_300_799_999;

function at(timeMs: number): HuntTime {
  const bounded = Math.max(0, Math.min(LAST_DATE_MS, Math.round(timeMs)));
  return { type: 'at', text: new Date(bounded).toISOString().replace(/\.000Z$/, 'Z') };
}

/** The rows that one row of a summary counted; null where the query is no summary or groups by what cannot be said. */
export function rowsBehind(text: string, columns: readonly ResultColumn[], row: readonly Cell[]): string | null {
  const { query } = parseHunt(text);
  const table = query === null ? undefined : huntTable(query.table);
  if (query === null || query.aggregate === null || table === undefined) return null;
  let next: HuntQuery = { ...query, aggregate: null, sort: [], limit: null };
  for (const group of query.aggregate.by) {
    const cell = row[columns.findIndex(({ name }) => name === groupColumn(group))] ?? null;
    if (group.type === 'span') {
      if (typeof cell !== 'number') return null;
      next = { ...next, since: at(cell), until: at(cell + group.ms) };
      continue;
    }
    const condition = conditionOf(table, group.name, cell);
    if (condition === null) return null;
    next = withCondition(next, condition);
  }
  return written(next);
}

/** Whether a query makes groups instead of listing rows. */
export function isSummary(text: string): boolean {
  return parseHunt(text).query?.aggregate != null;
}
