import type { DnsFact, Fact } from '../../../../contract/facts.ts';
import type { FlowView, TrafficObserver } from '../../../../contract/traffic.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { isReversedAddress, isReverseLookup, splitName } from '../domain-name.ts';
import { initiatorText, responderText } from '../ends.ts';
import { addQuickBytes, type Channel, countType, newChannel } from './channel.ts';
import { emptyNamePayload, measureName } from './name-payload.ts';
import { isNamedBlockList, isOrdinaryService } from './ordinary-services.ts';
import { dnsTunnelSettings } from './settings.ts';
import { isOneWay, signOf, type TunnelSign } from './signs.ts';
import { describeDnsTunnel } from './story.ts';

const MAX_CHANNELS = 2_048;
/** A name that carries so much is no host name. */
const LONG_NAME_BITS = 30 * 8;
/** Records whose data the sender is free to choose. */
const FREE_TYPES = new Set(['TXT', 'MX', 'CNAME', 'SRV', 'NAPTR', 'SPF', 'HINFO', 'URI', 'CAA', 'RP', 'AFSDB']);
/** Of these a text may ask under plain names, as stagers do: "1.stage.example.org". */
const TEXT_TYPES = new Set(['TXT', 'SPF']);
/** Record types that no program asks for, but tunnels do, because servers pass them on. */
const UNUSUAL_TYPES = new Set([
  'NULL',
  'KEY',
  'SIG',
  'X25',
  'ISDN',
  'PX',
  'GPOS',
  'EID',
  'NIMLOC',
  'ATMA',
  'MB',
  'MG',
  'MR',
  'MD',
  'MF',
  'WKS',
  'MINFO',
  'NSAP',
  'UINFO',
  'UID',
  'GID',
  'UNSPEC',
]);
/** Private use (RFC 6895 3.1); names of types that nobody has given one look like "TYPE65399". */
const PRIVATE_TYPES_FROM = 65_280;
/** Header, question and the fixed part of one answer that points to the question. */
const ANSWER_OVERHEAD_BYTES = 32;
const REPORT_GROWTH = 4;
const REPORT_QUIET_US = 5e6;
const REPORT_EVERY_US = 60e6;
const MAX_SUSPECTS = 256;
/** Hashes of names and of answers must not meet. */
const NAME_SALT = 0;
const ANSWER_SALT = 0x5bd1;

