/** Seconds that the rings look back. Longer than any window of the settings. */
const RING_SECONDS = 64;
const RING_MASK = RING_SECONDS - 1;
/** Sums without a ring lose half this often, so that they tell of the last minute or so. */
const HALVING_SECONDS = 32;
/** How far a conversation's size may be from the usual one and look alike: headers with dates and random names. */
const ALIKE_SHARE = 0.15;
const ALIKE_BYTES = 64;
/** How fast the usual size follows: the mean of about the last eight. */
const SIZE_WEIGHT = 1 / 8;

/** Under the least that any setting asks for, even after the sums were halved. */
const IDLE_BELOW = 4;

/** What is counted beside the rings; see `sum`. */
export const CONNECTION_SUMS = [
  /** Handshakes completed. */
  'opened',
  /** Of these: by a client that offered a receive window smaller than any program needs. */
  'tinyWindow',
  /** Connections over. */
  'ended',
  /** Of these: answered with as much as usual. */
  'endedAlike',
  /** Of these: without an answer. */
  'endedUnanswered',
  /** Of these: broken off by the server. */
  'resetByServer',
  /** Connection attempts. */
  'attempts',
  /** Attempts turned down. */
  'refused',
  /** First requests that were not complete when the client stopped sending. */
  'incompleteRequests',
  /** Later bits of a request that still has no answer. */
  'trickles',
  /** Connections in which the server has spoken. */
  'answered',
  /** Requests that begin like HTTP. */
  'requests',
  /** Of these: votes for the most frequent path, less those for others (Boyer and Moore 1981). */
  'samePath',
  /** Of these: hand something in. */
  'submissions',
  /** Logins among the first requests. */
  'logins',
] as const;
export type ConnectionSum = (typeof CONNECTION_SUMS)[number];

const SUM_INDEX = Object.fromEntries(CONNECTION_SUMS.map((name, index) => [name, index])) as Record<
  ConnectionSum,
  number
>;
const SUMS = CONNECTION_SUMS.length;

/**
 * What is known of the connections of many things (servers, or clients of a server), one slot each: how many
 * were opened in each of the last 64 seconds, and of these how many are still open, and still without a
 * complete exchange. A connection is told by the second it began in, so nothing is kept per connection.
 * Fixed memory, about 1.2 kB per slot.
 */
export class ConnectionCounters {
  /** By slot: the moments of the first and the last connection, in microseconds. */
  readonly sinceUs: Float64Array;
  readonly lastUs: Float64Array;
  private readonly second: Float64Array;
  private readonly openedIn: Int32Array;
  private readonly heldOf: Int32Array;
  private readonly unfinishedOf: Int32Array;
  private readonly requestsIn: Int32Array;
  /** Connections begun before the ring. */
  private readonly heldBefore: Int32Array;
  private readonly unfinishedBefore: Int32Array;
  private readonly sums: Float64Array;
  private readonly usualBytes: Float64Array;
  private readonly path: Int32Array;

  constructor(slots: number) {
    this.sinceUs = new Float64Array(slots);
    this.lastUs = new Float64Array(slots);
    this.second = new Float64Array(slots);
    this.openedIn = new Int32Array(slots * RING_SECONDS);
    this.heldOf = new Int32Array(slots * RING_SECONDS);
    this.unfinishedOf = new Int32Array(slots * RING_SECONDS);
    this.requestsIn = new Int32Array(slots * RING_SECONDS);
    this.heldBefore = new Int32Array(slots);
    this.unfinishedBefore = new Int32Array(slots);
    this.sums = new Float64Array(slots * SUMS);
    this.usualBytes = new Float64Array(slots);
    this.path = new Int32Array(slots);
  }

  /** Begins anew at a slot. Connections that began before `timeUs` are not counted, nor their ends. */
  begin(slot: number, timeUs: number): void {
    const from = slot * RING_SECONDS;
    const to = from + RING_SECONDS;
    for (const ring of [this.openedIn, this.heldOf, this.unfinishedOf, this.requestsIn]) ring.fill(0, from, to);
    this.sums.fill(0, slot * SUMS, (slot + 1) * SUMS);
    this.heldBefore[slot] = 0;
    this.unfinishedBefore[slot] = 0;
    this.usualBytes[slot] = 0;
    this.path[slot] = 0;
    this.sinceUs[slot] = timeUs;
    this.lastUs[slot] = timeUs;
    this.second[slot] = Math.floor(timeUs / 1e6);
  }

  /** Whether a connection that began at this moment is among the counted ones. */
  counts(slot: number, firstUs: number): boolean {
    return firstUs >= this.sinceUs[slot]!;
  }

  /** Moves the rings of a slot to the present second. A moment in the past leaves them as they are. */
  advance(slot: number, nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    const last = this.second[slot]!;
    if (second <= last) return;
    this.second[slot] = second;
    const base = slot * RING_SECONDS;
    const steps = Math.min(second - last, RING_SECONDS);
    for (let step = 0; step < steps; step++) {
      const place = base + ((second - step) & RING_MASK);
      this.heldBefore[slot]! += this.heldOf[place]!;
      this.unfinishedBefore[slot]! += this.unfinishedOf[place]!;
      this.openedIn[place] = 0;
      this.heldOf[place] = 0;
      this.unfinishedOf[place] = 0;
      this.requestsIn[place] = 0;
    }
    const halvings = Math.floor(second / HALVING_SECONDS) - Math.floor(last / HALVING_SECONDS);
    if (halvings <= 0) return;
    for (let at = slot * SUMS; at < (slot + 1) * SUMS; at++) this.sums[at]! *= 2 ** -halvings;
  }

