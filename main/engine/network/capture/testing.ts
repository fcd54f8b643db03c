/**
 * Builds captures for tests, byte by byte and in any of their variants, and a sink that remembers what
 * it was given. Written independently of the readers, straight from the format descriptions:
 * https://www.tcpdump.org/manpages/pcap-savefile.5.html and
 * https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html
 */
import type { FrameSink } from '../../../../contract/traffic.ts';
import { LINK_TYPE } from '../../../../contract/traffic.ts';

export interface TestPacket {
  /** Microseconds since the epoch. */
  timeUs: number;
  /** What was captured. */
  bytes: Uint8Array;
  /** Length on the wire; as captured, if left out. */
  wireBytes?: number;
  /** pcapng: index into the interfaces; 0 if left out. */
  interfaceId?: number;
}

export type ByteOrder = 'little' | 'big';

export interface PcapOptions {
  /** 'little' if left out. */
  byteOrder?: ByteOrder;
  /** Nanosecond magic and timestamps; microseconds if left out. */
  nanoseconds?: boolean;
  /** The record header of 24 bytes of Alexey Kuznetsov's patched libpcap. */
  modified?: boolean;
  /** Ethernet if left out. */
  linkType?: number;
  /** Length of the frame check sequence, as the upper word of the link type field tells it; 0 to 14, even. */
  fcsBytes?: number;
  snapLength?: number;
  /** [2, 4] if left out. Before 2.3 the two lengths of a record were swapped. */
  version?: readonly [number, number];
}

/** A writer of integers in one byte order, that grows. */
class Writer {
  readonly #parts: Buffer[] = [];
  readonly #little: boolean;

  constructor(byteOrder: ByteOrder) {
    this.#little = byteOrder === 'little';
  }

