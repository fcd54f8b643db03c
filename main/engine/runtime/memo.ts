/** So long a text is remembered by. */
const MAX_KEY_TEXT = 1_024;

/**
 * Remembers what a pure function of a text gave, for at most `capacity` texts: peers say the same again and again.
 * Once that many are known all are forgotten, which costs less than to know which was used last.
 */
export function remembering<T>(work: (text: string) => T, capacity: number): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const result = work(text);
    if (text.length > MAX_KEY_TEXT) return result;
    if (known.size >= capacity) known.clear();
    known.set(text, result);
    return result;
  };
}

export interface BytesMemoOptions {
  readonly capacity: number;
  /** Longer ones are not remembered. */
  readonly maxBytes: number;
}

/**
 * The same for a function of bytes, found by their length and end: right for what ends in a signature, and never wrong,
 * because all bytes are compared. What the function gives must not be changed.
 */
export function rememberingBytes<T>(
  work: (bytes: Uint8Array) => T,
  options: BytesMemoOptions,
): (bytes: Uint8Array) => T {
  const known = new Map<number, { readonly bytes: Buffer; readonly result: T }>();
  return (bytes) => {
    if (bytes.length > options.maxBytes) return work(bytes);
    const key = endHash(bytes);
    const before = known.get(key);
    if (before?.bytes.equals(bytes)) return before.result;
    const result = work(bytes);
    if (known.size >= options.capacity) known.clear();
    // A slice of its own: one of Node's pool would keep all of it alive.
    known.set(key, { bytes: Buffer.from(bytes.slice().buffer), result });
    return result;
  };
}

const HASHED_END_BYTES = 16;

/** FNV-1a. */
function endHash(bytes: Uint8Array): number {
  let hash = bytes.length ^ 0x811c9dc5;
  for (let i = Math.max(0, bytes.length - HASHED_END_BYTES); i < bytes.length; i++) {
    hash = Math.imul(hash ^ bytes[i], 0x01000193);
  }
  return hash;
}
