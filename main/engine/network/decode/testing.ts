import { PROTOCOL } from '../../../../contract/traffic.ts';

/**
 * Hand-made packets for tests: each function wraps bytes into one more header, with right lengths and checksums.
 *
 *     ethernet(0x0800, ipv4({ from: '10.0.0.1', to: '10.0.0.2', protocol: 6 }, tcp({ ... })))
 *     tcpPacket({ from: '10.0.0.1', to: '10.0.0.2', sourcePort: 40000, destinationPort: 22, flags: 'S' })
 */

/** Bytes as tests like to write them. Text is taken as UTF-8. */
export type Content = Uint8Array | readonly number[] | string;

/** Where a packet comes from and goes to; addresses as text, both IPv4 or both IPv6. */
export interface Hosts {
  readonly from: string;
  readonly to: string;
}

export interface Ipv4Options extends Hosts {
  readonly protocol: number;
  readonly hopLimit?: number;
  readonly identification?: number;
  /** Bytes, a multiple of 8. */
  readonly fragmentOffset?: number;
  readonly moreFragments?: boolean;
  /** Padded to a multiple of 4. */
  readonly options?: Content;
  /** Instead of the right one. */
  readonly totalLength?: number;
}

export interface Ipv6Options extends Hosts {
  /** The header that follows the fixed one. */
  readonly protocol: number;
  readonly hopLimit?: number;
  /** Instead of the right one. */
  readonly payloadLength?: number;
}

export interface TcpOptions {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Letters out of "FSRPAUEC", or the byte itself. Without: ACK. */
  readonly flags?: string | number;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly window?: number;
  /** Padded to a multiple of 4. */
  readonly options?: Content;
}

export interface UdpOptions {
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Instead of the right one. */
  readonly length?: number;
}

/** What surrounds an Ethernet packet. */
export interface FrameOptions {
  readonly sourceMac?: string;
  readonly destinationMac?: string;
  /** 802.1Q ids, the outermost first. */
  readonly vlans?: readonly number[];
  readonly hopLimit?: number;
  readonly identification?: number;
}

const TCP_FLAG_LETTERS = 'FSRPAUEC';
const DEFAULT_HOP_LIMIT = 64;
const DEFAULT_SOURCE_MAC = '02:00:00:00:00:01';
const DEFAULT_DESTINATION_MAC = '02:00:00:00:00:02';

/** Any content as bytes. */
export function toBytes(content: Content): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : Uint8Array.from(content);
}

/** All parts, one behind the other. */
export function joined(...parts: readonly Content[]): Uint8Array {
  const pieces = parts.map(toBytes);
  const result = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    result.set(piece, at);
    at += piece.length;
  }
  return result;
}

/** A 16-bit number in network byte order. */
export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value);
}

/** A 32-bit number in network byte order. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** "02:00:00:00:00:01" → six bytes. */
export function macBytes(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
}

/** "10.0.0.1" → four bytes, "fe80::1" (also with a dotted tail) → sixteen. */
export function addressBytes(text: string): Uint8Array {
  if (!text.includes(':')) return Uint8Array.from(text.split('.'), Number);
  const [head, tail] = text.split('::');
  const front = groupBytes(head);
  const back = tail === undefined ? new Uint8Array(0) : groupBytes(tail);
  return joined(front, new Uint8Array(16 - front.length - back.length), back);
}

function groupBytes(text: string): Uint8Array {
  if (text === '') return new Uint8Array(0);
  return joined(
    ...text.split(':').map((group) => (group.includes('.') ? addressBytes(group) : u16(Number.parseInt(group, 16)))),
  );
}

