/** A task that waits for its time. Cancelling twice, or after it ran, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * The one source of time outside the traffic. Tests use ManualClock, so nothing in them waits.
 * Timers do not keep the process alive: what does is the work itself (a socket, a child, a file).
 */
export interface Clock {
  /** Milliseconds since the epoch; may jump when the machine's clock is set. */
  nowMs(): number;
  /** Milliseconds since some fixed moment; never goes back. For ages, timeouts and rates. */
  monotonicMs(): number;
  /** Runs the task once, `delayMs` from now. */
  after(delayMs: number, task: () => void): Timer;
  /**
   * Runs the task every `intervalMs`, the first time after one interval; where that is whole seconds, up to a second later
   * (see Beat), and from then on in time.
   */
  every(intervalMs: number, task: () => void): Timer;
  /** Resolves after `delayMs`; unlike the timers above it keeps the process alive. */
  sleep(delayMs: number): Promise<void>;
}

const BEAT_MS = 1_000;
/** The event loop counts whole milliseconds: a timer may come a moment before its time. */
const EARLY_MS = 5;

interface BeatTask {
  dueMs: number;
  readonly intervalMs: number;
  readonly run: () => void;
}

/**
 * Wakes its thread at whole seconds of the kernel's clock, for all that is to be done every so many of them. At rest most
 * of the cost is waking up: with a time of its own for each task an engine to which nothing happens would wake many times a
 * second, and with one for all it and its threads wake together, once.
 */
class Beat {
  readonly #tasks = new Set<BeatTask>();
  #timer: NodeJS.Timeout | undefined;

  add(intervalMs: number, run: () => void): Timer {
    const dueMs = Math.ceil((kernelMs() + intervalMs) / BEAT_MS) * BEAT_MS;
    const task: BeatTask = { dueMs, intervalMs, run };
    this.#tasks.add(task);
    this.#arm();
    return {
      cancel: () => {
        if (this.#tasks.delete(task)) this.#arm();
      },
    };
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#tasks.size === 0) return;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const task of this.#tasks) dueMs = Math.min(dueMs, task.dueMs);
    this.#timer = setTimeout(() => this.#wake(), Math.max(1, Math.ceil(dueMs - kernelMs()))).unref();
  }

  #wake(): void {
    const nowMs = kernelMs() + EARLY_MS;
    for (const task of [...this.#tasks]) {
      // One before it may have cancelled it.
      if (task.dueMs > nowMs || !this.#tasks.has(task)) continue;
      // What was missed, as the thread stood still, is not made up for.
      task.dueMs += Math.max(1, Math.ceil((nowMs - task.dueMs) / task.intervalMs)) * task.intervalMs;
      try {
        task.run();
      } catch (error) {
        // As of every timer: nobody's, and no matter of the other tasks.
        setImmediate(() => {
          throw error;
        });
      }
    }
    this.#arm();
  }
}

/** The same in all threads, unlike performance.now(). */
function kernelMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** One for each thread. */
const beat = new Beat();

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs).unref();
    return { cancel: () => clearTimeout(handle) };
  },
  every(intervalMs, task) {
    if (intervalMs > 0 && intervalMs % BEAT_MS === 0) return beat.add(intervalMs, task);
    const handle = setInterval(task, intervalMs).unref();
    return { cancel: () => clearInterval(handle) };
  },
  sleep: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
};

interface ManualTask {
  dueMs: number;
  readonly order: number;
  readonly intervalMs: number | undefined;
  readonly run: () => void;
}

/** A clock that stands still until it is told to move. Tasks run inside `advance`, in the order they are due. */
export class ManualClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  #order = 0;
  readonly #tasks = new Set<ManualTask>();

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, task: () => void): Timer {
    return this.#add(delayMs, undefined, task);
  }

  every(intervalMs: number, task: () => void): Timer {
    if (!(intervalMs > 0)) {
      throw new RangeError(`an interval must be longer than 0 ms, not ${intervalMs}`);
    }
    return this.#add(intervalMs, intervalMs, task);
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Lets time pass, running whatever comes due on the way, tasks added meanwhile too. */
  advance(byMs: number): void {
    const endMs = this.#elapsedMs + byMs;
    for (let task = this.#next(endMs); task !== undefined; task = this.#next(endMs)) {
      this.#move(Math.max(task.dueMs, this.#elapsedMs));
      if (task.intervalMs === undefined) {
        this.#tasks.delete(task);
      } else {
        task.dueMs += task.intervalMs;
      }
      task.run();
    }
    this.#move(endMs);
  }

  /** Sets the wall clock as an administrator or NTP would; timers and monotonic time do not notice. */
  setWallClock(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** How many tasks wait. */
  get pending(): number {
    return this.#tasks.size;
  }

  #add(delayMs: number, intervalMs: number | undefined, run: () => void): Timer {
    const task: ManualTask = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, intervalMs, run };
    this.#tasks.add(task);
    return { cancel: () => this.#tasks.delete(task) };
  }

  #move(toMs: number): void {
    this.#nowMs += toMs - this.#elapsedMs;
    this.#elapsedMs = toMs;
  }

  #next(untilMs: number): ManualTask | undefined {
    let first: ManualTask | undefined;
    for (const task of this.#tasks) {
      const earlier =
        first === undefined || task.dueMs < first.dueMs || (task.dueMs === first.dueMs && task.order < first.order);
      if (task.dueMs <= untilMs && earlier) {
        first = task;
      }
    }
    return first;
  }
}
