/** Domain names as they stand in messages, compressed or not (RFC 1035 3.1, 4.1.4). */

/** Longest name on the wire, with the length bytes of its labels (RFC 1035 2.3.4). */
const MAX_NAME_BYTES = 255;
const POINTER = 0xc0;
/** Each byte of a name is one character, or two where it is escaped. */
const scratch = Buffer.alloc(2 * MAX_NAME_BYTES + 2);
const DOT = 0x2e;
const BACKSLASH = 0x5c;

/** What the bytes of a name that are beyond ASCII stand for: RFC 6762 16 has UTF-8, others have no rule. */
export type NameCharset = 'latin1' | 'utf8';

/** Where what follows the name begins, or −1 where no name ends before the message does. */
export function skipName(message: Uint8Array, start: number): number {
  let at = start;
  for (;;) {
    if (at >= message.length) return -1;
    const length = message[at];
    if (length === 0) return at + 1;
    if (length >= POINTER) return at + 2 <= message.length ? at + 2 : -1;
    // 01 and 10 are reserved.
    if (length > 63) return -1;
    at += 1 + length;
    if (at - start > MAX_NAME_BYTES) return -1;
  }
}

/**
 * The name at `start` in lower case (names differ in no case, RFC 4343), without the dot at its end; "." for the root.
 * Dots and backslashes inside a label are escaped (RFC 1035 5.1). Undefined where it is none: a pointer must lead
 * backwards, as compression does, which also ends every chain of them.
 */
export function nameAt(message: Uint8Array, start: number, charset: NameCharset = 'latin1'): string | undefined {
  let at = start;
  // A pointer leads before the part of the name that it ends.
  let before = start;
  let nameBytes = 1;
  let written = 0;
  let isAscii = true;
  for (;;) {
    if (at >= message.length) return undefined;
    const length = message[at];
    if (length === 0) break;
    if (length >= POINTER) {
      if (at + 1 >= message.length) return undefined;
      at = ((length & 0x3f) << 8) | message[at + 1];
      if (at >= before) return undefined;
      before = at;
      continue;
    }
    nameBytes += 1 + length;
    if (length > 63 || nameBytes > MAX_NAME_BYTES || at + 1 + length > message.length) return undefined;
    if (written > 0) scratch[written++] = DOT;
    for (let i = at + 1; i <= at + length; i++) {
      const byte = message[i];
      if (byte >= 0x80) isAscii = false;
      if (byte === DOT || byte === BACKSLASH) scratch[written++] = BACKSLASH;
      scratch[written++] = byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
    }
    at += 1 + length;
  }
  if (written === 0) return '.';
  return scratch.toString(isAscii ? 'latin1' : charset, 0, written);
}

/** Whether all labels are of letters, digits, hyphens and underscores: what a host or service has, and noise has not. */
export function hasPlainLabels(message: Uint8Array, start: number): boolean {
  let at = start;
  while (at < message.length && message[at] !== 0 && message[at] < POINTER) {
    const end = Math.min(message.length, at + 1 + message[at]);
    for (let i = at + 1; i < end; i++) {
      const byte = message[i];
      const lower = byte | 0x20;
      const isLetter = lower >= 0x61 && lower <= 0x7a;
      if (!isLetter && !(byte >= 0x30 && byte <= 0x39) && byte !== 0x2d && byte !== 0x5f) return false;
    }
    at = end;
  }
  return true;
}
