import { EVENT_TITLES, eventProgram, eventWords } from '../../../contract/event-words.ts';
import type { HostEvent, HostEventType } from '../../../contract/events.ts';
import { formatDate, formatTime } from '../../../contract/format.ts';
import type { Paint } from '../terminal/paint.ts';
import { localMs } from './alert-text.ts';

const TITLE_WIDTH = Math.max(...Object.values(EVENT_TITLES).map((title) => title.length));
/** Most names of programs with their number. */
const PROGRAM_WIDTH = 20;

/** What somebody looks for first when a lot goes by. */
const MARKED: ReadonlySet<HostEventType> = new Set([
  'process-access',
  'process-signal',
  'process-credentials',
  'login',
  'module-load',
  'account-change',
  'autostart-change',
]);

/** One event in one line: time, what, which program, what exactly. Safe to look at. */
export function eventLine(event: HostEvent, paint: Paint): string {
  const time = `${formatDate(localMs(event.timeMs))} ${formatTime(localMs(event.timeMs), true)}`;
  const title = EVENT_TITLES[event.type].padEnd(TITLE_WIDTH);
  const program = eventProgram(event).padEnd(PROGRAM_WIDTH);
  return `${paint('quiet', time)}  ${MARKED.has(event.type) ? paint('bold', title) : title}  ${program}  ${eventWords(event)}`;
}
