import { type PacketView, PROTOCOL } from '../../../contract/traffic.ts';

/** What an ICMP error says of the packet that caused it. One object, reused. */
export interface QuotedPacket {
  /** Time ran out on the way: a path trace, or a loop. Else: the destination cannot be reached. */
  timeExceeded: boolean;
  protocol: number;
  source0: number;
  source1: number;
  source2: number;
  source3: number;
  destination0: number;
  destination1: number;
  destination2: number;
  destination3: number;
  sourcePort: number;
  destinationPort: number;
}

export function emptyQuotedPacket(): QuotedPacket {
  return {
    timeExceeded: false,
    protocol: 0,
    source0: 0,
    source1: 0,
    source2: 0,
    source3: 0,
    destination0: 0,
    destination1: 0,
    destination2: 0,
    destination3: 0,
    sourcePort: 0,
    destinationPort: 0,
  };
}

const ICMP_UNREACHABLE = 3;
const ICMP_TIME_EXCEEDED = 11;
const ICMPV6_UNREACHABLE = 1;
const ICMPV6_TIME_EXCEEDED = 3;
/** Type, code, checksum and four bytes more, in both ICMP (RFC 792) and ICMPv6 (RFC 4443). */
const ICMP_HEADER_BYTES = 8;
const IPV6_HEADER_BYTES = 40;

/**
 * Reads the start of the packet that an ICMP or ICMPv6 error quotes: addresses and ports. False when the
 * packet is no such error or quotes too little. The quote is whatever its sender claims: the caller checks
 * it against what was really seen.
 */
export function readQuotedPacket(packet: PacketView, into: QuotedPacket): boolean {
  // The type stands in sourcePort.
  const type = packet.sourcePort;
  if (packet.protocol === PROTOCOL.icmp) {
    if (type !== ICMP_UNREACHABLE && type !== ICMP_TIME_EXCEEDED) return false;
    into.timeExceeded = type === ICMP_TIME_EXCEEDED;
    return readIpv4(packet.bytes, packet.transportStart + ICMP_HEADER_BYTES, packet.payloadEnd, into);
  }
  if (packet.protocol !== PROTOCOL.icmpv6) return false;
  if (type !== ICMPV6_UNREACHABLE && type !== ICMPV6_TIME_EXCEEDED) return false;
  into.timeExceeded = type === ICMPV6_TIME_EXCEEDED;
  return readIpv6(packet.bytes, packet.transportStart + ICMP_HEADER_BYTES, packet.payloadEnd, into);
}

function readIpv4(bytes: Uint8Array, start: number, end: number, into: QuotedPacket): boolean {
  if (start + 20 > end || end > bytes.length || bytes[start]! >> 4 !== 4) return false;
  const headerBytes = (bytes[start]! & 0x0f) * 4;
  if (headerBytes < 20) return false;
  into.protocol = bytes[start + 9]!;
  into.source0 = into.source1 = into.destination0 = into.destination1 = 0;
  into.source2 = into.destination2 = 0xffff;
  into.source3 = readWord(bytes, start + 12);
  into.destination3 = readWord(bytes, start + 16);
  return readPorts(bytes, start + headerBytes, end, into);
}

function readIpv6(bytes: Uint8Array, start: number, end: number, into: QuotedPacket): boolean {
  if (start + IPV6_HEADER_BYTES > end || end > bytes.length || bytes[start]! >> 4 !== 6) return false;
  // Extension headers are not followed: probes have none.
  into.protocol = bytes[start + 6]!;
  into.source0 = readWord(bytes, start + 8);
  into.source1 = readWord(bytes, start + 12);
  into.source2 = readWord(bytes, start + 16);
  into.source3 = readWord(bytes, start + 20);
  into.destination0 = readWord(bytes, start + 24);
  into.destination1 = readWord(bytes, start + 28);
  into.destination2 = readWord(bytes, start + 32);
  into.destination3 = readWord(bytes, start + 36);
  return readPorts(bytes, start + IPV6_HEADER_BYTES, end, into);
}

function readPorts(bytes: Uint8Array, start: number, end: number, into: QuotedPacket): boolean {
  if (start + 4 > end) return false;
  into.sourcePort = (bytes[start]! << 8) | bytes[start + 1]!;
  into.destinationPort = (bytes[start + 2]! << 8) | bytes[start + 3]!;
  return true;
}

function readWord(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}
