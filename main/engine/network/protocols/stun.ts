import { PROTOCOL } from '../../../../contract/traffic.ts';
import { formatAddress } from '../../runtime/address.ts';
import { ByteReader, u16At, u32At } from './bytes.ts';
import { type Opening, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';

/** RFC 8489 5. */
const MAGIC_COOKIE = 0x2112a442;
const HEADER_BYTES = 20;
const LENGTH_BYTES = [0, 2, 4];
/** Bytes of a stream that tell whether it begins with a message. */
const STREAM_START_BYTES = 4 + HEADER_BYTES;
const MAX_ATTRIBUTES = 32;
/** Keep-alives go on for hours, and what was to be learnt is in the first messages. */
const MAX_MESSAGES = 32;

/** RFC 8489 18.3, RFC 8656 18. */
const ATTRIBUTE = { username: 0x0006, realm: 0x0014, peer: 0x0012, mapped: 0x0020, software: 0x8022 } as const;

/** Names of the methods (RFC 8489 18.2, RFC 8656 17). */
const METHODS: Readonly<Record<number, string>> = {
  1: 'binding',
  3: 'allocate',
  4: 'refresh',
  6: 'send',
  7: 'data',
  8: 'create-permission',
  9: 'channel-bind',
};

/**
 * Where a message begins in a piece of a stream: at once, or behind its length of two bytes (RFC 4571) or four (Teams);
 * -1 without one.
 */
function messageAt(bytes: Uint8Array): number {
  if (bytes.length < HEADER_BYTES || bytes[0] & 0xc0) return -1;
  for (const lengthBytes of LENGTH_BYTES) {
    if (u32At(bytes, lengthBytes + 4) !== MAGIC_COOKIE || !isMessage(bytes.subarray(lengthBytes), true)) continue;
    const length = HEADER_BYTES + u16At(bytes, lengthBytes + 2);
    if (lengthBytes === 0 || u16At(bytes, lengthBytes - 2) === length) return lengthBytes;
  }
  return -1;
}

function isMessage(bytes: Uint8Array, isStream: boolean): boolean {
  if (bytes.length < HEADER_BYTES || bytes[0] & 0xc0 || u32At(bytes, 4) !== MAGIC_COOKIE) return false;
  const length = u16At(bytes, 2);
  // Some (Teams, WhatsApp) leave out the padding of their last attribute.
  if (length % 4 !== 0) return HEADER_BYTES + length === bytes.length;
  return isStream || HEADER_BYTES + length <= bytes.length;
}

/** Before there was a cookie (RFC 3489 11.1): a message of known type whose attributes end where it does. */
function isClassicMessage(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES || HEADER_BYTES + u16At(bytes, 2) !== bytes.length) return false;
  if (!CLASSIC_TYPES.has(u16At(bytes, 0))) return false;
  let at = HEADER_BYTES;
  while (at + 4 <= bytes.length) at += 4 + u16At(bytes, at + 2);
  return at === bytes.length;
}

/** Requests, responses and errors for binding and shared secret. */
const CLASSIC_TYPES = new Set([0x0001, 0x0101, 0x0111, 0x0002, 0x0102, 0x0112]);

function hasSameTransaction(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 4; i < HEADER_BYTES; i++) if (a[i] !== b[i]) return false;
  return true;
}

function identify({ transport, initiatorPort, responderPort, initiator, responder }: Opening): Verdict {
  if (transport === PROTOCOL.tcp) {
    if (messageAt(initiator) >= 0 || messageAt(responder) >= 0) return VERDICT.yes;
    const isPartial = initiator.length < STREAM_START_BYTES && (initiator.length === 0 || !(initiator[0] & 0xc0));
    return isPartial ? VERDICT.maybe : VERDICT.no;
  }
  if (isMessage(initiator, false) || isMessage(responder, false)) return VERDICT.yes;
  if (!isClassicMessage(initiator) && !isClassicMessage(responder)) return VERDICT.no;
  if (PORTS.includes(initiatorPort) || PORTS.includes(responderPort)) return VERDICT.yes;
  // On another port only an answer with the number of the question proves it.
  if (initiator.length === 0 || responder.length === 0) return VERDICT.maybe;
  return hasSameTransaction(initiator, responder) ? VERDICT.yes : VERDICT.no;
}

