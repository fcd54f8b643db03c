import { PACKET_KIND, PROTOCOL } from '../../../../contract/traffic.ts';
import { COUNT, REASON } from './counters.ts';
import { type Cursor, LAYER, type Step } from './cursor.ts';
import type { Fragments } from './fragments.ts';
import type { Packet } from './packet.ts';
import { transport } from './transport.ts';

const IPV4_MIN = 20;
const IPV6_BYTES = 40;
/** Top 16 bits of the last-but-one word of an IPv4-mapped address (RFC 4291). */
const MAPPED = 0xffff;
/** More-fragments bit and offset of the IPv4 header; "don't fragment" and the reserved bit are left out. */
const IPV4_FRAGMENT_MASK = 0x3fff;

/** IPv6 extension headers (IANA) that are stepped over. */
const EXTENSION = {
  hopByHop: 0,
  routing: 43,
  fragment: 44,
  authentication: 51,
  none: 59,
  destination: 60,
  mobility: 135,
  hostIdentity: 139,
  shim6: 140,
} as const;
const FRAGMENT_HEADER_BYTES = 8;
/** RFC 8200 expects each header once, destination options twice; more than this is an attack on decoders. */
const MAX_EXTENSION_HEADERS = 16;

/** Decodes an IPv4 packet (RFC 791) and its transport. Checksums are not verified: network cards fill them in late. */
export function ipv4(cursor: Cursor, fragments: Fragments): Step {
  const bytes = cursor.bytes;
  const start = cursor.offset;
  const captured = cursor.end - start;
  if (captured < IPV4_MIN) {
    return cursor.fail(captured > 0 && bytes[start] >> 4 !== 4 ? REASON.ipVersion : REASON.ipHeaderCut);
  }
  const versionAndLength = bytes[start];
  if (versionAndLength >> 4 !== 4) return cursor.fail(REASON.ipVersion);
  const headerBytes = (versionAndLength & 15) << 2;
  if (headerBytes < IPV4_MIN) return cursor.fail(REASON.ipHeaderLength);
  let totalBytes = (bytes[start + 2] << 8) | bytes[start + 3];
  const room = cursor.claimedEnd - start;
  if (totalBytes > room) cursor.counts[COUNT.lengthBeyondFrame]++;
  // A segment that the network card was still to cut up (TSO) may be longer than the field can say.
  else if (totalBytes === 0) totalBytes = room;
  if (totalBytes < headerBytes) return cursor.fail(REASON.ipTotalLength);
  const claimedEnd = start + totalBytes;
  const end = claimedEnd < cursor.end ? claimedEnd : cursor.end;
  cursor.ipStart = start;
  cursor.ipEnd = cursor.end;
  cursor.ipClaimedEnd = cursor.claimedEnd;

  const packet = cursor.packet;
  const protocol = bytes[start + 9];
  packet.ipVersion = 4;
  packet.hopLimit = bytes[start + 8];
  packet.ipBytes = totalBytes;
  packet.source0 = 0;
  packet.source1 = 0;
  packet.source2 = MAPPED;
  packet.source3 = (bytes[start + 12] << 24) | (bytes[start + 13] << 16) | (bytes[start + 14] << 8) | bytes[start + 15];
  packet.destination0 = 0;
  packet.destination1 = 0;
  packet.destination2 = MAPPED;
  packet.destination3 =
    (bytes[start + 16] << 24) | (bytes[start + 17] << 16) | (bytes[start + 18] << 8) | bytes[start + 19];

  const fragment = ((bytes[start + 6] << 8) | bytes[start + 7]) & IPV4_FRAGMENT_MASK;
  if (fragment !== 0) {
    const identification = (bytes[start + 4] << 8) | bytes[start + 5];
    return fragmented(cursor, fragments, protocol, identification, fragment << 3, start + headerBytes, end, claimedEnd);
  }
  return transport(cursor, protocol, start + headerBytes, end, claimedEnd);
}

/** Decodes an IPv6 packet (RFC 8200), its extension headers and its transport. */
export function ipv6(cursor: Cursor, fragments: Fragments): Step {
  const bytes = cursor.bytes;
  const start = cursor.offset;
  const captured = cursor.end - start;
  if (captured < IPV6_BYTES) {
    return cursor.fail(captured > 0 && bytes[start] >> 4 !== 6 ? REASON.ipVersion : REASON.ipHeaderCut);
  }
  if (bytes[start] >> 4 !== 6) return cursor.fail(REASON.ipVersion);
  let totalBytes = IPV6_BYTES + ((bytes[start + 4] << 8) | bytes[start + 5]);
  const room = cursor.claimedEnd - start;
  const protocol = bytes[start + 6];
  if (totalBytes > room) cursor.counts[COUNT.lengthBeyondFrame]++;
  // A jumbogram (RFC 2675) or a segment that the network card was still to cut up says 0; so does an honest packet
  // without anything in it.
  else if (totalBytes === IPV6_BYTES && protocol !== EXTENSION.none) totalBytes = room;
  const claimedEnd = start + totalBytes;
  const end = claimedEnd < cursor.end ? claimedEnd : cursor.end;
  cursor.ipStart = start;
  cursor.ipEnd = cursor.end;
  cursor.ipClaimedEnd = cursor.claimedEnd;

  const packet = cursor.packet;
  packet.ipVersion = 6;
  packet.hopLimit = bytes[start + 7];
  packet.ipBytes = totalBytes;
  readIpv6Addresses(packet, bytes, start + 8);

  if (protocol === PROTOCOL.tcp || protocol === PROTOCOL.udp || protocol === PROTOCOL.icmpv6) {
    return transport(cursor, protocol, start + IPV6_BYTES, end, claimedEnd);
  }
  return extensionHeaders(cursor, fragments, protocol, start + IPV6_BYTES, end, claimedEnd);
}

