import { MAX_FACT_TEXT } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { hexText, latin1, u16At, u32At } from './bytes.ts';
import { certificateFact } from './certificate/certificate.ts';
import { type Opening, type ParserContext, type ProtocolDefinition, VERDICT } from './protocol.ts';
import { Teller } from './teller.ts';

/** Header of IKE, version 1 (RFC 2408 3.1) and 2 (RFC 7296 3.1). */
const HEADER_BYTES = 28;
/** Before IKE on the port that is shared with ESP (RFC 3948 2.2). */
const MARKER_BYTES = 4;
const VERSION_1 = 0x10;
const VERSION_2 = 0x20;
const EXCHANGES: Readonly<Record<number, string>> = {
  1: 'base',
  2: 'main-mode',
  4: 'aggressive-mode',
  5: 'informational',
  6: 'transaction',
  32: 'quick-mode',
  33: 'new-group',
  34: 'ike-sa-init',
  35: 'ike-auth',
  36: 'create-child-sa',
  37: 'informational',
  38: 'session-resume',
  43: 'intermediate',
};
/** Payload types of a vendor's identity, and of identities, in versions 1 and 2. */
const VENDOR = { 1: 13, 2: 43 } as const;
const IDENTITY_1 = 5;
/** Certificates (RFC 2408 3.9, RFC 7296 3.6), of which two kinds are one of X.509: to sign with, to agree on keys. */
const CERTIFICATE = { 1: 6, 2: 37 } as const;
const X509_ENCODINGS: ReadonlySet<number> = new Set([4, 5]);
/** Of both sides together; each is told once, however often it is sent. */
const MAX_CERTIFICATES = 8;
const MAX_PAYLOADS = 24;
/** Next type, a flag, and the length of all (RFC 2408 3.2, RFC 7296 3.2). */
const PAYLOAD_HEADER_BYTES = 4;
const MAX_VENDOR_BYTES = 64;
/** Kinds of identities that are text (RFC 2407 4.6.2.1): name of a host, of a user, key identity. */
const TEXT_IDENTITIES: ReadonlySet<number> = new Set([2, 3, 11]);
const FLAG_ENCRYPTED_1 = 0x01;
const ESP_HEADER_BYTES = 8;
/** Where IKE and ESP share a port, and a single byte keeps the way open (RFC 3948). */
const SHARED_PORT = 4500;
const KEEPALIVE = 0xff;

/**
 * IPsec: IKE 1 and 2 over UDP (exchanges, vendors, and the identity and certificates that aggressive mode shows), and
 * ESP, which its number in the IP header tells.
 */
export const ipsec: ProtocolDefinition = {
  id: 'ipsec',
  transports: [PROTOCOL.udp, PROTOCOL.esp],
  ports: [500, 4500],
  identify({ transport, initiator, responder, initiatorPort, responderPort }: Opening) {
    if (transport === PROTOCOL.esp)
      return initiator.length + responder.length >= ESP_HEADER_BYTES ? VERDICT.yes : VERDICT.no;
    if (headerAt(initiator) >= 0 || headerAt(responder) >= 0) return VERDICT.yes;
    const isShared = responderPort === SHARED_PORT || initiatorPort === SHARED_PORT;
    return isShared && [initiator, responder].every(isEspMaybe) ? VERDICT.maybe : VERDICT.no;
  },
  parser(context) {
    if (context.transport !== PROTOCOL.udp) {
      context.finish();
      return { read: (bytes) => bytes.length };
    }
    const conversation = new Conversation(context);
    return {
      read(bytes, fromInitiator) {
        const at = headerAt(bytes);
        if (at >= 0) conversation.message(bytes.subarray(at), fromInitiator ? 0 : 1);
        return bytes.length;
      },
    };
  },
};

/** Where the header of IKE begins; -1 without one: versions, a known exchange, and a length that is the datagram's. */
function headerAt(bytes: Uint8Array): number {
  if (isHeader(bytes, 0)) return 0;
  return bytes.length > MARKER_BYTES && u32At(bytes, 0) === 0 && isHeader(bytes, MARKER_BYTES) ? MARKER_BYTES : -1;
}

