import type { Fact, HttpRequestFact, ProtocolId } from '../../../../contract/facts.ts';
import {
  type EndReason,
  type FlowView,
  type PacketView,
  PROTOCOL,
  type TrafficObserver,
} from '../../../../contract/traffic.ts';
import { BoundedMap } from '../bounded-map.ts';
import { type DetectorContext, defineDetector } from '../detector.ts';
import { initiatorText, isInitiatorInside, isResponderInside, responderText } from '../ends.ts';
import { TUNNEL_FORMS, type TunnelFormId } from './forms.ts';
import { nextReverseSocks, type ReverseSocksState } from './reverse-socks.ts';
import { tunnelSettings } from './settings.ts';
import { describeTunnel, type TunnelCase } from './story.ts';
import { toolOf, tunnelServiceOf } from './tools.ts';

const MAX_FLOWS = 4_096;
const MAX_CASES = 512;
const KIBIBYTE = 1_024;
const DNS_PORT = 53;
/** Both ends must speak, and so often, before bytes on the port of look-ups are a conversation. */
const LEAST_DNS_PACKETS = 12;
/** What DNSCrypt servers begin their answers with (dnscrypt.info/protocol): encrypted look-ups, which belong there. */
const DNSCRYPT_MAGIC = [0x72, 0x36, 0x66, 0x6e, 0x76, 0x57, 0x6a, 0x38];
/** Ports of the web and of mail: let out where little else is. */
const WEB_PORTS = new Set([25, 80, 110, 143, 443, 587, 853, 993, 995, 8080, 8443]);
/** What programs ask a proxy for on purpose: the web, mail, messages, news, version control, notifications. */
const CONNECT_PORTS = new Set([
  -1, 22, 80, 443, 465, 563, 587, 853, 993, 995, 1935, 5222, 5223, 5228, 5269, 8080, 8443, 9418, 9443,
]);
const VPN_PROTOCOLS = new Set<ProtocolId>(['openvpn', 'wireguard', 'ipsec', 'dtls']);
/** What a proxy passes on all day. */
const WEB_PROTOCOLS = new Set<ProtocolId>([
  'tls',
  'http',
  'http2',
  'websocket',
  'quic',
  'dns',
  'rtsp',
  'stun',
  'smtp',
  'imap',
  'pop3',
]);
/** A proxy that serves strangers moves something for them. */
const SERVED_BYTES = 2 * KIBIBYTE;
const SSH_LEAST_SECONDS = 60;
const REPORT_EVERY_US = 60e6;

interface FlowNotes {
  protocol: ProtocolId | undefined;
  /** What was asked of a proxy: "host:port"; empty where nothing was. */
  target: string;
  /** Of the request that asked for it; only its own answer grants it. */
  targetIndex: number;
  isGranted: boolean;
  isDnsCrypt: boolean;
  isBrokenDns: boolean;
  /** The tunnels that it is counted in, by their forms; made when there is one. */
  shares: Map<TunnelFormId, Share> | undefined;
}

/** What a tunnel has counted of a conversation. */
interface Share {
  readonly tunnel: TunnelCase;
  out: number;
  back: number;
}

/** Conversations inside of others: through proxies, on ports that are let out, by programs made for it. */
class TunnelWatcher implements TrafficObserver {
  private readonly context: DetectorContext<typeof tunnelSettings>;
  private readonly connectPorts: ReadonlySet<number>;
  private readonly flows = new BoundedMap<number, FlowNotes>(MAX_FLOWS);
  private readonly reversed = new BoundedMap<number, ReverseSocksState>(MAX_FLOWS);
  private readonly cases = new BoundedMap<string, TunnelCase>(MAX_CASES);
  private lastTickSecond = Number.NaN;

  constructor(context: DetectorContext<typeof tunnelSettings>) {
    this.context = context;
    this.connectPorts = new Set([...CONNECT_PORTS, ...context.settings.connectPorts.map(Number)]);
  }

  fact(flow: FlowView, fact: Fact): void {
    switch (fact.type) {
      case 'protocol':
        this.noteProtocol(flow, fact.protocol, fact.timeUs);
        return;
      case 'broken':
        if (fact.protocol === 'dns' && flow.responderPort === DNS_PORT) this.notesOf(flow).isBrokenDns = true;
        return;
      case 'http-request':
        if (fact.fromInitiator) this.noteRequest(flow, fact);
        return;
      case 'http-response': {
        const notes = this.flows.peek(flow.id);
        if (notes !== undefined && notes.target !== '' && fact.index === notes.targetIndex) {
          notes.isGranted ||= fact.status >= 200 && fact.status < 300;
        }
        return;
      }
      case 'command':
        if (fact.protocol !== 'socks' || (fact.status !== 0 && fact.status !== 90)) return;
        this.notesOf(flow).target = fact.argument;
        this.notesOf(flow).isGranted = true;
        return;
      case 'tls-client': {
        const service = fact.serverName === '' ? '' : tunnelServiceOf(fact.serverName);
        if (service !== '') this.found(flow, 'tunnel-service', service, fact.timeUs);
        return;
      }
      default:
    }
  }

