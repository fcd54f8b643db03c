import { PACKET_KIND, type PacketView, PROTOCOL } from '../../../../contract/traffic.ts';
import { isMulticast, isUnspecified } from '../../runtime/address.ts';

/** A MAC address as one number: 48 bits, which a double holds exactly. */
export function macNumber(high: number, low: number): number {
  return (high & 0xffff) * 2 ** 32 + (low >>> 0);
}

/**
 * What a message of ARP (RFC 826) or neighbour discovery (RFC 4861) says: "this address is at this MAC address", and to
 * whom it says so, or whom it asks for. One object, reused.
 */
export interface NeighbourClaim {
  /** Somebody is asked for (`target`); else somebody is told (`target`). */
  isQuestion: boolean;
  /** The claim names an address. A check whether an address is free does not (RFC 5227). */
  hasAddress: boolean;
  /** Sent to everybody, not to one MAC address. */
  isBroadcast: boolean;
  /** It tells of itself without being asked, to everybody: an announcement (RFC 5227, RFC 4861 7.2.6). */
  isAnnouncement: boolean;
  /** Where the address is claimed to be; what the frame was sent by, and to. */
  mac: number;
  frameMac: number;
  toMac: number;
  address0: number;
  address1: number;
  address2: number;
  address3: number;
  target0: number;
  target1: number;
  target2: number;
  target3: number;
}

export function emptyClaim(): NeighbourClaim {
  return {
    isQuestion: false,
    hasAddress: false,
    isBroadcast: false,
    isAnnouncement: false,
    mac: 0,
    frameMac: 0,
    toMac: 0,
    address0: 0,
    address1: 0,
    address2: 0,
    address3: 0,
    target0: 0,
    target1: 0,
    target2: 0,
    target3: 0,
  };
}

const ARP_REQUEST = 1;
const ARP_REPLY = 2;
/** Hardware length, and the sender's hardware address, after the beginning of the ARP header. */
const ARP_HARDWARE_LENGTH_AT = 4;
const ARP_SENDER_MAC_AT = 8;
const MAC_BYTES = 6;
/** ICMPv6 types (RFC 4861, section 4). */
const SOLICITATION = 135;
const ADVERTISEMENT = 136;
const TARGET_AT = 8;
const OPTIONS_AT = 24;
const LINK_ADDRESS_OPTION: Readonly<Record<number, number>> = { [SOLICITATION]: 1, [ADVERTISEMENT]: 2 };
/** Real messages carry one or two options; the bound keeps a hostile one cheap. */
const MAX_OPTIONS = 8;
/** The lowest bit of the first byte of a MAC address: a group (IEEE 802). */
const GROUP_BIT = 0x0100;

/** False for whatever says nothing about a neighbour. */
export function readNeighbourClaim(packet: PacketView, into: NeighbourClaim): boolean {
  const isArp = packet.kind === PACKET_KIND.arp;
  const isKnown = isArp
    ? packet.sourcePort === ARP_REQUEST || packet.sourcePort === ARP_REPLY
    : packet.kind === PACKET_KIND.ip &&
      packet.protocol === PROTOCOL.icmpv6 &&
      packet.tunnel === 0 &&
      (packet.sourcePort === SOLICITATION || packet.sourcePort === ADVERTISEMENT);
  if (!isKnown) return false;
  into.frameMac = macNumber(packet.sourceMacHigh, packet.sourceMacLow);
  // Links without MAC addresses (tunnels, loopback) have no neighbours.
  if (into.frameMac === 0) return false;
  into.toMac = macNumber(packet.destinationMacHigh, packet.destinationMacLow);
  into.isBroadcast = (packet.destinationMacHigh & GROUP_BIT) !== 0;
  const isRead = isArp ? readArp(packet, into) : readNeighbourMessage(packet, into);
  if (!isRead) return false;
  into.hasAddress = !isUnspecified(into.address0, into.address1, into.address2, into.address3);
  const isOfItself =
    into.address3 === into.target3 &&
    into.address2 === into.target2 &&
    into.address1 === into.target1 &&
    into.address0 === into.target0;
  const isForAll = into.isBroadcast || isMulticast(into.target0, into.target1, into.target2, into.target3);
  into.isAnnouncement = into.hasAddress && (isOfItself || (!into.isQuestion && isForAll));
  return true;
}

