import type { Status } from '../../../../contract/api-schemas.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';

/** Between two items when nothing changes: rates and cost are worth a look. */
const INTERVAL_MS = 2_000;
/** Changes that come together are told together. */
const COALESCE_MS = 250;

type Listener = (status: Status) => void;

/** The status for whoever watches it: made once for all of them, and not at all while there are none. */
export class StatusFeed {
  readonly #clock: Clock;
  readonly #read: () => Status;
  readonly #listeners = new Set<Listener>();
  #lastMs = 0;
  #timer: Timer | undefined;
  #dueMs = 0;

  constructor(clock: Clock, read: () => Status) {
    this.#clock = clock;
    this.#read = read;
  }

  /** Calls at once, and then as said; gives the function that ends it. */
  watch(listener: Listener): () => void {
    // Each gets an entry of its own, also where one function watches twice.
    const entry: Listener = (status) => listener(status);
    this.#listeners.add(entry);
    entry(this.#read());
    if (this.#timer === undefined) {
      this.#lastMs = this.#clock.monotonicMs();
      this.#arm(INTERVAL_MS);
    }
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size > 0) return;
      this.#timer?.cancel();
      this.#timer = undefined;
    };
  }

  /** Something changed that those who watch should see soon. */
  poke(): void {
    if (this.#timer === undefined) return;
    const sinceMs = this.#clock.monotonicMs() - this.#lastMs;
    this.#arm(Math.max(0, COALESCE_MS - sinceMs));
  }

  #arm(delayMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    if (this.#timer !== undefined && dueMs >= this.#dueMs) return;
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = this.#clock.after(delayMs, () => this.#tell());
  }

  #tell(): void {
    this.#lastMs = this.#clock.monotonicMs();
    this.#timer = undefined;
    this.#arm(INTERVAL_MS);
    const status = this.#read();
    for (const listener of [...this.#listeners]) listener(status);
  }
}
