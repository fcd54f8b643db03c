/** Numbers of places in an array that is given out piece by piece: the one that came back last goes out first. */
export class Places {
  readonly #first: number;
  readonly #end: number;
  readonly #free: Int32Array;
  #freeCount = 0;
  #used: number;

  /** Places from `first` to below `end`. */
  constructor(first: number, end: number) {
    this.#first = first;
    this.#end = end;
    this.#free = new Int32Array(end - first);
    this.#used = first;
  }

  /** All that were ever given out since `clear` are below this. */
  get used(): number {
    return this.#used;
  }

  /** A free place, or −1 when there is none. */
  take(): number {
    if (this.#freeCount > 0) return this.#free[--this.#freeCount];
    return this.#used < this.#end ? this.#used++ : -1;
  }

  /** `place`, which was taken, is free again. */
  give(place: number): void {
    this.#free[this.#freeCount++] = place;
  }

  /** All are free. */
  clear(): void {
    this.#freeCount = 0;
    this.#used = this.#first;
  }
}
