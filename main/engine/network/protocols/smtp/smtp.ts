import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { identifyReplies } from '../ftp/identify.ts';
import { type LineHandler, LineParser } from '../line-parser.ts';
import type { ParserContext, ProtocolDefinition } from '../protocol.ts';
import { SaslExchange } from '../sasl.ts';
import { sided } from '../sided.ts';
import { Teller } from '../teller.ts';
import { isReplyContinued, replyStatus, splitWord } from '../text-lines.ts';
import { MailContent } from './mail-content.ts';

/** Commands that wait for their replies; pipelining clients (RFC 2920) send one for each recipient. */
const MAX_WAITING_COMMANDS = 256;
const SECRET = '*';
/** Replies to AUTH (RFC 4954 6): those of the 500s below this one are about the command, not about who sent it. */
const LEAST_REFUSAL = 534;
const TEMPORARY_REFUSAL = 454;

/** SMTP (RFC 5321) with extensions for TLS (3207), logins (4954) and chunks (3030). */
export const smtp: ProtocolDefinition = {
  id: 'smtp',
  transports: [PROTOCOL.tcp],
  ports: [25, 587, 465, 2525],
  isEndless: true,
  identify: (opening) => identifyReplies(opening, 'smtp'),
  parser: (context) => new LineParser((parser) => new SmtpConversation(context, parser)),
};

interface Command {
  readonly name: string;
  readonly argument: string;
}

class SmtpConversation implements LineHandler {
  readonly #context: ParserContext;
  readonly #parser: LineParser;
  readonly #client: Teller;
  readonly #server: Teller;
  readonly #waiting: Command[] = [];
  #sasl: SaslExchange | undefined;
  /** The server asked for the next response of a login. */
  #isSaslOpen = false;
  #mail: MailContent | undefined;
  #hasReplies = false;
  #isGreeted = false;

  constructor(context: ParserContext, parser: LineParser) {
    this.#context = context;
    this.#parser = parser;
    this.#client = new Teller(sided(context, true), 'smtp');
    this.#server = new Teller(sided(context, false), 'smtp');
  }

  line(line: string, fromInitiator: boolean): void {
    if (!fromInitiator) this.#reply(line);
    else if (this.#mail !== undefined) this.#content(this.#mail, line);
    else if (this.#isSaslOpen) this.#saslResponse(line);
    else this.#command(line.trim());
  }

  gap(fromInitiator: boolean): void {
    if (fromInitiator) this.#endMail(false);
    else this.#forget();
  }

  end(): void {
    this.#endMail(false);
    this.#forget();
  }

  #forget(): void {
    for (const { name, argument } of this.#waiting) this.#client.command(name, argument);
    this.#waiting.length = 0;
  }

  #command(line: string): void {
    const [word, rest] = splitWord(line);
    const name = word.toUpperCase();
    if (name === '' || name.length > 16) return;
    let argument = rest;
    if (name === 'AUTH') {
      const [mechanism, initial] = splitWord(rest);
      this.#sasl = new SaslExchange(mechanism);
      if (initial !== '' && initial !== '=') this.#sasl.response(initial);
      argument = initial === '' ? mechanism : `${mechanism} ${SECRET}`;
    } else if (name === 'BDAT') {
      this.#parser.takeBlock(blockBytes(rest), true);
    }
    this.#waiting.push({ name, argument });
    if (this.#waiting.length > MAX_WAITING_COMMANDS) this.#forget();
    // Of a server that is not heard nothing else can be told than that the mail begins.
    if (name === 'DATA' && !this.#hasReplies) this.#beginMail();
  }

  #saslResponse(line: string): void {
    this.#isSaslOpen = false;
    if (line !== '*') this.#sasl?.response(line === '=' ? '' : line);
  }

  #content(mail: MailContent, line: string): void {
    if (line === '.') this.#endMail(true);
    else mail.line(line.startsWith('.') ? line.slice(1) : line);
  }

  #beginMail(): void {
    this.#mail = new MailContent({
      field: (name, value) => this.#client.property(name, value),
      file: (file) => this.#context.tell(file, true),
      wantsMd5: this.#context.wantsMd5,
    });
  }

  #endMail(isWhole: boolean): void {
    this.#mail?.end(isWhole);
    this.#mail = undefined;
  }

  #reply(line: string): void {
    const status = replyStatus(line);
    if (status < 0) return;
    this.#hasReplies = true;
    if (!this.#isGreeted) {
      if (isReplyContinued(line)) return;
      this.#isGreeted = true;
      if (status === 220) this.#server.property('banner', line.slice(4).trim());
      if (status === 220 || this.#waiting.length === 0) return;
    }
    if (isReplyContinued(line)) return;
    if (status === 334 && this.#sasl !== undefined) {
      this.#isSaslOpen = true;
      return;
    }
    const command = this.#waiting.shift();
    if (command === undefined) return;
    this.#client.command(command.name, command.argument, status);
    this.#answered(command, status);
  }

  #answered({ name }: Command, status: number): void {
    if (name === 'AUTH') {
      this.#isSaslOpen = false;
      if (status === 235 || status >= LEAST_REFUSAL || status === TEMPORARY_REFUSAL) {
        const login = this.#sasl?.login(status === 235 ? 'success' : 'failure');
        if (login !== undefined) this.#client.login(login);
      }
      this.#sasl = undefined;
    } else if (name === 'DATA' && status === 354) {
      this.#beginMail();
      // The reply to the mail itself comes behind its end.
      this.#waiting.unshift({ name: 'DATA', argument: '' });
    } else if (name === 'STARTTLS' && status === 220) {
      this.#parser.stop();
      this.#context.become('tls');
    }
  }
}

function blockBytes(argument: string): number {
  const bytes = Number.parseInt(argument, 10);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
}
