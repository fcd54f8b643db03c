import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ByteReader, u32At } from './bytes.ts';
import { FRAME_BROKEN, FRAME_INCOMPLETE, type Framing, framedParser, type MessageReader } from './message-frames.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT } from './protocol.ts';
import { Teller } from './teller.ts';

/** What stands in place of a version in a first message (PostgreSQL "Message Formats"). */
const STARTUP = { cancel: 80877102, tls: 80877103, gss: 80877104 } as const;
const STARTUP_HEADER_BYTES = 8;
/** The server allows no longer one (MAX_STARTUP_PACKET_LENGTH). */
const MAX_STARTUP_BYTES = 10_000;
const MAX_PARAMETERS = 64;
const READ_BYTES = 4_096;
/** A message's type and length. */
const HEADER_BYTES = 5;
/** Byte that answers a request for TLS or GSS. */
const ANSWER = { tls: 0x53, gss: 0x47, no: 0x4e, error: 0x45 } as const;

const METHODS: Readonly<Record<number, string>> = {
  2: 'kerberos',
  3: 'password',
  5: 'md5',
  7: 'gss',
  9: 'sspi',
  10: 'sasl',
};
const AUTHENTICATION_OK = 0;
const CLEARTEXT_PASSWORD = 3;
/** SQLSTATE class "invalid authorization specification". */
const AUTHORIZATION_ERRORS = '28';

/** Commands by the type of their message. */
const COMMANDS: Readonly<Record<string, string>> = { Q: 'query', P: 'parse', F: 'function-call' };
const MAX_FIELDS = 32;

/**
 * PostgreSQL, protocol 3: user, database and application, how the login ended, the server's version, and queries with
 * the SQLSTATE of their error as property "error".
 */
export const postgresql: ProtocolDefinition = {
  id: 'postgresql',
  transports: [PROTOCOL.tcp],
  ports: [5432, 5433],
  identify({ initiator }) {
    if (initiator.length === 0) return VERDICT.maybe;
    if (initiator[0] !== 0) return VERDICT.no;
    if (initiator.length < STARTUP_HEADER_BYTES) return VERDICT.maybe;
    const length = u32At(initiator, 0);
    const code = u32At(initiator, 4);
    if (code === STARTUP.tls || code === STARTUP.gss) return length === 8 ? VERDICT.yes : VERDICT.no;
    if (code === STARTUP.cancel) return length >= 16 && length <= 268 ? VERDICT.yes : VERDICT.no;
    if (code >>> 16 !== 3 || (code & 0xffff) > 2 || length > MAX_STARTUP_BYTES || length < 14) return VERDICT.no;
    if (initiator.length < length)
      return initiator.length > 13 && !hasUserSoFar(initiator) ? VERDICT.no : VERDICT.maybe;
    return initiator[length - 1] === 0 && hasUserSoFar(initiator) ? VERDICT.yes : VERDICT.no;
  },
  parser: (context) => new Conversation(context).parser(),
};

/** Whether names of parameters begin behind the version: printable ASCII. */
function hasUserSoFar(bytes: Uint8Array): boolean {
  for (let i = STARTUP_HEADER_BYTES; i < 12; i++) if (bytes[i] < 0x20 || bytes[i] > 0x7e) return false;
  return true;
}

