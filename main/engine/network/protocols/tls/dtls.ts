/** DTLS over UDP (RFC 9147, RFC 6347, RFC 4347), up to where everything is encrypted. */
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { ByteReader, u16At, u32At } from '../bytes.ts';
import {
  type HoldMemory,
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from '../protocol.ts';
import { Handshake } from './handshake.ts';
import { MAX_RECORD_BYTES, RECORD } from './numbers.ts';
import { Pieces } from './pieces.ts';

/** Type, version, epoch, sequence number, length (RFC 6347 4.1). */
const RECORD_HEADER_BYTES = 13;
const LENGTH_AT = 11;
/** Type, length, message sequence, fragment offset, fragment length (RFC 6347 4.2.2). */
const FRAGMENT_HEADER_BYTES = 12;
/** DTLS 1.0, 1.2, and what OpenSSL called DTLS before it was one. */
const VERSIONS: ReadonlySet<number> = new Set([0xfeff, 0xfefd, 0x0100]);
/** RFC 9147 4: an encrypted record of DTLS 1.3 begins with the bits 001. */
const UNIFIED_MASK = 0xe0;
const UNIFIED_BITS = 0x20;
/** Largest message type in use (RFC 8446 B.3); 254 is a placeholder that is never sent. */
const MAX_MESSAGE_TYPE = 26;
/** Before DTLS in CAPWAP, which has ports of its own (RFC 5415 4.2): version 0, DTLS follows, three bytes of zero. */
const CAPWAP_PREAMBLE = 0x01000000;
const CAPWAP_PREAMBLE_BYTES = 4;
const CAPWAP_PORTS = [5246, 5247];
/** Longest message that is put together. */
const MAX_MESSAGE_BYTES = 32 * 1024;
/** Messages of one side that are put together at once: those of a flight. */
const MAX_MESSAGES = 6;
const MAX_ALERTS = 8;

export const dtls: ProtocolDefinition = {
  id: 'dtls',
  transports: [PROTOCOL.udp],
  // Most of it is between browsers, on any port; CAPWAP, OpenVPN-like tunnels, CoAP, DNS and SIP have their own.
  ports: [443, 853, 4433, 5061, ...CAPWAP_PORTS, 5684],
  identify: ({ initiator, responder, initiatorPort, responderPort }: Opening) => {
    const isCapwap = CAPWAP_PORTS.includes(responderPort) || CAPWAP_PORTS.includes(initiatorPort);
    const first = identifyDatagram(isCapwap ? behindPreamble(initiator) : initiator);
    return first === VERDICT.maybe ? identifyDatagram(isCapwap ? behindPreamble(responder) : responder) : first;
  },
  parser: (context) => new DtlsParser(context),
};

function behindPreamble(datagram: Uint8Array): Uint8Array {
  const isPreamble = datagram.length > CAPWAP_PREAMBLE_BYTES && u32At(datagram, 0) === CAPWAP_PREAMBLE;
  return isPreamble ? datagram.subarray(CAPWAP_PREAMBLE_BYTES) : datagram;
}

/** Whether a datagram is made of records of DTLS to its end; `maybe` for an empty one. */
export function identifyDatagram(datagram: Uint8Array): Verdict {
  if (datagram.length === 0) return VERDICT.maybe;
  let at = 0;
  while (at < datagram.length) {
    const length = recordBytes(datagram, at);
    if (length < 0) return at > 0 && isUnified(datagram[at]) ? VERDICT.yes : VERDICT.no;
    if (at === 0 && !isPlausible(datagram, length)) return VERDICT.no;
    at += RECORD_HEADER_BYTES + length;
  }
  return VERDICT.yes;
}

function isUnified(first: number): boolean {
  return (first & UNIFIED_MASK) === UNIFIED_BITS;
}

/** Bytes of content of the record at `at`, or −1 where there is none, or not all of it. */
function recordBytes(datagram: Uint8Array, at: number): number {
  if (datagram.length - at < RECORD_HEADER_BYTES) return -1;
  const type = datagram[at];
  const isRecord =
    type >= RECORD.changeCipherSpec && type <= RECORD.heartbeat + 1 && VERSIONS.has(u16At(datagram, at + 1));
  const length = u16At(datagram, at + LENGTH_AT);
  return isRecord && length <= MAX_RECORD_BYTES && length <= datagram.length - at - RECORD_HEADER_BYTES ? length : -1;
}

/** A first record in clear text says more: a handshake's message must have a known type and lengths that fit. */
function isPlausible(datagram: Uint8Array, length: number): boolean {
  if (length === 0) return false;
  const epoch = u16At(datagram, 3);
  if (datagram[0] !== RECORD.handshake || epoch > 0) return true;
  const message = new ByteReader(datagram, RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + length);
  const type = message.u8();
  const messageBytes = message.u24();
  message.skip(2);
  const [offset, fragmentBytes] = [message.u24(), message.u24()];
  const isFitting = offset + fragmentBytes <= messageBytes && message.has(fragmentBytes);
  return !message.overrun && type <= MAX_MESSAGE_TYPE && isFitting;
}

interface Message {
  readonly type: number;
  readonly bytes: number;
  readonly pieces: Pieces;
}

class DtlsParser implements Parser {
  readonly #context: ParserContext;
  readonly #handshake: Handshake;
  readonly #hold: HoldMemory;
  /** By message sequence, of either side: messages of which fragments are missing. */
  readonly #messages: readonly [Map<number, Message>, Map<number, Message>] = [new Map(), new Map()];
  readonly #isEncrypted: [boolean, boolean] = [false, false];
  #alerts = 0;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#handshake = new Handshake(context, 'dtls');
    this.#hold = (bytes) => context.hold?.(bytes);
  }

  /** What is no record is passed over: STUN and RTP share the flow where browsers talk to each other (RFC 7983). */
  read(bytes: Uint8Array, fromInitiator: boolean): number {
    const datagram = behindPreamble(bytes);
    for (let at = 0; at < datagram.length; ) {
      const length = recordBytes(datagram, at);
      if (length < 0) {
        if (isUnified(datagram[at]) && this.#handshake.isTls13) this.#encrypted(fromInitiator);
        break;
      }
      const start = at + RECORD_HEADER_BYTES;
      if (u16At(datagram, at + 3) > 0 || datagram[at] === RECORD.applicationData) {
        this.#encrypted(fromInitiator);
      } else {
        this.#record(datagram[at], new ByteReader(datagram, start, start + length), fromInitiator);
      }
      at = start + length;
    }
    return bytes.length;
  }

  #encrypted(fromInitiator: boolean): void {
    this.#isEncrypted[fromInitiator ? 0 : 1] = true;
    if (this.#isEncrypted[0] && this.#isEncrypted[1]) this.#context.finish();
  }

  #record(type: number, content: ByteReader, fromInitiator: boolean): void {
    if (type === RECORD.alert && content.left === 2 && this.#alerts++ < MAX_ALERTS) {
      this.#context.tell({ type: 'tls-alert', level: content.u8(), description: content.u8() });
    }
    if (type === RECORD.handshake) {
      while (content.left >= FRAGMENT_HEADER_BYTES) this.#fragment(content, fromInitiator);
    }
  }

  #fragment(content: ByteReader, fromInitiator: boolean): void {
    const type = content.u8();
    const bytes = content.u24();
    const sequence = content.u16();
    const offset = content.u24();
    const fragment = content.take(content.u24());
    if (content.overrun || offset + fragment.length > bytes || bytes > MAX_MESSAGE_BYTES) return;
    if (fragment.length === bytes) {
      this.#handshake.message(type, fragment, fromInitiator);
      return;
    }
    const messages = this.#messages[fromInitiator ? 0 : 1];
    const message = messageOf(messages, sequence, type, bytes, this.#hold);
    message.pieces.put(offset, fragment);
    if (message.pieces.beginning.length < bytes) return;
    messages.delete(sequence);
    this.#handshake.message(type, message.pieces.beginning, fromInitiator);
    message.pieces.release();
  }
}

/** The message that a fragment belongs to; the oldest makes room for a new one. */
function messageOf(
  messages: Map<number, Message>,
  sequence: number,
  type: number,
  bytes: number,
  hold: HoldMemory,
): Message {
  const known = messages.get(sequence);
  if (known !== undefined && known.type === type && known.bytes === bytes) return known;
  const message = { type, bytes, pieces: new Pieces(bytes, hold) };
  forget(messages, sequence);
  const oldest = messages.keys().next();
  if (messages.size >= MAX_MESSAGES && !oldest.done) forget(messages, oldest.value);
  messages.set(sequence, message);
  return message;
}

function forget(messages: Map<number, Message>, sequence: number): void {
  messages.get(sequence)?.pieces.release();
  messages.delete(sequence);
}
