/**
 * The classic capture format of libpcap: microseconds or nanoseconds, either byte order, and the longer
 * record header of Alexey Kuznetzov's patch.
 * Source: https://www.tcpdump.org/manpages/pcap-savefile.5.html and libpcap's sf-pcap.c.
 *
 * The format has no marks between its records, so damage shows only as a header that makes no sense.
 * A record that is merely unusual (see `#fast`) is believed if a sensible one follows it. After a damaged
 * one, the reader looks for the next place where two sensible headers follow each other.
 */
import type { FrameSink } from '../../../../contract/traffic.ts';
import type { CaptureParser } from './parser.ts';
import { MAX_PACKET_BYTES, withoutCheckSequence } from './parser.ts';
import type { Tally } from './tally.ts';

export const PCAP_HEADER_BYTES = 24;

interface Variant {
  readonly nanoseconds: boolean;
  readonly recordHeaderBytes: number;
}

const VARIANTS: ReadonlyMap<number, Variant> = new Map([
  [0xa1b2c3d4, { nanoseconds: false, recordHeaderBytes: 16 }],
  [0xa1b23c4d, { nanoseconds: true, recordHeaderBytes: 16 }],
  [0xa1b2cd34, { nanoseconds: false, recordHeaderBytes: 24 }],
]);

/** The longest length on the wire believed: the largest IPv6 jumbogram that any system makes is far below. */
const MAX_WIRE_BYTES = 16 * 1024 * 1024;
/** Neighbouring packets further apart than this are unusual; after damage they are not believed. */
const MAX_JUMP_US = 24 * 3600 * 1e6;

/** The link type field's upper word (draft-ietf-opsawg-pcap): FCS length in 16-bit units, and whether it is given. */
const FCS_LENGTH_PRESENT = 0x04000000;

/** Whether bytes begin a classic pcap file. */
export function isPcap(view: DataView<ArrayBufferLike>, start: number): boolean {
  return VARIANTS.has(view.getUint32(start, true)) || VARIANTS.has(view.getUint32(start, false));
}

/** What a record header turned out to be. */
type Judgement = 'fine' | 'more-needed' | 'damaged' | 'overruns';

export class PcapParser implements CaptureParser {
  readonly format: string;
  readonly #sink: FrameSink;
  readonly #tally: Tally;
  readonly #little: boolean;
  readonly #nanoseconds: boolean;
  readonly #headerBytes: number;
  /** Offsets of the two lengths inside a record header. */
  readonly #capturedAt: number;
  readonly #wireAt: number;
  readonly #usualBytes: number;
  readonly #linkType: number;
  readonly #fcsBytes: number;
  #headerRead = false;
  /** Where in the capture the damage began that is being searched through; -1 outside of any. */
  #damageOffset = -1;
  /** The timestamp before the latest unusual jump: one of the two may be the damaged one. */
  #beforeJumpUs = Number.NaN;

