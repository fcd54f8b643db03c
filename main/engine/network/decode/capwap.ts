/** CAPWAP (RFC 5415, RFC 5416): what wireless access points carry to their controller. */
import { type Cursor, LAYER, type Step, TUNNEL_KIND } from './cursor.ts';
import { plausibleEthernet } from './link.ts';
import { wirelessDataLayer } from './wifi.ts';

/** Preamble (RFC 5415 4.1): version 0, and a CAPWAP header behind it, not DTLS. */
const PREAMBLE = 0;
const HEADER_BYTES = 8;
/** Third byte: binding to the kind of radio, and whether the frame is that of the radio or one of 802.3. */
const BINDING_MASK = 0x1f;
const BINDING_802_11 = 1;
const IS_NATIVE = 0x01;
/** Fourth byte. */
const IS_FRAGMENT = 0x80;
const IS_KEEPALIVE = 0x08;

/**
 * The data channel: an 802.11 or an 802.3 frame behind a header of 8 bytes and its options. What is encrypted, in
 * fragments, or no data of a station stays as the datagram that it came in.
 */
export function capwapData(cursor: Cursor): Step {
  const { bytes, offset: start, end } = cursor;
  if (end - start < HEADER_BYTES || bytes[start] !== PREAMBLE) return cursor.notATunnel();
  const headerBytes = (bytes[start + 1] >> 3) << 2;
  const kind = bytes[start + 2];
  if (headerBytes < HEADER_BYTES || headerBytes >= end - start) return cursor.notATunnel();
  if ((bytes[start + 3] & (IS_FRAGMENT | IS_KEEPALIVE)) !== 0) return cursor.notATunnel();
  const layer = frameLayer(cursor, start + headerBytes, kind);
  if (layer === 0) return cursor.notATunnel();
  cursor.nameTunnel(TUNNEL_KIND.capwap, 0);
  return cursor.at(start + headerBytes, layer);
}

function frameLayer(cursor: Cursor, at: number, kind: number): Step {
  if ((kind & IS_NATIVE) === 0) return plausibleEthernet(cursor, at) ? LAYER.ethernet : 0;
  return ((kind >> 1) & BINDING_MASK) === BINDING_802_11 ? wirelessDataLayer(cursor, at) : 0;
}
