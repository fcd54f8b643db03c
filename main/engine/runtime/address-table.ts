import { type AddressWords, ANALYSIS_HASH_SEED, formatAddress, hashAddress, mixHash } from './address.ts';

export interface AddressTableOptions {
  /** Seed of the hash: random for live traffic, left out for captures. */
  readonly seed?: number;
  /** Called before a slot is given to another key, so that its owner can settle what stands beside it. */
  readonly onEvict?: (slot: number) => void;
}

/**
 * A bounded map from an address (and one more 32-bit number) to a slot 0 … capacity-1. What is known of an
 * address stands in typed arrays of the caller at the index of its slot. When the table is full, a key that
 * was not asked for lately goes (CLOCK, Corbató 1968: the least recently used, nearly). Nothing is allocated
 * after construction; the memory is about 30 bytes per slot.
 */
export class AddressTable {
  readonly capacity: number;
  /** Keys that had to go early since the beginning. */
  evictions = 0;
  /** Whether the last call of `findOrInsert` made a new key. */
  inserted = false;

  private readonly seed: number;
  private readonly onEvict: ((slot: number) => void) | undefined;
  /** Slot + 1 at each place of the hash table, 0 where it is empty; linear probing. */
  private readonly places: Int32Array;
  private readonly placeMask: number;
  /** Five numbers per slot: four address words and the extra one. */
  private readonly keys: Int32Array;
  private readonly hashes: Int32Array;
  /** 0: free, 1: used, 2: used and asked for since the hand last came by. */
  private readonly states: Uint8Array;
  private readonly freeSlots: Int32Array;
  private freeCount: number;
  /** Slots from here on were never used since the last clearing: they lie untouched at the bottom of the free ones. */
  private untouched = 0;
  private hand = 0;

