import { MAX_LISTED_HOSTS } from '../../../contract/domain.ts';
import {
  END_REASON,
  type EndReason,
  FLOW_CHANGE,
  type FlowChange,
  type FlowView,
  INITIATOR_BASIS,
  type PacketView,
  PROTOCOL,
  SERVICES,
  TCP_FLAG,
  TCP_STATE,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { ConnectionBook, MAX_SOURCES, MAX_TARGETS } from './connection-flood-book.ts';
import type { ConnectionSum } from './connection-flood-counters.ts';
import { CONNECTION_FLOOD_FORMS, type ConnectionWindow, failingShare } from './connection-flood-forms.ts';
import { connectionFloodFinding } from './connection-flood-report.ts';
import { looksLikeRequest, readRequest } from './connection-flood-requests.ts';
import { CONNECTION_FLOOD_SETTINGS, type ConnectionFloodSettings } from './connection-flood-settings.ts';
import { type DetectorContext, defineDetector } from './detector.ts';
import { LOGIN_SIGN, loginProtocolOf } from './login-protocols.ts';

/** Victims under attack at once. */
const MAX_FLOODS = 64;
const MAX_PORTS_NAMED = 16;
/**
 * Receive windows in the SYN (RFC 9293: never scaled) that no system offers by itself: the least that Linux
 * gives a socket is 1,152 bytes, and a program has to ask for it. The smallest embedded systems offer 2,144.
 */
const TINY_WINDOW_BYTES = 2048;
const TINY_BITS = 14;
/** So many packets within such a time, and the server of a web connection is watched from then on. */
const FAST_PACKETS = 12;
const FAST_US = 2e6;
/** A later bit of a request: small, and so long after the connection began that no network explains it. */
const TRICKLE_BYTES = 256;
const TRICKLE_AFTER_US = 4e6;
/** Of the first requests of busy clients, one in so many is read for a login: it costs microseconds. */
const LOGIN_SAMPLE = 8;
const LOGIN_SAMPLE_AFTER = 50;
/** A flood goes on while it has this part of what it takes to begin one. */
const CONTINUES_AT_SHARE = 0.5;
/** A client of several that together make a flood is one of them with this part of what makes one alone. */
const BUSY_SHARE = 0.1;
/** The busy clients must make this part of what a group does: else it is a crowd. */
const GROUP_SHARE = 0.5;
/** A crowd that gets no answers is no crowd of visitors: they give up. */
const CROWD_FAILING_SHARE = 0.7;
/** Reported again when it has grown by this factor, or so long after the last time. */
const REPORT_GROWTH = 1.5;
const REPORT_AFTER_US = 10e6;
/** What is held back is dated back by no more than this: the counters do not know their oldest connection. */
const LONGEST_LOOK_BACK_US = 60e6;

const HTTP = SERVICES.indexOf('http');

interface Flood {
  readonly victim: string;
  firstUs: number;
  lastUs: number;
  readonly ports: Set<number>;
  readonly peaks: number[];
  readonly limits: number[];
  readonly attackers: Set<string>;
  clients: number;
  failingShare: number;
  /** Sum of peaks over limits, and attackers, when it was last reported. */
  reportedSize: number;
  reportedAttackers: number;
  reportedUs: number;
}

/**
 * Floods that complete their handshakes: too many connections or requests per second, or too many connections
 * held open. Nothing is kept per connection; ordinary ones cost one look at a small array.
 */
class ConnectionFloodWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof CONNECTION_FLOOD_SETTINGS>;
  private readonly settings: ConnectionFloodSettings;
  private readonly book: ConnectionBook;
  private readonly floods = new Map<string, Flood>();
  /** Ids of flows whose SYN had a tiny window; a later one in the same place takes it over. */
  private readonly tinyFlows = new Float64Array(2 ** TINY_BITS);
  private isEnding = false;

  constructor(context: DetectorContext<typeof CONNECTION_FLOOD_SETTINGS>) {
    this.context = context;
    this.settings = context.settings;
    this.book = new ConnectionBook(context.seed);
  }

  /** Requests within a connection are only seen here; what goes to no watched port is passed over at once. */
  packet(packet: PacketView): void {
    const { book } = this;
    if (!book.isPortWatched(packet.destinationPort) || !looksLikeRequest(packet)) return;
    const request = readRequest(packet);
    if (request === null || !book.openByPacket(packet)) return;
    book.ofTargets.requested(book.target, packet.timeUs, request.path, request.isSubmission);
    book.ofSources.requested(book.source, packet.timeUs, request.path, request.isSubmission);
  }

  flowStart(flow: FlowView, packet: PacketView): void {
    if (flow.initiatorBasis !== INITIATOR_BASIS.syn) return;
    if (packet.window <= TINY_WINDOW_BYTES) this.tinyFlows[flow.id & (this.tinyFlows.length - 1)] = flow.id;
    if (this.book.isPortWatched(flow.responderPort)) this.note(flow, 'attempts');
  }

  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void {
    const { book } = this;
    if (change === FLOW_CHANGE.established) {
      if (!book.open(flow)) return;
      const isTiny = this.tinyFlows[flow.id & (this.tinyFlows.length - 1)] === flow.id;
      const { target, source } = book;
      if (book.ofTargets.counts(target, flow.firstUs)) {
        book.ofTargets.opened(target, flow.firstUs, packet.timeUs, isTiny);
      }
      if (book.ofSources.counts(source, flow.firstUs)) {
        book.ofSources.opened(source, flow.firstUs, packet.timeUs, isTiny);
      }
      return;
    }
    if (!book.isPortWatched(flow.responderPort)) return;
    if (change === FLOW_CHANGE.refused) this.note(flow, 'refused');
    // A handshake that the client broke off never was a connection: its side sent no ACK.
    if (change !== FLOW_CHANGE.closed && change !== FLOW_CHANGE.reset) return;
    if ((flow.initiatorFlags & TCP_FLAG.ack) !== 0) this.noteEnd(flow, (flow.responderFlags & TCP_FLAG.rst) !== 0);
  }

  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    if (flow.protocol !== PROTOCOL.tcp) return;
    const { book } = this;
    if (!book.isPortWatched(flow.responderPort)) {
      if (fromInitiator && isFast(flow, packet)) this.meet(flow);
      return;
    }
    const own = fromInitiator ? flow.initiatorPayloadBytes : flow.responderPayloadBytes;
    const other = fromInitiator ? flow.responderPayloadBytes : flow.initiatorPayloadBytes;
    const isFirst = own === packet.payloadBytes;
    if (isFirst && other > 0) this.noteExchange(flow);
    if (!fromInitiator) {
      if (isFirst) this.note(flow, 'answered');
      return;
    }
    if (isFirst) this.noteFirstRequest(flow, packet);
    else if (other === 0) this.noteLaterBit(flow, packet);
    else if (isFast(flow, packet)) this.meet(flow);
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    // What is open at the end of the capture is judged as open.
    if (reason === END_REASON.stopped) this.isEnding = true;
    if (reason === END_REASON.stopped || reason === END_REASON.activeTimeout) return;
    if (!this.book.isPortWatched(flow.responderPort)) return;
    // Of the others the end was noted when it came.
    if (flow.tcpState === TCP_STATE.established || flow.tcpState === TCP_STATE.closing) this.noteEnd(flow, false);
  }

  tick(nowUs: number): void {
    const { book } = this;
    book.age(nowUs);
    if (book.targets.size > 0) {
      for (let source = 0; source < MAX_SOURCES; source++) {
        if (book.sources.isUsed(source) && !book.ofSources.isIdle(source)) this.judgeSource(source, nowUs);
      }
      for (let target = 0; target < MAX_TARGETS; target++) {
        if (book.targets.isUsed(target) && !book.ofTargets.isIdle(target)) this.judgeTarget(target, nowUs);
      }
    }
    for (const [key, flood] of this.floods) {
      this.reportIfDue(flood, nowUs);
      if (nowUs - flood.lastUs > this.settings.quietSeconds * 1e6) this.floods.delete(key);
    }
  }

  clockReset(): void {
    for (const flood of this.floods.values()) if (hasGrown(flood, 1)) this.report(flood, flood.lastUs);
    this.floods.clear();
    this.book.clear();
    this.tinyFlows.fill(0);
  }

  /** Watches the server of a web connection, and its client, which has had answers. */
  private meet(flow: FlowView): void {
    const { book } = this;
    book.watch(flow);
    book.ofTargets.add(book.target, 'answered');
    book.ofSources.add(book.source, 'answered');
  }

  private note(flow: FlowView, name: ConnectionSum): void {
    const { book } = this;
    if (!book.find(flow)) return;
    book.ofTargets.add(book.target, name);
    book.ofSources.add(book.source, name);
  }

  private noteExchange(flow: FlowView): void {
    const { book } = this;
    if (!book.find(flow)) return;
    book.services[book.target] = flow.service;
    if (book.ofTargets.counts(book.target, flow.firstUs)) book.ofTargets.finished(book.target, flow.firstUs);
    if (book.ofSources.counts(book.source, flow.firstUs)) book.ofSources.finished(book.source, flow.firstUs);
  }

  private noteEnd(flow: FlowView, isResetByServer: boolean): void {
    const { book } = this;
    if (flow.initiatorBasis === INITIATOR_BASIS.firstPacket || !book.find(flow)) return;
    const isUnfinished = flow.initiatorPayloadBytes === 0 || flow.responderPayloadBytes === 0;
    const { firstUs, responderPayloadBytes } = flow;
    if (book.ofTargets.counts(book.target, firstUs)) {
      if (isUnfinished) book.ofTargets.finished(book.target, firstUs);
      book.ofTargets.ended(book.target, firstUs, responderPayloadBytes, isResetByServer);
    }
    if (book.ofSources.counts(book.source, firstUs)) {
      if (isUnfinished) book.ofSources.finished(book.source, firstUs);
      book.ofSources.ended(book.source, firstUs, responderPayloadBytes, isResetByServer);
    }
  }

  private noteFirstRequest(flow: FlowView, packet: PacketView): void {
    if (flow.service !== HTTP) return;
    const request = looksLikeRequest(packet) ? readRequest(packet) : null;
    if (request === null) return;
    if (!request.isComplete) this.note(flow, 'incompleteRequests');
    const { book } = this;
    if (flow.id % LOGIN_SAMPLE !== 0 || !book.find(flow)) return;
    if (book.ofSources.sum(book.source, 'opened') < LOGIN_SAMPLE_AFTER) return;
    const protocol = loginProtocolOf(flow.service, flow.responderPort);
    const sign = protocol?.client?.(packet.bytes, packet.payloadStart, packet.payloadEnd) ?? LOGIN_SIGN.none;
    if (sign === LOGIN_SIGN.none) return;
    for (let times = 0; times < LOGIN_SAMPLE; times++) this.note(flow, 'logins');
  }

  private noteLaterBit(flow: FlowView, packet: PacketView): void {
    const isTrickle =
      flow.service === HTTP &&
      packet.payloadBytes <= TRICKLE_BYTES &&
      packet.timeUs - flow.firstUs >= TRICKLE_AFTER_US &&
      // A request that is sent again because nobody acknowledged it is no bit of one.
      !(looksLikeRequest(packet) && readRequest(packet) !== null);
    if (isTrickle) this.note(flow, 'trickles');
  }

  /** One client over its limit. */
  private judgeSource(source: number, nowUs: number): void {
    const { book, settings } = this;
    const target = book.targetOf[source]!;
    const window = this.window(source, false);
    for (const [at, form] of CONNECTION_FLOOD_FORMS.entries()) {
      const measured = form.measure(window, settings);
      if (measured === 0) continue;
      const limit = form.limit(window, settings);
      const victim = book.targets.addressText(target);
      const flood = this.floods.get(victim);
      if (measured < (flood === undefined ? limit : limit * CONTINUES_AT_SHARE)) continue;
      this.grow(flood ?? this.begin(victim), target, at, measured, limit, window, nowUs);
      this.name(this.floods.get(victim)!, source);
    }
  }

  /** Several clients over the limit together. */
  private judgeTarget(target: number, nowUs: number): void {
    const { book, settings } = this;
    const window = this.window(target, true);
    for (const [at, form] of CONNECTION_FLOOD_FORMS.entries()) {
      const measured = form.measure(window, settings);
      if (measured === 0) continue;
      const single = form.limit(window, settings);
      const limit = single * settings.groupFactor;
      if (measured < limit) continue;
      const busy = this.busySources(target, at, single * BUSY_SHARE);
      const isGroup = busy.sum >= measured * GROUP_SHARE;
      if (!isGroup && !form.isPlain && failingShare(window) < CROWD_FAILING_SHARE) continue;
      const victim = book.targets.addressText(target);
      const flood = this.floods.get(victim) ?? this.begin(victim);
      // Where one client alone is over its limit, it has been named.
      if (isGroup) for (const source of busy.slots) this.name(flood, source);
      this.grow(flood, target, at, measured, limit, window, nowUs);
    }
  }

  private busySources(target: number, form: number, least: number): { readonly slots: number[]; readonly sum: number } {
    const { book, settings } = this;
    const slots: number[] = [];
    let sum = 0;
    for (let source = 0; source < MAX_SOURCES; source++) {
      if (!book.sources.isUsed(source) || book.targetOf[source] !== target || book.ofSources.isIdle(source)) continue;
      const measured = CONNECTION_FLOOD_FORMS[form]!.measure(this.window(source, false), settings);
      if (measured < least) continue;
      slots.push(source);
      sum += measured;
    }
    return { slots, sum };
  }

  private window(slot: number, isTarget: boolean): ConnectionWindow {
    const { book } = this;
    const target = isTarget ? slot : book.targetOf[slot]!;
    return {
      counters: isTarget ? book.ofTargets : book.ofSources,
      slot,
      service: book.services[target]!,
      port: book.port(target),
    };
  }

  private begin(victim: string): Flood {
    if (this.floods.size >= MAX_FLOODS) {
      const oldest = this.floods.keys().next();
      if (!oldest.done) this.floods.delete(oldest.value);
    }
    const flood: Flood = {
      victim,
      firstUs: Number.POSITIVE_INFINITY,
      lastUs: Number.NEGATIVE_INFINITY,
      ports: new Set(),
      peaks: CONNECTION_FLOOD_FORMS.map(() => 0),
      limits: CONNECTION_FLOOD_FORMS.map(() => Number.POSITIVE_INFINITY),
      attackers: new Set(),
      clients: 0,
      failingShare: 0,
      reportedSize: 0,
      reportedAttackers: 0,
      reportedUs: Number.NEGATIVE_INFINITY,
    };
    this.floods.set(victim, flood);
    return flood;
  }

  private grow(
    flood: Flood,
    target: number,
    form: number,
    measured: number,
    limit: number,
    window: ConnectionWindow,
    nowUs: number,
  ): void {
    const { isHeld } = CONNECTION_FLOOD_FORMS[form]!;
    const lookBackUs = isHeld ? LONGEST_LOOK_BACK_US : (this.settings.sustainedSeconds + 1) * 1e6;
    const beganUs = Math.max(window.counters.sinceUs[window.slot]!, nowUs - lookBackUs);
    flood.firstUs = Math.min(flood.firstUs, beganUs);
    flood.lastUs = Math.max(flood.lastUs, nowUs);
    if (flood.ports.size < MAX_PORTS_NAMED) flood.ports.add(this.book.port(target));
    flood.peaks[form] = Math.max(flood.peaks[form]!, measured);
    flood.limits[form] = Math.min(flood.limits[form]!, limit);
    flood.clients = Math.max(flood.clients, this.book.clientCount(target));
    flood.failingShare = Math.max(flood.failingShare, failingShare(window));
  }

  /** Only whom the server has talked to: anybody can write a sender address on a packet. */
  private name(flood: Flood, source: number): void {
    const { sources, ofSources } = this.book;
    if (flood.attackers.size >= MAX_LISTED_HOSTS) return;
    if (ofSources.sum(source, 'opened') === 0 && ofSources.sum(source, 'answered') === 0) return;
    if (this.context.landscape.mayBeAttacker(...sources.words(source)))
      flood.attackers.add(sources.addressText(source));
  }

  private reportIfDue(flood: Flood, nowUs: number): void {
    const isNew = flood.reportedSize === 0 || flood.attackers.size > flood.reportedAttackers;
    const isDue = nowUs - flood.reportedUs >= REPORT_AFTER_US || this.isEnding;
    if (isNew || hasGrown(flood, REPORT_GROWTH) || (isDue && flood.lastUs > flood.reportedUs)) {
      this.report(flood, nowUs);
    }
  }

  private report(flood: Flood, nowUs: number): void {
    flood.reportedSize = sizeOf(flood);
    flood.reportedAttackers = flood.attackers.size;
    flood.reportedUs = nowUs;
    const summary = { ...flood, ports: [...flood.ports], attackers: [...flood.attackers] };
    this.context.report(connectionFloodFinding(CONNECTION_FLOOD_ID, summary));
  }
}

