/** Support for tests of this folder: packets without bytes, and a table that records what it tells. */
import {
  type EndReason,
  type FlowChange,
  type FlowView,
  PACKET_KIND,
  type PacketView,
  PROTOCOL,
} from '../../../contract/traffic.ts';
import { parseAddress } from '../runtime/address.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { Packet } from './decode/packet.ts';
import { computeFeatures, FEATURES, FlowNumbers } from './features.ts';
import type { FlowEvents } from './flow-events.ts';
import { flowSettings } from './flow-settings.ts';
import { FlowTable } from './flow-table.ts';
import type { InspectedFlow } from './protocols/conversation.ts';

export interface PacketFields {
  readonly timeUs: number;
  readonly from?: string;
  readonly to?: string;
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly protocol?: number;
  readonly flags?: number;
  readonly sequence?: number;
  readonly window?: number;
  readonly payload?: Uint8Array;
  readonly headerBytes?: number;
  readonly vlan?: number;
  readonly tunnel?: number;
}

const NO_BYTES = new Uint8Array(0);

/** A decoded packet with the fields that a flow table looks at. */
export function packetOf(fields: PacketFields): Packet {
  const packet = new Packet();
  const source = parseAddress(fields.from ?? '10.0.0.1');
  const destination = parseAddress(fields.to ?? '10.0.0.2');
  if (!source || !destination) throw new Error('not an address');
  const payload = fields.payload ?? NO_BYTES;
  const isIpv6 = (fields.from ?? '').includes(':');
  packet.kind = PACKET_KIND.ip;
  packet.timeUs = fields.timeUs;
  packet.protocol = fields.protocol ?? PROTOCOL.tcp;
  packet.ipVersion = isIpv6 ? 6 : 4;
  [packet.source0, packet.source1, packet.source2, packet.source3] = source;
  [packet.destination0, packet.destination1, packet.destination2, packet.destination3] = destination;
  packet.sourcePort = fields.sourcePort ?? 40_000;
  packet.destinationPort = fields.destinationPort ?? 80;
  packet.tcpFlags = fields.flags ?? 0;
  packet.sequence = (fields.sequence ?? 0) | 0;
  packet.window = fields.window ?? 1024;
  packet.transportHeaderBytes = fields.headerBytes ?? 20;
  packet.bytes = payload;
  packet.payloadStart = 0;
  packet.payloadEnd = payload.length;
  packet.payloadBytes = payload.length;
  packet.wireBytes = 34 + packet.transportHeaderBytes + payload.length;
  packet.vlan = fields.vlan ?? 0;
  packet.tunnel = fields.tunnel ?? 0;
  return packet;
}

/** What a flow was when it ended. */
export interface EndedFlow {
  readonly id: number;
  readonly reason: EndReason;
  readonly initiatorPort: number;
  readonly responderPort: number;
  readonly initiatorBasis: number;
  readonly tcpState: number;
  readonly initiatorPackets: number;
  readonly responderPackets: number;
  readonly features: Readonly<Record<string, number>>;
}

/** A flow table that keeps a record of every event. */
export class RecordedTable implements FlowEvents {
  readonly table: FlowTable;
  readonly ended: EndedFlow[] = [];
  readonly changes: { id: number; change: FlowChange }[] = [];
  readonly updates: number[] = [];
  started = 0;
  payloads = 0;

  constructor(settings: Partial<ReturnType<typeof defaultsOf<typeof flowSettings>>> = {}) {
    const small = { flowCapacity: 4_096, conversationCapacity: 2_048 };
    this.table = new FlowTable({ ...defaultsOf(flowSettings), ...small, ...settings }, this, 1);
  }

  /** Counts packets in order, moving the clock with them. */
  play(...packets: PacketFields[]): this {
    for (const fields of packets) {
      this.table.advance(fields.timeUs);
      this.table.count(packetOf(fields));
    }
    return this;
  }

  finish(reason: EndReason, nowUs = 0): EndedFlow[] {
    this.table.endAll(reason, nowUs);
    return this.ended;
  }

  flowStart(): void {
    this.started++;
  }
  flowChange(flow: FlowView, _packet: PacketView, change: FlowChange): void {
    this.changes.push({ id: flow.id, change });
  }
  payload(): void {
    this.payloads++;
  }
  flowUpdate(flow: FlowView): void {
    this.updates.push(flow.id);
  }
  readonly segmentListeners = 1;
  /** The numbers of bytes of the segments that were shown, by flow; a flow in `satisfied` wants no more. */
  readonly segments: { id: number; start: number; bytes: number }[] = [];
  readonly satisfied = new Set<number>();
  readonly renewals: { formerId: number; id: number }[] = [];
  segment(flow: InspectedFlow, packet: PacketView, fromInitiator: boolean, done: number): number {
    const start = fromInitiator ? flow.initiatorStart : flow.responderStart;
    this.segments.push({ id: flow.id, start, bytes: packet.payloadBytes });
    return this.satisfied.has(flow.id) ? 1 : done;
  }
  flowRenewed(formerId: number, flow: FlowView): void {
    this.renewals.push({ formerId, id: flow.id });
  }
  flowEnd(flow: FlowView, reason: EndReason): void {
    const row = new Float64Array(FEATURES.length);
    computeFeatures(new FlowNumbers().point(flow, this.table.statistics, this.table.statisticsBase()), row);
    this.ended.push({
      id: flow.id,
      reason,
      initiatorPort: flow.initiatorPort,
      responderPort: flow.responderPort,
      initiatorBasis: flow.initiatorBasis,
      tcpState: flow.tcpState,
      initiatorPackets: flow.initiatorPackets,
      responderPackets: flow.responderPackets,
      features: Object.fromEntries(FEATURES.map((feature, i) => [feature.name, row[i]])),
    });
  }
}
