import type { HostEvent } from '../../../../contract/events.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';

export interface EventTurnsOptions {
  readonly clock: Clock;
  /** Called with some events at a time, in the order in which they were added. */
  onEvents(events: readonly HostEvent[]): void;
}

/** Events of one turn: with all rules a few milliseconds of the thread's time. */
const EVENTS_A_TURN = 128;
/** Beyond this nobody may go on before some were looked at: what comes faster waits in the pipes of the helpers. */
const MAX_WAITING = 4_096;

/**
 * Work on events that may wait a moment: done some at a time, so that what came meanwhile is read, and looked at for
 * what is urgent, in between. Keeps the order, and loses nothing.
 */
export class EventTurns {
  readonly #options: EventTurnsOptions;
  #waiting: HostEvent[] = [];
  /** Those before it were handed on. */
  #next = 0;
  #timer: Timer | undefined;

  constructor(options: EventTurnsOptions) {
    this.#options = options;
  }

  /** The event whose turn is next; undefined when none waits. */
  get first(): HostEvent | undefined {
    return this.#waiting[this.#next];
  }

  /** A first turn is taken at once unless others wait already. */
  add(events: readonly HostEvent[]): void {
    const isFirst = this.first === undefined;
    for (const event of events) this.#waiting.push(event);
    if (isFirst) this.#turn();
    while (this.#waiting.length - this.#next > MAX_WAITING) this.#turn();
    this.#arm();
  }

  /** Hands on everything that waits. */
  flush(): void {
    while (this.first !== undefined) this.#turn();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    if (this.first === undefined) return;
    this.#timer ??= this.#options.clock.after(0, () => {
      this.#timer = undefined;
      this.#turn();
      this.#arm();
    });
  }

  #turn(): void {
    const end = Math.min(this.#waiting.length, this.#next + EVENTS_A_TURN);
    const events = this.#waiting.slice(this.#next, end);
    this.#next = end;
    if (this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    } else if (this.#next >= MAX_WAITING) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    if (events.length > 0) this.#options.onEvents(events);
  }
}