/** The Internet checksum (RFC 1071) over all parts as if they were one. */
export function internetChecksum(...parts: readonly Content[]): number {
  const bytes = joined(...parts);
  let sum = 0;
  for (let at = 0; at < bytes.length; at++) sum += at % 2 === 0 ? bytes[at] << 8 : bytes[at];
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

export function ethernet(
  etherType: number,
  payload: Content,
  { sourceMac = DEFAULT_SOURCE_MAC, destinationMac = DEFAULT_DESTINATION_MAC, vlans = [] }: FrameOptions = {},
): Uint8Array {
  const tagged = vlans.reduceRight<{ type: number; content: Content }>(
    (inner, id) => ({ type: 0x8100, content: vlan(id, inner.type, inner.content) }),
    { type: etherType, content: payload },
  );
  return joined(macBytes(destinationMac), macBytes(sourceMac), u16(tagged.type), tagged.content);
}

/** An 802.1Q tag without the EtherType in front of it: id, then the EtherType of what follows. */
export function vlan(id: number, etherType: number, payload: Content): Uint8Array {
  return joined(u16(id), u16(etherType), payload);
}

export function ipv4(options: Ipv4Options, payload: Content): Uint8Array {
  const content = toBytes(payload);
  const extra = padded(options.options ?? [], 4);
  const headerBytes = 20 + extra.length;
  const header = joined(
    [0x40 | (headerBytes / 4), 0],
    u16(options.totalLength ?? headerBytes + content.length),
    u16(options.identification ?? 0),
    u16((options.moreFragments ? 0x2000 : 0) | ((options.fragmentOffset ?? 0) >> 3)),
    [options.hopLimit ?? DEFAULT_HOP_LIMIT, options.protocol, 0, 0],
    addressBytes(options.from),
    addressBytes(options.to),
    extra,
  );
  header.set(u16(internetChecksum(header)), 10);
  return joined(header, content);
}

export function ipv6(options: Ipv6Options, payload: Content): Uint8Array {
  const content = toBytes(payload);
  return joined(
    [0x60, 0, 0, 0],
    u16(options.payloadLength ?? content.length),
    [options.protocol, options.hopLimit ?? DEFAULT_HOP_LIMIT],
    addressBytes(options.from),
    addressBytes(options.to),
    content,
  );
}

/** An IPv6 extension header of the common shape (hop-by-hop, routing, destination options), padded to 8 bytes. */
export function extensionHeader(nextHeader: number, content: Content, payload: Content): Uint8Array {
  const header = padded(joined([nextHeader, 0], content), 8);
  header[1] = header.length / 8 - 1;
  return joined(header, payload);
}

/** An IPv6 fragment header and the fragment. `offset` in bytes, a multiple of 8. */
export function fragmentHeader(
  nextHeader: number,
  fragment: { readonly offset: number; readonly more: boolean; readonly identification: number },
  payload: Content,
): Uint8Array {
  const offsetAndFlags = fragment.offset | (fragment.more ? 1 : 0);
  return joined([nextHeader, 0], u16(offsetAndFlags), u32(fragment.identification), payload);
}

/** A TCP segment. Its checksum needs the hosts that it goes between. */
export function tcp(hosts: Hosts, options: TcpOptions, payload: Content = []): Uint8Array {
  const extra = padded(options.options ?? [], 4);
  const segment = joined(
    u16(options.sourcePort),
    u16(options.destinationPort),
    u32(options.sequence ?? 0),
    u32(options.acknowledgment ?? 0),
    [((20 + extra.length) / 4) << 4, tcpFlags(options.flags ?? 'A')],
    u16(options.window ?? 65_535),
    [0, 0, 0, 0],
    extra,
    payload,
  );
  segment.set(u16(transportChecksum(hosts, PROTOCOL.tcp, segment)), 16);
  return segment;
}

export function udp(hosts: Hosts, options: UdpOptions, payload: Content = []): Uint8Array {
  const content = toBytes(payload);
  const datagram = joined(
    u16(options.sourcePort),
    u16(options.destinationPort),
    u16(options.length ?? 8 + content.length),
    [0, 0],
    content,
  );
  datagram.set(u16(transportChecksum(hosts, PROTOCOL.udp, datagram) || 0xffff), 6);
  return datagram;
}

/** An ICMP or, between IPv6 hosts, ICMPv6 message. `rest` are the four bytes behind the checksum. */
export function icmp(
  hosts: Hosts,
  { type, code = 0, rest = [0, 0, 0, 0] }: { readonly type: number; readonly code?: number; readonly rest?: Content },
  payload: Content = [],
): Uint8Array {
  const message = joined([type, code, 0, 0], rest, payload);
  const isV6 = hosts.from.includes(':');
  message.set(u16(isV6 ? transportChecksum(hosts, PROTOCOL.icmpv6, message) : internetChecksum(message)), 2);
  return message;
}

/** An ARP message for Ethernet and IPv4. `operation`: 1 request, 2 reply. */
export function arp(message: {
  readonly operation: number;
  readonly senderMac?: string;
  readonly senderAddress: string;
  readonly targetMac?: string;
  readonly targetAddress: string;
}): Uint8Array {
  return joined(
    [0, 1, 8, 0, 6, 4],
    u16(message.operation),
    macBytes(message.senderMac ?? DEFAULT_SOURCE_MAC),
    addressBytes(message.senderAddress),
    macBytes(message.targetMac ?? '00:00:00:00:00:00'),
    addressBytes(message.targetAddress),
  );
}

/** An IPv4 or IPv6 packet around a transport, by the look of the addresses. */
export function ip(
  hosts: Hosts & { readonly hopLimit?: number; readonly identification?: number },
  protocol: number,
  payload: Content,
): Uint8Array {
  const { from, to, hopLimit, identification } = hosts;
  return from.includes(':')
    ? ipv6({ from, to, protocol, hopLimit }, payload)
    : ipv4({ from, to, protocol, hopLimit, identification }, payload);
}

/** A whole Ethernet frame with a TCP segment. */
export function tcpPacket(packet: Hosts & FrameOptions & TcpOptions & { readonly payload?: Content }): Uint8Array {
  return ipFrame(packet, PROTOCOL.tcp, tcp(packet, packet, packet.payload));
}

/** A whole Ethernet frame with a UDP datagram. */
export function udpPacket(packet: Hosts & FrameOptions & UdpOptions & { readonly payload?: Content }): Uint8Array {
  return ipFrame(packet, PROTOCOL.udp, udp(packet, packet, packet.payload));
}

/** A whole Ethernet frame with an ICMP or ICMPv6 message. `rest` are the four bytes behind the checksum. */
export function icmpPacket(
  packet: Hosts &
    FrameOptions & {
      readonly type: number;
      readonly code?: number;
      readonly rest?: Content;
      readonly payload?: Content;
    },
): Uint8Array {
  const protocol = packet.from.includes(':') ? PROTOCOL.icmpv6 : PROTOCOL.icmp;
  return ipFrame(packet, protocol, icmp(packet, packet, packet.payload));
}

/** A whole Ethernet frame with an ARP message; requests go to the broadcast address. */
export function arpPacket(
  packet: Hosts &
    FrameOptions & { readonly operation: number; readonly senderMac?: string; readonly targetMac?: string },
): Uint8Array {
  const message = arp({
    operation: packet.operation,
    senderMac: packet.senderMac ?? packet.sourceMac,
    senderAddress: packet.from,
    targetMac: packet.targetMac,
    targetAddress: packet.to,
  });
  return ethernet(0x0806, message, {
    destinationMac: packet.operation === 1 ? 'ff:ff:ff:ff:ff:ff' : DEFAULT_DESTINATION_MAC,
    ...packet,
  });
}

/** A whole Ethernet frame around any IP transport. */
export function ipFrame(frame: Hosts & FrameOptions, protocol: number, payload: Content): Uint8Array {
  return ethernet(frame.from.includes(':') ? 0x86dd : 0x0800, ip(frame, protocol, payload), frame);
}

/**
 * The IPv4 packets that a router makes of one payload.
 *
 * @param fragmentBytes payload bytes of each but the last, a multiple of 8
 */
export function ipv4Fragments(options: Ipv4Options, payload: Content, fragmentBytes: number): Uint8Array[] {
  const content = toBytes(payload);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += fragmentBytes) {
    const moreFragments = at + fragmentBytes < content.length;
    packets.push(ipv4({ ...options, fragmentOffset: at, moreFragments }, content.subarray(at, at + fragmentBytes)));
  }
  return packets;
}

