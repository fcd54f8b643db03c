import { ByteReader } from './bytes.ts';

/** A value of BSON (bsonspec.org) as far as parsers ask for it; null for what is passed by. */
export type BsonValue = string | number | boolean | Uint8Array | BsonDocument | null;
export type BsonDocument = readonly { readonly name: string; readonly value: BsonValue }[];

const MAX_DEPTH = 4;
const MAX_ELEMENTS = 64;
/** Bytes of values that are passed by. */
const FIXED_BYTES: Readonly<Record<number, number>> = { 6: 0, 7: 12, 9: 8, 10: 0, 17: 8, 19: 16, 255: 0, 127: 0 };
const TYPE = {
  double: 1,
  text: 2,
  document: 3,
  array: 4,
  binary: 5,
  boolean: 8,
  pattern: 11,
  code: 13,
  symbol: 14,
  int32: 16,
  int64: 18,
} as const;

/**
 * The document that begins at `start`: its first elements, to the end or to where the bytes are cut short or none of
 * BSON. Nothing where no document begins.
 */
export function readBson(bytes: Uint8Array, start: number): BsonDocument | undefined {
  return document(new ByteReader(bytes, start), MAX_DEPTH);
}

/** Text of an element; empty where it is none. */
export function bsonText(from: BsonDocument, name: string): string {
  const value = from.find((element) => element.name === name)?.value;
  return typeof value === 'string' ? value : '';
}

function document(reader: ByteReader, depth: number): BsonDocument | undefined {
  const length = reader.u32le();
  if (reader.overrun || length < 5) return undefined;
  const content = reader.part(Math.min(length - 4, reader.left));
  const elements: { name: string; value: BsonValue }[] = [];
  while (elements.length < MAX_ELEMENTS) {
    const type = content.u8();
    if (type === 0) break;
    const name = content.latin1Zero(128);
    const value = read(content, type, depth);
    if (content.overrun || value === undefined) break;
    elements.push({ name, value });
  }
  return elements;
}

/** Undefined for what is no value. */
function read(reader: ByteReader, type: number, depth: number): BsonValue | undefined {
  switch (type) {
    case TYPE.double:
      return doubleOf(reader.take(8));
    case TYPE.text:
    case TYPE.code:
    case TYPE.symbol: {
      const length = reader.u32le();
      const text = reader.utf8(Math.max(0, length - 1));
      reader.skip(1);
      return text;
    }
    case TYPE.document:
    case TYPE.array:
      if (depth > 1) return document(reader, depth - 1);
      reader.skip(Math.max(0, reader.u32le() - 4));
      return null;
    case TYPE.binary: {
      const length = reader.u32le();
      reader.skip(1);
      return reader.take(length);
    }
    case TYPE.boolean:
      return reader.u8() === 1;
    case TYPE.int32:
      return reader.u32le() | 0;
    case TYPE.int64:
      return reader.u64le();
    case TYPE.pattern:
      reader.latin1Zero();
      reader.latin1Zero();
      return null;
    default: {
      const length = FIXED_BYTES[type];
      if (length === undefined) return undefined;
      reader.skip(length);
      return null;
    }
  }
}

function doubleOf(bytes: Uint8Array): number {
  return bytes.length === 8 ? new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true) : 0;
}