  payload(flow: FlowView, packet: PacketView, fromInitiator: boolean): void {
    if (flow.responderPort === DNS_PORT && !fromInitiator) {
      if (startsWith(packet, DNSCRYPT_MAGIC)) this.notesOf(flow).isDnsCrypt = true;
      return;
    }
    if (flow.protocol !== PROTOCOL.tcp) return;
    const state = this.reversed.peek(flow.id) ?? 'waiting';
    // Every flow comes by here: nothing is remembered of those that do not begin like it.
    if (state === 'waiting' && (fromInitiator || packet.bytes[packet.payloadStart] !== 5)) return;
    const next = nextReverseSocks(state, packet.bytes, packet.payloadStart, packet.payloadEnd, fromInitiator);
    if (next === 'waiting') this.reversed.delete(flow.id);
    else this.reversed.set(flow.id, next);
    if (next === 'asked') this.found(flow, 'proxy-reversed', 'by SOCKS', packet.timeUs);
  }

  flowUpdate(flow: FlowView): void {
    this.judge(flow);
  }

  flowEnd(flow: FlowView, _reason: EndReason): void {
    this.judge(flow);
    this.flows.delete(flow.id);
    this.reversed.delete(flow.id);
  }

  tick(nowUs: number): void {
    const second = Math.floor(nowUs / 1e6);
    // Ticks come once per second, and once more at the end.
    const isLast = second === this.lastTickSecond;
    this.lastTickSecond = second;
    for (const [, tunnel] of this.cases.entries()) {
      const bytes = tunnel.out + tunnel.back;
      if (bytes === tunnel.reportedBytes && tunnel.conversations === tunnel.reportedConversations) continue;
      if (isLast || nowUs - tunnel.reportedUs >= REPORT_EVERY_US) this.report(tunnel, nowUs);
    }
  }

  clockReset(nowUs: number): void {
    for (const [, tunnel] of this.cases.entries()) {
      if (tunnel.out + tunnel.back !== tunnel.reportedBytes) this.report(tunnel, nowUs);
    }
    this.cases.clear();
    this.flows.clear();
    this.reversed.clear();
    this.lastTickSecond = Number.NaN;
  }

  private notesOf(flow: FlowView): FlowNotes {
    return this.flows.getOrInsert(flow.id, () => ({
      protocol: undefined,
      target: '',
      targetIndex: -1,
      isGranted: false,
      isDnsCrypt: false,
      isBrokenDns: false,
      shares: undefined,
    }));
  }

  private noteProtocol(flow: FlowView, protocol: ProtocolId, timeUs: number): void {
    const known = this.flows.peek(flow.id);
    if (known?.isGranted) {
      const isForeign = !WEB_PROTOCOLS.has(protocol) && protocol !== 'socks';
      const isHttpProxy = known.protocol !== 'socks';
      if (isForeign && isHttpProxy) this.found(flow, 'proxy-nested', nameOf(protocol), timeUs);
      return;
    }
    const isSshOnWebPort = protocol === 'ssh' && WEB_PORTS.has(flow.responderPort);
    if (flow.responderPort === DNS_PORT || isSshOnWebPort || protocol === 'socks')
      this.notesOf(flow).protocol = protocol;
  }

  private noteRequest(flow: FlowView, fact: HttpRequestFact): void {
    if (fact.method === 'CONNECT') {
      const notes = this.notesOf(flow);
      notes.target = `${fact.host}:${fact.hostPort}`;
      notes.targetIndex = fact.index;
      notes.isGranted = false;
      if (!this.connectPorts.has(fact.hostPort) && isInitiatorInside(flow)) {
        this.found(flow, 'proxy-port', `port ${fact.hostPort}`, fact.timeUs);
      }
      return;
    }
    const tool = toolOf(fact);
    if (tool !== undefined) {
      this.found(flow, tool.isWebShell ? 'web-shell-tunnel' : 'tunnel-tool', tool.name, fact.timeUs);
    }
  }

  /** A conversation ends, or has gone on for a while. */
  private judge(flow: FlowView): void {
    if (flow.responderPort === DNS_PORT) this.judgeDnsPort(flow);
    const notes = this.flows.peek(flow.id);
    if (notes === undefined) return;
    if (notes.protocol === 'ssh' && flow.responderPort !== DNS_PORT) this.judgeSsh(flow);
    const isServed = notes.isGranted && !isInitiatorInside(flow) && isResponderInside(flow);
    if (isServed && flow.initiatorPayloadBytes + flow.responderPayloadBytes >= SERVED_BYTES) {
      this.found(flow, 'proxy-served', `at last to ${notes.target}`, flow.lastUs);
    }
    for (const share of notes.shares?.values() ?? []) countInto(share, flow);
  }

