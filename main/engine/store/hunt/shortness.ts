import type { Database } from 'better-sqlite3';
import type { Fragment } from './compile.ts';

/** Going to so many rows by an index takes as long as looking at some ten thousand rows one after the other. */
const SHORT_ROWS = 3_000;

/** Whether a subquery has few rows; answered without going through more of them. */
export function shortness(database: Database): (subquery: Fragment) => boolean {
  return ({ sql, values }) => {
    const count = database.prepare(`SELECT count(*) FROM (SELECT 1 FROM ${sql} LIMIT ${SHORT_ROWS})`).pluck();
    return (count.get(...values) as number) < SHORT_ROWS;
  };
}
