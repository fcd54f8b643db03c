import type { Database } from 'better-sqlite3';
import { HUNT_TABLES, huntField } from '../../../../contract/hunt-tables.ts';
import { type Cell, TABLE_SOURCES } from './fields.ts';
import type { ValuesRequest } from './messages.ts';
import type { Pace } from './pace.ts';
import { shown } from './rows.ts';

/** The latest rows say enough about what there is. */
const ROWS_LOOKED_AT = 20_000;
const MAX_VALUES = 20;

/** Values of a field that begin with the prefix, the most frequent first, from the latest rows of every table that has it. */
export function runValues(database: Database, { field, prefix, source }: ValuesRequest, pace: Pace): readonly string[] {
  const counts = new Map<string, number>();
  for (const table of HUNT_TABLES) {
    const known = huntField(table, field);
    const from = TABLE_SOURCES[table.name];
    const at = known && from?.fields[known.name];
    if (at === undefined || from === undefined || known?.type === 'time' || pace.isOver()) continue;
    const value = (from.isLiveOnly ? undefined : at.each?.value) ?? at.text ?? at.sql[0] ?? 'NULL';
    const joined = at.each === undefined ? '' : ` CROSS JOIN ${at.each.join}`;
    if (from.isLiveOnly && source !== 'live') continue;
    // Flows of captures are found by their own index, which needs its condition.
    const own = source === 'live' ? '' : " AND source <> 'live'";
    const { from: wide = from.table } = from;
    const latest = from.isLiveOnly
      ? `SELECT ${value} AS v FROM ${wide} ORDER BY ${from.row} DESC LIMIT ${ROWS_LOOKED_AT}`
      : `SELECT ${value} AS v FROM (SELECT rowid, * FROM ${from.table} WHERE source = @source${own}
           ORDER BY rowid DESC LIMIT ${ROWS_LOOKED_AT}) AS ${from.table}${joined}`;
    const rows = database
      .prepare(
        `SELECT v, count(*) FROM (${latest}) WHERE substr(lower(v), 1, length(@prefix)) = lower(@prefix)
         GROUP BY 1 ORDER BY 2 DESC LIMIT ${MAX_VALUES}`,
      )
      .raw()
      .all({ prefix, ...(from.isLiveOnly ? {} : { source }) }) as [Cell, number][];
    for (const [cell, count] of rows) {
      const text = String(shown(cell, undefined));
      counts.set(text, (counts.get(text) ?? 0) + count);
    }
  }
  return [...counts]
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, MAX_VALUES)
    .map(([text]) => text);
}
