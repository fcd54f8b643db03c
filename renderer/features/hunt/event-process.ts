/** From the row of an event to the process that it is about. */

import { request } from '../../lib/client.ts';
import { linkToProcess, type ProcessName } from '../../lib/process-link.ts';
import { toast } from '../../lib/toasts.ts';
import { navigate } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import type { EventRow } from './event-row.ts';

/** Events of one process in one millisecond. */
const MOST_AT_ONCE = 1_000;

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
