import type { FlowChange, FlowView, PacketView } from '../../../contract/traffic.ts';
import { FLOW_CHANGE, PACKET_KIND, PROTOCOL, TCP_FLAG } from '../../../contract/traffic.ts';
import { AddressTable } from '../runtime/address-table.ts';
import { DistinctCounters } from '../runtime/counters.ts';
import {
  ADVANCING_ACKS_IN,
  BARE_TCP_IN,
  COUNTERS,
  ECHO_REPLIES_IN,
  ECHO_REQUESTS_IN,
  ECHO_REQUESTS_OUT,
  EMPTY_UDP_IN,
  ESTABLISHED,
  FLOOD_COUNTER_INDEX,
  type FloodCounter,
  FRAGMENTS_IN,
  ICMP_ERRORS_IN,
  ODD_FLAGS_IN,
  OTHER_IP_FLOWS_IN,
  OTHER_IP_IN,
  PACKETS_OUT,
  REASSEMBLED_IN,
  RESETS_OUT,
  STRAY_ACKS,
  STRAY_RESETS,
  STRAY_SYN_ACKS,
  STRAYS_ANSWERED,
  SYN_IN,
  SYN_OUT,
  TCP_DATA_IN,
  TCP_OUT,
  UDP_FLOWS_ANSWERED,
  UDP_FLOWS_IN,
  UDP_IN,
  UDP_OUT,
  UNREACHABLE_OUT,
  UNWATCHED_IN,
} from './flood-counters.ts';
import { type HeavySource, HeavySources } from './heavy-sources.ts';
import { REFLECTED_SERVICES, reflectedServiceByPort } from './reflection.ts';

/**
 * Packets within one window after which a destination is watched closely; fewer cannot be a flood. Where more
 * destinations are busy than there is room for, the number rises until only the busiest take turns.
 */
const WATCH_AFTER = 16;
const WATCH_AFTER_AT_MOST = 4096;
/** Targets that had to make room within a window before it takes twice as many packets to be watched. */
const EVICTIONS_PER_STEP = 256;
/** Places of the first, coarse count; collisions only mean that a quiet host is watched without need. */
const COARSE_BITS = 13;
/** More payload than an Ethernet frame of 1,500 bytes can carry. */
const LARGEST_UNFRAGMENTED = 1480;
/** An acknowledgement that moves on by more than this within one packet is no transfer: 4 MB. */
const LARGEST_ACK_STEP = 2 ** 22;
/** Bare TCP packets in a window after which it is worth remembering who sends them: most are acknowledgements. */
const BARE_SOURCES_AFTER = 1000;
const PORT_DISTINCT_BITS = 7;
const SOURCE_DISTINCT_BITS = 10;

const ICMP_ECHO_REPLY = 0;
const ICMP_UNREACHABLE = 3;
const ICMP_ECHO_REQUEST = 8;
const ICMPV6_UNREACHABLE = 1;
const ICMPV6_ECHO_REQUEST = 128;
const ICMPV6_ECHO_REPLY = 129;
/** Neighbour discovery and group membership (RFC 4861, RFC 3810): the link's housekeeping. */
const ICMPV6_HOUSEKEEPING_FROM = 130;

const HANDSHAKE_FLAGS = TCP_FLAG.syn | TCP_FLAG.ack | TCP_FLAG.rst | TCP_FLAG.fin;

/** Where the packets of a target go to; cumulative since `forget`. */
export interface TargetPorts {
  readonly distinct: number;
  /** How many packets went into it. */
  readonly packets: number;
  /** The port that three of four packets or more go to, 0 where there is none. */
  readonly dominant: number;
}

/** The senders of what a target gets; cumulative since `forget`. */
export interface TargetSources {
  /** Distinct senders of packets that nobody asked for, nearly (±3 %). */
  readonly distinct: number;
  /** How many packets went into `distinct` and `heaviest`. */
  readonly packets: number;
  readonly heaviest: readonly HeavySource[];
}

