import { type FlowView, INITIATOR_BASIS, type PacketView, PROTOCOL, TCP_FLAG } from '../../../contract/traffic.ts';

/** A way to find out whether a port is open, told from the first packet of a flow. */
export interface ProbeTechnique {
  /** As people who scan call it. */
  readonly name: string;
  /** Completes "It sent …". */
  readonly description: string;
  /** Ordinary programs begin conversations in this way too. */
  readonly ordinary: boolean;
  /**
   * Packets like it are also left over from connections that began before anybody watched. It says something
   * when many ports of one host are tried, and nothing when many hosts are.
   */
  readonly ambiguous: boolean;
}

/** Indexed by the numbers that `classifyProbe` gives. Flags after the nmap book, chapter 5. */
export const PROBE_TECHNIQUES: readonly ProbeTechnique[] = [
  { name: 'SYN', description: 'requests to open a connection (SYN)', ordinary: true, ambiguous: false },
  { name: 'UDP', description: 'UDP datagrams', ordinary: true, ambiguous: false },
  { name: 'SCTP', description: 'requests to open an SCTP association', ordinary: true, ambiguous: false },
  {
    name: 'FIN',
    description: 'packets that end connections which never existed (FIN)',
    ordinary: false,
    ambiguous: false,
  },
  { name: 'NULL', description: 'TCP packets without any flag (NULL)', ordinary: false, ambiguous: false },
  { name: 'XMAS', description: 'TCP packets with a senseless mix of flags (XMAS)', ordinary: false, ambiguous: false },
  { name: 'ACK', description: 'answers to nothing (ACK)', ordinary: false, ambiguous: true },
  {
    name: 'Maimon',
    description: 'ends of connections which never existed (FIN and ACK)',
    ordinary: false,
    ambiguous: true,
  },
];

const SYN = 0;
const UDP = 1;
const SCTP = 2;
const FIN = 3;
const NULL = 4;
const XMAS = 5;
const ACK = 6;
const MAIMON = 7;

/** The flow's first packet is no probe. */
export const NO_PROBE = -1;

/** Ports below belong to services; above, clients take theirs (RFC 6335). */
const FIRST_USER_PORT = 1024;

/** Above, nearly every port is a client's: Linux and Windows begin at 32768 and 49152, old systems at 1024. */
const FIRST_LIKELY_CLIENT_PORT = 10_000;

/**
 * Datagrams with more in them carry something: media, transfers, floods. The probes of scanners carry
 * nothing, or one small request.
 */
const LARGEST_UDP_PROBE_BYTES = 512;

/** Services above 1024 whose UDP answers go to clients' ports: amplifiers and media helpers. */
const ANSWERING_UDP_PORTS: ReadonlySet<number> = new Set([
  1194, 1701, 1812, 1900, 3283, 3389, 3478, 3702, 4500, 5060, 5353, 5355, 5683, 10001, 11211, 17185, 19132, 27015,
  37810,
]);

/** traceroute counts up from 33434, one port per packet: 255 hops at most. */
const TRACEROUTE_FIRST_PORT = 33_434;
const TRACEROUTE_LAST_PORT = 33_434 + 255;

const DISCRIMINATING_FLAGS = TCP_FLAG.fin | TCP_FLAG.syn | TCP_FLAG.rst | TCP_FLAG.psh | TCP_FLAG.ack | TCP_FLAG.urg;

/**
 * The technique of which a flow's first packet may be a probe, as an index into PROBE_TECHNIQUES, or NO_PROBE:
 * an answer, the tail of an older connection, a path trace, or something without ports.
 */
export function classifyProbe(flow: FlowView, packet: PacketView): number {
  if (flow.responderPort === 0) return NO_PROBE;
  if (flow.protocol === PROTOCOL.tcp) return classifyTcp(flow, packet);
  if (flow.protocol === PROTOCOL.udp) return isUdpProbe(flow, packet) ? UDP : NO_PROBE;
  return flow.protocol === PROTOCOL.sctp && flow.initiatorPort !== 0 ? SCTP : NO_PROBE;
}

function classifyTcp(flow: FlowView, packet: PacketView): number {
  const flags = flow.firstFlags & DISCRIMINATING_FLAGS;
  // A RST, and a SYN-ACK, answers somebody: in a flood with invented senders these come out of nowhere.
  if ((flags & TCP_FLAG.rst) !== 0 || flow.initiatorBasis === INITIATOR_BASIS.synAck) return NO_PROBE;
  if ((flags & TCP_FLAG.syn) !== 0) return (flags & TCP_FLAG.ack) === 0 ? SYN : NO_PROBE;
  // With a known SYN it is the next piece of a long connection.
  if (packet.payloadBytes > 0 || flow.initiatorBasis === INITIATOR_BASIS.syn) return NO_PROBE;
  if (flags === 0) return NULL;
  if (flags === TCP_FLAG.fin) return FIN;
  if ((flags & TCP_FLAG.ack) === 0) return XMAS;
  const towardsService = flow.responderPort < FIRST_LIKELY_CLIENT_PORT && flow.responderPort < flow.initiatorPort;
  if (!towardsService) return NO_PROBE;
  if (flags === TCP_FLAG.ack) return ACK;
  return flags === (TCP_FLAG.fin | TCP_FLAG.ack) ? MAIMON : NO_PROBE;
}

function isUdpProbe(flow: FlowView, packet: PacketView): boolean {
  const from = flow.initiatorPort;
  const to = flow.responderPort;
  if (packet.payloadBytes > LARGEST_UDP_PROBE_BYTES) return false;
  if (to >= TRACEROUTE_FIRST_PORT && to <= TRACEROUTE_LAST_PORT) return false;
  // Two servers of one kind talk to each other (NTP, IKE, NetBIOS names).
  if (from === to) return false;
  return to < FIRST_USER_PORT || (from >= FIRST_USER_PORT && !ANSWERING_UDP_PORTS.has(from));
}