  constructor(capacity: number, options: AddressTableOptions = {}) {
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAX_CAPACITY) {
      throw new RangeError(`capacity of an address table must be 1 to ${MAX_CAPACITY}, not ${capacity}`);
    }
    this.capacity = capacity;
    this.seed = options.seed ?? ANALYSIS_HASH_SEED;
    this.onEvict = options.onEvict;
    // At most half full, so that probes stay short.
    const places = 2 ** Math.ceil(Math.log2(capacity * 2));
    this.places = new Int32Array(places);
    this.placeMask = places - 1;
    this.keys = new Int32Array(capacity * KEY_WORDS);
    this.hashes = new Int32Array(capacity);
    this.states = new Uint8Array(capacity);
    this.freeSlots = new Int32Array(capacity);
    this.freeCount = capacity;
    // The lowest slots first, so that small populations stay in the cache.
    for (let index = 0; index < capacity; index++) this.freeSlots[index] = capacity - 1 - index;
  }

  /** How many keys are held. */
  get size(): number {
    return this.capacity - this.freeCount;
  }

  /** The slot of a key, or -1. Counts as use. */
  find(w0: number, w1: number, w2: number, w3: number, extra = 0): number {
    const slot = this.places[this.placeOf(w0, w1, w2, w3, extra, this.hash(w0, w1, w2, w3, extra))]! - 1;
    if (slot >= 0) this.states[slot] = RECENTLY_USED;
    return slot;
  }

  /** The slot of a key, made if need be; `inserted` says whether it was, and then what stands beside it is stale. */
  findOrInsert(w0: number, w1: number, w2: number, w3: number, extra = 0): number {
    const hash = this.hash(w0, w1, w2, w3, extra);
    let place = this.placeOf(w0, w1, w2, w3, extra, hash);
    let slot = this.places[place]! - 1;
    if (slot >= 0) {
      this.states[slot] = RECENTLY_USED;
      this.inserted = false;
      return slot;
    }
    if (this.freeCount === 0) {
      this.evictOne();
      // The removal may have moved entries into the place found before.
      place = this.placeOf(w0, w1, w2, w3, extra, hash);
    }
    slot = this.freeSlots[--this.freeCount]!;
    if (slot >= this.untouched) this.untouched = slot + 1;
    const key = slot * KEY_WORDS;
    this.keys[key] = w0;
    this.keys[key + 1] = w1;
    this.keys[key + 2] = w2;
    this.keys[key + 3] = w3;
    this.keys[key + 4] = extra;
    this.hashes[slot] = hash;
    // A key seen once goes before one that came back: a flood of strangers does not flush what is known.
    this.states[slot] = USED;
    this.places[place] = slot + 1;
    this.inserted = true;
    return slot;
  }

  /** Frees a slot. Does not call `onEvict`. */
  delete(slot: number): void {
    if (!this.isUsed(slot)) return;
    this.removePlace(this.placeOfSlot(slot));
    this.states[slot] = FREE;
    this.freeSlots[this.freeCount++] = slot;
  }

  /**
   * Forgets every key. Does not call `onEvict`. Costs no more than what was used since the last time: a capture whose
   * clock jumps to and fro clears with every packet.
   */
  clear(): void {
    const { capacity, untouched, places } = this;
    if (untouched > capacity / 4) {
      places.fill(0);
    } else {
      for (let slot = 0; slot < untouched; slot++) {
        if (this.states[slot] === FREE) continue;
        // No later entry is moved back: all go, and each is still where it was.
        places[this.placeOfSlot(slot)] = 0;
      }
    }
    this.states.fill(FREE, 0, untouched);
    for (let slot = 0; slot < untouched; slot++) this.freeSlots[capacity - 1 - slot] = slot;
    this.freeCount = capacity;
    this.untouched = 0;
    this.hand = 0;
  }

  isUsed(slot: number): boolean {
    return this.states[slot]! !== FREE && slot >= 0 && slot < this.capacity;
  }

  /** One word (0 to 3) of the address at a slot. */
  word(slot: number, index: number): number {
    return this.keys[slot * KEY_WORDS + index]!;
  }

  /** The extra number of the key at a slot. */
  extra(slot: number): number {
    return this.keys[slot * KEY_WORDS + 4]!;
  }

  /** The address at a slot. Allocates: not for the hot path. */
  words(slot: number): AddressWords {
    return [this.word(slot, 0), this.word(slot, 1), this.word(slot, 2), this.word(slot, 3)];
  }

  /** The text of the address at a slot. */
  addressText(slot: number): string {
    return formatAddress(...this.words(slot));
  }

  private hash(w0: number, w1: number, w2: number, w3: number, extra: number): number {
    return mixHash(hashAddress(w0, w1, w2, w3, this.seed), extra);
  }

  /** The place that holds the key, or the empty one where it belongs. */
  private placeOf(w0: number, w1: number, w2: number, w3: number, extra: number, hash: number): number {
    const { places, keys, placeMask } = this;
    let place = hash & placeMask;
    for (;;) {
      const slot = places[place]! - 1;
      if (slot < 0) return place;
      const key = slot * KEY_WORDS;
      if (
        this.hashes[slot] === hash &&
        keys[key + 3] === w3 &&
        keys[key + 2] === w2 &&
        keys[key + 1] === w1 &&
        keys[key] === w0 &&
        keys[key + 4] === extra
      ) {
        return place;
      }
      place = (place + 1) & placeMask;
    }
  }

  private placeOfSlot(slot: number): number {
    let place = this.hashes[slot]! & this.placeMask;
    while (this.places[place] !== slot + 1) place = (place + 1) & this.placeMask;
    return place;
  }

  /** Empties a place and moves later entries of its run back, so that no tombstones pile up. */
  private removePlace(emptied: number): void {
    const { places, hashes, placeMask } = this;
    let hole = emptied;
    let place = emptied;
    for (;;) {
      place = (place + 1) & placeMask;
      const slot = places[place]! - 1;
      if (slot < 0) break;
      const home = hashes[slot]! & placeMask;
      // The entry may fill the hole unless its home lies cyclically after the hole.
      if (((place - home) & placeMask) >= ((place - hole) & placeMask)) {
        places[hole] = slot + 1;
        hole = place;
      }
    }
    places[hole] = 0;
  }

  private evictOne(): void {
    const { states, capacity } = this;
    // Every slot is in use here, so the hand stops after two rounds at the latest.
    while (states[this.hand] === RECENTLY_USED) {
      states[this.hand] = USED;
      this.hand = this.hand + 1 === capacity ? 0 : this.hand + 1;
    }
    const slot = this.hand;
    this.hand = slot + 1 === capacity ? 0 : slot + 1;
    this.evictions++;
    this.onEvict?.(slot);
    this.delete(slot);
  }
}

const KEY_WORDS = 5;
const FREE = 0;
const USED = 1;
const RECENTLY_USED = 2;
/** 2^24 slots take half a gigabyte: more is a mistake. */
const MAX_CAPACITY = 2 ** 24;
