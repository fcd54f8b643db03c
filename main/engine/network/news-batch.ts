import type { FlowView } from '../../../contract/traffic.ts';
import type { Draft } from '../runtime/draft.ts';
import { FEATURES } from './features.ts';
import { BATCH_SIZE, PacketBatch } from './packet-batch.ts';
import type { InspectedFlow } from './protocols/conversation.ts';

/** What observers can be told of, one word each; see `newsWord`. */
export const NEWS = {
  /** The next packet of the batch. */
  packet: 0,
  /** The next packet of the batch is the one that was told of in the batch before. */
  samePacket: 1,
  /** What follows is about the next flow of the batch. */
  flow: 2,
  flowStart: 3,
  /** Detail: see FLOW_CHANGE. */
  flowChange: 4,
  /** Detail: 1 from the initiator. */
  payload: 5,
  segment: 6,
  /** The next fact of the batch. */
  fact: 7,
  flowUpdate: 8,
  /** Detail: see END_REASON. */
  flowEnd: 9,
  /** The next word is the former id. */
  flowRenewed: 10,
  /** At the next time of the batch. */
  tick: 11,
  clockReset: 12,
} as const;
export type News = (typeof NEWS)[keyof typeof NEWS];

/** Words of a batch: some four for each packet. What does not fit goes into the next one. */
export const NEWS_WORDS = 8_192;
/** Flows of a batch: with every packet there may be one, and floods end as many. */
export const NEWS_FLOWS = 4_096;
const NEWS_TIMES = 256;
/** Facts of a batch: they are on the heap until both threads are done with them. */
export const NEWS_FACTS = 4_096;

/** Rows of features, of flows that end: floods end two thousand in a batch. Where nobody wants them they take no memory. */
const NEWS_ROWS = 2_048;
const ROW_BYTES = FEATURES.length * Float32Array.BYTES_PER_ELEMENT;

/** Words (Int32) and numbers (Float64) of a flow, in the order in which `addFlow` writes them. */
const FLOW_WORDS = 20;
const FLOW_NUMBERS = 8;

const COUNTS = { words: 0, flows: 1, times: 2, facts: 3, rows: 4 } as const;
const COUNT_BYTES = 32;
const WORD_BYTES = NEWS_WORDS * Int32Array.BYTES_PER_ELEMENT;
const FLOW_WORD_BYTES = NEWS_FLOWS * FLOW_WORDS * Int32Array.BYTES_PER_ELEMENT;
const FLOW_NUMBER_BYTES = NEWS_FLOWS * FLOW_NUMBERS * Float64Array.BYTES_PER_ELEMENT;
const TIME_BYTES = NEWS_TIMES * Float64Array.BYTES_PER_ELEMENT;
/** Batches lie one behind the other, and each begins where a number may. */
const ALIGNMENT = 16;
export const NEWS_BATCH_SIZE =
  Math.ceil(
    (BATCH_SIZE + COUNT_BYTES + WORD_BYTES + FLOW_WORD_BYTES + FLOW_NUMBER_BYTES + TIME_BYTES + NEWS_ROWS * ROW_BYTES) /
      ALIGNMENT,
  ) * ALIGNMENT;

/** A kind of news with a detail, and what of a flow may change between two of the same packet. */
export function newsWord(kind: News, detail: number, { tcpState, service, serviceBasis }: FlowView): number {
  return kind | (detail << 4) | (tcpState << 8) | (serviceBasis << 12) | (service << 16);
}

/** What observers are told, on its way from the thread that follows the flows to theirs, in shared memory. */
export class NewsBatch {
  readonly packets: PacketBatch;
  readonly words: Int32Array;
  readonly times: Float64Array;
  readonly #counts: Int32Array;
  readonly #flowWords: Int32Array;
  readonly #flowNumbers: Float64Array;
  readonly #rows: Float32Array;

  constructor(memory: SharedArrayBuffer, offset: number) {
    this.packets = new PacketBatch(memory, offset);
    let at = offset + BATCH_SIZE;
    const next = (bytes: number) => {
      at += bytes;
      return at - bytes;
    };
    this.#counts = new Int32Array(memory, next(COUNT_BYTES), COUNT_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.words = new Int32Array(memory, next(WORD_BYTES), NEWS_WORDS);
    this.#flowWords = new Int32Array(memory, next(FLOW_WORD_BYTES), NEWS_FLOWS * FLOW_WORDS);
    this.#flowNumbers = new Float64Array(memory, next(FLOW_NUMBER_BYTES), NEWS_FLOWS * FLOW_NUMBERS);
    this.times = new Float64Array(memory, next(TIME_BYTES), NEWS_TIMES);
    this.#rows = new Float32Array(memory, next(0), NEWS_ROWS * FEATURES.length);
  }

  get wordCount(): number {
    return this.#counts[COUNTS.words];
  }

  get factCount(): number {
    return this.#counts[COUNTS.facts];
  }

  clear(): void {
    this.packets.clear();
    this.#counts.fill(0);
  }

  /** Whether one more of everything fits. */
  get hasRoom(): boolean {
    const counts = this.#counts;
    return (
      counts[COUNTS.words] + 4 <= NEWS_WORDS &&
      counts[COUNTS.flows] < NEWS_FLOWS &&
      counts[COUNTS.times] < NEWS_TIMES &&
      counts[COUNTS.facts] < NEWS_FACTS &&
      counts[COUNTS.rows] < NEWS_ROWS
    );
  }

