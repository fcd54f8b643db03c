/**
 * The block-based capture format of Wireshark: several sections in either byte order, several interfaces
 * with clocks of their own, and blocks that may be skipped.
 * Source: draft-ietf-opsawg-pcapng, https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html.
 *
 * Every block has its length at both ends, so damage shows at once. After it, the reader looks for the
 * next place where a block of a standard type stands between two equal lengths.
 */
import type { FrameSink } from '../../../../contract/traffic.ts';
import type { NoteCode } from './notes.ts';
import type { CaptureParser } from './parser.ts';
import { MAX_PACKET_BYTES, withoutCheckSequence } from './parser.ts';
import type { CaptureInterface } from './pcapng-interface.ts';
import { clockTimeUs, readDrops, readInterface } from './pcapng-interface.ts';
import type { Tally } from './tally.ts';

/** Block types. The section header's reads the same in both byte orders. */
const BLOCK = {
  interface: 1,
  obsoletePacket: 2,
  simplePacket: 3,
  nameResolution: 4,
  statistics: 5,
  enhancedPacket: 6,
  secrets: 10,
  section: 0x0a0d0d0a,
} as const;
/** All types but the section header's are small; comparing with this is a quick first look at a place. */
const LARGEST_SMALL_TYPE = BLOCK.secrets;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length, and the length again. */
const FRAME_BYTES = 12;
/** The longest block believed, the same as Wireshark's MAX_BLOCK_SIZE. */
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;
/** While searching through damage: no longer than the longest packet with generous options. */
const MAX_SEARCHED_BLOCK_BYTES = 2 * MAX_PACKET_BYTES;
/** Far more interfaces than any machine has; a hostile section could define millions. */
const MAX_INTERFACES = 4096;

/** Fixed bytes of each block's body before its data or options, and so the least it must have. */
const BODY_BYTES: ReadonlyMap<number, number> = new Map([
  [BLOCK.section, 16],
  [BLOCK.interface, 8],
  [BLOCK.obsoletePacket, 20],
  [BLOCK.simplePacket, 4],
  [BLOCK.statistics, 12],
  [BLOCK.enhancedPacket, 20],
]);

/** How many bytes have to be there to tell whether they begin a pcapng file. */
export const PCAPNG_HEAD_BYTES = 12;

/** Whether bytes begin a pcapng file: a section header with its byte order magic. */
export function isPcapng(view: DataView<ArrayBufferLike>, start: number): boolean {
  return view.getUint32(start, false) === BLOCK.section && byteOrderAt(view, start) !== null;
}

/** Whether the section header at `start` is little-endian; null if it says neither. */
function byteOrderAt(view: DataView<ArrayBufferLike>, start: number): boolean | null {
  if (view.getUint32(start + 8, true) === BYTE_ORDER_MAGIC) return true;
  if (view.getUint32(start + 8, false) === BYTE_ORDER_MAGIC) return false;
  return null;
}

export class PcapngParser implements CaptureParser {
  readonly format = 'pcapng';
  readonly #sink: FrameSink;
  readonly #tally: Tally;
  #little = true;
  #interfaces: CaptureInterface[] = [];
  /** Packets lost while capturing, of the sections that have ended. */
  #dropped = 0;
  /** Simple packet blocks carry no time; there may be millions of them, so they are counted. */
  #timeless = 0;
  #firstTimelessOffset = 0;
  #firstTimelessPacket = 0;
  /** Where in the capture the damage began that is being searched through; -1 outside of any. */
  #damageOffset = -1;

  constructor(sink: FrameSink, tally: Tally) {
    this.#sink = sink;
    this.#tally = tally;
  }

