/** Which event a row of a result is, and which process it names. Pure. */
import type { Cell, ResultColumn } from './query-edit.ts';

/** What of a row says which event it is. */
export interface EventRow {
  /** "e-123". */
  readonly id: string;
  readonly timeMs: number;
  readonly pid: number;
}

/** The row of an event has all that is shown of it. */
const EVENT_ID = /^e-\d{1,16}$/;
/** Columns that name the process. */
const NAMING: ReadonlySet<string> = new Set(['program', 'pid']);

export function isEventId(id: string): boolean {
  return EVENT_ID.test(id);
}

export function namesProcess({ name }: ResultColumn): boolean {
  return NAMING.has(name);
}

/** Null where the row is no event, or does not name a process. */
export function eventRow(columns: readonly ResultColumn[], cells: readonly Cell[]): EventRow | null {
  const cellOf = (fits: (column: ResultColumn) => boolean): Cell => cells[columns.findIndex(fits)] ?? null;
  const id = cellOf(({ type }) => type === 'id');
  const timeMs = cellOf(({ type }) => type === 'time');
  const pid = cellOf(({ name }) => name === 'pid');
  if (typeof id !== 'string' || !isEventId(id) || typeof timeMs !== 'number' || typeof pid !== 'number') return null;
  return { id, timeMs, pid };
}
