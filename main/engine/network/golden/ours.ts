/** The conversations of captures as the flow engine has them. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type FlowView,
  type PacketView,
  SERVICE_BASIS,
  SERVICES,
  type Service,
  type TrafficObserver,
} from '../../../../contract/traffic.ts';
import { formatAddress } from '../../runtime/address.ts';
import { defaultsOf, type SettingValues } from '../../runtime/settings.ts';
import { readCapture } from '../capture/read.ts';
import { DIRECTION, DIRECTION_WORDS } from '../flow-layout.ts';
import { flowSettings } from '../flow-settings.ts';
import { TrafficEngine } from '../traffic-engine.ts';
import { type Conversation, Conversations, type Sent } from './conversation.ts';
import { DATA } from './data.ts';

/** No frame takes less of a file: 16 bytes of record header and an IP packet in an Ethernet frame. */
const SMALLEST_FRAME_BYTES = 48;
/** A capture that is packed may hold more frames than its size lets on. */
const PACKED = /\.(gz|zst)$/;

/** Tables no larger than a capture needs: there are 900 of them, and most have a handful of packets. */
function settingsFor(path: string): SettingValues<typeof flowSettings> {
  const frames = Math.ceil(statSync(path).size / SMALLEST_FRAME_BYTES);
  const flowCapacity = PACKED.test(path) ? 65_536 : Math.max(2_048, frames);
  return { ...defaultsOf(flowSettings), flowCapacity, conversationCapacity: Math.ceil(flowCapacity / 2) };
}

export interface OurFlow extends Conversation {
  readonly firstUs: number;
  /** The service that the bytes tell; unknown where only the port says so. */
  readonly service: Service;
}

/** All flows of a capture, in the order in which they began. */
export async function flowsOf(capture: string): Promise<OurFlow[]> {
  const path = join(DATA, capture);
  const collector = new Collector(settingsFor(path));
  await readCapture(path, collector);
  return collector.finish();
}

/** The conversations of captures whose flows are known. */
export function conversationsOf(flows: ReadonlyMap<string, readonly OurFlow[]>): Conversations {
  const conversations = new Conversations();
  for (const [capture, list] of flows) for (const flow of list) conversations.add(capture, flow);
  return conversations;
}

class Collector implements TrafficObserver {
  readonly #engine: TrafficEngine;
  readonly #flows: { id: number; flow: OurFlow }[] = [];
  /** Pairs of addresses between which a datagram was put together from fragments. */
  readonly #fragmented = new Set<string>();
  #frameBytes: Uint8Array | null = null;

  constructor(settings: SettingValues<typeof flowSettings>) {
    this.#engine = new TrafficEngine({ settings, observers: [this] });
  }

  frame(...frame: Parameters<TrafficEngine['frame']>): void {
    this.#frameBytes = frame[0];
    this.#engine.frame(...frame);
  }

  packet(packet: PacketView): void {
    // A packet that does not lie in its frame was put together elsewhere.
    if (packet.bytes !== this.#frameBytes) this.#fragmented.add(pairOf(sourceOf(packet), destinationOf(packet)));
  }

  flowEnd(flow: FlowView): void {
    const initiator = formatAddress(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
    const responder = formatAddress(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
    this.#flows.push({
      id: flow.id,
      flow: {
        protocol: flow.protocol,
        initiator: { address: initiator, port: flow.initiatorPort },
        responder: { address: responder, port: flow.responderPort },
        fromInitiator: this.#sent(flow, 0, flow.initiatorPackets, flow.initiatorPayloadBytes, flow.initiatorWireBytes),
        fromResponder: this.#sent(
          flow,
          DIRECTION_WORDS,
          flow.responderPackets,
          flow.responderPayloadBytes,
          flow.responderWireBytes,
        ),
        hasFragments: this.#fragmented.has(pairOf(initiator, responder)),
        firstUs: flow.firstUs,
        service: flow.serviceBasis === SERVICE_BASIS.bytes ? SERVICES[flow.service] : 'unknown',
      },
    });
  }

  #sent(flow: FlowView, direction: number, packets: number, payloadBytes: number, wireBytes: number): Sent {
    const source = this.#engine.flowSource;
    // Flows keep no count of IP options and extension headers; next to nobody sends them.
    const ipHeaderBytes = packets * (flow.ipVersion === 4 ? 20 : 40);
    const transportHeaderBytes = source.statistics[source.statisticsBase() + direction + DIRECTION.headerBytes];
    return { packets, wireBytes, payloadBytes, ipBytes: ipHeaderBytes + transportHeaderBytes + payloadBytes };
  }

  finish(): OurFlow[] {
    this.#engine.finish();
    return this.#flows.sort((a, b) => a.id - b.id).map(({ flow }) => flow);
  }
}

function sourceOf(packet: PacketView): string {
  return formatAddress(packet.source0, packet.source1, packet.source2, packet.source3);
}

function destinationOf(packet: PacketView): string {
  return formatAddress(packet.destination0, packet.destination1, packet.destination2, packet.destination3);
}

function pairOf(a: string, b: string): string {
  return [a, b].sort().join(' ');
}
