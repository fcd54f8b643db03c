/**
 * What the decoder counts. The hot counters live in one typed array; this table gives every slot its name.
 */

/** Why a frame is malformed, with what it means. The names appear in reports: they are added, never changed. */
export const MALFORMED_REASONS = [
  /** The frame ends inside its link-layer header. */
  'linkHeaderCut',
  /** A raw-IP frame whose version is neither 4 nor 6, or an IP header that contradicts the layer below. */
  'ipVersion',
  /** The frame ends before the IP addresses. */
  'ipHeaderCut',
  /** IPv4 header length below 20 bytes, or beyond the packet. */
  'ipHeaderLength',
  /** IPv4 total length smaller than the header. */
  'ipTotalLength',
  /** An IPv6 extension header or AH that is longer than the packet, or too many of them. */
  'extensionHeader',
  /** The IP packet is, by its own length, too short for its transport's header. */
  'transportHeaderShort',
  /** TCP data offset below five words or beyond the segment. */
  'tcpDataOffset',
  /** UDP length below its header's. */
  'udpLength',
  /** A fragment that no receiver accepts: empty, odd length in the middle, or ending beyond 65,535 bytes. */
  'fragmentBounds',
  /** ARP shorter than its address lengths say. */
  'arpCut',
  /** The receiver of the radio frame found its checksum wrong. */
  'radioChecksum',
  /** More layers inside one another than any real frame has. */
  'tooManyLayers',
] as const;
export type MalformedReason = (typeof MALFORMED_REASONS)[number];

/** Reason → its slot in the counter array. */
export const REASON = Object.fromEntries(MALFORMED_REASONS.map((name, index) => [name, index])) as Readonly<
  Record<MalformedReason, number>
>;

/** Counters beside the malformed ones, in the order of their slots. */
const OTHER_COUNTERS = [
  /** Frames by what became of them; the five add up to all that were decoded. */
  'otherFrames',
  'arpFrames',
  'ipFrames',
  'fragmentFrames',
  'malformedFrames',
  /** IP packets whose transport header was not captured whole: ports may be 0. */
  'transportCut',
  /** IP packets that claim to be longer than the frame was on the wire. */
  'lengthBeyondFrame',
  /** Tunnel headers stepped into. */
  'tunnelsEntered',
  /** Tunnels left wrapped because they were nested too deep. */
  'tunnelsTooDeep',
  /** Tunnels whose inside could not be read: the outer packet is reported instead. */
  'tunnelsUnreadable',
  /** IP fragments, whatever became of them. */
  'fragmentsSeen',
  /** Fragments that could not be kept because the capture cut them short. */
  'fragmentsCut',
  /** First fragments too small for the transport's ports and flags (RFC 1858). */
  'fragmentsTiny',
  /** Fragments that overlapped earlier ones. */
  'fragmentsOverlapping',
  /** Fragments refused because they contradict the end that their datagram is known to have. */
  'fragmentsContradicting',
  'datagramsReassembled',
  /** IPv6 datagrams dropped because of overlap (RFC 5722). */
  'datagramsPoisoned',
  /** Datagrams given up because the rest did not come in time. */
  'datagramsExpired',
  /** Datagrams given up because room was needed for newer ones. */
  'datagramsEvicted',
] as const;
export type CounterName = (typeof OTHER_COUNTERS)[number];

/** Counter → its slot in the counter array. */
export const COUNT = Object.fromEntries(
  OTHER_COUNTERS.map((name, index) => [name, MALFORMED_REASONS.length + index]),
) as Readonly<Record<CounterName, number>>;

const FRAME_COUNTERS: readonly CounterName[] = [
  'otherFrames',
  'arpFrames',
  'ipFrames',
  'fragmentFrames',
  'malformedFrames',
];

/** Slots of the counter array. */
export const COUNTER_SLOTS = MALFORMED_REASONS.length + OTHER_COUNTERS.length;

/** A moment's counts, as plain data. */
export type DecodeCounters = Readonly<Record<CounterName, number>> & {
  /** Frames decoded. */
  readonly frames: number;
  /** Malformed frames by reason. */
  readonly malformed: Readonly<Record<MalformedReason, number>>;
  /** Frames of link types that the decoder does not know: link type → frames. They count as `otherFrames` too. */
  readonly unsupportedLinkTypes: ReadonlyMap<number, number>;
};

/** Copies the counter array into readable data. */
export function snapshotCounters(
  slots: Float64Array,
  unsupportedLinkTypes: ReadonlyMap<number, number>,
): DecodeCounters {
  const named = Object.fromEntries(OTHER_COUNTERS.map((name) => [name, slots[COUNT[name]]]));
  const malformed = Object.fromEntries(MALFORMED_REASONS.map((name) => [name, slots[REASON[name]]]));
  return {
    frames: FRAME_COUNTERS.reduce((sum, name) => sum + slots[COUNT[name]], 0),
    ...(named as Record<CounterName, number>),
    malformed: malformed as Record<MalformedReason, number>,
    unsupportedLinkTypes: new Map(unsupportedLinkTypes),
  };
}
