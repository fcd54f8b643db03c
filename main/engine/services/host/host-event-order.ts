import type { HostEvent } from '../../../../contract/events.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';

export interface EventOrderOptions {
  readonly clock: Clock;
  /** Called with events in the order of their times, as far as it goes. */
  onEvents(events: readonly HostEvent[]): void;
}

/** The kernel's news of one moment reach us by several helpers, of which the slowest gathers for 20 milliseconds. */
const HOLD_MS = 40;
/** Beyond this nothing waits any more: order is worth less than memory. */
const MAX_WAITING = 4_096;

/**
 * Puts the events of several sensors into one order: each waits HOLD_MS for those that happened before it. What is
 * later than that (a log that is written by the second) is told when it comes.
 */
export class EventOrder {
  readonly #options: EventOrderOptions;
  #waiting: HostEvent[] = [];
  #timer: Timer | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #late = 0;

  constructor(options: EventOrderOptions) {
    this.#options = options;
  }

  /** Events that came after a later one had been told. */
  get late(): number {
    return this.#late;
  }

  add(events: readonly HostEvent[]): void {
    for (const event of events) this.#waiting.push(event);
    if (this.#waiting.length >= MAX_WAITING) this.flush();
    else this.#timer ??= this.#options.clock.after(HOLD_MS, () => this.flush());
  }

  /** Tells everything that waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const events = this.#waiting;
    if (events.length === 0) return;
    this.#waiting = [];
    // Stable, so that what one sensor says of one moment keeps its order.
    events.sort((a, b) => a.timeMs - b.timeMs);
    // A log may tell of the future; that makes nothing else late.
    const nowMs = this.#options.clock.nowMs();
    for (const { timeMs } of events) {
      if (timeMs < this.#lastMs) this.#late++;
      else this.#lastMs = Math.min(timeMs, nowMs);
    }
    this.#options.onEvents(events);
  }
}
