import { PACKET_KIND } from '../../../../contract/traffic.ts';
import { REASON } from './counters.ts';
import { type Cursor, LAYER, type Step } from './cursor.ts';

/** EtherTypes (IEEE registry) that lead on to something. */
export const ETHER_TYPE = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  pppoeSession: 0x8864,
  providerBridge: 0x88a8,
  oldProviderBridge: 0x9100,
  olderProviderBridge: 0x9200,
  transparentEthernet: 0x6558,
} as const;
/** Up to here the field is an IEEE 802.3 length, and LLC follows. */
const MAX_LENGTH_FIELD = 1500;
const ETHERNET_BYTES = 14;
const VLAN_TAG_BYTES = 4;
const VLAN_ID_MASK = 0xfff;

/** Goes on at `offset` with what an EtherType announces. */
export function afterEtherType(cursor: Cursor, etherType: number, offset: number): Step {
  switch (etherType) {
    case ETHER_TYPE.ipv4:
      return cursor.at(offset, LAYER.ipv4);
    case ETHER_TYPE.ipv6:
      return cursor.at(offset, LAYER.ipv6);
    case ETHER_TYPE.arp:
      return cursor.at(offset, LAYER.arp);
    case ETHER_TYPE.vlan:
    case ETHER_TYPE.providerBridge:
    case ETHER_TYPE.oldProviderBridge:
    case ETHER_TYPE.olderProviderBridge:
      return cursor.at(offset, LAYER.vlan);
    case ETHER_TYPE.mpls:
    case ETHER_TYPE.mplsMulticast:
      return cursor.at(offset, LAYER.mpls);
    case ETHER_TYPE.pppoeSession:
      return cursor.at(offset, LAYER.pppoe);
    case ETHER_TYPE.transparentEthernet:
      return cursor.at(offset, LAYER.ethernet);
    default:
      if (etherType > MAX_LENGTH_FIELD) return PACKET_KIND.other;
      cursor.narrow(offset, etherType);
      return cursor.at(offset, LAYER.llc);
  }
}

/** Ethernet II and IEEE 802.3. */
export function ethernet(cursor: Cursor): Step {
  const bytes = cursor.bytes;
  const start = cursor.offset;
  if (cursor.end - start < ETHERNET_BYTES) return cursor.fail(REASON.linkHeaderCut);
  const packet = cursor.packet;
  packet.destinationMacHigh = (bytes[start] << 8) | bytes[start + 1];
  packet.destinationMacLow =
    (bytes[start + 2] << 24) | (bytes[start + 3] << 16) | (bytes[start + 4] << 8) | bytes[start + 5];
  packet.sourceMacHigh = (bytes[start + 6] << 8) | bytes[start + 7];
  packet.sourceMacLow =
    (bytes[start + 8] << 24) | (bytes[start + 9] << 16) | (bytes[start + 10] << 8) | bytes[start + 11];
  packet.vlan = 0;
  const etherType = (bytes[start + 12] << 8) | bytes[start + 13];
  if (etherType === ETHER_TYPE.ipv4) {
    cursor.offset = start + ETHERNET_BYTES;
    return LAYER.ipv4;
  }
  return afterEtherType(cursor, etherType, start + ETHERNET_BYTES);
}

/** One 802.1Q or 802.1ad tag. Of more than two stacked tags the innermost two make `packet.vlan`. */
export function vlan(cursor: Cursor): Step {
  const bytes = cursor.bytes;
  const start = cursor.offset;
  if (cursor.end - start < VLAN_TAG_BYTES) return cursor.fail(REASON.linkHeaderCut);
  const packet = cursor.packet;
  const id = ((bytes[start] << 8) | bytes[start + 1]) & VLAN_ID_MASK;
  packet.vlan = (packet.vlan & VLAN_ID_MASK) * (VLAN_ID_MASK + 1) + id;
  return afterEtherType(cursor, (bytes[start + 2] << 8) | bytes[start + 3], start + VLAN_TAG_BYTES);
}

/** Service access points of LLC (IEEE 802.2) that lead on to IP. */
const LLC_SNAP = 0xaa;
const LLC_IP = 0x06;
/** "Unnumbered information": the only kind of LLC frame that carries a packet. */
const LLC_UNNUMBERED = 0x03;
const LLC_BYTES = 3;
const SNAP_BYTES = 8;
/** OUIs under which SNAP's protocol field is an EtherType: RFC 1042, and 802.1H bridge tunnels. */
const OUI_RFC1042 = 0x000000;
const OUI_BRIDGE_TUNNEL = 0x0000f8;

