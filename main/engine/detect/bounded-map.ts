/**
 * A map of at most so many entries: what was not asked for or set for the longest time goes first. For state by
 * texts, or with objects; numbers by address stand in an AddressTable, which allocates nothing.
 */
export class BoundedMap<K, V> {
  readonly #capacity: number;
  readonly #entries = new Map<K, V>();
  readonly #onEvict: ((key: K, value: V) => void) | undefined;
  #evicted = 0;

  /** @param onEvict told of an entry that had to go for another, after it is gone */
  constructor(capacity: number, onEvict?: (key: K, value: V) => void) {
    this.#capacity = Math.max(1, capacity);
    this.#onEvict = onEvict;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many had to go for others. */
  get evicted(): number {
    return this.#evicted;
  }

  /** The value, which now counts as used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** The value, without counting as a use. */
  peek(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#capacity) this.#evictOldest();
    this.#entries.set(key, value);
  }

  getOrInsert(key: K, create: () => V): V {
    const known = this.get(key);
    if (known !== undefined) return known;
    const value = create();
    this.set(key, value);
    return value;
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }

  /** The least recently used first. Entries may be deleted meanwhile. */
  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries();
  }

  #evictOldest(): void {
    for (const [key, value] of this.#entries) {
      this.#entries.delete(key);
      this.#evicted++;
      this.#onEvict?.(key, value);
      return;
    }
  }
}