class Conversation implements MessageReader {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  /** Of the client: whether it has sent what begins a session. */
  #isStarted = false;
  /** The server answers the client's wish for encryption with one byte. */
  #awaitsByte = false;
  #user = '';
  #method = '';
  #hasLogin = false;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'postgresql');
  }

  parser() {
    const framing: Framing = {
      headerBytes: 1,
      readBytes: READ_BYTES,
      frameBytes: (bytes, at, fromInitiator) => this.#frameBytes(bytes, at, fromInitiator),
    };
    return framedParser(this.#context, 'postgresql', framing, this);
  }

  #frameBytes(bytes: Uint8Array, at: number, fromInitiator: boolean): number {
    if (!fromInitiator && this.#awaitsByte && bytes[at] !== ANSWER.error) return 1;
    if (fromInitiator && !this.#isStarted) {
      if (bytes.length - at < STARTUP_HEADER_BYTES) return FRAME_INCOMPLETE;
      const length = u32At(bytes, at);
      return length >= STARTUP_HEADER_BYTES && length <= MAX_STARTUP_BYTES ? length : FRAME_BROKEN;
    }
    if (bytes.length - at < HEADER_BYTES) return FRAME_INCOMPLETE;
    const length = u32At(bytes, at + 1);
    return length >= 4 && length < 0x40000000 ? 1 + length : FRAME_BROKEN;
  }

  message(bytes: Uint8Array, fromInitiator: boolean, frameBytes: number): boolean | undefined {
    if (fromInitiator) return this.#isStarted ? this.#request(bytes) : this.#start(bytes);
    if (this.#awaitsByte && frameBytes === 1) return this.#answerEncryption(bytes[0]);
    this.#awaitsByte = false;
    return this.#response(bytes);
  }

  end(): void {
    this.#outcome('attempt');
  }

  #start(bytes: Uint8Array): undefined {
    const reader = new ByteReader(bytes, 4);
    const code = reader.u32();
    if (code === STARTUP.tls || code === STARTUP.gss) {
      this.#awaitsByte = true;
      return;
    }
    if (code === STARTUP.cancel) {
      this.#tell.command('cancel', '');
      this.#context.finish();
      return;
    }
    this.#isStarted = true;
    for (let i = 0; i < MAX_PARAMETERS && reader.peek() !== 0; i++) {
      const name = reader.latin1Zero();
      const value = reader.latin1Zero();
      if (reader.overrun) break;
      if (name === 'user') this.#user = value;
      else if (name === 'database') this.#tell.property('database', value);
      else if (name === 'application_name') this.#tell.property('client-software', value);
    }
    this.#hasLogin = true;
  }

  #answerEncryption(answer: number): boolean | undefined {
    this.#awaitsByte = false;
    if (answer === ANSWER.tls) {
      this.#tell.property('encryption', 'tls');
      this.#context.become('tls');
      return false;
    }
    if (answer === ANSWER.gss) {
      this.#tell.property('encryption', 'gss');
      this.#context.finish();
    }
    return undefined;
  }

  #request(bytes: Uint8Array): undefined {
    const type = String.fromCharCode(bytes[0]);
    const command = Object.hasOwn(COMMANDS, type) ? COMMANDS[type] : undefined;
    if (command === undefined) return;
    const reader = new ByteReader(bytes, HEADER_BYTES);
    // A parsed statement has its name first.
    if (type === 'P') reader.latin1Zero();
    this.#tell.command(command, type === 'F' ? String(reader.u32()) : textOf(reader));
  }

  #response(bytes: Uint8Array): undefined {
    const reader = new ByteReader(bytes, HEADER_BYTES);
    switch (String.fromCharCode(bytes[0])) {
      case 'R':
        this.#authentication(reader);
        break;
      case 'S':
        if (reader.latin1Zero() === 'server_version')
          this.#tell.property('software', `PostgreSQL ${reader.latin1Zero()}`);
        break;
      case 'E':
        this.#error(reader);
        break;
    }
  }

  #authentication(reader: ByteReader): void {
    const kind = reader.u32();
    if (reader.overrun) return;
    if (kind === AUTHENTICATION_OK) this.#outcome('success');
    else if (Object.hasOwn(METHODS, kind)) this.#method = METHODS[kind];
    if (kind === 10) {
      const mechanism = reader.latin1Zero();
      if (mechanism !== '') this.#method = `sasl-${mechanism.toLowerCase()}`;
    }
  }

  #error(reader: ByteReader): void {
    let state = '';
    let message = '';
    for (let i = 0; i < MAX_FIELDS; i++) {
      const field = reader.u8();
      if (field === 0) break;
      const value = reader.latin1Zero();
      if (field === 0x43) state = value;
      if (field === 0x4d) message = value;
    }
    this.#tell.property('error', `${state} ${message}`.trim());
    if (state.startsWith(AUTHORIZATION_ERRORS)) this.#outcome('failure');
  }

  /** Said once. Without a question for a secret the server trusted the client's address. */
  #outcome(outcome: 'attempt' | 'success' | 'failure'): void {
    if (!this.#hasLogin) return;
    this.#hasLogin = false;
    const isCleartext = this.#method === METHODS[CLEARTEXT_PASSWORD];
    this.#tell.login({ user: this.#user, outcome, method: this.#method || 'trust', isCleartext });
  }
}

/** Text up to its zero byte, or to the end of what is looked at. */
function textOf(reader: ByteReader): string {
  const end = reader.bytes.indexOf(0, reader.position);
  return reader.utf8((end < 0 ? reader.end : end) - reader.position);
}
