/** For tests of floods of whole connections: sockets that open, speak and close while the clock goes on. */
import type { Finding } from '../../../contract/domain.ts';
import {
  END_REASON,
  FLOW_CHANGE,
  type FlowChange,
  type FlowView,
  INITIATOR_BASIS,
  type PacketView,
  PROTOCOL,
  SERVICE_BASIS,
  SERVICES,
  type Service,
  TCP_FLAG,
  TCP_STATE,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { parseAddress } from '../runtime/address.ts';
import { defaultsOf } from '../runtime/settings.ts';
import type { DetectorDefinition } from './detector.ts';
import { NO_INDICATORS } from './indicators.ts';
import type { Landscape } from './landscape.ts';
import { declared, emptyPacket, NO_ROLES, setAddress } from './testing.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface SocketOptions {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly service?: Service;
  /** Receive window of the SYN. */
  readonly window?: number;
}

/** One TCP connection, as the flow table would show it. */
export class TestSocket {
  readonly flow: Mutable<FlowView>;
  private readonly traffic: ConnectionTraffic;
  private readonly options: SocketOptions;

  constructor(traffic: ConnectionTraffic, options: SocketOptions, id: number) {
    this.traffic = traffic;
    this.options = options;
    this.flow = newFlow(options, id, traffic.nowUs);
    const syn = this.packet(true, TCP_FLAG.syn, '');
    syn.window = options.window ?? 64_240;
    traffic.observer.packet?.(syn);
    this.count(true, syn);
    traffic.observer.flowStart?.(this.flow, syn);
  }

  /** The server takes it and the handshake completes. */
  establish(): this {
    this.count(false, this.packet(false, TCP_FLAG.syn | TCP_FLAG.ack, ''));
    this.flow.tcpState = TCP_STATE.established;
    const ack = this.packet(true, TCP_FLAG.ack, '');
    this.count(true, ack);
    this.change(ack, FLOW_CHANGE.established);
    return this;
  }

  send(text: string): this {
    return this.data(true, text);
  }

  /** The server sends so many bytes. */
  answer(bytes: number): this {
    return this.data(false, 'x'.repeat(bytes));
  }

  close(): void {
    this.finish(TCP_FLAG.fin | TCP_FLAG.ack, FLOW_CHANGE.closed, TCP_STATE.closed);
  }

  /** The server breaks it off. */
  reset(): void {
    this.finish(TCP_FLAG.rst, FLOW_CHANGE.reset, TCP_STATE.reset);
  }

  private finish(flags: number, change: FlowChange, state: FlowView['tcpState']): void {
    const packet = this.packet(false, flags, '');
    this.count(false, packet);
    this.flow.tcpState = state;
    this.change(packet, change);
    this.traffic.observer.flowEnd?.(this.flow, END_REASON.finished);
  }

  private data(fromInitiator: boolean, text: string): this {
    const packet = this.packet(fromInitiator, TCP_FLAG.psh | TCP_FLAG.ack, text);
    this.traffic.observer.packet?.(packet);
    this.count(fromInitiator, packet);
    this.traffic.observer.payload?.(this.flow, packet, fromInitiator);
    return this;
  }

  private change(packet: PacketView, change: FlowChange): void {
    this.traffic.observer.flowChange?.(this.flow, packet, change);
  }

  private count(fromInitiator: boolean, packet: PacketView): void {
    const side = fromInitiator ? 'initiator' : 'responder';
    this.flow[`${side}Packets`]++;
    this.flow[`${side}PayloadBytes`] += packet.payloadBytes;
    this.flow[`${side}Flags`] |= packet.tcpFlags;
    this.flow.lastUs = packet.timeUs;
  }

  private packet(fromInitiator: boolean, flags: number, text: string): Mutable<PacketView> {
    const { from, to, port } = this.options;
    const packet = emptyPacket();
    setAddress(packet, fromInitiator ? 'source' : 'destination', from);
    setAddress(packet, fromInitiator ? 'destination' : 'source', to);
    packet.timeUs = this.traffic.nowUs;
    packet.sourcePort = fromInitiator ? this.flow.initiatorPort : port;
    packet.destinationPort = fromInitiator ? port : this.flow.initiatorPort;
    packet.tcpFlags = flags;
    packet.window = 502;
    packet.bytes = new TextEncoder().encode(text);
    packet.payloadEnd = packet.payloadBytes = packet.bytes.length;
    return packet;
  }
}

export class ConnectionTraffic {
  nowUs = 1_700_000_000_000_000;
  readonly findings: Finding[] = [];
  readonly observer: TrafficObserver;
  private sockets = 0;
  private nextTickUs = this.nowUs;

  constructor(definition: DetectorDefinition, landscape: Landscape = NO_ROLES, settings: object = {}) {
    this.observer = definition.create({
      settings: { ...defaultsOf(definition.settings), ...settings },
      landscape,
      indicators: NO_INDICATORS,
      report: (finding) => this.findings.push(declared(definition, finding)),
    });
  }

  /** The last finding of each cause. */
  get alerts(): readonly Finding[] {
    return [...new Map(this.findings.map((finding) => [finding.cause, finding])).values()];
  }

  wait(seconds: number): void {
    this.nowUs += seconds * 1e6;
    for (; this.nextTickUs <= this.nowUs; this.nextTickUs += 1e6) this.observer.tick?.(this.nextTickUs);
  }

  /** A SYN. */
  connect(options: SocketOptions): TestSocket {
    return new TestSocket(this, options, ++this.sockets);
  }

  open(options: SocketOptions): TestSocket {
    return this.connect(options).establish();
  }

  /** The same thing at a rate. */
  repeat(perSecond: number, seconds: number, act: (index: number) => void): void {
    for (let index = 0; index < perSecond * seconds; index++) {
      act(index);
      this.wait(1 / perSecond);
    }
  }
}

function newFlow(options: SocketOptions, id: number, timeUs: number): Mutable<FlowView> {
  const from = parseAddress(options.from);
  const to = parseAddress(options.to);
  if (from === null || to === null) throw new Error(`not addresses: ${options.from}, ${options.to}`);
  return {
    id,
    ipVersion: 4,
    protocol: PROTOCOL.tcp,
    vlan: 0,
    tunnel: 0,
    initiator0: from[0],
    initiator1: from[1],
    initiator2: from[2],
    initiator3: from[3],
    responder0: to[0],
    responder1: to[1],
    responder2: to[2],
    responder3: to[3],
    initiatorPort: 1024 + (id % 60_000),
    responderPort: options.port,
    initiatorBasis: INITIATOR_BASIS.syn,
    firstUs: timeUs,
    lastUs: timeUs,
    initiatorPackets: 0,
    responderPackets: 0,
    initiatorPayloadBytes: 0,
    responderPayloadBytes: 0,
    initiatorWireBytes: 0,
    responderWireBytes: 0,
    tcpState: TCP_STATE.synSent,
    initiatorFlags: 0,
    responderFlags: 0,
    firstFlags: TCP_FLAG.syn,
    service: SERVICES.indexOf(options.service ?? 'unknown'),
    serviceBasis: options.service === undefined ? SERVICE_BASIS.none : SERVICE_BASIS.bytes,
  };
}
