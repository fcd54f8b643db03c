import { PROTOCOL } from '../../../../contract/traffic.ts';
import { indexOfByte, mayStartWith, startsWith } from './bytes.ts';
import { type Parser, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { RESP, RespReader, type RespValue } from './resp.ts';
import { Teller } from './teller.ts';

/** Commands that wait for an answer, at most: clients may send thousands in a row. */
const MAX_PENDING = 1_024;
/** Of these the arguments are secrets, or hold some. */
const LOGIN_COMMANDS: ReadonlySet<string> = new Set(['AUTH', 'HELLO']);
/** Commands after which the server speaks by itself: answers can no longer be told from messages in RESP 2. */
const LISTENING: ReadonlySet<string> = new Set(['SUBSCRIBE', 'PSUBSCRIBE', 'SSUBSCRIBE', 'MONITOR', 'SYNC', 'PSYNC']);
const REFUSALS = ['WRONGPASS', 'NOPERM', 'ERR invalid password', 'ERR invalid username', 'ERR AUTH', 'DENIED'];
/** Where a lone line of a client is taken for a command of this protocol. */
const TYPED_COMMANDS = [
  'PING\r\n',
  'INFO\r\n',
  'AUTH ',
  'SET ',
  'GET ',
  'KEYS ',
  'PUBLISH ',
  'EVAL ',
  'SAVE\r\n',
  'FLUSHALL\r\n',
  'CONFIG GET ',
  'CONFIG SET ',
  'CLIENT LIST\r\n',
  'SLAVEOF ',
];
const MAX_COMMAND_NAME = 32;
const STATUS_ERROR = 1;

/**
 * Redis and its kin (RESP 2 and 3): logins by AUTH and HELLO and how they ended, commands with their first argument
 * and whether they failed (0 or 1), refusals of who is not logged in as property "error". Secrets are not kept.
 */
export const redis: ProtocolDefinition = {
  id: 'redis',
  transports: [PROTOCOL.tcp],
  ports: [6379, 6380, 16379, 26379],
  identify: ({ initiator, responder }) => isCommand(initiator, responder),
  parser: (context) => new Conversation(context),
};

/** "*2\r\n$4\r\nAUTH\r\n": an array of texts whose first is a word. */
function isCommand(bytes: Uint8Array, answer: Uint8Array): Verdict {
  // A server that greets speaks another protocol.
  if (bytes.length === 0) return answer.length > 0 ? VERDICT.no : VERDICT.maybe;
  if (bytes[0] !== RESP.array) return isTyped(bytes, answer);
  const first = digitsEnd(bytes, 1);
  if (first < 0) return bytes.length > 8 ? VERDICT.no : isDigits(bytes, 1);
  if (bytes.length <= first + 2) return VERDICT.maybe;
  if (bytes[first + 2] !== RESP.bulk) return VERDICT.no;
  const second = digitsEnd(bytes, first + 3);
  if (second < 0) return bytes.length > first + 12 ? VERDICT.no : isDigits(bytes, first + 3);
  if (bytes.length <= second + 2) return VERDICT.maybe;
  const letter = bytes[second + 2] | 0x20;
  return letter >= 0x61 && letter <= 0x7a ? VERDICT.yes : VERDICT.no;
}

/** A typed line is surely of this protocol once the answer is. */
function isTyped(bytes: Uint8Array, answer: Uint8Array): Verdict {
  let mayBe = false;
  for (const command of TYPED_COMMANDS) {
    if (!mayStartWith(bytes, command)) continue;
    mayBe = true;
    if (bytes.length < command.length) continue;
    for (const start of ['+PONG\r\n', '+OK\r\n', '-NOAUTH ', '-ERR ', '-WRONGPASS ', '-DENIED ', '$', '*', ':']) {
      if (startsWith(answer, start)) return VERDICT.yes;
    }
    if (answer.length >= 10) return VERDICT.no;
  }
  return mayBe ? VERDICT.maybe : VERDICT.no;
}

/** Offset of the CR LF behind the digits that begin at `from`; -1 without. */
function digitsEnd(bytes: Uint8Array, from: number): number {
  const end = indexOfByte(bytes, 0x0d, from, from + 8);
  if (end <= from || isDigits(bytes.subarray(0, end), from) === VERDICT.no || bytes[end + 1] !== 0x0a) return -1;
  return end;
}

function isDigits(bytes: Uint8Array, from: number): Verdict {
  for (let i = from; i < bytes.length && i < from + 8; i++) {
    if (bytes[i] === 0x0d && i > from) return VERDICT.maybe;
    if (bytes[i] < 0x30 || bytes[i] > 0x39) return VERDICT.no;
  }
  return VERDICT.maybe;
}

interface Pending {
  readonly name: string;
  readonly argument: string;
  /** Of a login. */
  readonly user: string | undefined;
}

class Conversation implements Parser {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  readonly #requests: RespReader;
  readonly #responses: RespReader;
  readonly #pending: Pending[] = [];
  /** Whether each answer belongs to the oldest command that waits. */
  #isInStep = true;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'redis');
    this.#requests = new RespReader(true, (value) => this.#request(value));
    this.#responses = new RespReader(false, (value) => this.#response(value));
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    const reader = fromInitiator ? this.#requests : this.#responses;
    const taken = reader.read(bytes);
    if (reader.isBroken) {
      this.#context.tell({ type: 'broken', protocol: 'redis', reason: 'bad-value' });
      this.#context.finish();
    }
    return taken;
  }

  end(): void {
    this.#outOfStep();
  }

  #request({ texts }: RespValue): void {
    const name = (texts[0] ?? '').slice(0, MAX_COMMAND_NAME).toUpperCase();
    if (name === '') return;
    const command = { name, argument: argumentOf(name, texts), user: loginUser(name, texts) };
    if (!this.#isInStep) {
      this.#finish(command, undefined);
      return;
    }
    this.#pending.push(command);
    // With answers switched off, or messages among them, what is answered is not known any longer.
    if (LISTENING.has(name) || (name === 'CLIENT' && texts[1]?.toUpperCase() === 'REPLY')) this.#outOfStep();
    else if (this.#pending.length >= MAX_PENDING) this.#outOfStep();
  }

  #response({ type, texts }: RespValue): void {
    const text = texts[0] ?? '';
    if (type === RESP.push) return;
    const isError = type === RESP.error || type === RESP.bulkError;
    // Redis repeats the arguments of what it does not know, and a password may be one of them.
    if (isError) this.#tell.property('error', text.split(', with args', 1)[0]);
    const command = this.#pending.shift();
    if (command === undefined) return;
    if (command.name === 'HELLO' || command.name === 'INFO') this.#tell.property('software', versionOf(texts));
    this.#finish(command, isError ? text : '');
  }

  #outOfStep(): void {
    this.#isInStep = false;
    for (const command of this.#pending.splice(0)) this.#finish(command, undefined);
  }

  /** @param error what the server says of it; empty for none, undefined where it is not known */
  #finish({ name, argument, user }: Pending, error: string | undefined): void {
    this.#tell.command(name, argument, error === undefined ? -1 : error === '' ? 0 : STATUS_ERROR);
    if (user === undefined) return;
    const isRefused = error !== undefined && REFUSALS.some((refusal) => error.startsWith(refusal));
    // Any other mistake of a login says nothing about the secret.
    const outcome = error === undefined ? 'attempt' : error === '' ? 'success' : isRefused ? 'failure' : 'attempt';
    this.#tell.login({ user, outcome, method: 'password', isCleartext: true });
  }
}

