import { readFileSync } from 'node:fs';
import type { Status } from '../../../../contract/api-schemas.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';

const MS_PER_SECOND = 1_000;
/** Linux counts process times in hundredths of a second for everybody (man 5 proc, USER_HZ). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;
const BYTES_PER_KIB = 1_024;
/** Least time between two looks at CPU time: shorter spans measure the clock's grain. */
const LEAST_CPU_MS = 500;
/** Least time between two looks at memory, for which the kernel goes through all pages: some milliseconds. */
const LEAST_MEMORY_MS = 5_000;

export interface CostSources {
  readonly clock: Clock;
  /** /proc, or what looks like it. */
  readonly proc: string;
  /** CPU time of this process so far, in finer grains than /proc has. */
  ownCpuMs(): number;
}

const THIS_COMPUTER: CostSources = {
  clock: systemClock,
  proc: '/proc',
  ownCpuMs: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

/**
 * CPU and memory of this process and its helpers, between one look and the next.
 *
 * Memory is the proportional share (PSS, man 5 proc): pages that helpers share with one another, or the engine with
 * the app and with other programs on the same Node, are not counted again for each of them. The sum over several
 * processes is then what the computer would get back. Rings that the kernel fills with packets are in it. Where the
 * kernel does not tell it, as of a process of somebody else, resident memory stands in.
 */
export class CostMeter {
  readonly #sources: CostSources;
  #cpuLookMs: number;
  #lastCpuMs = 0;
  #percent = 0;
  #memoryLookMs = Number.NEGATIVE_INFINITY;
  #memoryBytes = 0;
  /** Those whose memory was counted. */
  #counted = '';

  constructor(sources: CostSources = THIS_COMPUTER) {
    this.#sources = sources;
    this.#cpuLookMs = sources.clock.monotonicMs();
  }

  /** @param helpers process numbers */
  measure(helpers: readonly number[]): Status['cost'] {
    const nowMs = this.#sources.clock.monotonicMs();
    const pids = [process.pid, ...helpers];
    this.#measureCpu(helpers, nowMs);
    const counted = pids.join();
    if (nowMs - this.#memoryLookMs >= LEAST_MEMORY_MS || counted !== this.#counted) {
      this.#memoryLookMs = nowMs;
      this.#counted = counted;
      this.#memoryBytes = pids.reduce((sum, pid) => sum + memoryOf(this.#sources.proc, pid), 0);
    }
    return { pid: process.pid, cpuPercent: this.#percent, memoryBytes: this.#memoryBytes };
  }

  #measureCpu(helpers: readonly number[], nowMs: number): void {
    const passedMs = nowMs - this.#cpuLookMs;
    if (passedMs < LEAST_CPU_MS) return;
    const { proc, ownCpuMs } = this.#sources;
    const cpuMs = helpers.reduce((sum, pid) => sum + (statOf(proc, pid)?.cpuMs ?? 0), ownCpuMs());
    // A helper that was replaced begins again at 0.
    this.#percent = (100 * Math.max(0, cpuMs - this.#lastCpuMs)) / passedMs;
    this.#cpuLookMs = nowMs;
    this.#lastCpuMs = cpuMs;
  }
}

/** Proportional share in bytes, else what is resident; 0 when the process is gone. */
function memoryOf(proc: string, pid: number): number {
  const rollup = textOf(`${proc}/${pid}/smaps_rollup`);
  const share = rollup === undefined ? null : /^Pss: {1,64}(\d{1,15}) kB$/m.exec(rollup);
  return share === null ? (statOf(proc, pid)?.residentBytes ?? 0) : Number(share[1]) * BYTES_PER_KIB;
}

/** CPU time and resident memory from /proc/PID/stat; undefined when the process is gone. */
function statOf(proc: string, pid: number): { cpuMs: number; residentBytes: number } | undefined {
  const text = textOf(`${proc}/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name in parentheses may hold anything: the fields are counted after its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [userTicks, systemTicks, residentPages] = [fields[11], fields[12], fields[21]].map(Number);
  return {
    cpuMs: ((userTicks + systemTicks) * MS_PER_SECOND) / TICKS_PER_SECOND,
    residentBytes: residentPages * PAGE_BYTES,
  };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
