import { HEAD, HEAD_WORDS, NONE } from './flow-layout.ts';

/** Seconds that the wheel spans; a later deadline waits in the farthest bucket and is looked at again there. */
export const WHEEL_SECONDS = 4096;

/**
 * Timing wheel over the heads of a flow table (Varghese & Lauck, 1987): a flow waits in the bucket of the
 * second in which it must be looked at next, so that no packet pays for the age of flows. Links lie in the
 * heads themselves.
 */
export class ExpiryWheel {
  readonly #head: Int32Array;
  readonly #buckets = new Int32Array(WHEEL_SECONDS).fill(NONE);

  constructor(head: Int32Array) {
    this.#head = head;
  }

  /** Puts an unlinked slot into the bucket of `second`, which lies after `nowSecond`. */
  link(slot: number, second: number, nowSecond: number): void {
    const ahead = Math.min(Math.max(second - nowSecond, 1), WHEEL_SECONDS - 1);
    const bucket = (nowSecond + ahead) % WHEEL_SECONDS;
    const at = slot * HEAD_WORDS;
    const next = this.#buckets[bucket];
    this.#head[at + HEAD.wheelNext] = next;
    this.#head[at + HEAD.wheelPrevious] = NONE;
    this.#head[at + HEAD.wheelBucket] = bucket;
    if (next !== NONE) this.#head[next * HEAD_WORDS + HEAD.wheelPrevious] = slot;
    this.#buckets[bucket] = slot;
  }

  unlink(slot: number): void {
    const at = slot * HEAD_WORDS;
    const next = this.#head[at + HEAD.wheelNext];
    const previous = this.#head[at + HEAD.wheelPrevious];
    if (next !== NONE) this.#head[next * HEAD_WORDS + HEAD.wheelPrevious] = previous;
    if (previous === NONE) this.#buckets[this.#head[at + HEAD.wheelBucket]] = next;
    else this.#head[previous * HEAD_WORDS + HEAD.wheelNext] = next;
  }

  /**
   * Calls `visit` for every slot of the seconds after `from` up to `to`, both whole seconds. `visit` unlinks
   * the slot, and may link it again or release it; it must not touch other slots' links.
   */
  advance(from: number, to: number, visit: (slot: number) => void): void {
    const steps = Math.min(to - from, WHEEL_SECONDS);
    for (let step = 1; step <= steps; step++) {
      const bucket = (from + step) % WHEEL_SECONDS;
      let slot = this.#buckets[bucket];
      while (slot !== NONE) {
        const next = this.#head[slot * HEAD_WORDS + HEAD.wheelNext];
        visit(slot);
        slot = next;
      }
    }
  }

  /** Forgets every link. The slots themselves are the table's to release. */
  clear(): void {
    this.#buckets.fill(NONE);
  }
}
