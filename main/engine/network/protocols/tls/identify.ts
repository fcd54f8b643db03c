/** Whether bytes are the beginning of TLS over a stream (RFC 8446 5.1, RFC 5246 6.2, and SSL 2.0). */
import { u16At, u32At } from '../bytes.ts';
import { type Opening, VERDICT, type Verdict } from '../protocol.ts';
import { HANDSHAKE, HANDSHAKE_HEADER_BYTES, MAX_RECORD_BYTES, RECORD } from './numbers.ts';
import { isSsl2ClientHello } from './ssl2.ts';

export const RECORD_HEADER_BYTES = 5;
/** Handshake header and version, which all hellos begin with. */
export const HELLO_START_BYTES = HANDSHAKE_HEADER_BYTES + 2;
/** Handshake messages of TLS up to 1.2 that may stand at the beginning of what was captured of a conversation. */
const MESSAGE_TYPES: ReadonlySet<number> = new Set([0, 1, 2, 4, 11, 12, 13, 14, 15, 16, 20, 22]);
/** Minor versions: SSL 3.0 to TLS 1.3, which no record header says but some do. */
const MAX_MINOR_VERSION = 4;

/** Whether a record header stands at `at`; the caller knows that five bytes are there. */
export function isRecordHeader(bytes: Uint8Array, at: number): boolean {
  const type = bytes[at];
  const length = u16At(bytes, at + 3);
  return (
    type >= RECORD.changeCipherSpec &&
    type <= RECORD.heartbeat &&
    bytes[at + 1] === 3 &&
    bytes[at + 2] <= MAX_MINOR_VERSION &&
    length <= MAX_RECORD_BYTES
  );
}

/**
 * Whether a record's content, `length` bytes from `start` on, is one hello and nothing else. Clients of TLS 1.3 send
 * one behind a ChangeCipherSpec when they are asked for another (RFC 8446 D.4); what is encrypted does not look so.
 */
export function isWholeHello(bytes: Uint8Array, start: number, length: number): boolean {
  if (bytes.length - start < HELLO_START_BYTES) return false;
  const isHello = bytes[start] === HANDSHAKE.clientHello || bytes[start] === HANDSHAKE.serverHello;
  const messageBytes = u32At(bytes, start) & 0xffffff;
  return isHello && messageBytes === length - HANDSHAKE_HEADER_BYTES && bytes[start + HANDSHAKE_HEADER_BYTES] === 3;
}

/** A client that speaks something else does not speak TLS; a server that does may have been met by something else. */
export function identifyTls({ initiator, responder, hasBeginning }: Opening): Verdict {
  const first = identifySide(initiator, hasBeginning);
  if (first !== VERDICT.maybe) return first;
  return identifySide(responder, hasBeginning);
}

function identifySide(bytes: Uint8Array, hasBeginning: boolean): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  const type = bytes[0];
  if (type < RECORD.changeCipherSpec || type > RECORD.heartbeat) return isSsl2ClientHello(bytes);
  if (bytes.length < RECORD_HEADER_BYTES) return bytes.length === 1 || bytes[1] === 3 ? VERDICT.maybe : VERDICT.no;
  const length = u16At(bytes, 3);
  if (!isRecordHeader(bytes, 0) || length === 0) return VERDICT.no;
  if (type === RECORD.handshake) return identifyHandshake(bytes, length, hasBeginning);
  if (type === RECORD.alert && length === 2) return identifyAlert(bytes);
  // Nobody begins with encrypted records; in the middle their lengths must fit what follows.
  return hasBeginning ? VERDICT.no : identifyTiles(bytes);
}

function identifyHandshake(bytes: Uint8Array, length: number, hasBeginning: boolean): Verdict {
  const at = RECORD_HEADER_BYTES;
  const type = bytes[at];
  // A record that is shorter than the header of its message: nobody but those who try onlookers.
  if (length < HANDSHAKE_HEADER_BYTES) return identifyTiles(bytes);
  if (bytes.length < at + HELLO_START_BYTES) return VERDICT.maybe;
  const isHello = type === HANDSHAKE.clientHello || type === HANDSHAKE.serverHello;
  const isPlausible = bytes[at + 1] === 0 && (length < HELLO_START_BYTES || bytes[at + HANDSHAKE_HEADER_BYTES] === 3);
  if (isHello) return isPlausible || bytes[at + HANDSHAKE_HEADER_BYTES] === 0x7f ? VERDICT.yes : VERDICT.no;
  if (MESSAGE_TYPES.has(type) && bytes[at + 1] <= 1) return VERDICT.yes;
  return hasBeginning ? VERDICT.no : identifyTiles(bytes);
}

function identifyAlert(bytes: Uint8Array): Verdict {
  const at = RECORD_HEADER_BYTES;
  if (bytes.length < at + 2) return VERDICT.maybe;
  return bytes[at] === 1 || bytes[at] === 2 ? VERDICT.yes : VERDICT.no;
}

/** Whether records follow each other exactly: yes with a second one, or where the first fills what there is. */
function identifyTiles(bytes: Uint8Array): Verdict {
  const end = RECORD_HEADER_BYTES + u16At(bytes, 3);
  if (bytes.length === end) return VERDICT.yes;
  if (bytes.length < end + RECORD_HEADER_BYTES) return VERDICT.maybe;
  return isRecordHeader(bytes, end) ? VERDICT.yes : VERDICT.no;
}
