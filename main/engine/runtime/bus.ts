import { BoundedQueue } from './queue.ts';

export { BoundedQueue } from './queue.ts';

/** Event names and what each carries. */
export type EventMap = Record<string, unknown>;

export type Listener<T> = (event: T) => void;

/** An endless list of events that a slow reader can follow: it loses the oldest, and knows how many. */
export interface Subscription<T> extends AsyncIterable<T> {
  /** Events lost because the reader was slow. */
  readonly dropped: number;
  /** Ends the iteration, after the events that already wait. */
  close(): void;
}

/** How many events a subscriber may lag behind before it loses the oldest: some seconds of a busy machine. */
const SUBSCRIPTION_CAPACITY = 1024;

/**
 * Typed events inside the engine. Listeners run at once, in the order they came; one that throws is
 * reported to `onError` and does not keep the event from the others.
 */
export class Bus<Events extends EventMap> {
  readonly #listeners = new Map<keyof Events, Set<Listener<never>>>();
  readonly #subscriptions = new Set<{ close(): void }>();
  readonly #onError: (error: unknown, name: string) => void;

  constructor(onError: (error: unknown, name: string) => void) {
    this.#onError = onError;
  }

  /** Returns the function that takes the listener off again. */
  on<Name extends keyof Events & string>(name: Name, listener: Listener<Events[Name]>): () => void {
    let listeners = this.#listeners.get(name);
    if (listeners === undefined) {
      listeners = new Set();
      this.#listeners.set(name, listeners);
    }
    const own: Listener<Events[Name]> = (event) => listener(event);
    listeners.add(own);
    return () => listeners.delete(own);
  }

  emit<Name extends keyof Events & string>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        (listener as Listener<Events[Name]>)(event);
      } catch (error) {
        this.#onError(error, name);
      }
    }
  }

  /** The same events as a bounded list, for a reader with a pace of its own (a socket). */
  subscribe<Name extends keyof Events & string>(
    name: Name,
    capacity = SUBSCRIPTION_CAPACITY,
  ): Subscription<Events[Name]> {
    const subscription = new QueuedSubscription<Events[Name]>(capacity, () => {
      off();
      this.#subscriptions.delete(subscription);
    });
    const off = this.on(name, (event) => subscription.offer(event));
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Ends all subscriptions and forgets all listeners. */
  close(): void {
    for (const subscription of [...this.#subscriptions]) {
      subscription.close();
    }
    this.#listeners.clear();
  }
}

class QueuedSubscription<T> implements Subscription<T> {
  readonly #queue: BoundedQueue<T>;
  readonly #onClose: () => void;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(capacity: number, onClose: () => void) {
    this.#queue = new BoundedQueue<T>(capacity);
    this.#onClose = onClose;
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  offer(event: T): void {
    this.#queue.push(event);
    this.#wake?.();
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#onClose();
      this.#wake?.();
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    try {
      while (this.#queue.length > 0 || !this.#closed) {
        if (this.#queue.length > 0) {
          yield this.#queue.shift() as T;
        } else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
      }
    } finally {
      this.close();
    }
  }
}