/**
 * Counts for every busy destination address. Two stages: a coarse count for all, and exact counters for those
 * that get more than WATCH_AFTER packets in a window; so spoofed addresses that are answered once cost nothing.
 *
 * Order of calls: `packet` first, then `flowStart` and `flowChange` for the same packet, which rely on it.
 */
export class FloodTargets {
  /** Slots that had traffic in this window, in the order of their first packet. */
  readonly active: Int32Array;
  activeCount = 0;
  /** Earliest and latest time in this window; timestamps may run backwards within the engine's tolerance. */
  private earliestUs = Number.POSITIVE_INFINITY;
  private latestUs = Number.NEGATIVE_INFINITY;

  private readonly isGroup: (w0: number, w1: number, w2: number, w3: number) => boolean;
  private readonly coarse = new Uint32Array(1 << COARSE_BITS);
  /** Slot + 1 of the target last found at a place of the coarse count: a short cut past the table. */
  private readonly shortCuts = new Int32Array(1 << COARSE_BITS);
  /** The address at each slot: a copy beside the counters is quicker to compare. */
  private readonly words: Int32Array;
  /** How many targets fall on a place, so that senders that are no target are told at once. */
  private readonly targetsAt = new Uint16Array(1 << COARSE_BITS);
  private readonly table: AddressTable;
  private readonly serviceByPort = reflectedServiceByPort();

  private readonly counters: Int32Array;
  private readonly windowBytesIn: Float64Array;
  private readonly windowPacketsIn: Uint32Array;
  private readonly windowTcpBytesOut: Float64Array;
  private readonly reflectedIn: Uint32Array;
  private readonly reflectedAsked: Uint32Array;
  private readonly isActive: Uint8Array;
  private readonly firstUs: Float64Array;
  private readonly lastUs: Float64Array;
  private readonly lastAcknowledgment: Int32Array;
  private readonly windowsOf: Uint32Array;

  private readonly distinctSources: DistinctCounters;
  private readonly distinctPorts: DistinctCounters;
  private readonly heavySources: HeavySources;
  private readonly sourcePackets: Float64Array;
  private readonly portPackets: Float64Array;
  /** The destination port that most packets name, by majority vote (Boyer and Moore, 1981). */
  private readonly portCandidate: Int32Array;
  private readonly portVotes: Float64Array;

  private watchAfter = WATCH_AFTER;
  private evictions = 0;

  /** Slots of the packet that is being looked at, -1 where the address is not watched. */
  private destinationSlot = -1;
  private sourceSlot = -1;

  /**
   * @param capacity targets watched at once, 6 kB each
   * @param isGroup whether an address is no single host
   * @param onForget called when a target must make room for another
   */
  constructor(
    capacity: number,
    isGroup: (w0: number, w1: number, w2: number, w3: number) => boolean,
    onForget: (slot: number) => void,
  ) {
    this.isGroup = isGroup;
    this.table = new AddressTable(capacity, {
      onEvict: (slot) => {
        this.evictions++;
        if (this.evictions % EVICTIONS_PER_STEP === 0)
          this.watchAfter = Math.min(this.watchAfter * 2, WATCH_AFTER_AT_MOST);
        onForget(slot);
        const place = this.placeOfSlot(slot);
        this.targetsAt[place]!--;
        if (this.shortCuts[place] === slot + 1) this.shortCuts[place] = 0;
      },
    });
    this.active = new Int32Array(capacity);
    this.counters = new Int32Array(capacity * COUNTERS);
    this.windowBytesIn = new Float64Array(capacity);
    this.windowPacketsIn = new Uint32Array(capacity);
    this.windowTcpBytesOut = new Float64Array(capacity);
    this.words = new Int32Array(capacity * 4);
    this.reflectedIn = new Uint32Array(capacity * REFLECTED_SERVICES.length);
    this.reflectedAsked = new Uint32Array(capacity * REFLECTED_SERVICES.length);
    this.isActive = new Uint8Array(capacity);
    this.firstUs = new Float64Array(capacity);
    this.lastUs = new Float64Array(capacity);
    this.lastAcknowledgment = new Int32Array(capacity);
    this.windowsOf = new Uint32Array(capacity);
    this.distinctSources = new DistinctCounters(capacity, SOURCE_DISTINCT_BITS);
    this.distinctPorts = new DistinctCounters(capacity, PORT_DISTINCT_BITS);
    this.heavySources = new HeavySources(capacity);
    this.sourcePackets = new Float64Array(capacity);
    this.portPackets = new Float64Array(capacity);
    this.portCandidate = new Int32Array(capacity);
    this.portVotes = new Float64Array(capacity);
  }

