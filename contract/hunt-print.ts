/** A query as text, in one agreed form; reading it gives the same query again. */
import type { HuntAggregate, HuntCondition, HuntQuery } from './hunt-query.ts';
import { HUNT_TABLES, type HuntField, type HuntTable, huntField, huntTable } from './hunt-tables.ts';
import { writeSpan, writeTime, writeValue } from './hunt-values.ts';

/** Writes a query that `parseHunt` gave or that was put together by a program. */
export function printHunt(query: HuntQuery): string {
  const table = huntTable(query.table) ?? (HUNT_TABLES[0] as HuntTable);
  const parts: string[] = [table.name];
  if (query.where !== null) parts.push('where', conditionText(table, query.where));
  if (query.since !== null) parts.push('since', writeTime(query.since));
  if (query.until !== null) parts.push('until', writeTime(query.until));
  if (query.aggregate !== null) parts.push('|', aggregateText(query.aggregate));
  if (query.sort.length > 0) {
    parts.push('sort by', query.sort.map(({ name, direction }) => `${name} ${direction}`).join(', '));
  }
  if (query.limit !== null) parts.push('limit', String(query.limit));
  return parts.join(' ');
}

function conditionText(table: HuntTable, condition: HuntCondition): string {
  switch (condition.type) {
    case 'compare': {
      const field = huntField(table, condition.field) as HuntField;
      const values = condition.values.map((value) => writeValue(field, value)).join(', ');
      const isSingle = condition.operator !== 'in' || (condition.values.length === 1 && field.type === 'address');
      return `${field.name} ${condition.operator} ${isSingle ? values : `(${values})`}`;
    }
    case 'not':
      return `not ${within(table, condition.condition)}`;
    case 'and':
    case 'or':
      return condition.conditions.map((one) => within(table, one)).join(` ${condition.type} `);
  }
}

function within(table: HuntTable, condition: HuntCondition): string {
  const text = conditionText(table, condition);
  return condition.type === 'and' || condition.type === 'or' ? `(${text})` : text;
}

function aggregateText({ function: name, field, by }: HuntAggregate): string {
  const head = name === 'distinct' ? `count distinct ${field}` : field === null ? name : `${name} ${field}`;
  if (by.length === 0) return head;
  return `${head} by ${by.map((group) => (group.type === 'span' ? writeSpan(group.ms) : group.name)).join(', ')}`;
}
