/** How many rows there were when, in bounded memory: steps grow with the time that is covered. Pure. */

/** Steps that are shown. */
const MAX_STEPS = 120;
/** Steps that are kept while counting. */
const MAX_COUNTED = 4_000;
const FIRST_STEP_MS = 1_000;

export class TimelineCounter {
  #stepMs = FIRST_STEP_MS;
  #counts = new Map<number, number>();

  /** Rows are best counted in steps of this length. */
  get stepMs(): number {
    return this.#stepMs;
  }

  add(timeMs: number, rows: number): void {
    const step = Math.floor(timeMs / this.#stepMs);
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + rows);
    while (this.#counts.size > MAX_COUNTED) this.#widen();
  }

  /** Even steps from the first to the last that has rows; those without are told as well. */
  points(): { readonly timeMs: number; readonly rows: number }[] {
    if (this.#counts.size === 0) return [];
    let [first, last] = this.#ends();
    while (last - first >= MAX_STEPS) {
      this.#widen();
      [first, last] = this.#ends();
    }
    return Array.from({ length: last - first + 1 }, (_, i) => ({
      timeMs: (first + i) * this.#stepMs,
      rows: this.#counts.get(first + i) ?? 0,
    }));
  }

  #ends(): [number, number] {
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const step of this.#counts.keys()) {
      first = Math.min(first, step);
      last = Math.max(last, step);
    }
    return [first, last];
  }

  #widen(): void {
    this.#stepMs *= 2;
    const wider = new Map<number, number>();
    for (const [step, rows] of this.#counts) {
      const half = Math.floor(step / 2);
      wider.set(half, (wider.get(half) ?? 0) + rows);
    }
    this.#counts = wider;
  }
}
