import { rememberingBytes } from '../../runtime/memo.ts';
import { ByteReader, hexText, NO_BYTES } from './bytes.ts';
import { objectIdText } from './certificate/der.ts';

/** Classes and form of the first byte of an element (X.690 8.1.2). */
export const BER_CLASS = { universal: 0x00, application: 0x40, context: 0x80, private: 0xc0 } as const;
const CONSTRUCTED = 0x20;

/** First bytes of the elements that protocols here use. */
export const BER = {
  boolean: 0x01,
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  sequence: 0x30,
  set: 0x31,
} as const;

/** First byte of a constructed element of an application's own, of numbers below 31. */
export function applicationTag(number: number): number {
  return BER_CLASS.application | CONSTRUCTED | number;
}

/** First byte of a constructed element of its context, of numbers below 31. */
export function contextTag(number: number): number {
  return BER_CLASS.context | CONSTRUCTED | number;
}

/** One element of BER (X.690): tag, length, content. Messages may be cut, which certificates (see DerReader) are not. */
export interface BerElement {
  /** First byte: class, form and number (below 31; longer tags are not used by protocols here). */
  readonly tag: number;
  /** Reads what is there of the content. */
  readonly content: ByteReader;
  /** Whether all of the content is there. */
  readonly isWhole: boolean;
}

/**
 * The next element, which is taken. Nothing at the end, or where the bytes are none. Its content reaches never beyond
 * what is around it, so that the depth of a message is bounded by how deep a parser asks; it may be cut short.
 */
export function readBer(reader: ByteReader): BerElement | undefined {
  if (reader.left < 2) return undefined;
  const tag = reader.u8();
  const length = reader.berLength();
  if (reader.overrun || (tag & 0x1f) === 0x1f) return undefined;
  const isWhole = reader.has(length);
  return { tag, content: reader.part(Math.min(length, reader.left)), isWhole };
}

/** The content of the next element where it has this tag; otherwise a reader of nothing, and nothing is taken. */
export function expectBer(reader: ByteReader, tag: number): ByteReader {
  if (reader.left < 2 || reader.peek() !== tag || (tag & 0x1f) === 0x1f) return new ByteReader(NO_BYTES);
  reader.skip(1);
  const length = reader.berLength();
  return reader.overrun ? new ByteReader(NO_BYTES) : reader.part(Math.min(length, reader.left));
}

/** Most elements that are passed by in search of one. */
const MAX_SIBLINGS = 64;

/** The content of the next element of this tag, those before it are passed by; a reader of nothing without one. */
export function findBer(reader: ByteReader, tag: number): ByteReader {
  for (let i = 0; i < MAX_SIBLINGS; i++) {
    const element = readBer(reader);
    if (element === undefined) break;
    if (element.tag === tag) return element.content;
  }
  return new ByteReader(NO_BYTES);
}

/** Longest integer that is read: all that are exact as a double. */
const MAX_INTEGER_BYTES = 6;

/** An integer of up to six bytes from its content (X.690 8.3); NaN for others. */
export function berInteger(content: ByteReader): number {
  const length = content.left;
  return length === 0 || length > MAX_INTEGER_BYTES ? Number.NaN : signedInteger(content, length);
}

/** The integer that comes next; NaN where none does. */
export function nextInteger(reader: ByteReader): number {
  const length = reader.peek() === BER.integer ? reader.peek(1) : 0;
  if (length === 0 || length > MAX_INTEGER_BYTES || !reader.has(2 + length)) {
    return berInteger(expectBer(reader, BER.integer));
  }
  reader.skip(2);
  return signedInteger(reader, length);
}

function signedInteger(reader: ByteReader, length: number): number {
  let value = reader.u8();
  if (value >= 0x80) value -= 0x100;
  for (let i = 1; i < length; i++) value = value * 256 + reader.u8();
  return value;
}

/** Systems ask for the same few hundred names all day. */
const REMEMBERED_NAMES = { capacity: 1_024, maxBytes: 32 } as const;

const oidText = rememberingBytes((bytes) => objectIdText(bytes) || hexText(bytes, 16), REMEMBERED_NAMES);

/** Numbers of an object identifier (X.690 8.19) with dots, from its content; hexadecimal where it is none. */
export function berOid(content: ByteReader): string {
  return oidText(content.rest());
}

/** How a message that is one element stands in a stream. */
export const BER_FRAME_HEADER_BYTES = 2;

/**
 * Bytes of the element that begins at `at`, header and all; 0 while the length is not all there, -1 where it is none
 * of a definite length of up to four bytes.
 */
export function berFrameBytes(bytes: Uint8Array, at: number): number {
  if (bytes.length - at < BER_FRAME_HEADER_BYTES) return 0;
  const first = bytes[at + 1];
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4) return -1;
  if (bytes.length - at < 2 + count) return 0;
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + bytes[at + 2 + i];
  return 2 + count + length;
}