  u16(value: number): this {
    const part = Buffer.alloc(2);
    if (this.#little) part.writeUInt16LE(value);
    else part.writeUInt16BE(value);
    return this.raw(part);
  }

  u32(value: number): this {
    const part = Buffer.alloc(4);
    if (this.#little) part.writeUInt32LE(value >>> 0);
    else part.writeUInt32BE(value >>> 0);
    return this.raw(part);
  }

  u64(value: bigint): this {
    const part = Buffer.alloc(8);
    const wrapped = BigInt.asUintN(64, value);
    if (this.#little) part.writeBigUInt64LE(wrapped);
    else part.writeBigUInt64BE(wrapped);
    return this.raw(part);
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  /** Zeros up to the next multiple of four of the bytes given. */
  padding(bytes: Uint8Array): this {
    return this.raw(Buffer.alloc(-bytes.length & 3));
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Microseconds with a fraction, as a whole number of nanoseconds. */
function nanosecondsOf(timeUs: number): bigint {
  const whole = Math.floor(timeUs);
  return BigInt(whole) * 1000n + BigInt(Math.round((timeUs - whole) * 1000));
}

/** A classic pcap file. */
export function buildPcap(options: PcapOptions, packets: readonly TestPacket[]): Buffer {
  const order = options.byteOrder ?? 'little';
  const [major, minor] = options.version ?? [2, 4];
  const fcs = options.fcsBytes ?? 0;
  const magic = options.modified ? 0xa1b2cd34 : options.nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4;
  // The upper word: 4 bits FCS length in units of 16 bits, 1 bit "R", 1 bit "length present" (0x04000000).
  const fcsBits = fcs > 0 ? ((fcs / 2) << 28) | 0x04000000 : 0;
  const out = new Writer(order)
    .u32(magic)
    .u16(major)
    .u16(minor)
    .u32(0)
    .u32(0)
    .u32(options.snapLength ?? 262144)
    .u32((options.linkType ?? LINK_TYPE.ethernet) | fcsBits);
  const lengthsSwapped = major === 2 && minor < 3;
  for (const packet of packets) {
    const nanoseconds = nanosecondsOf(packet.timeUs);
    const wireBytes = packet.wireBytes ?? packet.bytes.length;
    out.u32(Number(nanoseconds / 1_000_000_000n));
    const below = nanoseconds % 1_000_000_000n;
    out.u32(Number(options.nanoseconds ? below : below / 1000n));
    out.u32(lengthsSwapped ? wireBytes : packet.bytes.length);
    out.u32(lengthsSwapped ? packet.bytes.length : wireBytes);
    // Interface index, protocol, packet type, padding.
    if (options.modified)
      out
        .u32(2)
        .u16(0x0800)
        .raw(Buffer.from([0, 0]));
    out.raw(packet.bytes);
  }
  return out.done();
}

export interface PcapngInterface {
  /** Ethernet if left out. */
  linkType?: number;
  snapLength?: number;
  /** The raw if_tsresol byte: 9 is nanoseconds, 0x80 | 20 is 2^-20 s. No option (microseconds) if left out. */
  timeResolution?: number;
  /** if_tsoffset: what has to be added to the timestamps. No option if left out. */
  timeOffsetSeconds?: number;
  /** if_fcslen. No option if left out. */
  fcsBytes?: number;
}

export interface PcapngOptions {
  byteOrder?: ByteOrder;
  /** One Ethernet interface if left out. */
  interfaces?: readonly PcapngInterface[];
  /** Which block holds a packet: enhanced (6), simple (3) or the obsolete packet block (2). */
  packetBlock?: 'enhanced' | 'simple' | 'obsolete';
  /** Writes the section's length into its header instead of "unknown". */
  knownSectionLength?: boolean;
  /** Puts a comment option behind every header, interface and packet. */
  comments?: boolean;
  /** Whole blocks (see pcapngBlock) to put between the interfaces and the packets. */
  otherBlocks?: readonly Uint8Array[];
}

/** One block: type, length, body (padded), length again. */
export function pcapngBlock(type: number, body: Uint8Array, byteOrder: ByteOrder = 'little'): Buffer {
  const total = 12 + body.length + (-body.length & 3);
  return new Writer(byteOrder).u32(type).u32(total).raw(body).padding(body).u32(total).done();
}

function option(out: Writer, code: number, value: Uint8Array): void {
  out.u16(code).u16(value.length).raw(value).padding(value);
}

const COMMENT = Buffer.from('made for a test');

function endOptions(out: Writer, some: boolean, comments: boolean): Buffer {
  if (comments) option(out, 1, COMMENT);
  if (some || comments) out.u16(0).u16(0);
  return out.done();
}

function interfaceBlock(description: PcapngInterface, order: ByteOrder, comments: boolean): Buffer {
  const out = new Writer(order)
    .u16(description.linkType ?? LINK_TYPE.ethernet)
    .u16(0)
    .u32(description.snapLength ?? 0);
  const { timeResolution, timeOffsetSeconds, fcsBytes } = description;
  if (timeResolution !== undefined) option(out, 9, Buffer.from([timeResolution]));
  if (fcsBytes !== undefined) option(out, 13, Buffer.from([fcsBytes]));
  if (timeOffsetSeconds !== undefined) option(out, 14, new Writer(order).u64(BigInt(timeOffsetSeconds)).done());
  const some = timeResolution !== undefined || fcsBytes !== undefined || timeOffsetSeconds !== undefined;
  return pcapngBlock(1, endOptions(out, some, comments), order);
}

/** A packet's time in the units of its interface. */
function timeUnits(timeUs: number, description: PcapngInterface): bigint {
  const nanoseconds = nanosecondsOf(timeUs) - BigInt(description.timeOffsetSeconds ?? 0) * 1_000_000_000n;
  const resolution = description.timeResolution ?? 6;
  const perSecond = resolution & 0x80 ? 1n << BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
  return (nanoseconds * perSecond + 500_000_000n) / 1_000_000_000n;
}

function packetBlock(packet: TestPacket, options: PcapngOptions, interfaces: readonly PcapngInterface[]): Buffer {
  const order = options.byteOrder ?? 'little';
  const out = new Writer(order);
  const wireBytes = packet.wireBytes ?? packet.bytes.length;
  if (options.packetBlock === 'simple') {
    return pcapngBlock(3, out.u32(wireBytes).raw(packet.bytes).done(), order);
  }
  const interfaceId = packet.interfaceId ?? 0;
  const units = timeUnits(packet.timeUs, interfaces[interfaceId]);
  const obsolete = options.packetBlock === 'obsolete';
  if (obsolete) out.u16(interfaceId).u16(0xffff);
  else out.u32(interfaceId);
  out
    .u32(Number((units >> 32n) & 0xffffffffn))
    .u32(Number(units & 0xffffffffn))
    .u32(packet.bytes.length)
    .u32(wireBytes)
    .raw(packet.bytes)
    .padding(packet.bytes);
  return pcapngBlock(obsolete ? 2 : 6, endOptions(out, false, options.comments ?? false), order);
}

/** One pcapng section; several of them, put together, are a pcapng file as well. */
export function buildPcapng(options: PcapngOptions, packets: readonly TestPacket[]): Buffer {
  const order = options.byteOrder ?? 'little';
  const interfaces = options.interfaces ?? [{}];
  const comments = options.comments ?? false;
  const rest = Buffer.concat([
    ...interfaces.map((description) => interfaceBlock(description, order, comments)),
    ...(options.otherBlocks ?? []),
    ...packets.map((packet) => packetBlock(packet, options, interfaces)),
  ]);
  const length = options.knownSectionLength ? BigInt(rest.length) : -1n;
  const header = new Writer(order).u32(0x1a2b3c4d).u16(1).u16(0).u64(length);
  return Buffer.concat([pcapngBlock(0x0a0d0d0a, endOptions(header, false, comments), order), rest]);
}

/** What a sink was given, copied. */
export interface CollectedFrame {
  readonly bytes: Uint8Array;
  readonly wireBytes: number;
  readonly timeUs: number;
  readonly linkType: number;
}

/** A sink that copies every frame into `frames`. */
export function collectFrames(): FrameSink & { readonly frames: CollectedFrame[] } {
  const frames: CollectedFrame[] = [];
  return {
    frames,
    frame(bytes, start, capturedBytes, wireBytes, timeUs, linkType) {
      frames.push({
        bytes: Uint8Array.from(bytes.subarray(start, start + capturedBytes)),
        wireBytes,
        timeUs,
        linkType,
      });
    },
  };
}
