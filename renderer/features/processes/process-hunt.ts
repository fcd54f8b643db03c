/** What Hunt is asked about one process. Pure. */
import type { ProcessDetail } from '../../../contract/api-processes.ts';

/** Starts are known exactly or by the second; an event of the end comes a moment after it. */
const MARGIN_MS = 2_000;

export type HuntSubject = 'own' | 'files' | 'connections' | 'changes';

const QUESTIONS: Readonly<Record<HuntSubject, (pid: number) => string>> = {
  own: (pid) => `processes where pid = ${pid} or parentPid = ${pid}`,
  files: (pid) => `files where pid = ${pid}`,
  connections: (pid) => `connections where pid = ${pid}`,
  changes: (pid) => `changes where pid = ${pid}`,
};

/** A query over the time of this process only: before and after it others have its number. */
export function huntQuery(
  subject: HuntSubject,
  { process: { pid, startedMs }, endedMs }: Pick<ProcessDetail, 'process' | 'endedMs'>,
): string {
  const until = endedMs === null ? '' : ` until ${isoSecond(Math.ceil((endedMs + MARGIN_MS) / 1_000))}`;
  return `${QUESTIONS[subject](pid)} since ${isoSecond(Math.floor((startedMs - MARGIN_MS) / 1_000))}${until}`;
}

const LAST_SECOND = 253_402_300_799;

function isoSecond(seconds: number): string {
  return new Date(Math.max(0, Math.min(LAST_SECOND, seconds)) * 1_000).toISOString().replace(/\.\d+Z$/, 'Z');
}