/** IEEE 802.2 LLC with or without SNAP. Spanning tree, CDP, IPX and the like end here. */
export function llc(cursor: Cursor): Step {
  const bytes = cursor.bytes;
  const start = cursor.offset;
  if (cursor.end - start < LLC_BYTES) return cursor.fail(REASON.linkHeaderCut);
  if (bytes[start + 2] !== LLC_UNNUMBERED) return PACKET_KIND.other;
  if (bytes[start] === LLC_IP && bytes[start + 1] === LLC_IP) return cursor.at(start + LLC_BYTES, LAYER.ipv4);
  if (bytes[start] !== LLC_SNAP || bytes[start + 1] !== LLC_SNAP) return PACKET_KIND.other;
  if (cursor.end - start < SNAP_BYTES) return cursor.fail(REASON.linkHeaderCut);
  const oui = (bytes[start + 3] << 16) | (bytes[start + 4] << 8) | bytes[start + 5];
  if (oui !== OUI_RFC1042 && oui !== OUI_BRIDGE_TUNNEL) return PACKET_KIND.other;
  const etherType = (bytes[start + 6] << 8) | bytes[start + 7];
  return etherType <= MAX_LENGTH_FIELD ? PACKET_KIND.other : afterEtherType(cursor, etherType, start + SNAP_BYTES);
}

const MPLS_ENTRY_BYTES = 4;
const MPLS_BOTTOM_OF_STACK = 1;
const MPLS_MAX_LABELS = 16;
const PSEUDOWIRE_CONTROL_BYTES = 4;

/**
 * An MPLS label stack (RFC 3032). Nothing in it says what follows, so the first nibble is asked: 4 or 6 for IP, 0 for
 * a pseudowire's control word (RFC 4385) with Ethernet behind it, anything else for Ethernet without one.
 */
export function mpls(cursor: Cursor): Step {
  const bytes = cursor.bytes;
  let start = cursor.offset;
  for (let labels = 0; ; labels++) {
    if (cursor.end - start < MPLS_ENTRY_BYTES) return cursor.fail(REASON.linkHeaderCut);
    if (labels === MPLS_MAX_LABELS) return cursor.fail(REASON.tooManyLayers);
    const isBottom = (bytes[start + 2] & MPLS_BOTTOM_OF_STACK) !== 0;
    start += MPLS_ENTRY_BYTES;
    if (isBottom) break;
  }
  const ipLayer = plausibleIp(cursor, start);
  if (ipLayer !== 0) return cursor.at(start, ipLayer);
  if (start < cursor.end && bytes[start] >> 4 === 0 && plausibleEthernet(cursor, start + PSEUDOWIRE_CONTROL_BYTES)) {
    return cursor.at(start + PSEUDOWIRE_CONTROL_BYTES, LAYER.ethernet);
  }
  return plausibleEthernet(cursor, start) ? cursor.at(start, LAYER.ethernet) : PACKET_KIND.other;
}

/**
 * The LAYER of the IP packet that seems to begin at `offset`, or 0: the version, the header length and the total
 * length must agree with each other and with the room there is. For places where only a guess says that IP follows.
 */
export function plausibleIp(cursor: Cursor, offset: number): Step {
  const bytes = cursor.bytes;
  const room = cursor.claimedEnd - offset;
  const captured = cursor.end - offset;
  if (captured < 20) return 0;
  if (bytes[offset] >> 4 === 4) {
    const headerBytes = (bytes[offset] & 15) << 2;
    const totalBytes = (bytes[offset + 2] << 8) | bytes[offset + 3];
    return headerBytes >= 20 && totalBytes >= headerBytes && totalBytes <= room ? LAYER.ipv4 : 0;
  }
  if (bytes[offset] >> 4 === 6 && captured >= 40) {
    return 40 + ((bytes[offset + 4] << 8) | bytes[offset + 5]) <= room ? LAYER.ipv6 : 0;
  }
  return 0;
}

/** Whether an Ethernet frame seems to begin at `offset`: a sender that is one station, and a known EtherType. */
export function plausibleEthernet(cursor: Cursor, offset: number): boolean {
  const bytes = cursor.bytes;
  if (cursor.end - offset < ETHERNET_BYTES) return false;
  if ((bytes[offset + 6] & 1) !== 0) return false;
  const etherType = (bytes[offset + 12] << 8) | bytes[offset + 13];
  if (etherType <= MAX_LENGTH_FIELD) return etherType <= cursor.claimedEnd - offset - ETHERNET_BYTES;
  if (etherType === ETHER_TYPE.ipv4 || etherType === ETHER_TYPE.ipv6) {
    return plausibleIp(cursor, offset + ETHERNET_BYTES) !== 0;
  }
  return etherType >= MIN_ETHER_TYPE;
}

