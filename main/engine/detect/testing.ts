/** For tests of detectors: conversations played to an observer as the flow table would tell them. */
import type { Finding } from '../../../contract/domain.ts';
import type { Fact } from '../../../contract/facts.ts';
import {
  END_REASON,
  type EndReason,
  FLOW_CHANGE,
  type FlowView,
  factName,
  INITIATOR_BASIS,
  isFactWanted,
  PACKET_KIND,
  PAYLOAD_PACKETS_SHOWN,
  type PacketView,
  PROTOCOL,
  SERVICE_BASIS,
  SERVICES,
  type Service,
  TCP_FLAG,
  TCP_STATE,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { isMulticast, parseAddress } from '../runtime/address.ts';
import { defaultsOf } from '../runtime/settings.ts';
import type { DetectorDefinition } from './detector.ts';
import { type Indicators, NO_INDICATORS } from './indicators.ts';
import type { Landscape } from './landscape.ts';

/** The finding, after a look at its techniques: a detector gives only those that its row names. */
export function declared(definition: DetectorDefinition, finding: Finding): Finding {
  const others = finding.techniques.filter((id) => !definition.techniques.includes(id));
  if (others.length > 0) throw new Error(`${definition.id} does not name ${others.join(', ')} in its row`);
  return finding;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export const NO_ROLES: Landscape = {
  mayBeAttacker: (w0, w1, w2, w3) => !isMulticast(w0, w1, w2, w3),
  explains: () => false,
  isGateway: () => false,
  isDnsServer: () => false,
  isDhcpServer: () => false,
  isOwn: () => false,
  isMulticastOrBroadcast: isMulticast,
};

type WithoutTime<F> = F extends Fact ? Omit<F, 'timeUs'> : never;
/** A fact that gets the time at which it is told. */
export type ToldFact = WithoutTime<Fact>;

/**
 * One message of a conversation: who sends (">" initiator, "<" responder), then TCP flags ("S", "SA", "RA",
 * "F", "" for none), or data with a leading space: "> GET / HTTP/1.1". Bytes may be given instead of text.
 */
export type Message = string | { readonly from: '>' | '<'; readonly bytes: Uint8Array };
/** A message; or a fact that a parser tells; or a pause within the conversation. */
export type Step = Message | { readonly fact: ToldFact } | { readonly waitSeconds: number };

export interface Conversation {
  readonly from: string;
  readonly to: string;
  readonly fromPort?: number;
  readonly port: number;
  readonly protocol?: number;
  readonly service?: Service;
  readonly steps: readonly Step[];
  /** How it ends; left out, it stays open. */
  readonly end?: EndReason | undefined;
  /** It lasts for long, so that its state is told while it is open. */
  readonly isUpdated?: boolean;
}

const FLAG_LETTERS: Readonly<Record<string, number>> = {
  F: TCP_FLAG.fin,
  S: TCP_FLAG.syn,
  R: TCP_FLAG.rst,
  P: TCP_FLAG.psh,
  A: TCP_FLAG.ack,
  U: TCP_FLAG.urg,
};

/** A packet with nothing in it. */
export function emptyPacket(): Mutable<PacketView> {
  return {
    kind: PACKET_KIND.ip,
    timeUs: 0,
    bytes: new Uint8Array(0),
    wireBytes: 60,
    sourceMacHigh: 0,
    sourceMacLow: 0,
    destinationMacHigh: 0,
    destinationMacLow: 0,
    vlan: 0,
    tunnel: 0,
    ipVersion: 4,
    protocol: PROTOCOL.tcp,
    hopLimit: 64,
    ipBytes: 40,
    source0: 0,
    source1: 0,
    source2: 0,
    source3: 0,
    destination0: 0,
    destination1: 0,
    destination2: 0,
    destination3: 0,
    sourcePort: 0,
    destinationPort: 0,
    transportStart: 0,
    transportHeaderBytes: 20,
    payloadStart: 0,
    payloadEnd: 0,
    payloadBytes: 0,
    tcpFlags: 0,
    sequence: 0,
    acknowledgment: 0,
    window: 1024,
  };
}

export function setAddress(packet: Mutable<PacketView>, side: 'source' | 'destination', text: string): void {
  const words = parseAddress(text);
  if (words === null) throw new Error(`not an address: ${text}`);
  for (const index of [0, 1, 2, 3] as const) packet[`${side}${index}`] = words[index];
}

export class Player {
  nowUs = 1_700_000_000_000_000;
  readonly findings: Finding[] = [];
  readonly observer: TrafficObserver;
  private flows = 0;
  private lastTickUs = this.nowUs;

  constructor(
    definition: DetectorDefinition,
    landscape: Landscape = NO_ROLES,
    settings: object = {},
    indicators: Indicators = NO_INDICATORS,
  ) {
    this.observer = definition.create({
      settings: { ...defaultsOf(definition.settings), ...settings },
      landscape,
      indicators,
      report: (finding) => this.findings.push(declared(definition, finding)),
    });
  }

  /** The last finding of each cause. */
  get alerts(): readonly Finding[] {
    return [...new Map(this.findings.map((finding) => [finding.cause, finding])).values()];
  }

  /** As the engine does: only what the row says it wants. */
  private tell(flow: FlowView, fact: Fact): void {
    const protocol = 'protocol' in fact ? fact.protocol : undefined;
    if (isFactWanted(this.observer.interest ?? {}, fact.type, protocol, factName(fact)))
      this.observer.fact?.(flow, fact);
  }

  wait(seconds: number): void {
    const endUs = this.nowUs + seconds * 1e6;
    while (this.lastTickUs + 1e6 <= endUs) {
      this.lastTickUs += 1e6;
      this.observer.tick?.(this.lastTickUs);
    }
    this.nowUs = endUs;
  }

  /** The capture ends. */
  finish(): void {
    this.observer.tick?.(this.nowUs);
    this.observer.tick?.(this.nowUs);
  }

  packet(packet: PacketView): void {
    this.observer.packet?.(packet);
  }

  /** Plays a conversation from beginning to end at the present moment. */
  play(conversation: Conversation): void {
    const { observer } = this;
    const { protocol = PROTOCOL.tcp, service = 'unknown' } = conversation;
    const flow = this.begin(conversation, protocol, service);
    let started = false;
    let wantsSegments = observer.segment !== undefined;
    const shown = [0, 0];
    for (const step of conversation.steps) {
      if (typeof step !== 'string' && 'waitSeconds' in step) {
        this.wait(step.waitSeconds);
        continue;
      }
      if (typeof step !== 'string' && 'fact' in step) {
        this.tell(flow, { ...step.fact, timeUs: this.nowUs });
        continue;
      }
      const fromInitiator = typeof step === 'string' ? step.startsWith('>') : step.from === '>';
      const packet = this.message(conversation, protocol, step, fromInitiator);
      const firstAnswer = !fromInitiator && flow.responderPackets === 0;
      this.count(flow, packet, fromInitiator);
      if (!started) {
        started = true;
        flow.firstFlags = packet.tcpFlags;
        const isSyn = (packet.tcpFlags & (TCP_FLAG.syn | TCP_FLAG.ack)) === TCP_FLAG.syn;
        flow.initiatorBasis = isSyn ? INITIATOR_BASIS.syn : INITIATOR_BASIS.firstPacket;
        flow.tcpState = isSyn ? TCP_STATE.synSent : TCP_STATE.none;
        observer.flowStart?.(flow, packet);
      } else if (firstAnswer) {
        observer.flowChange?.(flow, packet, FLOW_CHANGE.answered);
      }
      if (protocol === PROTOCOL.tcp) this.follow(flow, packet, fromInitiator);
      if (packet.payloadBytes > 0 && ++shown[fromInitiator ? 0 : 1]! <= PAYLOAD_PACKETS_SHOWN) {
        observer.payload?.(flow, packet, fromInitiator);
      }
      if (packet.payloadBytes > 0 && wantsSegments) {
        wantsSegments = observer.segment?.(flow, packet, fromInitiator) ?? false;
      }
    }
    if (conversation.isUpdated) observer.flowUpdate?.(flow);
    if (conversation.end !== undefined) observer.flowEnd?.(flow, conversation.end);
  }

  private follow(flow: Mutable<FlowView>, packet: PacketView, fromInitiator: boolean): void {
    const flags = packet.tcpFlags;
    const change = (state: FlowView['tcpState'], what: (typeof FLOW_CHANGE)[keyof typeof FLOW_CHANGE]) => {
      if (flow.tcpState === state) return;
      flow.tcpState = state;
      this.observer.flowChange?.(flow, packet, what);
    };
    if ((flags & TCP_FLAG.rst) !== 0) {
      const refused = flow.tcpState === TCP_STATE.synSent;
      change(refused ? TCP_STATE.refused : TCP_STATE.reset, refused ? FLOW_CHANGE.refused : FLOW_CHANGE.reset);
    } else if (!fromInitiator && (flags & TCP_FLAG.syn) !== 0) {
      flow.tcpState = TCP_STATE.synReceived;
    } else if (fromInitiator && flow.tcpState === TCP_STATE.synReceived) {
      change(TCP_STATE.established, FLOW_CHANGE.established);
    } else if ((flow.initiatorFlags & flow.responderFlags & TCP_FLAG.fin) !== 0) {
      change(TCP_STATE.closed, FLOW_CHANGE.closed);
    }
  }

  private count(flow: Mutable<FlowView>, packet: PacketView, fromInitiator: boolean): void {
    const side = fromInitiator ? 'initiator' : 'responder';
    flow[`${side}Packets`]++;
    flow[`${side}PayloadBytes`] += packet.payloadBytes;
    flow[`${side}WireBytes`] += packet.wireBytes;
    flow[`${side}Flags`] |= packet.tcpFlags;
    flow.lastUs = packet.timeUs;
  }

  private message(
    conversation: Conversation,
    protocol: number,
    step: Message,
    fromInitiator: boolean,
  ): Mutable<PacketView> {
    const packet = emptyPacket();
    const { from, to, fromPort = 40_000, port } = conversation;
    packet.timeUs = this.nowUs;
    packet.protocol = protocol;
    setAddress(packet, fromInitiator ? 'source' : 'destination', from);
    setAddress(packet, fromInitiator ? 'destination' : 'source', to);
    packet.sourcePort = fromInitiator ? fromPort : port;
    packet.destinationPort = fromInitiator ? port : fromPort;
    const isData = typeof step !== 'string' || step.startsWith(' ', 1);
    if (isData) {
      packet.bytes = typeof step === 'string' ? new TextEncoder().encode(step.slice(2)) : step.bytes;
      packet.payloadEnd = packet.payloadBytes = packet.bytes.length;
    }
    if (protocol === PROTOCOL.tcp) {
      const letters = isData ? 'PA' : String(step).slice(1);
      for (const letter of letters) packet.tcpFlags |= FLAG_LETTERS[letter]!;
    }
    return packet;
  }

  private begin(conversation: Conversation, protocol: number, service: Service): Mutable<FlowView> {
    const a = parseAddress(conversation.from)!;
    const b = parseAddress(conversation.to)!;
    return {
      id: ++this.flows,
      ipVersion: 4,
      protocol,
      vlan: 0,
      tunnel: 0,
      initiator0: a[0],
      initiator1: a[1],
      initiator2: a[2],
      initiator3: a[3],
      responder0: b[0],
      responder1: b[1],
      responder2: b[2],
      responder3: b[3],
      initiatorPort: conversation.fromPort ?? 40_000,
      responderPort: conversation.port,
      initiatorBasis: INITIATOR_BASIS.firstPacket,
      firstUs: this.nowUs,
      lastUs: this.nowUs,
      initiatorPackets: 0,
      responderPackets: 0,
      initiatorPayloadBytes: 0,
      responderPayloadBytes: 0,
      initiatorWireBytes: 0,
      responderWireBytes: 0,
      tcpState: TCP_STATE.none,
      initiatorFlags: 0,
      responderFlags: 0,
      firstFlags: 0,
      service: SERVICES.indexOf(service),
      serviceBasis: service === 'unknown' ? SERVICE_BASIS.none : SERVICE_BASIS.bytes,
    };
  }
}

/** An ordinary TCP conversation with data both ways. */
export const TALK: readonly Step[] = ['>S', '<SA', '>A', '> hello', '< hello yourself', '>FA', '<FA', '>A'];
export const FINISHED = END_REASON.finished;

/** Milliseconds of its own processor time that this thread has used since `before`, whoever else is busy. */
export function processorMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
