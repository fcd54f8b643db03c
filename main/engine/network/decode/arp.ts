import { PACKET_KIND } from '../../../../contract/traffic.ts';
import { REASON } from './counters.ts';
import type { Cursor, Step } from './cursor.ts';
import { ETHER_TYPE } from './link.ts';

const FIXED_BYTES = 8;
const IPV4_ADDRESS_BYTES = 4;
const MAPPED = 0xffff;

/**
 * ARP for IPv4 (RFC 826) over any hardware. The protocol addresses become the packet's source (sender) and destination
 * (target), the operation its source port. ARP for other protocols is `other`.
 */
export function arp(cursor: Cursor): Step {
  const { bytes, offset: start, packet } = cursor;
  if (cursor.end - start < FIXED_BYTES) return cursor.fail(REASON.arpCut);
  const protocol = (bytes[start + 2] << 8) | bytes[start + 3];
  const hardwareBytes = bytes[start + 4];
  if (protocol !== ETHER_TYPE.ipv4 || bytes[start + 5] !== IPV4_ADDRESS_BYTES) return PACKET_KIND.other;
  const messageBytes = FIXED_BYTES + 2 * (hardwareBytes + IPV4_ADDRESS_BYTES);
  if (cursor.end - start < messageBytes) return cursor.fail(REASON.arpCut);
  packet.clearNetwork();
  packet.source2 = MAPPED;
  packet.source3 = ipv4Word(bytes, start + FIXED_BYTES + hardwareBytes);
  packet.destination2 = MAPPED;
  packet.destination3 = ipv4Word(bytes, start + FIXED_BYTES + 2 * hardwareBytes + IPV4_ADDRESS_BYTES);
  packet.sourcePort = (bytes[start + 6] << 8) | bytes[start + 7];
  packet.transportStart = start;
  packet.transportHeaderBytes = messageBytes;
  packet.payloadStart = start + messageBytes;
  packet.payloadEnd = packet.payloadStart;
  return PACKET_KIND.arp;
}

function ipv4Word(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
