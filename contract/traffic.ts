/**
 * What the network module shows to those who watch the traffic: one packet, one flow, and the moments
 * of a flow's life. These are *views*: one object of each is reused for every packet, so an observer
 * reads what it needs during the call and keeps nothing but numbers and strings.
 *
 * Addresses are four signed 32-bit words, most significant first; an IPv4 address a.b.c.d is
 * ::ffff:a.b.c.d, that is (0, 0, 0xffff, abcd). Words are signed so that they stay small integers in the
 * JavaScript engine. `main/engine/runtime/address.ts` turns them into text.
 */

import type { DhcpFact, Fact, ProtocolId } from './facts.ts';

/** IP protocol numbers that the engine names. */
export const PROTOCOL = {
  icmp: 1,
  igmp: 2,
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  esp: 50,
  ah: 51,
  icmpv6: 58,
  sctp: 132,
} as const;

/** TCP flag bits as they stand in the header (RFC 9293, RFC 3168). */
export const TCP_FLAG = {
  fin: 0x01,
  syn: 0x02,
  rst: 0x04,
  psh: 0x08,
  ack: 0x10,
  urg: 0x20,
  ece: 0x40,
  cwr: 0x80,
} as const;

/** What a frame turned out to be. */
export const PACKET_KIND = {
  /** Nothing above the link layer is understood (LLDP, STP, …). */
  other: 0,
  arp: 1,
  /** An IPv4 or IPv6 packet, decoded up to its transport where it has one we know. */
  ip: 2,
  /** An IP fragment that waits for the rest of its datagram. */
  fragment: 3,
  /** Damaged: the reason is counted by the decoder. */
  malformed: 4,
} as const;
export type PacketKind = (typeof PACKET_KIND)[keyof typeof PACKET_KIND];

/** One decoded packet, the innermost IP packet where there are tunnels. */
export interface PacketView {
  readonly kind: PacketKind;
  /** Microseconds since the epoch, with a fraction where the capture has nanoseconds. */
  readonly timeUs: number;
  /** The bytes that hold the packet; a reassembled datagram has a buffer of its own. */
  readonly bytes: Uint8Array;
  /** Length of the frame on the wire, in bytes. */
  readonly wireBytes: number;
  /** MAC addresses as high 16 and low 32 bits (signed); 0 where the link has none. */
  readonly sourceMacHigh: number;
  readonly sourceMacLow: number;
  readonly destinationMacHigh: number;
  readonly destinationMacLow: number;
  /** 802.1Q VLAN id, 0 without one. With QinQ: outer * 4096 + inner. */
  readonly vlan: number;
  /** A number that tells tunnels apart (VXLAN VNI, GRE key, GTP TEID, mixed with the kind); 0 outside of any. */
  readonly tunnel: number;
  /** 4, 6, or 0 when there is no IP header (ARP, other). */
  readonly ipVersion: number;
  /** IP protocol number of the innermost transport; see PROTOCOL. */
  readonly protocol: number;
  /** Time to live or hop limit. */
  readonly hopLimit: number;
  /** Bytes of the IP packet as its header claims (IP header included). 0 without IP. */
  readonly ipBytes: number;
  /** Source address words (for ARP: sender protocol address). */
  readonly source0: number;
  readonly source1: number;
  readonly source2: number;
  readonly source3: number;
  /** Destination address words (for ARP: target protocol address). */
  readonly destination0: number;
  readonly destination1: number;
  readonly destination2: number;
  readonly destination3: number;
  /** TCP, UDP or SCTP ports; for ICMP and ICMPv6: type and code in sourcePort and destinationPort. 0 otherwise. For ARP sourcePort is the operation (1 request, 2 reply). */
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Offset in `bytes` of the transport header (TCP, UDP, ICMP, …) or of the ARP header. */
  readonly transportStart: number;
  /** Bytes of transport header. */
  readonly transportHeaderBytes: number;
  /** Offset in `bytes` of the transport's payload. */
  readonly payloadStart: number;
  /** End (exclusive) of the captured payload in `bytes`: payloadEnd - payloadStart may be less than payloadBytes. */
  readonly payloadEnd: number;
  /** Payload length on the wire by the headers, in bytes. */
  readonly payloadBytes: number;
  /** TCP only, else 0. Sequence numbers are signed 32-bit. */
  readonly tcpFlags: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly window: number;
}

/** How the initiator of a flow is known. */
export const INITIATOR_BASIS = {
  /** It sent the first SYN without ACK. */
  syn: 0,
  /** The first packet seen was a SYN-ACK: whoever it was sent to had sent the SYN. */
  synAck: 1,
  /** It sent the first packet that was seen; for TCP in mid-connection this may be either side. */
  firstPacket: 2,
} as const;
export type InitiatorBasis = (typeof INITIATOR_BASIS)[keyof typeof INITIATOR_BASIS];

