/**
 * The one form of capture that the benchmarks make: pcap, little-endian, microseconds, Ethernet
 * (draft-ietf-opsawg-pcap).
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const LINK_ETHERNET = 1;
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const SNAP_BYTES = 262_144;
const MICROSECONDS = 1_000_000;
/** Written in pieces of this size: large enough that the system calls do not count. */
const BUFFER_BYTES = 4 * 1024 * 1024;

/** Writes a capture. Close it, whatever happens. */
export class PcapWriter {
  packets = 0;
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  #used = FILE_HEADER_BYTES;

  constructor(path: string) {
    this.#fd = openSync(path, 'w');
    this.#buffer.writeUInt32LE(MAGIC_MICROSECONDS, 0);
    this.#buffer.writeUInt16LE(2, 4);
    this.#buffer.writeUInt16LE(4, 6);
    this.#buffer.writeUInt32LE(SNAP_BYTES, 16);
    this.#buffer.writeUInt32LE(LINK_ETHERNET, 20);
  }

  /** @param timeUs microseconds since the epoch */
  write(timeUs: number, frame: Uint8Array, wireBytes = frame.length): void {
    if (this.#used + RECORD_HEADER_BYTES + frame.length > BUFFER_BYTES) this.#flush();
    const at = this.#used;
    this.#buffer.writeUInt32LE(Math.floor(timeUs / MICROSECONDS), at);
    this.#buffer.writeUInt32LE(timeUs % MICROSECONDS, at + 4);
    this.#buffer.writeUInt32LE(frame.length, at + 8);
    this.#buffer.writeUInt32LE(wireBytes, at + 12);
    this.#buffer.set(frame, at + RECORD_HEADER_BYTES);
    this.#used += RECORD_HEADER_BYTES + frame.length;
    this.packets++;
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    writeSync(this.#fd, this.#buffer, 0, this.#used);
    this.#used = 0;
  }
}

export function writePcap(path: string, fill: (writer: PcapWriter) => void): void {
  const writer = new PcapWriter(path);
  try {
    fill(writer);
  } finally {
    writer.close();
  }
}

export interface PcapRecord {
  readonly timeUs: number;
  readonly wireBytes: number;
  readonly frame: Uint8Array;
}

/** All packets of a capture that was made here; `frame` is part of one shared buffer. */
export function readPcap(path: string): PcapRecord[] {
  const bytes = readFileSync(path);
  if (bytes.length < FILE_HEADER_BYTES || bytes.readUInt32LE(0) !== MAGIC_MICROSECONDS) {
    throw new Error(`${path} is not a pcap file of this machine's byte order with microseconds`);
  }
  const records: PcapRecord[] = [];
  let at = FILE_HEADER_BYTES;
  while (at + RECORD_HEADER_BYTES <= bytes.length) {
    const captured = bytes.readUInt32LE(at + 8);
    const end = at + RECORD_HEADER_BYTES + captured;
    if (end > bytes.length) break;
    records.push({
      timeUs: bytes.readUInt32LE(at) * MICROSECONDS + bytes.readUInt32LE(at + 4),
      wireBytes: bytes.readUInt32LE(at + 12),
      frame: bytes.subarray(at + RECORD_HEADER_BYTES, end),
    });
    at = end;
  }
  return records;
}