  /** @param head at least PCAP_HEADER_BYTES bytes for which isPcap holds */
  constructor(head: DataView<ArrayBufferLike>, start: number, sink: FrameSink, tally: Tally) {
    this.#sink = sink;
    this.#tally = tally;
    this.#little = VARIANTS.has(head.getUint32(start, true));
    const little = this.#little;
    const variant = VARIANTS.get(head.getUint32(start, little))!;
    this.#nanoseconds = variant.nanoseconds;
    this.#headerBytes = variant.recordHeaderBytes;
    this.format = variant.nanoseconds ? 'pcap-ns' : 'pcap';
    const major = head.getUint16(start + 4, little);
    const minor = head.getUint16(start + 6, little);
    // Before 2.3 the two lengths stood the other way round (sf-pcap.c).
    const swapped = major === 2 && minor < 3;
    this.#capturedAt = swapped ? 12 : 8;
    this.#wireAt = swapped ? 8 : 12;
    if (major !== 2) {
      const message = (): string =>
        `The capture says it has version ${major}.${minor} of its format; it was read as 2.4.`;
      tally.notes.add('odd-version', message, 4, null);
    }
    const snapLength = head.getUint32(start + 16, little);
    this.#usualBytes = snapLength > 0 && snapLength < MAX_PACKET_BYTES ? snapLength : MAX_PACKET_BYTES;
    const link = head.getUint32(start + 20, little);
    this.#linkType = link & 0xffff;
    this.#fcsBytes = (link & FCS_LENGTH_PRESENT) !== 0 ? (link >>> 28) * 2 : 0;
    tally.addLinkType(this.#linkType);
  }

  finish(): void {}

  parse(
    bytes: Uint8Array,
    view: DataView<ArrayBufferLike>,
    start: number,
    end: number,
    captureOffset: number,
    last: boolean,
  ): number {
    let offset = start;
    if (!this.#headerRead) {
      if (end - start < PCAP_HEADER_BYTES) return start;
      this.#headerRead = true;
      offset += PCAP_HEADER_BYTES;
    }
    let believed = -1;
    for (;;) {
      if (this.#damageOffset >= 0) {
        offset = this.#search(view, offset, end, last);
        if (offset >= 0) {
          if (!last) return offset;
          this.#noteRest(end + captureOffset);
          return end;
        }
        offset = -1 - offset;
        this.#noteSkipped(offset + captureOffset);
        believed = offset;
      }
      offset = this.#fast(bytes, view, offset, end, captureOffset, believed);
      if (offset === end) return end;
      const judgement = this.#judge(view, offset, end, last);
      if (judgement === 'fine') {
        believed = offset;
        this.#beforeJumpUs = this.#tally.previousUs;
      } else if (judgement === 'more-needed') {
        return offset;
      } else if (judgement === 'overruns' && !this.#findsMore(view, offset + 1, end)) {
        this.#noteCutOff(offset + captureOffset, end - offset);
        return end;
      } else {
        this.#damageOffset = offset + captureOffset;
        offset++;
      }
    }
  }

  /**
   * Reads records for as long as they are whole and usual: not longer than the snap length, not longer
   * than on the wire, not empty, and within a day of the one before. The record at `believed` need not
   * be usual. Returns where it stopped.
   */
  #fast(
    bytes: Uint8Array,
    view: DataView<ArrayBufferLike>,
    start: number,
    end: number,
    captureOffset: number,
    believed: number,
  ): number {
    const sink = this.#sink;
    const tally = this.#tally;
    const little = this.#little;
    const nanoseconds = this.#nanoseconds;
    const fractionLimit = nanoseconds ? 1e9 : 1e6;
    const headerBytes = this.#headerBytes;
    const capturedAt = this.#capturedAt;
    const wireAt = this.#wireAt;
    const usualBytes = this.#usualBytes;
    const linkType = this.#linkType;
    const fcsBytes = this.#fcsBytes;
    let { packets, bytes: capturedSum, truncatedPackets, firstUs, lastUs, previousUs } = tally;
    let offset = start;
    while (offset + headerBytes <= end) {
      const captured = view.getUint32(offset + capturedAt, little);
      const next = offset + headerBytes + captured;
      if (next > end) break;
      let wire = view.getUint32(offset + wireAt, little);
      const fraction = view.getUint32(offset + 4, little);
      const timeUs = view.getUint32(offset, little) * 1e6 + (nanoseconds ? fraction / 1000 : fraction);
      const jumpUs = timeUs - previousUs;
      if (
        captured > usualBytes ||
        captured > wire ||
        wire === 0 ||
        wire > MAX_WIRE_BYTES ||
        fraction >= fractionLimit ||
        jumpUs > MAX_JUMP_US ||
        jumpUs < -MAX_JUMP_US
      ) {
        if (offset !== believed) break;
        if (captured > wire) {
          this.#noteExceeds(offset + captureOffset, packets + 1);
          wire = captured;
        }
      }
      packets++;
      if (jumpUs < 0) tally.timeWentBack(-jumpUs, offset + captureOffset, packets);
      if (timeUs < firstUs) firstUs = timeUs;
      if (timeUs > lastUs) lastUs = timeUs;
      previousUs = timeUs;
      capturedSum += captured;
      if (captured < wire) truncatedPackets++;
      const frameBytes = fcsBytes === 0 ? captured : withoutCheckSequence(captured, wire, fcsBytes);
      sink.frame(bytes, offset + headerBytes, frameBytes, wire, timeUs, linkType);
      offset = next;
    }
    tally.packets = packets;
    tally.bytes = capturedSum;
    tally.truncatedPackets = truncatedPackets;
    tally.firstUs = firstUs;
    tally.lastUs = lastUs;
    tally.previousUs = previousUs;
    return offset;
  }

