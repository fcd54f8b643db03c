/**
 * Bytes as text, each byte one character (ISO 8859-1), for patterns over messages of any kind. A Buffer's native
 * conversion costs a tenth of a TextDecoder for messages of this size.
 */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  return bufferOver(bytes.buffer).toString('latin1', bytes.byteOffset + start, bytes.byteOffset + Math.max(start, end));
}

let latest: Buffer = Buffer.alloc(0);

/**
 * A Buffer over all of some memory. Packets come from a few large blocks, so the latest one nearly always is the one:
 * a view of its own for each text would cost more than the text.
 */
export function bufferOver(memory: ArrayBufferLike): Buffer {
  if (latest.buffer !== memory) latest = Buffer.from(memory);
  return latest;
}
