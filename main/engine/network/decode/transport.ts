import { PACKET_KIND, PROTOCOL } from '../../../../contract/traffic.ts';
import { COUNT, REASON } from './counters.ts';
import { type Cursor, LAYER, type Step, TUNNEL_KIND } from './cursor.ts';
import type { Packet } from './packet.ts';
import { udpTunnel } from './udp-tunnel.ts';

/** Protocols that carry another packet (IANA protocol numbers; MPLS in IP is RFC 4023, EtherIP RFC 3378). */
const MPLS_IN_IP = 137;
const ETHER_IP = 97;

/** Header bytes (RFC 9293, RFC 768, RFC 9260, RFC 792 and 4443, RFC 3376). */
const TCP_MIN = 20;
const UDP_BYTES = 8;
const SCTP_BYTES = 12;
const ICMP_BYTES = 8;
const IGMP_BYTES = 8;
/** Type, code and checksum: the least that an ICMP message can be. */
const ICMP_MIN = 4;

/**
 * Decodes what an IP packet carries, from `start` on. `end` is the end of the captured bytes, `claimedEnd` that of the
 * packet by its own length; `start` may lie behind `end` when the capture was cut inside the IP header's options.
 *
 * What the packet claims beyond the frame that carried it was never sent and counts as no payload: one forged length
 * field would otherwise make 64 KiB of a 60-byte frame.
 */
export function transport(cursor: Cursor, protocol: number, start: number, end: number, claimedEnd: number): Step {
  if (claimedEnd <= cursor.claimedEnd) return dissect(cursor, protocol, start, end, claimedEnd);
  return dissect(cursor, protocol, start, end, start < cursor.claimedEnd ? cursor.claimedEnd : start);
}

function dissect(cursor: Cursor, protocol: number, start: number, end: number, claimedEnd: number): Step {
  const packet = cursor.packet;
  packet.protocol = protocol;
  packet.transportStart = start;
  switch (protocol) {
    case PROTOCOL.tcp:
      return tcp(cursor, packet, start, end, claimedEnd);
    case PROTOCOL.udp:
      return udp(cursor, packet, start, end, claimedEnd);
    case PROTOCOL.icmp:
    case PROTOCOL.icmpv6:
      return icmp(cursor, packet, start, end, claimedEnd);
    case PROTOCOL.sctp:
      return sctp(cursor, packet, start, end, claimedEnd);
    default:
      return otherTransport(cursor, packet, protocol, start, end, claimedEnd);
  }
}

function tcp(cursor: Cursor, packet: Packet, start: number, end: number, claimedEnd: number): Step {
  const claimed = claimedEnd - start;
  if (claimed < TCP_MIN) return cursor.fail(REASON.transportHeaderShort);
  if (end - start < TCP_MIN) return cutTcp(cursor, packet, start, end, claimed);
  const bytes = cursor.bytes;
  const headerBytes = (bytes[start + 12] >> 4) << 2;
  if (headerBytes < TCP_MIN || headerBytes > claimed) return cursor.fail(REASON.tcpDataOffset);
  packet.sourcePort = (bytes[start] << 8) | bytes[start + 1];
  packet.destinationPort = (bytes[start + 2] << 8) | bytes[start + 3];
  packet.sequence = (bytes[start + 4] << 24) | (bytes[start + 5] << 16) | (bytes[start + 6] << 8) | bytes[start + 7];
  packet.acknowledgment =
    (bytes[start + 8] << 24) | (bytes[start + 9] << 16) | (bytes[start + 10] << 8) | bytes[start + 11];
  packet.tcpFlags = bytes[start + 13];
  packet.window = (bytes[start + 14] << 8) | bytes[start + 15];
  packet.transportHeaderBytes = headerBytes;
  const payloadStart = start + headerBytes;
  packet.payloadStart = payloadStart < end ? payloadStart : end;
  packet.payloadEnd = end;
  packet.payloadBytes = claimed - headerBytes;
  return PACKET_KIND.ip;
}

/** A TCP header that the capture cut: whatever of it is there. */
function cutTcp(cursor: Cursor, packet: Packet, start: number, end: number, claimed: number): Step {
  const bytes = cursor.bytes;
  cutTransport(cursor, packet, start, end, claimed, TCP_MIN);
  if (end - start >= 8) {
    packet.sequence = (bytes[start + 4] << 24) | (bytes[start + 5] << 16) | (bytes[start + 6] << 8) | bytes[start + 7];
  }
  if (end - start >= 12) {
    packet.acknowledgment =
      (bytes[start + 8] << 24) | (bytes[start + 9] << 16) | (bytes[start + 10] << 8) | bytes[start + 11];
  }
  if (end - start >= 14) {
    const headerBytes = (bytes[start + 12] >> 4) << 2;
    if (headerBytes < TCP_MIN || headerBytes > claimed) return cursor.fail(REASON.tcpDataOffset);
    packet.transportHeaderBytes = headerBytes;
    packet.payloadBytes = claimed - headerBytes;
    packet.tcpFlags = bytes[start + 13];
  }
  if (end - start >= 16) packet.window = (bytes[start + 14] << 8) | bytes[start + 15];
  return PACKET_KIND.ip;
}

