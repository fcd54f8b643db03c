/** TLS over TCP (RFC 8446, RFC 5246 and before), up to where everything is encrypted. */
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { u16At } from '../bytes.ts';
import { type Parser, type ParserContext, type ProtocolDefinition, VERDICT } from '../protocol.ts';
import { Handshake } from './handshake.ts';
import { HELLO_START_BYTES, identifyTls, isRecordHeader, isWholeHello, RECORD_HEADER_BYTES } from './identify.ts';
import { MessageCutter } from './messages.ts';
import { RECORD } from './numbers.ts';
import { isSsl2ClientHello, ssl2ClientFact, ssl2RecordBytes } from './ssl2.ts';

/** Level and description (RFC 8446 6). */
const ALERT_BYTES = 2;
/** Type and length of the payload (RFC 6520 4). */
const HEARTBEAT_START_BYTES = 3;
const HEARTBEAT_REQUEST = 1;
/** Alerts and heartbeats beyond these are not told: whoever sends more says nothing new. */
const MAX_NOTES = 32;

/**
 * HTTPS, SMTPS, NNTPS, LDAPS, DoT, FTPS, Telnet, IMAPS, IRCS, POP3S, LDAPS of a global catalogue, SIPS, push messages of
 * Apple and Google, TURN, AMQPS, WinRM, MQTTS, and usual second ones.
 */
const PORTS = [
  ...[443, 465, 563, 636, 853, 989, 990, 992, 993, 994, 995],
  ...[3269, 5061, 5223, 5228, 5349, 5671, 5986, 6443, 6697, 8443, 8883, 9443],
];

export const tls: ProtocolDefinition = {
  id: 'tls',
  transports: [PROTOCOL.tcp],
  ports: PORTS,
  identify: identifyTls,
  parser: tlsParser,
};

export function tlsParser(context: ParserContext): Parser {
  return new TlsParser(context);
}

/** What is known of one side. */
interface Side {
  readonly messages: MessageCutter;
  /** ChangeCipherSpec was sent: what follows is encrypted. */
  isEncrypted: boolean;
  /** Bytes still missing of the record that is waited for. */
  awaited: number;
  /** Bytes to pass over: the rest of a record of which a part is missing. */
  passOver: number;
  /** Bytes are missing, and nobody knows where the next record begins. */
  isLost: boolean;
  /** Encrypted heartbeats that the other side has not answered. */
  heartbeats: number;
  hasBegun: boolean;
}

function newSide(context: ParserContext): Side {
  return {
    messages: new MessageCutter((bytes) => context.hold?.(bytes)),
    isEncrypted: false,
    awaited: 0,
    passOver: 0,
    isLost: false,
    heartbeats: 0,
    hasBegun: false,
  };
}

