import { MAX_FACT_TEXT } from '../../../../contract/facts.ts';
import { bufferOver, latin1Text } from '../../runtime/latin1.ts';

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Reads a message from its beginning to its end, and never past it. A read that would go past the end gives 0 (or
 * nothing) and sets `overrun`, after which all reads do: a parser reads a whole structure and asks once at the end.
 * Never throws. What it gives as bytes are views, valid as long as the message is.
 */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** Offset of the next byte in `bytes`. */
  position: number;
  /** Offset behind the last byte that may be read. */
  readonly end: number;
  overrun = false;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.end = Math.max(0, Math.min(end, bytes.length));
    this.position = Math.max(0, Math.min(start, this.end));
  }

  /** Bytes not yet read; 0 after an overrun. */
  get left(): number {
    return this.overrun ? 0 : this.end - this.position;
  }

  /** Whether `count` more bytes are there; does not set `overrun`. */
  has(count: number): boolean {
    return count >= 0 && count <= this.left;
  }

  u8(): number {
    const at = this.#advance(1);
    return at < 0 ? 0 : this.bytes[at];
  }

  /** The next byte without taking it; 0 at the end, which is no overrun. */
  peek(ahead = 0): number {
    return ahead >= 0 && ahead < this.left ? this.bytes[this.position + ahead] : 0;
  }

  u16(): number {
    const at = this.#advance(2);
    return at < 0 ? 0 : u16At(this.bytes, at);
  }

  u16le(): number {
    const at = this.#advance(2);
    return at < 0 ? 0 : this.bytes[at] | (this.bytes[at + 1] << 8);
  }

  u24(): number {
    const at = this.#advance(3);
    return at < 0 ? 0 : (this.bytes[at] << 16) | (this.bytes[at + 1] << 8) | this.bytes[at + 2];
  }

  u24le(): number {
    const at = this.#advance(3);
    return at < 0 ? 0 : this.bytes[at] | (this.bytes[at + 1] << 8) | (this.bytes[at + 2] << 16);
  }

  /** Unsigned. */
  u32(): number {
    const at = this.#advance(4);
    return at < 0 ? 0 : u32At(this.bytes, at);
  }

  /** Unsigned. */
  u32le(): number {
    const at = this.#advance(4);
    return at < 0 ? 0 : u32leAt(this.bytes, at);
  }

  /** Unsigned, as a double: exact up to 2^53. */
  u64(): number {
    const at = this.#advance(8);
    return at < 0 ? 0 : u32At(this.bytes, at) * 2 ** 32 + u32At(this.bytes, at + 4);
  }

  /** Unsigned, as a double: exact up to 2^53. */
  u64le(): number {
    const at = this.#advance(8);
    return at < 0 ? 0 : u32leAt(this.bytes, at + 4) * 2 ** 32 + u32leAt(this.bytes, at);
  }

  /** A variable-length integer of QUIC (RFC 9000 16), as a double: exact up to 2^53. */
  quicVarint(): number {
    const first = this.u8();
    const more = (1 << (first >> 6)) - 1;
    let value = first & 0x3f;
    for (let i = 0; i < more; i++) value = value * 256 + this.u8();
    return this.overrun ? 0 : value;
  }

  /** Seven bits a byte, lowest first (protobuf, MQTT); one that takes more than `maxBytes` is an overrun. */
  varint(maxBytes = 4): number {
    let value = 0;
    for (let i = 0; i < maxBytes; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return this.overrun ? 0 : value;
    }
    this.overrun = true;
    return 0;
  }

  /** Length of a BER or DER element (X.690 8.1.3): definite, of up to four bytes; the indefinite form is an overrun. */
  berLength(): number {
    const first = this.u8();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) this.overrun = true;
    let value = 0;
    for (let i = 0; i < count && !this.overrun; i++) value = value * 256 + this.u8();
    return this.overrun ? 0 : value;
  }

  skip(count: number): void {
    this.#advance(count);
  }

  /** The next `count` bytes, as a view. */
  take(count: number): Uint8Array {
    const at = this.#advance(count);
    return at < 0 ? NO_BYTES : this.bytes.subarray(at, at + count);
  }

  /** All that is left, as a view. */
  rest(): Uint8Array {
    return this.take(this.left);
  }

  /** A reader of the next `count` bytes, which are taken here; where they are not there, both have an overrun. */
  part(count: number): ByteReader {
    const at = this.#advance(count);
    const part = at < 0 ? new ByteReader(NO_BYTES) : new ByteReader(this.bytes, at, at + count);
    part.overrun = at < 0;
    return part;
  }

  /** The next `count` bytes as Latin-1, of which at most `maxText` characters are given; all are taken. */
  latin1(count: number, maxText = MAX_FACT_TEXT): string {
    const at = this.#advance(count);
    return at < 0 ? '' : latin1Text(this.bytes, at, at + Math.min(count, maxText));
  }

  /** The next `count` bytes as UTF-8, of which at most `maxText` bytes are read; all are taken. */
  utf8(count: number, maxText = MAX_FACT_TEXT): string {
    const at = this.#advance(count);
    return at < 0 ? '' : utf8Text(this.bytes, at, at + Math.min(count, maxText));
  }

  /** The next `count` bytes as UTF-16LE, at most `maxText` units; all are taken. */
  utf16le(count: number, maxText = MAX_FACT_TEXT): string {
    const at = this.#advance(count);
    return at < 0 ? '' : utf16leText(this.bytes, at, at + Math.min(count, 2 * maxText));
  }

  /** Latin-1 up to a zero byte, which is taken and not given; without one before the end it is an overrun. */
  latin1Zero(maxText = MAX_FACT_TEXT): string {
    const zero = this.overrun ? -1 : indexOfByte(this.bytes, 0, this.position, this.end);
    if (zero < 0) {
      this.overrun = true;
      return '';
    }
    const text = this.latin1(zero - this.position, maxText);
    this.position = zero + 1;
    return text;
  }

  /** Where the bytes taken begin, or −1. */
  #advance(count: number): number {
    const at = this.position;
    // Also false for NaN.
    if (!(count >= 0 && count <= this.end - at) || this.overrun) {
      this.overrun = true;
      return -1;
    }
    this.position = at + count;
    return at;
  }
}

