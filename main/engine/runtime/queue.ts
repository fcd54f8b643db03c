/** What a full queue gives up: the item that waited longest, or the one that has just come. */
export type DropPolicy = 'oldest' | 'newest';

/**
 * First in, first out, and never more than `capacity` items. The one queue of the engine: whatever
 * connects a fast producer to a slower consumer uses it, and shows `dropped` in Health.
 */
export class BoundedQueue<T> {
  readonly capacity: number;
  readonly #policy: DropPolicy;
  /** A ring; grows by doubling up to the capacity, so that a large bound costs nothing while it is not used. */
  #ring: (T | undefined)[];
  #head = 0;
  #length = 0;
  #dropped = 0;

  constructor(capacity: number, policy: DropPolicy = 'oldest') {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(`a queue holds at least one item, not ${capacity}`);
    }
    this.capacity = capacity;
    this.#policy = policy;
    this.#ring = new Array<T | undefined>(Math.min(capacity, INITIAL_SLOTS));
  }

  get length(): number {
    return this.#length;
  }

  /** Items given up since the queue was made. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds an item; false when that cost an item (this one or the oldest, by policy). */
  push(item: T): boolean {
    let kept = true;
    if (this.#length === this.capacity) {
      this.#dropped += 1;
      kept = false;
      if (this.#policy === 'newest') {
        return false;
      }
      this.shift();
    }
    if (this.#length === this.#ring.length) {
      this.#grow();
    }
    this.#ring[(this.#head + this.#length) % this.#ring.length] = item;
    this.#length += 1;
    return kept;
  }

  /** Takes the oldest item. */
  shift(): T | undefined {
    if (this.#length === 0) {
      return undefined;
    }
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.#ring.length;
    this.#length -= 1;
    return item;
  }

  /** The oldest items, at most `count`, without taking them: for work that may fail and be tried again. */
  peek(count: number): T[] {
    const items: T[] = [];
    for (let index = 0; index < Math.min(count, this.#length); index += 1) {
      items.push(this.#ring[(this.#head + index) % this.#ring.length] as T);
    }
    return items;
  }

  /** Takes the oldest items away, at most `count`. */
  discard(count: number): void {
    for (let left = Math.min(count, this.#length); left > 0; left -= 1) {
      this.shift();
    }
  }

  #grow(): void {
    const items = this.peek(this.#length);
    this.#ring = new Array<T | undefined>(Math.min(this.capacity, this.#ring.length * 2));
    for (const [index, item] of items.entries()) {
      this.#ring[index] = item;
    }
    this.#head = 0;
  }
}

const INITIAL_SLOTS = 16;
