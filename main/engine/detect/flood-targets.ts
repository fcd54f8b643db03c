import type { FlowChange, FlowView, PacketView } from '../../../contract/traffic.ts';
import { FLOW_CHANGE, PACKET_KIND, PROTOCOL, TCP_FLAG } from '../../../contract/traffic.ts';
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
import { addressHash, FloodDestinations, type IsGroup, WATCH_AFTER } from './flood-destinations.ts';
import { FloodPictures } from './flood-pictures.ts';
import { REFLECTED_SERVICES, reflectedServiceByPort } from './reflection.ts';

/** More payload than an Ethernet frame of 1,500 bytes can carry. */
const LARGEST_UNFRAGMENTED = 1480;
/** An acknowledgement that moves on by more than this within one packet is no transfer: 4 MB. */
const LARGEST_ACK_STEP = 2 ** 22;
/** Bare TCP packets in a window after which it is worth remembering who sends them: most are acknowledgements. */
const BARE_SOURCES_AFTER = 1000;

const ICMP_ECHO_REPLY = 0;
const ICMP_UNREACHABLE = 3;
const ICMP_ECHO_REQUEST = 8;
const ICMPV6_UNREACHABLE = 1;
const ICMPV6_ECHO_REQUEST = 128;
const ICMPV6_ECHO_REPLY = 129;
/** Neighbour discovery and group membership (RFC 4861, RFC 3810): the link's housekeeping. */
const ICMPV6_HOUSEKEEPING_FROM = 130;

const HANDSHAKE_FLAGS = TCP_FLAG.syn | TCP_FLAG.ack | TCP_FLAG.rst | TCP_FLAG.fin;

/**
 * What comes to every busy destination and what it sends, in windows of a second: exact counters for those that get
 * more than WATCH_AFTER packets in one.
 *
 * Order of calls: `packet` first, then `flowStart` and `flowChange` for the same packet, which rely on it.
 */
export class FloodTargets {
  /** Slots that had traffic in this window, in the order of their first packet. */
  readonly active: Int32Array;
  activeCount = 0;
  /** Who sends to the targets, and where to. */
  readonly pictures: FloodPictures;
  /** Earliest and latest time in this window; timestamps may run backwards within the engine's tolerance. */
  private earliestUs = Number.POSITIVE_INFINITY;
  private latestUs = Number.NEGATIVE_INFINITY;

  private readonly destinations: FloodDestinations;
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

  /** Slots of the packet that is being looked at, -1 where the address is not watched. */
  private destinationSlot = -1;
  private sourceSlot = -1;

  /**
   * @param capacity targets watched at once, 6 kB each
   * @param onForget called when a target must make room for another
   */
  constructor(capacity: number, isGroup: IsGroup, onForget: (slot: number) => void) {
    this.destinations = new FloodDestinations(capacity, isGroup, onForget);
    this.pictures = new FloodPictures(capacity);
    this.active = new Int32Array(capacity);
    this.counters = new Int32Array(capacity * COUNTERS);
    this.windowBytesIn = new Float64Array(capacity);
    this.windowPacketsIn = new Uint32Array(capacity);
    this.windowTcpBytesOut = new Float64Array(capacity);
    this.reflectedIn = new Uint32Array(capacity * REFLECTED_SERVICES.length);
    this.reflectedAsked = new Uint32Array(capacity * REFLECTED_SERVICES.length);
    this.isActive = new Uint8Array(capacity);
    this.firstUs = new Float64Array(capacity);
    this.lastUs = new Float64Array(capacity);
    this.lastAcknowledgment = new Int32Array(capacity);
    this.windowsOf = new Uint32Array(capacity);
  }