/** Big-endian; the caller knows that the bytes are there. */
export function u16At(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

export function u32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

export function u16leAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8);
}

export function u32leAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
}

/** Whether `text` (ASCII) stands at `at`. */
export function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  if (at < 0 || bytes.length - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Like `startsWith`, whatever the case; `text` is lower-case ASCII. */
export function startsWithAnyCase(bytes: Uint8Array, text: string, at = 0): boolean {
  if (at < 0 || bytes.length - at < text.length) return false;
  for (let i = 0; i < text.length; i++) {
    const byte = bytes[at + i];
    const lower = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    if (lower !== text.charCodeAt(i)) return false;
  }
  return true;
}

/**
 * Whether the bytes at hand could be the beginning of `text` (ASCII): they are a part of it, or begin with it. True
 * for no bytes at all.
 */
export function mayStartWith(bytes: Uint8Array, text: string): boolean {
  const length = Math.min(bytes.length, text.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Offset of a byte in [from, to), or −1. */
export function indexOfByte(bytes: Uint8Array, byte: number, from = 0, to = bytes.length): number {
  const found = bytes.indexOf(byte, from);
  return found >= 0 && found < to ? found : -1;
}

/**
 * The end of the line that begins at `from`: offset of its CR LF or LF, or −1 while it has none within `maxBytes`.
 * The next line begins at `nextLine`.
 */
export function lineEnd(bytes: Uint8Array, from: number, maxBytes: number): number {
  const feed = indexOfByte(bytes, 0x0a, from, Math.min(bytes.length, from + maxBytes));
  if (feed < 0) return -1;
  return feed > from && bytes[feed - 1] === 0x0d ? feed - 1 : feed;
}

/** Where the line after the one that ends at `end` (see lineEnd) begins. */
export function nextLine(bytes: Uint8Array, end: number): number {
  return end + (bytes[end] === 0x0d ? 2 : 1);
}

export function latin1(bytes: Uint8Array, start = 0, end = bytes.length, maxText = MAX_FACT_TEXT): string {
  const from = Math.max(0, Math.min(start, bytes.length));
  const to = Math.max(from, Math.min(end, bytes.length, from + maxText));
  return latin1Text(bytes, from, to);
}

/** UTF-8 with U+FFFD for what is none. Works on shared memory, which a TextDecoder refuses. */
export function utf8Text(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return encodedText('utf8', bytes, start, end);
}

/** An odd byte at the end is left out. */
export function utf16leText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return encodedText('utf16le', bytes, start, end);
}

/** Lower-case hexadecimal of the first `maxBytes` bytes from `start` on. */
export function hexText(bytes: Uint8Array, maxBytes = MAX_FACT_TEXT / 2, start = 0): string {
  return encodedText('hex', bytes, start, start + maxBytes);
}

function encodedText(encoding: 'utf8' | 'utf16le' | 'hex', bytes: Uint8Array, start: number, end: number): string {
  const from = Math.max(0, Math.min(start, bytes.length));
  const to = Math.max(from, Math.min(end, bytes.length));
  if (from === to) return '';
  return bufferOver(bytes.buffer).toString(encoding, bytes.byteOffset + from, bytes.byteOffset + to);
}

/** A Buffer over the same memory: what hashes, ciphers and text conversions take. */
export function viewOf(bytes: Uint8Array, start = 0, end = bytes.length): Buffer {
  const from = Math.max(0, Math.min(start, bytes.length));
  const to = Math.max(from, Math.min(end, bytes.length));
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
}

export function joinBytes(first: Uint8Array, second: Uint8Array): Uint8Array {
  const joined = new Uint8Array(first.length + second.length);
  joined.set(first);
  joined.set(second, first.length);
  return joined;
}