/** Linux "cooked" capture, version 1 (LINKTYPE_LINUX_SLL). Knows the sender's MAC address only. */
export function linuxCooked(cursor: Cursor): Step {
  const bytes = cursor.bytes;
  const start = cursor.offset;
  if (cursor.end - start < COOKED_BYTES) return cursor.fail(REASON.linkHeaderCut);
  const packet = cursor.packet;
  if (((bytes[start + 4] << 8) | bytes[start + 5]) === MAC_BYTES) readSourceMac(cursor, start + 6);
  packet.vlan = 0;
  const hardware = (bytes[start + 2] << 8) | bytes[start + 3];
  const protocol = (bytes[start + 14] << 8) | bytes[start + 15];
  return afterCooked(cursor, hardware, protocol, start + COOKED_BYTES);
}

/** Linux "cooked" capture, version 2 (LINKTYPE_LINUX_SLL2). */
export function linuxCooked2(cursor: Cursor): Step {
  const bytes = cursor.bytes;
  const start = cursor.offset;
  if (cursor.end - start < COOKED2_BYTES) return cursor.fail(REASON.linkHeaderCut);
  if (bytes[start + 11] === MAC_BYTES) readSourceMac(cursor, start + 12);
  cursor.packet.vlan = 0;
  const hardware = (bytes[start + 8] << 8) | bytes[start + 9];
  return afterCooked(cursor, hardware, (bytes[start] << 8) | bytes[start + 1], start + COOKED2_BYTES);
}

const COOKED_BYTES = 16;
const COOKED2_BYTES = 20;
const MAC_BYTES = 6;
/** Smallest number that is an EtherType (IEEE 802.3 clause 3.2.6). */
const MIN_ETHER_TYPE = 0x0600;
/** ARPHRD_NETLINK, whose "protocol" is no EtherType, and ARPHRD_IPGRE, where GRE's header follows. */
const HARDWARE_NETLINK = 824;
const HARDWARE_IEEE80211_RADIOTAP = 803;
/** Protocol of cooked frames that begin with LLC (linux/if_ether.h: ETH_P_802_2). */
const COOKED_LLC = 4;

function afterCooked(cursor: Cursor, hardware: number, protocol: number, offset: number): Step {
  if (hardware === HARDWARE_NETLINK) return PACKET_KIND.other;
  if (hardware === HARDWARE_IEEE80211_RADIOTAP) return cursor.at(offset, LAYER.radiotap);
  if (protocol === COOKED_LLC) return cursor.at(offset, LAYER.llc);
  return protocol < MIN_ETHER_TYPE ? PACKET_KIND.other : afterEtherType(cursor, protocol, offset);
}

function readSourceMac(cursor: Cursor, at: number): void {
  const bytes = cursor.bytes;
  cursor.packet.sourceMacHigh = (bytes[at] << 8) | bytes[at + 1];
  cursor.packet.sourceMacLow = (bytes[at + 2] << 24) | (bytes[at + 3] << 16) | (bytes[at + 4] << 8) | bytes[at + 5];
}

/** Address families of IP in the BSDs, macOS and Linux: 2 is IPv4 everywhere, IPv6 differs. */
const FAMILY_INET = 2;
const FAMILIES_INET6: readonly number[] = [10, 24, 28, 30];
const LOOPBACK_BYTES = 4;

/**
 * BSD loopback: four bytes of address family, in network byte order (LINKTYPE_LOOP) or in that of the machine that
 * captured (LINKTYPE_NULL). Families are small, so that the bytes themselves tell the order.
 */
export function bsdLoopback(cursor: Cursor): Step {
  const bytes = cursor.bytes;
  const start = cursor.offset;
  if (cursor.end - start < LOOPBACK_BYTES) return cursor.fail(REASON.linkHeaderCut);
  const isLittleEndian = bytes[start] !== 0;
  const family = isLittleEndian ? bytes[start] : bytes[start + 3];
  if (family === FAMILY_INET) return cursor.at(start + LOOPBACK_BYTES, LAYER.ipv4);
  if (FAMILIES_INET6.includes(family)) return cursor.at(start + LOOPBACK_BYTES, LAYER.ipv6);
  return PACKET_KIND.other;
}
