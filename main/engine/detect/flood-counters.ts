/**
 * What is counted for each target within one window (a second of traffic). "In" is towards the target, "out"
 * is sent by it: what a host asks for and answers is what tells a flood from use.
 */
export const FLOOD_COUNTERS = [
  /** Packets that came before the target was watched (see WATCH_AFTER). */
  'unwatchedIn',
  'synIn',
  /** TCP with flags that no connection has: none at all, SYN with FIN, FIN or URG without ACK. */
  'oddFlagsIn',
  /** TCP without payload, of no other class. */
  'bareTcpIn',
  /** ... of which the acknowledged number went on from the one before, as it does in a real transfer. */
  'advancingAcksIn',
  'tcpDataIn',
  'udpIn',
  'emptyUdpIn',
  'echoRequestsIn',
  'echoRepliesIn',
  'icmpErrorsIn',
  'fragmentsIn',
  /** Datagrams larger than any frame: they came in fragments and were put together. */
  'reassembledIn',
  'otherIpIn',
  'packetsOut',
  'synOut',
  /** TCP without RST or SYN. */
  'tcpOut',
  'resetsOut',
  'udpOut',
  'echoRequestsOut',
  'unreachableOut',
  /** Connections to the target whose handshake was completed. */
  'established',
  /** TCP flows towards the target that began in the middle, by the packet they began with. */
  'strayAcks',
  'straySynAcks',
  'strayResets',
  /** ... and that the target answered with anything but RST. */
  'straysAnswered',
  'udpFlowsIn',
  'udpFlowsAnswered',
  'otherIpFlowsIn',
] as const;
export type FloodCounter = (typeof FLOOD_COUNTERS)[number];

/** How many counters a target has. */
export const COUNTERS = FLOOD_COUNTERS.length;
const index = Object.fromEntries(FLOOD_COUNTERS.map((name, at) => [name, at])) as Record<FloodCounter, number>;

/** The place of a counter, by name: for ticks and tests. */
export const FLOOD_COUNTER_INDEX: Readonly<Record<FloodCounter, number>> = index;

// The place of each in a target's row. As plain constants: the hot path must not look names up.
export const UNWATCHED_IN = index.unwatchedIn;
export const SYN_IN = index.synIn;
export const ODD_FLAGS_IN = index.oddFlagsIn;
export const BARE_TCP_IN = index.bareTcpIn;
export const ADVANCING_ACKS_IN = index.advancingAcksIn;
export const TCP_DATA_IN = index.tcpDataIn;
export const UDP_IN = index.udpIn;
export const EMPTY_UDP_IN = index.emptyUdpIn;
export const ECHO_REQUESTS_IN = index.echoRequestsIn;
export const ECHO_REPLIES_IN = index.echoRepliesIn;
export const ICMP_ERRORS_IN = index.icmpErrorsIn;
export const FRAGMENTS_IN = index.fragmentsIn;
export const REASSEMBLED_IN = index.reassembledIn;
export const OTHER_IP_IN = index.otherIpIn;
export const PACKETS_OUT = index.packetsOut;
export const SYN_OUT = index.synOut;
export const TCP_OUT = index.tcpOut;
export const RESETS_OUT = index.resetsOut;
export const UDP_OUT = index.udpOut;
export const ECHO_REQUESTS_OUT = index.echoRequestsOut;
export const UNREACHABLE_OUT = index.unreachableOut;
export const ESTABLISHED = index.established;
export const STRAY_ACKS = index.strayAcks;
export const STRAY_SYN_ACKS = index.straySynAcks;
export const STRAY_RESETS = index.strayResets;
export const STRAYS_ANSWERED = index.straysAnswered;
export const UDP_FLOWS_IN = index.udpFlowsIn;
export const UDP_FLOWS_ANSWERED = index.udpFlowsAnswered;
export const OTHER_IP_FLOWS_IN = index.otherIpFlowsIn;