/** The same for IPv6, where the sender does it. */
export function ipv6Fragments(
  options: Ipv6Options & { readonly identification: number },
  payload: Content,
  fragmentBytes: number,
): Uint8Array[] {
  const content = toBytes(payload);
  const packets: Uint8Array[] = [];
  for (let at = 0; at < content.length; at += fragmentBytes) {
    const fragment = {
      offset: at,
      more: at + fragmentBytes < content.length,
      identification: options.identification,
    };
    const piece = content.subarray(at, at + fragmentBytes);
    packets.push(ipv6({ ...options, protocol: 44 }, fragmentHeader(options.protocol, fragment, piece)));
  }
  return packets;
}

function tcpFlags(flags: string | number): number {
  if (typeof flags === 'number') return flags;
  return Array.from(flags).reduce((bits, letter) => bits | (1 << TCP_FLAG_LETTERS.indexOf(letter)), 0);
}

/** The checksum with the pseudo-header of the IP version (RFC 9293, RFC 8200). */
function transportChecksum(hosts: Hosts, protocol: number, segment: Uint8Array): number {
  return internetChecksum(
    addressBytes(hosts.from),
    addressBytes(hosts.to),
    u32(segment.length),
    u32(protocol),
    segment,
  );
}

function padded(content: Content, multiple: number): Uint8Array {
  const bytes = toBytes(content);
  return joined(bytes, new Uint8Array((multiple - (bytes.length % multiple)) % multiple));
}