/** States of the TCP connection as an onlooker sees it. */
export const TCP_STATE = {
  /** Not TCP, or TCP met in mid-connection with no handshake seen. */
  none: 0,
  synSent: 1,
  synReceived: 2,
  established: 3,
  /** One side sent FIN. */
  closing: 4,
  /** Both sides sent FIN. */
  closed: 5,
  /** RST after the handshake or in mid-connection. */
  reset: 6,
  /** RST in answer to the SYN: the port is closed. */
  refused: 7,
} as const;
export type TcpState = (typeof TCP_STATE)[keyof typeof TCP_STATE];

/** Application protocols told from the first bytes of a flow (or, weaker, by its port). */
export const SERVICES = [
  'unknown',
  'ssh',
  'ftp',
  'telnet',
  'smtp',
  'pop3',
  'imap',
  'http',
  'tls',
  'rdp',
  'smb',
  'vnc',
  'mysql',
  'postgresql',
  'mssql',
  'oracle',
  'mongodb',
  'redis',
  'ldap',
  'kerberos',
  'dns',
  'dhcp',
  'ntp',
  'snmp',
  'quic',
] as const;
export type Service = (typeof SERVICES)[number];

/** How sure `service` is. */
export const SERVICE_BASIS = { none: 0, port: 1, bytes: 2 } as const;
export type ServiceBasis = (typeof SERVICE_BASIS)[keyof typeof SERVICE_BASIS];

/** Both directions of one conversation, as known so far. */
export interface FlowView {
  /** Counts up from 1 in the order in which flows begin; unique in a run. */
  readonly id: number;
  readonly ipVersion: number;
  readonly protocol: number;
  readonly vlan: number;
  readonly tunnel: number;
  readonly initiator0: number;
  readonly initiator1: number;
  readonly initiator2: number;
  readonly initiator3: number;
  readonly responder0: number;
  readonly responder1: number;
  readonly responder2: number;
  readonly responder3: number;
  readonly initiatorPort: number;
  readonly responderPort: number;
  readonly initiatorBasis: InitiatorBasis;
  readonly firstUs: number;
  readonly lastUs: number;
  readonly initiatorPackets: number;
  readonly responderPackets: number;
  /** Transport payload bytes, by the headers. */
  readonly initiatorPayloadBytes: number;
  readonly responderPayloadBytes: number;
  /** Frame bytes on the wire. */
  readonly initiatorWireBytes: number;
  readonly responderWireBytes: number;
  readonly tcpState: TcpState;
  /** All TCP flags that the side has sent, or-ed. */
  readonly initiatorFlags: number;
  readonly responderFlags: number;
  /** TCP flags of the very first packet: tells SYN, FIN, NULL, XMAS, ACK probes apart. */
  readonly firstFlags: number;
  /** Index into SERVICES. */
  readonly service: number;
  readonly serviceBasis: ServiceBasis;
}

/** Why a flow ended. */
export const END_REASON = {
  /** FIN from both sides or RST, and a moment for stragglers. */
  finished: 0,
  idleTimeout: 1,
  activeTimeout: 2,
  /** The table was full and this flow had to go early. Counted and reported. */
  evicted: 3,
  /** The capture or the engine stopped. */
  stopped: 4,
  /** The traffic's clock jumped back, so that ages cannot be compared. */
  clockReset: 5,
} as const;
export type EndReason = (typeof END_REASON)[keyof typeof END_REASON];

/** Turning points in a flow's life. */
export const FLOW_CHANGE = {
  /** The responder sent its first packet (any kind, a RST too). */
  answered: 0,
  /** TCP handshake complete. */
  established: 1,
  /** TCP: the SYN was answered by RST. */
  refused: 2,
  /** TCP: RST after the handshake. */
  reset: 3,
  /** TCP: FIN from both sides. */
  closed: 4,
} as const;
export type FlowChange = (typeof FLOW_CHANGE)[keyof typeof FLOW_CHANGE];

/** What `packet` can be asked for. ICMP and ICMPv6 are one class; `other` is what is damaged or has no IP header. */
export const PACKET_CLASSES = ['tcp', 'udp', 'icmp', 'other-ip', 'arp', 'fragment', 'other'] as const;
export type PacketClass = (typeof PACKET_CLASSES)[number];

/**
 * All facts of a type, or those of a type that are about one protocol ("command:smb"), or of these the ones of a name
 * where they have such: properties by theirs ("property:snmp.community"), messages of DHCP by their type
 * ("dhcp:dhcp.offer").
 */
export type FactInterest =
  | Fact['type']
  | `${Fact['type']}:${ProtocolId}`
  | `property:${ProtocolId}.${string}`
  | `dhcp:${DhcpFact['protocol']}.${string}`;

/** The name by which interest can tell a fact from others of its type and protocol; undefined where it has none. */
export function factName(fact: Fact): string | undefined {
  if (fact.type === 'property') return fact.name;
  return fact.type === 'dhcp' ? fact.messageType : undefined;
}

