import { INITIATOR_BASIS, type InitiatorBasis, type ServiceBasis, type TcpState } from '../../../contract/traffic.ts';
import {
  DIRECTION,
  DIRECTION_WORDS,
  FLOW,
  HEAD,
  HEAD_WORDS,
  NO_STATISTICS,
  STATISTICS_WORDS,
  TIME,
  TIME_WORDS,
} from './flow-layout.ts';
import type { InspectedFlow } from './protocols/conversation.ts';

/**
 * The one FlowView of a flow table: it shows whichever slot it was last pointed at. Reading goes straight to
 * the table's arrays, so pointing it costs two additions.
 */
export class FlowCursor implements InspectedFlow {
  readonly #head: Int32Array;
  readonly #times: Float64Array;
  readonly #statistics: Float64Array;
  #slot = 0;
  #at = 0;
  #base = 0;

  constructor(head: Int32Array, times: Float64Array, statistics: Float64Array) {
    this.#head = head;
    this.#times = times;
    this.#statistics = statistics;
  }

  point(slot: number): this {
    this.#slot = slot;
    this.#at = slot * HEAD_WORDS;
    const record = this.#head[this.#at + HEAD.statistics];
    this.#base = record === NO_STATISTICS ? NO_STATISTICS : record * STATISTICS_WORDS;
    return this;
  }

  get slot(): number {
    return this.#slot;
  }
  get hasStatistics(): boolean {
    return this.#base >= 0;
  }
  get id(): number {
    return this.#head[this.#at + HEAD.id];
  }
  get ipVersion(): number {
    return this.#head[this.#at + HEAD.ipVersion];
  }
  get protocol(): number {
    return this.#head[this.#at + HEAD.protocol];
  }
  get vlan(): number {
    return this.#head[this.#at + HEAD.vlan];
  }
  get tunnel(): number {
    return this.#head[this.#at + HEAD.tunnel];
  }
  get initiator0(): number {
    return this.#head[this.#at + HEAD.initiator0];
  }
  get initiator1(): number {
    return this.#head[this.#at + HEAD.initiator1];
  }
  get initiator2(): number {
    return this.#head[this.#at + HEAD.initiator2];
  }
  get initiator3(): number {
    return this.#head[this.#at + HEAD.initiator3];
  }
  get responder0(): number {
    return this.#head[this.#at + HEAD.responder0];
  }
  get responder1(): number {
    return this.#head[this.#at + HEAD.responder1];
  }
  get responder2(): number {
    return this.#head[this.#at + HEAD.responder2];
  }
  get responder3(): number {
    return this.#head[this.#at + HEAD.responder3];
  }
  get initiatorPort(): number {
    return this.#head[this.#at + HEAD.ports] >>> 16;
  }
  get responderPort(): number {
    return this.#head[this.#at + HEAD.ports] & 0xffff;
  }
  get initiatorBasis(): InitiatorBasis {
    return ((this.#head[this.#at + HEAD.state] >> 16) & 3) as InitiatorBasis;
  }
  get firstUs(): number {
    return this.#times[this.#slot * TIME_WORDS + TIME.first];
  }
  get lastUs(): number {
    return this.#times[this.#slot * TIME_WORDS + TIME.last];
  }
  get initiatorPackets(): number {
    return this.#base < 0 ? 1 : this.#statistics[this.#base + DIRECTION.packets];
  }
  get responderPackets(): number {
    return this.#base < 0 ? 0 : this.#statistics[this.#base + DIRECTION_WORDS + DIRECTION.packets];
  }
  get initiatorPayloadBytes(): number {
    if (this.#base < 0) return this.#head[this.#at + HEAD.firstPayloadBytes] >>> 0;
    return this.#statistics[this.#base + DIRECTION.payloadBytes];
  }
  get responderPayloadBytes(): number {
    return this.#base < 0 ? 0 : this.#statistics[this.#base + DIRECTION_WORDS + DIRECTION.payloadBytes];
  }
  get initiatorWireBytes(): number {
    if (this.#base < 0) return this.#head[this.#at + HEAD.firstWireBytes] >>> 0;
    return this.#statistics[this.#base + DIRECTION.wireBytes];
  }
  get responderWireBytes(): number {
    return this.#base < 0 ? 0 : this.#statistics[this.#base + DIRECTION_WORDS + DIRECTION.wireBytes];
  }
  get tcpState(): TcpState {
    return (this.#head[this.#at + HEAD.state] & 0xff) as TcpState;
  }
  get initiatorFlags(): number {
    if (this.#base < 0) return this.#head[this.#at + HEAD.firstFlags];
    return this.#statistics[this.#base + DIRECTION.flags];
  }
  get responderFlags(): number {
    return this.#base < 0 ? 0 : this.#statistics[this.#base + DIRECTION_WORDS + DIRECTION.flags];
  }
  get firstFlags(): number {
    return this.#head[this.#at + HEAD.firstFlags];
  }
  get initiatorStart(): number {
    if (this.initiatorBasis === INITIATOR_BASIS.firstPacket) return Number.NaN;
    return (this.#head[this.#at + HEAD.firstSequence] + 1) | 0;
  }
  get responderStart(): number {
    return this.#base < 0 ? Number.NaN : this.#statistics[this.#base + FLOW.responderStart];
  }
  get service(): number {
    return this.#head[this.#at + HEAD.service] & 0xff;
  }
  get serviceBasis(): ServiceBasis {
    return ((this.#head[this.#at + HEAD.service] >> 8) & 3) as ServiceBasis;
  }
}
