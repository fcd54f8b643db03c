import type { Severity } from '../../../contract/domain.ts';
import {
  END_REASON,
  type EndReason,
  FLOW_CHANGE,
  type FlowChange,
  type FlowView,
  INITIATOR_BASIS,
  type PacketView,
  PROTOCOL,
  TCP_FLAG,
  TCP_STATE,
  type TrafficObserver,
} from '../../../contract/traffic.ts';
import { isInternal } from '../runtime/address.ts';
import { type DetectorContext, defineDetector } from './detector.ts';
import { emptyQuotedPacket, readQuotedPacket } from './icmp-error.ts';
import { PendingProbes } from './pending-probes.ts';
import { describeGroup, GROUP_LEAST, groupOf } from './port-scan-group.ts';
import { portScanSettings } from './port-scan-settings.ts';
import { describePortScan } from './port-scan-story.ts';
import { PROBE_OUTCOME, ProbeBook, type ProbeOutcome } from './probe-book.ts';
import { classifyProbe, NO_PROBE, PROBE_TECHNIQUES } from './probe-technique.ts';

/** The quick counters lose half in this time: about two minutes count. */
const QUICK_HALF_LIFE_SECONDS = 60;
/** The quick counters have lost at most half when the threshold is reached: one probe per ten seconds or more. */
const QUICK_SHARE = 0.5;
/** Conversations speak for the sender: in vain must be at least so many times as much (after Jung et al., 2004). */
const VAIN_PER_CONVERSATION = 2;
/** Hosts per subnet from which the hosts of one port count as neighbours. */
const NEIGHBOURS_PER_SUBNET = 4;
/** The least share of one port in all that a sender tried in vain; peer-to-peer programs reach for any port. */
const SPREAD_PORT_SHARE = 0.3;
/** Ports per host and hosts per port in a block scan. */
const BLOCK_SIDE = 3;
/** The same scan is told again when it has grown so many times. */
const REPORT_GROWTH = 2;
/** … or when nothing new came for so long, or every so often while it goes on. */
const REPORT_QUIET_SECONDS = 5;
const REPORT_EVERY_SECONDS = 60;
/** Many members grow one after the other: their scan is told again in smaller steps than a single one's twofold. */
const GROUP_GROWTH = 1.5;
const MAX_SUSPECTS = 256;
const ENTRY_BITS = 14;
const PAIR_BITS = 16;
const PENDING_BITS = 16;
/** SCTP chunk type ABORT (RFC 9260); the chunk stands 12 bytes after the header's start. */
const SCTP_ABORT = 6;
const SCTP_HEADER_BYTES = 12;
const DNS_PORT = 53;

interface Suspect {
  readonly sourceId: number;
  reportedPairs: number;
  reportedUs: number;
  /** The host that it scans, when it is one. */
  victim: string;
  /** Others try the same ports there at the same time. */
  isOfGroup: boolean;
}

/**
 * Port scans, after the idea of threshold random walk (Jung, Paxson, Berger, Balakrishnan: Fast Portscan
 * Detection Using Sequential Hypothesis Testing, 2004): who reaches for things that are not there differs from
 * who knows where to go by how often it works. First packets are written down once per (sender, host, port)
 * with what came of them; what was tried in vain speaks against the sender, conversations speak for it.
 */
class PortScanWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof portScanSettings>;
  private readonly pending = new PendingProbes(PENDING_BITS);
  private readonly book: ProbeBook;
  private readonly quoted = emptyQuotedPacket();
  private readonly suspects = new Map<number, Suspect>();
  /** By victim: what those who scan it together had tried when that was told last. */
  private readonly groups = new Map<string, number>();
  private readonly answerWaitUs: number;
  private nowUs = 0;
  private lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof portScanSettings>) {
    this.context = context;
    this.answerWaitUs = context.settings.answerWaitSeconds * 1e6;
    this.book = new ProbeBook(
      {
        entryBits: ENTRY_BITS,
        pairBits: PAIR_BITS,
        seed: context.seed,
        quickSeconds: QUICK_HALF_LIFE_SECONDS,
        forgetSeconds: context.settings.forgetMinutes * 60,
        isGroup: (w0, w1, w2, w3) => context.landscape.isMulticastOrBroadcast(w0, w1, w2, w3),
      },
      PROBE_TECHNIQUES.length,
    );
  }

  packet(packet: PacketView): void {
    if (packet.protocol !== PROTOCOL.icmp && packet.protocol !== PROTOCOL.icmpv6) return;
    if (!readQuotedPacket(packet, this.quoted)) return;
    const index = this.pending.settleQuoted(this.quoted);
    // Time ran out on the way: somebody traces the path, which is no scan.
    if (index >= 0 && !this.quoted.timeExceeded) this.recordPending(index, PROBE_OUTCOME.refused, packet.timeUs);
  }

  flowStart(flow: FlowView, packet: PacketView): void {
    this.nowUs = packet.timeUs;
    this.pending.expire(this.nowUs - this.answerWaitUs, this.giveUp);
    const technique = classifyProbe(flow, packet);
    if (technique !== NO_PROBE) this.pending.add(flow, technique, this.giveUp);
  }

  flowChange(flow: FlowView, packet: PacketView, change: FlowChange): void {
    const timeUs = packet.timeUs;
    if (change === FLOW_CHANGE.refused) {
      this.pending.settle(flow.id);
      if (beganWithSyn(flow)) {
        const halfOpen = (flow.responderFlags & TCP_FLAG.syn) !== 0;
        this.recordFlow(flow, 0, halfOpen ? PROBE_OUTCOME.open : PROBE_OUTCOME.refused, timeUs);
      }
    } else if (change === FLOW_CHANGE.answered) {
      this.answered(flow, packet);
    } else if (change !== FLOW_CHANGE.established && endedInSilence(flow)) {
      this.recordFlow(flow, 0, silentOutcome(flow), timeUs);
    }
  }

  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    if (flow.protocol !== PROTOCOL.tcp) return;
    const sent = fromInitiator ? flow.initiatorPayloadBytes : flow.responderPayloadBytes;
    const isFirst = sent === packet.payloadBytes;
    // Data with the SYN itself says nothing about the other side.
    if (!isFirst || (packet.tcpFlags & TCP_FLAG.syn) !== 0) return;
    this.pending.settle(flow.id);
    if (beganWithSyn(flow)) this.recordFlow(flow, 0, PROBE_OUTCOME.conversation, packet.timeUs);
  }

  flowEnd(flow: FlowView, reason: EndReason): void {
    const technique = this.pending.settle(flow.id);
    if (technique >= 0 && flow.responderPackets === 0 && reason !== END_REASON.clockReset) {
      this.recordFlow(flow, technique, PROBE_OUTCOME.unanswered, flow.lastUs);
    } else if (endedInSilence(flow) && (reason <= END_REASON.idleTimeout || leftHalfOpen(flow))) {
      this.recordFlow(flow, 0, silentOutcome(flow), flow.lastUs);
    }
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const stopping = second === this.lastTickSecond;
    this.lastTickSecond = second;
    this.nowUs = nowUs;
    this.pending.expire(nowUs - this.answerWaitUs, this.giveUp);
    for (const [source, suspect] of this.suspects) {
      if (this.book.sourceIds[source] !== suspect.sourceId) {
        this.suspects.delete(source);
        continue;
      }
      if (this.book.sourcePairs[source] === suspect.reportedPairs) continue;
      const quiet = nowUs - this.book.sourceLastUs[source]! >= REPORT_QUIET_SECONDS * 1e6;
      const due = nowUs - suspect.reportedUs >= REPORT_EVERY_SECONDS * 1e6;
      if (quiet || due || stopping) this.report(source, suspect);
    }
  }

  clockReset(nowUs: number): void {
    for (const [source, suspect] of this.suspects) {
      if (this.book.sourcePairs[source] !== suspect.reportedPairs) this.report(source, suspect);
    }
    this.suspects.clear();
    this.groups.clear();
    this.pending.clear();
    this.book.clear();
    this.lastTickSecond = Number.NaN;
    this.nowUs = nowUs;
  }

  private answered(flow: FlowView, packet: PacketView): void {
    const technique = this.pending.settle(flow.id);
    if (flow.protocol === PROTOCOL.tcp) {
      // What a SYN comes to is told by the changes that follow. Another probe is refused, or was none.
      const refused = technique >= 0 && !beganWithSyn(flow) && (packet.tcpFlags & TCP_FLAG.rst) !== 0;
      if (refused) this.recordFlow(flow, technique, PROBE_OUTCOME.refused, packet.timeUs);
      return;
    }
    // An answer after the wait makes up for the silence, if it was written down.
    const known = technique >= 0 || this.book.knows(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
    if (!known) return;
    const chunk = packet.transportStart + SCTP_HEADER_BYTES;
    const aborted = flow.protocol === PROTOCOL.sctp && chunk < packet.payloadEnd && packet.bytes[chunk] === SCTP_ABORT;
    const outcome = aborted ? PROBE_OUTCOME.refused : PROBE_OUTCOME.conversation;
    this.recordFlow(flow, Math.max(technique, 0), outcome, packet.timeUs);
  }

  private readonly giveUp = (index: number): void => {
    this.recordPending(index, PROBE_OUTCOME.unanswered, this.pending.timeUs(index));
  };

  private recordPending(index: number, outcome: ProbeOutcome, timeUs: number): void {
    const { pending } = this;
    const technique = pending.technique(index);
    const source = this.book.record(
      pending.word(index, 0),
      pending.word(index, 1),
      pending.word(index, 2),
      pending.word(index, 3),
      pending.word(index, 4),
      pending.word(index, 5),
      pending.word(index, 6),
      pending.word(index, 7),
      pending.port(index),
      technique,
      PROBE_TECHNIQUES[technique]!.ambiguous,
      outcome,
      timeUs,
    );
    this.judge(source);
  }

  private recordFlow(flow: FlowView, technique: number, outcome: ProbeOutcome, timeUs: number): void {
    const source = this.book.record(
      flow.initiator0,
      flow.initiator1,
      flow.initiator2,
      flow.initiator3,
      flow.responder0,
      flow.responder1,
      flow.responder2,
      flow.responder3,
      (flow.protocol << 16) | flow.responderPort,
      technique,
      PROBE_TECHNIQUES[technique]!.ambiguous,
      outcome,
      timeUs,
    );
    this.judge(source);
  }

  /** Looks at what the last record changed. */
  private judge(source: number): void {
    const { book } = this;
    if (book.targetSlot < 0) return;
    let suspect = this.suspects.get(source);
    if (suspect !== undefined && suspect.sourceId === book.sourceIds[source]) {
      if (book.sourcePairs[source]! >= suspect.reportedPairs * REPORT_GROWTH) this.report(source, suspect);
      return;
    }
    if (!this.isVertical(source) && !this.isHorizontal(source) && !this.isBlock(source)) return;
    if (!this.context.landscape.mayBeAttacker(...book.sources.words(source))) return;
    this.makeRoom();
    suspect = { sourceId: book.sourceIds[source]!, reportedPairs: 0, reportedUs: 0, victim: '', isOfGroup: false };
    this.suspects.set(source, suspect);
    this.report(source, suspect);
  }

  private isVertical(source: number): boolean {
    const { book } = this;
    const { portsOfOneHost, slowPortsOfOneHost } = this.context.settings;
    const target = book.targetSlot;
    const tried = book.targetTried[target]!;
    if (tried < portsOfOneHost || tried < VAIN_PER_CONVERSATION * book.targetConversations[target]!) return false;
    if (tried >= slowPortsOfOneHost) return true;
    return book.targetQuick.value(target, book.sourceNewUs[source]!) >= portsOfOneHost * QUICK_SHARE;
  }

  private isHorizontal(source: number): boolean {
    const { book } = this;
    const { hostsOfOneSubnet, hostsOfManySubnets } = this.context.settings;
    const entry = book.portSlot;
    if (entry < 0) return false;
    const tried = book.portTried[entry]!;
    if (tried < hostsOfOneSubnet || tried < VAIN_PER_CONVERSATION * book.portConversations[entry]!) return false;
    const neighbours = tried >= NEIGHBOURS_PER_SUBNET * book.portSubnets[entry]!;
    const least = neighbours ? hostsOfOneSubnet : hostsOfManySubnets;
    if (tried < least) return false;
    if (!neighbours) {
      if (tried < SPREAD_PORT_SHARE * book.sourcePairs[source]!) return false;
      // Whoever talks with many others at the same time uses the network; a scanner would still stand out.
      if (tried < VAIN_PER_CONVERSATION * book.sourceConversations[source]!) return false;
    }
    if ((book.ports.word(entry, 1) & 0xffff) === DNS_PORT && this.explainsDns(source)) return false;
    if (tried >= 2 * least) return true;
    return book.portQuick.value(entry, book.sourceNewUs[source]!) >= least * QUICK_SHARE;
  }

  private isBlock(source: number): boolean {
    const { book } = this;
    const pairs = book.sourcePairs[source]!;
    return (
      pairs >= this.context.settings.blockPairs &&
      book.sourceHosts[source]! >= BLOCK_SIDE &&
      pairs >= BLOCK_SIDE * book.sourceHosts[source]! &&
      pairs >= BLOCK_SIDE * book.sourcePorts[source]! &&
      pairs >= VAIN_PER_CONVERSATION * book.sourceConversations[source]!
    );
  }

  private explainsDns(source: number): boolean {
    return this.context.landscape.explains('dns', ...this.book.sources.words(source));
  }

  private report(source: number, suspect: Suspect): void {
    suspect.reportedPairs = this.book.sourcePairs[source]!;
    suspect.reportedUs = this.nowUs;
    if (suspect.isOfGroup && !this.hasGroupGrown(suspect.victim, source)) return;
    const finding = describePortScan(this.book, source, severityOf);
    suspect.victim = finding.victimCount === 1 ? finding.victims[0]! : '';
    const members = suspect.victim === '' ? [] : groupOf(this.book, source, this.suspectsOf(suspect.victim));
    suspect.isOfGroup = members.length >= GROUP_LEAST;
    if (!suspect.isOfGroup) {
      this.context.report(finding);
      return;
    }
    for (const member of members) this.suspects.get(member)!.isOfGroup = true;
    if (!this.hasGroupGrown(suspect.victim, source)) return;
    if (!this.groups.has(suspect.victim) && this.groups.size >= MAX_SUSPECTS) this.groups.clear();
    this.groups.set(suspect.victim, this.groupPairs(suspect.victim));
    this.context.report(describeGroup(this.book, finding, members));
  }

  /** Those who scan one and the same host, and no other. */
  private suspectsOf(victim: string): readonly number[] {
    const found: number[] = [];
    for (const [source, suspect] of this.suspects) {
      if (suspect.victim === victim && suspect.sourceId === this.book.sourceIds[source]) found.push(source);
    }
    return found;
  }

  /** Whether there is more to tell of those who scan a host together; at the end of it, anything. */
  private hasGroupGrown(victim: string, source: number): boolean {
    const told = this.groups.get(victim) ?? 0;
    const pairs = this.groupPairs(victim);
    const isOver = this.nowUs - this.book.sourceLastUs[source]! >= REPORT_QUIET_SECONDS * 1e6;
    return pairs !== told && (isOver || pairs >= told * GROUP_GROWTH);
  }

  private groupPairs(victim: string): number {
    let pairs = 0;
    for (const [source, suspect] of this.suspects) {
      const isMember = suspect.isOfGroup && suspect.victim === victim;
      if (isMember && suspect.sourceId === this.book.sourceIds[source]) pairs += this.book.sourcePairs[source]!;
    }
    return pairs;
  }

  private makeRoom(): void {
    if (this.suspects.size < MAX_SUSPECTS) return;
    for (const oldest of this.suspects.keys()) {
      this.suspects.delete(oldest);
      return;
    }
  }
}

