/** Who runs now: numbers and times from /proc, everything else from the sensor of processes where it works. */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import type { HostProcess, HostProcessWithParents } from '../../../../contract/events.ts';
import type { Clock } from '../../runtime/clock.ts';
import { MS_PER_TICK, numbersIn, type ProcessStat, readProcessStat } from '../../runtime/process-stat.ts';

/** A process as it is now. */
export interface SeenProcess {
  readonly process: HostProcess;
  readonly startedMs: number;
  readonly parentPid: number;
  /** As `ps` shows it. */
  readonly name: string;
  readonly uid: number;
  readonly isKernelThread: boolean;
  /** Share of one core since the snapshot before; null in its first. */
  readonly cpu: number | null;
  readonly memoryBytes: number;
  /** Without seconds: as the kernel counts. */
  readonly session: number;
}

export interface ProcessSnapshotOptions {
  readonly clock: Clock;
  /** What the sensor knows of who has this number now. */
  living(pid: number): HostProcessWithParents | undefined;
  userName(uid: number): string | undefined;
  /** For tests: stands for /proc. */
  readonly folder?: string;
}

/** What a machine of ten thousand processes takes is a tenth of a second; beyond it the rest is left out. */
const MAX_PROCESSES = 16_384;
const MAX_COMMAND_LINE = 16_384;
/** Linux has pages of 4 KiB on all that Node runs on but some arm64, where the number is a multiple. */
const PAGE_BYTES = 4_096;
const MS_PER_SECOND = 1_000;
/** /proc counts from a boot that is told by the second; the sensor has it exactly. */
const SAME_START_MS = 2_000;

interface Known {
  readonly startTicks: number;
  /** What was read of one that the sensor does not know. */
  readonly read?: HostProcess;
  cpuTicks: number;
}

/** Takes snapshots, and remembers between them what does not change. */
export class ProcessSnapshots {
  readonly #options: ProcessSnapshotOptions;
  readonly #folder: string;
  #known = new Map<number, Known>();
  #takenMs = 0;
  #leftOut = 0;
  #bootMs: number | undefined;

  constructor(options: ProcessSnapshotOptions) {
    this.#options = options;
    this.#folder = options.folder ?? '/proc';
  }

  /** In the order of their numbers. Never throws: who ends meanwhile, or may not be read, is left out. */
  take(): readonly SeenProcess[] {
    const nowMs = this.#options.clock.monotonicMs();
    const elapsedMs = nowMs - this.#takenMs;
    this.#bootMs ??= bootMs(this.#folder);
    const known = new Map<number, Known>();
    const seen: SeenProcess[] = [];
    for (const pid of this.#numbers()) {
      const stat = readProcessStat(`${this.#folder}/${pid}`);
      if (stat === undefined) continue;
      const before = this.#known.get(pid);
      const isSame = before?.startTicks === stat.startTicks;
      const startedMs = this.#bootMs + stat.startTicks * MS_PER_TICK;
      const living = this.#livingOf(pid, startedMs);
      const read = living === undefined ? ((isSame ? before.read : undefined) ?? this.#read(pid, stat)) : undefined;
      known.set(pid, { startTicks: stat.startTicks, cpuTicks: stat.cpuTicks, ...(read !== undefined && { read }) });
      const process = living ?? read!;
      seen.push({
        process,
        startedMs: living?.startedMs ?? startedMs,
        parentPid: stat.parentPid,
        name: stat.name,
        uid: process.euid ?? process.uid ?? 0,
        isKernelThread: stat.isKernelThread,
        cpu: isSame ? Math.max(0, ((stat.cpuTicks - before.cpuTicks) * MS_PER_TICK) / elapsedMs) : null,
        memoryBytes: stat.residentPages * PAGE_BYTES,
        session: stat.session,
      });
    }
    this.#known = known;
    this.#takenMs = nowMs;
    return seen;
  }

  /** CPU time that a process has used, in seconds; undefined where another has its number now. */
  cpuSecondsOf({ pid, startedMs }: HostProcess): number | undefined {
    this.#bootMs ??= bootMs(this.#folder);
    const stat = readProcessStat(`${this.#folder}/${pid}`);
    if (stat === undefined) return undefined;
    const startMs = this.#bootMs + stat.startTicks * MS_PER_TICK;
    if (Math.abs((startedMs ?? startMs) - startMs) > SAME_START_MS) return undefined;
    return (stat.cpuTicks * MS_PER_TICK) / MS_PER_SECOND;
  }

  /** Processes that the last snapshot left out because there were too many. */
  get leftOut(): number {
    return this.#leftOut;
  }

  #numbers(): readonly number[] {
    const numbers = numbersIn(this.#folder);
    this.#leftOut = Math.max(0, numbers.length - MAX_PROCESSES);
    return numbers.slice(0, MAX_PROCESSES);
  }

  #livingOf(pid: number, startedMs: number): HostProcess | undefined {
    const living = this.#options.living(pid);
    if (living === undefined || Math.abs((living.startedMs ?? startedMs) - startedMs) > SAME_START_MS) return undefined;
    const { parent: _parent, ancestors: _ancestors, ...process } = living;
    return process;
  }

  #read(pid: number, { name }: ProcessStat): HostProcess {
    const folder = `${this.#folder}/${pid}`;
    const uid = attempt(() => statSync(folder).uid, undefined);
    const user = uid === undefined ? undefined : this.#options.userName(uid);
    const words = attempt(() => readFileSync(`${folder}/cmdline`, 'utf8'), '').slice(0, MAX_COMMAND_LINE);
    return {
      pid,
      image: attempt(() => readlinkSync(`${folder}/exe`), ''),
      name,
      commandLine: words.replace(/\0+$/, '').replaceAll('\0', ' '),
      ...(uid !== undefined && { uid }),
      ...(user !== undefined && { user }),
    };
  }
}

function bootMs(folder: string): number {
  const seconds = /^btime (\d+)/m.exec(attempt(() => readFileSync(`${folder}/stat`, 'utf8'), ''))?.[1];
  return Number(seconds ?? 0) * MS_PER_SECOND;
}

function attempt<T, U>(read: () => T, otherwise: U): T | U {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