  finish(): void {
    this.#endSection();
    const { notes } = this.#tally;
    if (this.#timeless > 0) {
      const message = (): string =>
        `${this.#timeless} packets have no timestamp; each counts as being as old as the one before it.`;
      notes.add('no-timestamps', message, this.#firstTimelessOffset, this.#firstTimelessPacket, this.#timeless);
    }
    if (this.#dropped > 0) {
      const message = (): string =>
        `${this.#dropped} packets were lost when this capture was made, by its own statistics.`;
      notes.add('dropped-while-capturing', message, null, null, this.#dropped);
    }
  }

  parse(
    bytes: Uint8Array,
    view: DataView<ArrayBufferLike>,
    start: number,
    end: number,
    captureOffset: number,
    last: boolean,
  ): number {
    let offset = start;
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
      }
      if (offset === end) return end;
      const left = end - offset;
      if (left < FRAME_BYTES) {
        if (last) this.#noteCutOff(offset + captureOffset, left);
        return last ? end : offset;
      }
      const total = this.#blockBytes(view, offset);
      if (total > left) {
        if (!last) return offset;
        if (this.#search(view, offset + 1, end, true) >= 0) {
          this.#noteCutOff(offset + captureOffset, left);
          return end;
        }
      }
      if (total === 0 || total > left || view.getUint32(offset + total - 4, this.#little) !== total) {
        this.#damageOffset = offset + captureOffset;
        offset++;
        continue;
      }
      this.#block(bytes, view, offset, total, captureOffset);
      offset += total;
    }
  }

  /** The length of the block at `offset`, 0 if it cannot be one. A section header sets the byte order. */
  #blockBytes(view: DataView<ArrayBufferLike>, offset: number): number {
    if (view.getUint32(offset, false) === BLOCK.section) {
      const little = byteOrderAt(view, offset);
      if (little === null) return 0;
      this.#little = little;
    }
    const total = view.getUint32(offset + 4, this.#little);
    const least = FRAME_BYTES + (BODY_BYTES.get(view.getUint32(offset, this.#little)) ?? 0);
    return total < least || total > MAX_BLOCK_BYTES || (total & 3) !== 0 ? 0 : total;
  }

  #block(
    bytes: Uint8Array,
    view: DataView<ArrayBufferLike>,
    offset: number,
    total: number,
    captureOffset: number,
  ): void {
    const little = this.#little;
    const body = offset + 8;
    const bodyEnd = offset + total - 4;
    switch (view.getUint32(offset, little)) {
      case BLOCK.enhancedPacket: {
        const interfaceId = view.getUint32(body, little);
        this.#packet(bytes, view, offset, interfaceId, bodyEnd, captureOffset);
        return;
      }
      case BLOCK.obsoletePacket: {
        const interfaceId = view.getUint16(body, little);
        this.#packet(bytes, view, offset, interfaceId, bodyEnd, captureOffset);
        return;
      }
      case BLOCK.simplePacket:
        this.#simplePacket(bytes, view, offset, bodyEnd, captureOffset);
        return;
      case BLOCK.interface:
        this.#interface(view, offset, bodyEnd, captureOffset);
        return;
      case BLOCK.statistics: {
        const owner = this.#interfaces[view.getUint32(body, little)];
        if (owner !== undefined) owner.dropped = readDrops(view, body + 12, bodyEnd, little);
        return;
      }
      case BLOCK.section:
        this.#section(view, offset, captureOffset);
        return;
    }
  }

  #section(view: DataView<ArrayBufferLike>, offset: number, captureOffset: number): void {
    this.#endSection();
    const major = view.getUint16(offset + 12, this.#little);
    if (major === 1) return;
    const message = (): string => `A section says it has version ${major} of the format; it was read as version 1.`;
    this.#note('odd-version', message, offset + captureOffset);
  }

  #endSection(): void {
    for (const { dropped } of this.#interfaces) this.#dropped += dropped;
    this.#interfaces = [];
  }

  #interface(view: DataView<ArrayBufferLike>, offset: number, bodyEnd: number, captureOffset: number): void {
    if (this.#interfaces.length >= MAX_INTERFACES) {
      const message = (): string =>
        `A section has more than ${MAX_INTERFACES} interfaces; packets of the others were skipped.`;
      this.#note('too-many-interfaces', message, offset + captureOffset);
      return;
    }
    const { description, wellFormed } = readInterface(view, offset + 8, bodyEnd, this.#little);
    this.#interfaces.push(description);
    this.#tally.addLinkType(description.linkType);
    if (!wellFormed) {
      const message = (): string =>
        `The options of the interface at byte ${offset + captureOffset} run past its end; the rest were ignored.`;
      this.#note('bad-options', message, offset + captureOffset);
    }
  }

  /** An enhanced or an obsolete packet block: alike but for the interface number. */
  #packet(
    bytes: Uint8Array,
    view: DataView<ArrayBufferLike>,
    offset: number,
    interfaceId: number,
    bodyEnd: number,
    captureOffset: number,
  ): void {
    const tally = this.#tally;
    const little = this.#little;
    if (interfaceId >= this.#interfaces.length) {
      this.#noteUnknownInterface(offset + captureOffset, interfaceId);
      return;
    }
    const source = this.#interfaces[interfaceId];
    const captured = view.getUint32(offset + 20, little);
    const data = offset + 28;
    if (captured > bodyEnd - data || captured > MAX_PACKET_BYTES) {
      this.#noteBadPacket(offset + captureOffset, captured);
      return;
    }
    let wire = view.getUint32(offset + 24, little);
    if (captured > wire) {
      this.#noteExceeds(offset + captureOffset);
      wire = captured;
    }
    const timeUs = clockTimeUs(source.clock, view.getUint32(offset + 12, little), view.getUint32(offset + 16, little));
    tally.packets++;
    const jumpUs = timeUs - tally.previousUs;
    if (jumpUs < 0) tally.timeWentBack(-jumpUs, offset + captureOffset, tally.packets);
    if (timeUs < tally.firstUs) tally.firstUs = timeUs;
    if (timeUs > tally.lastUs) tally.lastUs = timeUs;
    tally.previousUs = timeUs;
    this.#deliver(bytes, data, captured, wire, timeUs, source);
  }

  #simplePacket(
    bytes: Uint8Array,
    view: DataView<ArrayBufferLike>,
    offset: number,
    bodyEnd: number,
    captureOffset: number,
  ): void {
    if (this.#interfaces.length === 0) {
      this.#noteUnknownInterface(offset + captureOffset, 0);
      return;
    }
    const source = this.#interfaces[0];
    const wire = view.getUint32(offset + 8, this.#little);
    const data = offset + 12;
    const limit = source.snapLength > 0 ? Math.min(source.snapLength, wire) : wire;
    const captured = Math.min(limit, bodyEnd - data);
    if (captured > MAX_PACKET_BYTES) {
      this.#noteBadPacket(offset + captureOffset, captured);
      return;
    }
    const tally = this.#tally;
    tally.packets++;
    if (this.#timeless === 0) {
      this.#firstTimelessOffset = offset + captureOffset;
      this.#firstTimelessPacket = tally.packets;
    }
    this.#timeless++;
    const timeUs = Number.isNaN(tally.previousUs) ? 0 : tally.previousUs;
    this.#deliver(bytes, data, captured, wire, timeUs, source);
  }

  #deliver(
    bytes: Uint8Array,
    data: number,
    captured: number,
    wire: number,
    timeUs: number,
    source: CaptureInterface,
  ): void {
    this.#tally.bytes += captured;
    if (captured < wire) this.#tally.truncatedPackets++;
    const frameBytes = source.fcsBytes === 0 ? captured : withoutCheckSequence(captured, wire, source.fcsBytes);
    this.#sink.frame(bytes, data, frameBytes, wire, timeUs, source.linkType);
  }

  /**
   * Looks for the next block after damage.
   *
   * @returns -1 - offset if there is one at `offset`, else the offset from which to go on with more bytes
   */
  #search(view: DataView<ArrayBufferLike>, start: number, end: number, last: boolean): number {
    const stop = end - FRAME_BYTES;
    let offset = start;
    for (; offset <= stop; offset++) {
      const type = view.getUint32(offset, this.#little);
      if (type === 0 || (type > LARGEST_SMALL_TYPE && type !== BLOCK.section)) continue;
      const little = type === BLOCK.section ? byteOrderAt(view, offset) : this.#little;
      if (little === null) continue;
      const total = view.getUint32(offset + 4, little);
      const least = FRAME_BYTES + (BODY_BYTES.get(type) ?? 0);
      if (total < least || total > MAX_SEARCHED_BLOCK_BYTES || (total & 3) !== 0) continue;
      if (offset + total <= end) {
        if (view.getUint32(offset + total - 4, little) === total) return -1 - offset;
      } else if (!last) {
        return offset;
      }
    }
    return Math.max(start, offset);
  }

  #note(code: NoteCode, message: () => string, byteOffset: number): void {
    this.#tally.notes.add(code, message, byteOffset, this.#tally.packets + 1);
  }

