import { carriesKerberosTicket, ntlmMessage } from '../ntlm.ts';
import type { ParserContext } from '../protocol.ts';
import { isRpcMessage, RpcMessages } from '../rpc/rpc-messages.ts';
import { Teller } from '../teller.ts';

/** Status values (MS-ERREF 2.3) that mean that there is more to come, not a failure. */
export const STATUS = { success: 0, pending: 0x103, moreProcessing: 0xc0000016 } as const;
/** Errors have the two highest bits (MS-ERREF 2.3); DOS errors of SMB 1 have their class in the lowest byte. */
const SEVERITY_ERROR = 0xc0000000;

/** Requests that wait for their answer. */
const MAX_PENDING = 64;

interface Request {
  readonly command: string;
  readonly argument: string;
}

interface Login {
  readonly user: string;
  readonly domain: string;
  readonly host: string;
  readonly method: string;
  readonly isCleartext: boolean;
}

/** What both versions of SMB share: requests and their answers, logins, calls in pipes. */
export class SmbSession {
  readonly tell: Teller;
  readonly #rpc: RpcMessages;
  readonly #requests = new Map<number, Request>();
  readonly #logins = new Map<number, Login>();

  constructor(context: ParserContext) {
    this.tell = new Teller(context, 'smb');
    this.#rpc = new RpcMessages(this.tell, { interfaceProperty: 'rpc-interface', commandPrefix: 'rpc-' });
  }

  /** Remembers a request until its answer; a chain of requests under one number is told by the last. */
  ask(id: number, command: string, argument: string): void {
    // The root of a share is opened all the time.
    if (command === 'create' && argument === '') return;
    if (this.#requests.size < MAX_PENDING) {
      const before = this.#requests.get(id);
      if (before !== undefined) this.tell.command(before.command, before.argument);
      this.#requests.set(id, { command, argument });
    } else {
      this.tell.command(command, argument);
    }
  }

  /** The answer to a request, which is told with its status. */
  answer(id: number, status: number): void {
    if (status === STATUS.pending || status === STATUS.moreProcessing) return;
    const request = this.#requests.get(id);
    if (request === undefined) return;
    this.#requests.delete(id);
    this.tell.command(request.command, request.argument, status);
  }

  /** Whether a request of this number waits for its answer. */
  isAsked(id: number): boolean {
    return this.#requests.has(id);
  }

  /** A security blob of a session setup (MS-SPNG, RFC 4178) under the number of its request. */
  security(id: number, blob: Uint8Array, isFromServer: boolean): void {
    const message = ntlmMessage(blob);
    if (message?.kind === 'challenge' && isFromServer) {
      this.tell.property('server-name', message.dnsComputer || message.computer || message.target);
      this.tell.property('server-domain', message.dnsDomain || message.domain);
      this.tell.property('server-version', message.version);
    } else if (message?.kind === 'authenticate') {
      const { user, domain, host, method } = message;
      this.login(id, { user, domain, host, method, isCleartext: false });
    } else if (!isFromServer && carriesKerberosTicket(blob)) {
      this.login(id, { user: '', domain: '', host: '', method: 'kerberos', isCleartext: false });
    }
  }

  login(id: number, login: Login): void {
    if (this.#logins.size < MAX_PENDING) this.#logins.set(id, login);
  }

  /** How the session setup of a number ended. */
  loggedIn(id: number, status: number): void {
    const login = this.#logins.get(id);
    if (login === undefined || status === STATUS.moreProcessing || status === STATUS.pending) return;
    this.#logins.delete(id);
    // Nobody logs in without a name: a client looks around.
    if (login.method === 'anonymous' && status === STATUS.success) this.tell.property('session', 'anonymous');
    else this.tell.login({ ...login, outcome: status === STATUS.success ? 'success' : 'failure' });
    if (status !== STATUS.success) this.tell.property('login-status', statusText(status));
  }

  /** What is written to a pipe or read from it. */
  pipe(bytes: Uint8Array): void {
    if (isRpcMessage(bytes)) this.#rpc.message(bytes);
  }

  end(): void {
    for (const login of this.#logins.values()) this.tell.login({ ...login, outcome: 'attempt' });
    this.#logins.clear();
    for (const { command, argument } of this.#requests.values()) this.tell.command(command, argument);
    this.#requests.clear();
    this.#rpc.end();
  }
}

/** "0xc000006d". */
export function statusText(status: number): string {
  return `0x${status.toString(16).padStart(8, '0')}`;
}

export function isError(status: number): boolean {
  return (status & SEVERITY_ERROR) >>> 0 === SEVERITY_ERROR;
}
