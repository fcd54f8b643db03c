/** A bounded sample of an endless stream of rows: which row goes into which slot. */
import type { Random } from './random.ts';

/** What is needed to go on after a restart. */
export interface ReservoirState {
  /** Rows that were offered. */
  readonly seen: number;
  /** The same, each counting less the longer ago it was. */
  readonly weight: number;
  /** Of the last row, milliseconds since the epoch. */
  readonly lastMs: number;
}

export const EMPTY_RESERVOIR: ReservoirState = { seen: 0, weight: 0, lastMs: Number.NEGATIVE_INFINITY };

/**
 * Reservoir sampling in which rows fade with their age: after `fadeMs` a row is left in the sample with a chance of
 * 1/e of that of a new one, so that the sample follows slow change. It is the weighted reservoir of Chao ("A general
 * purpose unequal probability sampling plan", Biometrika 1982) with the exponential weights of Cormode et al.
 * ("Forward decay", ICDE 2009): as Aggarwal's biased reservoir (VLDB 2006), but by time rather than by count, so that a
 * busy hour does not push a quiet week out. While all rows are much younger than `fadeMs` it is Vitter's algorithm R
 * (ACM TOMS 1985).
 */
export class Reservoir {
  readonly capacity: number;
  private readonly fadeMs: number;
  private readonly random: Random;
  /** Slots that are free, the next one at the end. */
  private readonly free: number[];
  private seen: number;
  private weight: number;
  private lastMs: number;

  /** @param taken slots that are filled already */
  constructor(
    capacity: number,
    fadeMs: number,
    random: Random,
    state: ReservoirState = EMPTY_RESERVOIR,
    taken: ReadonlySet<number> = new Set(),
  ) {
    this.capacity = capacity;
    this.fadeMs = fadeMs;
    this.random = random;
    this.free = [];
    for (let slot = capacity - 1; slot >= 0; slot--) if (!taken.has(slot)) this.free.push(slot);
    ({ seen: this.seen, weight: this.weight, lastMs: this.lastMs } = state);
  }

  get state(): ReservoirState {
    return { seen: this.seen, weight: this.weight, lastMs: this.lastMs };
  }

  /** Rows in the sample. */
  get size(): number {
    return this.capacity - this.free.length;
  }

  /** The slot that the next row of the stream goes into; -1 where it goes into none. A clock that is set back stands. */
  offer(timeMs: number): number {
    const elapsedMs = timeMs - this.lastMs;
    if (elapsedMs > 0) {
      this.weight *= Math.exp(-elapsedMs / this.fadeMs);
      this.lastMs = timeMs;
    }
    this.weight += 1;
    this.seen += 1;
    const free = this.free.pop();
    if (free !== undefined) return free;
    return this.random.next() * this.weight < this.capacity ? this.random.below(this.capacity) : -1;
  }

  /** Empties a slot that holds a row. */
  release(slot: number): void {
    this.free.push(slot);
  }
}
