import { PROTOCOL } from '../../../../contract/traffic.ts';
import { mayStartWith, startsWith } from './bytes.ts';
import { type LineHandler, LineParser } from './line-parser.ts';
import { type Opening, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { SaslExchange } from './sasl.ts';
import { sided } from './sided.ts';
import { Teller } from './teller.ts';
import { firstLine, splitWord } from './text-lines.ts';

const COMMANDS = new Set(['USER', 'APOP', 'CAPA', 'AUTH', 'STLS', 'QUIT', 'PASS', 'NOOP', 'XTND', 'STAT', 'UTF8']);
const MAX_WAITING_COMMANDS = 64;
const SECRET = '*';

/** POP3 (RFC 1939) with TLS (2595) and SASL (5034). */
export const pop3: ProtocolDefinition = {
  id: 'pop3',
  transports: [PROTOCOL.tcp],
  ports: [110, 995],
  isEndless: true,
  identify,
  parser: (context) => new LineParser((parser) => new Pop3Conversation(context, parser)),
};

/** The server greets with +OK. Redis answers like that, but its client has the first word. */
function identify({ initiator, responder }: Opening): Verdict {
  if (!mayStartWith(responder, '+OK') && !mayStartWith(responder, '-ERR')) return VERDICT.no;
  const isGreeted = startsWith(responder, '+OK') || startsWith(responder, '-ERR');
  if (initiator.length === 0) return startsWith(responder, '+OK ') ? VERDICT.yes : VERDICT.maybe;
  const line = firstLine(initiator);
  if (line === undefined) return initiator.length < 512 ? VERDICT.maybe : VERDICT.no;
  if (!COMMANDS.has(splitWord(line)[0].toUpperCase())) return VERDICT.no;
  return isGreeted ? VERDICT.yes : VERDICT.maybe;
}

interface Command {
  readonly name: string;
  readonly argument: string;
}

class Pop3Conversation implements LineHandler {
  readonly #context: ParserContext;
  readonly #parser: LineParser;
  readonly #client: Teller;
  readonly #server: Teller;
  readonly #waiting: Command[] = [];
  #user = '';
  #sasl: SaslExchange | undefined;
  #isSaslOpen = false;
  #isGreeted = false;

  constructor(context: ParserContext, parser: LineParser) {
    this.#context = context;
    this.#parser = parser;
    this.#client = new Teller(sided(context, true), 'pop3');
    this.#server = new Teller(sided(context, false), 'pop3');
  }

  line(line: string, fromInitiator: boolean): void {
    if (!fromInitiator) this.#reply(line);
    else if (this.#isSaslOpen) {
      this.#isSaslOpen = false;
      this.#sasl?.response(line);
    } else this.#command(line.trim());
  }

  gap(fromInitiator: boolean): void {
    if (!fromInitiator) this.end();
  }

  end(): void {
    for (const { name, argument } of this.#waiting) this.#client.command(name, argument);
    this.#waiting.length = 0;
  }

  #command(line: string): void {
    const [word, rest] = splitWord(line);
    const name = word.toUpperCase();
    if (name === '' || name.length > 8) return;
    let argument = rest;
    if (name === 'USER') this.#user = rest;
    if (name === 'PASS') argument = SECRET;
    if (name === 'APOP') {
      this.#user = splitWord(rest)[0];
      argument = this.#user;
    }
    if (name === 'AUTH' && rest !== '') {
      const [mechanism, initial] = splitWord(rest);
      this.#sasl = new SaslExchange(mechanism);
      if (initial !== '' && initial !== '=') this.#sasl.response(initial);
      argument = mechanism;
    }
    this.#waiting.push({ name, argument });
    if (this.#waiting.length > MAX_WAITING_COMMANDS) this.#waiting.shift();
  }

  /** Everything else are lines of a mail or list, which end with a dot; a mail may hold lines like replies. */
  #reply(line: string): void {
    if (this.#sasl !== undefined && (line === '+' || line.startsWith('+ '))) {
      this.#isSaslOpen = true;
      return;
    }
    const isFine = line.startsWith('+OK');
    if (!isFine && !line.startsWith('-ERR')) return;
    if (!this.#isGreeted) {
      this.#isGreeted = true;
      this.#server.property('banner', line.slice(isFine ? 3 : 4).trim());
      if (isFine) return;
    }
    const command = this.#waiting.shift();
    if (command === undefined) return;
    // POP3 has no numbers: 1 is fine, 0 is not.
    this.#client.command(command.name, command.argument, isFine ? 1 : 0);
    this.#answered(command, isFine);
  }

  #answered({ name }: Command, isFine: boolean): void {
    const outcome = isFine ? 'success' : 'failure';
    if (name === 'PASS') {
      this.#client.login({ user: this.#user, outcome, method: 'password', isCleartext: true });
    } else if (name === 'APOP') {
      this.#client.login({ user: this.#user, outcome, method: 'apop' });
    } else if (name === 'AUTH' && this.#sasl !== undefined) {
      this.#client.login(this.#sasl.login(outcome));
      this.#sasl = undefined;
      this.#isSaslOpen = false;
    } else if (name === 'STLS' && isFine) {
      this.#parser.stop();
      this.#context.become('tls');
    }
  }
}