  add(word: number): void {
    this.words[this.#counts[COUNTS.words]++] = word;
  }

  addTime(timeUs: number): void {
    this.times[this.#counts[COUNTS.times]++] = timeUs;
  }

  countFact(): void {
    this.#counts[COUNTS.facts]++;
  }

  addFeatures(row: ArrayLike<number>): void {
    this.#rows.set(row, this.#counts[COUNTS.rows]++ * FEATURES.length);
  }

  /** Row number `n` of features. */
  features(n: number): Float32Array {
    return this.#rows.subarray(n * FEATURES.length, (n + 1) * FEATURES.length);
  }

  addFlow(flow: InspectedFlow): void {
    const n = this.#counts[COUNTS.flows]++;
    const words = this.#flowWords;
    let at = n * FLOW_WORDS;
    words[at++] = flow.id;
    words[at++] = flow.slot;
    words[at++] = flow.ipVersion;
    words[at++] = flow.protocol;
    words[at++] = flow.vlan;
    words[at++] = flow.tunnel;
    words[at++] = flow.initiator0;
    words[at++] = flow.initiator1;
    words[at++] = flow.initiator2;
    words[at++] = flow.initiator3;
    words[at++] = flow.responder0;
    words[at++] = flow.responder1;
    words[at++] = flow.responder2;
    words[at++] = flow.responder3;
    words[at++] = (flow.initiatorPort << 16) | flow.responderPort;
    words[at++] = flow.initiatorBasis;
    words[at++] = flow.initiatorFlags;
    words[at++] = flow.responderFlags;
    words[at] = flow.firstFlags;
    const numbers = this.#flowNumbers;
    at = n * FLOW_NUMBERS;
    numbers[at++] = flow.firstUs;
    numbers[at++] = flow.lastUs;
    numbers[at++] = flow.initiatorPackets;
    numbers[at++] = flow.responderPackets;
    numbers[at++] = flow.initiatorPayloadBytes;
    numbers[at++] = flow.responderPayloadBytes;
    numbers[at++] = flow.initiatorWireBytes;
    numbers[at] = flow.responderWireBytes;
  }

  /** Fills `flow` with flow number `n`. */
  readFlow(n: number, flow: NewsFlow): void {
    const words = this.#flowWords;
    let at = n * FLOW_WORDS;
    flow.id = words[at++];
    flow.slot = words[at++];
    flow.ipVersion = words[at++];
    flow.protocol = words[at++];
    flow.vlan = words[at++];
    flow.tunnel = words[at++];
    flow.initiator0 = words[at++];
    flow.initiator1 = words[at++];
    flow.initiator2 = words[at++];
    flow.initiator3 = words[at++];
    flow.responder0 = words[at++];
    flow.responder1 = words[at++];
    flow.responder2 = words[at++];
    flow.responder3 = words[at++];
    flow.initiatorPort = words[at] >>> 16;
    flow.responderPort = words[at++] & 0xffff;
    flow.initiatorBasis = words[at++] as FlowView['initiatorBasis'];
    flow.initiatorFlags = words[at++];
    flow.responderFlags = words[at++];
    flow.firstFlags = words[at];
    const numbers = this.#flowNumbers;
    at = n * FLOW_NUMBERS;
    flow.firstUs = numbers[at++];
    flow.lastUs = numbers[at++];
    flow.initiatorPackets = numbers[at++];
    flow.responderPackets = numbers[at++];
    flow.initiatorPayloadBytes = numbers[at++];
    flow.responderPayloadBytes = numbers[at++];
    flow.initiatorWireBytes = numbers[at++];
    flow.responderWireBytes = numbers[at];
  }
}

/** The one flow that observers are shown, filled again and again. Like Packet: one shape, numbers that stay as they are. */
export class NewsFlow implements Draft<FlowView> {
  id = 0;
  /** Its place in the flow table. */
  slot = 0;
  ipVersion = 0;
  protocol = 0;
  vlan = 0;
  tunnel = 0;
  initiator0 = 0;
  initiator1 = 0;
  initiator2 = 0;
  initiator3 = 0;
  responder0 = 0;
  responder1 = 0;
  responder2 = 0;
  responder3 = 0;
  initiatorPort = 0;
  responderPort = 0;
  initiatorBasis: FlowView['initiatorBasis'] = 0;
  // Not 0: a field born as a small integer would change its representation at the first large number.
  firstUs = Number.NaN;
  lastUs = Number.NaN;
  initiatorPackets = Number.NaN;
  responderPackets = Number.NaN;
  initiatorPayloadBytes = Number.NaN;
  responderPayloadBytes = Number.NaN;
  initiatorWireBytes = Number.NaN;
  responderWireBytes = Number.NaN;
  tcpState: FlowView['tcpState'] = 0;
  initiatorFlags = 0;
  responderFlags = 0;
  firstFlags = 0;
  service = 0;
  serviceBasis: FlowView['serviceBasis'] = 0;

  /** What a word of news says beside its kind; see `newsWord`. */
  change(word: number): void {
    this.tcpState = ((word >> 8) & 0xf) as FlowView['tcpState'];
    this.serviceBasis = ((word >> 12) & 3) as FlowView['serviceBasis'];
    this.service = (word >> 16) & 0xff;
  }
}
