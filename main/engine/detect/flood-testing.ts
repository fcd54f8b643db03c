/** Traffic by hand for the tests of detectors that count packets: one packet and its flow at a time. */
import {
  END_REASON,
  FLOW_CHANGE,
  type FlowView,
  INITIATOR_BASIS,
  PACKET_KIND,
  type PacketView,
  PROTOCOL,
  TCP_FLAG,
  TCP_STATE,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { type AddressWords, parseAddress } from '../runtime/address.ts';

export interface TestPacket {
  readonly from: string;
  readonly to: string;
  readonly protocol?: number;
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly flags?: number;
  readonly payloadBytes?: number;
  readonly payload?: Uint8Array;
  readonly acknowledgment?: number;
  readonly isFragment?: boolean;
  readonly fromMac?: number;
  readonly toMac?: number;
  readonly kind?: PacketView['kind'];
}

const START_US = 1_700_000_000_000_000;

export function packetView(packet: TestPacket, timeUs = START_US): PacketView {
  const source = words(packet.from);
  const destination = words(packet.to);
  const bytes = packet.payload ?? new Uint8Array(0);
  const payloadBytes = packet.payloadBytes ?? bytes.length;
  return {
    kind: packet.kind ?? (packet.isFragment === true ? PACKET_KIND.fragment : PACKET_KIND.ip),
    timeUs,
    bytes,
    wireBytes: 54 + payloadBytes,
    sourceMacHigh: 2,
    sourceMacLow: packet.fromMac ?? 1,
    destinationMacHigh: packet.toMac === -1 ? 0xffff : 2,
    destinationMacLow: packet.toMac ?? 2,
    vlan: 0,
    tunnel: 0,
    ipVersion: 4,
    protocol: packet.protocol ?? PROTOCOL.tcp,
    hopLimit: 64,
    ipBytes: 40 + payloadBytes,
    source0: source[0],
    source1: source[1],
    source2: source[2],
    source3: source[3],
    destination0: destination[0],
    destination1: destination[1],
    destination2: destination[2],
    destination3: destination[3],
    sourcePort: packet.fromPort ?? 0,
    destinationPort: packet.toPort ?? 0,
    transportStart: 0,
    transportHeaderBytes: 20,
    payloadStart: 0,
    payloadEnd: bytes.length,
    payloadBytes,
    tcpFlags: packet.flags ?? 0,
    sequence: 0,
    acknowledgment: packet.acknowledgment ?? 0,
    window: 0,
  };
}

function words(address: string): AddressWords {
  const parsed = parseAddress(address);
  if (parsed === null) throw new Error(`not an address: ${address}`);
  return parsed;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A small, slow model of the flow table: enough to call an observer as the traffic engine does. */
export class TestTraffic {
  timeUs = START_US;
  private readonly observers: readonly TrafficObserver[];
  private readonly flows = new Map<string, Mutable<FlowView>>();
  private nextTickUs = START_US;

  constructor(...observers: TrafficObserver[]) {
    this.observers = observers;
  }

  /** Sends packets at a rate; the n-th is what `make` gives. */
  send(count: number, perSecond: number, make: (index: number) => TestPacket | readonly TestPacket[]): void {
    for (let index = 0; index < count; index++) {
      const made = make(index);
      for (const packet of 'from' in made ? [made] : made) this.one(packet);
      this.timeUs += 1e6 / perSecond;
    }
  }

  one(test: TestPacket): void {
    if (this.timeUs >= this.nextTickUs) this.tick();
    const packet = packetView(test, this.timeUs);
    for (const observer of this.observers) observer.packet?.(packet);
    if (packet.kind === PACKET_KIND.ip) this.count(test, packet);
  }

  finish(): void {
    for (const observer of this.observers)
      for (const flow of this.flows.values()) observer.flowEnd?.(flow, END_REASON.stopped);
    this.tick();
  }

  private tick(): void {
    this.nextTickUs = (Math.floor(this.timeUs / 1e6) + 1) * 1e6;
    for (const observer of this.observers) observer.tick?.(this.timeUs);
  }

  private count(test: TestPacket, packet: PacketView): void {
    const forward = `${packet.protocol} ${test.from} ${packet.sourcePort} ${test.to} ${packet.destinationPort}`;
    const backward = `${packet.protocol} ${test.to} ${packet.destinationPort} ${test.from} ${packet.sourcePort}`;
    const known = this.flows.get(forward) ?? this.flows.get(backward);
    if (known === undefined) {
      const flow = newFlow(packet);
      this.flows.set(forward, flow);
      for (const observer of this.observers) observer.flowStart?.(flow, packet);
      return;
    }
    const isForward = this.flows.get(forward) === known;
    known.lastUs = packet.timeUs;
    const change = (what: (typeof FLOW_CHANGE)[keyof typeof FLOW_CHANGE]) => {
      for (const observer of this.observers) observer.flowChange?.(known, packet, what);
    };
    if (!isForward && ++known.responderPackets === 1) change(FLOW_CHANGE.answered);
    if (!isForward) {
      if (packet.tcpFlags === (TCP_FLAG.syn | TCP_FLAG.ack)) known.tcpState = TCP_STATE.synReceived;
      return;
    }
    known.initiatorPackets++;
    if (known.tcpState === TCP_STATE.synReceived && packet.tcpFlags === TCP_FLAG.ack) {
      known.tcpState = TCP_STATE.established;
      change(FLOW_CHANGE.established);
    }
  }
}

function newFlow(packet: PacketView): Mutable<FlowView> {
  return {
    id: 1,
    ipVersion: packet.ipVersion,
    protocol: packet.protocol,
    vlan: 0,
    tunnel: 0,
    initiator0: packet.source0,
    initiator1: packet.source1,
    initiator2: packet.source2,
    initiator3: packet.source3,
    responder0: packet.destination0,
    responder1: packet.destination1,
    responder2: packet.destination2,
    responder3: packet.destination3,
    initiatorPort: packet.sourcePort,
    responderPort: packet.destinationPort,
    initiatorBasis: packet.tcpFlags === TCP_FLAG.syn ? INITIATOR_BASIS.syn : INITIATOR_BASIS.firstPacket,
    firstUs: packet.timeUs,
    lastUs: packet.timeUs,
    initiatorPackets: 1,
    responderPackets: 0,
    initiatorPayloadBytes: packet.payloadBytes,
    responderPayloadBytes: 0,
    initiatorWireBytes: packet.wireBytes,
    responderWireBytes: 0,
    tcpState: packet.tcpFlags === TCP_FLAG.syn ? TCP_STATE.synSent : TCP_STATE.none,
    initiatorFlags: packet.tcpFlags,
    responderFlags: 0,
    firstFlags: packet.tcpFlags,
    service: 0,
    serviceBasis: 0,
  };
}

/** The n-th of a great many addresses. */
export function address(index: number): string {
  return `${20 + (index >>> 22)}.${(index >>> 14) & 0xff}.${(index >>> 6) & 0xff}.${((index << 2) & 0xff) | 1}`;
}
