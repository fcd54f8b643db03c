import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { NO_BYTES, viewOf } from '../bytes.ts';

/** Most bytes that the beginning of a body may grow to: a bomb grows a thousandfold, text about fourfold. */
const MAX_INFLATED_BYTES = 128 * 1024;
/** Where more comes out, so few bytes are tried: deflate grows at most 1,032-fold. */
const FEW_BYTES = 120;

type Inflate = (bytes: Uint8Array) => Buffer;

const DEFLATE = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INFLATED_BYTES };
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: MAX_INFLATED_BYTES };

/** Content codings (RFC 9110 8.4.1) whose beginnings can be told. Servers send raw deflate under its name, too. */
const INFLATES: Readonly<Record<string, readonly Inflate[]>> = {
  gzip: [(bytes) => gunzipSync(bytes, DEFLATE)],
  'x-gzip': [(bytes) => gunzipSync(bytes, DEFLATE)],
  deflate: [(bytes) => inflateSync(bytes, DEFLATE), (bytes) => inflateRawSync(bytes, DEFLATE)],
  br: [(bytes) => brotliDecompressSync(bytes, BROTLI)],
};

export function isCompressed(contentEncoding: string): boolean {
  return Object.hasOwn(INFLATES, contentEncoding);
}

/**
 * The beginning of a compressed body from the beginning of what was transferred, bounded; no bytes where it is not
 * what it says, or grows without bounds.
 * @param contentEncoding lower case: "gzip", "deflate", "br"; others are given back as they are
 */
export function inflatedStart(bytes: Uint8Array, contentEncoding: string): Uint8Array {
  if (!isCompressed(contentEncoding)) return bytes;
  const view = viewOf(bytes);
  for (const inflate of INFLATES[contentEncoding]) {
    const whole = tryInflate(inflate, view) ?? tryInflate(inflate, view.subarray(0, FEW_BYTES));
    if (whole !== undefined && whole.length > 0) return whole;
  }
  return NO_BYTES;
}

/** What is no compressed data, or too much of it, is thrown by zlib: to us it is an answer. */
function tryInflate(inflate: Inflate, bytes: Uint8Array): Buffer | undefined {
  try {
    return inflate(bytes);
  } catch {
    return undefined;
  }
}