class TlsParser implements Parser {
  readonly #context: ParserContext;
  readonly #handshake: Handshake;
  readonly #sides: readonly [Side, Side];
  #notes = 0;
  #isFinished = false;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#handshake = new Handshake(context, 'tls');
    this.#sides = [newSide(context), newSide(context)];
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    const side = this.#sides[fromInitiator ? 0 : 1];
    let at = side.passOver;
    side.passOver = 0;
    side.awaited = 0;
    if (!side.hasBegun && bytes[0] >= 0x80) {
      at = this.#ssl2(bytes, side);
      if (at === 0) return 0;
    }
    while (bytes.length - at >= RECORD_HEADER_BYTES && !this.#isFinished) {
      if (!isRecordHeader(bytes, at)) {
        return this.#notTls(bytes, side);
      }
      side.hasBegun = true;
      side.isLost = false;
      const start = at + RECORD_HEADER_BYTES;
      const length = u16At(bytes, at + 3);
      const needed = this.#needed(bytes, at, length, side);
      if (start + needed > bytes.length) {
        side.awaited = start + length - bytes.length;
        return at;
      }
      this.#record(bytes[at], bytes.subarray(start, start + needed), length, fromInitiator);
      // Beyond the end where the rest of the record is of no interest.
      at = start + length;
    }
    return this.#isFinished ? bytes.length : at;
  }

  gap(missingBytes: number, fromInitiator: boolean): void {
    const side = this.#sides[fromInitiator ? 0 : 1];
    side.messages.lose();
    side.isLost = missingBytes > side.awaited;
    side.passOver = side.isLost ? 0 : side.awaited - missingBytes;
    side.awaited = 0;
  }

  /** Bytes of the content of the record at `at` that are looked at. */
  #needed(bytes: Uint8Array, at: number, length: number, side: Side): number {
    const type = bytes[at];
    const start = at + RECORD_HEADER_BYTES;
    if (type === RECORD.handshake) {
      if (!side.isEncrypted || isWholeHello(bytes, start, length)) return length;
      return bytes.length - start < HELLO_START_BYTES ? Math.min(length, HELLO_START_BYTES) : 0;
    }
    if (side.isEncrypted) return 0;
    if (type === RECORD.alert) return length === ALERT_BYTES ? length : 0;
    return type === RECORD.heartbeat ? Math.min(length, HEARTBEAT_START_BYTES) : 0;
  }

  /** @param content its beginning, as much as is needed */
  #record(type: number, content: Uint8Array, length: number, fromInitiator: boolean): void {
    const side = this.#sides[fromInitiator ? 0 : 1];
    switch (type) {
      case RECORD.handshake:
        if (content.length === length) this.#messages(side, content, fromInitiator);
        break;
      case RECORD.changeCipherSpec:
        if (!this.#handshake.isRetryRequested) side.isEncrypted = true;
        break;
      case RECORD.alert:
        if (content.length > 0) this.#alert(content);
        break;
      case RECORD.heartbeat:
        this.#heartbeat(content, length, fromInitiator);
        break;
      case RECORD.applicationData:
        this.#applicationData(side);
        break;
    }
    this.#finishWhenEncrypted();
  }

  #messages(side: Side, content: Uint8Array, fromInitiator: boolean): void {
    side.messages.push(content, (type, body) => this.#handshake.message(type, body, fromInitiator));
  }

  #alert(content: Uint8Array): void {
    if (++this.#notes > MAX_NOTES) return;
    this.#context.tell({ type: 'tls-alert', level: content[0], description: content[1] });
  }

  #heartbeat(content: Uint8Array, recordBytes: number, fromInitiator: boolean): void {
    if (++this.#notes > MAX_NOTES) return;
    const [side, other] = fromInitiator ? this.#sides : [this.#sides[1], this.#sides[0]];
    if (side.isEncrypted) {
      const isRequest = other.heartbeats === 0;
      if (isRequest) side.heartbeats++;
      else other.heartbeats--;
      this.#context.tell({ type: 'tls-heartbeat', isRequest, claimedBytes: -1, recordBytes, isEncrypted: true });
    } else if (content.length === HEARTBEAT_START_BYTES) {
      const claimedBytes = u16At(content, 1);
      const isRequest = content[0] === HEARTBEAT_REQUEST;
      this.#context.tell({ type: 'tls-heartbeat', isRequest, claimedBytes, recordBytes, isEncrypted: false });
    }
  }

  /** Only encrypted data is sent as such, whether a ChangeCipherSpec was seen or not. */
  #applicationData(side: Side): void {
    if (!this.#handshake.isRetryRequested) side.isEncrypted = true;
  }

  /** Heartbeats are watched even then, which costs next to nothing: records are passed over. */
  #finishWhenEncrypted(): void {
    const [initiator, responder] = this.#sides;
    const isEncrypted = initiator.isEncrypted && responder.isEncrypted;
    const isHello = this.#handshake.hasServerHello;
    if (isEncrypted && !this.#handshake.hasHeartbeats) this.#finish();
    // TLS 1.3 has no clear text behind the hellos; the client's side of it need not be waited for.
    else if (responder.isEncrypted && isHello && this.#handshake.isTls13 && this.#handshake.hasClientHello) {
      this.#finish();
    }
  }

  /** Bytes that a hello of SSL 2.0 takes; 0 while it is not whole. What else SSL 2.0 says is not read. */
  #ssl2(bytes: Uint8Array, side: Side): number {
    const verdict = isSsl2ClientHello(bytes);
    if (verdict === VERDICT.no) {
      if (!this.#hasBegun) return this.#notTls(bytes, side);
      this.#finish();
      return bytes.length;
    }
    const length = ssl2RecordBytes(bytes);
    if (verdict === VERDICT.maybe || bytes.length < length) return 0;
    this.#context.tell(ssl2ClientFact(bytes.subarray(0, length)));
    side.hasBegun = true;
    return length;
  }

  get #hasBegun(): boolean {
    return this.#sides[0].hasBegun || this.#sides[1].hasBegun;
  }

  /** After missing bytes that is to be expected; otherwise the peer left TLS, or never spoke it. Gives what is taken. */
  #notTls(bytes: Uint8Array, side: Side): number {
    if (!this.#hasBegun && !side.isLost) {
      // Announced by STARTTLS, but what follows is in clear text: a mirror of traffic that was decrypted for it.
      this.#context.become();
      return 0;
    }
    if (!side.isLost) this.#context.tell({ type: 'broken', protocol: 'tls', reason: 'not-a-record' });
    this.#finish();
    return bytes.length;
  }

  #finish(): void {
    this.#isFinished = true;
    this.#context.finish();
  }
}
