import {
  END_REASON,
  type EndReason,
  FLOW_CHANGE,
  type FlowChange,
  type FlowView,
  INITIATOR_BASIS,
  PAYLOAD_PACKETS_SHOWN,
  type PacketView,
  PROTOCOL,
  SERVICE_BASIS,
  TCP_FLAG,
  TCP_STATE,
} from '../../../contract/traffic.ts';
import type { SettingValues } from '../runtime/settings.ts';
import { Packet } from './decode/packet.ts';
import { entropyOf } from './entropy.ts';
import { ExpiryWheel } from './expiry-wheel.ts';
import { FlowCursor } from './flow-cursor.ts';
import { FlowIndex } from './flow-index.ts';
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
import type { flowSettings } from './flow-settings.ts';
import { clearStatistics, countPacket, type Direction, FROM_INITIATOR, FROM_RESPONDER } from './flow-statistics.ts';
import type { InspectedFlow } from './protocols/conversation.ts';
import { identifyService, serviceOfPort, UNKNOWN_SERVICE } from './service.ts';

/** What happens to flows, for whoever distributes it. The view is the table's cursor: valid during the call. */
export interface FlowEvents {
  flowStart(flow: FlowView, packet: PacketView): void;
  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void;
  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void;
  flowUpdate(flow: FlowView): void;
  flowEnd(flow: InspectedFlow, reason: EndReason): void;
  /** How many want to be shown segments: up to 8. */
  readonly segmentListeners: number;
  /**
   * A packet with payload of a flow of which not everybody has seen enough. `done` has a bit for each listener that
   * has; gives it with the bits of those that now have.
   */
  segment(flow: InspectedFlow, packet: PacketView, fromInitiator: boolean, done: number): number;
  /** `flow` goes on with the conversation of the flow `formerId`, which the active timeout has just ended. */
  flowRenewed(formerId: number, flow: InspectedFlow): void;
}

/** The numbers of the flow that the table's cursor shows, during a call to an observer. */
export interface FlowSource {
  /** All statistics records; see flow-layout.ts. */
  readonly statistics: Float64Array;
  /** Where the flow's record begins. That of a flow of one packet is made on demand, in a scratch record. */
  statisticsBase(): number;
  /**
   * Of a flow of one packet: writes the FIRST_PACKET_NUMBERS words that all its statistics but its times
   * depend on to `into`, and says true. False for any other flow.
   */
  readFirstPacket(into: Int32Array): boolean;
  /** Flows begun so far; the ids of flows are the low 32 bits of their number. */
  readonly begun: number;
  /** Flows open now. */
  readonly openFlows: number;
  /** Open flows are in the slots from 0 to below this. */
  readonly slots: number;
  /**
   * The flow in a slot, or undefined when the slot is free. The view is the table's cursor: for the time between
   * packets (in `tick`), and until the next call.
   */
  flowIn(slot: number): OpenFlowView | undefined;
}

/** An open flow, with what tells conversations from lone packets without a look at the statistics. */
export interface OpenFlowView extends FlowView {
  /** Whether it has more than its first packet. */
  readonly hasStatistics: boolean;
}

/** How many words `readFirstPacket` writes. */
export const FIRST_PACKET_NUMBERS = 7;

export interface FlowTableCounters {
  /** Flows begun so far. */
  readonly flows: number;
  /** Flows open now. */
  readonly open: number;
  /** Flows that ended early because the table or the statistics were full. */
  readonly evicted: number;
}

const FIN_FROM_INITIATOR = 1 << 8;
const FIN_FROM_RESPONDER = 1 << 9;
const BASIS_SHIFT = 16;
const SERVICE_BASIS_SHIFT = 8;
const SERVICE_ATTEMPT = 1 << 16;
const DONE_SHIFT = 24;
const DONE_MASK = 0xff << DONE_SHIFT;
/** Payload packets looked at before a flow's protocol stays unknown. A greeting stands in the first of each side. */
const SERVICE_ATTEMPTS = 4;
/** When the table is full, the quietest of so many neighbours goes: near enough to the quietest of all, in constant time. */
const EVICTION_SAMPLE = 8;
const MICROSECONDS = 1_000_000;
/** 8 bits per byte at the most: fits a signed word with nine decimal digits to spare. */
const ENTROPY_SCALE = 2 ** 27;

