import {
  type FlowView,
  PACKET_KIND,
  type PacketView,
  PROTOCOL,
  SERVICES,
  type TrafficInterest,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { AddressTable } from '../runtime/address-table.ts';

/** Addresses whose traffic is followed; beyond it those not heard of lately are forgotten. */
const MAX_TALKERS = 4_096;
/** Points of the timeline. Twice as many are kept, then joined in pairs. */
const MAX_BUCKETS = 240;
/** One of sixteen one-packet flows makes its sender known. */
const ONE_PACKET_SAMPLING = 15;
const MICROSECONDS = 1_000_000;

/** One address and what it sent and received, in bytes on the wire. */
export interface Talker {
  readonly address: string;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly packets: number;
}

/** Traffic of a span of time. */
export interface TrafficBucket {
  readonly startMs: number;
  readonly packets: number;
  readonly bytes: number;
}

/** Flows of one protocol: the service where it is known, else the transport. */
export interface ProtocolShare {
  readonly name: string;
  readonly flows: number;
  readonly bytes: number;
}

const TRANSPORT_NAMES: Readonly<Record<number, string>> = {
  [PROTOCOL.icmp]: 'icmp',
  [PROTOCOL.igmp]: 'igmp',
  [PROTOCOL.tcp]: 'tcp (other)',
  [PROTOCOL.udp]: 'udp (other)',
  [PROTOCOL.esp]: 'esp',
  [PROTOCOL.icmpv6]: 'icmpv6',
  [PROTOCOL.sctp]: 'sctp',
};

/** Services, then IP protocols. */
const SHARES = SERVICES.length + 256;

/** When talkers are counted: with every packet (live, where flows last), or when flows end (cheaper). */
export type TalkerCounting = 'by-packet' | 'by-flow';

/** What went over the wire, for people: who, when, which protocols. In bounded memory. */
export class TrafficSummary implements TrafficObserver {
  readonly interest: TrafficInterest = { tcpBytes: false };
  packets = 0;
  /** On the wire. */
  bytes = 0;
  readonly #byPacket: boolean;
  readonly #talkers: AddressTable;
  readonly #sent = new Float64Array(MAX_TALKERS);
  readonly #received = new Float64Array(MAX_TALKERS);
  readonly #packets = new Float64Array(MAX_TALKERS);
  readonly #shareFlows = new Float64Array(SHARES);
  readonly #shareBytes = new Float64Array(SHARES);
  #bucketPackets: number[] = [];
  #bucketBytes: number[] = [];
  #bucketStartUs = Number.NaN;
  #bucketUs = MICROSECONDS;
  #span = 0;
  #spanStartUs = Number.POSITIVE_INFINITY;
  #spanEndUs = Number.NEGATIVE_INFINITY;

  /** @param seed of the hash: random for live traffic, left out for captures. */
  constructor(counting: TalkerCounting, seed?: number) {
    this.#byPacket = counting === 'by-packet';
    this.#talkers = new AddressTable(MAX_TALKERS, { seed });
  }

  packet(packet: PacketView): void {
    this.packets++;
    this.bytes += packet.wireBytes;
    this.#countTime(packet.timeUs, packet.wireBytes);
    if (!this.#byPacket || packet.kind !== PACKET_KIND.ip) return;
    const source = this.#talker(packet.source0, packet.source1, packet.source2, packet.source3);
    this.#sent[source] += packet.wireBytes;
    this.#packets[source]++;
    const destination = this.#talker(
      packet.destination0,
      packet.destination1,
      packet.destination2,
      packet.destination3,
    );
    this.#received[destination] += packet.wireBytes;
    this.#packets[destination]++;
  }

  #talker(w0: number, w1: number, w2: number, w3: number): number {
    const slot = this.#talkers.findOrInsert(w0, w1, w2, w3);
    if (this.#talkers.inserted) {
      this.#sent[slot] = 0;
      this.#received[slot] = 0;
      this.#packets[slot] = 0;
    }
    return slot;
  }

  #countTime(timeUs: number, bytes: number): void {
    // Nearly every packet belongs to the span of the one before it.
    if (timeUs < this.#spanStartUs || timeUs >= this.#spanEndUs) this.#findSpan(timeUs);
    this.#bucketPackets[this.#span]++;
    this.#bucketBytes[this.#span] += bytes;
  }

  #findSpan(timeUs: number): void {
    if (Number.isNaN(this.#bucketStartUs)) this.#bucketStartUs = Math.floor(timeUs / MICROSECONDS) * MICROSECONDS;
    // Packets from before the first count with the first: a timeline does not grow to the left.
    const offsetUs = Math.max(0, timeUs - this.#bucketStartUs);
    while (offsetUs >= 2 * MAX_BUCKETS * this.#bucketUs) this.#halve();
    this.#span = Math.floor(offsetUs / this.#bucketUs);
    this.#spanStartUs = this.#bucketStartUs + this.#span * this.#bucketUs;
    this.#spanEndUs = this.#spanStartUs + this.#bucketUs;
    while (this.#bucketPackets.length <= this.#span) {
      this.#bucketPackets.push(0);
      this.#bucketBytes.push(0);
    }
  }

  #halve(): void {
    this.#bucketUs *= 2;
    this.#bucketPackets = joinPairs(this.#bucketPackets);
    this.#bucketBytes = joinPairs(this.#bucketBytes);
  }

  flowEnd(flow: FlowView): void {
    const { initiatorWireBytes, responderWireBytes } = flow;
    // Known services by their number, the rest by their transport behind them.
    const share = flow.service !== 0 ? flow.service : SERVICES.length + (flow.protocol & 0xff);
    this.#shareFlows[share]++;
    this.#shareBytes[share] += initiatorWireBytes + responderWireBytes;
    if (this.#byPacket) return;
    const packets = flow.initiatorPackets + flow.responderPackets;
    // Senders of one unanswered packet are legion in a flood: whoever is really busy is soon among the sampled.
    const isSampled = packets > 1 || (flow.id & ONE_PACKET_SAMPLING) === 0;
    const initiator = isSampled
      ? this.#talker(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3)
      : this.#talkers.find(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
    if (initiator >= 0) {
      this.#sent[initiator] += initiatorWireBytes;
      this.#received[initiator] += responderWireBytes;
      this.#packets[initiator] += packets;
    }
    const responder = this.#talker(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
    this.#sent[responder] += responderWireBytes;
    this.#received[responder] += initiatorWireBytes;
    this.#packets[responder] += packets;
  }

  /**
   * Lets talkers and protocols fade: called once a second with 0.98, what remains weighs the last 50 seconds.
   * For the live view; a capture counts everything.
   */
  fade(factor: number): void {
    for (let slot = 0; slot < MAX_TALKERS; slot++) {
      this.#sent[slot] *= factor;
      this.#received[slot] *= factor;
      this.#packets[slot] *= factor;
    }
    for (let share = 0; share < SHARES; share++) {
      this.#shareFlows[share] *= factor;
      this.#shareBytes[share] *= factor;
    }
  }

  /** The `count` addresses with the most bytes. */
  topTalkers(count: number): Talker[] {
    const talkers: Talker[] = [];
    for (let slot = 0; slot < MAX_TALKERS; slot++) {
      if (!this.#talkers.isUsed(slot)) continue;
      talkers.push({
        address: this.#talkers.addressText(slot),
        sentBytes: this.#sent[slot],
        receivedBytes: this.#received[slot],
        packets: this.#packets[slot],
      });
    }
    const total = (talker: Talker) => talker.sentBytes + talker.receivedBytes;
    return talkers.sort((a, b) => total(b) - total(a)).slice(0, count);
  }

  /** Flows that have ended, by protocol, most bytes first. */
  protocols(): ProtocolShare[] {
    const shares: ProtocolShare[] = [];
    for (let share = 0; share < SHARES; share++) {
      if (this.#shareFlows[share] === 0) continue;
      shares.push({ name: shareName(share), flows: this.#shareFlows[share], bytes: this.#shareBytes[share] });
    }
    return shares.sort((a, b) => b.bytes - a.bytes);
  }

  /** At most 480 spans of equal length from the first packet to the last. */
  timeline(): TrafficBucket[] {
    return this.#bucketPackets.map((packets, index) => ({
      startMs: (this.#bucketStartUs + index * this.#bucketUs) / 1000,
      packets,
      bytes: this.#bucketBytes[index],
    }));
  }
}

function shareName(share: number): string {
  if (share < SERVICES.length) return SERVICES[share];
  const protocol = share - SERVICES.length;
  return TRANSPORT_NAMES[protocol] ?? `ip protocol ${protocol}`;
}

function joinPairs(values: readonly number[]): number[] {
  const joined: number[] = [];
  for (let i = 0; i < values.length; i += 2) joined.push(values[i] + (values[i + 1] ?? 0));
  return joined;
}