  #noteSkipped(foundOffset: number): void {
    const skipped = foundOffset - this.#damageOffset;
    const { packets } = this.#tally;
    const message = (): string =>
      `Skipped ${skipped} bytes of damaged data at byte ${this.#damageOffset}, after packet ${packets}.`;
    this.#note('damaged-skipped', message, this.#damageOffset);
    this.#damageOffset = -1;
  }

  #noteRest(endOffset: number): void {
    const message = (): string =>
      `The capture is damaged at byte ${this.#damageOffset}, after packet ${this.#tally.packets}, ` +
      `and nothing readable follows: the last ${endOffset - this.#damageOffset} bytes were skipped.`;
    this.#note('damaged-rest', message, this.#damageOffset);
    this.#damageOffset = -1;
  }

  #noteCutOff(offset: number, left: number): void {
    const message = (): string =>
      `The capture is cut off in the middle of a block after packet ${this.#tally.packets}, at byte ${offset}: ` +
      `${left} bytes of it are there and were skipped.`;
    this.#note('cut-off', message, offset);
  }

  #noteUnknownInterface(offset: number, interfaceId: number): void {
    const message = (): string =>
      `The packet at byte ${offset} belongs to interface ${interfaceId}, ` +
      'which its section does not describe; it was skipped.';
    this.#note('unknown-interface', message, offset);
  }

  #noteBadPacket(offset: number, captured: number): void {
    const message = (): string =>
      `The packet at byte ${offset} claims ${captured} bytes, which its block cannot hold; it was skipped.`;
    this.#note('bad-packet-block', message, offset);
  }

  #noteExceeds(offset: number): void {
    const message = (): string =>
      `Packet ${this.#tally.packets + 1} says that more of it was captured than was on the wire; ` +
      'all of it was read.';
    this.#note('captured-exceeds-wire', message, offset);
  }
}
