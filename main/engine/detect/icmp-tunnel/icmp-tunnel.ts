import type { Fact, IcmpFact } from '../../../../contract/facts.ts';
import { type FlowView, PROTOCOL, type TrafficObserver } from '../../../../contract/traffic.ts';
import { isInternal } from '../../runtime/address.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { initiatorText, responderText } from '../ends.ts';
import { type EchoPair, newEchoPair, PENDING_REQUESTS } from './echo-pair.ts';
import { holdsPacket, isCopy, isEchoReply, isEchoRequest, isFilling, patternOf } from './echo-payload.ts';
import { icmpTunnelSettings } from './settings.ts';
import { describeIcmpTunnel, type EchoSign } from './story.ts';

const MAX_PAIRS = 1_024;
const MAX_PATTERNS = 256;
/** Data of this size and less, always the same size, may be a monitor that sends random bytes. */
const SMALL_PAYLOAD_BYTES = 64;
const SMALL_FACTOR = 10;
/** At least this share of the payloads must differ: a person who tries options of ping makes a few. */
const CHANGING_SHARE = 0.5;
/** Sizes told apart. */
const MAX_SIZES = 32;
const REPORT_GROWTH = 4;
const REPORT_QUIET_US = 5e6;
const REPORT_EVERY_US = 60e6;
const MAX_SUSPECTS = 128;

/** Pings that carry data: their replies are no copies, or what they carry is never the same. */
class IcmpTunnelWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof icmpTunnelSettings>;
  private readonly forgetUs: number;
  private readonly pairs = new BoundedMap<string, EchoPair>(MAX_PAIRS);
  private readonly suspects = new Map<EchoPair, EchoSign>();
  private lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof icmpTunnelSettings>) {
    this.context = context;
    this.forgetUs = context.settings.forgetMinutes * 60e6;
  }

  fact(flow: FlowView, fact: Fact): void {
    if (fact.type !== 'icmp') return;
    const isRequest = isEchoRequest(fact);
    if (!isRequest && !isEchoReply(fact)) return;
    const { landscape } = this.context;
    if (landscape.isMulticastOrBroadcast(flow.responder0, flow.responder1, flow.responder2, flow.responder3)) return;
    const pair = this.pairOf(flow, fact, isRequest);
    pair.lastUs = Math.max(pair.lastUs, fact.timeUs);
    pair.messages++;
    noteVolume(pair, flow, flow.initiatorPayloadBytes, flow.responderPayloadBytes);
    if (fact.payloadBytes > 0 && holdsPacket(fact)) pair.nestedPackets++;
    notePattern(pair, fact);
    if (isRequest) noteRequest(pair, fact);
    else noteReply(pair, fact);
    const known = this.suspects.get(pair);
    if (known === undefined) this.judge(pair);
    else if (pair.messages >= pair.reportedMessages * REPORT_GROWTH) this.report(pair, known);
  }

  flowUpdate(flow: FlowView): void {
    this.noteFlow(flow);
  }

  flowEnd(flow: FlowView): void {
    this.noteFlow(flow);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isLast = second === this.lastTickSecond;
    this.lastTickSecond = second;
    for (const [pair, sign] of this.suspects) {
      if (nowUs - pair.lastUs > this.forgetUs) this.suspects.delete(pair);
      else if (pair.messages > pair.reportedMessages) {
        const isQuiet = nowUs - pair.lastUs >= REPORT_QUIET_US;
        if (isLast || isQuiet || nowUs - pair.reportedUs >= REPORT_EVERY_US) this.report(pair, sign);
      }
    }
  }

  clockReset(): void {
    for (const [pair, sign] of this.suspects) if (pair.messages > pair.reportedMessages) this.report(pair, sign);
    this.suspects.clear();
    this.pairs.clear();
    this.lastTickSecond = Number.NaN;
  }

  /** Conversations of pings are cut when they are quiet; the pair goes on. */
  private pairOf(flow: FlowView, fact: IcmpFact, isRequest: boolean): EchoPair {
    const initiator = initiatorText(flow);
    const responder = responderText(flow);
    const key = initiator < responder ? `${initiator} ${responder}` : `${responder} ${initiator}`;
    const known = this.pairs.get(key);
    if (known !== undefined && fact.timeUs - known.lastUs <= this.forgetUs) return known;
    if (known !== undefined) this.suspects.delete(known);
    // Whoever asks is the calling end; inside is robbed by outside, whoever asks.
    const isCallerInitiator = fact.fromInitiator === isRequest;
    const isInitiatorInside = isInternal(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3);
    const isResponderInside = isInternal(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
    const isVictimInitiator = isInitiatorInside === isResponderInside ? isCallerInitiator : isInitiatorInside;
    const { landscape } = this.context;
    const pair = newEchoPair(
      {
        victim: isVictimInitiator ? initiator : responder,
        attacker: isVictimInitiator ? responder : initiator,
        mayNameAttacker: isVictimInitiator
          ? landscape.mayBeAttacker(flow.responder0, flow.responder1, flow.responder2, flow.responder3)
          : landscape.mayBeAttacker(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3),
      },
      fact.timeUs,
    );
    this.pairs.set(key, pair);
    return pair;
  }

  private noteFlow(flow: FlowView): void {
    if (this.suspects.size === 0 || (flow.protocol !== PROTOCOL.icmp && flow.protocol !== PROTOCOL.icmpv6)) return;
    for (const pair of this.suspects.keys()) {
      if (pair.flowId === flow.id) noteVolume(pair, flow, flow.initiatorPayloadBytes, flow.responderPayloadBytes);
    }
  }

  private judge(pair: EchoPair): void {
    const sign = this.signOf(pair);
    if (sign === undefined) return;
    if (this.suspects.size >= MAX_SUSPECTS) {
      const oldest = this.suspects.keys().next();
      if (!oldest.done) this.suspects.delete(oldest.value);
    }
    this.suspects.set(pair, sign);
    this.report(pair, sign);
  }

  private signOf(pair: EchoPair): EchoSign | undefined {
    const { settings } = this.context;
    if (pair.nestedPackets >= settings.nestedPackets) return 'nested';
    if (pair.unequalReplies >= settings.unequalReplies) return 'unequal';
    if (pair.sizeChanges >= settings.changingSizes) return 'uneven';
    const isSmall = pair.sizes.size === 1 && pair.largestBytes <= SMALL_PAYLOAD_BYTES;
    const least = settings.changingPayloads * (isSmall ? SMALL_FACTOR : 1);
    const isChanging = pair.changingPayloads >= least && pair.changingPayloads >= pair.patterned * CHANGING_SHARE;
    return isChanging ? 'changing' : undefined;
  }

  private report(pair: EchoPair, sign: EchoSign): void {
    pair.reportedMessages = pair.messages;
    pair.reportedUs = pair.lastUs;
    this.context.report(describeIcmpTunnel(pair, sign));
  }
}

