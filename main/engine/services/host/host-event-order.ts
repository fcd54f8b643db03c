import type { HostEvent } from '../../../../contract/events.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';

export interface EventOrderOptions {
  readonly clock: Clock;
  /** Called with events in the order of their times, as far as it goes. */
  onEvents(events: readonly HostEvent[]): void;
}

/** The kernel's news of one moment reach us by several helpers, of which the slowest gathers for some milliseconds. */
const LEAST_HOLD_MS = 20;
/** Nothing waits longer: attacks go on meanwhile. */
const MOST_HOLD_MS = 40;
/** Beyond this nothing waits any more: order is worth less than memory. */
const MAX_WAITING = 4_096;

/**
 * Puts the events of several sensors into one order: each waits at least LEAST_HOLD_MS for those that happened before
 * it. What is later than that (a log that is written by the second) is told when it comes.
 */
export class EventOrder {
  readonly #options: EventOrderOptions;
  /** In the order in which they came, and when that was. */
  #waiting: HostEvent[] = [];
  #arrivedMs: number[] = [];
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
    const nowMs = this.#options.clock.monotonicMs();
    for (const event of events) {
      this.#waiting.push(event);
      this.#arrivedMs.push(nowMs);
    }
    if (this.#waiting.length >= MAX_WAITING) this.flush();
    else if (this.#waiting.length > 0) this.#timer ??= this.#options.clock.after(MOST_HOLD_MS, () => this.#tellHeld());
  }

  /** Tells what has waited long enough, and what happened before the last of that. */
  #tellHeld(): void {
    const { clock } = this.#options;
    const fromMs = clock.monotonicMs() - LEAST_HOLD_MS;
    const firstFresh = this.#arrivedMs.findIndex((arrivedMs) => arrivedMs > fromMs);
    if (firstFresh === -1) {
      this.flush();
      return;
    }
    const [events, arrivals] = [this.#waiting, this.#arrivedMs];
    // A log may tell of the future; it waits as long as all others, and nothing for it.
    const nowMs = clock.nowMs();
    let untilMs = Number.NEGATIVE_INFINITY;
    for (let index = 0; index < firstFresh; index++)
      untilMs = Math.max(untilMs, Math.min(events[index]!.timeMs, nowMs));
    const held = events.slice(0, firstFresh);
    this.#waiting = [];
    this.#arrivedMs = [];
    for (let index = firstFresh; index < events.length; index++) {
      const event = events[index]!;
      if (event.timeMs <= untilMs) held.push(event);
      else {
        this.#waiting.push(event);
        this.#arrivedMs.push(arrivals[index]!);
      }
    }
    this.#timer = clock.after(MOST_HOLD_MS - LEAST_HOLD_MS, () => this.#tellHeld());
    this.#tell(held);
  }

  /** Tells everything that waits. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const events = this.#waiting;
    this.#waiting = [];
    this.#arrivedMs = [];
    this.#tell(events);
  }

  #tell(events: HostEvent[]): void {
    if (events.length === 0) return;
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
