import { PACKET_KIND } from '../../../../contract/traffic.ts';
import { REASON } from './counters.ts';
import { type Cursor, LAYER, type Step } from './cursor.ts';
import { afterEtherType } from './link.ts';

/** PPP protocols (IANA) that lead on to something. */
const PPP_PROTOCOL = { ipv4: 0x0021, ipv6: 0x0057, mpls: 0x0281, mplsMulticast: 0x0283 } as const;
/** Address and control bytes of HDLC-like framing (RFC 1662); either may be left out. */
const ALL_STATIONS = 0xff;
const UNNUMBERED = 0x03;
/** Address bytes of Cisco's own HDLC framing, which is followed by an EtherType. */
const CISCO_UNICAST = 0x0f;
const CISCO_MULTICAST = 0x8f;
const CISCO_HDLC_BYTES = 4;
const PPPOE_BYTES = 6;
const PPPOE_VERSION_AND_TYPE = 0x11;
const PPPOE_SESSION_DATA = 0;

/** A PPP frame with or without address and control bytes, its protocol field compressed or not (RFC 1661). */
export function ppp(cursor: Cursor): Step {
  const { bytes, end } = cursor;
  let at = cursor.offset;
  if (end - at >= 2 && bytes[at] === ALL_STATIONS && bytes[at + 1] === UNNUMBERED) at += 2;
  if (end - at < 1) return cursor.fail(REASON.linkHeaderCut);
  let protocol = bytes[at++];
  // The last byte of the protocol field is the odd one.
  if ((protocol & 1) === 0) {
    if (at >= end) return cursor.fail(REASON.linkHeaderCut);
    protocol = (protocol << 8) | bytes[at++];
  }
  switch (protocol) {
    case PPP_PROTOCOL.ipv4:
      return cursor.at(at, LAYER.ipv4);
    case PPP_PROTOCOL.ipv6:
      return cursor.at(at, LAYER.ipv6);
    case PPP_PROTOCOL.mpls:
    case PPP_PROTOCOL.mplsMulticast:
      return cursor.at(at, LAYER.mpls);
    default:
      return PACKET_KIND.other;
  }
}

/** A frame of a serial line: PPP in HDLC-like framing, or Cisco's HDLC; the first byte tells. */
export function serialHdlc(cursor: Cursor): Step {
  const { bytes, offset, end } = cursor;
  if (end - offset < CISCO_HDLC_BYTES) return cursor.fail(REASON.linkHeaderCut);
  if (bytes[offset] !== CISCO_UNICAST && bytes[offset] !== CISCO_MULTICAST) return LAYER.ppp;
  const etherType = (bytes[offset + 2] << 8) | bytes[offset + 3];
  return afterEtherType(cursor, etherType, offset + CISCO_HDLC_BYTES);
}

/** The session stage of PPP over Ethernet (RFC 2516). */
export function pppoe(cursor: Cursor): Step {
  const { bytes, offset, end } = cursor;
  if (end - offset < PPPOE_BYTES) return cursor.fail(REASON.linkHeaderCut);
  if (bytes[offset] !== PPPOE_VERSION_AND_TYPE || bytes[offset + 1] !== PPPOE_SESSION_DATA) return PACKET_KIND.other;
  cursor.narrow(offset + PPPOE_BYTES, (bytes[offset + 4] << 8) | bytes[offset + 5]);
  return cursor.at(offset + PPPOE_BYTES, LAYER.ppp);
}
