import { PROTOCOL } from '../../../../contract/traffic.ts';
import { type LineHandler, LineParser } from './line-parser.ts';
import { type Opening, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { sided } from './sided.ts';
import { Teller } from './teller.ts';
import { firstLine, splitWord } from './text-lines.ts';

/** IRC (RFC 2812, IRCv3). */
export const irc: ProtocolDefinition = {
  id: 'irc',
  transports: [PROTOCOL.tcp],
  ports: [6667, 6666, 6668, 6669, 6660, 7000, 194],
  isEndless: true,
  identify,
  parser: (context) => new LineParser((parser) => new IrcConversation(context, parser)),
};

/** What a server says first: a notice, a welcome, what it can do, or that TLS may begin. */
const FIRST_MESSAGES = ['NOTICE', '001', '020', 'CAP', '670'];
const CAP_COMMANDS = ['LS', 'REQ', 'LIST', 'END'];

function identify({ initiator, responder }: Opening): Verdict {
  const asked = initiator.length === 0 ? VERDICT.maybe : clientVerdict(initiator);
  const answered = responder.length === 0 ? VERDICT.maybe : serverVerdict(responder);
  if (asked === VERDICT.no || answered === VERDICT.no) return VERDICT.no;
  return asked === VERDICT.yes || answered === VERDICT.yes ? VERDICT.yes : VERDICT.maybe;
}

function clientVerdict(bytes: Uint8Array): Verdict {
  const line = firstLine(bytes);
  if (line === undefined) return bytes.length < 512 ? VERDICT.maybe : VERDICT.no;
  const [word, rest] = splitWord(line.trimEnd());
  switch (word.toUpperCase()) {
    case 'NICK':
      return rest !== '' && rest.length <= 64 ? VERDICT.yes : VERDICT.no;
    case 'USER':
      // Four words, the last in full (RFC 2812 3.1.3): FTP and POP3 have one.
      return rest.split(' ', 4).length === 4 ? VERDICT.yes : VERDICT.no;
    case 'CAP':
      return CAP_COMMANDS.includes(splitWord(rest)[0].toUpperCase()) ? VERDICT.yes : VERDICT.no;
    case 'STARTTLS':
    case 'PASS':
      return VERDICT.maybe;
    default:
      return VERDICT.no;
  }
}

function serverVerdict(bytes: Uint8Array): Verdict {
  const line = firstLine(bytes);
  if (line === undefined) return bytes.length < 512 ? VERDICT.maybe : VERDICT.no;
  if (line.startsWith('NOTICE AUTH ') || line.startsWith('NOTICE * ')) return VERDICT.yes;
  if (line.startsWith('PING :')) return VERDICT.maybe;
  const [, rest] = splitWord(line);
  const [command] = splitWord(rest);
  return line.startsWith(':') && FIRST_MESSAGES.includes(command) ? VERDICT.yes : VERDICT.no;
}

/** Commands that say who somebody is, where they go and what they do; others are upkeep. */
const TOLD = new Set(['NICK', 'USER', 'JOIN', 'PART', 'PRIVMSG', 'NOTICE', 'OPER', 'QUIT', 'TOPIC', 'MODE', 'KICK']);
const SECRET = '*';
/** Replies that turn down a name or password (RFC 2812 5.2). */
const REFUSED_LOGINS = new Set([464, 465, 904, 905]);

class IrcConversation implements LineHandler {
  readonly #context: ParserContext;
  readonly #parser: LineParser;
  readonly #client: Teller;
  readonly #server: Teller;
  #nick = '';
  #hasPassword = false;

  constructor(context: ParserContext, parser: LineParser) {
    this.#context = context;
    this.#parser = parser;
    this.#client = new Teller(sided(context, true), 'irc');
    this.#server = new Teller(sided(context, false), 'irc');
  }

  line(line: string, fromInitiator: boolean): void {
    // Tags (IRCv3) and the sender stand before the command.
    let rest = line.trimEnd();
    if (rest.startsWith('@')) rest = splitWord(rest)[1];
    if (rest.startsWith(':')) rest = splitWord(rest)[1];
    const [word, argument] = splitWord(rest);
    if (fromInitiator) this.#command(word.toUpperCase(), argument);
    else this.#message(word.toUpperCase(), argument);
  }

  #command(name: string, argument: string): void {
    if (name === 'NICK') this.#nick = withoutColon(argument);
    if (name === 'PASS') {
      this.#hasPassword = true;
      this.#client.command(name, SECRET);
    } else if (name === 'OPER') {
      this.#client.command(name, `${splitWord(argument)[0]} ${SECRET}`);
    } else if (name === 'PRIVMSG' && isIdentification(argument)) {
      this.#client.command(name, `${splitWord(argument)[0]} ${SECRET}`);
    } else if (TOLD.has(name)) {
      this.#client.command(name, withoutColon(argument));
    } else if (name === 'STARTTLS') {
      this.#client.command(name, '');
    }
  }

  #message(name: string, argument: string): void {
    const number = Number(name);
    if (number === 1) {
      this.#server.property('network', afterColon(argument));
      if (this.#hasPassword) this.#login('success');
    } else if (REFUSED_LOGINS.has(number)) {
      this.#login('failure');
    } else if (number === 670) {
      // STARTTLS (IRCv3) is accepted.
      this.#parser.stop();
      this.#context.become('tls');
    } else if (name === 'PRIVMSG' || name === 'NOTICE' || name === 'TOPIC' || number === 332) {
      // Orders to bots come as messages and topics.
      this.#server.command(number === 332 ? 'TOPIC' : name, withoutColon(argument));
    }
  }

  #login(outcome: 'success' | 'failure'): void {
    this.#client.login({ user: this.#nick, outcome, method: 'password', isCleartext: true });
  }
}

/** A password that is told to the service that guards names. */
function isIdentification(argument: string): boolean {
  const lower = argument.toLowerCase();
  return lower.startsWith('nickserv') || lower.includes(':identify ');
}

function withoutColon(text: string): string {
  return text.startsWith(':') ? text.slice(1) : text;
}

function afterColon(text: string): string {
  const colon = text.indexOf(':');
  return colon < 0 ? text : text.slice(colon + 1);
}
