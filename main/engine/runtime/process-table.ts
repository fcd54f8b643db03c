/** Who runs now, read from /proc at the moment of asking: proc_pid_stat(5). For deciding whom an action may touch. */
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { numbersIn, type ProcessStat, readProcessStat } from './process-stat.ts';

/** What names one process for as long as the machine runs. */
export interface ProcessId {
  readonly pid: number;
  /** Since the machine started, in the kernel's ticks of 10 ms; of a number that was given to another process another one. */
  readonly startTicks: number;
}

/** A process as it is now. */
export interface LivingProcess extends ProcessId {
  readonly parentPid: number;
  /** Number of the process that leads its session. */
  readonly session: number;
  /** It has a controlling terminal. */
  readonly hasTerminal: boolean;
  /** What it calls itself (comm). */
  readonly name: string;
  readonly isKernelThread: boolean;
  /** Path of the executable, as this process sees it; empty where it may not be read. */
  readonly image: string;
  /** What it was run with, as it says itself; empty of kernel threads. */
  readonly words: readonly string[];
  /**
   * The executable is exactly the file that `image` names here and belongs to root: nobody put another one in its place
   * among mounts of their own. Of one whose file was replaced by an update: it is root's, on the file system of /usr.
   */
  readonly isOfTheSystem: boolean;
}

/** All that ran at about one moment. */
export interface ProcessTable {
  find(pid: number): LivingProcess | undefined;
  /** In the order of their numbers. */
  childrenOf(pid: number): readonly LivingProcess[];
}

/** Whether a process does anything. */
export type ProcessMotion = 'running' | 'stopped' | 'gone' | 'another';

/** What a machine of ten thousand processes takes is a tenth of a second; beyond it the rest is left out. */
const MAX_PROCESSES = 16_384;
/** Threads of a process that are looked at. */
const MAX_THREADS = 1_024;
const MAX_COMMAND_LINE = 16_384;
const DELETED = ' (deleted)';
const PROC = '/proc';
/** States of threads that do nothing: stopped, traced, dead. */
const STILL: ReadonlySet<string> = new Set(['T', 't', 'Z', 'X', 'x']);
const DEAD: ReadonlySet<string> = new Set(['Z', 'X', 'x']);

/**
 * Who is asked for by number is read alone, which takes microseconds; who asks for children has all read, once. Never
 * throws: who ends meanwhile is left out.
 *
 * @param folder for tests: stands for /proc
 */
export function processTable(folder = PROC): ProcessTable {
  const known = new Map<number, LivingProcess | undefined>();
  const find = (pid: number): LivingProcess | undefined => {
    if (!known.has(pid)) known.set(pid, readProcess(pid, folder));
    return known.get(pid);
  };
  let children: ReadonlyMap<number, readonly LivingProcess[]> | undefined;
  return {
    find,
    childrenOf: (pid) => {
      children ??= Map.groupBy(
        numbersIn(folder)
          .slice(0, MAX_PROCESSES)
          .flatMap((each) => find(each) ?? []),
        ({ parentPid }) => parentPid,
      );
      return children.get(pid) ?? [];
    },
  };
}

/** Undefined where nobody has this number. */
export function readProcess(pid: number, folder = PROC): LivingProcess | undefined {
  const stat = readProcessStat(`${folder}/${pid}`);
  return stat === undefined ? undefined : new ReadProcess(pid, stat, `${folder}/${pid}`);
}

/** Whether it and all its threads stand still. */
export function motionOf({ pid, startTicks }: ProcessId, folder = PROC): ProcessMotion {
  const stat = readProcessStat(`${folder}/${pid}`);
  if (stat === undefined) return 'gone';
  if (stat.startTicks !== startTicks) return 'another';
  const threads = numbersIn(`${folder}/${pid}/task`).slice(0, MAX_THREADS);
  const states = threads.flatMap((thread) => readProcessStat(`${folder}/${pid}/task/${thread}`)?.state ?? []);
  // The first thread of a program may have ended while others go on.
  if (states.every((state) => DEAD.has(state))) return 'gone';
  return states.every((state) => STILL.has(state)) ? 'stopped' : 'running';
}

/** What takes a system call for each is read when it is asked for: most processes are none of an action's business. */
class ReadProcess implements LivingProcess {
  readonly pid: number;
  readonly startTicks: number;
  readonly parentPid: number;
  readonly session: number;
  readonly hasTerminal: boolean;
  readonly name: string;
  readonly isKernelThread: boolean;
  readonly #folder: string;
  #link: string | undefined;
  #words: readonly string[] | undefined;

  constructor(pid: number, stat: ProcessStat, folder: string) {
    this.pid = pid;
    this.startTicks = stat.startTicks;
    this.parentPid = stat.parentPid;
    this.session = stat.session;
    this.hasTerminal = stat.hasTerminal;
    this.name = stat.name;
    this.isKernelThread = stat.isKernelThread;
    this.#folder = folder;
  }

  get image(): string {
    return this.#isDeleted ? this.#target.slice(0, -DELETED.length) : this.#target;
  }

  get words(): readonly string[] {
    if (this.#words === undefined) {
      const text = attempt(() => readFileSync(`${this.#folder}/cmdline`, 'utf8'), '').slice(0, MAX_COMMAND_LINE);
      const whole = text.endsWith('\0') ? text.slice(0, -1) : text;
      this.#words = whole === '' ? [] : whole.split('\0');
    }
    return this.#words;
  }

  get isOfTheSystem(): boolean {
    const file = attempt(() => statSync(`${this.#folder}/exe`), undefined);
    if (file === undefined || file.uid !== 0) return false;
    const known = attempt(() => statSync(this.#isDeleted ? '/usr' : this.image), undefined);
    return known?.dev === file.dev && (this.#isDeleted || known.ino === file.ino);
  }

  get #target(): string {
    this.#link ??= attempt(() => readlinkSync(`${this.#folder}/exe`), '');
    return this.#link;
  }

  get #isDeleted(): boolean {
    return this.#target.endsWith(DELETED);
  }
}

function attempt<T, U>(read: () => T, otherwise: U): T | U {
  try {
    return read();
  } catch {
    // It ended, or it is another user's.
    return otherwise;
  }
}