/** Data in names: what a client says to the server of a domain by asking for ever new names below it. */
class DnsTunnelWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof dnsTunnelSettings>;
  private readonly forgetUs: number;
  private readonly channels = new BoundedMap<string, Channel>(MAX_CHANNELS);
  private readonly suspects = new Map<Channel, TunnelSign>();
  private readonly measured = emptyNamePayload();
  private lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof dnsTunnelSettings>) {
    this.context = context;
    this.forgetUs = context.settings.forgetHours * 3600e6;
  }

  fact(flow: FlowView, fact: Fact): void {
    if (fact.type !== 'dns' || fact.protocol !== 'dns' || fact.opcode !== 0) return;
    const question = fact.questions[0];
    if (question === undefined || question.name.length < 3) return;
    const isUnusual = isUnusualType(question.type);
    const isText = TEXT_TYPES.has(question.type);
    const { domain, sub } = splitName(question.name);
    if (sub === '' && !isUnusual) return;
    const payload = this.measured;
    measureName(sub, payload);
    if (payload.characters === 0 && !isUnusual && !(isText && isPlainTextName(sub))) return;
    if (isReverseLookup(question.name) || isReversedAddress(sub)) return;
    const channel = this.channelOf(flow, fact, domain, question.name);
    channel.lastUs = Math.max(channel.lastUs, fact.timeUs);
    if (!fact.isResponse || channel.queries === 0) channel.queries++;
    this.noteName(channel, question.name, question.type, fact.timeUs);
    if (fact.isResponse) this.noteAnswer(channel, fact, question.name, question.type);
    if (!channel.isReported) this.judge(flow, fact, channel);
    else if (channel.names >= channel.reportedNames * REPORT_GROWTH) this.report(channel, fact.timeUs);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isLast = second === this.lastTickSecond;
    this.lastTickSecond = second;
    for (const channel of this.suspects.keys()) {
      if (nowUs - channel.lastUs > this.forgetUs) this.suspects.delete(channel);
      else if (channel.names > channel.reportedNames) {
        const isQuiet = nowUs - channel.lastUs >= REPORT_QUIET_US;
        if (isLast || isQuiet || nowUs - channel.reportedUs >= REPORT_EVERY_US) this.report(channel, nowUs);
      }
    }
  }

  clockReset(nowUs: number): void {
    for (const channel of this.suspects.keys()) {
      if (channel.names > channel.reportedNames) this.report(channel, nowUs);
    }
    this.suspects.clear();
    this.channels.clear();
    this.lastTickSecond = Number.NaN;
  }

  private channelOf(flow: FlowView, fact: DnsFact, domain: string, name: string): Channel {
    // Whoever sends the question is the client, whichever end was heard first.
    const isClientInitiator = fact.fromInitiator !== fact.isResponse;
    const client = isClientInitiator ? initiatorText(flow) : responderText(flow);
    const key = `${client} ${domain}`;
    const known = this.channels.get(key);
    if (known !== undefined && fact.timeUs - known.lastUs <= this.forgetUs) return known;
    if (known !== undefined) this.suspects.delete(known);
    const { landscape } = this.context;
    const lowerName = name.toLowerCase();
    const channel = newChannel(
      {
        client,
        server: isClientInitiator ? responderText(flow) : initiatorText(flow),
        serverMayBeAttacker: isClientInitiator
          ? landscape.mayBeAttacker(flow.responder0, flow.responder1, flow.responder2, flow.responder3)
          : landscape.mayBeAttacker(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3),
        domain,
        isOrdinary: isOrdinaryService(domain, lowerName, this.context.settings.ordinaryDomains),
        isBlockList: isNamedBlockList(lowerName),
      },
      fact.timeUs,
    );
    this.channels.set(key, channel);
    return channel;
  }

  private noteName(channel: Channel, name: string, type: string, timeUs: number): void {
    if (!channel.seen.add(name, NAME_SALT)) return;
    const payload = this.measured;
    channel.names++;
    channel.carriedBytes += payload.bits / 8;
    addQuickBytes(channel, payload.bits / 8, timeUs);
    if (payload.bits >= LONG_NAME_BITS) channel.longNames++;
    if (payload.bits > 0 && FREE_TYPES.has(type)) channel.dialogueNames++;
    if (isUnusualType(type)) channel.unusualNames++;
    countType(channel, type);
    if (payload.bits > channel.exampleBits) {
      channel.exampleBits = payload.bits;
      channel.example = name;
    }
    const length = payload.labels === 1 ? payload.longestLabel : 0;
    if (channel.uniformLength === -1) channel.uniformLength = length;
    else if (channel.uniformLength !== length) channel.uniformLength = 0;
  }

  private noteAnswer(channel: Channel, fact: DnsFact, name: string, type: string): void {
    const answer = fact.answers[0];
    if (answer === undefined || fact.responseCode !== 'NOERROR') {
      channel.emptyAnswers++;
      return;
    }
    if (answer.type === 'A' && answer.data.startsWith('127.')) {
      channel.loopbackAnswers++;
      channel.emptyAnswers++;
      return;
    }
    channel.dataAnswers++;
    if (!FREE_TYPES.has(type) && !isUnusualType(type)) return;
    if (!channel.seen.add(answer.data, ANSWER_SALT)) return;
    channel.answerBytes += Math.max(0, fact.bytes - name.length - ANSWER_OVERHEAD_BYTES);
  }

  private judge(flow: FlowView, fact: DnsFact, channel: Channel): void {
    const sign = signOf(channel, this.isResolver(flow, fact), this.context.settings, fact.timeUs);
    if (sign === undefined) return;
    if (this.suspects.size >= MAX_SUSPECTS) {
      const oldest = this.suspects.keys().next();
      if (!oldest.done) this.suspects.delete(oldest.value);
    }
    channel.isReported = true;
    channel.isExfiltration = isOneWay(channel);
    this.suspects.set(channel, sign);
    this.report(channel, fact.timeUs);
  }

  /** The client answers others' look-ups itself: it asks for all of them. */
  private isResolver(flow: FlowView, fact: DnsFact): boolean {
    const { landscape } = this.context;
    return fact.fromInitiator !== fact.isResponse
      ? landscape.isDnsServer(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3)
      : landscape.isDnsServer(flow.responder0, flow.responder1, flow.responder2, flow.responder3);
  }

  private report(channel: Channel, nowUs: number): void {
    channel.reportedNames = channel.names;
    channel.reportedUs = nowUs;
    this.context.report(describeDnsTunnel(channel, this.suspects.get(channel) ?? 'names'));
  }
}

function isUnusualType(type: string): boolean {
  if (UNUSUAL_TYPES.has(type)) return true;
  return type.startsWith('TYPE') && Number(type.slice(4)) >= PRIVATE_TYPES_FROM;
}

/** Names that begin with an underscore belong to a service (RFC 8552): mail policies, proofs for certificates. */
function isPlainTextName(sub: string): boolean {
  return !sub.startsWith('_') && !sub.includes('._');
}

export const dnsTunnelDetector = defineDetector({
  id: 'dns-tunnel',
  kind: 'dns-tunnel',
  summary: 'Somebody carries data in and out through look-ups of names, past whatever guards the network.',
  techniques: ['T1071.004', 'T1572', 'T1048.003'],
  settings: dnsTunnelSettings,
  interest: { facts: ['dns:dns'] },
  memoryBound: '2,048 (client, domain) of 1 kB, with up to 512 remembered names of 24 B each',
  create: (context) => new DnsTunnelWatcher(context),
});