/**
 * All open flows, keyed on the five-tuple and the VLAN or tunnel. The arrays are as large as the limits
 * allow from the start; memory that no flow has touched costs nothing, because the kernel gives pages out
 * on first use.
 */
export class FlowTable implements FlowSource {
  readonly cursor: FlowCursor;
  readonly statistics: Float64Array;
  readonly #settings: SettingValues<typeof flowSettings>;
  readonly #events: FlowEvents;
  readonly #seed: number;
  /** The bits of all who are shown segments. */
  readonly #allDone: number;
  readonly #head: Int32Array;
  readonly #times: Float64Array;
  /** Statistics record → slot. Record 0 is the scratch record of flows that have none. */
  readonly #owner: Int32Array;
  readonly #index: FlowIndex;
  readonly #wheel: ExpiryWheel;
  readonly #firstPacket = new Packet();
  readonly #freeSlots: Int32Array;
  #freeSlotCount = 0;
  #slotsUsed = 0;
  readonly #freeRecords: Int32Array;
  #freeRecordCount = 0;
  #recordsUsed = 1;
  #evictionHand = 0;
  #open = 0;
  #flows = 0;
  #evicted = 0;
  #nowSecond = 0;

  /** @param seed mixed into the hash, so that nobody can prepare colliding flows; fixed for repeatable runs. */
  constructor(settings: SettingValues<typeof flowSettings>, events: FlowEvents, seed: number) {
    this.#settings = settings;
    this.#events = events;
    this.#seed = seed | 0;
    this.#allDone = (1 << events.segmentListeners) - 1;
    const capacity = settings.flowCapacity;
    const records = settings.conversationCapacity + 1;
    this.#head = new Int32Array(capacity * HEAD_WORDS);
    this.#times = new Float64Array(this.#head.buffer);
    this.statistics = new Float64Array(records * STATISTICS_WORDS);
    this.#owner = new Int32Array(records);
    this.#freeSlots = new Int32Array(capacity);
    this.#freeRecords = new Int32Array(records);
    this.#index = new FlowIndex(this.#head);
    this.#wheel = new ExpiryWheel(this.#head);
    this.cursor = new FlowCursor(this.#head, this.#times, this.statistics);
  }

  counters(): FlowTableCounters {
    return { flows: this.#flows, open: this.#open, evicted: this.#evicted };
  }

  get begun(): number {
    return this.#flows;
  }

  get openFlows(): number {
    return this.#open;
  }

  get slots(): number {
    return this.#slotsUsed;
  }

  flowIn(slot: number): OpenFlowView | undefined {
    return this.#isOpen(slot) ? this.cursor.point(slot) : undefined;
  }

  /** Counts a decoded IP packet. Allocates nothing. */
  count(packet: PacketView): void {
    const protocol = packet.protocol;
    // Only these have ports; for ICMP the view holds type and code there, which are no part of the key.
    const hasPorts = protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp || protocol === PROTOCOL.sctp;
    const sourcePort = hasPorts ? packet.sourcePort : 0;
    const destinationPort = hasPorts ? packet.destinationPort : 0;
    const hash = this.#hash(packet, sourcePort, destinationPort);
    const found = this.#find(packet, hash, sourcePort, destinationPort);
    if (found < 0) {
      this.#begin(packet, hash, sourcePort, destinationPort);
      return;
    }
    const slot = found >> 1;
    const direction = (found & 1) as Direction;
    if (this.#continues(slot, direction, packet)) this.#continue(slot, direction, packet);
    else this.#restart(slot, direction, packet, hash, sourcePort, destinationPort);
  }

  /** Both ends are hashed alike and added, so that either direction gives the same number. */
  #hash(packet: PacketView, sourcePort: number, destinationPort: number): number {
    let source = packet.source3 ^ this.#seed;
    let destination = packet.destination3 ^ this.#seed;
    if (packet.ipVersion === 6) {
      source ^= Math.imul(packet.source0, 0x2c1b3c6d) ^ Math.imul(packet.source1, 0x297a2d39);
      source ^= Math.imul(packet.source2, 0x1b873593);
      destination ^= Math.imul(packet.destination0, 0x2c1b3c6d) ^ Math.imul(packet.destination1, 0x297a2d39);
      destination ^= Math.imul(packet.destination2, 0x1b873593);
    }
    source = Math.imul(source ^ (source >>> 16), 0x85ebca6b) ^ Math.imul(sourcePort + 1, 0x9e3779b1);
    destination =
      Math.imul(destination ^ (destination >>> 16), 0x85ebca6b) ^ Math.imul(destinationPort + 1, 0x9e3779b1);
    source = Math.imul(source ^ (source >>> 13), 0xc2b2ae35);
    destination = Math.imul(destination ^ (destination >>> 13), 0xc2b2ae35);
    let hash = ((source ^ (source >>> 15)) + (destination ^ (destination >>> 15))) | 0;
    hash ^= Math.imul(packet.protocol ^ (packet.vlan << 8) ^ packet.tunnel, 0x27d4eb2f);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return hash ^ (hash >>> 13);
  }

  /** slot * 2 + direction, or −1. */
  #find(packet: PacketView, hash: number, sourcePort: number, destinationPort: number): number {
    const { entries, mask } = this.#index;
    const head = this.#head;
    const forward = (sourcePort << 16) | destinationPort;
    const backward = (destinationPort << 16) | sourcePort;
    let i = hash & mask;
    for (;;) {
      const entry = entries[2 * i + 1];
      if (entry === 0) return -1;
      if (entries[2 * i] === hash) {
        const slot = entry - 1;
        const at = slot * HEAD_WORDS;
        const ports = head[at + HEAD.ports];
        if (
          head[at + HEAD.protocol] === packet.protocol &&
          head[at + HEAD.vlan] === packet.vlan &&
          head[at + HEAD.tunnel] === packet.tunnel
        ) {
          if (
            ports === forward &&
            head[at + HEAD.initiator3] === packet.source3 &&
            head[at + HEAD.responder3] === packet.destination3 &&
            head[at + HEAD.initiator2] === packet.source2 &&
            head[at + HEAD.responder2] === packet.destination2 &&
            head[at + HEAD.initiator1] === packet.source1 &&
            head[at + HEAD.responder1] === packet.destination1 &&
            head[at + HEAD.initiator0] === packet.source0 &&
            head[at + HEAD.responder0] === packet.destination0
          ) {
            return slot * 2 + FROM_INITIATOR;
          }
          if (
            ports === backward &&
            head[at + HEAD.initiator3] === packet.destination3 &&
            head[at + HEAD.responder3] === packet.source3 &&
            head[at + HEAD.initiator2] === packet.destination2 &&
            head[at + HEAD.responder2] === packet.source2 &&
            head[at + HEAD.initiator1] === packet.destination1 &&
            head[at + HEAD.responder1] === packet.source1 &&
            head[at + HEAD.initiator0] === packet.destination0 &&
            head[at + HEAD.responder0] === packet.source0
          ) {
            return slot * 2 + FROM_RESPONDER;
          }
        }
      }
      i = (i + 1) & mask;
    }
  }

  /** Whether the packet belongs to the flow in `slot`, or a new one begins on the same five-tuple. */
  #continues(slot: number, direction: Direction, packet: PacketView): boolean {
    const at = slot * TIME_WORDS;
    const timeUs = packet.timeUs;
    if (timeUs - this.#times[at + TIME.first] > this.#settings.activeTimeoutSeconds * MICROSECONDS) return false;
    if (timeUs - this.#times[at + TIME.last] > this.#settings.idleTimeoutSeconds * MICROSECONDS) return false;
    if (packet.protocol !== PROTOCOL.tcp || (packet.tcpFlags & (TCP_FLAG.syn | TCP_FLAG.ack)) !== TCP_FLAG.syn)
      return true;
    // A SYN repeats the handshake that is under way; after that, it is the next connection on the same ports.
    const state = this.#head[slot * HEAD_WORDS + HEAD.state] & 0xff;
    if (state === TCP_STATE.synSent) return true;
    return state === TCP_STATE.synReceived && direction === FROM_INITIATOR;
  }

  #restart(
    slot: number,
    direction: Direction,
    packet: PacketView,
    hash: number,
    sourcePort: number,
    destinationPort: number,
  ): void {
    const state = this.#head[slot * HEAD_WORDS + HEAD.state];
    const timeUs = packet.timeUs;
    const idle = timeUs - this.#times[slot * TIME_WORDS + TIME.last] > this.#settings.idleTimeoutSeconds * MICROSECONDS;
    const isSyn = (packet.tcpFlags & (TCP_FLAG.syn | TCP_FLAG.ack)) === TCP_FLAG.syn;
    if (idle || isSyn) {
      this.#end(slot, idle ? END_REASON.idleTimeout : END_REASON.finished);
      this.#begin(packet, hash, sourcePort, destinationPort);
      return;
    }
    // The active timeout cuts the record, not the conversation: who began it stays known, and what it speaks.
    const formerId = this.#head[slot * HEAD_WORDS + HEAD.id];
    const service = this.#head[slot * HEAD_WORDS + HEAD.service];
    this.#end(slot, END_REASON.activeTimeout);
    const next = this.#allocate(packet, hash, sourcePort, destinationPort, direction, state);
    this.#head[next * HEAD_WORDS + HEAD.service] = service;
    this.#events.flowRenewed(formerId, this.cursor.point(next));
    this.#enter(next, direction, packet);
  }

  #begin(packet: PacketView, hash: number, sourcePort: number, destinationPort: number): void {
    let basis: number = INITIATOR_BASIS.firstPacket;
    let state: number = TCP_STATE.none;
    let direction: Direction = FROM_INITIATOR;
    if (packet.protocol === PROTOCOL.tcp) {
      const handshake = packet.tcpFlags & (TCP_FLAG.syn | TCP_FLAG.ack | TCP_FLAG.rst | TCP_FLAG.fin);
      if (handshake === TCP_FLAG.syn) {
        basis = INITIATOR_BASIS.syn;
        state = TCP_STATE.synSent;
      } else if (handshake === (TCP_FLAG.syn | TCP_FLAG.ack)) {
        basis = INITIATOR_BASIS.synAck;
        state = TCP_STATE.synReceived;
        direction = FROM_RESPONDER;
      }
    }
    const slot = this.#allocate(packet, hash, sourcePort, destinationPort, direction, state | (basis << BASIS_SHIFT));
    this.#enter(slot, direction, packet);
  }