const PORTS: readonly number[] = [3478, 5349, 19302];

/** DTLS on the same ports begins with these (RFC 7983 7): its handshake, and its version. */
function isDtlsHandshake(bytes: Uint8Array): boolean {
  return bytes.length > 13 && bytes[0] === 22 && bytes[1] === 0xfe;
}

/** STUN and TURN (RFC 8489, 8656): who looks for a way out through address translation. */
export const stun: ProtocolDefinition = {
  id: 'stun',
  transports: [PROTOCOL.udp, PROTOCOL.tcp],
  ports: PORTS,
  identify,
  parser: (context) => {
    const teller = new Teller(context, 'stun');
    const isHeard = PROPERTIES.some((name) => teller.wantsProperty(name));
    let messages = 0;
    return {
      read: (bytes) => {
        if (context.transport === PROTOCOL.udp && isDtlsHandshake(bytes)) {
          context.become('dtls');
          return 0;
        }
        // Over TCP the first message of each piece is enough: channel data has no mark of its own.
        const at = context.transport === PROTOCOL.tcp ? Math.max(0, messageAt(bytes)) : 0;
        const message = bytes.subarray(at);
        if (isHeard && (isMessage(message, false) || isClassicMessage(message))) readMessage(message, teller);
        if (++messages >= MAX_MESSAGES) context.finish();
        return bytes.length;
      },
      gap: () => {},
    };
  },
};

/** The names that `readMessage` gives. */
const PROPERTIES = ['method', 'software', 'username', 'realm', 'mapped-address', 'peer-address'] as const;

function readMessage(bytes: Uint8Array, teller: Teller): void {
  const type = u16At(bytes, 0);
  // The two bits of the class stand between those of the method (RFC 8489 5).
  const method = (type & 0x000f) | ((type & 0x00e0) >> 1) | ((type & 0x3e00) >> 2);
  teller.property('method', METHODS[method] ?? String(method));
  const reader = new ByteReader(bytes, HEADER_BYTES, HEADER_BYTES + u16At(bytes, 2));
  for (let i = 0; i < MAX_ATTRIBUTES && reader.left >= 4; i++) {
    const attribute = reader.u16();
    const length = reader.u16();
    const value = reader.part(length);
    reader.skip(Math.min((4 - (length % 4)) % 4, reader.left));
    if (value.overrun) return;
    if (attribute === ATTRIBUTE.software) teller.property('software', value.utf8(value.left));
    else if (attribute === ATTRIBUTE.username) teller.property('username', value.utf8(value.left));
    else if (attribute === ATTRIBUTE.realm) teller.property('realm', value.utf8(value.left));
    else if (attribute === ATTRIBUTE.mapped) teller.property('mapped-address', maskedAddress(value, bytes));
    else if (attribute === ATTRIBUTE.peer) teller.property('peer-address', maskedAddress(value, bytes));
  }
}

/** An address mixed with the header, so that no translator changes it (RFC 8489 14.2): "192.0.2.1 32853". */
function maskedAddress(value: ByteReader, message: Uint8Array): string {
  value.skip(1);
  const family = value.u8();
  const port = value.u16() ^ (MAGIC_COOKIE >>> 16);
  const words = [0, 1, 2, 3].map((i) => (family === 2 || i === 0 ? value.u32() ^ u32At(message, 4 + 4 * i) : 0));
  if (value.overrun || (family !== 1 && family !== 2)) return '';
  const address =
    family === 1 ? formatAddress(0, 0, 0xffff, words[0]) : formatAddress(words[0], words[1], words[2], words[3]);
  return `${address} ${port}`;
}
