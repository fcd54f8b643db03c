import { PROTOCOL } from '../../../../contract/traffic.ts';
import { lineEnd, nextLine, startsWith, utf8Text, viewOf } from './bytes.ts';
import { type Parser, type ParserContext, type ProtocolDefinition, VERDICT } from './protocol.ts';
import { Teller } from './teller.ts';

/** Lines of JSON-RPC; jobs of pools are the longest. */
const MAX_LINE_BYTES = 16_384;
/** Requests that begin mining: Bitcoin and its kin, Monero and its kin, Ethereum and its kin. */
const METHODS: ReadonlySet<string> = new Set([
  'mining.subscribe',
  'mining.authorize',
  'mining.configure',
  'mining.extranonce.subscribe',
  'mining.hello',
  'mining.submit',
  'mining.notify',
  'mining.set_difficulty',
  'eth_submitLogin',
  'eth_login',
  'eth_getWork',
  'eth_submitWork',
  'eth_submitHashrate',
  'login',
  'keepalived',
  'submit',
  'job',
]);
const LOGINS: ReadonlySet<string> = new Set(['mining.authorize', 'eth_submitLogin', 'eth_login', 'login']);
/** Names that other services use too: with them the parameters must be those of a miner. */
const COMMON_NAMES: ReadonlySet<string> = new Set(['login', 'submit', 'job', 'keepalived']);
const MAX_PENDING = 16;

/**
 * Stratum and its kin, by which miners of digital coins talk to their pool: wallet or worker, how the pool answered,
 * the miner's software, and that shares of work are submitted.
 */
export const stratum: ProtocolDefinition = {
  id: 'stratum',
  transports: [PROTOCOL.tcp],
  ports: [3333, 4444, 5555, 7777, 8888, 9999, 14433, 14444, 45560],
  identify({ initiator, responder }) {
    const bytes = initiator.length > 0 ? initiator : responder;
    if (bytes.length === 0) return VERDICT.maybe;
    if (bytes[0] !== 0x7b) return VERDICT.no;
    const end = lineEnd(bytes, 0, MAX_LINE_BYTES);
    const method = methodIn(end < 0 ? bytes : bytes.subarray(0, end));
    if (method !== '') return VERDICT.yes;
    return end < 0 ? VERDICT.maybe : VERDICT.no;
  },
  parser: (context) => new Conversation(context),
};

/** A method of mining that is named in a line; found without reading the line, which may not be whole. */
function methodIn(line: Uint8Array): string {
  const view = viewOf(line);
  const key = view.indexOf('"method"', 0, 'latin1');
  if (key < 0) return '';
  let at = key + 8;
  while (line[at] === 0x20 || line[at] === 0x3a) at++;
  if (line[at] !== 0x22) return '';
  const end = line.indexOf(0x22, at + 1);
  if (end < 0 || end - at > 40) return '';
  const method = utf8Text(line, at + 1, end);
  if (!METHODS.has(method)) return '';
  if (!COMMON_NAMES.has(method)) return method;
  const isMiner = view.includes('"login"', end, 'latin1') || view.includes('"job_id"', 0, 'latin1');
  const hasPassword = view.includes('"pass"', 0, 'latin1') || view.includes('"nonce"', 0, 'latin1');
  return isMiner && (hasPassword || view.includes('"target"', 0, 'latin1')) ? method : '';
}

/** A line of JSON-RPC as far as it is of interest. */
interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
  readonly worker?: unknown;
}

class Conversation implements Parser {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  /** Users of logins that wait for their answer, by the number of the request. */
  readonly #logins = new Map<string, string>();

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'stratum');
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    let at = 0;
    for (;;) {
      const end = lineEnd(bytes, at, MAX_LINE_BYTES);
      if (end < 0) break;
      this.#line(bytes.subarray(at, end), fromInitiator);
      at = nextLine(bytes, end);
    }
    if (bytes.length - at < MAX_LINE_BYTES) return at;
    this.#context.tell({ type: 'broken', protocol: 'stratum', reason: 'line-too-long' });
    this.#context.finish();
    return bytes.length;
  }

  gap(): void {
    this.#context.finish();
  }

  end(): void {
    for (const user of this.#logins.values()) this.#login(user, 'attempt');
    this.#logins.clear();
  }

  #line(line: Uint8Array, fromInitiator: boolean): void {
    const message = parse(line);
    if (message === undefined) return;
    if (typeof message.method === 'string') this.#request(message.method, message, fromInitiator);
    else if (!fromInitiator) this.#answer(message);
  }

  #request(method: string, message: Message, fromInitiator: boolean): void {
    if (!METHODS.has(method)) return;
    // Work and its results come without end: what they are called is said once.
    this.#tell.property('method', method);
    if (fromInitiator && LOGINS.has(method) && this.#logins.size < MAX_PENDING) {
      this.#logins.set(String(message.id), userOf(message));
    }
    this.#tell.property('software', softwareOf(method, message.params));
  }

  #answer(message: Message): void {
    const key = String(message.id);
    const user = this.#logins.get(key);
    if (user === undefined) return;
    this.#logins.delete(key);
    const isRefused = (message.error !== undefined && message.error !== null) || message.result === false;
    this.#login(user, isRefused ? 'failure' : 'success');
  }

  #login(user: string, outcome: 'attempt' | 'success' | 'failure'): void {
    this.#tell.login({ user, outcome, method: 'stratum', isCleartext: true });
  }
}

function parse(line: Uint8Array): Message | undefined {
  if (!startsWith(line, '{')) return undefined;
  try {
    // At most MAX_LINE_BYTES long, so that nesting is bounded.
    const value: unknown = JSON.parse(utf8Text(line));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Wallet or worker of a login; the password is not kept. */
function userOf({ params, worker }: Message): string {
  const wallet = textAt(params, Array.isArray(params) ? '0' : 'login');
  return typeof worker === 'string' && worker !== '' ? `${wallet}.${worker}` : wallet;
}

function softwareOf(method: string, params: unknown): string {
  if (method === 'mining.subscribe') return textAt(params, '0');
  return method === 'login' ? textAt(params, 'agent') : '';
}

/** Text of a list or of a table by its key. */
function textAt(value: unknown, key: string): string {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return '';
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'string' ? found : '';
}
