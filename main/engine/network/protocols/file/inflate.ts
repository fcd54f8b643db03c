import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { NO_BYTES, viewOf } from '../bytes.ts';

/** Most bytes that the beginning of a body may grow to: a bomb grows a thousandfold, text about fourfold. */
const MAX_INFLATED_BYTES = 128 * 1024;
/** Where more comes out, so few bytes are tried: deflate grows at most 1,032-fold. */
const FEW_BYTES = 120;

/** So much of what comes out is given: more than anybody looks at. */
const MAX_GIVEN_BYTES = 4_096;
/** The method of compression in the first byte of zlib's format, the only one (RFC 1950 2.2). */
const METHOD_DEFLATE = 8;

type Inflate = (bytes: Uint8Array) => Buffer;

const DEFLATE = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES };
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: MAX_INFLATED_BYTES };

/**
 * Content codings (RFC 9110 8.4.1) whose beginnings can be told. Gives nothing for what is surely none: that zlib
 * should find out costs ten times as much.
 */
const INFLATES: Readonly<Record<string, (bytes: Uint8Array) => Inflate | undefined>> = {
  gzip: gzipInflate,
  'x-gzip': gzipInflate,
  deflate: deflateInflate,
  br: () => (bytes) => brotliDecompressSync(bytes, BROTLI),
};

/** RFC 1952 2.3: a mark, the method, and flags of which three are reserved. */
function gzipInflate(bytes: Uint8Array): Inflate | undefined {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === METHOD_DEFLATE && (bytes[3] & 0xe0) === 0;
  return isGzip ? (start) => gunzipSync(start, DEFLATE) : undefined;
}

/** Servers send raw deflate under its name, too: without the header whose two bytes are a multiple of 31 (RFC 1950 2.2). */
function deflateInflate(bytes: Uint8Array): Inflate {
  const hasHeader = (bytes[0] & 0x0f) === METHOD_DEFLATE && ((bytes[0] << 8) | bytes[1]) % 31 === 0;
  return hasHeader ? (start) => inflateSync(start, DEFLATE) : (start) => inflateRawSync(start, DEFLATE);
}

export function isCompressed(contentEncoding: string): boolean {
  return Object.hasOwn(INFLATES, contentEncoding);
}

/** The latest one: a body is asked for as a text and as a file. */
let latest: { readonly bytes: Buffer; readonly contentEncoding: string; readonly plain: Uint8Array } | undefined;

/**
 * The beginning of a compressed body from the beginning of what was transferred, bounded; no bytes where it is not
 * what it says, or grows without bounds.
 * @param contentEncoding lower case: "gzip", "deflate", "br"; others are given back as they are
 */
export function inflatedStart(bytes: Uint8Array, contentEncoding: string): Uint8Array {
  if (bytes.length === 0 || !isCompressed(contentEncoding)) return bytes;
  if (latest?.contentEncoding === contentEncoding && latest.bytes.equals(bytes)) return latest.plain;
  const plain = inflate(viewOf(bytes), contentEncoding);
  latest = { bytes: Buffer.from(bytes), contentEncoding, plain };
  return plain;
}

function inflate(bytes: Buffer, contentEncoding: string): Uint8Array {
  const inflateOf = INFLATES[contentEncoding](bytes);
  if (inflateOf === undefined) return NO_BYTES;
  const plain = tryInflate(inflateOf, bytes) ?? tryInflate(inflateOf, bytes.subarray(0, FEW_BYTES)) ?? NO_BYTES;
  // Not a view: it would keep all that came out.
  return plain.length > MAX_GIVEN_BYTES ? new Uint8Array(plain.subarray(0, MAX_GIVEN_BYTES)) : plain;
}

/** What is no compressed data, or too much of it, is thrown by zlib: to us it is an answer. */
function tryInflate(inflateOf: Inflate, bytes: Uint8Array): Buffer | undefined {
  try {
    return inflateOf(bytes);
  } catch {
    return undefined;
  }
}
