/** How many lines a second are taken of one log: a writer that floods it costs no more than this. */
export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #lastMs: number;
  #dropped = 0;

  /** `burst` lines may come at once. Times are monotonic milliseconds. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#lastMs = nowMs;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Whether one more may pass; counts those that may not. */
  take(nowMs: number): boolean {
    const gained = ((nowMs - this.#lastMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + Math.max(0, gained));
    this.#lastMs = nowMs;
    if (this.#tokens < 1) {
      this.#dropped += 1;
      return false;
    }
    this.#tokens -= 1;
    return true;
  }
}