  /** So little lately that nothing need be measured: most clients, most of the time. */
  isIdle(slot: number): boolean {
    const lately = this.sum(slot, 'opened') + this.sum(slot, 'requests');
    return lately < IDLE_BELOW && this.heldBefore[slot]! < IDLE_BELOW;
  }

  /** A connection that began at `firstUs` is established at `nowUs`. */
  opened(slot: number, firstUs: number, nowUs: number, isTinyWindow: boolean): void {
    this.advance(slot, nowUs);
    const base = slot * RING_SECONDS;
    this.openedIn[base + (this.second[slot]! & RING_MASK)]!++;
    this.shift(this.heldOf, this.heldBefore, slot, firstUs, 1);
    this.shift(this.unfinishedOf, this.unfinishedBefore, slot, firstUs, 1);
    this.add(slot, 'opened');
    if (isTinyWindow) this.add(slot, 'tinyWindow');
    this.touch(slot, nowUs);
  }

  /** Both sides of a connection have spoken, or it ended before they did. */
  finished(slot: number, firstUs: number): void {
    this.shift(this.unfinishedOf, this.unfinishedBefore, slot, firstUs, -1);
  }

  /** A connection is over. The caller also says `finished` when it never was. */
  ended(slot: number, firstUs: number, answerBytes: number, isResetByServer: boolean): void {
    this.shift(this.heldOf, this.heldBefore, slot, firstUs, -1);
    this.add(slot, 'ended');
    if (isResetByServer) this.add(slot, 'resetByServer');
    if (answerBytes === 0) {
      this.add(slot, 'endedUnanswered');
      return;
    }
    const usual = this.usualBytes[slot]!;
    if (usual === 0) this.usualBytes[slot] = answerBytes;
    else this.usualBytes[slot]! += (answerBytes - usual) * SIZE_WEIGHT;
    const isAlike = usual !== 0 && Math.abs(answerBytes - usual) <= usual * ALIKE_SHARE + ALIKE_BYTES;
    if (isAlike) this.add(slot, 'endedAlike');
  }

  /** A request for a path, given as a number. */
  requested(slot: number, nowUs: number, path: number, isSubmission: boolean): void {
    this.advance(slot, nowUs);
    this.requestsIn[slot * RING_SECONDS + (this.second[slot]! & RING_MASK)]!++;
    const votes = slot * SUMS + SUM_INDEX.samePath;
    this.add(slot, 'requests');
    if (isSubmission) this.add(slot, 'submissions');
    if (path === this.path[slot]) this.sums[votes]!++;
    else if (this.sums[votes]! >= 1) this.sums[votes]!--;
    else {
      this.path[slot] = path;
      this.sums[votes] = 1;
    }
    this.touch(slot, nowUs);
  }

  add(slot: number, name: ConnectionSum): void {
    this.sums[slot * SUMS + SUM_INDEX[name]]!++;
  }

  /** A sum of about the last minute. */
  sum(slot: number, name: ConnectionSum): number {
    return this.sums[slot * SUMS + SUM_INDEX[name]]!;
  }

  /** Connections opened per second over the last whole `seconds`, or 0 where they did not go on all the time. */
  openedPerSecond(slot: number, seconds: number): number {
    return this.sustained(this.openedIn, slot, seconds);
  }

  /** Requests per second in the same way. */
  requestsPerSecond(slot: number, seconds: number): number {
    return this.sustained(this.requestsIn, slot, seconds);
  }

  /** Open connections that are older than this; with `withinRing` only those of the last minute. */
  held(slot: number, olderThanSeconds: number, withinRing = false): number {
    return (withinRing ? 0 : this.heldBefore[slot]!) + this.older(this.heldOf, slot, olderThanSeconds);
  }

  /** Open connections without a complete exchange that are older than this. */
  unfinished(slot: number, olderThanSeconds: number, withinRing = false): number {
    return (withinRing ? 0 : this.unfinishedBefore[slot]!) + this.older(this.unfinishedOf, slot, olderThanSeconds);
  }

  private touch(slot: number, nowUs: number): void {
    if (nowUs > this.lastUs[slot]!) this.lastUs[slot] = nowUs;
  }

  /** Adds to the second in which a connection began; what is gone already cannot go twice. */
  private shift(ring: Int32Array, before: Int32Array, slot: number, firstUs: number, amount: number): void {
    const now = this.second[slot]!;
    const second = Math.min(now, Math.floor(firstUs / 1e6));
    const array = now - second < RING_SECONDS ? ring : before;
    const place = array === ring ? slot * RING_SECONDS + (second & RING_MASK) : slot;
    array[place] = Math.max(0, array[place]! + amount);
  }

  private older(ring: Int32Array, slot: number, olderThanSeconds: number): number {
    const now = this.second[slot]!;
    let sum = 0;
    for (let age = olderThanSeconds + 1; age < RING_SECONDS; age++) {
      sum += ring[slot * RING_SECONDS + ((now - age) & RING_MASK)]!;
    }
    return sum;
  }

  private sustained(ring: Int32Array, slot: number, seconds: number): number {
    const now = this.second[slot]!;
    let sum = 0;
    let least = Number.POSITIVE_INFINITY;
    let secondLeast = Number.POSITIVE_INFINITY;
    for (let age = 1; age <= seconds; age++) {
      const count = ring[slot * RING_SECONDS + ((now - age) & RING_MASK)]!;
      sum += count;
      if (count < least) {
        secondLeast = least;
        least = count;
      } else if (count < secondLeast) secondLeast = count;
    }
    const rate = sum / seconds;
    // One weak second is a hiccup of the server; two are the end of a burst.
    return secondLeast * SUSTAINED_SHARE >= rate ? rate : 0;
  }
}

/** No second but one may have less than this part of the mean. */
const SUSTAINED_SHARE = 4;