/** A web connection that has just exchanged many packets. */
function isFast(flow: FlowView, packet: PacketView): boolean {
  return (
    flow.initiatorPackets >= FAST_PACKETS &&
    flow.responderPayloadBytes > 0 &&
    flow.service === HTTP &&
    packet.timeUs - flow.firstUs < FAST_US
  );
}

function sizeOf(flood: Flood): number {
  return flood.peaks.reduce((sum, peak, at) => sum + (peak === 0 ? 0 : peak / flood.limits[at]!), 0);
}

function hasGrown(flood: Flood, factor: number): boolean {
  return sizeOf(flood) > flood.reportedSize * factor;
}

const CONNECTION_FLOOD_ID = 'connection-flood';

export const connectionFloodDetector = defineDetector({
  id: CONNECTION_FLOOD_ID,
  kind: 'denial-of-service',
  summary: 'Notices clients that wear a server out with whole connections: too many, too fast, or held open for long.',
  techniques: ['T1499.002', 'T1499.001', 'T1498.001'],
  settings: CONNECTION_FLOOD_SETTINGS,
  interest: { packets: ['tcp'] },
  memoryBound: `${MAX_TARGETS.toLocaleString('en-US')} server ports and ${MAX_SOURCES.toLocaleString('en-US')} of their clients of 1.3 kB`,
  create: (context) => new ConnectionFloodWatcher(context),
});
