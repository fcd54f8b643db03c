import { hash } from 'node:crypto';
import { MAX_FACT_TEXT } from '../../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { ByteReader, mayStartWith, u32At } from '../bytes.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from '../protocol.ts';
import { sided } from '../sided.ts';
import { Teller } from '../teller.ts';
import { bounded, LineReader } from '../text-lines.ts';
import { agreement, hassh, type KeyExchangeOffer, keyExchangeOffer } from './key-exchange.ts';
import { LoginWatch } from './login-watch.ts';
import { packetSizeOf } from './packet-size.ts';

/** SSH (RFC 4253): banners, key exchange with HASSH, and the outcome of logins as far as sizes tell it. */
export const ssh: ProtocolDefinition = {
  id: 'ssh',
  transports: [PROTOCOL.tcp],
  ports: [22, 2222],
  isEndless: true,
  identify,
  parser: (context) => new SshParser(context),
};

const MARK = 'SSH-';
/** A server may say other lines before its own (RFC 4253 4.2). */
const MAX_LINES_BEFORE_BANNER = 50;
/** Longest packet that must be understood (RFC 4253 6.1), and what OpenSSH allows. */
const MAX_PACKET_BYTES = 35_000;
const LEAST_PACKET_BYTES = 5;
const MESSAGE = { keyExchangeInit: 20, newKeys: 21, exchangeReply: 31, groupExchangeReply: 33 } as const;
/** Of a server that nobody logs in to so much is looked at: logins come in the first kilobytes. */
const MAX_ENCRYPTED_BYTES = 64 * 1024;

function identify({ initiator, responder }: Opening): Verdict {
  // A server may say other lines before its banner.
  if (isBanner(initiator)) return VERDICT.yes;
  const sides = [initiator, responder].filter((bytes) => bytes.length > 0);
  if (!sides.every((bytes) => mayStartWith(bytes, MARK))) return VERDICT.no;
  return sides.some(isBanner) ? VERDICT.yes : VERDICT.maybe;
}

/** "SSH-2" or "SSH-1". */
function isBanner(bytes: Uint8Array): boolean {
  return (
    mayStartWith(bytes, MARK) && bytes.length > MARK.length && bytes[MARK.length] >= 0x31 && bytes[MARK.length] <= 0x32
  );
}

interface Side {
  readonly fromInitiator: boolean;
  readonly lines: LineReader;
  linesBefore: number;
  state: 'banner' | 'packets' | 'encrypted' | 'over';
  offer: KeyExchangeOffer | undefined;
}

