/**
 * Bytes as text, each byte one character (ISO 8859-1), for patterns over messages of any kind. A Buffer view and
 * its native conversion cost a tenth of a TextDecoder for messages of this size.
 */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.max(0, end - start)).toString('latin1');
}
