/** Whether a process that was told about is the one that has its number now. */
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';
import type { ProcessRecord } from '../../../../contract/domain.ts';
import { MS_PER_TICK } from '../../runtime/process-stat.ts';
import type { LivingProcess, ProcessTable } from '../../runtime/process-table.ts';

/** The time now, by the two clocks that starts of processes are told by, in milliseconds. */
export interface Moment {
  readonly nowMs: number;
  /** Since the machine started, suspended time included; by the second. */
  readonly uptimeMs: number;
}

export function momentNow(nowMs: number): Moment {
  return { nowMs, uptimeMs: uptime() * 1_000 };
}

/** The uptime is told by the second, and clocks are set a little now and then. */
const CLOCK_SLACK_MS = 2_000;
/** Starts of two processes, told by the same sensor, differ by rounding alone. */
const ROUNDING_MS = 50;

/**
 * The living process that a record means; undefined where it has ended, or it cannot be told. Sensors tell starts by the
 * clock of when they began to watch: where that was set since, those above it, which still run, tell by how much.
 *
 * @param lineage records of the same finding
 */
export function livingOf(
  record: ProcessRecord,
  lineage: readonly ProcessRecord[],
  table: ProcessTable,
  { nowMs, uptimeMs }: Moment,
): LivingProcess | undefined {
  const process = table.find(record.pid);
  if (process === undefined || record.startedMs === undefined) return undefined;
  const bootMs = bootOf(record, process);
  if (Math.abs(bootMs - (nowMs - uptimeMs)) <= CLOCK_SLACK_MS) return process;
  const isConfirmed = lineage.some((other) => {
    const living = other.pid === record.pid ? undefined : table.find(other.pid);
    return living !== undefined && Math.abs(bootOf(other, living) - bootMs) <= ROUNDING_MS;
  });
  return isConfirmed ? process : undefined;
}

/** When the machine started, by the clock that told this record. */
export function bootOf(record: Pick<ProcessRecord, 'startedMs'>, { startTicks }: LivingProcess): number {
  return (record.startedMs ?? Number.NaN) - startTicks * MS_PER_TICK;
}

/** Another one after every start of the machine: numbers and starts of processes begin anew. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
