import {
  END_REASON,
  type EndReason,
  FLOW_CHANGE,
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
import { ExpiryWheel } from './expiry-wheel.ts';
import { firstEntropy, readFirst, recallFirst, rememberFirst } from './first-packet.ts';
import { FlowCursor } from './flow-cursor.ts';
import type { FlowEvents, FlowSource, FlowTableCounters, OpenFlowView } from './flow-events.ts';
import { FlowIndex } from './flow-index.ts';
import { directionIn, hashOf, hasPorts, writeKey } from './flow-key.ts';
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
import {
  clearStatistics,
  clearTotals,
  countPacket,
  countTotals,
  type Direction,
  FROM_INITIATOR,
  FROM_RESPONDER,
} from './flow-statistics.ts';
import { Places } from './places.ts';
import { identifyService, serviceOfPort, UNKNOWN_SERVICE } from './service.ts';
import { CHANGE_INTO, TCP_STATE_MASK, tcpStateAfter } from './tcp-state.ts';

const BASIS_SHIFT = 16;
const SERVICE_BASIS_SHIFT = 8;
const SERVICE_ATTEMPT = 1 << 16;
const DONE_SHIFT = 24;
const DONE_MASK = 0xff << DONE_SHIFT;
/** Payload packets looked at before a flow's protocol stays unknown. A greeting stands in the first of each side. */
const SERVICE_ATTEMPTS = 4;
/** When the table is full, the quietest of so many neighbours goes: near enough to the quietest of all, in constant time. */
const EVICTION_SAMPLE = 8;
/** Record 0 is the scratch record of flows that have none. */
const FIRST_RECORD = 1;
const MICROSECONDS = 1_000_000;

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
  readonly #countsFeatures: boolean;
  /** The bits of all who are shown segments. */
  readonly #allDone: number;
  readonly #head: Int32Array;
  readonly #times: Float64Array;
  /** Statistics record → slot. */
  readonly #owner: Int32Array;
  readonly #index: FlowIndex;
  readonly #wheel: ExpiryWheel;
  readonly #firstPacket = new Packet();
  readonly #slots: Places;
  readonly #records: Places;
  #evictionHand = 0;
  #open = 0;
  #flows = 0;
  #evicted = 0;
  #nowSecond = 0;

  /**
   * @param seed mixed into the hash, so that nobody can prepare colliding flows; fixed for repeatable runs
   * @param countsFeatures false: nobody will read features, and flows are counted by their totals alone
   */
  constructor(settings: SettingValues<typeof flowSettings>, events: FlowEvents, seed: number, countsFeatures = true) {
    this.#countsFeatures = countsFeatures;
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
    this.#slots = new Places(0, capacity);
    this.#records = new Places(FIRST_RECORD, records);
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
    return this.#slots.used;
  }

  flowIn(slot: number): OpenFlowView | undefined {
    return this.#isOpen(slot) ? this.cursor.point(slot) : undefined;
  }

  /** Counts a decoded IP packet. Allocates nothing. */
  count(packet: PacketView): void {
    const withPorts = hasPorts(packet.protocol);
    const sourcePort = withPorts ? packet.sourcePort : 0;
    const destinationPort = withPorts ? packet.destinationPort : 0;
    const hash = hashOf(packet, sourcePort, destinationPort, this.#seed);
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

  /** slot * 2 + direction, or −1. */
  #find(packet: PacketView, hash: number, sourcePort: number, destinationPort: number): number {
    const { entries, mask } = this.#index;
    const forward = (sourcePort << 16) | destinationPort;
    const backward = (destinationPort << 16) | sourcePort;
    let i = hash & mask;
    for (;;) {
      const entry = entries[2 * i + 1];
      if (entry === 0) return -1;
      if (entries[2 * i] === hash) {
        const slot = entry - 1;
        const direction = directionIn(this.#head, slot * HEAD_WORDS, packet, forward, backward);
        if (direction !== undefined) return slot * 2 + direction;
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
    const state = this.#head[slot * HEAD_WORDS + HEAD.state] & TCP_STATE_MASK;
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
    writeKey(head, at, packet, sourcePort, destinationPort, direction);
    head[at + HEAD.hash] = hash;
    head[at + HEAD.statistics] = NO_STATISTICS;
    head[at + HEAD.id] = ++this.#flows;
    head[at + HEAD.state] = state;
    head[at + HEAD.firstFlags] = packet.tcpFlags;
    const service = serviceOfPort(packet.protocol, head[at + HEAD.ports] & 0xffff);
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
    const slot = this.#slots.take();
    if (slot >= 0) return slot;
    this.#evict(this.#quietest(this.#slots.used, (candidate) => candidate));
    return this.#slots.take();
  }

  #takeRecord(): number {
    const record = this.#records.take();
    if (record >= 0) return record;
    this.#evict(
      this.#quietest(this.#records.used - FIRST_RECORD, (candidate) => this.#owner[candidate + FIRST_RECORD]),
    );
    return this.#records.take();
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
      rememberFirst(this.#head, at, packet, this.#countsFeatures);
    } else {
      // A SYN-ACK: it names the initiator's first byte.
      this.#head[at + HEAD.firstSequence] = packet.acknowledgment - 1;
      const record = this.#giveRecord(slot);
      this.#countInto(record * STATISTICS_WORDS, direction, packet, slot * TIME_WORDS + TIME.last);
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
    this.#countInto(base, direction, packet, lastAt);
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
    if (this.#countsFeatures) clearStatistics(this.statistics, record * STATISTICS_WORDS);
    else clearTotals(this.statistics, record * STATISTICS_WORDS);
    return record;
  }

  /** @param timeAt where among the times that of the flow's previous packet stands */
  #countInto(base: number, direction: Direction, packet: PacketView, timeAt: number): void {
    if (this.#countsFeatures) countPacket(this.statistics, base, direction, packet, this.#times, timeAt);
    else countTotals(this.statistics, base, direction, packet);
  }

  /** Brings the first packet, remembered in the head, into the statistics at `base`. */
  #replayFirst(slot: number, base: number): void {
    const at = slot * HEAD_WORDS;
    const timeAt = slot * TIME_WORDS + TIME.first;
    const first = this.#firstPacket;
    recallFirst(this.#head, at, this.#times[timeAt], first);
    this.#countInto(base, FROM_INITIATOR, first, timeAt);
    if (!this.#countsFeatures) return;
    if (first.payloadBytes > 0) this.statistics[base + DIRECTION.entropy] = firstEntropy(this.#head, at);
  }

  statisticsBase(): number {
    this.#mustCountFeatures();
    const slot = this.cursor.slot;
    const record = this.#head[slot * HEAD_WORDS + HEAD.statistics];
    if (record !== NO_STATISTICS) return record * STATISTICS_WORDS;
    clearStatistics(this.statistics, 0);
    this.#replayFirst(slot, 0);
    return 0;
  }

  readFirstPacket(into: Int32Array): boolean {
    this.#mustCountFeatures();
    const at = this.cursor.slot * HEAD_WORDS;
    if (this.#head[at + HEAD.statistics] !== NO_STATISTICS) return false;
    readFirst(this.#head, at, into);
    return true;
  }

  #mustCountFeatures(): void {
    if (!this.#countsFeatures) throw new Error('flows are counted by their totals alone here');
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
    const state = word & TCP_STATE_MASK;
    // By far the most packets: data and acknowledgements of an open connection.
    if (state === TCP_STATE.established && !(flags & (TCP_FLAG.fin | TCP_FLAG.rst))) return;
    if (flags & TCP_FLAG.syn) this.#noteStart(slot, direction, packet);

    const changed = tcpStateAfter(word, direction, flags);
    this.#head[at] = changed;
    const next = changed & TCP_STATE_MASK;
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
    const state = this.#head[at + HEAD.state] & TCP_STATE_MASK;
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
    const state = this.#head[at + HEAD.state] & TCP_STATE_MASK;
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
    for (let slot = 0; slot < this.#slots.used && this.#open > 0; slot++) {
      if (this.#isOpen(slot)) this.#end(slot, reason);
    }
    this.#slots.clear();
    this.#records.clear();
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
    if (record !== NO_STATISTICS) this.#records.give(record);
    this.#head[at + HEAD.id] = 0;
    this.#slots.give(slot);
    this.#open--;
  }
}