  private judgeDnsPort(flow: FlowView): void {
    const bytes = flow.initiatorPayloadBytes + flow.responderPayloadBytes;
    if (bytes < this.context.settings.dnsPortKibibytes * KIBIBYTE) return;
    if (flow.initiatorPackets < LEAST_DNS_PACKETS || flow.responderPackets < LEAST_DNS_PACKETS) return;
    const notes = this.flows.peek(flow.id);
    const protocol = notes?.protocol;
    if (notes?.isDnsCrypt || (protocol === 'dns' && !notes?.isBrokenDns)) return;
    if (protocol !== undefined && VPN_PROTOCOLS.has(protocol)) {
      this.found(flow, 'dns-port-vpn', nameOf(protocol), flow.lastUs);
      return;
    }
    const isUnknown = protocol === undefined || protocol === 'dns';
    this.found(flow, 'dns-port', isUnknown ? 'something that is no DNS' : nameOf(protocol), flow.lastUs);
  }

  private judgeSsh(flow: FlowView): void {
    const least = this.context.settings.sshKibibytes * KIBIBYTE;
    if (flow.initiatorPayloadBytes < least || flow.responderPayloadBytes < least) return;
    if (flow.lastUs - flow.firstUs < SSH_LEAST_SECONDS * 1e6 || !isInitiatorInside(flow)) return;
    this.found(flow, 'web-port-ssh', `port ${flow.responderPort}`, flow.lastUs);
  }

  private found(flow: FlowView, form: TunnelFormId, what: string, nowUs: number): void {
    const notes = this.notesOf(flow);
    const isAttackerInitiator = this.isAttackerInitiator(flow, form);
    const initiator = initiatorText(flow);
    const responder = responderText(flow);
    const [attacker, victim] = isAttackerInitiator ? [initiator, responder] : [responder, initiator];
    const { landscape } = this.context;
    const cause = `tunnel/${form}/${victim}/${attacker}`;
    const tunnel = this.cases.getOrInsert(cause, () => ({
      cause,
      form,
      what,
      attacker,
      victim,
      mayNameAttacker: isAttackerInitiator
        ? landscape.mayBeAttacker(flow.initiator0, flow.initiator1, flow.initiator2, flow.initiator3)
        : landscape.mayBeAttacker(flow.responder0, flow.responder1, flow.responder2, flow.responder3),
      port: flow.responderPort,
      firstUs: flow.firstUs,
      lastUs: nowUs,
      conversations: 0,
      out: 0,
      back: 0,
      reportedBytes: 0,
      reportedConversations: 0,
      reportedUs: 0,
    }));
    tunnel.lastUs = Math.max(tunnel.lastUs, nowUs);
    notes.shares ??= new Map();
    if (notes.shares.get(form)?.tunnel === tunnel) return;
    const share: Share = { tunnel, out: 0, back: 0 };
    notes.shares.set(form, share);
    tunnel.conversations++;
    countInto(share, flow);
    if (tunnel.conversations === 1) this.report(tunnel, nowUs);
  }

  /** Outside attacks inside; within one side the form says which end is used. */
  private isAttackerInitiator(flow: FlowView, form: TunnelFormId): boolean {
    const isInside = isInitiatorInside(flow);
    return isInside === isResponderInside(flow) ? TUNNEL_FORMS[form].isServed : !isInside;
  }

  private report(tunnel: TunnelCase, nowUs: number): void {
    tunnel.reportedBytes = tunnel.out + tunnel.back;
    tunnel.reportedConversations = tunnel.conversations;
    tunnel.reportedUs = nowUs;
    this.context.report(describeTunnel(tunnel));
  }
}

function countInto(share: Share, flow: FlowView): void {
  const { tunnel } = share;
  const isVictimInitiator = initiatorText(flow) === tunnel.victim;
  const out = isVictimInitiator ? flow.initiatorPayloadBytes : flow.responderPayloadBytes;
  const back = isVictimInitiator ? flow.responderPayloadBytes : flow.initiatorPayloadBytes;
  tunnel.out += Math.max(0, out - share.out);
  tunnel.back += Math.max(0, back - share.back);
  tunnel.lastUs = Math.max(tunnel.lastUs, flow.lastUs);
  share.out = out;
  share.back = back;
}

function startsWith(packet: PacketView, mark: readonly number[]): boolean {
  if (packet.payloadEnd - packet.payloadStart < mark.length) return false;
  return mark.every((byte, index) => packet.bytes[packet.payloadStart + index] === byte);
}

const NAMES: Partial<Record<ProtocolId, string>> = {
  tls: 'TLS',
  dtls: 'DTLS',
  http: 'HTTP',
  openvpn: 'OpenVPN',
  wireguard: 'WireGuard',
  rdp: 'Remote Desktop',
  ipsec: 'IPsec',
};

function nameOf(protocol: ProtocolId): string {
  return NAMES[protocol] ?? protocol.toUpperCase();
}

export const tunnelDetector = defineDetector({
  id: 'tunnel',
  kind: 'tunnel',
  summary:
    'One conversation is carried inside of another: through a proxy, a port that is let out, or a program made for it.',
  techniques: ['T1572', 'T1090', 'T1071.004'],
  settings: tunnelSettings,
  interest: {
    facts: ['protocol', 'broken:dns', 'http-request', 'http-response', 'command:socks', 'tls-client'],
    silentEnds: false,
  },
  memoryBound: '4,096 conversations of 250 B and 512 tunnels of 400 B',
  create: (context) => new TunnelWatcher(context),
});