  /** Decides about the record at which `#fast` stopped. */
  #judge(view: DataView<ArrayBufferLike>, offset: number, end: number, last: boolean): Judgement {
    const body = offset + this.#headerBytes;
    if (body > end) return last ? 'overruns' : 'more-needed';
    const captured = view.getUint32(offset + this.#capturedAt, this.#little);
    if (captured > MAX_PACKET_BYTES) return 'damaged';
    const next = body + captured;
    if (next > end) return last ? 'overruns' : 'more-needed';
    const empty = view.getUint32(offset + this.#wireAt, this.#little) === 0;
    if (next + this.#headerBytes <= end) return !empty && this.#isSensible(view, next) ? 'fine' : 'damaged';
    if (!last) return 'more-needed';
    return empty ? 'damaged' : 'fine';
  }

  /** Whether a whole record header stands at `offset`, judged by itself. */
  #isSensible(view: DataView<ArrayBufferLike>, offset: number): boolean {
    const captured = view.getUint32(offset + this.#capturedAt, this.#little);
    if (captured > MAX_PACKET_BYTES) return false;
    const wire = view.getUint32(offset + this.#wireAt, this.#little);
    if (captured > wire || wire === 0 || wire > MAX_WIRE_BYTES) return false;
    return view.getUint32(offset + 4, this.#little) < (this.#nanoseconds ? 1e9 : 1e6);
  }

  #timeUs(view: DataView<ArrayBufferLike>, offset: number): number {
    const fraction = view.getUint32(offset + 4, this.#little);
    return view.getUint32(offset, this.#little) * 1e6 + (this.#nanoseconds ? fraction / 1000 : fraction);
  }

  /** Whether the time fits what was read before the damage. Anything fits if nothing was. */
  #isNear(timeUs: number): boolean {
    const { previousUs } = this.#tally;
    if (Number.isNaN(previousUs)) return true;
    return Math.abs(timeUs - previousUs) <= MAX_JUMP_US || Math.abs(timeUs - this.#beforeJumpUs) <= MAX_JUMP_US;
  }

  /**
   * Looks for the next record after damage.
   *
   * @returns -1 - offset if there is one at `offset`, else the offset from which to go on with more bytes
   */
  #search(view: DataView<ArrayBufferLike>, start: number, end: number, last: boolean): number {
    const headerBytes = this.#headerBytes;
    const stop = end - headerBytes;
    let offset = start;
    for (; offset <= stop; offset++) {
      if (!this.#isSensible(view, offset)) continue;
      const timeUs = this.#timeUs(view, offset);
      if (!this.#isNear(timeUs)) continue;
      const next = offset + headerBytes + view.getUint32(offset + this.#capturedAt, this.#little);
      if (next > stop) {
        if (!last) return offset;
        if (next === end) return -1 - offset;
      } else if (this.#isSensible(view, next) && Math.abs(this.#timeUs(view, next) - timeUs) <= MAX_JUMP_US) {
        return -1 - offset;
      }
    }
    return Math.max(start, offset);
  }

  /** Whether anything readable stands between a record that runs past the end and the end. */
  #findsMore(view: DataView<ArrayBufferLike>, start: number, end: number): boolean {
    return this.#search(view, start, end, true) < 0;
  }

  #noteSkipped(foundOffset: number): void {
    const { notes, packets } = this.#tally;
    const skipped = foundOffset - this.#damageOffset;
    const message = (): string =>
      `Skipped ${skipped} bytes of damaged data at byte ${this.#damageOffset}, after packet ${packets}.`;
    notes.add('damaged-skipped', message, this.#damageOffset, packets + 1);
    this.#damageOffset = -1;
  }

  #noteRest(endOffset: number): void {
    const { notes, packets } = this.#tally;
    const message = (): string =>
      `The capture is damaged at byte ${this.#damageOffset}, after packet ${packets}, ` +
      `and nothing readable follows: the last ${endOffset - this.#damageOffset} bytes were skipped.`;
    notes.add('damaged-rest', message, this.#damageOffset, packets + 1);
    this.#damageOffset = -1;
  }

  #noteCutOff(offset: number, left: number): void {
    const { notes, packets } = this.#tally;
    const message = (): string =>
      `The capture is cut off in the middle of packet ${packets + 1}, at byte ${offset}: ` +
      `${left} bytes of it are there and were skipped.`;
    notes.add('cut-off', message, offset, packets + 1);
  }

  #noteExceeds(offset: number, packetNumber: number): void {
    const message = (): string =>
      `Packet ${packetNumber} says that more of it was captured than was on the wire; all of it was read.`;
    this.#tally.notes.add('captured-exceeds-wire', message, offset, packetNumber);
  }
}