  /** A head for a new flow, entered in the index and the wheel, with no packet counted yet. */
  #allocate(
    packet: PacketView,
    hash: number,
    sourcePort: number,
    destinationPort: number,
    direction: Direction,
    state: number,
  ): number {
    const slot = this.#takeSlot();
    const head = this.#head;
    const at = slot * HEAD_WORDS;
    const initiator = at + (direction === FROM_INITIATOR ? HEAD.initiator0 : HEAD.responder0);
    const responder = at + (direction === FROM_INITIATOR ? HEAD.responder0 : HEAD.initiator0);
    head[initiator] = packet.source0;
    head[initiator + 1] = packet.source1;
    head[initiator + 2] = packet.source2;
    head[initiator + 3] = packet.source3;
    head[responder] = packet.destination0;
    head[responder + 1] = packet.destination1;
    head[responder + 2] = packet.destination2;
    head[responder + 3] = packet.destination3;
    const initiatorPort = direction === FROM_INITIATOR ? sourcePort : destinationPort;
    const responderPort = direction === FROM_INITIATOR ? destinationPort : sourcePort;
    head[at + HEAD.ports] = (initiatorPort << 16) | responderPort;
    head[at + HEAD.protocol] = packet.protocol;
    head[at + HEAD.ipVersion] = packet.ipVersion;
    head[at + HEAD.vlan] = packet.vlan;
    head[at + HEAD.tunnel] = packet.tunnel;
    head[at + HEAD.hash] = hash;
    head[at + HEAD.statistics] = NO_STATISTICS;
    head[at + HEAD.id] = ++this.#flows;
    head[at + HEAD.state] = state;
    head[at + HEAD.firstFlags] = packet.tcpFlags;
    const service = serviceOfPort(packet.protocol, responderPort);
    const basis = service === UNKNOWN_SERVICE ? SERVICE_BASIS.none : SERVICE_BASIS.port;
    head[at + HEAD.service] = service | (basis << SERVICE_BASIS_SHIFT);
    this.#times[slot * TIME_WORDS + TIME.first] = packet.timeUs;
    this.#times[slot * TIME_WORDS + TIME.last] = packet.timeUs;
    this.#index.insert(hash, slot);
    this.#wheel.link(slot, this.#nextVisitSecond(slot), this.#nowSecond);
    this.#open++;
    return slot;
  }

  #takeSlot(): number {
    if (this.#freeSlotCount > 0) return this.#freeSlots[--this.#freeSlotCount];
    if (this.#slotsUsed < this.#settings.flowCapacity) return this.#slotsUsed++;
    this.#evict(this.#quietest(this.#slotsUsed, (candidate) => candidate));
    return this.#freeSlots[--this.#freeSlotCount];
  }

  #takeRecord(): number {
    if (this.#freeRecordCount > 0) return this.#freeRecords[--this.#freeRecordCount];
    if (this.#recordsUsed <= this.#settings.conversationCapacity) return this.#recordsUsed++;
    this.#evict(this.#quietest(this.#recordsUsed - 1, (candidate) => this.#owner[candidate + 1]));
    return this.#freeRecords[--this.#freeRecordCount];
  }

  #quietest(count: number, slotOf: (candidate: number) => number): number {
    let chosen = -1;
    let oldestUs = Number.POSITIVE_INFINITY;
    for (let n = 0; n < EVICTION_SAMPLE; n++) {
      this.#evictionHand = (this.#evictionHand + 1) % count;
      const slot = slotOf(this.#evictionHand);
      const lastUs = this.#times[slot * TIME_WORDS + TIME.last];
      if (lastUs < oldestUs) {
        oldestUs = lastUs;
        chosen = slot;
      }
    }
    return chosen;
  }

  #evict(slot: number): void {
    this.#evicted++;
    this.#end(slot, END_REASON.evicted);
  }

  /** Counts the first packet of the flow in `slot` and tells of it. */
  #enter(slot: number, direction: Direction, packet: PacketView): void {
    const at = slot * HEAD_WORDS;
    if (direction === FROM_INITIATOR) {
      const head = this.#head;
      head[at + HEAD.firstPayloadBytes] = packet.payloadBytes;
      head[at + HEAD.firstHeaderBytes] = packet.transportHeaderBytes;
      head[at + HEAD.firstWireBytes] = packet.wireBytes;
      head[at + HEAD.firstWindow] = packet.window;
      head[at + HEAD.firstSequence] = packet.sequence;
      head[at + HEAD.firstEntropy] =
        packet.payloadBytes > 0 ? entropyOf(packet.bytes, packet.payloadStart, packet.payloadEnd) * ENTROPY_SCALE : 0;
    } else {
      // A SYN-ACK: it names the initiator's first byte.
      this.#head[at + HEAD.firstSequence] = packet.acknowledgment - 1;
      const record = this.#giveRecord(slot);
      countPacket(
        this.statistics,
        record * STATISTICS_WORDS,
        direction,
        packet,
        this.#times,
        slot * TIME_WORDS + TIME.last,
      );
    }
    if (packet.payloadBytes > 0) this.#identify(at, packet, direction);
    this.#events.flowStart(this.cursor.point(slot), packet);
    if (packet.protocol === PROTOCOL.tcp) this.#followTcp(slot, direction, packet);
    if (packet.payloadBytes > 0) {
      this.#showSegment(slot, direction, packet);
      this.#events.payload(this.cursor.point(slot), packet, direction === FROM_INITIATOR);
    }
  }

  #continue(slot: number, direction: Direction, packet: PacketView): void {
    const at = slot * HEAD_WORDS;
    const lastAt = slot * TIME_WORDS + TIME.last;
    let record = this.#head[at + HEAD.statistics];
    if (record === NO_STATISTICS) {
      record = this.#giveRecord(slot);
      this.#replayFirst(slot, record * STATISTICS_WORDS);
      // From now on it may have something to report.
      this.#wheelAgain(slot);
    }
    const base = record * STATISTICS_WORDS;
    const s = this.statistics;
    countPacket(s, base, direction, packet, this.#times, lastAt);
    if (packet.timeUs > this.#times[lastAt]) this.#times[lastAt] = packet.timeUs;

    if (direction === FROM_RESPONDER && s[base + DIRECTION_WORDS + DIRECTION.packets] === 1) {
      this.#events.flowChange(this.cursor.point(slot), packet, FLOW_CHANGE.answered);
    }
    if (packet.protocol === PROTOCOL.tcp) this.#followTcp(slot, direction, packet);
    if (packet.payloadBytes > 0) {
      const isShown = s[base + direction * DIRECTION_WORDS + DIRECTION.payloadPackets] <= PAYLOAD_PACKETS_SHOWN;
      if (isShown) this.#identify(at, packet, direction);
      this.#showSegment(slot, direction, packet);
      if (isShown) this.#events.payload(this.cursor.point(slot), packet, direction === FROM_INITIATOR);
    }
  }

  #showSegment(slot: number, direction: Direction, packet: PacketView): void {
    const at = slot * HEAD_WORDS + HEAD.service;
    const done = this.#head[at] >>> DONE_SHIFT;
    if (done === this.#allDone) return;
    const now = this.#events.segment(this.cursor.point(slot), packet, direction === FROM_INITIATOR, done);
    if (now !== done) this.#head[at] = (this.#head[at] & ~DONE_MASK) | (now << DONE_SHIFT);
  }

  /** The conversation of the flow that the cursor shows has told its service, an index into SERVICES. */
  tellService(service: number): void {
    const at = this.cursor.slot * HEAD_WORDS + HEAD.service;
    const kept = this.#head[at] & DONE_MASK;
    this.#head[at] = kept | (SERVICE_BASIS.bytes << SERVICE_BASIS_SHIFT) | service;
  }

  #giveRecord(slot: number): number {
    const record = this.#takeRecord();
    this.#owner[record] = slot;
    this.#head[slot * HEAD_WORDS + HEAD.statistics] = record;
    clearStatistics(this.statistics, record * STATISTICS_WORDS);
    return record;
  }

  /** Brings the first packet, remembered in the head, into the statistics at `base`. */
  #replayFirst(slot: number, base: number): void {
    const head = this.#head;
    const at = slot * HEAD_WORDS;
    const first = this.#firstPacket;
    first.protocol = head[at + HEAD.protocol];
    first.timeUs = this.#times[slot * TIME_WORDS + TIME.first];
    first.payloadBytes = head[at + HEAD.firstPayloadBytes] >>> 0;
    first.transportHeaderBytes = head[at + HEAD.firstHeaderBytes];
    first.wireBytes = head[at + HEAD.firstWireBytes] >>> 0;
    first.window = head[at + HEAD.firstWindow];
    first.sequence = head[at + HEAD.firstSequence];
    first.tcpFlags = head[at + HEAD.firstFlags];
    first.payloadStart = 0;
    first.payloadEnd = 0;
    countPacket(this.statistics, base, FROM_INITIATOR, first, this.#times, slot * TIME_WORDS + TIME.first);
    if (first.payloadBytes > 0) {
      this.statistics[base + DIRECTION.entropy] = head[at + HEAD.firstEntropy] / ENTROPY_SCALE;
    }
  }

  statisticsBase(): number {
    const slot = this.cursor.slot;
    const record = this.#head[slot * HEAD_WORDS + HEAD.statistics];
    if (record !== NO_STATISTICS) return record * STATISTICS_WORDS;
    clearStatistics(this.statistics, 0);
    this.#replayFirst(slot, 0);
    return 0;
  }

  readFirstPacket(into: Int32Array): boolean {
    const head = this.#head;
    const at = this.cursor.slot * HEAD_WORDS;
    if (head[at + HEAD.statistics] !== NO_STATISTICS) return false;
    into[0] = head[at + HEAD.protocol];
    into[1] = head[at + HEAD.firstFlags];
    into[2] = head[at + HEAD.firstPayloadBytes];
    into[3] = head[at + HEAD.firstHeaderBytes];
    into[4] = head[at + HEAD.firstWireBytes];
    into[5] = head[at + HEAD.firstWindow];
    into[6] = head[at + HEAD.firstEntropy];
    return true;
  }

  #identify(at: number, packet: PacketView, direction: Direction): void {
    const known = this.#head[at + HEAD.service];
    if (((known >> SERVICE_BASIS_SHIFT) & 3) === SERVICE_BASIS.bytes) return;
    if (((known >>> 16) & 0xff) >= SERVICE_ATTEMPTS) return;
    const service = identifyService(
      packet.protocol,
      packet.bytes,
      packet.payloadStart,
      packet.payloadEnd,
      direction === FROM_INITIATOR,
      this.#head[at + HEAD.ports] & 0xffff,
    );
    this.#head[at + HEAD.service] =
      service === UNKNOWN_SERVICE
        ? known + SERVICE_ATTEMPT
        : (known & DONE_MASK) | (SERVICE_BASIS.bytes << SERVICE_BASIS_SHIFT) | service;
  }

  /** The connection's state after a counted packet (RFC 9293 3.3.2, as seen from outside). */
  #followTcp(slot: number, direction: Direction, packet: PacketView): void {
    const at = slot * HEAD_WORDS + HEAD.state;
    const flags = packet.tcpFlags;
    const word = this.#head[at];
    const state = word & 0xff;
    // By far the most packets: data and acknowledgements of an open connection.
    if (state === TCP_STATE.established && !(flags & (TCP_FLAG.fin | TCP_FLAG.rst))) return;
    if (flags & TCP_FLAG.syn) this.#noteStart(slot, direction, packet);

    let next = state;
    let fins = word & (FIN_FROM_INITIATOR | FIN_FROM_RESPONDER);
    if (flags & TCP_FLAG.rst) {
      if (state === TCP_STATE.synSent && direction === FROM_RESPONDER) next = TCP_STATE.refused;
      else if (state < TCP_STATE.closed) next = TCP_STATE.reset;
    } else if (state === TCP_STATE.synSent) {
      if (direction === FROM_RESPONDER && (flags & (TCP_FLAG.syn | TCP_FLAG.ack)) === (TCP_FLAG.syn | TCP_FLAG.ack)) {
        next = TCP_STATE.synReceived;
      }
    } else if (state === TCP_STATE.synReceived) {
      if (direction === FROM_INITIATOR && (flags & (TCP_FLAG.syn | TCP_FLAG.ack)) === TCP_FLAG.ack) {
        next = TCP_STATE.established;
      }
    }
    if (flags & TCP_FLAG.fin && next < TCP_STATE.closed) {
      fins |= direction === FROM_INITIATOR ? FIN_FROM_INITIATOR : FIN_FROM_RESPONDER;
      const both = fins === (FIN_FROM_INITIATOR | FIN_FROM_RESPONDER);
      next = both ? TCP_STATE.closed : TCP_STATE.closing;
    }
    this.#head[at] = (word & ~(0xff | FIN_FROM_INITIATOR | FIN_FROM_RESPONDER)) | next | fins;
    if (next === state) return;
    if (next >= TCP_STATE.closed) this.#wheelAgain(slot);
    const change = CHANGE_INTO[next];
    if (change !== undefined) this.#events.flowChange(this.cursor.point(slot), packet, change);
  }

  /** Where the bytes of a side begin: a SYN that is sent again may have another number. */
  #noteStart(slot: number, direction: Direction, packet: PacketView): void {
    const head = this.#head;
    const at = slot * HEAD_WORDS;
    if (direction === FROM_INITIATOR) {
      if (!(packet.tcpFlags & TCP_FLAG.ack)) head[at + HEAD.firstSequence] = packet.sequence;
      return;
    }
    const record = head[at + HEAD.statistics];
    if (record !== NO_STATISTICS) {
      this.statistics[record * STATISTICS_WORDS + FLOW.responderStart] = (packet.sequence + 1) | 0;
    }
  }

  #wheelAgain(slot: number): void {
    this.#wheel.unlink(slot);
    this.#wheel.link(slot, this.#nextVisitSecond(slot), this.#nowSecond);
  }

  /** When the flow ends if it stays silent, in whole seconds, rounded up. */
  #deadlineSecond(slot: number): number {
    const settings = this.#settings;
    const at = slot * HEAD_WORDS;
    const state = this.#head[at + HEAD.state] & 0xff;
    let timeout = settings.idleTimeoutSeconds;
    if (state >= TCP_STATE.closed) timeout = settings.lingerSeconds;
    else if (this.#unanswered(at)) timeout = Math.min(timeout, settings.unansweredTimeoutSeconds);
    return Math.floor(this.#times[slot * TIME_WORDS + TIME.last] / MICROSECONDS + timeout) + 1;
  }

  #unanswered(at: number): boolean {
    const record = this.#head[at + HEAD.statistics];
    return (
      record === NO_STATISTICS || this.statistics[record * STATISTICS_WORDS + DIRECTION_WORDS + DIRECTION.packets] === 0
    );
  }

  #nextVisitSecond(slot: number): number {
    const deadline = this.#deadlineSecond(slot);
    // A flow of one packet has nothing to report: one look at its end is enough, and floods are made of them.
    if (this.#head[slot * HEAD_WORDS + HEAD.statistics] === NO_STATISTICS) return deadline;
    return Math.min(deadline, this.#nowSecond + Math.ceil(this.#settings.updateSeconds));
  }

  /** Moves the clock to `nowUs`, ends what has been silent too long and lets long flows report. */
  advance(nowUs: number): void {
    const second = Math.floor(nowUs / MICROSECONDS);
    // Not after the present second, which is never negative: a clock before 1970 stands still.
    if (!(second > this.#nowSecond)) return;
    const from = this.#nowSecond;
    this.#nowSecond = second;
    if (this.#open > 0) this.#wheel.advance(from, second, this.#visit);
  }

  readonly #visit = (slot: number): void => {
    const at = slot * HEAD_WORDS;
    const state = this.#head[at + HEAD.state] & 0xff;
    if (this.#deadlineSecond(slot) <= this.#nowSecond) {
      this.#end(slot, state >= TCP_STATE.closed ? END_REASON.finished : END_REASON.idleTimeout);
      return;
    }
    this.#wheelAgain(slot);
    const silentUs = this.#nowSecond * MICROSECONDS - this.#times[slot * TIME_WORDS + TIME.last];
    const isActive = silentUs < this.#settings.updateSeconds * MICROSECONDS;
    if (isActive && state < TCP_STATE.closed) this.#events.flowUpdate(this.cursor.point(slot));
  };

  /** Ends every open flow, in the order of their slots, and sets the clock to `nowUs`. */
  endAll(reason: EndReason, nowUs: number): void {
    for (let slot = 0; slot < this.#slotsUsed && this.#open > 0; slot++) {
      if (this.#isOpen(slot)) this.#end(slot, reason);
    }
    this.#slotsUsed = 0;
    this.#freeSlotCount = 0;
    this.#recordsUsed = 1;
    this.#freeRecordCount = 0;
    this.#wheel.clear();
    this.#nowSecond = Math.max(0, Math.floor(nowUs / MICROSECONDS));
  }

  #isOpen(slot: number): boolean {
    return this.#head[slot * HEAD_WORDS + HEAD.id] !== 0;
  }

  #end(slot: number, reason: EndReason): void {
    this.#events.flowEnd(this.cursor.point(slot), reason);
    const at = slot * HEAD_WORDS;
    this.#index.remove(this.#head[at + HEAD.hash], slot);
    this.#wheel.unlink(slot);
    const record = this.#head[at + HEAD.statistics];
    if (record !== NO_STATISTICS) this.#freeRecords[this.#freeRecordCount++] = record;
    this.#head[at + HEAD.id] = 0;
    this.#freeSlots[this.#freeSlotCount++] = slot;
    this.#open--;
  }
}

const CHANGE_INTO: Readonly<Record<number, FlowChange | undefined>> = {
  [TCP_STATE.established]: FLOW_CHANGE.established,
  [TCP_STATE.refused]: FLOW_CHANGE.refused,
  [TCP_STATE.reset]: FLOW_CHANGE.reset,
  [TCP_STATE.closed]: FLOW_CHANGE.closed,
};
