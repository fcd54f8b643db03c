import { isInternal, parseAddress } from '../../runtime/address.ts';
import { TopKeys } from '../../runtime/counters.ts';
import { type BeaconCall, CALL_MARKS, type CallMark, callableName, type Destination, pairKey } from './call.ts';
import { type BeaconScore, scoreBeacon } from './score.ts';
import { median, medianDeviation, sorted } from './statistics.ts';

/** Calls remembered: nine minutes of one every two seconds, ten days of one an hour. */
export const REMEMBERED_CALLS = 256;
const REMEMBERED_SIZES = 64;
/** Things asked for that are told apart; all others are one. */
const MAX_SHAPES = 15;
const OTHER_SHAPE = MAX_SHAPES;
/** Servers of one name that are named. */
const MAX_SERVERS = 8;
const MAX_AGENT_TEXT = 120;

/** What is asked for by itself is measured when it is at least this share of the calls, and not nearly all. */
const SHAPE_SHARE = { least: 0.3, most: 0.9 } as const;
const LEAST_SHAPE_CALLS = 8;

/** Measured again after so many more calls: a quarter, at most REMEMBERED_CALLS / 4. */
const MEASURE_GROWTH = 1.25;
const MEASURE_AT_LEAST = 2;
const MEASURE_AT_MOST = REMEMBERED_CALLS / 4;

/** What was last reported of a pair. */
export interface Reported {
  calls: number;
  severityRank: number;
  timeUs: number;
}

/** One host and one destination that it calls again and again. About 4 kB. */
export class CallPair {
  readonly key: string;
  readonly destination: Destination;
  readonly isClientInside: boolean;
  readonly isServerInside: boolean;
  /** Called by a name; through a proxy an address can stand for one. */
  readonly isNamed: boolean;
  readonly firstUs: number;
  lastUs: number;
  /** All, those in bursts as one. */
  calls = 0;
  /** All, each by itself. */
  messages = 0;
  agent = '';
  /** DNS: names that were asked for again. */
  repeats = 0;
  /** TLS: certificates that nobody vouches for. */
  selfSigned = 0;
  readonly servers = new TopKeys(MAX_SERVERS);
  readonly reported: Reported = { calls: 0, severityRank: -1, timeUs: 0 };

  readonly #times = new Float64Array(REMEMBERED_CALLS);
  readonly #shapeOfCall = new Uint8Array(REMEMBERED_CALLS);
  readonly #sent = new Float32Array(REMEMBERED_SIZES);
  readonly #answered = new Float32Array(REMEMBERED_SIZES);
  #sentCount = 0;
  #answeredCount = 0;
  readonly #marks = new Uint32Array(CALL_MARKS.length);
  readonly #shapes: string[] = [];
  #score: BeaconScore | undefined;
  #scoredCalls = 0;

  constructor(destination: Destination, firstUs: number) {
    this.key = pairKey(destination);
    this.destination = destination;
    this.firstUs = firstUs;
    this.lastUs = firstUs;
    this.isNamed = callableName(destination.name) !== '';
    this.isClientInside = isInside(destination.client);
    this.isServerInside = isInside(destination.server);
  }

  /** @param isNew false for a message of the burst that goes on */
  add(call: BeaconCall, isNew: boolean): void {
    const { timeUs, sentBytes, answeredBytes } = call;
    this.messages++;
    this.servers.add(call.destination.server);
    if (call.timeUs > this.lastUs) this.lastUs = call.timeUs;
    for (let index = 0; index < CALL_MARKS.length; index++)
      if ((call.marks & (1 << index)) !== 0) this.#marks[index]!++;
    if (call.agent !== '') this.agent = call.agent.slice(0, MAX_AGENT_TEXT);
    if (sentBytes >= 0) this.addSent(sentBytes);
    if (answeredBytes >= 0) this.addAnswered(answeredBytes);
    const shape = this.#shapeIndex(call.shape);
    if (isNew) this.#remember(timeUs, shape);
  }

