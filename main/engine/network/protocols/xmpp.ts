import { PROTOCOL } from '../../../../contract/traffic.ts';
import { indexOfByte, latin1, utf8Text } from './bytes.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from './protocol.ts';
import { SaslExchange } from './sasl.ts';
import { Teller } from './teller.ts';

/** The first element of either side names its language within so many bytes. */
const START_BYTES = 512;
const LANGUAGES = ['http://etherx.jabber.org/streams', 'jabber:client', 'jabber:server', 'jabber:component'];
const STARTS = ['<?xml', '<stream:stream'];
const TAG_END = 0x3e;
/** Longest element, with the text before it, that is looked at: messages of NTLM are the longest that count. */
const MAX_PIECE_BYTES = 8_192;

/**
 * XMPP (RFC 6120) and Jabber before it: the domain, who logs in and how it ended, the address that a client is given.
 * Where it goes on in TLS that is read.
 */
export const xmpp: ProtocolDefinition = {
  id: 'xmpp',
  transports: [PROTOCOL.tcp],
  ports: [5222, 5269],
  identify: ({ initiator, responder, hasBeginning }: Opening) => {
    const first = languageVerdict(initiator);
    if (first !== VERDICT.no || hasBeginning) return first;
    return languageVerdict(responder) === VERDICT.yes ? VERDICT.yes : VERDICT.no;
  },
  parser: (context) => new Conversation(context),
};

function languageVerdict(bytes: Uint8Array): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  if (bytes[0] !== 0x3c) return VERDICT.no;
  const text = latin1(bytes, 0, START_BYTES);
  if (!STARTS.some((start) => text.startsWith(start) || start.startsWith(text))) return VERDICT.no;
  if (LANGUAGES.some((language) => text.includes(language))) return VERDICT.yes;
  return bytes.length < START_BYTES ? VERDICT.maybe : VERDICT.no;
}

class Conversation implements Parser {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  #exchange: SaslExchange | undefined;
  /** Of a login as it was before SASL (XEP-0078). */
  #user = '';
  /** TLS follows. */
  #isOver = false;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'xmpp');
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    let at = 0;
    while (!this.#isOver && at < bytes.length) {
      const end = indexOfByte(bytes, TAG_END, at, at + MAX_PIECE_BYTES);
      // What is too long for us is passed over; the next element begins behind it.
      if (end < 0) return bytes.length - at >= MAX_PIECE_BYTES ? bytes.length : at;
      const piece = utf8Text(bytes, at, end);
      const start = piece.lastIndexOf('<');
      if (start >= 0) this.#element(piece.slice(start + 1), piece.slice(0, start), fromInitiator);
      at = end + 1;
    }
    return at;
  }

  gap(): void {
    // Elements are found again by their brackets.
  }

  end(): void {
    this.#login('attempt');
  }

  /** @param before the text between the element before it and this one */
  #element(tag: string, before: string, fromInitiator: boolean): void {
    const name = localName(tag);
    if (fromInitiator) this.#asked(name, tag, before);
    else this.#answered(name, tag, before);
  }

  #asked(name: string, tag: string, before: string): void {
    switch (name) {
      case 'stream':
        this.#tell.property('domain', attribute(tag, 'to'));
        break;
      case 'auth':
      case 'authenticate':
        this.#exchange = new SaslExchange(attribute(tag, 'mechanism'));
        break;
      case '/auth':
      case '/response':
      case '/initial-response':
        this.#exchange?.response(before);
        break;
      case '/username':
        this.#user = before;
        break;
      case '/password':
        this.#tell.login({ user: this.#user, outcome: 'attempt', method: 'password', isCleartext: true });
        break;
    }
  }

  #answered(name: string, tag: string, before: string): void {
    switch (name) {
      case 'proceed':
        this.#isOver = true;
        this.#context.become('tls');
        break;
      case 'success':
        this.#login('success');
        break;
      case 'failure':
        this.#login('failure');
        break;
      case '/mechanism':
        this.#tell.property('mechanism', before);
        break;
      case '/jid':
        this.#tell.property('address', before);
        break;
      case 'error':
        this.#tell.property('error', attribute(tag, 'type'));
        break;
    }
  }

  #login(outcome: 'attempt' | 'success' | 'failure'): void {
    if (this.#exchange === undefined) return;
    this.#tell.login(this.#exchange.login(outcome));
    this.#exchange = undefined;
  }
}

/** "stream" of "stream:stream to='…'", and "/auth" of an end. */
function localName(tag: string): string {
  const mark = tag.startsWith('/') ? '/' : '';
  const [name] = tag.slice(mark.length).split(/[\s/]/, 1);
  return mark + name.slice(name.indexOf(':') + 1);
}

/** Empty without it. */
function attribute(tag: string, name: string): string {
  const at = tag.indexOf(` ${name}=`);
  if (at < 0) return '';
  const open = at + name.length + 2;
  const quote = tag[open];
  if (quote !== '"' && quote !== "'") return '';
  const close = tag.indexOf(quote, open + 1);
  return close < 0 ? '' : tag.slice(open + 1, close);
}
