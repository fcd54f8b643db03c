import { PROTOCOL } from '../../../../contract/traffic.ts';
import { type BsonDocument, bsonText, readBson } from './bson.ts';
import { ByteReader, latin1, u32leAt } from './bytes.ts';
import { eitherSide } from './first-message.ts';
import { FRAME_BROKEN, type Framing, framedParser, type MessageReader } from './message-frames.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { saslUser } from './sasl.ts';
import { Teller } from './teller.ts';

/** Length, number of the request, number that is answered, operation (MongoDB Wire Protocol). */
const HEADER_BYTES = 16;
/** Least that tells: a header, flags or name, and the length of a document. */
const MIN_MESSAGE_BYTES = 26;
const READ_BYTES = 8_192;
/** No server takes longer messages (maxMessageSizeBytes). */
const MAX_MESSAGE_BYTES = 48_000_000;
const OPERATION = {
  reply: 1,
  update: 2001,
  insert: 2002,
  query: 2004,
  more: 2005,
  delete: 2006,
  compressed: 2012,
  message: 2013,
} as const;
const OPERATIONS: ReadonlySet<number> = new Set([...Object.values(OPERATION), 2007]);
const AUTHENTICATION_FAILED = 18;
/** Requests that wait for an answer, at most. */
const MAX_PENDING = 64;
const REPLY_HEADER_BYTES = 20;
/** Commands of a login, that are told as one. */
const LOGIN_COMMANDS: ReadonlySet<string> = new Set(['saslStart', 'saslContinue', 'authenticate', 'getnonce']);

const framing: Framing = {
  headerBytes: HEADER_BYTES,
  readBytes: READ_BYTES,
  frameBytes(bytes, at) {
    const length = u32leAt(bytes, at);
    return length <= MAX_MESSAGE_BYTES && OPERATIONS.has(u32leAt(bytes, at + 12)) ? length : FRAME_BROKEN;
  },
};

/**
 * MongoDB: what client and server say of themselves, who logs in (SCRAM, PLAIN, X.509) and how it ended, and commands
 * with database and collection, and the code of their error (0: none).
 */
export const mongodb: ProtocolDefinition = {
  id: 'mongodb',
  transports: [PROTOCOL.tcp],
  ports: [27017, 27018, 27019],
  identify: (opening) => eitherSide(opening, isFirst),
  parser: (context) => framedParser(context, 'mongodb', framing, new Conversation(context)),
};

/** The header, and what each operation has behind it: this looks into the document as far as its length. */
function isFirst(bytes: Uint8Array): Verdict {
  if (bytes.length >= 16 && framing.frameBytes(bytes, 0, true) < HEADER_BYTES + 5) return VERDICT.no;
  if (bytes.length < MIN_MESSAGE_BYTES) return VERDICT.maybe;
  return isMessage(bytes) ? VERDICT.yes : VERDICT.no;
}

function isMessage(bytes: Uint8Array): boolean {
  const length = u32leAt(bytes, 0);
  const answers = u32leAt(bytes, 8);
  const isRequest = answers === 0 || answers === 0xffffffff;
  switch (u32leAt(bytes, 12)) {
    case OPERATION.message:
      return bytes[HEADER_BYTES + 3] === 0 && bytes[HEADER_BYTES + 4] <= 2 && holds(bytes, HEADER_BYTES + 5, length);
    case OPERATION.reply:
      return !isRequest && u32leAt(bytes, HEADER_BYTES) < 16 && holds(bytes, HEADER_BYTES + REPLY_HEADER_BYTES, length);
    case OPERATION.compressed:
      return OPERATIONS.has(u32leAt(bytes, HEADER_BYTES)) && bytes[HEADER_BYTES + 8] <= 3;
    default:
      // The name of a collection, "admin.$cmd".
      return isRequest && bytes[HEADER_BYTES + 4] > 0x20 && bytes[HEADER_BYTES + 4] < 0x7f;
  }
}

/** Whether the length of a document that begins at `at` lies within the message. */
function holds(bytes: Uint8Array, at: number, length: number): boolean {
  if (bytes.length < at + 4) return at + 4 < length;
  return u32leAt(bytes, at) >= 5 && at + u32leAt(bytes, at) <= length;
}

interface Pending {
  readonly command: string;
  readonly argument: string;
}

class Conversation implements MessageReader {
  readonly #tell: Teller;
  readonly #pending = new Map<number, Pending>();
  #user = '';
  #database = '';
  #method = '';
  #isLoggingIn = false;

  constructor(context: ParserContext) {
    this.#tell = new Teller(context, 'mongodb');
  }

  message(bytes: Uint8Array): undefined {
    const id = u32leAt(bytes, 4);
    const answers = u32leAt(bytes, 8);
    switch (u32leAt(bytes, 12)) {
      case OPERATION.message: {
        // Flags, then a section of the kind that is one document.
        const document = bytes[HEADER_BYTES + 4] === 0 ? readBson(bytes, HEADER_BYTES + 5) : undefined;
        if (document === undefined) break;
        if (answers === 0) this.#request(id, bsonText(document, '$db'), document);
        else this.#response(answers, document);
        break;
      }
      case OPERATION.query:
        this.#query(id, bytes);
        break;
      case OPERATION.reply: {
        const document = readBson(bytes, HEADER_BYTES + REPLY_HEADER_BYTES);
        if (document !== undefined) this.#response(answers, document);
        break;
      }
      case OPERATION.compressed:
        this.#tell.property('compression', 'on');
        break;
      case OPERATION.insert:
        this.#tell.command('insert', latin1Name(bytes), -1);
        break;
      case OPERATION.update:
        this.#tell.command('update', latin1Name(bytes), -1);
        break;
      case OPERATION.delete:
        this.#tell.command('delete', latin1Name(bytes), -1);
        break;
    }
  }

