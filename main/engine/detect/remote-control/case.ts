import type { NamedEnd } from '../control-ends.ts';
import { ownText } from '../own-text.ts';
import type { Seen } from './http-signs.ts';
import { type SignId, signRow, TELLING_POINTS } from './signs.ts';

/** Of what was seen, so much is kept for the reader. */
const MAX_VALUE = 256;
/** Two that are a timer's: fewer gaps tell nothing. */
const STEADY_CALLS = 5;
const LEAST_GAP_US = 1_000_000;
const MOST_GAP_US = 3_600_000_000;
/** Jitter of up to a third is usual among implants. */
const STEADY = 0.4;

/** Who asks for so much, so fast, and mostly in vain goes through a list of names; who takes orders waits for them. */
const LEAST_SEARCH = 20;
const REFUSED_SHARE = 0.5;
const REQUESTS_PER_SECOND = 2;
/** Servers that refuse answer so (RFC 9110 15.5, 15.6). */
export const FIRST_REFUSAL = 400;

/** All that is known between one caller and one whom it calls. */
export class ControlCase {
  readonly caller: NamedEnd;
  readonly called: NamedEnd;
  readonly signs = new Map<SignId, string | number>();
  readonly firstUs: number;
  lastUs: number;
  requests = 0;
  connections = 0;
  hasSetCookie = false;
  /** An answer had something in it: orders may be in there. */
  hasContent = false;
  isEncrypted = false;
  isWeb = false;
  points = 0;
  /** Points when it was told at last. */
  toldPoints = 0;
  toldUs = Number.NEGATIVE_INFINITY;
  #hasTelling = false;
  #gaps = 0;
  #mean = 0;
  #squares = 0;
  #callUs = 0;
  #answers = 0;
  #refusals = 0;

  constructor(caller: NamedEnd, called: NamedEnd, timeUs: number) {
    this.caller = caller;
    this.called = called;
    this.firstUs = timeUs;
    this.lastUs = timeUs;
  }

  /** One strong sign at least, and something beside it. */
  get isTelling(): boolean {
    return this.#hasTelling && this.signs.size > 1;
  }

  /** A web scanner goes through a list of names. */
  get isSearch(): boolean {
    if (this.#answers < LEAST_SEARCH || this.#refusals < this.#answers * REFUSED_SHARE) return false;
    return this.#answers * 1e6 >= (this.lastUs - this.firstUs) * REQUESTS_PER_SECOND;
  }

  /** Orders can have come back: one request that brought nothing carried something away, and no more. */
  get canTakeOrders(): boolean {
    return !this.isWeb || this.requests > 1 || this.hasContent || this.signs.has('several-servers');
  }

  /** @returns whether there is anything new */
  add(seen: readonly Seen[]): boolean {
    const before = this.points;
    for (const [sign, value] of seen) {
      if (this.signs.has(sign)) continue;
      const { points } = signRow(sign);
      this.signs.set(sign, typeof value === 'string' ? ownText(value.slice(0, MAX_VALUE)) : value);
      this.points += points;
      this.#hasTelling ||= points >= TELLING_POINTS;
    }
    return this.points !== before;
  }

  /** An answer to a request. @param hasContent whether there is anything in it */
  answer(status: number, hasContent: boolean): void {
    this.#answers++;
    if (status >= FIRST_REFUSAL) this.#refusals++;
    else if (hasContent) this.hasContent = true;
  }

  /** A request: by and by it shows whether a timer makes them. */
  call(timeUs: number): void {
    this.requests++;
    const gap = timeUs - this.#callUs;
    // What comes at once belongs together; after a long pause a timer would have begun anew.
    if (this.#callUs > 0 && gap < LEAST_GAP_US) return;
    if (this.#callUs > 0 && gap <= MOST_GAP_US) {
      this.#gaps++;
      const difference = gap - this.#mean;
      this.#mean += difference / this.#gaps;
      this.#squares += difference * (gap - this.#mean);
    }
    this.#callUs = timeUs;
    if (this.#gaps < STEADY_CALLS) return;
    if (Math.sqrt(this.#squares / (this.#gaps - 1)) <= this.#mean * STEADY) {
      this.add([['steady-calls', `every ${(this.#mean / 1e6).toFixed(1)} s`]]);
    }
  }
}
