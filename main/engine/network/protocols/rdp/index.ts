import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { ByteReader, latin1, lineEnd, u16At, u32leAt, viewOf } from '../bytes.ts';
import { certificateFact } from '../certificate/certificate.ts';
import { FRAME_BROKEN, FRAME_INCOMPLETE, type Framing, framedParser, type MessageReader } from '../message-frames.ts';
import { type Opening, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from '../protocol.ts';
import { Teller } from '../teller.ts';
import { readClientSettings } from './client-settings.ts';
import { readServerSettings } from './server-settings.ts';

/** TPKT (RFC 1006 6): version, reserved, length of the whole. */
const TPKT_VERSION = 3;
const HEADER_BYTES = 4;
const READ_BYTES = 4_096;
/** X.224 (ISO 8073): length, then the kind of message. */
const X224 = { request: 0xe0, confirm: 0xd0, data: 0xf0 } as const;
const X224_FIXED_BYTES = 7;
/** Messages of the fast path, which have a shorter header (MS-RDPBCGR 2.2.8.1.2). */
const FAST_PATH_ACTION = 0x03;

const COOKIE = 'Cookie: mstshash=';
const TOKEN = 'Cookie: msts=';
const MAX_COOKIE_BYTES = 256;
/** Negotiation (MS-RDPBCGR 2.2.1.1.1): request, response, failure; eight bytes each. */
const NEGOTIATION = { request: 1, response: 2, failure: 3 } as const;
const NEGOTIATION_BYTES = 8;
/** Security protocols by their bit, the weakest first. */
const PROTOCOLS: readonly (readonly [bit: number, name: string])[] = [
  [0x01, 'tls'],
  [0x02, 'credssp'],
  [0x04, 'rdstls'],
  [0x08, 'credssp-early'],
  [0x10, 'entra'],
];
const STANDARD = 'standard';
const FAILURES: Readonly<Record<number, string>> = {
  1: 'tls-required',
  2: 'tls-not-allowed',
  3: 'no-certificate',
  4: 'inconsistent-flags',
  5: 'credssp-required',
  6: 'tls-with-certificate-required',
};

/** First datagram of RDP over UDP (MS-RDPEUDP 2.2.2.1): no number was received yet, the rest is zeros. */
const UDP_SYN = 0x0001;
const MIN_UDP_SYN_BYTES = 1_132;
const MAX_UDP_SYN_BYTES = 1_232;

const framing: Framing = {
  headerBytes: 2,
  readBytes: READ_BYTES,
  frameBytes(bytes, at) {
    if (bytes[at] === TPKT_VERSION) return bytes.length - at < HEADER_BYTES ? FRAME_INCOMPLETE : tpktBytes(bytes, at);
    if ((bytes[at] & FAST_PATH_ACTION) !== 0) return FRAME_BROKEN;
    if (bytes[at + 1] < 0x80) return bytes[at + 1];
    return bytes.length - at < 3 ? FRAME_INCOMPLETE : u16At(bytes, at + 1) & 0x7fff;
  },
};

function tpktBytes(bytes: Uint8Array, at: number): number {
  const length = u16At(bytes, at + 2);
  return length >= HEADER_BYTES + 2 ? length : FRAME_BROKEN;
}

/**
 * RDP (MS-RDPBCGR): the user that the client's cookie names, security that is asked for and chosen, and, where it is
 * not inside TLS, what the client says of itself, how the server encrypts, and its certificates. Logins are hidden by
 * TLS: only attempts are told.
 */
export const rdp: ProtocolDefinition = {
  id: 'rdp',
  transports: [PROTOCOL.tcp, PROTOCOL.udp],
  ports: [3389],
  identify({ transport, initiator }: Opening) {
    return transport === PROTOCOL.udp ? isUdpStart(initiator) : isConnectionRequest(initiator);
  },
  parser(context) {
    if (context.transport === PROTOCOL.udp) {
      context.finish();
      return { read: (bytes) => bytes.length };
    }
    return framedParser(context, 'rdp', framing, new Conversation(context));
  },
};

/** X.224 begins other protocols too (S7, H.323): a cookie or a negotiation is what only this one has. */
function isConnectionRequest(bytes: Uint8Array): Verdict {
  if (bytes.length > 0 && bytes[0] !== TPKT_VERSION) return VERDICT.no;
  if (bytes.length > 1 && bytes[1] !== 0) return VERDICT.no;
  if (bytes.length > 5 && bytes[5] !== X224.request) return VERDICT.no;
  if (bytes.length < HEADER_BYTES + X224_FIXED_BYTES) return VERDICT.maybe;
  const length = u16At(bytes, 2);
  if (bytes[4] !== length - HEADER_BYTES - 1 || length > 512) return VERDICT.no;
  if (bytes.length < length) return VERDICT.maybe;
  const data = bytes.subarray(HEADER_BYTES + X224_FIXED_BYTES, length);
  const isOwn = cookieIn(data, COOKIE) !== '' || cookieIn(data, TOKEN) !== '' || negotiationIn(data) !== undefined;
  return isOwn ? VERDICT.yes : VERDICT.no;
}

/** The first number is -1, so that a packet that answers nothing is told from others. */
function isUdpStart(bytes: Uint8Array): Verdict {
  if (bytes.length < MIN_UDP_SYN_BYTES || bytes.length > MAX_UDP_SYN_BYTES || u32leAt(bytes, 0) !== 0xffffffff)
    return VERDICT.no;
  if ((u16At(bytes, 6) & UDP_SYN) === 0) return VERDICT.no;
  for (let i = bytes.length - 512; i < bytes.length; i++) if (bytes[i] !== 0) return VERDICT.no;
  return VERDICT.yes;
}

function cookieIn(data: Uint8Array, start: string): string {
  const at = viewOf(data).indexOf(start, 0, 'latin1');
  if (at < 0) return '';
  const end = lineEnd(data, at, MAX_COOKIE_BYTES);
  return end < 0 ? '' : latin1(data, at + start.length, end);
}

interface Negotiation {
  readonly type: number;
  readonly value: number;
}

/** The last eight bytes, where they say that they are a negotiation. */
function negotiationIn(data: Uint8Array): Negotiation | undefined {
  for (const at of [data.length - NEGOTIATION_BYTES, 0]) {
    if (at < 0 || data.length < at + NEGOTIATION_BYTES) continue;
    const reader = new ByteReader(data, at);
    const type = reader.u8();
    reader.skip(1);
    const isOne = type >= NEGOTIATION.request && type <= NEGOTIATION.failure && reader.u16le() === NEGOTIATION_BYTES;
    if (isOne) return { type, value: reader.u32le() };
  }
  return undefined;
}

class Conversation implements MessageReader {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  #user: string | undefined;
  #security = STANDARD;
  #hasSettings = false;
  #hasServerSettings = false;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'rdp');
  }

  message(bytes: Uint8Array, fromInitiator: boolean): boolean | undefined {
    if (bytes[0] !== TPKT_VERSION) return undefined;
    const data = bytes.subarray(HEADER_BYTES + X224_FIXED_BYTES);
    switch (bytes[5]) {
      case X224.request:
        this.#request(data);
        return undefined;
      case X224.confirm:
        return this.#confirm(data);
      case X224.data:
        if (fromInitiator && !this.#hasSettings) this.#settings(bytes);
        if (!fromInitiator && !this.#hasServerSettings) this.#serverSettings(bytes);
        return undefined;
      default:
        return undefined;
    }
  }

  end(): void {
    this.#attempt();
  }

  #request(data: Uint8Array): void {
    this.#user = cookieIn(data, COOKIE);
    this.#tell.property('cookie', this.#user);
    this.#tell.property('routing-token', cookieIn(data, TOKEN));
    const negotiation = negotiationIn(data);
    const asked = negotiation?.type === NEGOTIATION.request ? negotiation.value : 0;
    const names = PROTOCOLS.filter(([bit]) => (asked & bit) !== 0).map(([, name]) => name);
    this.#tell.property('security-requested', names.join(' ') || STANDARD);
  }

  #confirm(data: Uint8Array): boolean | undefined {
    const negotiation = negotiationIn(data);
    if (negotiation?.type === NEGOTIATION.failure) {
      this.#tell.property('refused', FAILURES[negotiation.value] ?? String(negotiation.value));
      this.#context.finish();
      return undefined;
    }
    const chosen = negotiation?.type === NEGOTIATION.response ? negotiation.value : 0;
    this.#security = PROTOCOLS.find(([bit]) => chosen === bit)?.[1] ?? STANDARD;
    this.#tell.property('security', this.#security);
    this.#attempt();
    if (this.#security === STANDARD) return undefined;
    this.#context.become('tls');
    return false;
  }

  #settings(bytes: Uint8Array): void {
    const settings = readClientSettings(bytes);
    if (settings === undefined) return;
    this.#hasSettings = true;
    this.#tell.property('client-host', settings.name);
    this.#tell.property('client-build', String(settings.build));
    this.#tell.property('keyboard', `0x${settings.keyboard.toString(16).padStart(8, '0')}`);
    this.#tell.property('screen', settings.screen);
    this.#tell.property('product-id', settings.productId);
    for (const channel of settings.channels) this.#tell.property('channel', channel);
  }

  /** They stand in the first data that a server sends. */
  #serverSettings(bytes: Uint8Array): void {
    this.#hasServerSettings = true;
    const settings = readServerSettings(bytes);
    if (settings === undefined) return;
    this.#tell.property('encryption', settings.encryption);
    for (const [position, certificate] of settings.certificates.entries()) {
      const fact = certificateFact(certificate, position);
      if (fact !== undefined) this.#context.tell(fact);
    }
  }

  /** A cookie names who wants to log in; whether he may is said inside TLS. */
  #attempt(): void {
    const user = this.#user;
    this.#user = undefined;
    if (user === undefined || user === '') return;
    this.#tell.login({ user: user.trim(), outcome: 'attempt', method: this.#security });
  }
}
