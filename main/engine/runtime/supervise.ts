/**
 * Child processes: the one way to start one, keep it running and end it.
 *
 * A child that ends is started again after a pause that grows with every failure in a row, with jitter so that
 * several children do not start in step. It runs in a process group of its own: Ctrl-C in a terminal reaches the
 * engine, which ends its children in order.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Clock, systemClock, type Timer } from './clock.ts';
import { codeOf, messageOf } from './failure.ts';

/** What to start, and with what. Made anew for every run. */
export interface ChildPlan {
  readonly file: string;
  readonly args: readonly string[];
  /** A file descriptor for the child's standard input; without one there is nothing to read. */
  readonly stdin?: number;
  /** A file descriptor for the child's standard output; without one it goes nowhere. */
  readonly stdout?: number;
  /** Added to the few variables that every child gets; the engine's own are not handed on. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Called when the child has what it needs, or could not be started: to close descriptors. */
  release?(): void;
}

/** How a run ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The last lines of standard error, or why the child could not be started. */
  readonly lastWords: string;
  readonly ranMs: number;
}

export interface SupervisorOptions {
  /** Throws when the run cannot even be prepared: counts as a failed run. */
  plan(): ChildPlan;
  /** A child is running. */
  onStart?(pid: number): void;
  onExit?(exit: ChildExit): void;
  /** No use in trying again (wrong arguments, no rights): the state is `failed` until `start`. */
  isFinal?(exit: ChildExit): boolean;
  readonly timing?: Partial<SupervisorTiming>;
  readonly clock?: Clock;
  /** 0 (inclusive) to 1 (exclusive), for the jitter. */
  random?(): number;
}

export interface SupervisorTiming {
  /** Pause after the first failure; doubles with every further one in a row. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** A run this long shows that the child can work: the pause starts small again. */
  readonly steadyAfterMs: number;
  /** After so many failures in a row the state is `failed`; tries go on at the longest pause. */
  readonly failuresUntilFailed: number;
  /** Between asking a child to end (SIGTERM) and ending it (SIGKILL). */
  readonly stopTimeoutMs: number;
}

/** A quarter second is hardly noticed; a minute keeps a broken child from costing anything. */
export const DEFAULT_TIMING: SupervisorTiming = {
  firstPauseMs: 250,
  longestPauseMs: 60_000,
  steadyAfterMs: 30_000,
  failuresUntilFailed: 5,
  stopTimeoutMs: 2_000,
};

export type SupervisorState = 'stopped' | 'running' | 'waiting' | 'failed';

export interface SupervisorStatus {
  readonly state: SupervisorState;
  readonly pid: number | undefined;
  /** Runs begun so far. */
  readonly runs: number;
  readonly failuresInARow: number;
  readonly lastExit: ChildExit | undefined;
}

