import type { FloodCounter } from './flood-counters.ts';
import type { TargetPorts, TargetSources } from './flood-pictures.ts';
import type { FloodSettings } from './flood-settings.ts';
import type { HeavySource } from './heavy-sources.ts';
import { REFLECTED_SERVICES } from './reflection.ts';

/** One second of a target's traffic, as the forms judge it. Sources and ports are worked out when asked for. */
export interface FloodWindow {
  count(name: FloodCounter): number;
  /** Frame bytes towards the target. */
  bytesIn(): number;
  /** TCP payload that the target sent. */
  tcpBytesOut(): number;
  /** Packets from and to the port of REFLECTED_SERVICES[service]. */
  reflected(service: number): number;
  asked(service: number): number;
  sources(): TargetSources;
  ports(): TargetPorts;
  /** How many windows the target has been watched for. */
  readonly windows: number;
}

/** A way to flood someone. Forms are judged independently: what floods a host may be a mix. */
export interface FloodForm {
  readonly id: string;
  /** What the victim gets, in the plural: "SYN packets". */
  readonly packets: string;
  /** How it harms, one sentence for people. */
  readonly harm: string;
  readonly techniques: readonly string[];
  /** Whether it does harm, and can be told from use, at a fraction of the rate when it lasts. */
  readonly mayBeSlow: boolean;
  /** Packets of this window that nobody asked for and nothing explains. */
  suspicious(window: FloodWindow, settings: FloodSettings): number;
  /** How many of them within a second make a flood. */
  threshold(window: FloodWindow, settings: FloodSettings): number;
}

const DIRECT = 'T1498.001';
const REFLECTION = 'T1498.002';
const EXHAUSTION = 'T1499.001';

/** Answers per question that a service may send: SNMP walks and NTP monitor lists come in several packets. */
const ANSWERS_PER_QUESTION = 4;
/** Fragments of the largest datagram (64 kB) in Ethernet frames: what one partner may send. */
const FRAGMENTS_PER_DATAGRAM = 45;
/** From many senders at once they are the pieces of reflected answers, of 4 kB at most for DNS. */
const FRAGMENTS_PER_ANSWER = 3;
/** A sender that gets less than one packet back for this many is not being talked to. */
const PACKETS_PER_ANSWER = 200;
/** Windows after a target is first seen in which a flow without a beginning may just have been met midway. */
const MIDWAY_WINDOWS = 2;
/** Packets per flow from which on flows without a beginning are conversations. */
const CONVERSATION_PACKETS = 3;
/** Above this rate a scan of ports does the harm of a flood whatever it was meant to be. */
const SCAN_AS_FLOOD_PER_SECOND = 10_000;
/** Fewer packets a second are not worth a look at where they came from. */
const LEAST_PER_WINDOW = 20;
/** Too few packets that name a port say nothing about the sender's choice of ports. */
const SCAN_MIN_PACKETS = 50;
/** Scanners send datagrams that are empty or a short question; padding is for floods. */
const FLOOD_DATAGRAM_BYTES = 256;
/** A single reflector with more than this share is a conversation partner, or a direct attacker. */
const LARGEST_REFLECTOR_SHARE = 0.7;

function bySources(window: FloodWindow, settings: FloodSettings): number {
  return window.sources().distinct >= settings.manySources
    ? settings.manySourcesPerSecond
    : settings.fewSourcesPerSecond;
}

/** Whether few hosts go through the ports, which is a scan and told by the scan detector. */
function isScan(window: FloodWindow, settings: FloodSettings): boolean {
  const ports = window.ports();
  if (ports.packets < SCAN_MIN_PACKETS) return false;
  return window.sources().distinct < settings.manySources && ports.distinct > ports.packets * settings.scanPortShare;
}

export function isUnanswered(source: HeavySource): boolean {
  return source.answers * PACKETS_PER_ANSWER < source.packets;
}

/** The share of packets, among those of the heaviest senders, that come from hosts which the target ignores. */
function unansweredShare(window: FloodWindow): number {
  let all = 0;
  let unanswered = 0;
  for (const source of window.sources().heaviest) {
    all += source.packets;
    if (isUnanswered(source)) unanswered += source.packets;
  }
  return all === 0 ? 0 : unanswered / all;
}

/** Packets from known reflectors' ports that the target did not ask for, by service. */
export function reflectedByService(window: FloodWindow): number[] {
  return REFLECTED_SERVICES.map((_, service) =>
    Math.max(0, window.reflected(service) - ANSWERS_PER_QUESTION * window.asked(service)),
  );
}

