import type { Clock } from '../../runtime/clock.ts';

export interface TimeAccountOptions {
  readonly clock: Clock;
  /** Of all time; what it may be spent on takes no more in the long run. */
  readonly share: number;
  /** Saved at the most, for a moment with much to do; there from the start. */
  readonly mostMs: number;
}

/** What a kind of work may use of the time of a thread that it shares with others. */
export class TimeAccount {
  readonly #options: TimeAccountOptions;
  #savedMs: number;
  #savedAtMs: number;

  constructor(options: TimeAccountOptions) {
    this.#options = options;
    this.#savedMs = options.mostMs;
    this.#savedAtMs = options.clock.monotonicMs();
  }

  /** What may be spent now; below 0 where the last piece of work took more than there was. */
  get savedMs(): number {
    const { clock, share, mostMs } = this.#options;
    const nowMs = clock.monotonicMs();
    const moreMs = Math.max(0, nowMs - this.#savedAtMs) * share;
    this.#savedAtMs = nowMs;
    this.#savedMs = Math.min(mostMs, this.#savedMs + moreMs);
    return this.#savedMs;
  }

  /** Debts have a limit as well: a computer that slept in the midst of a piece of work has not worked all the time. */
  spend(ms: number): void {
    this.#savedMs = Math.max(-this.#options.mostMs, this.savedMs - ms);
  }

  /** From now on, until there is so much to spend (at most what can be saved). */
  waitMs(wantedMs: number): number {
    return Math.max(0, wantedMs - this.savedMs) / this.#options.share;
  }
}
