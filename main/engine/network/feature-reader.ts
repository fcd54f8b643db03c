import type { FlowView } from '../../../contract/traffic.ts';
import { computeFeatures, FEATURES, FlowNumbers } from './features.ts';
import { FIRST_PACKET_NUMBERS } from './first-packet.ts';
import type { FlowSource } from './flow-events.ts';

/** Where an observer finds the numbers of the flow that it is shown; asked at the first flow, not before. */
export type FlowSourceThunk = () => FlowSource;

/** What a flow that ends is described by, wherever its statistics are. */
export interface FeatureSource {
  /** Flows begun so far; the ids of flows are the low 32 bits of their number. */
  readonly begun: number;
  /** The features of `flow`, which is just ending, in the order of FEATURES; valid until the next call. */
  read(flow: FlowView): Float64Array | Float32Array;
}

/** The features of one-packet flows that look alike, with room for what a reader's owner makes of them. */
export interface Memo {
  readonly key: Int32Array;
  readonly row: Float64Array;
  /** Their text, once somebody has written it. */
  text: Uint8Array | null;
  /** How often the text was wanted. */
  uses: number;
  /** Where somebody keeps them; −1 while nobody does. */
  place: number;
}

/** Lines of the memo; a power of two. A flood needs one, ordinary traffic a few dozen. */
const MEMO_LINES = 1_024;

/**
 * Computes the features of flows that end; the base of all exporters. The features of a flow of one packet
 * depend on a few numbers, and floods and scans repeat them: they are computed once and remembered.
 */
export class FeatureReader implements FeatureSource {
  /** The memo behind the row last read, when its flow had one packet. */
  memo: Memo | null = null;
  readonly #row = new Float64Array(FEATURES.length);
  readonly #numbers = new FlowNumbers();
  readonly #findSource: FlowSourceThunk;
  #source: FlowSource | undefined;
  readonly #memos: (Memo | null)[] = new Array(MEMO_LINES).fill(null);
  readonly #key = new Int32Array(FIRST_PACKET_NUMBERS);

  constructor(findSource: FlowSourceThunk) {
    this.#findSource = findSource;
  }

  get begun(): number {
    return this.#found().begun;
  }

  /** The features of `flow` in the order of FEATURES; valid until the next call. */
  read(flow: FlowView): Float64Array {
    const source = this.#found();
    this.memo = null;
    // Payloads differ in their entropy: only packets without are alike.
    if (source.readFirstPacket(this.#key) && flow.initiatorPayloadBytes === 0) return this.#readOnePacket(flow, source);
    computeFeatures(this.#numbers.point(flow, source.statistics, source.statisticsBase()), this.#row);
    return this.#row;
  }

  #found(): FlowSource {
    this.#source ??= this.#findSource();
    return this.#source;
  }

  #readOnePacket(flow: FlowView, source: FlowSource): Float64Array {
    const key = this.#key;
    let hash = 0;
    for (let i = 0; i < FIRST_PACKET_NUMBERS; i++) {
      hash = Math.imul(hash ^ key[i], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const line = hash & (MEMO_LINES - 1);
    let memo = this.#memos[line];
    if (memo === null) {
      memo = { key: key.slice(), row: new Float64Array(FEATURES.length), text: null, uses: 0, place: -1 };
      this.#memos[line] = memo;
      this.#fill(memo, flow, source);
    } else if (!isSame(memo.key, key)) {
      memo.key.set(key);
      this.#fill(memo, flow, source);
    }
    this.memo = memo;
    return memo.row;
  }

  #fill(memo: Memo, flow: FlowView, source: FlowSource): void {
    computeFeatures(this.#numbers.point(flow, source.statistics, source.statisticsBase()), memo.row);
    memo.text = null;
    memo.uses = 0;
    memo.place = -1;
  }
}

function isSame(a: Int32Array, b: Int32Array): boolean {
  for (let i = 0; i < FIRST_PACKET_NUMBERS; i++) if (a[i] !== b[i]) return false;
  return true;
}
