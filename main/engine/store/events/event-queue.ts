import type { HostEvent } from '../../../../contract/events.ts';
import { BoundedQueue } from '../../runtime/queue.ts';

/** Text of all events that wait: arguments are an attacker's, and may be megabytes each. */
const MAX_WAITING_CHARACTERS = 64_000_000;
/** Text of one batch: some ten milliseconds of writing. */
const MAX_BATCH_CHARACTERS = 1_000_000;
/** What an event is besides its long texts. */
const BASE_CHARACTERS = 500;

interface Waiting {
  readonly event: HostEvent;
  readonly characters: number;
}

/** Events that wait for the disk, bounded by their number and by their text; the oldest are given up and counted. */
export class EventQueue {
  readonly #queue: BoundedQueue<Waiting>;
  #characters = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.#queue = new BoundedQueue(capacity);
  }

  get length(): number {
    return this.#queue.length;
  }

  get dropped(): number {
    return this.#dropped;
  }

  push(event: HostEvent): void {
    const waiting = { event, characters: weightOf(event) };
    while (
      this.#queue.length > 0 &&
      (this.#queue.length === this.#queue.capacity || this.#characters + waiting.characters > MAX_WAITING_CHARACTERS)
    ) {
      this.#take();
      this.#dropped += 1;
    }
    this.#queue.push(waiting);
    this.#characters += waiting.characters;
  }

  /** The oldest events, at most `count`, without taking them; one at least, however long it is. */
  peek(count: number): HostEvent[] {
    const events: HostEvent[] = [];
    let characters = 0;
    for (const waiting of this.#queue.peek(count)) {
      characters += waiting.characters;
      if (events.length > 0 && characters > MAX_BATCH_CHARACTERS) break;
      events.push(waiting.event);
    }
    return events;
  }

  discard(count: number): void {
    for (let left = Math.min(count, this.#queue.length); left > 0; left -= 1) this.#take();
  }

  #take(): void {
    this.#characters -= this.#queue.shift()?.characters ?? 0;
  }
}

/** The texts that can be long; all others are bounded by the kernel or by their parsers. */
function weightOf(event: HostEvent): number {
  let characters = BASE_CHARACTERS;
  if ('process' in event && event.process !== undefined) characters += event.process.commandLine.length;
  if ('path' in event && event.path !== undefined) characters += event.path.length;
  if (event.type === 'log-line') characters += event.message.length;
  if (event.type === 'autostart-change') characters += event.content?.length ?? 0;
  return characters;
}
