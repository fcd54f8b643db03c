/**
 * Open connections in which calls are looked for: each begins with one, and each message of the initiator that is
 * answered, after a silence, is another. So a program that sleeps and asks again in one encrypted connection is seen
 * like one that connects anew each time.
 */
import { type FlowView, INITIATOR_BASIS, PROTOCOL } from '../../../../contract/traffic.ts';
import type { Destination } from './call.ts';
import type { CallPair } from './pair.ts';
import { BURST_SECONDS } from './score.ts';

/** Connections followed at once; a later one in the same place takes it over. */
export const TALKS = 2 ** 14;
const BURST_US = BURST_SECONDS * 1e6;
/** A beginning so large is a transfer: what comes after it in the connection is not waited for. */
const BULK_BYTES = 1_000_000;
/**
 * A record with an alert, as connections of TLS are closed with, is 5 + 2 bytes in the clear and at most 5 + 2 + 1 + 24
 * encrypted (RFC 8446 5.2, RFC 5246 6.2.3); padding to a block makes it 37.
 */
const LEAST_TLS_BYTES = 38;

/** What is known of a connection. */
export const TALK = {
  /** Nothing yet. */
  fresh: 0,
  /** Its messages are calls; of an unknown protocol as long as nobody knows better. */
  followed: 1,
  /** Only its beginning is a call. */
  beginningOnly: 2,
  /** Its requests are told one by one. */
  told: 3,
  /** No call, or not ours to look at. */
  ignored: 4,
} as const;
export type TalkState = (typeof TALK)[keyof typeof TALK];

/** A message that was answered. */
export interface Exchange {
  readonly timeUs: number;
  readonly sentBytes: number;
  readonly answeredBytes: number;
  readonly isFirst: boolean;
}