/** Unasked answers of abused servers; 0 when it is a few hosts that talk from such a port. */
function reflectedPackets(window: FloodWindow, settings: FloodSettings): number {
  const unasked = reflectedByService(window).reduce((sum, packets) => sum + packets, 0);
  if (unasked < LEAST_PER_WINDOW) return 0;
  const { distinct, packets, heaviest } = window.sources();
  const largest = heaviest[0]?.packets ?? 0;
  if (distinct < settings.reflectors || largest > packets * LARGEST_REFLECTOR_SHARE) return 0;
  return unansweredShare(window) < 0.5 ? 0 : unasked;
}

/** Flows that begin in the middle, less those that turn out to be conversations. */
function strays(window: FloodWindow, count: number, settings: FloodSettings): number {
  if (count < LEAST_PER_WINDOW) return 0;
  const out = window.count('tcpOut');
  const incoming = window.count('bareTcpIn') + window.count('tcpDataIn');
  if (window.windows <= MIDWAY_WINDOWS && out * 2 > count) return 0;
  // Seen from one side only, a conversation still has several packets where a flood has one.
  if (window.count('packetsOut') === 0 && incoming > count * CONVERSATION_PACKETS) return 0;
  if (isScan(window, settings)) return 0;
  return Math.max(0, count - window.count('straysAnswered'));
}

/** Packets without payload that no transfer of the target explains, all in few connections. */
function bareStream(window: FloodWindow, settings: FloodSettings): number {
  // A SYN flood against an open port brings one RST or ACK for each SYN: they belong to it.
  const bare = window.count('bareTcpIn') - window.count('synIn');
  if (bare < settings.oneConversationPerSecond) return 0;
  // An upload is acknowledged at most once per segment, and its acknowledgements go on.
  const isAcknowledgement =
    window.count('advancingAcksIn') * 10 > bare ||
    window.tcpBytesOut() > bare * 200 ||
    window.count('tcpOut') * 10 > bare;
  // RST comes in such numbers to whoever scans.
  const isAnswerToScan = window.count('synOut') * 2 > bare;
  return isAcknowledgement || isAnswerToScan || isScan(window, settings) ? 0 : bare;
}