/** What an observer wants to be shown, where that is less than everything. It is shown nothing else. */
export interface TrafficInterest {
  /** What `packet` is called with; every packet where it is left out. */
  readonly packets?: readonly PacketClass[];
  /** What `fact` is called with; every fact where it is left out. What nobody wants is not even put together. */
  readonly facts?: readonly FactInterest[];
  /**
   * Whether files come with their MD5, which costs more than all else that is told of them. Left out: where every fact
   * is wanted.
   */
  readonly md5?: boolean;
  /**
   * Whether anybody reads the bytes of TCP packets beside their payload in `payload` and `segment`: where nobody does,
   * header and payload may be missing elsewhere, because a copy of all that is transferred costs time. What the fields
   * of PacketView say of them is always there. Left out: yes.
   */
  readonly tcpBytes?: boolean;
  /**
   * Whether `flowEnd` is called for flows in which nobody said anything, too: without payload there were no facts and no
   * segments, so whoever notes only those has nothing to forget. Floods and scans are made of such flows. Left out: yes.
   */
  readonly silentEnds?: boolean;
}

/**
 * Whether a fact is among those that are wanted.
 * @param protocol left out for facts that name none
 * @param name see factName
 */
export function isFactWanted(
  { facts }: TrafficInterest,
  type: Fact['type'],
  protocol?: ProtocolId,
  name?: string,
): boolean {
  if (facts === undefined || facts.includes(type)) return true;
  if (protocol === undefined) return false;
  if (facts.includes(`${type}:${protocol}`)) return true;
  return name !== undefined && facts.includes(`${type}:${protocol}.${name}` as FactInterest);
}

/**
 * Someone who watches the traffic. Every method is optional; all are called synchronously, in the
 * order of the packets, and must not throw. The same calls come from a capture and live.
 */
export interface TrafficObserver {
  /** Left out: everything. */
  readonly interest?: TrafficInterest;
  /** Every decoded packet, before its flow is updated. The hottest call there is: keep it short. */
  packet?(packet: PacketView): void;
  /** The first packet of a new flow, after it was counted. */
  flowStart?(flow: FlowView, packet: PacketView): void;
  flowChange?(flow: FlowView, packet: PacketView, change: FlowChange): void;
  /**
   * A packet with payload, among the first PAYLOAD_PACKETS_SHOWN of its direction, after it was counted.
   * `fromInitiator` tells the direction; the bytes are packet.bytes[payloadStart..payloadEnd). What parsers say of
   * it (`fact`) was told before.
   */
  payload?(flow: FlowView, packet: PacketView, fromInitiator: boolean): void;
  /**
   * Every packet with payload, after it was counted, until it says false for the flow: then no more of this flow
   * is shown to it. Only for those that put conversations together; see `payload` for the first packets.
   */
  segment?(flow: FlowView, packet: PacketView, fromInitiator: boolean): boolean;
  /** What the bytes of a conversation said. Conversations are looked into only when an observer wants to hear. */
  fact?(flow: FlowView, fact: Fact): void;
  /** A flow that goes on for long, every flowUpdateSeconds. */
  flowUpdate?(flow: FlowView): void;
  flowEnd?(flow: FlowView, reason: EndReason): void;
  /** After the end of a flow that was cut for its length: its conversation goes on in this flow. */
  flowRenewed?(formerId: number, flow: FlowView): void;
  /** Once per second of the traffic's clock (after a longer silence: once), and once at the end. */
  tick?(nowUs: number): void;
  /** The traffic's clock jumped back by more than the tolerance: forget ages and windows. */
  clockReset?(nowUs: number): void;
}

/** How many packets with payload of each direction are shown to `payload`. */
export const PAYLOAD_PACKETS_SHOWN = 12;

/** Open flows that are shown at once, in the stream `flows.watch`. */
export const MAX_LIVE_FLOWS = 5_000;

/** Link types as captures number them (tcpdump.org/linktypes.html). */
export const LINK_TYPE = {
  bsdLoopback: 0,
  ethernet: 1,
  ppp: 9,
  pppHdlc: 50,
  pppoe: 51,
  rawIp: 101,
  ieee80211: 105,
  openBsdLoopback: 108,
  linuxCooked: 113,
  ieee80211Radiotap: 127,
  rawIpAlternative: 12,
  ipv4: 228,
  ipv6: 229,
  linuxCooked2: 276,
} as const;

/** Where frames go: the flow engine, whoever reads them. Called once per frame, in order. */
export interface FrameSink {
  /**
   * @param bytes holds the frame; valid during the call only
   * @param start offset of the frame's first byte
   * @param capturedBytes bytes present
   * @param wireBytes bytes that the frame had on the wire
   * @param timeUs microseconds since the epoch, with a fraction where known
   * @param linkType see LINK_TYPE
   */
  frame(
    bytes: Uint8Array,
    start: number,
    capturedBytes: number,
    wireBytes: number,
    timeUs: number,
    linkType: number,
  ): void;
}