/**
 * Whoever scans from inside the network and finds something open is nearer to harm than the Internet's
 * permanent noise; packets that no ordinary program sends leave no doubt about the purpose.
 */
function severityOf(book: ProbeBook, source: number): Severity {
  const inside = isInternal(...book.sources.words(source));
  const open = book.outcomes(source, PROBE_OUTCOME.open) > 0;
  const wide = book.sourceHosts[source]! >= WIDE_HOSTS;
  return inside && open && wide ? 'high' : 'medium';
}

/** From so many hosts on a scan looks for a way through the network, not at one machine. */
const WIDE_HOSTS = 16;

function beganWithSyn(flow: FlowView): boolean {
  return flow.initiatorBasis === INITIATOR_BASIS.syn && (flow.firstFlags & TCP_FLAG.syn) !== 0;
}

/** A SYN was accepted, and the connection is over without a word from either side. */
function endedInSilence(flow: FlowView): boolean {
  return (
    beganWithSyn(flow) &&
    flow.responderPackets > 0 &&
    flow.initiatorPayloadBytes === 0 &&
    flow.responderPayloadBytes === 0 &&
    flow.tcpState !== TCP_STATE.refused
  );
}

/**
 * Scanners break off what they open, at once and by RST, to cost little; monitors and load balancers, who look
 * in on twenty hosts as well, mostly close what they opened.
 */
function silentOutcome(flow: FlowView): ProbeOutcome {
  const closed = (flow.initiatorFlags & flow.responderFlags & TCP_FLAG.fin) !== 0;
  const brokenOff = (flow.initiatorFlags & TCP_FLAG.rst) !== 0;
  return closed && !brokenOff ? PROBE_OUTCOME.checked : PROBE_OUTCOME.open;
}

/** The SYN was accepted, and the sender never came back. */
function leftHalfOpen(flow: FlowView): boolean {
  return flow.tcpState === TCP_STATE.synReceived && (flow.initiatorFlags & TCP_FLAG.ack) === 0;
}

export const portScanDetector = defineDetector({
  id: 'port-scan',
  kind: 'port-scan',
  summary: 'Someone tries many ports of one host, one port on many hosts, or both, to find out what is open.',
  techniques: ['T1046'],
  settings: portScanSettings,
  interest: { packets: ['icmp'] },
  memoryBound:
    '16,384 senders, hosts and ports of 300 B, 16,384 first tries of 72 B, 65,536 (sender, host, port) of 60 B, 65,536 unanswered first packets of 60 B',
  create: (context) => new PortScanWatcher(context),
});
