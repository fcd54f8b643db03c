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
/** Who acts at once on what was said answers within this time: a shell does, a person who reads first does not. */
const PROMPT_US = 1_000_000;
/** Behind a slow line a reply comes late: what comes within two round trips may be one. */
const ROUND_TRIPS = 2;
const MOST_ROUND_TRIP_US = 2_000_000;
/** So many sizes are told apart: enough to tell that they differ. */
const MOST_SIZES = 8;

export class Turns {
  /** Orders that were answered. */
  answered = 0;
  orderBytes = 0;
  answerBytes = 0;
  /** Said by the caller without being asked. */
  unasked = 0;
  /** Answers that began within a second. */
  promptAnswers = 0;
  /** All that either end said since the first order, in bytes. */
  calledBytes = 0;
  callerBytes = 0;
  #orders = 0;
  #orderSizes: number[] | undefined;
  #answerSizes: number[] | undefined;
  #silenceUs = SILENCE_US;
  #lastUs = Number.NEGATIVE_INFINITY;
  #orderUs = Number.NEGATIVE_INFINITY;
  #isAnswered = true;
  /** Mean of the gaps between orders, and the sum of squared differences from it (Welford 1962). */
  #gaps = 0;
  #mean = 0;
  #squares = 0;

  /** Different sizes of orders, 8 at the most: what only keeps a line open is always the same. */
  get orderSizes(): number {
    return this.#orderSizes?.length ?? 0;
  }

  /** Different sizes of the first message of an answer, 8 at the most. */
  get answerSizes(): number {
    return this.#answerSizes?.length ?? 0;
  }

  /** Seconds between orders in the mean; 0 before there are two. */
  get pauseSeconds(): number {
    return this.#mean / 1e6;
  }

  /** Something that is neither an order nor an answer, such as a handshake. @param fromCalled whether it is a reply */
  skip(timeUs: number, fromCalled: boolean): void {
    const roundTripUs = Math.min(timeUs - this.#lastUs, MOST_ROUND_TRIP_US);
    if (fromCalled && roundTripUs >= 0) this.#silenceUs = Math.max(this.#silenceUs, roundTripUs * ROUND_TRIPS);
    this.#lastUs = timeUs;
  }

  /** @param fromCalled whether the end that was called says it */
  take(timeUs: number, bytes: number, fromCalled: boolean): void {
    const isAfterSilence = timeUs - this.#lastUs >= this.#silenceUs;
    this.#lastUs = timeUs;
    if (this.#orders > 0) {
      if (fromCalled) this.calledBytes += bytes;
      else this.callerBytes += bytes;
    }
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
      this.#orderSizes = withSize(this.#orderSizes, bytes);
      if (this.#orders === 0) this.calledBytes = bytes;
      this.#orders++;
    } else if (timeUs - this.#orderUs <= ANSWER_US) {
      if (!this.#isAnswered) {
        this.answered++;
        if (timeUs - this.#orderUs <= PROMPT_US) this.promptAnswers++;
        this.#answerSizes = withSize(this.#answerSizes, bytes);
      }
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

/** The sizes with one more, while there is room. */
function withSize(sizes: number[] | undefined, bytes: number): number[] {
  if (sizes === undefined) return [bytes];
  if (sizes.length < MOST_SIZES && !sizes.includes(bytes)) sizes.push(bytes);
  return sizes;
}
