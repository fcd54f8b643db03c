import { mixHash } from './address.ts';

/**
 * A row of counters of distinct things, one per slot, each of fixed size: HyperLogLog (Flajolet et al. 2007)
 * with linear counting for small numbers. With 2^registerBits registers of one byte the standard error is
 * about 1.04 / sqrt(registers): 6.5 % for 8 bits, and under 5 % below 50 distinct things.
 */
export class DistinctCounters {
  private readonly registers: Uint8Array;
  private readonly registerBits: number;
  private readonly registerCount: number;

  constructor(slots: number, registerBits = 8) {
    this.registerBits = registerBits;
    this.registerCount = 1 << registerBits;
    this.registers = new Uint8Array(slots * this.registerCount);
  }

  /** Counts a thing by its hash; any 32 bits that tell things apart will do. True when it was surely new. */
  add(slot: number, hash: number): boolean {
    // Mixed again: callers may hand in numbers that are no good hashes (ports).
    const mixed = mixHash(DISTINCT_SEED, hash);
    const register = slot * this.registerCount + (mixed >>> (32 - this.registerBits));
    // Leading zeros of the remaining bits, plus one; the guard bit bounds it.
    const rank = Math.clz32((mixed << this.registerBits) | (1 << (this.registerBits - 1))) + 1;
    if (this.registers[register]! >= rank) return false;
    this.registers[register] = rank;
    return true;
  }

  /** How many distinct things were added, nearly. Reads all registers: for ticks and reports. */
  estimate(slot: number): number {
    const count = this.registerCount;
    const start = slot * count;
    let sum = 0;
    let empty = 0;
    for (let index = start; index < start + count; index++) {
      const rank = this.registers[index]!;
      if (rank === 0) empty++;
      sum += 2 ** -rank;
    }
    const raw = ((0.7213 / (1 + 1.079 / count)) * count * count) / sum;
    return Math.round(raw <= 2.5 * count && empty > 0 ? count * Math.log(count / empty) : raw);
  }

  clear(slot: number): void {
    this.registers.fill(0, slot * this.registerCount, (slot + 1) * this.registerCount);
  }
}

const DISTINCT_SEED = 0x2545f491;

/**
 * A row of counters that forget: each loses half of its value per half-life. The value of steady events at
 * rate r comes to rest at r * halfLife / ln 2; a burst of n within much less than a half-life reads n.
 */
export class DecayingCounters {
  private readonly values: Float64Array;
  private readonly timesUs: Float64Array;
  private readonly halfLifeUs: number;

  constructor(slots: number, halfLifeSeconds: number) {
    this.values = new Float64Array(slots);
    this.timesUs = new Float64Array(slots);
    this.halfLifeUs = halfLifeSeconds * 1e6;
  }

  /** Adds and gives the new value. A time before the last one counts as the last one. */
  add(slot: number, timeUs: number, amount = 1): number {
    const value = this.value(slot, timeUs) + amount;
    this.values[slot] = value;
    if (timeUs > this.timesUs[slot]!) this.timesUs[slot] = timeUs;
    return value;
  }

  value(slot: number, timeUs: number): number {
    const ageUs = timeUs - this.timesUs[slot]!;
    return ageUs > 0 ? this.values[slot]! * 2 ** (-ageUs / this.halfLifeUs) : this.values[slot]!;
  }

  /** Sets a counter back to zero; also what to do when the clock jumped back. */
  clear(slot: number): void {
    this.values[slot] = 0;
    this.timesUs[slot] = 0;
  }

  clearAll(): void {
    this.values.fill(0);
    this.timesUs.fill(0);
  }
}

/**
 * The most frequent of many keys in fixed memory: Space-Saving (Metwally et al. 2005). With `capacity` keys
 * held, every key whose share is over 1 / capacity is among them, and its count is at most too high by the
 * smallest one held. While no more than `capacity` distinct keys came, all counts are exact.
 */
export class TopKeys {
  readonly capacity: number;
  private readonly counts = new Map<string, number>();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** How many keys are held. */
  get size(): number {
    return this.counts.size;
  }

  add(key: string, amount = 1): void {
    const count = this.counts.get(key);
    if (count !== undefined || this.counts.size < this.capacity) {
      this.counts.set(key, (count ?? 0) + amount);
      return;
    }
    let leastKey = '';
    let least = Number.POSITIVE_INFINITY;
    for (const [candidate, value] of this.counts) {
      if (value < least) {
        least = value;
        leastKey = candidate;
      }
    }
    this.counts.delete(leastKey);
    this.counts.set(key, least + amount);
  }

  /** The count held for a key, 0 if it is not held. */
  count(key: string): number {
    return this.counts.get(key) ?? 0;
  }

  /** Keys with their counts, the most frequent first; equal counts in the order they came. */
  top(limit = this.capacity): readonly (readonly [key: string, count: number])[] {
    return [...this.counts].sort((a, b) => b[1] - a[1]).slice(0, limit);
  }
}
