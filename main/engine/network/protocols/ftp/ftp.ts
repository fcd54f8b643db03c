import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { baseName } from '../file/name.ts';
import { type LineHandler, LineParser } from '../line-parser.ts';
import type { ParserContext, ProtocolDefinition } from '../protocol.ts';
import { sided } from '../sided.ts';
import { Teller } from '../teller.ts';
import { isReplyContinued, replyStatus, splitWord } from '../text-lines.ts';
import { type DataEndpoint, endpointText, extendedHostPort, hostPort } from './endpoint.ts';
import { identifyReplies } from './identify.ts';

/** Commands that wait for their replies: a client sends one after the other. */
const MAX_WAITING_COMMANDS = 64;
/** Commands that move a file, and the command of a line that moves none. */
const TRANSFERS = new Set(['RETR', 'STOR', 'STOU', 'APPE']);
const SECRET = '*';
/** Replies that turn a login down (RFC 959 5.4, RFC 2228 3, RFC 4217). */
const REFUSALS = new Set([421, 430, 431, 500, 501, 503, 504, 530, 532, 534, 535]);

/** The control connection of FTP (RFC 959, 2228, 2428, 4217). */
export const ftp: ProtocolDefinition = {
  id: 'ftp',
  transports: [PROTOCOL.tcp],
  ports: [21, 2121],
  isEndless: true,
  identify: (opening) => identifyReplies(opening, 'ftp'),
  parser: (context) => new LineParser((parser) => new FtpConversation(context, parser)),
};

interface Command {
  readonly name: string;
  readonly argument: string;
}

class FtpConversation implements LineHandler {
  readonly #context: ParserContext;
  readonly #parser: LineParser;
  readonly #client: Teller;
  readonly #server: Teller;
  readonly #waiting: Command[] = [];
  #user = '';
  #isLoggedIn = false;
  #isGreeted = false;
  /** The status of a reply of several lines that is being read (RFC 959 4.2). */
  #openReply = -1;
  /** What goes over the data connection that was announced last: it is named by the command that follows. */
  #transfer = { name: '' };

  constructor(context: ParserContext, parser: LineParser) {
    this.#context = context;
    this.#parser = parser;
    this.#client = new Teller(sided(context, true), 'ftp');
    this.#server = new Teller(sided(context, false), 'ftp');
  }

  line(line: string, fromInitiator: boolean): void {
    if (fromInitiator) this.#command(line);
    else this.#reply(line);
  }

  gap(fromInitiator: boolean): void {
    // Which reply belongs to which command is not known any more.
    this.#openReply = -1;
    if (!fromInitiator) this.#forget();
  }

  end(): void {
    this.#forget();
  }

  #forget(): void {
    for (const command of this.#waiting) this.#tell(command, -1);
    this.#waiting.length = 0;
  }

  #command(line: string): void {
    const [word, argument] = splitWord(line.trim());
    const name = word.toUpperCase();
    if (name === '' || name.length > 16) return;
    if (name === 'USER') {
      this.#user = argument;
      this.#isLoggedIn = false;
    }
    if (TRANSFERS.has(name)) this.#transfer.name = baseName(argument);
    else if (name === 'LIST' || name === 'NLST' || name === 'MLSD') this.#transfer.name = '';
    if (name === 'PORT') this.#data(hostPort(argument), true);
    if (name === 'EPRT') this.#data(extendedHostPort(argument), true);
    this.#waiting.push({ name, argument: name === 'PASS' || name === 'ACCT' ? SECRET : argument });
    if (this.#waiting.length > MAX_WAITING_COMMANDS) this.#tell(this.#waiting.shift() as Command, -1);
  }

  #reply(line: string): void {
    const status = replyStatus(line);
    if (this.#openReply >= 0) {
      if (status !== this.#openReply || isReplyContinued(line)) return;
      this.#openReply = -1;
    } else if (status < 0) {
      return;
    } else if (isReplyContinued(line)) {
      this.#openReply = status;
      if (!this.#isGreeted) this.#server.property('banner', line.slice(4).trim());
      return;
    }
    if (!this.#isGreeted) {
      this.#isGreeted = true;
      // A greeting comes unasked, and answers nothing even where the client did not wait for it.
      if (status === 220) this.#server.property('banner', line.slice(4).trim());
      if (status === 220 || this.#waiting.length === 0) return;
    }
    // Below 200 another reply follows.
    if (status < 200) return;
    const command = this.#waiting.shift();
    if (command !== undefined) this.#answered(command, status, line.slice(4));
  }

  #answered(command: Command, status: number, text: string): void {
    this.#tell(command, status);
    switch (command.name) {
      case 'USER':
      case 'PASS':
        this.#login(status, command.name === 'PASS');
        return;
      case 'PASV':
        if (status === 227) this.#data(hostPort(text), false);
        return;
      case 'EPSV':
        if (status === 229) this.#data(extendedHostPort(text), false);
        return;
      case 'AUTH':
        if (status !== 234) return;
        this.#parser.stop();
        this.#context.become(command.argument.toUpperCase().startsWith('GSS') ? undefined : 'tls');
    }
  }

  #login(status: number, hasPassword: boolean): void {
    const isRefused = REFUSALS.has(status);
    if ((!isRefused && status !== 230 && status !== 232) || this.#isLoggedIn) return;
    this.#isLoggedIn = !isRefused;
    this.#client.login({
      user: this.#user,
      outcome: isRefused ? 'failure' : 'success',
      method: hasPassword ? 'password' : '',
      isCleartext: hasPassword,
    });
  }

  #data(endpoint: DataEndpoint | undefined, atInitiator: boolean): void {
    if (endpoint === undefined) return;
    const teller = atInitiator ? this.#client : this.#server;
    teller.property('data-endpoint', endpointText(endpoint));
    // Each connection has its own: the one before may still end.
    this.#transfer = { name: '' };
    this.#context.expect({ port: endpoint.port, atInitiator, protocol: 'ftp-data', file: this.#transfer });
  }

  #tell(command: Command, status: number): void {
    this.#client.command(command.name, command.argument, status);
  }
}
