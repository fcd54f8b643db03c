import { BoundedQueue } from '../../runtime/queue.ts';

/** A row that waits, and where its values are. */
interface Waiting<T> {
  readonly about: T;
  readonly slot: number;
}

/**
 * Rows that wait for their turn, first in, first out, and no more than so many. Their values are in memory of this
 * class: what they were made of is not kept alive.
 */
export class WaitingRows<T> {
  readonly #columns: number;
  readonly #queue: BoundedQueue<Waiting<T>>;
  readonly #values: Float64Array;
  #slot = 0;

  constructor(columns: number, capacity: number) {
    this.#columns = columns;
    this.#queue = new BoundedQueue(capacity, 'newest');
    this.#values = new Float64Array(capacity * columns);
  }

  get length(): number {
    return this.#queue.length;
  }

  /** @param values as many as there are columns; copied. @returns false where there was no room for it */
  push(about: T, values: Float64Array): boolean {
    // Memory that was never written to takes no room, so that only a storm makes use of all of it.
    if (this.#queue.length === 0) this.#slot = 0;
    const slot = this.#slot;
    // Those that wait are in slots one after another, and there are as many as may wait: this one is free.
    if (!this.#queue.push({ about, slot })) return false;
    this.#slot = (slot + 1) % this.#queue.capacity;
    const start = slot * this.#columns;
    for (let column = 0; column < this.#columns; column++) this.#values[start + column] = values[column]!;
    return true;
  }

  /** Takes the oldest. @param values are written; as many as there are columns */
  shift(values: Float64Array): T | undefined {
    const taken = this.#queue.shift();
    if (taken === undefined) return undefined;
    const start = taken.slot * this.#columns;
    for (let column = 0; column < this.#columns; column++) values[column] = this.#values[start + column]!;
    return taken.about;
  }

  /** Takes all. @returns how many there were */
  clear(): number {
    const { length } = this.#queue;
    this.#queue.discard(length);
    return length;
  }
}
