/** Random numbers that are the same for the same seed, so that a model can be trained again and be the same. */

const UINT32 = 4_294_967_296;
const FRACTION_BITS = 2 ** -53;

/**
 * xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), its state filled from
 * the seed by SplitMix32. Not for secrets.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  /** @param seed any integer; its low 32 bits count */
  constructor(seed: number) {
    let state = seed >>> 0;
    const next = () => {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = state;
      mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return (mixed ^ (mixed >>> 15)) >>> 0;
    };
    this.a = next();
    this.b = next();
    this.c = next();
    this.d = next();
  }

  /** 0 to 2³² − 1. */
  uint32(): number {
    const scrambled = Math.imul(this.b, 5);
    const result = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result >>> 0;
  }

  /** From 0 up to but not including 1, in steps of 2⁻⁵³. */
  next(): number {
    return ((this.uint32() >>> 5) * 67_108_864 + (this.uint32() >>> 6)) * FRACTION_BITS;
  }

  /** From 0 up to but not including `limit`, which is 1 to 2³². */
  below(limit: number): number {
    // The few highest numbers would make the low results likelier, so they are drawn again.
    const fair = UINT32 - (UINT32 % limit);
    let drawn = this.uint32();
    while (drawn >= fair) drawn = this.uint32();
    return drawn % limit;
  }

  /** Of the normal distribution with mean 0 and deviation 1 (Box and Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** `count` different numbers below `limit` in random order; all of them where `count` is not below `limit`. */
  choose(limit: number, count: number): Int32Array {
    const all = new Int32Array(limit);
    for (let i = 0; i < limit; i++) all[i] = i;
    const wanted = Math.min(count, limit);
    for (let i = 0; i < wanted; i++) {
      const other = i + this.below(limit - i);
      const kept = all[i]!;
      all[i] = all[other]!;
      all[other] = kept;
    }
    return all.slice(0, wanted);
  }
}