const PAUSE_GROWTH = 2;
/** The pause is this share longer or shorter, by chance. */
const JITTER = 0.2;
/** Enough for an error message; a child that writes without end costs no memory. */
const LAST_WORDS_CHARACTERS = 2_000;
/** How long standard error may stay open after the child has ended (a grandchild may hold it). */
const LAST_WORDS_GRACE_MS = 200;
/** What every child gets. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' };

/** The pause before the next run, after `failures` in a row (1 or more). `random` is from 0 to 1. */
export function pauseMs(failures: number, timing: SupervisorTiming, random: number): number {
  const grown = timing.firstPauseMs * PAUSE_GROWTH ** Math.min(failures - 1, 30);
  return Math.round(Math.min(grown, timing.longestPauseMs) * (1 - JITTER + 2 * JITTER * random));
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #timing: SupervisorTiming;
  readonly #clock: Clock;
  #state: SupervisorState = 'stopped';
  #child: ChildProcess | undefined;
  #timer: Timer | undefined;
  #stopping: (() => void)[] | undefined;
  #runs = 0;
  #failuresInARow = 0;
  #lastExit: ChildExit | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    this.#clock = options.clock ?? systemClock;
  }

  get status(): SupervisorStatus {
    return {
      state: this.#state,
      pid: this.#child?.pid,
      runs: this.#runs,
      failuresInARow: this.#failuresInARow,
      lastExit: this.#lastExit,
    };
  }

  /** Starts the child, or at once the next run where one is being waited for. Nothing when it runs. */
  start(): void {
    if (this.#child !== undefined) return;
    this.#timer?.cancel();
    this.#failuresInARow = 0;
    this.#run();
  }

  /** Ends the child's run now; the next one begins as after a failure. */
  kick(): void {
    this.#signal('SIGKILL');
  }

  /** Asks the child to end, ends it if it does not, and resolves when it is gone. Never rejects. */
  stop(): Promise<void> {
    this.#timer?.cancel();
    const child = this.#child;
    if (child === undefined) {
      this.#state = 'stopped';
      return Promise.resolve();
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#stopping !== undefined) {
      this.#stopping.push(resolve);
      return promise;
    }
    this.#stopping = [resolve];
    this.#signal('SIGTERM');
    this.#timer = this.#clock.after(this.#timing.stopTimeoutMs, () => this.#signal('SIGKILL'));
    return promise;
  }

  /** To the child and its own children, should it have any. */
  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch (error) {
      // Gone already, or it gave up its user where the engine has no CAP_KILL: then its pipe's end ends it.
      if (codeOf(error) !== 'ESRCH' && codeOf(error) !== 'EPERM') throw error;
    }
  }

  #run(): void {
    this.#runs++;
    const begunMs = this.#clock.monotonicMs();
    let child: ChildProcess;
    try {
      child = launch(this.#options.plan());
    } catch (error) {
      this.#ended({ code: null, signal: null, lastWords: messageOf(error), ranMs: 0 });
      return;
    }
    this.#child = child;
    this.#state = 'running';
    let lastWords = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      lastWords = (lastWords + text).slice(-LAST_WORDS_CHARACTERS);
    });
    // Not started (no such file), or a signal that could not be sent.
    child.on('error', (error) => {
      lastWords += messageOf(error);
      if (child.pid === undefined) finish(null, null);
    });
    let finished = false;
    const finish = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (finished) return;
      finished = true;
      child.stderr?.destroy();
      this.#child = undefined;
      this.#ended({ code, signal, lastWords: lastWords.trim(), ranMs: this.#clock.monotonicMs() - begunMs });
    };
    child.on('close', finish);
    child.on('exit', (code, signal) => this.#clock.after(LAST_WORDS_GRACE_MS, () => finish(code, signal)));
    if (child.pid !== undefined) this.#options.onStart?.(child.pid);
  }

  #ended(exit: ChildExit): void {
    this.#lastExit = exit;
    const stopping = this.#stopping;
    if (stopping !== undefined) {
      this.#timer?.cancel();
      this.#stopping = undefined;
      this.#state = 'stopped';
      this.#options.onExit?.(exit);
      for (const resolve of stopping) resolve();
      return;
    }
    this.#failuresInARow = exit.ranMs >= this.#timing.steadyAfterMs ? 1 : this.#failuresInARow + 1;
    const final = this.#options.isFinal?.(exit) ?? false;
    const failed = final || this.#failuresInARow >= this.#timing.failuresUntilFailed;
    this.#state = failed ? 'failed' : 'waiting';
    if (!final) {
      const random = this.#options.random?.() ?? Math.random();
      const pause = pauseMs(this.#failuresInARow, this.#timing, random);
      this.#timer = this.#clock.after(pause, () => this.#run());
    }
    this.#options.onExit?.(exit);
  }
}

function launch(plan: ChildPlan): ChildProcess {
  try {
    return spawn(plan.file, plan.args, {
      stdio: [plan.stdin ?? 'ignore', plan.stdout ?? 'ignore', 'pipe'],
      env: { ...ENVIRONMENT, ...plan.environment },
      detached: true,
    });
  } finally {
    plan.release?.();
  }
}
