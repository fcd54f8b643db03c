import { PROTOCOL } from '../../../../contract/traffic.ts';
import { BER, berOid, contextTag, expectBer, nextInteger, readBer } from './asn1.ts';
import { ByteReader, hexText, NO_BYTES } from './bytes.ts';
import { type Opening, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';

const VERSIONS: Readonly<Record<number, string>> = { 0: '1', 1: '2c', 3: '3' };
const VERSION_3 = 3;
/** Kinds of messages by their tag (RFC 3416 3). */
const COMMANDS: Readonly<Record<number, string>> = {
  [contextTag(0)]: 'get',
  [contextTag(1)]: 'get-next',
  [contextTag(2)]: 'response',
  [contextTag(3)]: 'set',
  [contextTag(4)]: 'trap',
  [contextTag(5)]: 'get-bulk',
  [contextTag(6)]: 'inform',
  [contextTag(7)]: 'trap',
  [contextTag(8)]: 'report',
};
const RESPONSE = contextTag(2);
const OLD_TRAP = contextTag(4);
const REPORT = contextTag(8);
/** What devices come with; any other community is a secret, and not told. */
const DEFAULT_COMMUNITIES: ReadonlySet<string> = new Set([
  'public',
  'private',
  'community',
  'manager',
  'admin',
  'cisco',
]);
const MAX_COMMUNITY = 128;
/** Description, object and name of a system (RFC 3418): what it says of itself. */
const SYSTEM_NAMES: Readonly<Record<string, string>> = {
  '1.3.6.1.2.1.1.1.0': 'software',
  '1.3.6.1.2.1.1.5.0': 'hostname',
};
/** Each of these on the wire: few other names are as short, and need not be written out. */
const SYSTEM_NAME_BYTES = 8;
const MAX_BINDINGS = 32;
/** Reports of the user-based model (RFC 3414 5) about who asks. */
const LOGIN_ERRORS: Readonly<Record<string, string>> = {
  '1.3.6.1.6.3.15.1.1.3.0': 'unknown user',
  '1.3.6.1.6.3.15.1.1.5.0': 'wrong digest',
};
const FLAG = { authenticated: 1, encrypted: 2 } as const;
const USER_MODEL = 3;

/**
 * SNMP 1, 2c and 3 (RFC 1157, 3416, 3412, 3414): what is asked for, what a system says of itself, the user of version
 * 3 and whether he was refused. Of a community only whether it is one of those that devices come with.
 */
export const snmp: ProtocolDefinition = {
  id: 'snmp',
  transports: [PROTOCOL.udp],
  ports: [161, 162],
  identify: ({ initiator, responder }: Opening) => isMessage(initiator.length > 0 ? initiator : responder),
  parser: (context) => new Conversation(context),
};

/** The element fills the datagram (but for padding), has a version, and behind the community a known message. */
function isMessage(bytes: Uint8Array): Verdict {
  if (bytes[0] !== BER.sequence) return VERDICT.no;
  const message = readBer(new ByteReader(bytes));
  if (message?.tag !== BER.sequence || !message.isWhole) return VERDICT.no;
  const { content } = message;
  const version = nextInteger(content);
  if (version === VERSION_3)
    return readBer(content)?.tag === BER.sequence && content.peek() === BER.octetString ? VERDICT.yes : VERDICT.no;
  if (version !== 0 && version !== 1) return VERDICT.no;
  return readBer(content)?.tag === BER.octetString && COMMANDS[content.peek()] !== undefined ? VERDICT.yes : VERDICT.no;
}

class Conversation {
  readonly #tell: Teller;
  #user = '';
  #isAuthenticated = false;
  /** Whether the user's last request waits for an answer. */
  #isLoggingIn = false;

  constructor(context: ParserContext) {
    this.#tell = new Teller(context, 'snmp');
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    const content = expectBer(new ByteReader(bytes), BER.sequence);
    const version = nextInteger(content);
    const name = VERSIONS[version];
    if (name === undefined) return bytes.length;
    this.#tell.property('version', name);
    if (version === VERSION_3) {
      this.#version3(content, fromInitiator);
    } else {
      const community = expectBer(content, BER.octetString);
      this.#community(community.latin1(Math.min(community.left, MAX_COMMUNITY)));
      this.#message(content);
    }
    return bytes.length;
  }

  end(): void {
    if (this.#isLoggingIn) this.#login('attempt');
  }

  #community(community: string): void {
    const isDefault = DEFAULT_COMMUNITIES.has(community);
    this.#tell.property('community', isDefault ? `default:${community}` : 'other');
  }

  #version3(content: ByteReader, fromInitiator: boolean): void {
    const header = expectBer(content, BER.sequence);
    nextInteger(header);
    nextInteger(header);
    const flags = expectBer(header, BER.octetString).u8();
    const model = nextInteger(header);
    const parameters = expectBer(expectBer(content, BER.octetString), BER.sequence);
    if (model === USER_MODEL) {
      this.#tell.property('engine', hexText(expectBer(parameters, BER.octetString).rest()));
      nextInteger(parameters);
      nextInteger(parameters);
      this.#userIs(expectBer(parameters, BER.octetString), (flags & FLAG.authenticated) !== 0, fromInitiator);
    }
    const isEncrypted = (flags & FLAG.encrypted) !== 0;
    this.#tell.property('encryption', isEncrypted ? 'on' : 'off');
    if (isEncrypted) return;
    const scoped = expectBer(content, BER.sequence);
    readBer(scoped);
    readBer(scoped);
    this.#message(scoped);
  }

  #userIs(content: ByteReader, isAuthenticated: boolean, fromInitiator: boolean): void {
    const user = content.utf8(content.left);
    if (user === '') return;
    this.#tell.property('user', user);
    if (fromInitiator) {
      this.#user = user;
      this.#isAuthenticated = isAuthenticated;
      this.#isLoggingIn = isAuthenticated;
    } else if (isAuthenticated && this.#isLoggingIn) {
      // Nobody who does not know the key is answered with it.
      this.#login('success');
    }
  }

  #message(content: ByteReader): void {
    const message = readBer(content);
    const name = message === undefined ? undefined : COMMANDS[message.tag];
    if (message === undefined || name === undefined) return;
    if (message.tag === OLD_TRAP) {
      this.#tell.command(name, berOid(expectBer(message.content, BER.oid)));
      return;
    }
    nextInteger(message.content);
    const status = nextInteger(message.content);
    nextInteger(message.content);
    const isAnswer = message.tag === RESPONSE || message.tag === REPORT;
    const first = this.#bindings(expectBer(message.content, BER.sequence), isAnswer);
    if (!isAnswer) this.#tell.command(name, first);
    else if (message.tag === REPORT) this.#report(first);
    // Monitors ask all day: of answers only errors are worth a fact.
    else if (status > 0) this.#tell.command(name, first, status);
  }

  /** The first name that is asked for; values of an answer that tell what a system is are told. */
  #bindings(list: ByteReader, isAnswer: boolean): string {
    let first = '';
    for (let i = 0; i < MAX_BINDINGS && list.left > 0; i++) {
      const binding = expectBer(list, BER.sequence);
      if (binding.bytes === NO_BYTES) break;
      const oid = expectBer(binding, BER.oid);
      const maySaySystem = isAnswer && oid.left === SYSTEM_NAME_BYTES;
      if (i > 0 && !maySaySystem) continue;
      const name = berOid(oid);
      if (i === 0) first = name;
      if (maySaySystem && Object.hasOwn(SYSTEM_NAMES, name)) {
        const value = expectBer(binding, BER.octetString);
        this.#tell.property(SYSTEM_NAMES[name], value.utf8(value.left));
      }
      if (!isAnswer) break;
    }
    return first;
  }

  #report(name: string): void {
    const error = Object.hasOwn(LOGIN_ERRORS, name) ? LOGIN_ERRORS[name] : undefined;
    if (error === undefined) return;
    this.#tell.property('error', error);
    this.#login('failure');
  }

  #login(outcome: 'attempt' | 'success' | 'failure'): void {
    this.#isLoggingIn = false;
    if (this.#user === '') return;
    this.#tell.login({ user: this.#user, outcome, method: this.#isAuthenticated ? 'usm-digest' : 'usm' });
  }
}
