/** What the kernel says of one process in one line: proc_pid_stat(5). */
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessStat {
  /** What the process calls itself (comm). */
  readonly name: string;
  /** One letter: "R", "S", "T" for stopped, "Z" for ended and not yet waited for. */
  readonly state: string;
  readonly parentPid: number;
  /** Number of the process that leads its session. */
  readonly session: number;
  /** It has a controlling terminal. */
  readonly hasTerminal: boolean;
  readonly isKernelThread: boolean;
  /** Processor time that it has used, with the kernel's for it. */
  readonly cpuTicks: number;
  /** Since the machine started; of a number that was given to another process another one. */
  readonly startTicks: number;
  readonly residentPages: number;
}

/** USER_HZ: part of the kernel's interface, 100 on every architecture that Node runs on. */
export const MS_PER_TICK = 10;
/** Flag of the kernel's own threads (PF_KTHREAD). */
const KERNEL_THREAD = 0x0020_0000;

/** Never throws. @param folder "/proc/4711"; undefined where it has ended or may not be read */
export function readProcessStat(folder: string): ProcessStat | undefined {
  const text = readText(`${folder}/stat`);
  // The name may have spaces and brackets.
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  const stat = {
    name: text.slice(open + 1, close),
    state: fields[0]!,
    parentPid: field(4),
    session: field(6),
    hasTerminal: field(7) !== 0,
    isKernelThread: (field(9) & KERNEL_THREAD) !== 0,
    cpuTicks: field(14) + field(15),
    startTicks: field(22),
    residentPages: field(24),
  };
  return Number.isSafeInteger(stat.startTicks) && Number.isSafeInteger(stat.parentPid) ? stat : undefined;
}

/** Entries of a folder that are numbers, in their order: processes in /proc, threads in a "task". Never throws. */
export function numbersIn(folder: string): readonly number[] {
  return readNames(folder)
    .filter((name) => /^\d{1,10}$/.test(name))
    .map(Number)
    .sort((first, second) => first - second);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended, or it is another user's.
    return '';
  }
}

function readNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // As above.
    return [];
  }
}