function readArp(packet: PacketView, into: NeighbourClaim): boolean {
  const { bytes, transportStart } = packet;
  into.isQuestion = packet.sourcePort === ARP_REQUEST;
  const macAt = transportStart + ARP_SENDER_MAC_AT;
  const isWhole = macAt + MAC_BYTES <= bytes.length && bytes[transportStart + ARP_HARDWARE_LENGTH_AT] === MAC_BYTES;
  into.mac = isWhole ? macAtOffset(bytes, macAt) : into.frameMac;
  into.address0 = packet.source0;
  into.address1 = packet.source1;
  into.address2 = packet.source2;
  into.address3 = packet.source3;
  into.target0 = packet.destination0;
  into.target1 = packet.destination1;
  into.target2 = packet.destination2;
  into.target3 = packet.destination3;
  return into.mac !== 0;
}

function readNeighbourMessage(packet: PacketView, into: NeighbourClaim): boolean {
  const { bytes, transportStart } = packet;
  const end = Math.min(packet.payloadEnd, bytes.length);
  if (transportStart + OPTIONS_AT > end) return false;
  into.isQuestion = packet.sourcePort === SOLICITATION;
  into.mac = linkAddress(bytes, transportStart + OPTIONS_AT, end, LINK_ADDRESS_OPTION[packet.sourcePort]!);
  if (into.mac === 0) into.mac = into.frameMac;
  const at = transportStart + TARGET_AT;
  if (into.isQuestion) {
    into.address0 = packet.source0;
    into.address1 = packet.source1;
    into.address2 = packet.source2;
    into.address3 = packet.source3;
    into.target0 = wordAt(bytes, at);
    into.target1 = wordAt(bytes, at + 4);
    into.target2 = wordAt(bytes, at + 8);
    into.target3 = wordAt(bytes, at + 12);
  } else {
    into.address0 = wordAt(bytes, at);
    into.address1 = wordAt(bytes, at + 4);
    into.address2 = wordAt(bytes, at + 8);
    into.address3 = wordAt(bytes, at + 12);
    into.target0 = packet.destination0;
    into.target1 = packet.destination1;
    into.target2 = packet.destination2;
    into.target3 = packet.destination3;
  }
  return true;
}

/** The link-layer address option of a type (RFC 4861, section 4.6.1); 0 without one. */
function linkAddress(bytes: Uint8Array, start: number, end: number, type: number): number {
  let at = start;
  for (let i = 0; i < MAX_OPTIONS && at + 8 <= end; i++) {
    const length = bytes[at + 1]! * 8;
    if (length === 0) return 0;
    if (bytes[at] === type) return macAtOffset(bytes, at + 2);
    at += length;
  }
  return 0;
}

function macAtOffset(bytes: Uint8Array, at: number): number {
  return macNumber((bytes[at]! << 8) | bytes[at + 1]!, wordAt(bytes, at + 2));
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/**
 * MAC addresses that routers and clusters share on purpose, as first bytes: an address moves to them and from them.
 * VRRP and CARP (RFC 9568), HSRP of both versions and for IPv6, GLBP, Microsoft's network load balancing.
 */
const SHARED_PREFIXES: readonly (readonly [prefix: number, bits: number])[] = [
  [0x00005e0001, 40],
  [0x00005e0002, 40],
  [0x00000c07ac, 40],
  [0x00000c9ff, 36],
  [0x000573a0, 32],
  [0x0007b400, 32],
  [0x02bf, 16],
  [0x03bf, 16],
];

export function isSharedMac(mac: number): boolean {
  return SHARED_PREFIXES.some(([prefix, bits]) => Math.floor(mac / 2 ** (48 - bits)) === prefix);
}