function readIpv6Addresses(packet: Packet, bytes: Uint8Array, at: number): void {
  packet.source0 = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
  packet.source1 = (bytes[at + 4] << 24) | (bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7];
  packet.source2 = (bytes[at + 8] << 24) | (bytes[at + 9] << 16) | (bytes[at + 10] << 8) | bytes[at + 11];
  packet.source3 = (bytes[at + 12] << 24) | (bytes[at + 13] << 16) | (bytes[at + 14] << 8) | bytes[at + 15];
  packet.destination0 = (bytes[at + 16] << 24) | (bytes[at + 17] << 16) | (bytes[at + 18] << 8) | bytes[at + 19];
  packet.destination1 = (bytes[at + 20] << 24) | (bytes[at + 21] << 16) | (bytes[at + 22] << 8) | bytes[at + 23];
  packet.destination2 = (bytes[at + 24] << 24) | (bytes[at + 25] << 16) | (bytes[at + 26] << 8) | bytes[at + 27];
  packet.destination3 = (bytes[at + 28] << 24) | (bytes[at + 29] << 16) | (bytes[at + 30] << 8) | bytes[at + 31];
}

function extensionHeaders(
  cursor: Cursor,
  fragments: Fragments,
  firstHeader: number,
  firstStart: number,
  end: number,
  claimedEnd: number,
): Step {
  const bytes = cursor.bytes;
  let header = firstHeader;
  let start = firstStart;
  for (let count = 0; isExtension(header); count++) {
    if (count === MAX_EXTENSION_HEADERS || claimedEnd - start < 8) return cursor.fail(REASON.extensionHeader);
    // Behind the cut nothing is known but the kind of the header that begins there.
    if (end - start < 8) break;
    const next = bytes[start];
    if (header === EXTENSION.fragment) {
      const offsetAndFlags = (bytes[start + 2] << 8) | bytes[start + 3];
      const payloadStart = start + FRAGMENT_HEADER_BYTES;
      // An "atomic" fragment is a whole packet and never waits for others (RFC 6946).
      if ((offsetAndFlags & 0xfff9) !== 0) {
        const identification =
          (bytes[start + 4] << 24) | (bytes[start + 5] << 16) | (bytes[start + 6] << 8) | bytes[start + 7];
        const fragment = ((offsetAndFlags & 1) << 16) | (offsetAndFlags & 0xfff8);
        return fragmented(cursor, fragments, next, identification, fragment, payloadStart, end, claimedEnd);
      }
      start = payloadStart;
    } else {
      // Mobility, HIP and Shim6 messages end the chain: what they carry is their own.
      if (next === EXTENSION.none && header >= EXTENSION.mobility) break;
      start += header === EXTENSION.authentication ? (bytes[start + 1] + 2) << 2 : (bytes[start + 1] + 1) << 3;
      if (start > claimedEnd) return cursor.fail(REASON.extensionHeader);
    }
    header = next;
  }
  return transport(cursor, header, start, end, claimedEnd);
}

function isExtension(header: number): boolean {
  switch (header) {
    case EXTENSION.hopByHop:
    case EXTENSION.routing:
    case EXTENSION.fragment:
    case EXTENSION.authentication:
    case EXTENSION.destination:
    case EXTENSION.mobility:
    case EXTENSION.hostIdentity:
    case EXTENSION.shim6:
      return true;
    default:
      return false;
  }
}

/** Steps over the Authentication Header (RFC 4302) of an IPv4 packet: what it protects can be read. */
export function authenticationHeader(cursor: Cursor): Step {
  const start = cursor.offset;
  // The chain in IPv4 may only repeat AH; each takes one turn of the decoder's bounded loop.
  if (cursor.claimedEnd - start < 12) return cursor.fail(REASON.extensionHeader);
  if (cursor.end - start < 12) return PACKET_KIND.ip;
  const next = start + ((cursor.bytes[start + 1] + 2) << 2);
  if (next > cursor.claimedEnd) return cursor.fail(REASON.extensionHeader);
  return transport(cursor, cursor.bytes[start], next, cursor.end, cursor.claimedEnd);
}

/** A raw IP packet, with nothing to say which version it is but its first nibble. */
export function rawIp(cursor: Cursor): Step {
  if (cursor.offset >= cursor.end) return cursor.fail(REASON.linkHeaderCut);
  const version = cursor.bytes[cursor.offset] >> 4;
  if (version === 4) return LAYER.ipv4;
  if (version === 6) return LAYER.ipv6;
  return cursor.fail(REASON.ipVersion);
}

/**
 * One fragment of a datagram. `fragment` is the offset in bytes with the more-fragments flag as bit 16, the same for
 * both IP versions.
 */
function fragmented(
  cursor: Cursor,
  fragments: Fragments,
  protocol: number,
  identification: number,
  fragment: number,
  start: number,
  end: number,
  claimedEnd: number,
): Step {
  const packet = cursor.packet;
  const offset = fragment & 0xffff;
  packet.protocol = protocol;
  packet.transportStart = start < end ? start : end;
  packet.clearTransport();
  packet.payloadStart = packet.transportStart;
  packet.payloadEnd = end;
  packet.payloadBytes = claimedEnd - start;
  cursor.counts[COUNT.fragmentsSeen]++;
  if (end < claimedEnd) {
    // Not all of it was captured, so the datagram cannot be put together. The first fragment still tells the ports.
    cursor.counts[COUNT.fragmentsCut]++;
    return offset === 0 ? transport(cursor, protocol, start, end, claimedEnd) : PACKET_KIND.fragment;
  }
  return fragments.add(cursor, identification, offset, fragment > 0xffff, start, end);
}
