import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ByteReader, indexOfByte, latin1, NO_BYTES, u16leAt } from './bytes.ts';
import { type Framing, framedParser, type MessageReader } from './message-frames.ts';
import { skipQueryAttributes } from './mysql-attributes.ts';
import { type Opening, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';

/** Length (three bytes, lowest first) and sequence number of a packet (MySQL Internals, "Protocol Basics"). */
const HEADER_BYTES = 4;
const READ_BYTES = 4_096;
const MAX_GREETING_BYTES = 512;
const MAX_VERSION_BYTES = 96;
const PROTOCOL_VERSION = 10;
/** Errors that a server sends in place of a greeting: too many connections, host not allowed, blocked. */
const REFUSALS: ReadonlySet<number> = new Set([1040, 1129, 1130, 1203]);

/** Capabilities that change the shape of messages. */
const CAPABILITY = {
  connectWithDatabase: 0x00000008,
  protocol41: 0x00000200,
  compressed: 0x00000020,
  tls: 0x00000800,
  secureConnection: 0x00008000,
  pluginAuth: 0x00080000,
  lengthEncodedAuth: 0x00200000,
  queryAttributes: 0x08000000,
} as const;
/** A request for TLS is the beginning of the login packet and nothing more. */
const TLS_REQUEST_BYTES = 32;

const ANSWER = { ok: 0x00, more: 0x01, switchMethod: 0xfe, error: 0xff } as const;
/** More data of caching_sha2_password: the server asks for the password itself. */
const FULL_AUTHENTICATION = 0x04;
const QUERY = 0x03;

/** Commands by their first byte; those that are not here are told as "command-28". */
const COMMANDS: Readonly<Record<number, string>> = {
  1: 'quit',
  2: 'use',
  3: 'query',
  4: 'field-list',
  5: 'create-database',
  6: 'drop-database',
  7: 'refresh',
  8: 'shutdown',
  9: 'statistics',
  10: 'process-info',
  12: 'process-kill',
  13: 'debug',
  14: 'ping',
  17: 'change-user',
  18: 'binlog-dump',
  20: 'connect-out',
  21: 'register-slave',
  22: 'prepare',
  23: 'execute',
  24: 'send-long-data',
  25: 'close-statement',
  26: 'reset-statement',
  27: 'set-option',
  28: 'fetch',
  30: 'binlog-dump-gtid',
  31: 'reset-connection',
};
/** Commands whose argument is text. */
const TEXT_COMMANDS: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 22]);
/** Commands that are never answered. */
const SILENT_COMMANDS: ReadonlySet<number> = new Set([1, 24, 25]);

const framing: Framing = {
  headerBytes: HEADER_BYTES,
  readBytes: READ_BYTES,
  frameBytes: (bytes, at) => HEADER_BYTES + (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16)),
};

/**
 * MySQL and MariaDB: the server's version, who logs in to which database and how it ended, and commands with the
 * number of their error (0: none). The login in clear text is that of mysql_clear_password only.
 */
export const mysql: ProtocolDefinition = {
  id: 'mysql',
  transports: [PROTOCOL.tcp],
  ports: [3306, 33060],
  identify(opening) {
    return opening.responder.length > 0
      ? isGreeting(opening.responder, opening)
      : isGreeting(opening.initiator, opening);
  },
  parser: (context) => framedParser(context, 'mysql', framing, new Conversation(context)),
};

/** Told by what the server says first. */
function isGreeting(bytes: Uint8Array, opening: Opening): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  const length = framing.frameBytes(bytes, 0, true);
  if (bytes.length < HEADER_BYTES + 1) return VERDICT.maybe;
  if (bytes[3] !== 0 || length - HEADER_BYTES > MAX_GREETING_BYTES || length - HEADER_BYTES < 7) return VERDICT.no;
  if (bytes[4] === ANSWER.error) return isRefusal(bytes, length, opening);
  if (bytes[4] !== PROTOCOL_VERSION) return VERDICT.no;
  const zero = indexOfByte(bytes, 0, 5, Math.min(bytes.length, 5 + MAX_VERSION_BYTES));
  const seen = zero < 0 ? Math.min(bytes.length, 5 + MAX_VERSION_BYTES) : zero;
  for (let i = 5; i < seen; i++) if (bytes[i] < 0x20 || bytes[i] > 0x7e) return VERDICT.no;
  if (bytes.length > 5 && (bytes[5] < 0x30 || bytes[5] > 0x39)) return VERDICT.no;
  if (zero < 0) return bytes.length >= 5 + MAX_VERSION_BYTES ? VERDICT.no : VERDICT.maybe;
  // Behind the version: number of the thread, eight bytes of the challenge, and a zero.
  if (length < zero + 1 + 13) return VERDICT.no;
  if (bytes.length < zero + 14) return VERDICT.maybe;
  return bytes[zero + 13] === 0 && indexOfByte(bytes, 0x2e, 5, zero) > 0 ? VERDICT.yes : VERDICT.no;
}

function isRefusal(bytes: Uint8Array, length: number, opening: Opening): Verdict {
  if (bytes.length < length) return VERDICT.maybe;
  if (bytes.length > length || !REFUSALS.has(u16leAt(bytes, 5))) return VERDICT.no;
  for (let i = 7; i < length; i++) if (bytes[i] < 0x20) return VERDICT.no;
  return bytes === opening.responder || opening.responder.length === 0 ? VERDICT.yes : VERDICT.no;
}

