import type { Clock } from './clock.ts';
import { withTimeout } from './timeout.ts';

/** Something that runs for a while. */
export interface Module {
  readonly name: string;
  /** Longest time to wait for start or stop; ten seconds where not given. */
  readonly timeoutMs?: number;
  /** Resolves when the module works. The signal is aborted when the wait is given up. */
  start?(signal: AbortSignal): Promise<void> | void;
  /** Resolves when everything it held is released. Called only after a start that was begun. */
  stop?(signal: AbortSignal): Promise<void> | void;
}

/** A module that did not stop as it should. */
export interface StopProblem {
  readonly module: string;
  readonly error: unknown;
}

export type LifecycleState = 'new' | 'starting' | 'running' | 'stopping' | 'stopped';

/** Long enough for a disk that spins up or a helper that drains its ring, short enough for systemd's patience. */
const DEFAULT_TIMEOUT_MS = 10_000;

/** Starts modules in order and stops them in reverse; one that fails to stop does not keep the others up. */
export class Lifecycle {
  readonly #modules: readonly Module[];
  readonly #clock: Clock;
  readonly #begun: Module[] = [];
  #state: LifecycleState = 'new';
  #stopping: Promise<readonly StopProblem[]> | undefined;

  constructor(modules: readonly Module[], clock: Clock) {
    this.#modules = modules;
    this.#clock = clock;
  }

  get state(): LifecycleState {
    return this.#state;
  }

  /** Starts all, or none: when one fails, those before it are stopped again and its error is thrown. */
  async start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new Error(`cannot start: already ${this.#state}`);
    }
    this.#state = 'starting';
    for (const module of this.#modules) {
      // `stop` may have been called while the module before this one was starting.
      if (this.#stopping !== undefined) {
        return;
      }
      this.#begun.push(module);
      try {
        await this.#call(module, 'start');
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
    if (this.#stopping === undefined) {
      this.#state = 'running';
    }
  }

  /** Stops what was started, newest first, and says which did not. Calling again gives the same answer. */
  stop(): Promise<readonly StopProblem[]> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #stopAll(): Promise<readonly StopProblem[]> {
    this.#state = 'stopping';
    const problems: StopProblem[] = [];
    for (let module = this.#begun.pop(); module !== undefined; module = this.#begun.pop()) {
      try {
        await this.#call(module, 'stop');
      } catch (error) {
        problems.push({ module: module.name, error });
      }
    }
    this.#state = 'stopped';
    return problems;
  }

  #call(module: Module, step: 'start' | 'stop'): Promise<void> {
    const limitMs = module.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    return withTimeout(this.#clock, limitMs, `${step} of ${module.name}`, async (signal) => module[step]?.(signal));
  }
}
