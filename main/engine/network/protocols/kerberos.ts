import { PROTOCOL } from '../../../../contract/traffic.ts';
import { applicationTag, BER, BER_CLASS, berFrameBytes, contextTag, expectBer, nextInteger, readBer } from './asn1.ts';
import { ByteReader, u32At } from './bytes.ts';
import { datagramOf, eitherSide } from './first-message.ts';
import { cipherName, ERROR, errorName, LOGIN_ERRORS } from './kerberos-names.ts';
import { FRAME_BROKEN, type Framing, framedParser } from './message-frames.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';

/** Messages by the tag that they begin with (RFC 4120 5.10). */
const MESSAGE = {
  asRequest: applicationTag(10),
  asReply: applicationTag(11),
  tgsRequest: applicationTag(12),
  tgsReply: applicationTag(13),
  apRequest: applicationTag(14),
  error: applicationTag(30),
} as const;
const MESSAGES: ReadonlySet<number> = new Set(Object.values(MESSAGE));
const TICKET = applicationTag(1);
const GENERAL_STRING = 0x1b;
/** Version of the protocol, in every message. */
const VERSION = 5;
/** Over TCP a message stands behind its length. */
const LENGTH_BYTES = 4;
const MAX_MESSAGE_BYTES = 256 * 1024;
const READ_BYTES = 16 * 1024;
const MAX_NAME_PARTS = 8;
const MAX_CIPHERS = 16;
const MAX_PREAUTHENTICATION = 16;
/** Time encrypted with the client's key, and its form inside FAST: what proves that the client knows its secret. */
const PROOFS: ReadonlySet<number> = new Set([2, 16, 138]);

const framing: Framing = {
  headerBytes: LENGTH_BYTES,
  readBytes: READ_BYTES,
  frameBytes(bytes, at) {
    const length = u32At(bytes, at);
    return length > 0 && length <= MAX_MESSAGE_BYTES ? LENGTH_BYTES + length : FRAME_BROKEN;
  },
};

/**
 * Kerberos 5 (RFC 4120) over TCP and UDP: requests "as" (a login) and "tgs" (a ticket for a service) with client,
 * realm and service and the number of the error (0: none), ciphers, and how logins ended.
 */
export const kerberos: ProtocolDefinition = {
  id: 'kerberos',
  transports: [PROTOCOL.tcp, PROTOCOL.udp],
  ports: [88, 464],
  identify(opening) {
    if (opening.transport === PROTOCOL.tcp) return eitherSide(opening, isOverTcp);
    const bytes = datagramOf(opening);
    return isMessage(bytes, bytes.length);
  },
  parser(context) {
    const conversation = new Conversation(context);
    const framed = framedParser(context, 'kerberos', framing, {
      message: (bytes, fromInitiator) => conversation.message(bytes.subarray(LENGTH_BYTES), fromInitiator),
      beginsMessage: (bytes) => isOverTcp(bytes) === VERDICT.yes,
      end: () => conversation.end(),
    });
    if (context.transport === PROTOCOL.tcp) return framed;
    return {
      read(bytes, fromInitiator) {
        conversation.message(bytes, fromInitiator);
        return bytes.length;
      },
      end: () => conversation.end(),
    };
  },
};

function isOverTcp(bytes: Uint8Array): Verdict {
  if (bytes.length > 0 && bytes[0] !== 0) return VERDICT.no;
  if (bytes.length > LENGTH_BYTES && !MESSAGES.has(bytes[LENGTH_BYTES])) return VERDICT.no;
  if (bytes.length < LENGTH_BYTES + 16) return VERDICT.maybe;
  return isMessage(bytes.subarray(LENGTH_BYTES), u32At(bytes, 0));
}

/** The element is as long as the message, and begins with a sequence whose first number is the version. */
function isMessage(bytes: Uint8Array, length: number): Verdict {
  if (!MESSAGES.has(bytes[0]) || berFrameBytes(bytes, 0) !== length) return VERDICT.no;
  const fields = expectBer(expectBer(new ByteReader(bytes), bytes[0]), BER.sequence);
  const version = readBer(fields);
  const isFirst = version?.tag === contextTag(0) || version?.tag === contextTag(1);
  return isFirst && nextInteger(version.content) === VERSION ? VERDICT.yes : VERDICT.no;
}

/** What a request asked. */
interface Request {
  readonly kind: 'as' | 'tgs';
  readonly client: string;
  readonly realm: string;
  readonly service: string;
  readonly hasProof: boolean;
}

class Conversation {
  readonly #tell: Teller;
  #request: Request | undefined;

  constructor(context: ParserContext) {
    this.#tell = new Teller(context, 'kerberos');
  }

  message(bytes: Uint8Array, fromInitiator: boolean): undefined {
    const tag = bytes[0];
    // Of what is met in its middle the server may be heard first.
    this.#tell.isClientInitiator = fromInitiator === (tag === MESSAGE.asRequest || tag === MESSAGE.tgsRequest);
    const fields = fieldsOf(expectBer(expectBer(new ByteReader(bytes), tag), BER.sequence));
    switch (tag) {
      case MESSAGE.asRequest:
      case MESSAGE.tgsRequest:
        this.#ask(tag === MESSAGE.asRequest ? 'as' : 'tgs', fields);
        break;
      case MESSAGE.asReply:
      case MESSAGE.tgsReply:
        this.#reply(tag === MESSAGE.asReply ? 'as' : 'tgs', fields);
        break;
      case MESSAGE.error:
        this.#error(fields);
        break;
    }
  }