function udp(cursor: Cursor, packet: Packet, start: number, end: number, claimedEnd: number): Step {
  const claimed = claimedEnd - start;
  if (claimed < UDP_BYTES) return cursor.fail(REASON.transportHeaderShort);
  if (end - start < UDP_BYTES) return cutTransport(cursor, packet, start, end, claimed, UDP_BYTES);
  const bytes = cursor.bytes;
  const sourcePort = (bytes[start] << 8) | bytes[start + 1];
  const destinationPort = (bytes[start + 2] << 8) | bytes[start + 3];
  let length = (bytes[start + 4] << 8) | bytes[start + 5];
  // 0 stands in jumbograms (RFC 2675) and in packets captured before the network card filled it in.
  if (length === 0 || length > claimed) length = claimed;
  else if (length < UDP_BYTES) return cursor.fail(REASON.udpLength);
  const payloadStart = start + UDP_BYTES;
  const payloadEnd = start + length < end ? start + length : end;
  packet.sourcePort = sourcePort;
  packet.destinationPort = destinationPort;
  packet.sequence = 0;
  packet.acknowledgment = 0;
  packet.tcpFlags = 0;
  packet.window = 0;
  packet.transportHeaderBytes = UDP_BYTES;
  packet.payloadStart = payloadStart;
  packet.payloadEnd = payloadEnd;
  packet.payloadBytes = length - UDP_BYTES;
  const tunnel = udpTunnel(sourcePort, destinationPort);
  return tunnel === 0 ? PACKET_KIND.ip : cursor.enterTunnel(payloadStart, payloadEnd, start + length, tunnel);
}

function icmp(cursor: Cursor, packet: Packet, start: number, end: number, claimedEnd: number): Step {
  const claimed = claimedEnd - start;
  if (claimed < ICMP_MIN) return cursor.fail(REASON.transportHeaderShort);
  plainTransport(packet, start, end, claimed, ICMP_BYTES);
  if (end - start < 2) {
    cursor.counts[COUNT.transportCut]++;
    return PACKET_KIND.ip;
  }
  packet.sourcePort = cursor.bytes[start];
  packet.destinationPort = cursor.bytes[start + 1];
  return PACKET_KIND.ip;
}

function sctp(cursor: Cursor, packet: Packet, start: number, end: number, claimedEnd: number): Step {
  const claimed = claimedEnd - start;
  if (claimed < SCTP_BYTES) return cursor.fail(REASON.transportHeaderShort);
  if (end - start < SCTP_BYTES) return cutTransport(cursor, packet, start, end, claimed, SCTP_BYTES);
  const bytes = cursor.bytes;
  plainTransport(packet, start, end, claimed, SCTP_BYTES);
  packet.sourcePort = (bytes[start] << 8) | bytes[start + 1];
  packet.destinationPort = (bytes[start + 2] << 8) | bytes[start + 3];
  return PACKET_KIND.ip;
}

function otherTransport(
  cursor: Cursor,
  packet: Packet,
  protocol: number,
  start: number,
  end: number,
  claimedEnd: number,
): Step {
  plainTransport(packet, start, end, claimedEnd - start, protocol === PROTOCOL.igmp ? IGMP_BYTES : 0);
  switch (protocol) {
    case PROTOCOL.ah:
      // Not a tunnel: it only stands before the transport.
      return cursor.within(start, end, claimedEnd, LAYER.authenticationHeader);
    case PROTOCOL.ipip:
      return enterNamed(cursor, TUNNEL_KIND.ipInIp, start, end, claimedEnd, LAYER.ipv4);
    case PROTOCOL.ipv6:
      return enterNamed(cursor, TUNNEL_KIND.ipInIp, start, end, claimedEnd, LAYER.ipv6);
    case MPLS_IN_IP:
      return enterNamed(cursor, TUNNEL_KIND.mpls, start, end, claimedEnd, LAYER.mpls);
    case PROTOCOL.gre:
      return cursor.enterTunnel(start, end, claimedEnd, LAYER.gre);
    case ETHER_IP:
      return cursor.enterTunnel(start, end, claimedEnd, LAYER.etherIp);
    default:
      return PACKET_KIND.ip;
  }
}

/** Steps into a tunnel that has no header of its own. */
function enterNamed(cursor: Cursor, kind: number, start: number, end: number, claimedEnd: number, layer: Step): Step {
  const step = cursor.enterTunnel(start, end, claimedEnd, layer);
  if (step === layer) cursor.nameTunnel(kind, 0);
  return step;
}

/** Fills the transport fields for a header of fixed length without ports. */
function plainTransport(packet: Packet, start: number, end: number, claimed: number, fixedBytes: number): void {
  const headerBytes = fixedBytes < claimed ? fixedBytes : claimed;
  const payloadStart = start + headerBytes;
  packet.clearTransport();
  packet.transportHeaderBytes = headerBytes;
  packet.payloadStart = payloadStart < end ? payloadStart : end;
  packet.payloadEnd = end;
  packet.payloadBytes = claimed - headerBytes;
}

/**
 * The capture ends inside the transport header. The addresses are known, so this is still a packet between two
 * hosts and not damage: ports are given when they are there and 0 otherwise, and the length is what the headers claim
 * with the shortest transport header there could be.
 */
function cutTransport(
  cursor: Cursor,
  packet: Packet,
  start: number,
  end: number,
  claimed: number,
  headerBytes: number,
): Step {
  const bytes = cursor.bytes;
  cursor.counts[COUNT.transportCut]++;
  plainTransport(packet, start, end, claimed, headerBytes);
  if (end - start >= 4) {
    packet.sourcePort = (bytes[start] << 8) | bytes[start + 1];
    packet.destinationPort = (bytes[start + 2] << 8) | bytes[start + 3];
  }
  return PACKET_KIND.ip;
}