  packet(packet: PacketView): void {
    this.destinationSlot = -1;
    this.sourceSlot = -1;
    if (packet.kind !== PACKET_KIND.ip && packet.kind !== PACKET_KIND.fragment) return;
    if (packet.timeUs < this.earliestUs) this.earliestUs = packet.timeUs;
    if (packet.timeUs > this.latestUs) this.latestUs = packet.timeUs;
    const { destination0, destination1, destination2, destination3 } = packet;
    const slot = this.watch(destination0, destination1, destination2, destination3, packet.timeUs);
    const { source0, source1, source2, source3 } = packet;
    const sourceHash = addressHash(source0, source1, source2, source3);
    if (slot >= 0) {
      this.destinationSlot = slot;
      this.lastUs[slot] = packet.timeUs;
      this.countIn(slot, packet, sourceHash);
    }
    const from = this.destinations.find(sourceHash, source0, source1, source2, source3);
    if (from >= 0) {
      this.sourceSlot = from;
      this.countOut(from, packet);
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
      this.pictures.countPort(slot, packet.destinationPort);
      this.pictures.countSource(
        slot,
        packet,
        addressHash(packet.source0, packet.source1, packet.source2, packet.source3),
      );
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
    return this.destinations.addressText(slot);
  }

  /** How many seconds of traffic the present window holds, at least 1: more when timestamps ran backwards. */
  windowSeconds(): number {
    return Math.max(1, (this.latestUs - this.earliestUs) / 1e6);
  }

  /** Begins a new window. What is cumulative stays. */
  nextWindow(): void {
    this.earliestUs = Number.POSITIVE_INFINITY;
    this.latestUs = Number.NEGATIVE_INFINITY;
    this.destinations.nextWindow();
    for (let position = 0; position < this.activeCount; position++) {
      const slot = this.active[position]!;
      this.isActive[slot] = 0;
      this.clearWindow(slot);
      this.destinations.touch(slot);
    }
    this.activeCount = 0;
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

  private watch(w0: number, w1: number, w2: number, w3: number, timeUs: number): number {
    const { destinations } = this;
    const hash = addressHash(w0, w1, w2, w3);
    let slot = destinations.find(hash, w0, w1, w2, w3);
    if (slot < 0) {
      slot = destinations.count(hash, w0, w1, w2, w3);
      if (slot < 0) return -1;
      this.pictures.forget(slot);
      // The slot may have been another's in this very window.
      this.clearWindow(slot);
      this.counters[slot * COUNTERS + UNWATCHED_IN] = destinations.countedBefore(hash);
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

  private countIn(slot: number, packet: PacketView, sourceHash: number): void {
    const { counters } = this;
    const at = slot * COUNTERS;
    this.windowBytesIn[slot]! += packet.wireBytes;
    this.windowPacketsIn[slot]!++;
    if (packet.kind === PACKET_KIND.fragment) {
      counters[at + FRAGMENTS_IN]!++;
      this.pictures.countSource(slot, packet, sourceHash);
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
        this.pictures.countPort(slot, packet.destinationPort);
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
    this.pictures.countSource(slot, packet, sourceHash);
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
      else if (counters[at + BARE_TCP_IN]! > BARE_SOURCES_AFTER) this.pictures.countSource(slot, packet, sourceHash);
      this.lastAcknowledgment[slot] = packet.acknowledgment;
      return;
    }
    this.pictures.countPort(slot, packet.destinationPort);
    this.pictures.countSource(slot, packet, sourceHash);
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
        if (counters[at + UDP_IN]! >= WATCH_AFTER) this.pictures.countAnswer(slot, packet);
      }
    } else if (packet.protocol === PROTOCOL.udp) {
      counters[at + UDP_OUT]!++;
      const service = this.serviceByPort[packet.destinationPort & 0xffff]!;
      if (service >= 0) this.reflectedAsked[slot * REFLECTED_SERVICES.length + service]!++;
      this.pictures.countAnswer(slot, packet);
    } else if (packet.protocol === PROTOCOL.icmp || packet.protocol === PROTOCOL.icmpv6) {
      const type = packet.sourcePort;
      const old = packet.protocol === PROTOCOL.icmp;
      if (type === (old ? ICMP_ECHO_REQUEST : ICMPV6_ECHO_REQUEST)) counters[at + ECHO_REQUESTS_OUT]!++;
      else if (type === (old ? ICMP_UNREACHABLE : ICMPV6_UNREACHABLE)) counters[at + UNREACHABLE_OUT]!++;
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