/** The user of a login; undefined for other commands. */
function loginUser(name: string, texts: readonly string[]): string | undefined {
  if (name === 'AUTH') return texts.length > 2 ? texts[1] : 'default';
  if (name !== 'HELLO') return undefined;
  const at = texts.findIndex((text) => text.toUpperCase() === 'AUTH');
  return at < 0 ? undefined : (texts[at + 1] ?? '');
}

/** What a command is about, without secrets: the setting of CONFIG SET is told, its value only where it is a place. */
function argumentOf(name: string, texts: readonly string[]): string {
  if (LOGIN_COMMANDS.has(name)) return '';
  if (name !== 'CONFIG' && name !== 'SLAVEOF' && name !== 'REPLICAOF' && name !== 'MODULE') return texts[1] ?? '';
  const isSecret = texts.some((text) => /pass|auth/i.test(text.slice(0, 64)));
  return texts.slice(1, isSecret ? 3 : 4).join(' ');
}

/** "redis_version:7.0.1" of INFO, or the value behind "version" of HELLO. */
function versionOf(texts: readonly string[]): string {
  const at = texts.indexOf('version');
  if (at >= 0) return texts[at + 1] === undefined ? '' : `Redis ${texts[at + 1]}`;
  const info = texts[0] ?? '';
  const start = info.indexOf('redis_version:');
  if (start < 0) return '';
  const line = info.slice(start + 14, start + 64);
  return `Redis ${line.slice(0, Math.max(0, line.search(/[\r\n]/)))}`.trim();
}
