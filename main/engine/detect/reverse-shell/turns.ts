/**
 * The rhythm of a person or a program that gives orders: the called end says something short after a silence, the
 * caller answers with more, again and again, at no steady pace. It shows also where nothing can be read.
 */

/** Both were silent for so long before an order. */
const SILENCE_US = 500_000;
/** An answer begins within this time, a command that takes a while included. */
const ANSWER_US = 5_000_000;
/** A command line, also encrypted and padded. */
const ORDER_BYTES = 512;

export class Turns {
  /** Orders that were answered. */
  answered = 0;
  orderBytes = 0;
  answerBytes = 0;
  /** Said by the caller without being asked. */
  unasked = 0;
  #lastUs = Number.NEGATIVE_INFINITY;
  #orderUs = Number.NEGATIVE_INFINITY;
  #isAnswered = true;
  /** Mean of the gaps between orders, and the sum of squared differences from it (Welford 1962). */
  #gaps = 0;
  #mean = 0;
  #squares = 0;

  /** @param fromCalled whether the end that was called says it */
  take(timeUs: number, bytes: number, fromCalled: boolean): void {
    const isAfterSilence = timeUs - this.#lastUs >= SILENCE_US;
    this.#lastUs = timeUs;
    if (fromCalled) {
      if (!isAfterSilence && !this.#isAnswered) {
        this.orderBytes += bytes;
        return;
      }
      if (!isAfterSilence || bytes > ORDER_BYTES) return;
      if (this.#orderUs > 0) this.#addGap(timeUs - this.#orderUs);
      this.#orderUs = timeUs;
      this.#isAnswered = false;
      this.orderBytes += bytes;
    } else if (timeUs - this.#orderUs <= ANSWER_US) {
      if (!this.#isAnswered) this.answered++;
      this.#isAnswered = true;
      this.answerBytes += bytes;
    } else if (isAfterSilence) this.unasked++;
  }

  /** Standard deviation of the gaps between orders by their mean: 0 for a clock, about 1 for a person. */
  get irregularity(): number {
    if (this.#gaps < 2 || this.#mean <= 0) return 0;
    return Math.sqrt(this.#squares / (this.#gaps - 1)) / this.#mean;
  }

  #addGap(gapUs: number): void {
    this.#gaps++;
    const difference = gapUs - this.#mean;
    this.#mean += difference / this.#gaps;
    this.#squares += difference * (gapUs - this.#mean);
  }
}
