/** Tells what the handshake messages of TLS say, however they are carried: over TCP, in DTLS or in QUIC. */
import {
  MAX_FACT_LIST,
  MAX_URI_TEXT,
  type ProtocolFact,
  type TlsClientFact,
  type TlsServerFact,
} from '../../../../../contract/facts.ts';
import { ByteReader } from '../bytes.ts';
import { certificateFact } from '../certificate/certificate.ts';
import type { ParserContext, Unstamped } from '../protocol.ts';
import { applicationOfCertificate, applicationOfName } from './applications.ts';
import { ja3sText, ja3Text, ja4, md5Of, offeredVersion } from './fingerprint.ts';
import { type ClientHello, readClientHello, readServerHello, type ServerHello } from './hello.ts';
import { EXTENSION, HANDSHAKE, VERSION, withoutDraft } from './numbers.ts';

export type HandshakeProtocol = TlsClientFact['protocol'];

/** Certificates of a chain beyond these are not told: real chains have two to four. */
const MAX_CHAIN = 10;
/** Hellos of a side beyond these are not read: an honest one has two, and the first again where answers are lost. */
const MAX_HELLOS = 6;

/** What a ClientHello says of its sender. */
export function clientFact(hello: ClientHello, protocol: HandshakeProtocol): Unstamped<TlsClientFact> {
  const text = ja3Text(hello);
  return {
    type: 'tls-client',
    protocol,
    version: offeredVersion(hello),
    serverName: hello.serverName,
    alpn: hello.alpn.slice(0, MAX_FACT_LIST),
    ciphers: hello.ciphers.slice(0, MAX_FACT_LIST),
    extensions: hello.extensions.slice(0, MAX_FACT_LIST),
    ja3: md5Of(text),
    ja3Text: text.slice(0, MAX_URI_TEXT),
    ja4: ja4(hello, protocol),
    sessionId: hello.sessionId,
  };
}

function serverFact(hello: ServerHello, protocol: HandshakeProtocol): Unstamped<TlsServerFact> {
  return {
    type: 'tls-server',
    protocol,
    version: chosenVersion(hello),
    cipher: hello.cipher,
    alpn: hello.alpn,
    ja3s: md5Of(ja3sText(hello)),
    sessionId: hello.sessionId,
    isRetryRequest: hello.isRetryRequest,
  };
}

function chosenVersion({ selectedVersion, legacyVersion }: ServerHello): number {
  return withoutDraft(selectedVersion === 0 ? legacyVersion : selectedVersion);
}

/** Follows the handshake of one conversation. */
export class Handshake {
  readonly #context: ParserContext;
  readonly #protocol: HandshakeProtocol;
  #clientHellos = 0;
  #serverHellos = 0;
  /** Bit 0: the initiator's chain was told, bit 1: the responder's. */
  #chains = 0;
  #lastClient = '';
  #lastServer = '';
  #isBroken = false;
  #hasApplication = false;
  /** The answer to the latest ClientHello asks for another one. */
  isRetryRequested = false;
  /** Both sides speak TLS 1.3 from here on: everything that follows the hellos is encrypted. */
  isTls13 = false;
  /** The server agreed to heartbeats (RFC 6520 2). */
  hasHeartbeats = false;

  constructor(context: ParserContext, protocol: HandshakeProtocol) {
    this.#context = context;
    this.#protocol = protocol;
  }

  get hasClientHello(): boolean {
    return this.#clientHellos > 0;
  }

  /** A ServerHello that stands. */
  get hasServerHello(): boolean {
    return this.#serverHellos > 0 && !this.isRetryRequested;
  }

  /** Takes one whole message. Gives the hello where it is a client's. */
  message(type: number, body: Uint8Array, fromInitiator: boolean): ClientHello | undefined {
    if (type === HANDSHAKE.clientHello) return this.#clientHello(body);
    if (type === HANDSHAKE.serverHello) this.#serverHello(body);
    // In TLS 1.3 certificates are encrypted.
    if (type === HANDSHAKE.certificate && !this.isTls13) this.#certificates(body, fromInitiator);
    return undefined;
  }

  #clientHello(body: Uint8Array): ClientHello | undefined {
    if (this.#clientHellos >= MAX_HELLOS) return undefined;
    const hello = readClientHello(body, this.#protocol === 'dtls');
    if (hello === undefined) {
      this.#broken('bad-client-hello');
      return undefined;
    }
    this.#clientHellos++;
    this.isRetryRequested = false;
    const fact = clientFact(hello, this.#protocol);
    // DTLS sends it again with a cookie, QUIC where no answer came: that says nothing new.
    const key = `${fact.ja4} ${fact.ja3} ${fact.serverName}`;
    if (key !== this.#lastClient) {
      this.#lastClient = key;
      this.#context.tell(fact);
      if (fact.serverName !== '') this.#application(applicationOfName(fact.serverName, this.#context.responderPort));
    }
    return hello;
  }

  #serverHello(body: Uint8Array): void {
    if (this.#serverHellos >= MAX_HELLOS) return;
    const hello = readServerHello(body);
    if (hello === undefined) {
      this.#broken('bad-server-hello');
      return;
    }
    this.#serverHellos++;
    this.isRetryRequested = hello.isRetryRequest;
    const version = chosenVersion(hello);
    this.isTls13 = version === VERSION.tls13 || version === VERSION.dtls13;
    this.hasHeartbeats = hello.extensions.includes(EXTENSION.heartbeat);
    const fact = serverFact(hello, this.#protocol);
    const key = `${fact.ja3s} ${fact.sessionId} ${fact.isRetryRequest}`;
    if (key === this.#lastServer) return;
    this.#lastServer = key;
    this.#context.tell(fact);
  }

  #certificates(body: Uint8Array, fromInitiator: boolean): void {
    const side = fromInitiator ? 1 : 2;
    if (this.#chains & side) return;
    this.#chains |= side;
    const message = new ByteReader(body);
    const list = message.part(message.u24());
    for (let position = 0; position < MAX_CHAIN && list.left > 0; position++) {
      const certificate = list.take(list.u24());
      if (list.overrun) break;
      const fact = certificateFact(certificate, position);
      if (fact === undefined) {
        this.#broken('bad-certificate');
        continue;
      }
      this.#context.tell(fact);
      if (position === 0) this.#application(applicationOfCertificate(fact, this.#context.responderPort));
    }
    if (list.overrun) this.#broken('bad-certificates');
  }

  /** Told once, whatever it is known by. */
  #application(fact: Unstamped<ProtocolFact> | undefined): void {
    if (fact === undefined || this.#hasApplication) return;
    this.#hasApplication = true;
    this.#context.tell(fact);
  }

  /** Told once: a peer that sends damaged messages may send many. */
  #broken(reason: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#context.tell({ type: 'broken', protocol: this.#protocol, reason });
  }
}
