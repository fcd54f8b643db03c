/** Random numbers that are the same for the same seed, so that a model can be trained again and be the same. */

const UINT32 = 4_294_967_296;
/** What the upper of the two parts of a fraction of 53 bits is worth, and the steps that such fractions have. */
export const HIGH_PART = 2 ** 26;
export const FRACTION_STEP = 2 ** -53;

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

  /** The four words of 32 bits from which others can draw on. */
  state(): readonly [number, number, number, number] {
    return [this.a, this.b, this.c, this.d];
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
    return ((this.uint32() >>> 5) * HIGH_PART + (this.uint32() >>> 6)) * FRACTION_STEP;
  }

  /** From 0 up to but not including `limit`, which is 1 to 2³² − 1. */
  below(limit: number): number {
    // Whole numbers of 32 bits throughout: remainders of others are computed by a slow call.
    const whole = limit >>> 0;
    let drawn = this.uint32();
    // The few highest numbers would make the low results likelier, so they are drawn again.
    while (drawn >= UINT32 - whole && drawn >= UINT32 - ((-whole >>> 0) % whole)) drawn = this.uint32();
    return (drawn >>> 0) % whole;
  }

  /** Of the normal distribution with mean 0 and deviation 1 (Box and Muller 1958). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }

  /** `count` different numbers below `limit` in random order; all of them where `count` is not below `limit`. */
  choose(limit: number, count: number): Int32Array {
    return new Urn(limit).draw(count, this);
  }
}

/** Numbers below a limit, to draw from again and again. */
export class Urn {
  /** In order, between draws. */
  private readonly numbers: Int32Array;
  /** Places that numbers of the last draw were swapped with. */
  private readonly others: Int32Array;

  constructor(limit: number) {
    this.numbers = new Int32Array(limit);
    for (let number = 0; number < limit; number++) this.numbers[number] = number;
    this.others = new Int32Array(limit);
  }

  /** `count` different numbers in random order, or all where there are not so many. They are back for the next draw. */
  draw(count: number, random: Random): Int32Array {
    const { numbers, others } = this;
    const wanted = Math.min(count, numbers.length);
    for (let i = 0; i < wanted; i++) {
      others[i] = i + random.below(numbers.length - i);
      this.swap(i, others[i]!);
    }
    const drawn = numbers.slice(0, wanted);
    for (let i = wanted - 1; i >= 0; i--) this.swap(i, others[i]!);
    return drawn;
  }

  private swap(a: number, b: number): void {
    const { numbers } = this;
    const kept = numbers[a]!;
    numbers[a] = numbers[b]!;
    numbers[b] = kept;
  }
}
