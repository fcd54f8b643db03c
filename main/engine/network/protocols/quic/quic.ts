/**
 * QUIC (RFC 9000, 9001, 9369, the IETF's drafts, Facebook's and Google's): what its first packets say. Over TCP there is
 * Facebook's Zero protocol, which has the hello of Google's.
 */
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { u32At, viewOf } from '../bytes.ts';
import {
  type HoldMemory,
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from '../protocol.ts';
import { Handshake } from '../tls/handshake.ts';
import type { ClientHello } from '../tls/hello.ts';
import { HANDSHAKE_HEADER_BYTES } from '../tls/numbers.ts';
import { Pieces } from '../tls/pieces.ts';
import { cryptoFrames } from './frames.ts';
import { type GoogleHello, googleVersion, readGoogleHello } from './google.ts';
import { isLongHeader, type LongPacket, readLongPacket } from './packet.ts';
import { userAgentOf } from './parameters.ts';
import { type InitialKeys, initialKeys, openPacket } from './protection.ts';
import { isGoogleVersion, isKnownVersion, isReservedVersion } from './versions.ts';
import { identifyZero, zeroParser } from './zero.ts';

/** Packets of one datagram that are looked at: a client or server sends one of each kind. */
const MAX_PACKETS = 6;
/** Times that keys are tried, which is what costs: a hello takes two or three packets, sent again now and then. */
const MAX_ATTEMPTS = 12;
/** Datagrams after which nothing more is expected. */
const MAX_DATAGRAMS = 64;
/** Longest hello that is put together. */
const MAX_CRYPTO_BYTES = 32 * 1024;
/** A client's first datagram has as many, so that nobody can be flooded with answers (RFC 9000 14.1). */
const MIN_FIRST_BYTES = 1_200;

export const quic: ProtocolDefinition = {
  id: 'quic',
  transports: [PROTOCOL.udp, PROTOCOL.tcp],
  // HTTP/3, DNS over QUIC, SMB over QUIC, and the usual second one.
  ports: [80, 443, 853, 4433, 8443],
  identify: ({ transport, initiator, responder }: Opening) => {
    if (transport === PROTOCOL.tcp) return identifyZero(initiator);
    const first = identifyDatagram(initiator);
    return first === VERDICT.maybe ? identifyDatagram(responder) : first;
  },
  parser: (context) => (context.transport === PROTOCOL.tcp ? zeroParser(context) : new QuicParser(context)),
};

/** A known version in a header whose lengths fit is more than 32 bits that nothing else has. */
function identifyDatagram(datagram: Uint8Array): Verdict {
  if (datagram.length === 0) return VERDICT.maybe;
  if (googleVersion(datagram) !== 0) return VERDICT.yes;
  if (datagram.length < 7 || !isLongHeader(datagram[0])) return VERDICT.no;
  const packet = readLongPacket(datagram, 0);
  if (packet === undefined) return VERDICT.no;
  if (packet.kind === 'version-negotiation') return offersKnownVersion(packet) ? VERDICT.yes : VERDICT.no;
  const isReserved = isReservedVersion(packet.version) && datagram.length >= MIN_FIRST_BYTES;
  return isReserved || isKnownVersion(packet.version) ? VERDICT.yes : VERDICT.no;
}

/** RFC 9000 17.2.1: the list of versions fills the packet. */
function offersKnownVersion({ bytes, destinationId, sourceId }: LongPacket): boolean {
  const start = 7 + destinationId.length + sourceId.length;
  const count = (bytes.length - start) / 4;
  if (count < 1 || !Number.isInteger(count)) return false;
  for (let i = 0; i < Math.min(count, 64); i++) if (isKnownVersion(u32At(bytes, start + 4 * i))) return true;
  return false;
}

/** The handshake of one side, as far as it is in Initial packets. */
class CryptoStream {
  readonly #pieces: Pieces;
  #taken = 0;

  constructor(hold: HoldMemory) {
    this.#pieces = new Pieces(MAX_CRYPTO_BYTES, hold);
  }

  release(): void {
    this.#pieces.release();
  }

  put(offset: number, content: Uint8Array): void {
    this.#pieces.put(offset, content);
  }

  /** All from the beginning, for hellos that are none of TLS. */
  get beginning(): Uint8Array {
    return this.#pieces.beginning;
  }

  /** The next message that is whole. A view. */
  next(): { readonly type: number; readonly body: Uint8Array } | undefined {
    const bytes = this.#pieces.beginning.subarray(this.#taken);
    if (bytes.length < HANDSHAKE_HEADER_BYTES) return undefined;
    const end = HANDSHAKE_HEADER_BYTES + (u32At(bytes, 0) & 0xffffff);
    if (end > bytes.length) return undefined;
    this.#taken += end;
    return { type: bytes[0], body: bytes.subarray(HANDSHAKE_HEADER_BYTES, end) };
  }
}

/** Keys depend on the version, on the first destination of the client, and on who sends. */
interface Keys {
  readonly version: number;
  readonly client: InitialKeys;
  server: InitialKeys | undefined;
}

class QuicParser implements Parser {
  readonly #context: ParserContext;
  readonly #handshake: Handshake;
  /** That of the client's first packet. */
  #destinationId: Buffer | undefined;
  #keys: Keys | undefined;
  #clientIsInitiator = true;
  readonly #hold: HoldMemory;
  #clientStream: CryptoStream;
  #serverStream: CryptoStream;
  #version = 0;
  #attempts = 0;
  #datagrams = 0;
  #hasTold = false;
  /** Of Google's versions: a hello whose rest has not come. */
  #cutHello: GoogleHello | undefined;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#handshake = new Handshake(context, 'quic');
    this.#hold = (bytes) => context.hold?.(bytes);
    this.#clientStream = new CryptoStream(this.#hold);
    this.#serverStream = new CryptoStream(this.#hold);
  }

  read(datagram: Uint8Array, fromInitiator: boolean): number {
    this.#datagrams++;
    if (googleVersion(datagram) !== 0 && this.#google(datagram)) return datagram.length;
    let at = 0;
    for (let i = 0; i < MAX_PACKETS && at < datagram.length && isLongHeader(datagram[at]); i++) {
      const packet = readLongPacket(datagram, at);
      if (packet === undefined) break;
      this.#packet(packet, fromInitiator);
      at += packet.bytes.length;
    }
    const isDone = this.#handshake.hasClientHello && this.#handshake.hasServerHello;
    if (isDone || this.#attempts >= MAX_ATTEMPTS || this.#datagrams >= MAX_DATAGRAMS) this.#finish();
    return datagram.length;
  }

  end(): void {
    this.#tell(this.#cutHello?.userAgent ?? '', this.#cutHello?.serverName);
  }

  #packet(packet: LongPacket, fromInitiator: boolean): void {
    if (packet.kind === 'version-negotiation') return;
    this.#version = packet.version;
    if (packet.kind === 'retry') this.#startAgain();
    if (packet.kind === 'initial') this.#initial(packet, fromInitiator);
    const isUnknown = packet.rules === undefined && !isReservedVersion(packet.version);
    // Nothing of it can be read, now or later.
    if (isUnknown && !isGoogleVersion(packet.version)) this.#finish();
  }

  /** The client begins again, with keys from the connection id that the server gave it (RFC 9001 5.2). */
  #startAgain(): void {
    this.#keys = undefined;
    this.#destinationId = undefined;
    this.#clientStream.release();
    this.#serverStream.release();
    this.#clientStream = new CryptoStream(this.#hold);
    this.#serverStream = new CryptoStream(this.#hold);
  }

  #initial(packet: LongPacket, fromInitiator: boolean): void {
    const isClient = this.#destinationId === undefined || fromInitiator === this.#clientIsInitiator;
    const payload = isClient ? this.#openClient(packet, fromInitiator) : this.#openServer(packet);
    if (payload === undefined) return;
    const stream = isClient ? this.#clientStream : this.#serverStream;
    for (const [offset, content] of cryptoFrames(payload)) stream.put(offset, content);
    if (isGoogleVersion(packet.version)) {
      const hello = readGoogleHello(stream.beginning);
      if (hello?.isWhole === false) this.#cutHello = hello;
      else this.#googleHello(hello);
      return;
    }
    for (let message = stream.next(); message !== undefined; message = stream.next()) {
      const hello = this.#handshake.message(message.type, message.body, fromInitiator);
      if (hello !== undefined) this.#tell(userAgentFrom(hello));
    }
  }

  /** With the keys that are known, and where these are not the ones, with those of this packet's own destination. */
  #openClient(packet: LongPacket, fromInitiator: boolean): Uint8Array | undefined {
    if (this.#destinationId !== undefined) {
      const payload = this.#open(packet, this.#keysFor(packet)?.client);
      if (payload !== undefined || this.#destinationId.equals(packet.destinationId)) return payload;
    }
    const keys = clientKeys(packet, packet.destinationId);
    const payload = this.#open(packet, keys?.client);
    if (payload === undefined) return undefined;
    if (this.#handshake.hasClientHello) this.#startAgain();
    this.#keys = keys;
    this.#destinationId = Buffer.from(viewOf(packet.destinationId));
    this.#clientIsInitiator = fromInitiator;
    return payload;
  }

  #openServer(packet: LongPacket): Uint8Array | undefined {
    const keys = this.#keysFor(packet);
    if (keys === undefined || this.#destinationId === undefined || packet.rules === undefined) return undefined;
    keys.server ??= initialKeys(packet.rules, this.#destinationId, false);
    return this.#open(packet, keys.server);
  }

  /** The server may go on in another version, with keys from the same connection id (RFC 9369 4.1). */
  #keysFor(packet: LongPacket): Keys | undefined {
    if (this.#keys?.version !== packet.version && this.#destinationId !== undefined) {
      this.#keys = clientKeys(packet, this.#destinationId);
    }
    return this.#keys;
  }

  #open(packet: LongPacket, keys: InitialKeys | undefined): Uint8Array | undefined {
    if (keys === undefined || this.#attempts >= MAX_ATTEMPTS) return undefined;
    this.#attempts++;
    return openPacket(packet.bytes, packet.numberAt, keys);
  }

  /** False: it is a version whose first packets are protected. */
  #google(datagram: Uint8Array): boolean {
    const version = googleVersion(datagram);
    const packet = isLongHeader(datagram[0]) ? readLongPacket(datagram, 0) : undefined;
    if (packet?.rules !== undefined) return false;
    this.#version = version;
    this.#googleHello(readGoogleHello(datagram));
    return true;
  }

  #googleHello(hello: GoogleHello | undefined): void {
    if (hello === undefined) return;
    this.#tell(hello.userAgent, hello.serverName);
    this.#finish();
  }

  #tell(userAgent: string, serverName = ''): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    this.#context.tell({ type: 'quic', version: this.#version, userAgent, serverName });
  }

  #finish(): void {
    this.#context.finish();
  }
}

function clientKeys({ version, rules }: LongPacket, connectionId: Uint8Array): Keys | undefined {
  return rules && { version, client: initialKeys(rules, connectionId, true), server: undefined };
}

function userAgentFrom({ transportParameters }: ClientHello): string {
  return transportParameters === undefined ? '' : userAgentOf(transportParameters);
}