class SshParser implements Parser {
  readonly #context: ParserContext;
  /** Who logs in is the client; all else is what the server settles. */
  readonly #logins: Teller;
  readonly #properties: Teller;
  readonly #client = newSide(true);
  readonly #server = newSide(false);
  #watch: LoginWatch | undefined;
  #encryptedBytes = 0;
  /** Of the client's latest piece. */
  #askedBytes = 0;
  #hasAgreed = false;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#logins = new Teller(sided(context, true), 'ssh');
    this.#properties = new Teller(sided(context, false), 'ssh');
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    const side = fromInitiator ? this.#client : this.#server;
    let at = 0;
    while (at < bytes.length) {
      if (side.state === 'over') return bytes.length;
      if (side.state === 'encrypted') {
        this.#encrypted(bytes.length - at, side);
        return bytes.length;
      }
      const next = side.state === 'banner' ? this.#banner(bytes, at, side) : this.#packet(bytes, at, side);
      if (next === at) return at;
      at = next;
    }
    return at;
  }

  gap(): void {
    // Where packets begin is not known any more, and neither is what sizes belong to.
    this.#context.finish();
  }

  /** Offset behind the line; `at` while it is not whole. */
  #banner(bytes: Uint8Array, at: number, side: Side): number {
    const line = side.lines.take(bytes, at);
    if (line === undefined) return side.lines.position;
    if (line.startsWith(MARK)) {
      const software = bounded(line.trimEnd(), MAX_FACT_TEXT);
      this.#context.tell({ type: 'ssh', event: 'banner', software, hassh: '', hasshText: '' });
      // SSH 1 has packets of another form.
      side.state = line.startsWith('SSH-2.') || line.startsWith('SSH-1.99') ? 'packets' : 'over';
    } else if (++side.linesBefore > MAX_LINES_BEFORE_BANNER) {
      side.state = 'over';
    }
    return side.lines.position;
  }

  /** A binary packet in clear text (RFC 4253 6). */
  #packet(bytes: Uint8Array, at: number, side: Side): number {
    if (bytes.length - at < LEAST_PACKET_BYTES) return at;
    const length = u32At(bytes, at);
    const padding = bytes[at + 4];
    if (length > MAX_PACKET_BYTES || length < padding + 2) {
      this.#context.tell({ type: 'broken', protocol: 'ssh', reason: 'bad-length' });
      this.#context.finish();
      return bytes.length;
    }
    if (bytes.length - at < 4 + length) return at;
    this.#message(bytes.subarray(at + 5, at + 4 + length - padding), side);
    return at + 4 + length;
  }

  #message(payload: Uint8Array, side: Side): void {
    switch (payload[0]) {
      case MESSAGE.keyExchangeInit:
        this.#offer(keyExchangeOffer(payload), side);
        return;
      case MESSAGE.exchangeReply:
      case MESSAGE.groupExchangeReply:
        if (side === this.#server) this.#hostKey(payload);
        return;
      case MESSAGE.newKeys:
        side.state = 'encrypted';
    }
  }

  #offer(offer: KeyExchangeOffer | undefined, side: Side): void {
    if (offer === undefined || side.offer !== undefined) return;
    side.offer = offer;
    const { text, hash: value } = hassh(offer, side === this.#server);
    // The text can be longer than facts may be; the hash is that of all of it.
    const hasshText = bounded(text, 4 * MAX_FACT_TEXT);
    this.#context.tell({ type: 'ssh', event: 'key-exchange', software: '', hassh: value, hasshText });
    if (this.#client.offer === undefined || this.#server.offer === undefined || this.#hasAgreed) return;
    this.#hasAgreed = true;
    const agreed = agreement(this.#client.offer, this.#server.offer);
    this.#properties.property('key-exchange', agreed.keyExchange);
    this.#properties.property('host-key-algorithm', agreed.hostKey);
    this.#properties.property('cipher', agreed.toClient.cipher);
    this.#properties.property('mac', agreed.toClient.mac);
    this.#properties.property('compression', agreed.toClient.compression);
    const toClient = packetSizeOf(agreed.toClient);
    const toServer = packetSizeOf(agreed.toServer);
    if (toClient !== undefined && toServer !== undefined) this.#watch = new LoginWatch(toClient, toServer);
  }

  /** The server's key comes first in its reply (RFC 4253 8, RFC 4419 3, RFC 5656 4). */
  #hostKey(payload: Uint8Array): void {
    const reader = new ByteReader(payload, 1);
    const key = reader.take(reader.u32());
    // The other message of this number, a group (RFC 4419), begins with a number: its length is no key's type.
    if (reader.overrun || key.length < 8 || u32At(key, 0) > 64 || u32At(key, 0) > key.length - 4) return;
    this.#properties.property('host-key-md5', hash('md5', key));
    this.#properties.property('host-key-sha256', hash('sha256', key));
  }

  #encrypted(bytes: number, side: Side): void {
    if (side === this.#client) {
      this.#askedBytes = bytes;
      return;
    }
    this.#encryptedBytes += bytes;
    const outcome = this.#watch?.piece(bytes, this.#askedBytes);
    if (outcome !== undefined) {
      this.#logins.login({ user: '', outcome, method: '', isCleartext: false });
    }
    const isOver = this.#watch?.isOver ?? this.#client.state === 'encrypted';
    if (isOver || this.#encryptedBytes > MAX_ENCRYPTED_BYTES) this.#context.finish();
  }
}

function newSide(fromInitiator: boolean): Side {
  return { fromInitiator, lines: new LineReader(), linesBefore: 0, state: 'banner', offer: undefined };
}
