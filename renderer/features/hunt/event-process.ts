/** From the row of an event to the process that it is about. */
import type { HostEvent } from '../../../contract/events.ts';
import { request } from '../../lib/client.ts';
import { linkToProcess, type ProcessName } from '../../lib/process-link.ts';
import { toast } from '../../lib/toasts.ts';
import { navigate } from '../../lib/use-address.ts';
import { strings } from '../../strings/index.ts';
import type { EventRow } from './event-row.ts';

/** Events of one process in one millisecond. */
const MOST_AT_ONCE = 1_000;

/** Opens the process. A number alone may be that of another one since: the stored event has when it started. */
export async function openProcessOf({ id, timeMs, pid }: EventRow): Promise<void> {
  const sinceMs = Math.floor(timeMs);
  const answer = await request('events.list', { pid, sinceMs, untilMs: sinceMs + 1, limit: MOST_AT_ONCE });
  if (!answer.ok) return toast({ tone: 'failure', message: answer.failure.message, detail: answer.failure.hint });
  const name = processOf(answer.value.events.find((stored) => stored.id === id)?.event);
  if (name === null) toast({ tone: 'failure', message: strings.hunt.results.processUnknown });
  else navigate(linkToProcess(name));
}

function processOf(event: HostEvent | undefined): ProcessName | null {
  if (event === undefined || !('process' in event) || event.process?.startedMs === undefined) return null;
  return { pid: event.process.pid, startedMs: event.process.startedMs };
}
