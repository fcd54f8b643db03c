/** An entry, in the order of use between those that were used before and after it. */
interface Entry<K, V> {
  readonly key: K;
  value: V;
  older: Entry<K, V> | undefined;
  newer: Entry<K, V> | undefined;
  isGone: boolean;
}

/** Places of the numbers of a map; more cost more cache than a search. */
const MAX_PLACES = 8_192;

/**
 * How many of a map's numbers fall on each place, so that one which is not among them is mostly told without a search:
 * detectors ask of every flow that ends, and floods are made of flows of which nothing was ever noted.
 */
class Places {
  readonly #counts: Uint16Array;
  readonly #mask: number;

  /** @param capacity of the map: no place can count to more */
  constructor(capacity: number) {
    const size = Math.min(MAX_PLACES, 2 ** Math.ceil(Math.log2(capacity + 1)));
    this.#counts = new Uint16Array(size);
    this.#mask = size - 1;
  }

  isEmpty(key: number): boolean {
    return this.#counts[key & this.#mask] === 0;
  }

  count(key: number, change: 1 | -1): void {
    this.#counts[key & this.#mask]! += change;
  }

  clear(): void {
    this.#counts.fill(0);
  }
}

/** Largest capacity of a map whose places count: a count must fit into 16 bits whatever the numbers are. */
const MAX_COUNTED = 0xffff;

/**
 * A map of at most so many entries: what was not asked for or set for the longest time goes first. For state by
 * texts, or with objects; numbers by address stand in an AddressTable, which allocates nothing.
 */
export class BoundedMap<K, V> {
  readonly #capacity: number;
  readonly #entries = new Map<K, Entry<K, V>>();
  readonly #onEvict: ((key: K, value: V) => void) | undefined;
  /** From the first number on; texts are looked up at once. */
  #places: Places | undefined;
  #oldest: Entry<K, V> | undefined;
  #newest: Entry<K, V> | undefined;
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
    if (this.#isAbsent(key)) return undefined;
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#use(entry);
    return entry.value;
  }

  /** The value, without counting as a use. */
  peek(key: K): V | undefined {
    return this.#isAbsent(key) ? undefined : this.#entries.get(key)?.value;
  }

  set(key: K, value: V): void {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      this.#use(known);
      return;
    }
    if (this.#entries.size >= this.#capacity) this.#evictOldest();
    const entry: Entry<K, V> = { key, value, older: undefined, newer: undefined, isGone: false };
    this.#entries.set(key, entry);
    if (typeof key === 'number' && this.#capacity <= MAX_COUNTED) {
      this.#places ??= new Places(this.#capacity);
      this.#places.count(key, 1);
    }
    this.#append(entry);
  }

  getOrInsert(key: K, create: () => V): V {
    const known = this.get(key);
    if (known !== undefined) return known;
    const value = create();
    this.set(key, value);
    return value;
  }

  delete(key: K): boolean {
    if (this.#isAbsent(key)) return false;
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    this.#remove(entry);
    return true;
  }

  clear(): void {
    for (const entry of this.#entries.values()) entry.isGone = true;
    this.#entries.clear();
    this.#places?.clear();
    this.#oldest = undefined;
    this.#newest = undefined;
  }

  /** The least recently used first, those that are there now. Entries may be deleted and used meanwhile. */
  *entries(): IterableIterator<[K, V]> {
    const all: Entry<K, V>[] = [];
    for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) all.push(entry);
    for (const entry of all) if (!entry.isGone) yield [entry.key, entry.value];
  }

  /** True: it is not there; false: it may be. */
  #isAbsent(key: K): boolean {
    const places = this.#places;
    return places !== undefined && typeof key === 'number' && places.isEmpty(key);
  }

  #use(entry: Entry<K, V>): void {
    if (entry === this.#newest) return;
    this.#unlink(entry);
    this.#append(entry);
  }

  #append(entry: Entry<K, V>): void {
    entry.older = this.#newest;
    entry.newer = undefined;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  #unlink({ older, newer }: Entry<K, V>): void {
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }

  #remove(entry: Entry<K, V>): void {
    this.#entries.delete(entry.key);
    if (typeof entry.key === 'number') this.#places?.count(entry.key, -1);
    entry.isGone = true;
    this.#unlink(entry);
  }

  #evictOldest(): void {
    const oldest = this.#oldest;
    if (oldest === undefined) return;
    this.#remove(oldest);
    this.#evicted++;
    this.#onEvict?.(oldest.key, oldest.value);
  }
}
