import type { EndReason, FlowView, TrafficObserver } from '../../../contract/traffic.ts';
import { FeatureReader, type FlowSourceThunk } from './feature-reader.ts';
import type { FlowSource } from './flow-events.ts';
import { type FlowNote, type FlowNotes, NO_NOTE } from './flow-notes.ts';
import { flowId, flowNumber } from './flow-number.ts';

/**
 * One flow as a row of doubles, to cross threads without a copy: words of `rows` from `index * LIVE_ROW_WORDS` on.
 * Text is for the other side.
 */
export const LIVE_ROW = {
  id: 0,
  firstUs: 1,
  lastUs: 2,
  /** Four words each, see contract/traffic.ts. */
  initiator: 3,
  responder: 7,
  initiatorPort: 11,
  responderPort: 12,
  protocol: 13,
  /** Index into SERVICES. */
  service: 14,
  initiatorPackets: 15,
  responderPackets: 16,
  initiatorBytes: 17,
  responderBytes: 18,
  /** See TCP_STATE. */
  tcpState: 19,
  /** See END_REASON; LIVE_OPEN while it is open. */
  endReason: 20,
} as const;
export const LIVE_ROW_WORDS = 21;
export const LIVE_OPEN = -1;

/** The open flows of a moment. */
export interface LiveSnapshot {
  /** Microseconds since the epoch. */
  readonly nowUs: number;
  /** Open flows in all; `rows` has as many of them as are told. */
  readonly open: number;
  readonly rows: Float64Array;
  /** Flows that were in the snapshot before and have ended since. */
  readonly ended: Float64Array;
  /** By the numbers of flows in `rows`: what is known of them, where that is more than in the snapshot before. */
  readonly names: readonly FlowNames[];
}

/** What a flow is called and speaks; see FlowNote. */
export interface FlowNames extends Pick<FlowNote, 'application' | 'name'> {
  readonly number: number;
}

/** One open flow with its features, in the order of FEATURES. */
export interface LiveFlowDetail {
  readonly row: Float64Array;
  readonly features: Float64Array;
  readonly note: FlowNote;
}

/** Ages above this are alike; flows live longer only with an unusual idle timeout. */
const OLDEST_SECONDS = 255;
/** Ranks of conversations by the seconds of their silence, then those of lone packets. */
const RANKS = 2 * (OLDEST_SECONDS + 1);
const NO_RANK = 0xffff;

/**
 * Shows the open flows to whoever watches them. While nobody does, a flow that ends costs one comparison, and
 * everything else costs nothing: the flows are read from the table when they are asked for.
 */
export class LiveFlows implements TrafficObserver {
  readonly #findSource: FlowSourceThunk;
  readonly #reader: FeatureReader;
  readonly #limit: number;
  readonly #idBase: number;
  readonly #notes: FlowNotes | undefined;
  /** The flows in the last snapshot, by their ids in the table. */
  #told = new Map<number, FlowNames>();
  #ended: Float64Array;
  #endedCount = 0;
  /** Rank of every slot, as of the present snapshot. */
  #ranks = new Uint16Array(0);
  readonly #counts = new Uint32Array(RANKS);

