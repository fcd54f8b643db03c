import { PACKET_KIND } from '../../../../contract/traffic.ts';
import { REASON } from './counters.ts';
import { type Cursor, LAYER, type Step } from './cursor.ts';

/** First byte of the frame control field (IEEE 802.11-2020, 9.2.4.1): version, type and subtype. */
const VERSION_AND_TYPE_MASK = 0x0f;
const DATA_FRAME = 0x08;
const SUBTYPE_NO_DATA = 0x40;
const SUBTYPE_QOS = 0x80;
/** Its second byte. */
const TO_DS = 0x01;
const FROM_DS = 0x02;
const MORE_FRAGMENTS = 0x04;
const PROTECTED = 0x40;
const ORDER = 0x80;

const HEADER_BYTES = 24;
const FOURTH_ADDRESS_BYTES = 6;
const QOS_BYTES = 2;
const HT_CONTROL_BYTES = 4;
const QOS_AGGREGATE = 0x80;
const SUBFRAME_HEADER_BYTES = 14;

/**
 * An 802.11 frame. Only data that is not encrypted leads on; management, control, protected and fragmented frames
 * are `other`. Of an aggregate (A-MSDU) the first subframe is decoded.
 */
export function ieee80211(cursor: Cursor): Step {
  return dataFrame(cursor, false, 0);
}

/** The same with the two bytes of each number the other way round, as some controllers of access points want it. */
export function ieee80211Swapped(cursor: Cursor): Step {
  return dataFrame(cursor, false, 1);
}

/**
 * The LAYER of the frame at `at`, where it is data that can be read, by the order in which its bytes make sense; else 0.
 * Access points say to whom or from whom they carry, so that the flags are never mistaken for the type.
 */
export function wirelessDataLayer({ bytes, end }: Cursor, at: number): Step {
  if (end - at < HEADER_BYTES) return 0;
  if (isReadable(bytes[at], bytes[at + 1])) return LAYER.ieee80211;
  if (isReadable(bytes[at + 1], bytes[at])) return LAYER.ieee80211Swapped;
  return 0;
}

function isReadable(control: number, flags: number): boolean {
  const isData = (control & (VERSION_AND_TYPE_MASK | SUBTYPE_NO_DATA)) === DATA_FRAME;
  return isData && (flags & (PROTECTED | MORE_FRAGMENTS)) === 0 && (flags & (TO_DS | FROM_DS)) !== 0;
}

/** @param swap 1 where the bytes of numbers are the other way round, else 0 */
function dataFrame(cursor: Cursor, isPadded: boolean, swap: 0 | 1): Step {
  const { bytes, offset: start, end } = cursor;
  if (end - start < 2) return cursor.fail(REASON.linkHeaderCut);
  const control = bytes[start + swap];
  const flags = bytes[start + 1 - swap];
  if ((control & VERSION_AND_TYPE_MASK) !== DATA_FRAME || (control & SUBTYPE_NO_DATA) !== 0) return PACKET_KIND.other;
  if ((flags & (PROTECTED | MORE_FRAGMENTS)) !== 0) return PACKET_KIND.other;
  if (end - start < HEADER_BYTES) return cursor.fail(REASON.linkHeaderCut);
  if ((bytes[start + 22 + swap] & 0x0f) !== 0) return PACKET_KIND.other;

  const toDs = (flags & TO_DS) !== 0;
  const fromDs = (flags & FROM_DS) !== 0;
  let headerBytes = HEADER_BYTES;
  if (toDs && fromDs) headerBytes += FOURTH_ADDRESS_BYTES;
  const qosAt = start + headerBytes;
  const hasQos = (control & SUBTYPE_QOS) !== 0;
  if (hasQos) {
    headerBytes += QOS_BYTES;
    if ((flags & ORDER) !== 0) headerBytes += HT_CONTROL_BYTES;
  }
  if (isPadded) headerBytes = (headerBytes + 3) & ~3;
  let bodyAt = start + headerBytes;
  if (bodyAt > end) return cursor.fail(REASON.linkHeaderCut);

  // Table 9-30: which address field is the sender's and which the receiver's.
  readDestination(cursor, toDs ? start + 16 : start + 4);
  readSource(cursor, fromDs ? (toDs ? start + 24 : start + 16) : start + 10);
  cursor.packet.vlan = 0;

  if (hasQos && (bytes[qosAt + swap] & QOS_AGGREGATE) !== 0) {
    if (end - bodyAt < SUBFRAME_HEADER_BYTES) return cursor.fail(REASON.linkHeaderCut);
    readDestination(cursor, bodyAt);
    readSource(cursor, bodyAt + 6);
    const length = (bytes[bodyAt + 12] << 8) | bytes[bodyAt + 13];
    bodyAt += SUBFRAME_HEADER_BYTES;
    cursor.narrow(bodyAt, length);
  }
  return cursor.at(bodyAt, LAYER.llc);
}

function readDestination(cursor: Cursor, at: number): void {
  const bytes = cursor.bytes;
  cursor.packet.destinationMacHigh = (bytes[at] << 8) | bytes[at + 1];
  cursor.packet.destinationMacLow =
    (bytes[at + 2] << 24) | (bytes[at + 3] << 16) | (bytes[at + 4] << 8) | bytes[at + 5];
}

function readSource(cursor: Cursor, at: number): void {
  const bytes = cursor.bytes;
  cursor.packet.sourceMacHigh = (bytes[at] << 8) | bytes[at + 1];
  cursor.packet.sourceMacLow = (bytes[at + 2] << 24) | (bytes[at + 3] << 16) | (bytes[at + 4] << 8) | bytes[at + 5];
}

