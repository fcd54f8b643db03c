import { type Cursor, LAYER, type Step, TUNNEL_KIND } from './cursor.ts';
import { afterEtherType, ETHER_TYPE, plausibleEthernet, plausibleIp } from './link.ts';

/** EtherTypes that only GRE carries. */
const GRE_TYPE = { ppp: 0x880b, wccp: 0x883e, erspan: 0x88be, erspan3: 0x22eb } as const;
const GRE_MIN = 4;
/** First byte of GRE (RFC 1701, RFC 2890): which optional fields there are. */
const GRE_CHECKSUM = 0x80;
const GRE_ROUTING = 0x40;
const GRE_KEY = 0x20;
const GRE_SEQUENCE = 0x10;
/** Second byte: acknowledgment (RFC 2637, version 1) and version. */
const GRE_ACKNOWLEDGMENT = 0x80;
const GRE_VERSION_MASK = 0x07;
/** Source route entries of RFC 1701; nobody sends even one. */
const GRE_MAX_ROUTES = 8;
/** NVGRE has a key and nothing else (RFC 7637). */
const NVGRE_FLAGS = GRE_KEY;
const WCCP_HEADER_BYTES = 4;
const ERSPAN2_BYTES = 8;
const ERSPAN3_BYTES = 12;
const ERSPAN3_PLATFORM_BYTES = 8;

/** GRE with all its optional fields, versions 0 and 1 (PPTP), and ERSPAN types I to III in it. */
export function gre(cursor: Cursor): Step {
  const { bytes, offset: start, end } = cursor;
  if (end - start < GRE_MIN) return cursor.notATunnel();
  const flags = bytes[start];
  const version = bytes[start + 1] & GRE_VERSION_MASK;
  const type = (bytes[start + 2] << 8) | bytes[start + 3];
  let at = start + GRE_MIN;
  let key = 0;
  if ((flags & (GRE_CHECKSUM | GRE_ROUTING)) !== 0) at += 4;
  if ((flags & GRE_KEY) !== 0) {
    if (at + 4 > end) return cursor.notATunnel();
    key = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    at += 4;
  }
  if ((flags & GRE_SEQUENCE) !== 0) at += 4;
  if (version === 1) {
    if ((bytes[start + 1] & GRE_ACKNOWLEDGMENT) !== 0) at += 4;
    if (type !== GRE_TYPE.ppp || at >= end) return cursor.notATunnel();
    cursor.nameTunnel(TUNNEL_KIND.gre, 0);
    return cursor.at(at, LAYER.ppp);
  }
  if (version !== 0) return cursor.notATunnel();
  if ((flags & GRE_ROUTING) !== 0) at = behindRoutes(cursor, at);
  if (at >= end) return cursor.notATunnel();

  switch (type) {
    case GRE_TYPE.erspan:
      return erspan(cursor, at, (flags & GRE_SEQUENCE) === 0 ? 0 : ERSPAN2_BYTES);
    case GRE_TYPE.erspan3: {
      const hasPlatform = at + ERSPAN3_BYTES <= end && (bytes[at + ERSPAN3_BYTES - 1] & 1) !== 0;
      return erspan(cursor, at, hasPlatform ? ERSPAN3_BYTES + ERSPAN3_PLATFORM_BYTES : ERSPAN3_BYTES);
    }
    case GRE_TYPE.wccp:
      // Version 2 puts a redirect header before the packet, version 1 does not.
      if (bytes[at] >> 4 !== 4) at += WCCP_HEADER_BYTES;
      if (plausibleIp(cursor, at) === 0) return cursor.notATunnel();
      cursor.nameTunnel(TUNNEL_KIND.gre, key);
      return cursor.at(at, LAYER.ipv4);
    case ETHER_TYPE.transparentEthernet:
      // The lowest byte of NVGRE's key belongs to the flow, not to the network.
      if (flags === NVGRE_FLAGS) cursor.nameTunnel(TUNNEL_KIND.nvgre, key >>> 8);
      else cursor.nameTunnel(TUNNEL_KIND.gre, key);
      return cursor.at(at, LAYER.ethernet);
    case ETHER_TYPE.ipv4:
    case ETHER_TYPE.ipv6:
    case ETHER_TYPE.arp:
    case ETHER_TYPE.vlan:
    case ETHER_TYPE.mpls:
    case ETHER_TYPE.mplsMulticast:
      cursor.nameTunnel(TUNNEL_KIND.gre, key);
      return afterEtherType(cursor, type, at);
    case GRE_TYPE.ppp:
      cursor.nameTunnel(TUNNEL_KIND.gre, key);
      return cursor.at(at, LAYER.ppp);
    default:
      return cursor.notATunnel();
  }
}