  packet(packet: PacketView): void {
    this.destinationSlot = -1;
    this.sourceSlot = -1;
    if (packet.kind !== PACKET_KIND.ip && packet.kind !== PACKET_KIND.fragment) return;
    if (packet.timeUs < this.earliestUs) this.earliestUs = packet.timeUs;
    if (packet.timeUs > this.latestUs) this.latestUs = packet.timeUs;
    const { destination0, destination1, destination2, destination3 } = packet;
    const place = addressHash(destination0, destination1, destination2, destination3) >>> (32 - COARSE_BITS);
    const slot = this.watch(place, destination0, destination1, destination2, destination3, packet.timeUs);
    const { source0, source1, source2, source3 } = packet;
    const sourceHash = addressHash(source0, source1, source2, source3);
    if (slot >= 0) {
      this.destinationSlot = slot;
      this.lastUs[slot] = packet.timeUs;
      this.countIn(slot, packet, sourceHash);
    }
    if (this.targetsAt[sourceHash >>> (32 - COARSE_BITS)] !== 0) {
      const from = this.known(sourceHash >>> (32 - COARSE_BITS), source0, source1, source2, source3);
      if (from >= 0) {
        this.sourceSlot = from;
        this.countOut(from, packet);
      }
    }
  }

  flowStart(flow: FlowView, packet: PacketView): void {
    const slot = this.destinationSlot;
    if (slot < 0) return;
    const at = slot * COUNTERS;
    if (flow.protocol === PROTOCOL.udp) this.counters[at + UDP_FLOWS_IN]!++;
    else if (flow.protocol === PROTOCOL.tcp) {
      const flags = packet.tcpFlags;
      if ((flags & HANDSHAKE_FLAGS) === TCP_FLAG.syn || isOddFlags(flags)) return;
      if ((flags & TCP_FLAG.rst) !== 0) this.counters[at + STRAY_RESETS]!++;
      else if ((flags & TCP_FLAG.syn) !== 0) this.counters[at + STRAY_SYN_ACKS]!++;
      else this.counters[at + STRAY_ACKS]!++;
      this.countPort(slot, packet.destinationPort);
      this.countSource(slot, packet, addressHash(packet.source0, packet.source1, packet.source2, packet.source3));
    } else if (flow.protocol !== PROTOCOL.icmp && flow.protocol !== PROTOCOL.icmpv6) {
      this.counters[at + OTHER_IP_FLOWS_IN]!++;
    }
  }

  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void {
    if (change === FLOW_CHANGE.established) {
      // The packet that completes a handshake goes to the target.
      if (this.destinationSlot >= 0) this.counters[this.destinationSlot * COUNTERS + ESTABLISHED]!++;
      return;
    }
    if (change !== FLOW_CHANGE.answered || this.sourceSlot < 0) return;
    const at = this.sourceSlot * COUNTERS;
    if (flow.protocol === PROTOCOL.udp) this.counters[at + UDP_FLOWS_ANSWERED]!++;
    else if (
      flow.protocol === PROTOCOL.tcp &&
      (flow.firstFlags & HANDSHAKE_FLAGS) !== TCP_FLAG.syn &&
      (packet.tcpFlags & TCP_FLAG.rst) === 0
    ) {
      this.counters[at + STRAYS_ANSWERED]!++;
    }
  }

  /** One counter of a target in the present window. */
  count(slot: number, name: FloodCounter): number {
    return this.counters[slot * COUNTERS + FLOOD_COUNTER_INDEX[name]]!;
  }

  /** Packets towards the target in the present window, from when it was watched. */
  packetsIn(slot: number): number {
    return this.windowPacketsIn[slot]!;
  }