  beginsMessage(bytes: Uint8Array): boolean {
    return isFirst(bytes) === VERDICT.yes && u32leAt(bytes, 0) === bytes.length;
  }

  end(): void {
    if (this.#isLoggingIn) this.#outcome('attempt');
    for (const { command, argument } of this.#pending.values()) this.#tell.command(command, argument);
  }

  /** The older form: commands are queries of the collection "$cmd". */
  #query(id: number, bytes: Uint8Array): void {
    const reader = new ByteReader(bytes, HEADER_BYTES + 4);
    const name = reader.latin1Zero();
    reader.skip(8);
    if (reader.overrun) return;
    const document = readBson(bytes, reader.position);
    const dot = name.indexOf('.');
    if (name.endsWith('.$cmd') && document !== undefined) this.#request(id, name.slice(0, dot), document);
    else this.#wait(id, { command: 'find', argument: name });
  }

  #request(id: number, database: string, document: BsonDocument): void {
    const first = document[0];
    if (first === undefined) return;
    const command = first.name;
    this.#logIn(command, document, database);
    this.#client(document);
    if (LOGIN_COMMANDS.has(command)) {
      this.#wait(id, { command, argument: '' });
      return;
    }
    const target = typeof first.value === 'string' ? first.value : '';
    this.#wait(id, { command, argument: target === '' ? database : `${database}.${target}` });
  }

  #wait(id: number, pending: Pending): void {
    if (this.#pending.size < MAX_PENDING) this.#pending.set(id, pending);
    else this.#tell.command(pending.command, pending.argument);
  }

  #client(document: BsonDocument): void {
    const client = document.find(({ name }) => name === 'client')?.value;
    if (!Array.isArray(client)) return;
    for (const [part, property] of [
      ['application', 'client-application'],
      ['driver', 'client-software'],
      ['os', 'client-system'],
    ] as const) {
      const value = (client as BsonDocument).find(({ name }) => name === part)?.value;
      if (!Array.isArray(value)) continue;
      const version = bsonText(value as BsonDocument, 'version');
      this.#tell.property(property, `${bsonText(value as BsonDocument, 'name')} ${version}`.trim());
    }
  }

  #logIn(command: string, document: BsonDocument, database: string): void {
    // A hello may bring the first step with it.
    const nested = document.find(({ name }) => name === 'speculativeAuthenticate')?.value;
    const step = Array.isArray(nested) ? (nested as BsonDocument) : document;
    const isFirst = command === 'saslStart' || command === 'authenticate' || step !== document;
    if (!isFirst) return;
    this.#method = bsonText(step, 'mechanism').toLowerCase() || 'mongodb-cr';
    const payload = step.find(({ name }) => name === 'payload')?.value;
    const secret = payload instanceof Uint8Array ? payload : new Uint8Array(0);
    this.#user = saslUser(this.#method, latin1(secret)) || bsonText(step, 'user');
    this.#database = bsonText(step, 'db') || database;
    this.#isLoggingIn = true;
  }

  #response(answers: number, document: BsonDocument): void {
    const pending = this.#pending.get(answers);
    this.#pending.delete(answers);
    const isOk = document.find(({ name }) => name === 'ok')?.value !== 0;
    const code = Number(document.find(({ name }) => name === 'code')?.value ?? 0);
    this.#tell.property('software', versionOf(pending?.command ?? '', document));
    if (pending === undefined) return;
    if (this.#isLoggingIn && LOGIN_COMMANDS.has(pending.command)) this.#answerLogin(pending.command, isOk, document);
    if (!LOGIN_COMMANDS.has(pending.command)) {
      this.#tell.command(pending.command, pending.argument, isOk ? 0 : code || 1);
    }
  }

  #answerLogin(command: string, isOk: boolean, document: BsonDocument): void {
    const isDone = document.find(({ name }) => name === 'done')?.value === true || command === 'authenticate';
    const code = document.find(({ name }) => name === 'code')?.value;
    if (!isOk) this.#tell.property('error', `${code ?? AUTHENTICATION_FAILED} ${bsonText(document, 'errmsg')}`);
    if (!isOk || isDone) this.#outcome(isOk ? 'success' : 'failure');
  }

  #outcome(outcome: 'attempt' | 'success' | 'failure'): void {
    this.#isLoggingIn = false;
    this.#tell.login({
      user: this.#user,
      domain: this.#database,
      outcome,
      method: this.#method,
      isCleartext: this.#method === 'plain',
    });
  }
}

/** The collection of an older request, which stands behind four bytes. */
function latin1Name(bytes: Uint8Array): string {
  return new ByteReader(bytes, HEADER_BYTES + 4).latin1Zero();
}

function versionOf(command: string, document: BsonDocument): string {
  const version = command.toLowerCase() === 'buildinfo' ? bsonText(document, 'version') : '';
  return version === '' ? '' : `MongoDB ${version}`;
}
