/**
 * The generator that NumPy's `RandomState` draws from, so that rows can be drawn as references drew theirs.
 *
 * M. Matsumoto, T. Nishimura: "Mersenne Twister: A 623-dimensionally equidistributed uniform pseudorandom number
 * generator", ACM TOMACS 8 (1998), seeded as in their revision of 2002. Nothing here is fit for secrets.
 */

/** MT19937 of the paper: words of state, distance of the middle word, and the constants of the recurrence. */
const WORDS = 624;
const MIDDLE = 397;
const MATRIX = 0x9908b0df;
const UPPER_BIT = 0x80000000;
const LOWER_BITS = 0x7fffffff;
/** Of the seeding: D. E. Knuth, "The Art of Computer Programming", volume 2, third edition, page 106. */
const SEED_FACTOR = 1_812_433_253;

export class MersenneTwister {
  readonly #state = new Uint32Array(WORDS);
  #next = WORDS;

  /** @param seed of 32 bits */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed;
    for (let word = 1; word < WORDS; word++) {
      const last = state[word - 1]!;
      state[word] = Math.imul(SEED_FACTOR, last ^ (last >>> 30)) + word;
    }
  }

  /** From 0 to 2³² − 1. */
  uint32(): number {
    if (this.#next === WORDS) this.#twist();
    let word = this.#state[this.#next++]!;
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    return (word ^ (word >>> 18)) >>> 0;
  }

  /**
   * The numbers below `count` in an order of chance: the shuffle of R. Durstenfeld, "Algorithm 235: Random permutation",
   * CACM 7 (1964), from the end, as `RandomState.permutation` does it.
   */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, place) => place);
    for (let place = count - 1; place > 0; place--) {
      const other = this.#upTo(place);
      const kept = order[place]!;
      order[place] = order[other]!;
      order[other] = kept;
    }
    return order;
  }

  /** From 0 to `most`: of as many bits as that has, drawn again where they are more. */
  #upTo(most: number): number {
    const mask = 2 ** (32 - Math.clz32(most)) - 1;
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= most) return value;
    }
  }

  #twist(): void {
    const state = this.#state;
    for (let word = 0; word < WORDS; word++) {
      const joint = (state[word]! & UPPER_BIT) | (state[(word + 1) % WORDS]! & LOWER_BITS);
      state[word] = state[(word + MIDDLE) % WORDS]! ^ (joint >>> 1) ^ (joint & 1 ? MATRIX : 0);
    }
    this.#next = 0;
  }
}