function isHeader(bytes: Uint8Array, at: number): boolean {
  if (bytes.length < at + HEADER_BYTES) return false;
  const version = bytes[at + 17];
  const exchange = bytes[at + 18];
  const isOfVersion =
    version === VERSION_2 ? exchange >= 34 : version === VERSION_1 && (exchange < 34 || exchange > 239);
  const hasInitiator = (u32At(bytes, at) | u32At(bytes, at + 4)) !== 0;
  return (
    isOfVersion && hasInitiator && EXCHANGES[exchange] !== undefined && u32At(bytes, at + 24) === bytes.length - at
  );
}

/** ESP that came before IKE, or what keeps the way open: whatever is encrypted looks so, and IKE may follow. */
function isEspMaybe(bytes: Uint8Array): boolean {
  if (bytes.length <= 1) return bytes.length === 0 || bytes[0] === KEEPALIVE;
  return bytes.length >= ESP_HEADER_BYTES && u32At(bytes, 0) > 255;
}

class Conversation {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  /** SHA-256 of those that were told. */
  readonly #certificates = new Set<string>();
  /** Of the next certificate of each side in its chain. */
  readonly #positions: [number, number] = [0, 0];

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'ipsec');
  }

  message(bytes: Uint8Array, side: 0 | 1): void {
    const version = bytes[17] === VERSION_2 ? 2 : 1;
    this.#tell.property('version', version === 2 ? 'IKEv2' : 'IKEv1');
    if (this.#tell.wantsProperty('initiator-spi')) this.#tell.property('initiator-spi', hexText(bytes, 8));
    this.#tell.property('exchange', EXCHANGES[bytes[18]] ?? String(bytes[18]));
    const isHidden = version === 1 && (bytes[19] & FLAG_ENCRYPTED_1) !== 0;
    if (!isHidden) this.#payloads(bytes, version, side);
  }

  #payloads(bytes: Uint8Array, version: 1 | 2, side: 0 | 1): void {
    const wantsIds = this.#tell.wantsProperty('vendor-ids');
    let vendorIds = '';
    let type = bytes[16];
    let at = HEADER_BYTES;
    for (let i = 0; i < MAX_PAYLOADS && type !== 0 && at + PAYLOAD_HEADER_BYTES <= bytes.length; i++) {
      const start = at + PAYLOAD_HEADER_BYTES;
      const end = at + u16At(bytes, at + 2);
      if (end < start || end > bytes.length) break;
      if (type === VENDOR[version]) {
        // A vendor's name is told by itself; what is the hash of one goes with the others of the message.
        if (isName(bytes, start, end)) this.#tell.property('vendor', latin1(bytes, start, end, MAX_VENDOR_BYTES));
        else if (wantsIds && vendorIds.length < MAX_FACT_TEXT)
          vendorIds += `${hexText(bytes, vendorBytes(start, end), start)} `;
      } else if (version === 1 && type === IDENTITY_1 && TEXT_IDENTITIES.has(bytes[start])) {
        this.#tell.property('identity', latin1(bytes, start + 4, end));
      } else if (type === CERTIFICATE[version] && X509_ENCODINGS.has(bytes[start])) {
        this.#certificate(bytes.subarray(start + 1, end), side);
      }
      type = bytes[at];
      at = end;
    }
    this.#tell.property('vendor-ids', vendorIds.trimEnd());
  }

  #certificate(der: Uint8Array, side: 0 | 1): void {
    if (this.#certificates.size >= MAX_CERTIFICATES) return;
    const fact = certificateFact(der, this.#positions[side]);
    if (fact === undefined || this.#certificates.has(fact.sha256)) return;
    this.#certificates.add(fact.sha256);
    this.#positions[side]++;
    this.#context.tell(fact);
  }
}

function isName(bytes: Uint8Array, start: number, end: number): boolean {
  const stop = start + vendorBytes(start, end);
  for (let i = start; i < stop; i++) if (bytes[i] < 0x20 || bytes[i] >= 0x7f) return false;
  return stop - start > 4;
}

function vendorBytes(start: number, end: number): number {
  return Math.min(end - start, MAX_VENDOR_BYTES);
}
