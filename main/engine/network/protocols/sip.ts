import { PROTOCOL } from '../../../../contract/traffic.ts';
import { latin1 } from './bytes.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from './protocol.ts';
import { Teller } from './teller.ts';
import { firstLine, splitWord } from './text-lines.ts';
import { bodyBytes, digestParameter, type TextMessage, textMessage } from './text-message.ts';

/** SIP (RFC 3261), over UDP and TCP: who calls and registers where, and with what. */
export const sip: ProtocolDefinition = {
  id: 'sip',
  transports: [PROTOCOL.udp, PROTOCOL.tcp],
  ports: [5060, 5061, 5062],
  isEndless: true,
  identify,
  parser: (context) => new SipParser(context),
};

const VERSION = 'SIP/2.0';
/** Short names of fields (RFC 3261 7.3.3). */
const LONG_NAMES: Readonly<Record<string, string>> = {
  f: 'from',
  t: 'to',
  i: 'call-id',
  m: 'contact',
  l: 'content-length',
  c: 'content-type',
  v: 'via',
};
/** Registrations that wait for their answers. */
const MAX_REGISTRATIONS = 64;

function identify({ transport, initiator, responder }: Opening): Verdict {
  const first = initiator.length > 0 ? verdictOf(initiator, transport) : VERDICT.maybe;
  const second = responder.length > 0 ? verdictOf(responder, transport) : VERDICT.maybe;
  if (first === VERDICT.yes || second === VERDICT.yes) return VERDICT.yes;
  return first === VERDICT.no || second === VERDICT.no ? VERDICT.no : VERDICT.maybe;
}

function verdictOf(bytes: Uint8Array, transport: number): Verdict {
  // Empty lines keep a connection alive (RFC 5626 3.5.1).
  if (bytes.length <= 4 && bytes.every((byte) => byte === 0x0d || byte === 0x0a || byte === 0)) return VERDICT.maybe;
  // A method is a token (RFC 3261 25.1): most of what is no SIP is told without a look for its first line.
  if (bytes[0] <= 0x20 || bytes[0] >= 0x7f) return VERDICT.no;
  const line = firstLine(bytes, 1_024);
  if (line !== undefined) return isStartLine(line) ? VERDICT.yes : VERDICT.no;
  const isShort = bytes.length < 1_024 && transport === PROTOCOL.tcp;
  return isShort && isPrintable(bytes) ? VERDICT.maybe : VERDICT.no;
}

function isStartLine(line: string): boolean {
  if (line.startsWith(`${VERSION} `)) return line.length > VERSION.length + 3;
  return line.endsWith(` ${VERSION}`) && line.indexOf(' ') < line.length - VERSION.length - 1;
}

function isPrintable(bytes: Uint8Array): boolean {
  const text = latin1(bytes, 0, 64);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

class SipParser implements Parser {
  readonly #context: ParserContext;
  readonly #teller: Teller;
  /** Users who want to register, by the number of their request. */
  readonly #registrations = new Map<string, string>();

  constructor(context: ParserContext) {
    this.#context = context;
    this.#teller = new Teller(context, 'sip');
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    let at = 0;
    while (at < bytes.length) {
      while (at < bytes.length && (bytes[at] === 0x0d || bytes[at] === 0x0a || bytes[at] === 0)) at++;
      const message = at < bytes.length ? textMessage(bytes, at, LONG_NAMES) : undefined;
      if (message === undefined) break;
      if (!isStartLine(message.start)) {
        this.#context.tell({ type: 'broken', protocol: 'sip', reason: 'bad-start-line' });
        this.#context.finish();
        return bytes.length;
      }
      // Either side may ask; what is told is told of who did.
      const isResponse = message.start.startsWith(VERSION);
      this.#teller.isClientInitiator = fromInitiator !== isResponse;
      this.#message(message, isResponse);
      at = message.headEnd + bodyBytes(message);
    }
    return at;
  }

  #message(message: TextMessage, isResponse: boolean): void {
    const { start, fields } = message;
    const [sequence, sequenceMethod] = splitWord(fields.get('cseq') ?? '');
    const key = `${sequence} ${fields.get('call-id') ?? ''}`;
    if (isResponse) {
      const status = Number.parseInt(start.slice(VERSION.length + 1), 10) || -1;
      this.#teller.command(sequenceMethod, addressOf(fields.get('to') ?? ''), status);
      this.#teller.property('server', fields.get('server') ?? '');
      this.#answered(key, status);
      return;
    }
    const [method, rest] = splitWord(start);
    const uri = withoutPassword(splitWord(rest)[0]);
    this.#teller.command(method, uri);
    this.#teller.property('from', addressOf(fields.get('from') ?? ''));
    this.#teller.property('to', addressOf(fields.get('to') ?? ''));
    this.#teller.property('user-agent', fields.get('user-agent') ?? '');
    this.#asked(method, key, fields);
  }

  /** Only a request with credentials is a login: the first one asks for the challenge (RFC 3261 22). */
  #asked(method: string, key: string, fields: ReadonlyMap<string, string>): void {
    const credentials = fields.get('authorization') ?? fields.get('proxy-authorization');
    if (credentials === undefined || this.#registrations.size >= MAX_REGISTRATIONS) return;
    if (method !== 'REGISTER' && method !== 'INVITE') return;
    this.#registrations.set(key, digestParameter(credentials, 'username'));
  }

  #answered(key: string, status: number): void {
    const user = this.#registrations.get(key);
    if (user === undefined || status < 200) return;
    this.#registrations.delete(key);
    const isRefused = status === 401 || status === 403 || status === 404 || status === 407;
    const outcome = status < 300 ? 'success' : isRefused ? 'failure' : 'attempt';
    this.#teller.login({ user, outcome, method: 'digest' });
  }
}

/** `"Bob" <sip:bob@example.org>;tag=1` without name and parameters. */
function addressOf(value: string): string {
  const open = value.indexOf('<');
  const close = value.indexOf('>', open);
  return withoutPassword(open >= 0 && close > open ? value.slice(open + 1, close) : value.split(';', 1)[0].trim());
}

/** `sip:bob:secret@example.org` without the secret (RFC 3261 19.1.1). */
function withoutPassword(uri: string): string {
  const at = uri.indexOf('@');
  const colon = uri.indexOf(':', uri.indexOf(':') + 1);
  return colon < 0 || colon > at ? uri : uri.slice(0, colon) + uri.slice(at);
}