/** Behind the source routes of RFC 1701, or behind the end when they never do. */
function behindRoutes(cursor: Cursor, start: number): number {
  const { bytes, end } = cursor;
  let at = start;
  for (let routes = 0; routes < GRE_MAX_ROUTES; routes++) {
    if (at + 4 > end) return end;
    const family = (bytes[at] << 8) | bytes[at + 1];
    const length = bytes[at + 3];
    at += 4 + length;
    if (family === 0 && length === 0) return at;
  }
  return end;
}

function erspan(cursor: Cursor, offset: number, headerBytes: number): Step {
  if (!plausibleEthernet(cursor, offset + headerBytes)) return cursor.notATunnel();
  cursor.nameTunnel(TUNNEL_KIND.erspan, 0);
  return cursor.at(offset + headerBytes, LAYER.ethernet);
}

const ETHER_IP_BYTES = 2;
const ETHER_IP_VERSION = 3;

/** Ethernet in IP (RFC 3378): a version nibble, twelve zero bits, the frame. */
export function etherIp(cursor: Cursor): Step {
  const { bytes, offset, end } = cursor;
  if (end - offset < ETHER_IP_BYTES || bytes[offset] >> 4 !== ETHER_IP_VERSION) return cursor.notATunnel();
  if (!plausibleEthernet(cursor, offset + ETHER_IP_BYTES)) return cursor.notATunnel();
  cursor.nameTunnel(TUNNEL_KIND.etherIp, 0);
  return cursor.at(offset + ETHER_IP_BYTES, LAYER.ethernet);
}

const VXLAN_BYTES = 8;
const VXLAN_HAS_NETWORK = 0x08;
/** Bits of the first byte that VXLAN, its group policy extension and GPE leave at zero. */
const VXLAN_RESERVED = 0x72;
const VXLAN_GPE_HAS_PROTOCOL = 0x04;

function networkId(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
}

/** VXLAN (RFC 7348), also with the group policy extension. */
export function vxlan(cursor: Cursor): Step {
  const { bytes, offset, end } = cursor;
  if (end - offset < VXLAN_BYTES) return cursor.notATunnel();
  if ((bytes[offset] & (VXLAN_HAS_NETWORK | VXLAN_RESERVED)) !== VXLAN_HAS_NETWORK) return cursor.notATunnel();
  if (bytes[offset + 7] !== 0 || !plausibleEthernet(cursor, offset + VXLAN_BYTES)) return cursor.notATunnel();
  cursor.nameTunnel(TUNNEL_KIND.vxlan, networkId(bytes, offset + 4));
  return cursor.at(offset + VXLAN_BYTES, LAYER.ethernet);
}

/** VXLAN-GPE's next protocol (draft-ietf-nvo3-vxlan-gpe) → layer. */
const GPE_LAYER: Readonly<Record<number, Step>> = { 1: LAYER.ipv4, 2: LAYER.ipv6, 3: LAYER.ethernet };

/** VXLAN with the generic protocol extension: other things than Ethernet may be inside. */
export function vxlanGpe(cursor: Cursor): Step {
  const { bytes, offset, end } = cursor;
  if (end - offset < VXLAN_BYTES) return cursor.notATunnel();
  const wanted = VXLAN_HAS_NETWORK | VXLAN_GPE_HAS_PROTOCOL;
  if ((bytes[offset] & wanted) !== wanted) return cursor.notATunnel();
  const layer = GPE_LAYER[bytes[offset + 3]] ?? 0;
  if (!isPlausible(cursor, offset + VXLAN_BYTES, layer)) return cursor.notATunnel();
  cursor.nameTunnel(TUNNEL_KIND.vxlan, networkId(bytes, offset + 4));
  return cursor.at(offset + VXLAN_BYTES, layer);
}

function isPlausible(cursor: Cursor, offset: number, layer: Step): boolean {
  if (layer === LAYER.ethernet) return plausibleEthernet(cursor, offset);
  return layer !== 0 && plausibleIp(cursor, offset) === layer;
}