export const FLOOD_FORMS: readonly FloodForm[] = [
  {
    id: 'syn',
    packets: 'SYN packets',
    harm: 'Each one makes the victim wait for a connection that never comes about, until it has no room for real ones.',
    techniques: [DIRECT, EXHAUSTION],
    mayBeSlow: true,
    suspicious(window, settings) {
      const syn = window.count('synIn');
      const strayed = window.count('strayAcks') + window.count('straySynAcks') + window.count('strayResets');
      const later = window.count('bareTcpIn') + window.count('tcpDataIn') - strayed;
      // With one side of the traffic only, connections are told by the packets that follow.
      if (window.count('packetsOut') === 0 && later >= syn) return 0;
      const incomplete = Math.max(0, syn - window.count('established'));
      return incomplete > 0 && isScan(window, settings) ? 0 : incomplete;
    },
    threshold: bySources,
  },
  {
    id: 'syn-ack',
    packets: 'SYN-ACK packets',
    harm: 'They answer connections that the victim never opened: servers elsewhere are being made to send them.',
    techniques: [REFLECTION],
    mayBeSlow: true,
    suspicious: (window, settings) => strays(window, window.count('straySynAcks'), settings),
    threshold: bySources,
  },
  {
    id: 'ack',
    packets: 'ACK packets of no connection',
    harm: 'The victim has to look each one up and throw it away, and the line fills with them.',
    techniques: [DIRECT, EXHAUSTION],
    mayBeSlow: false,
    suspicious: (window, settings) =>
      Math.max(strays(window, window.count('strayAcks'), settings), bareStream(window, settings)),
    threshold: bySources,
  },
  {
    id: 'rst',
    packets: 'RST packets of no connection',
    harm: 'The victim has to look each one up, and one that hits a real connection ends it.',
    techniques: [DIRECT, EXHAUSTION],
    mayBeSlow: false,
    suspicious: (window, settings) =>
      window.count('synOut') * 2 > window.count('strayResets')
        ? 0
        : strays(window, window.count('strayResets'), settings),
    threshold: bySources,
  },
  {
    id: 'tcp-flags',
    packets: 'TCP packets with impossible flags',
    harm: 'No program sends such packets; they are made to keep the victim busy.',
    techniques: [DIRECT, EXHAUSTION],
    mayBeSlow: false,
    suspicious: (window, settings) =>
      window.count('oddFlagsIn') > 0 && isScan(window, settings) ? 0 : window.count('oddFlagsIn'),
    threshold: bySources,
  },
  {
    id: 'reflection',
    packets: 'answers that it never asked for',
    harm: 'Somebody asks many servers in the name of the victim, and their answers, larger than the questions, fill its line.',
    techniques: [REFLECTION],
    mayBeSlow: true,
    suspicious: reflectedPackets,
    threshold: (_window, settings) => settings.manySourcesPerSecond,
  },
  {
    id: 'udp',
    packets: 'UDP datagrams',
    harm: 'They fill the line, and the victim has to look at each one.',
    techniques: [DIRECT],
    mayBeSlow: false,
    suspicious(window, settings) {
      const reflected = reflectedPackets(window, settings);
      const incoming = window.count('udpIn') - reflected;
      const flows = window.count('udpFlowsIn') - window.count('udpFlowsAnswered') - reflected;
      const empty = window.count('emptyUdpIn');
      if (incoming < settings.manySourcesPerSecond || window.count('udpOut') * 2 > incoming) return 0;
      const wanted = incoming * (1 - unansweredShare(window));
      const direct = Math.max(
        // As many conversations as packets: nobody talks like that.
        flows >= bySources(window, settings) ? incoming - wanted : 0,
        incoming - wanted >= settings.oneConversationPerSecond ? incoming - wanted : 0,
        empty >= settings.fewSourcesPerSecond ? empty : 0,
      );
      if (direct === 0 || !isScan(window, settings)) return direct;
      const isPadded =
        direct >= settings.oneConversationPerSecond / 5 && window.bytesIn() > incoming * FLOOD_DATAGRAM_BYTES;
      return isPadded || direct >= SCAN_AS_FLOOD_PER_SECOND ? direct : 0;
    },
    threshold: bySources,
  },
  {
    id: 'icmp',
    packets: 'ping packets',
    harm: 'The victim answers each one, which costs it its line twice.',
    techniques: [DIRECT],
    mayBeSlow: false,
    suspicious: (window) => window.count('echoRequestsIn'),
    threshold: (window, settings) =>
      window.sources().distinct >= settings.manySources
        ? settings.manySourcesPerSecond
        : settings.echoRequestsPerSecond,
  },
  {
    id: 'icmp-reply',
    packets: 'ping answers that it never asked for',
    harm: 'Somebody pings many hosts in the name of the victim, and their answers fill its line.',
    techniques: [REFLECTION],
    mayBeSlow: false,
    suspicious: (window) => Math.max(0, window.count('echoRepliesIn') - window.count('echoRequestsOut')),
    threshold: bySources,
  },
  {
    id: 'icmp-error',
    packets: 'ICMP error messages',
    harm: 'They report on packets that the victim never sent, and fill its line.',
    techniques: [DIRECT],
    mayBeSlow: false,
    suspicious: (window) =>
      Math.max(
        0,
        window.count('icmpErrorsIn') -
          window.count('udpOut') -
          window.count('synOut') -
          window.count('tcpOut') -
          window.count('echoRequestsOut'),
      ),
    threshold: bySources,
  },
  {
    id: 'fragments',
    packets: 'pieces of IP packets that never become whole',
    harm: 'The victim keeps each piece while it waits for the rest, until it has no memory left for others.',
    techniques: [DIRECT, EXHAUSTION],
    mayBeSlow: false,
    suspicious(window, settings) {
      const fragments = window.count('fragmentsIn');
      if (fragments < LEAST_PER_WINDOW) return 0;
      const isMany = window.sources().distinct >= settings.manySources;
      const perDatagram = isMany ? FRAGMENTS_PER_ANSWER : FRAGMENTS_PER_DATAGRAM;
      return Math.max(0, fragments - perDatagram * window.count('reassembledIn'));
    },
    threshold: bySources,
  },
  {
    id: 'other-ip',
    packets: 'IP packets of unusual protocols',
    harm: 'They fill the line, and the victim has to look at each one.',
    techniques: [DIRECT],
    mayBeSlow: false,
    suspicious: (window) =>
      window.count('packetsOut') * 10 > window.count('otherIpIn') ? 0 : window.count('otherIpIn'),
    // Tunnels and encrypted networks (GRE, ESP) carry everything that two hosts say to each other.
    threshold: (window, settings) =>
      window.sources().distinct >= settings.manySources
        ? settings.manySourcesPerSecond
        : settings.oneConversationPerSecond,
  },
];
