import { PROTOCOL } from '../../../../contract/traffic.ts';
import { mayStartWith, startsWith } from './bytes.ts';
import { type LineHandler, LineParser } from './line-parser.ts';
import { type Opening, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { SaslExchange } from './sasl.ts';
import { sided } from './sided.ts';
import { Teller } from './teller.ts';
import { bounded, firstLine, splitWord } from './text-lines.ts';

const GREETINGS = ['* OK', '* PREAUTH', '* BYE'];
const COMMANDS = new Set([
  'CAPABILITY',
  'LOGIN',
  'AUTHENTICATE',
  'STARTTLS',
  'NOOP',
  'LOGOUT',
  'ID',
  'ENABLE',
  'SELECT',
]);
const MAX_WAITING_COMMANDS = 64;
/** A command whose literals make it longer is cut. */
const MAX_COMMAND_TEXT = 4_096;
const MAX_LITERAL_BYTES = 2 ** 31;

/** IMAP4rev1 and rev2 (RFC 3501, 9051). */
export const imap: ProtocolDefinition = {
  id: 'imap',
  transports: [PROTOCOL.tcp],
  ports: [143, 993],
  isEndless: true,
  identify,
  parser: (context) => new LineParser((parser) => new ImapConversation(context, parser)),
};

function identify({ initiator, responder }: Opening): Verdict {
  if (!GREETINGS.some((greeting) => mayStartWith(responder, greeting))) return VERDICT.no;
  if (GREETINGS.some((greeting) => startsWith(responder, greeting))) return VERDICT.yes;
  if (initiator.length === 0) return VERDICT.maybe;
  const line = firstLine(initiator);
  if (line === undefined) return initiator.length < 512 ? VERDICT.maybe : VERDICT.no;
  return COMMANDS.has(splitWord(splitWord(line)[1])[0].toUpperCase()) ? VERDICT.maybe : VERDICT.no;
}

interface Command {
  readonly tag: string;
  readonly name: string;
  readonly argument: string;
  readonly user: string;
  readonly sasl: SaslExchange | undefined;
}

class ImapConversation implements LineHandler {
  readonly #context: ParserContext;
  readonly #parser: LineParser;
  readonly #client: Teller;
  readonly #server: Teller;
  #waiting: Command[] = [];
  /** What of the client's command came before a literal. */
  #open = '';
  /** A login whose next response the server has asked for. */
  #sasl: SaslExchange | undefined;
  #isGreeted = false;

  constructor(context: ParserContext, parser: LineParser) {
    this.#context = context;
    this.#parser = parser;
    this.#client = new Teller(sided(context, true), 'imap');
    this.#server = new Teller(sided(context, false), 'imap');
  }

  line(line: string, fromInitiator: boolean): void {
    const literal = literalBytes(line);
    if (literal > 0) this.#parser.takeBlock(literal, fromInitiator);
    if (!fromInitiator) {
      this.#reply(line);
      return;
    }
    if (this.#sasl !== undefined) {
      const sasl = this.#sasl;
      this.#sasl = undefined;
      sasl.response(line);
      return;
    }
    this.#open = bounded(this.#open + (literal > 0 ? line.slice(0, line.lastIndexOf('{')) : line), MAX_COMMAND_TEXT);
    if (literal > 0) return;
    this.#command(this.#open);
    this.#open = '';
  }

  /** A literal (RFC 9051 4.3) is text of the command around it. */
  block(start: string, fromInitiator: boolean): void {
    if (fromInitiator) this.#open = bounded(`${this.#open}"${start.replaceAll('"', '\\"')}"`, MAX_COMMAND_TEXT);
  }

  gap(fromInitiator: boolean): void {
    if (fromInitiator) this.#open = '';
  }

  end(): void {
    for (const { name, argument } of this.#waiting) this.#client.command(name, argument);
    this.#waiting = [];
  }

  #command(line: string): void {
    const [tag, rest] = splitWord(line);
    const [word, argument] = splitWord(rest);
    const name = word.toUpperCase();
    if (name === '' || name.length > 16) return;
    let user = '';
    let sasl: SaslExchange | undefined;
    let told = argument;
    if (name === 'LOGIN') {
      user = firstString(argument);
      told = user;
    } else if (name === 'AUTHENTICATE') {
      const [mechanism, initial] = splitWord(argument);
      sasl = new SaslExchange(mechanism);
      if (initial !== '' && initial !== '=') sasl.response(initial);
      told = mechanism;
    }
    this.#waiting.push({ tag, name, argument: told, user, sasl });
    if (this.#waiting.length > MAX_WAITING_COMMANDS) this.#waiting.shift();
  }

  #reply(line: string): void {
    if (!this.#isGreeted) {
      this.#isGreeted = true;
      if (line.startsWith('* ')) this.#server.property('banner', splitWord(line.slice(2))[1]);
      return;
    }
    if (line.startsWith('+')) {
      this.#sasl = this.#waiting.at(-1)?.sasl;
      return;
    }
    if (line.startsWith('* ')) return;
    const [tag, rest] = splitWord(line);
    const index = this.#waiting.findIndex((command) => command.tag === tag);
    const [condition] = splitWord(rest);
    if (index < 0 || !['OK', 'NO', 'BAD'].includes(condition.toUpperCase())) return;
    const [command] = this.#waiting.splice(index, 1);
    this.#answered(command, condition.toUpperCase() === 'OK');
  }

  #answered(command: Command, isFine: boolean): void {
    // IMAP has no numbers: 1 is fine, 0 is not.
    this.#client.command(command.name, command.argument, isFine ? 1 : 0);
    const outcome = isFine ? 'success' : 'failure';
    if (command.name === 'LOGIN') {
      this.#client.login({ user: command.user, outcome, method: 'password', isCleartext: true });
    } else if (command.sasl !== undefined) {
      this.#sasl = undefined;
      this.#client.login(command.sasl.login(outcome));
    } else if (command.name === 'STARTTLS' && isFine) {
      this.#parser.stop();
      this.#context.become('tls');
    }
  }
}

/** `{12}` or `{12+}` at the end of a line announces so many bytes; 0 without. */
function literalBytes(line: string): number {
  if (!line.endsWith('}')) return 0;
  const open = line.lastIndexOf('{');
  if (open < 0) return 0;
  const text = line.slice(open + 1, line.endsWith('+}') ? -2 : -1);
  const bytes = Number(text);
  return text !== '' && text.length < 11 && Number.isInteger(bytes) && bytes > 0 && bytes < MAX_LITERAL_BYTES
    ? bytes
    : 0;
}

/** The first of the strings of a command: an atom, or in quotes. */
function firstString(text: string): string {
  if (text[0] !== '"') return splitWord(text)[0];
  let value = '';
  for (let i = 1; i < text.length && text[i] !== '"'; i++) {
    if (text[i] === '\\') i++;
    value += text[i] ?? '';
  }
  return value;
}
