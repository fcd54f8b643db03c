/** From the row of an event to the process that it is about. */

import { request } from '../../lib/client.ts';
import { linkToProcess, type ProcessName } from '../../lib/process-link.ts';
import { toast } from '../../lib/toasts.ts';
import { navigate } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
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
/** Events of one process in one millisecond. */
const MOST_AT_ONCE = 1_000;

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

/** Opens the process. A number alone may be that of another one since: the stored event has when it started. */
export async function openProcessOf(row: EventRow): Promise<void> {
  const name = await processOf(row);
  if (name === null) toast({ tone: 'failure', message: strings.hunt.results.processUnknown });
  else navigate(linkToProcess(name));
}

async function processOf({ id, timeMs, pid }: EventRow): Promise<ProcessName | null> {
  const sinceMs = Math.floor(timeMs);
  const answer = await request('events.list', { pid, sinceMs, untilMs: sinceMs + 1, limit: MOST_AT_ONCE });
  const event = answer.ok ? answer.value.events.find((stored) => stored.id === id)?.event : undefined;
  if (event === undefined || !('process' in event) || event.process?.startedMs === undefined) return null;
  return { pid: event.process.pid, startedMs: event.process.startedMs };
}