  /** Frame bytes towards the target in the present window. */
  bytesIn(slot: number): number {
    return this.windowBytesIn[slot]!;
  }

  /** TCP payload that the target sent in the present window. */
  tcpBytesOut(slot: number): number {
    return this.windowTcpBytesOut[slot]!;
  }

  /** Packets in the present window that came from the port of REFLECTED_SERVICES[service]. */
  reflected(slot: number, service: number): number {
    return this.reflectedIn[slot * REFLECTED_SERVICES.length + service]!;
  }

  /** Packets in the present window that the target sent to that port. */
  asked(slot: number, service: number): number {
    return this.reflectedAsked[slot * REFLECTED_SERVICES.length + service]!;
  }

  /** How many windows with traffic the target has been watched for, this one included. */
  windows(slot: number): number {
    return this.windowsOf[slot]!;
  }

  firstSeenUs(slot: number): number {
    return this.firstUs[slot]!;
  }

  lastSeenUs(slot: number): number {
    return this.lastUs[slot]!;
  }

  addressText(slot: number): string {
    return this.table.addressText(slot);
  }

  sources(slot: number): TargetSources {
    return {
      distinct: this.distinctSources.estimate(slot),
      packets: this.sourcePackets[slot]!,
      heaviest: this.heavySources.list(slot),
    };
  }

  ports(slot: number): TargetPorts {
    const packets = this.portPackets[slot]!;
    // Half of the votes left over means that three packets of four named the port.
    const dominant = this.portVotes[slot]! * 2 > packets ? this.portCandidate[slot]! : 0;
    return { distinct: this.distinctPorts.estimate(slot), packets, dominant };
  }

  /** How many seconds of traffic the present window holds, at least 1: more when timestamps ran backwards. */
  windowSeconds(): number {
    return Math.max(1, (this.latestUs - this.earliestUs) / 1e6);
  }

  /** Begins a new window. What is cumulative stays. */
  nextWindow(): void {
    this.earliestUs = Number.POSITIVE_INFINITY;
    this.latestUs = Number.NEGATIVE_INFINITY;
    this.coarse.fill(0);
    if (this.evictions === 0) this.watchAfter = Math.max(this.watchAfter / 2, WATCH_AFTER);
    this.evictions = 0;
    for (let position = 0; position < this.activeCount; position++) {
      const slot = this.active[position]!;
      this.isActive[slot] = 0;
      this.clearWindow(slot);
      if (!this.table.isUsed(slot)) continue;
      // The short cuts go past the table: tell it what is in use, so that it lets the others go first.
      this.table.find(
        this.table.word(slot, 0),
        this.table.word(slot, 1),
        this.table.word(slot, 2),
        this.table.word(slot, 3),
      );
    }
    this.activeCount = 0;
  }

  /** Forgets the sources and ports of a target, so that the next picture is of the present. */
  forget(slot: number): void {
    this.distinctSources.clear(slot);
    this.distinctPorts.clear(slot);
    this.heavySources.clear(slot);
    this.sourcePackets[slot] = 0;
    this.portPackets[slot] = 0;
    this.portVotes[slot] = 0;
  }

  private clearWindow(slot: number): void {
    this.windowBytesIn[slot] = 0;
    this.windowPacketsIn[slot] = 0;
    this.windowTcpBytesOut[slot] = 0;
    const services = slot * REFLECTED_SERVICES.length;
    this.counters.fill(0, slot * COUNTERS, (slot + 1) * COUNTERS);
    this.reflectedIn.fill(0, services, services + REFLECTED_SERVICES.length);
    this.reflectedAsked.fill(0, services, services + REFLECTED_SERVICES.length);
  }