  /**
   * @param limit most flows in a snapshot
   * @param idBase added to the numbers of flows, so that they differ from those of an earlier thread
   * @param notes an observer after this one
   */
  constructor(source: FlowSourceThunk, limit: number, idBase = 0, notes?: FlowNotes) {
    this.#findSource = source;
    this.#reader = new FeatureReader(source);
    this.#limit = limit;
    this.#idBase = idBase;
    this.#notes = notes;
    this.#ended = new Float64Array(0);
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    if (this.#told.size === 0) return;
    const told = this.#told.get(flow.id);
    if (told === undefined) return;
    this.#told.delete(flow.id);
    writeRow(flow, told.number, reason, this.#ended, this.#endedCount++ * LIVE_ROW_WORDS);
  }

  /** Nobody watches any more. */
  forget(): void {
    this.#told.clear();
    this.#endedCount = 0;
    this.#ended = new Float64Array(0);
    this.#ranks = new Uint16Array(0);
  }

  /** Conversations before lone packets, the latest active first, at most `limit`; in no order. Between packets only. */
  snapshot(nowUs: number): LiveSnapshot {
    const source = this.#findSource();
    const { begun, openFlows } = source;
    const ended = this.#ended.slice(0, this.#endedCount * LIVE_ROW_WORDS);
    this.#endedCount = 0;
    const before = this.#told;
    this.#told = new Map();
    const names: FlowNames[] = [];
    const { rank, room } = this.#cut(source, nowUs);
    const rows = new Float64Array(Math.min(openFlows, this.#limit) * LIVE_ROW_WORDS);
    let roomAtCut = room;
    let at = 0;
    for (let slot = 0; slot < source.slots && at < rows.length; slot++) {
      if (this.#ranks[slot] > rank || (this.#ranks[slot] === rank && roomAtCut-- <= 0)) continue;
      const flow = source.flowIn(slot);
      if (flow === undefined) continue;
      const number = this.#idBase + flowNumber(flow.id, begun);
      const { application, name } = this.#notes?.of(flow.id) ?? NO_NOTE;
      const known = before.get(flow.id);
      if (application !== (known?.application ?? '') || name !== (known?.name ?? '')) {
        names.push({ number, application, name });
      }
      this.#told.set(flow.id, { number, application, name });
      writeRow(flow, number, LIVE_OPEN, rows, at);
      at += LIVE_ROW_WORDS;
    }
    if (this.#ended.length < this.#limit * LIVE_ROW_WORDS) {
      this.#ended = new Float64Array(this.#limit * LIVE_ROW_WORDS);
    }
    return { nowUs, open: openFlows, rows: at < rows.length ? rows.slice(0, at) : rows, ended, names };
  }

  /** One open flow by the number that a snapshot gave it. Looks at every slot: for single questions. */
  detail(number: number): LiveFlowDetail | undefined {
    const source = this.#findSource();
    const id = flowId(number - this.#idBase);
    for (let slot = 0; slot < source.slots; slot++) {
      const flow = source.flowIn(slot);
      if (flow?.id !== id || this.#idBase + flowNumber(id, source.begun) !== number) continue;
      const row = new Float64Array(LIVE_ROW_WORDS);
      writeRow(flow, number, LIVE_OPEN, row, 0);
      const note = this.#notes?.of(id) ?? NO_NOTE;
      return { row, features: this.#reader.read(flow).slice(), note };
    }
    return undefined;
  }

  /** Ranks every slot; gives the last rank that is told, and how many of that rank there is room for. */
  #cut(source: FlowSource, nowUs: number): { readonly rank: number; readonly room: number } {
    const { slots } = source;
    // Grows by doubling, with room for the slots that are taken next.
    if (this.#ranks.length < slots) this.#ranks = new Uint16Array(2 * slots);
    this.#counts.fill(0);
    for (let slot = 0; slot < slots; slot++) {
      const flow = source.flowIn(slot);
      if (flow === undefined) {
        this.#ranks[slot] = NO_RANK;
        continue;
      }
      const silent = Math.min(OLDEST_SECONDS, Math.max(0, Math.floor((nowUs - flow.lastUs) / 1e6)));
      const rank = flow.hasStatistics ? silent : silent + OLDEST_SECONDS + 1;
      this.#ranks[slot] = rank;
      this.#counts[rank]++;
    }
    let room = this.#limit;
    let rank = 0;
    while (rank < RANKS - 1 && this.#counts[rank] <= room) room -= this.#counts[rank++];
    return { rank, room };
  }
}

function writeRow(flow: FlowView, number: number, reason: number, into: Float64Array, at: number): void {
  into[at + LIVE_ROW.id] = number;
  into[at + LIVE_ROW.firstUs] = flow.firstUs;
  into[at + LIVE_ROW.lastUs] = flow.lastUs;
  into[at + LIVE_ROW.initiator] = flow.initiator0;
  into[at + LIVE_ROW.initiator + 1] = flow.initiator1;
  into[at + LIVE_ROW.initiator + 2] = flow.initiator2;
  into[at + LIVE_ROW.initiator + 3] = flow.initiator3;
  into[at + LIVE_ROW.responder] = flow.responder0;
  into[at + LIVE_ROW.responder + 1] = flow.responder1;
  into[at + LIVE_ROW.responder + 2] = flow.responder2;
  into[at + LIVE_ROW.responder + 3] = flow.responder3;
  into[at + LIVE_ROW.initiatorPort] = flow.initiatorPort;
  into[at + LIVE_ROW.responderPort] = flow.responderPort;
  into[at + LIVE_ROW.protocol] = flow.protocol;
  into[at + LIVE_ROW.service] = flow.service;
  into[at + LIVE_ROW.initiatorPackets] = flow.initiatorPackets;
  into[at + LIVE_ROW.responderPackets] = flow.responderPackets;
  into[at + LIVE_ROW.initiatorBytes] = flow.initiatorWireBytes;
  into[at + LIVE_ROW.responderBytes] = flow.responderWireBytes;
  into[at + LIVE_ROW.tcpState] = flow.tcpState;
  into[at + LIVE_ROW.endReason] = reason;
}