const GENEVE_BYTES = 8;
/** EtherType in a Geneve header → layer. */
const GENEVE_LAYER: Readonly<Record<number, Step>> = {
  [ETHER_TYPE.transparentEthernet]: LAYER.ethernet,
  [ETHER_TYPE.ipv4]: LAYER.ipv4,
  [ETHER_TYPE.ipv6]: LAYER.ipv6,
};

/** Geneve (RFC 8926), its options stepped over. */
export function geneve(cursor: Cursor): Step {
  const { bytes, offset, end } = cursor;
  if (end - offset < GENEVE_BYTES || bytes[offset] >> 6 !== 0) return cursor.notATunnel();
  const inside = offset + GENEVE_BYTES + ((bytes[offset] & 0x3f) << 2);
  const layer = GENEVE_LAYER[(bytes[offset + 2] << 8) | bytes[offset + 3]] ?? 0;
  if (!isPlausible(cursor, inside, layer)) return cursor.notATunnel();
  cursor.nameTunnel(TUNNEL_KIND.geneve, networkId(bytes, offset + 4));
  return cursor.at(inside, layer);
}

const TEREDO_AUTHENTICATION = 1;
const TEREDO_ORIGIN = 0;
const TEREDO_ORIGIN_BYTES = 8;
/** Indicator, two lengths, nonce, confirmation. */
const TEREDO_AUTHENTICATION_BYTES = 13;

/** Teredo (RFC 4380): IPv6 in UDP, with an authentication header, an origin indication, both or neither before it. */
export function teredo(cursor: Cursor): Step {
  const { bytes, end } = cursor;
  let at = cursor.offset;
  if (end - at >= TEREDO_AUTHENTICATION_BYTES && bytes[at] === 0 && bytes[at + 1] === TEREDO_AUTHENTICATION) {
    at += TEREDO_AUTHENTICATION_BYTES + bytes[at + 2] + bytes[at + 3];
  }
  if (end - at >= TEREDO_ORIGIN_BYTES && bytes[at] === 0 && bytes[at + 1] === TEREDO_ORIGIN) at += TEREDO_ORIGIN_BYTES;
  if (plausibleIp(cursor, at) !== LAYER.ipv6) return cursor.notATunnel();
  cursor.nameTunnel(TUNNEL_KIND.teredo, 0);
  return cursor.at(at, LAYER.ipv6);
}

const GTP_BYTES = 8;
/** Version 1, protocol type GTP, the reserved bit zero. */
const GTP_VERSION_AND_TYPE = 0x30;
const GTP_VERSION_AND_TYPE_MASK = 0xf8;
const GTP_HAS_OPTIONS = 0x07;
const GTP_HAS_EXTENSION = 0x04;
const GTP_OPTION_BYTES = 4;
const GTP_USER_PACKET = 0xff;
/** 3GPP TS 29.281 defines fewer, and each may stand once. */
const GTP_MAX_EXTENSIONS = 8;

/** GTP-U version 1 (3GPP TS 29.281), extension headers stepped over. Only user packets are a tunnel. */
export function gtpUser(cursor: Cursor): Step {
  const { bytes, offset, end } = cursor;
  if (end - offset < GTP_BYTES || bytes[offset + 1] !== GTP_USER_PACKET) return cursor.notATunnel();
  if ((bytes[offset] & GTP_VERSION_AND_TYPE_MASK) !== GTP_VERSION_AND_TYPE) return cursor.notATunnel();
  let at = offset + GTP_BYTES;
  if ((bytes[offset] & GTP_HAS_OPTIONS) !== 0) {
    if (at + GTP_OPTION_BYTES > end) return cursor.notATunnel();
    let next = (bytes[offset] & GTP_HAS_EXTENSION) !== 0 ? bytes[at + 3] : 0;
    at += GTP_OPTION_BYTES;
    for (let count = 0; next !== 0; count++) {
      const length = at < end ? bytes[at] << 2 : 0;
      if (length === 0 || at + length > end || count === GTP_MAX_EXTENSIONS) return cursor.notATunnel();
      next = bytes[at + length - 1];
      at += length;
    }
  }
  const layer = plausibleIp(cursor, at);
  if (layer === 0) return cursor.notATunnel();
  cursor.nameTunnel(TUNNEL_KIND.gtpUser, 0);
  return cursor.at(at, layer);
}