const RADIOTAP_MIN = 8;
/** Presence bits of radiotap (radiotap.org): the timestamp comes first, the flags second. */
const PRESENT_TIMESTAMP = 0x01;
const PRESENT_FLAGS = 0x02;
const PRESENT_ANOTHER_WORD = 0x80;
const TIMESTAMP_BYTES = 8;
const FLAG_CHECKSUM_AT_END = 0x10;
const FLAG_PADDED_HEADER = 0x20;
const FLAG_BAD_CHECKSUM = 0x40;
const CHECKSUM_BYTES = 4;

/** A radiotap header (radiotap.org) and the 802.11 frame behind it. All its numbers are little-endian. */
export function radiotap(cursor: Cursor): Step {
  const { bytes, offset: start, end } = cursor;
  if (end - start < RADIOTAP_MIN) return cursor.fail(REASON.linkHeaderCut);
  const headerBytes = bytes[start + 2] | (bytes[start + 3] << 8);
  if (headerBytes < RADIOTAP_MIN || headerBytes > end - start) return cursor.fail(REASON.linkHeaderCut);
  cursor.offset = start + headerBytes;
  if ((bytes[start + 4] & PRESENT_FLAGS) === 0) return dataFrame(cursor, false, 0);

  let at = start + 4;
  while ((bytes[at + 3] & PRESENT_ANOTHER_WORD) !== 0) {
    at += 4;
    if (at + 4 > start + headerBytes) return cursor.fail(REASON.linkHeaderCut);
  }
  at += 4;
  if ((bytes[start + 4] & PRESENT_TIMESTAMP) !== 0) {
    // Fields are aligned to their size, counted from the start of the header.
    at = start + ((at - start + TIMESTAMP_BYTES - 1) & -TIMESTAMP_BYTES) + TIMESTAMP_BYTES;
  }
  if (at >= start + headerBytes) return cursor.fail(REASON.linkHeaderCut);
  const flags = bytes[at];
  if ((flags & FLAG_BAD_CHECKSUM) !== 0) return cursor.fail(REASON.radioChecksum);
  if ((flags & FLAG_CHECKSUM_AT_END) !== 0 && cursor.claimedEnd - cursor.offset >= CHECKSUM_BYTES) {
    cursor.narrow(cursor.offset, cursor.claimedEnd - cursor.offset - CHECKSUM_BYTES);
  }
  return dataFrame(cursor, (flags & FLAG_PADDED_HEADER) !== 0, 0);
}

/** First bytes of an AVS header, which some drivers send under Prism's link type. */
const AVS_MAGIC = [0x80, 0x21, 0x10] as const;
const MIN_WRAPPER_BYTES = 8;

/** A Prism monitoring header: message code, then its own length, in the byte order of the capturing machine. */
export function prism(cursor: Cursor): Step {
  const { bytes, offset: start, end } = cursor;
  if (end - start < MIN_WRAPPER_BYTES) return cursor.fail(REASON.linkHeaderCut);
  if (AVS_MAGIC.every((byte, index) => bytes[start + index] === byte)) return LAYER.avs;
  // The length is under 64 KiB, so that the order shows: the low half cannot be zero.
  const isLittleEndian = bytes[start + 4] !== 0 || bytes[start + 5] !== 0;
  const headerBytes = isLittleEndian
    ? bytes[start + 4] | (bytes[start + 5] << 8)
    : (bytes[start + 6] << 8) | bytes[start + 7];
  return behindWrapper(cursor, headerBytes, LAYER.ieee80211);
}

/** An AVS monitoring header (LINKTYPE_IEEE802_11_AVS): version, then its own length, big-endian. */
export function avs(cursor: Cursor): Step {
  const { bytes, offset: start, end } = cursor;
  if (end - start < MIN_WRAPPER_BYTES) return cursor.fail(REASON.linkHeaderCut);
  if (bytes[start + 4] !== 0 || bytes[start + 5] !== 0) return cursor.fail(REASON.linkHeaderCut);
  return behindWrapper(cursor, (bytes[start + 6] << 8) | bytes[start + 7], LAYER.ieee80211);
}

/** Link types that a Per-Packet Information header (LINKTYPE_PPI) may announce. */
const PPI_ETHERNET = 1;
const PPI_IEEE80211 = 105;

/** A Per-Packet Information header: version, flags, its own length, and the real link type, little-endian. */
export function perPacketInformation(cursor: Cursor): Step {
  const { bytes, offset: start, end } = cursor;
  if (end - start < MIN_WRAPPER_BYTES) return cursor.fail(REASON.linkHeaderCut);
  const headerBytes = bytes[start + 2] | (bytes[start + 3] << 8);
  const linkType = bytes[start + 4] | (bytes[start + 5] << 8);
  if (linkType === PPI_IEEE80211) return behindWrapper(cursor, headerBytes, LAYER.ieee80211);
  if (linkType === PPI_ETHERNET) return behindWrapper(cursor, headerBytes, LAYER.ethernet);
  return PACKET_KIND.other;
}

function behindWrapper(cursor: Cursor, headerBytes: number, layer: Step): Step {
  if (headerBytes < MIN_WRAPPER_BYTES) return cursor.fail(REASON.linkHeaderCut);
  return cursor.at(cursor.offset + headerBytes, layer);
}
