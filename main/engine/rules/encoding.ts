/** Encodings of the modifiers base64, base64offset and utf16. */

/** One character for each byte. */
function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

const BYTE_ORDER_MARK = Uint8Array.of(0xff, 0xfe);

export function utf16(text: string, order: 'little' | 'big' | 'marked'): string {
  const bytes = Buffer.from(text, 'utf16le');
  if (order === 'big') bytes.swap16();
  return latin1(order === 'marked' ? Buffer.concat([BYTE_ORDER_MARK, bytes]) : bytes);
}

/** @param isBytes the text has one character for each byte already */
function bytesOf(text: string, isBytes: boolean): Buffer {
  return Buffer.from(text, isBytes ? 'latin1' : 'utf8');
}

export function base64(text: string, isBytes: boolean): string {
  return bytesOf(text, isBytes).toString('base64');
}

/**
 * The three texts, one of which a Base64 text holds where `text` is somewhere in what it encodes: characters that
 * depend on neighbouring bytes are left out.
 */
export function base64Offsets(text: string, isBytes: boolean): readonly string[] {
  const bytes = bytesOf(text, isBytes);
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const skipped = [0, 2, 3][offset];
    // A last character that holds bits of the next byte.
    const isShared = (offset + bytes.length) % 3 !== 0;
    return encoded.slice(skipped, isShared ? -1 : undefined);
  });
}