function noteVolume(pair: EchoPair, flow: FlowView, initiatorBytes: number, responderBytes: number): void {
  if (pair.flowId !== flow.id) {
    pair.earlierOut += pair.flowOut;
    pair.earlierIn += pair.flowIn;
    pair.flowId = flow.id;
  }
  const isVictimInitiator = initiatorText(flow) === pair.victim;
  pair.flowOut = isVictimInitiator ? initiatorBytes : responderBytes;
  pair.flowIn = isVictimInitiator ? responderBytes : initiatorBytes;
}

function notePattern(pair: EchoPair, fact: IcmpFact): void {
  pair.largestBytes = Math.max(pair.largestBytes, fact.payloadBytes);
  if (pair.sizes.size < MAX_SIZES) pair.sizes.add(fact.payloadBytes);
  const pattern = patternOf(fact);
  if (pattern === undefined) return;
  pair.patterned++;
  if (isFilling(pattern)) return;
  if (isEchoRequest(fact)) {
    if (pair.runId === fact.id && pair.runBytes !== fact.payloadBytes) pair.sizeChanges++;
    pair.runId = fact.id;
    pair.runBytes = fact.payloadBytes;
  }
  if (pair.patterns.has(pattern)) return;
  if (pair.patterns.size >= MAX_PATTERNS) pair.patterns.clear();
  pair.patterns.add(pattern);
  pair.changingPayloads++;
}

function noteRequest(pair: EchoPair, fact: IcmpFact): void {
  pair.pending[pair.nextPending] = {
    id: fact.id,
    sequence: fact.sequence,
    bytes: fact.payloadBytes,
    start: fact.payloadStart,
  };
  pair.nextPending = (pair.nextPending + 1) % PENDING_REQUESTS;
}

function noteReply(pair: EchoPair, fact: IcmpFact): void {
  const reply = { bytes: fact.payloadBytes, start: fact.payloadStart };
  let isAsked = false;
  for (const request of pair.pending) {
    if (request.id !== fact.id || request.sequence !== fact.sequence) continue;
    if (isCopy(request, reply)) {
      pair.equalReplies++;
      return;
    }
    isAsked = true;
  }
  if (isAsked) pair.unequalReplies++;
}

export const icmpTunnelDetector = defineDetector({
  id: 'icmp-tunnel',
  kind: 'tunnel',
  summary: 'Somebody carries data in pings: their replies are no copies, or what they carry is never the same.',
  techniques: ['T1095', 'T1572', 'T1048.003'],
  settings: icmpTunnelSettings,
  interest: { facts: ['icmp'], silentEnds: false },
  memoryBound: '1,024 pairs of hosts with 256 patterns and 32 requests of 100 B each at the most',
  create: (context) => new IcmpTunnelWatcher(context),
});
