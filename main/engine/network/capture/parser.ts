/** What the readers of the capture formats have in common. */

/**
 * Reads one capture format from pieces of it.
 *
 * Everything in the pieces is hostile: a parser never throws, skips what it cannot read, says so in the
 * notes of its tally, and takes time in proportion to the bytes that it is given.
 */
export interface CaptureParser {
  /** 'pcap', 'pcap-ns' or 'pcapng'. */
  readonly format: string;
  /**
   * Reads whole records from bytes[start..end) and gives them to the sink.
   *
   * @param view a DataView of the same bytes, made once per buffer
   * @param captureOffset where in the capture bytes[0] would stand (may be negative)
   * @param last whether the capture ends at `end`
   * @returns where the first byte stands that is not yet dealt with. It has to stand at the start of the
   *   next call, with more behind it. Everything is dealt with when `last` is set.
   */
  parse(
    bytes: Uint8Array,
    view: DataView<ArrayBufferLike>,
    start: number,
    end: number,
    captureOffset: number,
    last: boolean,
  ): number;
  /** Writes the notes that need the whole capture. */
  finish(): void;
}

/**
 * The longest packet believed, in captured bytes. libpcap and Wireshark draw the line at the same place
 * (MAXIMUM_SNAPLEN, WTAP_MAX_PACKET_SIZE_STANDARD); nothing longer comes from a network.
 */
export const MAX_PACKET_BYTES = 262_144;

/**
 * The bytes of a packet without the frame check sequence that ends it.
 *
 * @param fcsBytes bytes of check sequence on the wire
 */
export function withoutCheckSequence(capturedBytes: number, wireBytes: number, fcsBytes: number): number {
  return Math.max(0, Math.min(capturedBytes, wireBytes - fcsBytes));
}
