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
