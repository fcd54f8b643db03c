/**
 * A map of about so many entries: what was not set or asked for during a whole turn goes, where a turn is half of the
 * capacity in new entries. Unlike a list of the least recently used it costs the same however many strangers come.
 */
export class RecentMap<V> {
  readonly #turn: number;
  #current = new Map<string, V>();
  #former = new Map<string, V>();

  constructor(capacity: number) {
    this.#turn = Math.max(1, Math.floor(capacity / 2));
  }

  /** At most the capacity; an entry of both turns counts twice. */
  get size(): number {
    return this.#current.size + this.#former.size;
  }

  get(key: string): V | undefined {
    const current = this.#current.get(key);
    if (current !== undefined) return current;
    const former = this.#former.get(key);
    if (former !== undefined) this.set(key, former);
    return former;
  }

  set(key: string, value: V): void {
    if (this.#current.size >= this.#turn && !this.#current.has(key)) {
      this.#former = this.#current;
      this.#current = new Map();
    }
    this.#current.set(key, value);
  }

  getOrInsert(key: string, create: () => V): V {
    const known = this.get(key);
    if (known !== undefined) return known;
    const value = create();
    this.set(key, value);
    return value;
  }

  delete(key: string): void {
    this.#current.delete(key);
    this.#former.delete(key);
  }

  clear(): void {
    this.#current.clear();
    this.#former.clear();
  }
}
