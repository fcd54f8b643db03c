import type { FlowView } from '../../../contract/traffic.ts';
import { computeFeatures, FEATURES, FlowNumbers } from './features.ts';
import { DIRECTION } from './flow-layout.ts';
import type { FlowStatistics } from './flow-table.ts';

/** Where an exporter finds the statistics of the flow that it is shown. */
export type StatisticsSource = () => FlowStatistics;

/** The features of one-packet flows that look alike, and their text once somebody has made it. */
export interface Memo {
  readonly key: Float64Array;
  readonly row: Float64Array;
  text: Uint8Array | null;
}

/** Lines of the memo; a power of two. A flood needs one, ordinary traffic a few dozen. */
const MEMO_LINES = 256;
/** What the features of a one-packet flow depend on. */
const MEMO_FIELDS = [
  DIRECTION.payloadBytes,
  DIRECTION.headerBytes,
  DIRECTION.wireBytes,
  DIRECTION.initialWindow,
  DIRECTION.flags,
  DIRECTION.entropy,
] as const;

/**
 * Computes the features of flows that end; the base of all exporters. The features of a flow of one packet
 * depend on six numbers, and floods and scans repeat them: they are computed once and remembered.
 */
export class FeatureReader {
  readonly #row = new Float64Array(FEATURES.length);
  readonly #numbers = new FlowNumbers();
  readonly #statistics: StatisticsSource;
  readonly #memos: (Memo | null)[] = new Array(MEMO_LINES).fill(null);
  /** The memo behind the row last read, when its flow had one packet. */
  memo: Memo | null = null;

  constructor(statistics: StatisticsSource) {
    this.#statistics = statistics;
  }

  read(flow: FlowView): Float64Array {
    const { values, base } = this.#statistics();
    if (flow.initiatorPackets === 1 && flow.responderPackets === 0) return this.#readOnePacket(flow, values, base);
    this.memo = null;
    computeFeatures(this.#numbers.point(flow, values, base), this.#row);
    return this.#row;
  }

  #readOnePacket(flow: FlowView, values: Float64Array, base: number): Float64Array {
    let hash = 0;
    for (let i = 0; i < MEMO_FIELDS.length; i++)
      hash = Math.imul(hash + values[base + MEMO_FIELDS[i]] * 64, 0x9e3779b1);
    const line = (hash >>> 16) & (MEMO_LINES - 1);
    let memo = this.#memos[line];
    if (memo === null || !MEMO_FIELDS.every((field, i) => memo?.key[i] === values[base + field])) {
      const row = new Float64Array(FEATURES.length);
      computeFeatures(this.#numbers.point(flow, values, base), row);
      memo = { key: Float64Array.from(MEMO_FIELDS, (field) => values[base + field]), row, text: null };
      this.#memos[line] = memo;
    }
    this.memo = memo;
    return memo.row;
  }
}