class Conversation implements MessageReader {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  #phase: 'greeting' | 'login' | 'answer' | 'commands' = 'greeting';
  #serverCapabilities = 0;
  #capabilities = 0;
  #user = '';
  #method = '';
  #isCleartext = false;
  /** The command that waits for its answer. */
  #command: { readonly name: string; readonly argument: string } | undefined;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'mysql');
  }

  message(bytes: Uint8Array, fromInitiator: boolean): boolean | undefined {
    // Also when the beginning was missed and the sides are taken for each other.
    if (this.#phase === 'greeting') this.#tell.isClientInitiator = !fromInitiator;
    const isServer = fromInitiator !== this.#tell.isClientInitiator;
    const payload = bytes.subarray(HEADER_BYTES);
    switch (this.#phase) {
      case 'greeting':
        this.#greet(payload);
        return undefined;
      case 'login':
        return isServer ? undefined : this.#logIn(payload);
      case 'answer':
        if (isServer) this.#answerLogin(payload);
        else if (this.#method === 'mysql_clear_password') this.#isCleartext = true;
        return undefined;
      default:
        if (isServer) this.#answerCommand(payload);
        else if (bytes[3] === 0) this.#start(payload);
        return undefined;
    }
  }

  end(): void {
    if (this.#phase === 'answer') this.#outcome('attempt');
    this.#finishCommand(-1);
  }

  #greet(payload: Uint8Array): void {
    const reader = new ByteReader(payload);
    if (reader.u8() === ANSWER.error) {
      this.#tell.property('refused', String(reader.u16le()));
      this.#context.finish();
      return;
    }
    this.#tell.property('software', reader.latin1Zero());
    // Number of the thread, eight bytes of the challenge, a zero.
    reader.skip(13);
    this.#serverCapabilities = reader.u16le();
    this.#phase = 'login';
  }

  #logIn(payload: Uint8Array): boolean | undefined {
    const reader = new ByteReader(payload);
    const low = reader.u16le();
    if ((low & CAPABILITY.protocol41) === 0) return this.#logInOld(payload);
    this.#capabilities = (low | (reader.u16le() << 16)) >>> 0;
    if ((low & CAPABILITY.tls) !== 0 && payload.length === TLS_REQUEST_BYTES) {
      this.#tell.property('encryption', 'tls');
      this.#context.become('tls');
      return false;
    }
    reader.skip(28);
    this.#user = reader.latin1Zero();
    const answer = this.#secret(reader);
    const database = this.#has(CAPABILITY.connectWithDatabase) ? reader.latin1Zero() : '';
    this.#method = this.#has(CAPABILITY.pluginAuth) ? reader.latin1Zero() : 'mysql_native_password';
    if (this.#method === 'mysql_clear_password' && answer.length > 0) this.#isCleartext = true;
    this.#tell.property('database', database);
    this.#phase = 'answer';
    return undefined;
  }

  /** The login packet before MySQL 4.1. */
  #logInOld(payload: Uint8Array): undefined {
    const reader = new ByteReader(payload, 5);
    this.#user = reader.latin1Zero();
    this.#method = 'mysql_old_password';
    this.#phase = 'answer';
  }

  #secret(reader: ByteReader): Uint8Array {
    if (this.#has(CAPABILITY.lengthEncodedAuth) || this.#has(CAPABILITY.secureConnection)) {
      return reader.take(reader.u8());
    }
    const zero = indexOfByte(reader.bytes, 0, reader.position);
    const secret = zero < 0 ? NO_BYTES : reader.take(zero - reader.position);
    reader.skip(1);
    return secret;
  }

  #has(capability: number): boolean {
    return (this.#capabilities & capability) !== 0;
  }

  #answerLogin(payload: Uint8Array): void {
    switch (payload[0]) {
      case ANSWER.ok:
        this.#phase = 'commands';
        this.#outcome('success');
        if ((this.#serverCapabilities & this.#capabilities & CAPABILITY.compressed) !== 0) {
          // All that follows is framed and packed in another way.
          this.#tell.property('compression', 'on');
          this.#context.finish();
        }
        break;
      case ANSWER.error:
        this.#tell.property('error', errorText(payload));
        this.#phase = 'commands';
        this.#outcome('failure');
        break;
      case ANSWER.switchMethod:
        if (payload.length > 1) this.#method = new ByteReader(payload, 1).latin1Zero();
        break;
      default:
        if (payload[0] === ANSWER.more && payload[1] === FULL_AUTHENTICATION) this.#method = 'caching_sha2_password';
    }
  }

  #outcome(outcome: 'attempt' | 'success' | 'failure'): void {
    this.#tell.login({ user: this.#user, outcome, method: this.#method, isCleartext: this.#isCleartext });
  }

  #start(payload: Uint8Array): void {
    this.#finishCommand(-1);
    const code = payload[0];
    if (code === undefined) return;
    let text = payload.subarray(1);
    if (code === QUERY && this.#has(CAPABILITY.queryAttributes)) text = skipQueryAttributes(text);
    const argument = TEXT_COMMANDS.has(code) ? latin1(text) : '';
    const name = COMMANDS[code] ?? `command-${code}`;
    if (SILENT_COMMANDS.has(code)) this.#tell.command(name, argument);
    else this.#command = { name, argument };
  }

  #answerCommand(payload: Uint8Array): void {
    this.#finishCommand(payload[0] === ANSWER.error && payload.length >= 3 ? u16leAt(payload, 1) : 0);
  }

  #finishCommand(status: number): void {
    if (this.#command === undefined) return;
    this.#tell.command(this.#command.name, this.#command.argument, status);
    this.#command = undefined;
  }
}

/** "1045 Access denied for user …" of an error packet. */
function errorText(payload: Uint8Array): string {
  const reader = new ByteReader(payload, 1);
  const code = reader.u16le();
  if (reader.peek() === 0x23) reader.skip(6);
  return `${code} ${reader.latin1(reader.left)}`;
}
