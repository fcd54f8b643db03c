/**
 * Rows that wait, one per key: a newer row takes the place of the older. Bounded; when full, the key that
 * waited longest is given up and counted.
 */
export class LatestBuffer<T> {
  readonly #rows = new Map<string, T>();
  readonly #capacity: number;
  #dropped = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#rows.size;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get(key: string): T | undefined {
    return this.#rows.get(key);
  }

  set(key: string, row: T): void {
    if (!this.#rows.has(key) && this.#rows.size >= this.#capacity) {
      const oldest = this.#rows.keys().next();
      if (!oldest.done) {
        this.#rows.delete(oldest.value);
        this.#dropped += 1;
      }
    }
    this.#rows.set(key, row);
  }

  values(): Iterable<T> {
    return this.#rows.values();
  }

  peek(count: number): [string, T][] {
    const rows: [string, T][] = [];
    for (const row of this.#rows) {
      if (rows.length >= count) {
        break;
      }
      rows.push(row);
    }
    return rows;
  }

  /** Takes rows away that `peek` gave. */
  discard(rows: readonly (readonly [string, T])[]): void {
    for (const [key] of rows) {
      this.#rows.delete(key);
    }
  }
}