  private watch(place: number, w0: number, w1: number, w2: number, w3: number, timeUs: number): number {
    let slot = this.targetsAt[place] === 0 ? -1 : this.known(place, w0, w1, w2, w3);
    if (slot < 0) {
      if (++this.coarse[place]! <= this.watchAfter || this.isGroup(w0, w1, w2, w3)) return -1;
      slot = this.table.findOrInsert(w0, w1, w2, w3);
      this.targetsAt[place]!++;
      this.shortCuts[place] = slot + 1;
      this.words.set([w0, w1, w2, w3], slot * 4);
      this.forget(slot);
      // The slot may have been another's in this very window.
      this.clearWindow(slot);
      this.counters[slot * COUNTERS + UNWATCHED_IN] = Math.min(this.coarse[place]! - 1, this.watchAfter);
      this.firstUs[slot] = timeUs;
      this.windowsOf[slot] = this.isActive[slot] === 0 ? 0 : 1;
    }
    if (this.isActive[slot] === 0) {
      this.isActive[slot] = 1;
      this.active[this.activeCount++] = slot;
      this.firstUs[slot] = timeUs;
      this.windowsOf[slot]!++;
    }
    return slot;
  }

  private known(place: number, w0: number, w1: number, w2: number, w3: number): number {
    const { words } = this;
    const slot = this.shortCuts[place]! - 1;
    const at = slot * 4;
    if (slot >= 0 && words[at + 3] === w3 && words[at + 2] === w2 && words[at + 1] === w1 && words[at] === w0) {
      return slot;
    }
    const found = this.table.find(w0, w1, w2, w3);
    if (found >= 0) this.shortCuts[place] = found + 1;
    return found;
  }

  private placeOfSlot(slot: number): number {
    const { words } = this;
    const at = slot * 4;
    return addressHash(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!) >>> (32 - COARSE_BITS);
  }

  private countIn(slot: number, packet: PacketView, sourceHash: number): void {
    const { counters } = this;
    const at = slot * COUNTERS;
    this.windowBytesIn[slot]! += packet.wireBytes;
    this.windowPacketsIn[slot]!++;
    if (packet.kind === PACKET_KIND.fragment) {
      counters[at + FRAGMENTS_IN]!++;
      this.countSource(slot, packet, sourceHash);
      return;
    }
    if (packet.payloadBytes > LARGEST_UNFRAGMENTED) counters[at + REASSEMBLED_IN]!++;
    switch (packet.protocol) {
      case PROTOCOL.tcp:
        this.countTcpIn(slot, packet, sourceHash);
        return;
      case PROTOCOL.udp: {
        counters[at + UDP_IN]!++;
        if (packet.payloadBytes === 0) counters[at + EMPTY_UDP_IN]!++;
        const service = this.serviceByPort[packet.sourcePort & 0xffff]!;
        if (service >= 0) this.reflectedIn[slot * REFLECTED_SERVICES.length + service]!++;
        this.countPort(slot, packet.destinationPort);
        break;
      }
      case PROTOCOL.icmp:
        if (packet.sourcePort === ICMP_ECHO_REQUEST) counters[at + ECHO_REQUESTS_IN]!++;
        else if (packet.sourcePort === ICMP_ECHO_REPLY) counters[at + ECHO_REPLIES_IN]!++;
        else counters[at + ICMP_ERRORS_IN]!++;
        break;
      case PROTOCOL.icmpv6:
        if (packet.sourcePort === ICMPV6_ECHO_REQUEST) counters[at + ECHO_REQUESTS_IN]!++;
        else if (packet.sourcePort === ICMPV6_ECHO_REPLY) counters[at + ECHO_REPLIES_IN]!++;
        else if (packet.sourcePort < ICMPV6_HOUSEKEEPING_FROM) counters[at + ICMP_ERRORS_IN]!++;
        else return;
        break;
      default:
        counters[at + OTHER_IP_IN]!++;
    }
    this.countSource(slot, packet, sourceHash);
  }

  private countTcpIn(slot: number, packet: PacketView, sourceHash: number): void {
    const { counters } = this;
    const at = slot * COUNTERS;
    const flags = packet.tcpFlags;
    if ((flags & HANDSHAKE_FLAGS) === TCP_FLAG.syn) counters[at + SYN_IN]!++;
    else if (isOddFlags(flags)) counters[at + ODD_FLAGS_IN]!++;
    else if (packet.payloadBytes > 0) {
      counters[at + TCP_DATA_IN]!++;
      return;
    } else {
      counters[at + BARE_TCP_IN]!++;
      const step = (packet.acknowledgment - this.lastAcknowledgment[slot]!) | 0;
      if (step > 0 && step < LARGEST_ACK_STEP) counters[at + ADVANCING_ACKS_IN]!++;
      else if (counters[at + BARE_TCP_IN]! > BARE_SOURCES_AFTER) this.countSource(slot, packet, sourceHash);
      this.lastAcknowledgment[slot] = packet.acknowledgment;
      return;
    }
    this.countPort(slot, packet.destinationPort);
    this.countSource(slot, packet, sourceHash);
  }