  end(): void {
    const request = this.#request;
    if (request === undefined) return;
    this.#tell.command(request.kind, describe(request));
    // Without a proof the server was only asked how to log in.
    if (request.kind === 'as' && request.hasProof) this.#login(request.client, request.realm, 'attempt');
  }

  #ask(kind: 'as' | 'tgs', fields: Fields): void {
    this.end();
    const body = fieldsOf(expectBer(field(fields, 4), BER.sequence));
    const realm = textIn(field(body, 2));
    this.#request = {
      kind,
      client: nameIn(field(body, 1)),
      realm,
      service: nameIn(field(body, 3)),
      hasProof: hasProof(expectBer(field(fields, 3), BER.sequence)),
    };
    this.#tell.property('ciphers-offered', ciphersIn(expectBer(field(body, 8), BER.sequence)));
  }

  #reply(kind: 'as' | 'tgs', fields: Fields): void {
    const client = nameIn(field(fields, 4));
    const ticket = fieldsOf(expectBer(expectBer(field(fields, 5), TICKET), BER.sequence));
    const asked = this.#request;
    this.#request = undefined;
    // Who stays anonymous is given a realm that stands for nobody (RFC 8062).
    const realm = (kind === 'as' && asked?.realm) || textIn(field(fields, 3));
    const service = nameIn(field(ticket, 2)) || (asked?.service ?? '');
    this.#tell.command(kind, describe({ client, realm, service }), 0);
    this.#tell.property('ticket-cipher', cipherIn(field(ticket, 3)));
    this.#tell.property('cipher', cipherIn(field(fields, 6)));
    if (kind === 'as')
      this.#login(client, realm, 'success', asked?.hasProof === false ? 'kerberos-no-preauth' : 'kerberos');
  }

  #error(fields: Fields): void {
    const code = nextInteger(field(fields, 6));
    if (Number.isNaN(code)) return;
    const asked = this.#request;
    this.#request = undefined;
    const client = nameIn(field(fields, 8)) || (asked?.client ?? '');
    const realm = asked?.realm || textIn(field(fields, 7)) || textIn(field(fields, 9));
    const service = nameIn(field(fields, 10)) || (asked?.service ?? '');
    this.#tell.property('error', errorName(code));
    this.#tell.command(asked?.kind ?? 'error', describe({ client, realm, service }), code);
    if (asked?.kind !== 'tgs' && LOGIN_ERRORS.has(code)) this.#login(client, realm, 'failure');
    // The client asks again, with a proof or elsewhere: no outcome yet.
    else if (asked?.kind === 'as' && asked.hasProof && code === ERROR.tooBig) this.#request = undefined;
  }

  #login(user: string, domain: string, outcome: 'attempt' | 'success' | 'failure', method = 'kerberos'): void {
    this.#tell.login({ user, domain, outcome, method });
  }
}

function describe({ client, realm, service }: { client: string; realm: string; service: string }): string {
  return `${client === '' ? '' : `${client}@`}${realm} ${service}`.trim();
}

/** Contents of the numbered fields of a sequence. */
type Fields = ReadonlyMap<number, ByteReader>;

const MAX_FIELDS = 16;

function fieldsOf(sequence: ByteReader): Fields {
  const fields = new Map<number, ByteReader>();
  for (let i = 0; i < MAX_FIELDS; i++) {
    const element = readBer(sequence);
    if (element === undefined) break;
    if ((element.tag & 0xe0) === (BER_CLASS.context | 0x20)) fields.set(element.tag & 0x1f, element.content);
  }
  return fields;
}

function field(fields: Fields, number: number): ByteReader {
  return fields.get(number) ?? new ByteReader(new Uint8Array(0));
}

function textIn(content: ByteReader): string {
  const text = expectBer(content, GENERAL_STRING);
  return text.utf8(text.left);
}

/** "krbtgt/EXAMPLE.ORG" of a PrincipalName (RFC 4120 5.2.2). */
function nameIn(content: ByteReader): string {
  const parts = expectBer(field(fieldsOf(expectBer(content, BER.sequence)), 1), BER.sequence);
  const texts: string[] = [];
  while (texts.length < MAX_NAME_PARTS && parts.left > 0) {
    const before = parts.position;
    texts.push(textIn(parts));
    if (parts.position === before) break;
  }
  return texts.filter((text) => text !== '').join('/');
}

function cipherIn(content: ByteReader): string {
  const number = nextInteger(field(fieldsOf(expectBer(content, BER.sequence)), 0));
  return Number.isNaN(number) ? '' : cipherName(number);
}

function ciphersIn(list: ByteReader): string {
  const names: string[] = [];
  while (names.length < MAX_CIPHERS && list.left > 0) {
    const number = nextInteger(list);
    if (Number.isNaN(number)) break;
    names.push(cipherName(number));
  }
  return names.join(' ');
}

/** Whether preauthentication data prove the client's secret. */
function hasProof(list: ByteReader): boolean {
  for (let i = 0; i < MAX_PREAUTHENTICATION; i++) {
    const element = readBer(list);
    if (element === undefined) return false;
    if (element.tag === BER.sequence && PROOFS.has(nextInteger(field(fieldsOf(element.content), 1)))) return true;
  }
  return false;
}
