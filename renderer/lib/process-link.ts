/** How a process is named in the address: "4711-1763776000000", by its number and start. Pure. */
import { linkTo } from './address.ts';

export interface ProcessName {
  readonly pid: number;
  /** Milliseconds since the epoch; without it it is the one that has the number now. */
  readonly startedMs?: number;
}

/** Largest number that Linux gives (PID_MAX_LIMIT). */
const MAX_PID = 2 ** 22;
const ITEM = /^(\d{1,7})(?:-(\d{1,16}))?$/;

export function processItem({ pid, startedMs }: ProcessName): string {
  return startedMs === undefined ? String(pid) : `${pid}-${Math.round(startedMs)}`;
}

/** Null where the item of the address names no process. */
export function parseProcessItem(item: string): ProcessName | null {
  const [, pid = '', startedMs] = ITEM.exec(item) ?? [];
  if (pid === '' || Number(pid) > MAX_PID) return null;
  return { pid: Number(pid), ...(startedMs !== undefined && { startedMs: Number(startedMs) }) };
}

/** A link to the process in full, for `href`. */
export function linkToProcess(name: ProcessName): string {
  return linkTo('processes', processItem(name));
}