  private countOut(slot: number, packet: PacketView): void {
    const { counters } = this;
    const at = slot * COUNTERS;
    counters[at + PACKETS_OUT]!++;
    if (packet.protocol === PROTOCOL.tcp) {
      const flags = packet.tcpFlags;
      this.windowTcpBytesOut[slot]! += packet.payloadBytes;
      if ((flags & TCP_FLAG.rst) !== 0) counters[at + RESETS_OUT]!++;
      else if ((flags & HANDSHAKE_FLAGS) === TCP_FLAG.syn) counters[at + SYN_OUT]!++;
      else if ((flags & TCP_FLAG.syn) === 0) {
        counters[at + TCP_OUT]!++;
        // A TCP conversation beside the datagrams shows that they are wanted; only worth a look where there are many.
        if (counters[at + UDP_IN]! >= WATCH_AFTER) this.countAnswer(slot, packet);
      }
    } else if (packet.protocol === PROTOCOL.udp) {
      counters[at + UDP_OUT]!++;
      const service = this.serviceByPort[packet.destinationPort & 0xffff]!;
      if (service >= 0) this.reflectedAsked[slot * REFLECTED_SERVICES.length + service]!++;
      this.countAnswer(slot, packet);
    } else if (packet.protocol === PROTOCOL.icmp || packet.protocol === PROTOCOL.icmpv6) {
      const type = packet.sourcePort;
      const old = packet.protocol === PROTOCOL.icmp;
      if (type === (old ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST)) counters[at + ECHO_REQUESTS_OUT]!++;
      else if (type === (old ? ICMP_UNREACHABLE : ICMPV6_UNREACHABLE)) counters[at + UNREACHABLE_OUT]!++;
    }
  }

  /** What the target says of itself to a sender. Handshakes, resets and ICMP do not count: those it must send. */
  private countAnswer(slot: number, packet: PacketView): void {
    const { destination0, destination1, destination2, destination3 } = packet;
    const hash = addressHash(destination0, destination1, destination2, destination3);
    this.heavySources.answer(slot, hash, destination0, destination1, destination2, destination3);
  }

  private countSource(slot: number, packet: PacketView, hash: number): void {
    this.sourcePackets[slot]!++;
    this.distinctSources.add(slot, hash);
    this.heavySources.add(slot, hash, packet.source0, packet.source1, packet.source2, packet.source3);
  }

  private countPort(slot: number, port: number): void {
    this.portPackets[slot]!++;
    if (this.portCandidate[slot] === port && this.portVotes[slot]! > 0) {
      this.portVotes[slot]!++;
      return;
    }
    this.distinctPorts.add(slot, port);
    if (this.portVotes[slot]! > 0) this.portVotes[slot]!--;
    else {
      this.portCandidate[slot] = port;
      this.portVotes[slot] = 1;
    }
  }
}

function isOddFlags(flags: number): boolean {
  const handshake = flags & HANDSHAKE_FLAGS;
  return (
    handshake === 0 ||
    handshake === TCP_FLAG.fin ||
    (handshake & (TCP_FLAG.syn | TCP_FLAG.fin)) === (TCP_FLAG.syn | TCP_FLAG.fin)
  );
}

/** Good enough to spread addresses; whoever makes addresses collide only makes the watching slower. */
function addressHash(w0: number, w1: number, w2: number, w3: number): number {
  const hash = Math.imul(Math.imul(w0 ^ Math.imul(w1, 0x2c1b3c6d), 0x297a2d39) ^ w2, 0x85ebca6b) ^ w3;
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
  return mixed ^ (mixed >>> 13);
}