  /** A call of which no more than the time is known: it was made before the pair was worth a place. */
  addTime(timeUs: number): void {
    this.#remember(timeUs, OTHER_SHAPE);
  }

  addSent(bytes: number): void {
    this.#sent[this.#sentCount++ % REMEMBERED_SIZES] = bytes;
  }

  addAnswered(bytes: number): void {
    this.#answered[this.#answeredCount++ % REMEMBERED_SIZES] = bytes;
  }

  /** Share of the messages that show a mark. */
  share(mark: CallMark): number {
    return this.messages === 0 ? 0 : this.#marks[CALL_MARKS.indexOf(mark)]! / this.messages;
  }

  /** What was asked for, at most MAX_SHAPES, in the order in which it came. */
  get shapes(): readonly string[] {
    return this.#shapes;
  }

  get sentMedian(): number {
    return median(sorted(this.#sizes(this.#sent, this.#sentCount)));
  }

  /** Whether nearly all answers have one length. */
  get isAnsweredAlike(): boolean {
    const sizes = this.#sizes(this.#answered, this.#answeredCount);
    return sizes.length >= LEAST_SHAPE_CALLS && medianDeviation(sorted(sizes)) === 0;
  }

  /** Whether enough has come since the last measurement for another. */
  get isDue(): boolean {
    const growth = Math.max(MEASURE_AT_LEAST, this.#scoredCalls * (MEASURE_GROWTH - 1));
    return this.calls >= this.#scoredCalls + Math.min(growth, MEASURE_AT_MOST);
  }

  get isMeasuredWhole(): boolean {
    return this.#scoredCalls === this.calls;
  }

  /** The last measurement; undefined before the first. */
  get score(): BeaconScore | undefined {
    return this.#score;
  }

  /** Of all calls, or of those that ask for the one thing that is asked for most, whichever is more like a beacon. */
  measure(): BeaconScore {
    this.#scoredCalls = this.calls;
    const count = Math.min(this.calls, REMEMBERED_CALLS);
    const sentBytes = this.#sizes(this.#sent, this.#sentCount);
    const answeredBytes = this.#sizes(this.#answered, this.#answeredCount);
    let best = scoreBeacon({ timesUs: this.#times.subarray(0, count), sentBytes, answeredBytes });
    const timesUs = this.#timesOfMainShape(count);
    if (timesUs !== undefined) {
      const ofShape = scoreBeacon({ timesUs, sentBytes, answeredBytes });
      if (ofShape.score > best.score) best = ofShape;
    }
    this.#score = best;
    return best;
  }

  #timesOfMainShape(count: number): Float64Array | undefined {
    const counts = new Uint32Array(MAX_SHAPES + 1);
    for (let index = 0; index < count; index++) counts[this.#shapeOfCall[index]!]!++;
    let main = 0;
    for (let shape = 1; shape < MAX_SHAPES; shape++) if (counts[shape]! > counts[main]!) main = shape;
    const share = counts[main]! / count;
    if (counts[main]! < LEAST_SHAPE_CALLS || share < SHAPE_SHARE.least || share > SHAPE_SHARE.most) return undefined;
    return this.#times.subarray(0, count).filter((_, index) => this.#shapeOfCall[index] === main);
  }

  #remember(timeUs: number, shape: number): void {
    const place = this.calls++ % REMEMBERED_CALLS;
    this.#times[place] = timeUs;
    this.#shapeOfCall[place] = shape;
  }

  #shapeIndex(shape: string): number {
    const known = this.#shapes.indexOf(shape);
    if (known >= 0) return known;
    if (this.#shapes.length >= MAX_SHAPES) return OTHER_SHAPE;
    return this.#shapes.push(shape) - 1;
  }

  #sizes(ring: Float32Array, count: number): Float32Array {
    return ring.subarray(0, Math.min(count, REMEMBERED_SIZES));
  }
}

function isInside(address: string): boolean {
  const words = parseAddress(address);
  return words !== null && isInternal(...words);
}