export class Talks {
  /** Of the connection in a place. */
  readonly #ids = new Float64Array(TALKS);
  readonly #states = new Uint8Array(TALKS);
  readonly #destinations = new Array<Destination | undefined>(TALKS);
  readonly #pairs = new Array<CallPair | undefined>(TALKS);
  readonly #marks = new Uint32Array(TALKS);
  /** Of the message that is under way. */
  readonly #startUs = new Float64Array(TALKS);
  readonly #lastUs = new Float64Array(TALKS);
  readonly #sent = new Float64Array(TALKS);
  readonly #answered = new Float64Array(TALKS);
  readonly #isCall = new Uint8Array(TALKS);
  readonly #exchanges = new Uint32Array(TALKS);
  readonly #selfSigned = new Uint8Array(TALKS);
  /** All that a place holds in numbers; 0 is the beginning of each. */
  readonly #columns = [
    this.#ids,
    this.#states,
    this.#marks,
    this.#startUs,
    this.#lastUs,
    this.#sent,
    this.#answered,
    this.#isCall,
    this.#exchanges,
    this.#selfSigned,
  ];
  readonly #current = { timeUs: 0, sentBytes: 0, answeredBytes: 0, isFirst: false };

  /** The place of a flow, begun if it is new. */
  place(flow: FlowView): number {
    const place = flow.id & (TALKS - 1);
    if (this.#ids[place] !== flow.id) {
      this.forget(place);
      this.#ids[place] = flow.id;
      this.#states[place] = canCall(flow) ? TALK.fresh : TALK.ignored;
    }
    return place;
  }

  /** The place of a flow that was seen before, or −1. */
  find(flow: FlowView): number {
    const place = flow.id & (TALKS - 1);
    return this.#ids[place] === flow.id ? place : -1;
  }

  /** A flow that was cut for its length goes on as another. */
  renew(formerId: number, flow: FlowView): void {
    const former = formerId & (TALKS - 1);
    if (this.#ids[former] !== formerId) return;
    const place = flow.id & (TALKS - 1);
    if (place !== former) {
      for (const column of this.#columns) column[place] = column[former]!;
      this.#destinations[place] = this.#destinations[former];
      this.#pairs[place] = this.#pairs[former];
      this.forget(former);
    }
    this.#ids[place] = flow.id;
  }

  forget(place: number): void {
    // One by one: this is done for every flow, and a loop over arrays of several types is ten times as slow.
    this.#ids[place] = 0;
    this.#states[place] = 0;
    this.#marks[place] = 0;
    this.#startUs[place] = 0;
    this.#lastUs[place] = 0;
    this.#sent[place] = 0;
    this.#answered[place] = 0;
    this.#isCall[place] = 0;
    this.#exchanges[place] = 0;
    this.#selfSigned[place] = 0;
    this.#destinations[place] = undefined;
    this.#pairs[place] = undefined;
  }

  clear(): void {
    for (let place = 0; place < TALKS; place++) if (this.#ids[place] !== 0) this.forget(place);
  }

  state(place: number): TalkState {
    return this.#states[place] as TalkState;
  }

  setState(place: number, state: TalkState): void {
    this.#states[place] = state;
  }

  destination(place: number): Destination | undefined {
    return this.#destinations[place];
  }

  setDestination(place: number, destination: Destination): void {
    this.#destinations[place] = destination;
  }

  pair(place: number): CallPair | undefined {
    return this.#pairs[place];
  }

  setPair(place: number, pair: CallPair | undefined): void {
    this.#pairs[place] = pair;
  }

  marks(place: number): number {
    return this.#marks[place]!;
  }

  addMarks(place: number, marks: number): void {
    this.#marks[place] = this.#marks[place]! | marks;
  }

  noteSelfSigned(place: number): void {
    this.#selfSigned[place] = 1;
  }

  /** Whether the certificate of a connection is one that nobody vouches for. */
  isSelfSigned(place: number): boolean {
    return this.#selfSigned[place] === 1;
  }

  /** Whether a packet at this moment comes after a silence, so that the message before it is over. */
  isOver(place: number, timeUs: number): boolean {
    return this.#lastUs[place]! > 0 && timeUs - this.#lastUs[place]! >= BURST_US;
  }

  /** Ends the message that is under way: what was exchanged in it, if it was a call. The same object each time. */
  finish(place: number): Exchange | undefined {
    const sent = this.#sent[place]!;
    const answered = this.#answered[place]!;
    const isCall = this.#isCall[place] === 1 && answered > 0 && sent >= this.#leastBytes(place);
    const current = this.#current;
    current.timeUs = this.#startUs[place]!;
    current.sentBytes = sent;
    current.answeredBytes = answered;
    current.isFirst = this.#exchanges[place] === 0;
    if (sent + answered > 0) this.#exchanges[place]!++;
    this.#sent[place] = 0;
    this.#answered[place] = 0;
    this.#lastUs[place] = 0;
    return isCall ? current : undefined;
  }

  /** Counts a packet with payload. False for a connection that only transfers something. */
  count(place: number, timeUs: number, bytes: number, fromInitiator: boolean): boolean {
    if (this.#lastUs[place] === 0) {
      this.#startUs[place] = timeUs;
      this.#isCall[place] = fromInitiator || this.#exchanges[place] === 0 ? 1 : 0;
    }
    this.#lastUs[place] = timeUs;
    if (fromInitiator) this.#sent[place]! += bytes;
    else this.#answered[place]! += bytes;
    return this.#exchanges[place]! > 0 || this.#sent[place]! + this.#answered[place]! < BULK_BYTES;
  }

  #leastBytes(place: number): number {
    const channel = this.#destinations[place]?.channel;
    return channel === 'tls' && this.#exchanges[place]! > 0 ? LEAST_TLS_BYTES : 1;
  }
}

/** Connections whose beginning was seen, so that it is known who called, and datagrams. */
function canCall(flow: FlowView): boolean {
  if (flow.protocol === PROTOCOL.udp) return true;
  return flow.protocol === PROTOCOL.tcp && flow.initiatorBasis !== INITIATOR_BASIS.firstPacket;
}
