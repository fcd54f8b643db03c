import { PROTOCOL } from '../../../../contract/traffic.ts';
import { BER, berFrameBytes, expectBer, nextInteger, readBer } from './asn1.ts';
import { ByteReader, latin1, u32At } from './bytes.ts';
import { datagramOf, eitherSide } from './first-message.ts';
import { FRAME_BROKEN, FRAME_INCOMPLETE, type Framing, framedParser } from './message-frames.ts';
import { carriesKerberosTicket, ntlmMessage } from './ntlm.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { saslUser } from './sasl.ts';
import { Teller } from './teller.ts';

/** First bytes of the operations (RFC 4511 4.2 and following). */
const OPERATION = {
  bind: 0x60,
  bound: 0x61,
  unbind: 0x42,
  search: 0x63,
  found: 0x64,
  searchDone: 0x65,
  modify: 0x66,
  add: 0x68,
  delete: 0x4a,
  rename: 0x6c,
  compare: 0x6e,
  abandon: 0x50,
  extended: 0x77,
  reference: 0x73,
} as const;
/** The answer to each; searches are answered by what ends them. */
const ANSWERS: ReadonlySet<number> = new Set([0x61, 0x65, 0x67, 0x69, 0x6b, 0x6d, 0x6f, 0x78]);
const OPERATIONS: ReadonlySet<number> = new Set([...Object.values(OPERATION), ...ANSWERS, 0x79]);
/** Requests whose first text is the name of an entry. */
const NAMED: Readonly<Record<number, string>> = {
  [OPERATION.search]: 'search',
  [OPERATION.modify]: 'modify',
  [OPERATION.add]: 'add',
  [OPERATION.rename]: 'rename',
  [OPERATION.compare]: 'compare',
};
const SIMPLE = 0x80;
const SASL = 0xa3;
const SERVER_CREDENTIALS = 0x87;
const EXTENDED_NAME = 0x80;
const START_TLS = '1.3.6.1.4.1.1466.20037';
const RESULT = { success: 0, saslInProgress: 14, invalidCredentials: 49 } as const;
/** Results that say that the account is not let in: inappropriate authentication, credentials, rights, other means. */
const LOGIN_ERRORS: ReadonlySet<number> = new Set([7, 8, 48, 49, 50, 53]);
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const READ_BYTES = 8_192;
/** So many bytes of a message tell number, operation and the shape of its beginning. */
const TELLING_BYTES = 24;
const MAX_PENDING = 64;
const MAX_ATTRIBUTES = 32;
const MAX_MESSAGE_ID = 0x7fffffff;

/**
 * LDAP (RFC 4511) over TCP, and over UDP as domain controllers are looked for: binds with their name and result (in
 * the clear where simple), searches with base, changes with the entry's name and the result's number, and objects of
 * Java in what is found.
 */
export const ldap: ProtocolDefinition = {
  id: 'ldap',
  transports: [PROTOCOL.tcp, PROTOCOL.udp],
  ports: [389, 3268],
  identify(opening) {
    if (opening.transport === PROTOCOL.tcp) return eitherSide(opening, isMessage);
    return isMessage(datagramOf(opening)) === VERDICT.yes ? VERDICT.yes : VERDICT.no;
  },
  parser(context) {
    const conversation = new Conversation(context);
    if (context.transport === PROTOCOL.tcp) return conversation.overTcp();
    return {
      read(bytes, fromInitiator) {
        conversation.message(bytes, fromInitiator);
        return bytes.length;
      },
      end: () => conversation.end(),
    };
  },
};

/** A sequence of a message's number and an operation that is known, which lies wholly in it. */
function isMessage(bytes: Uint8Array): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  if (bytes[0] !== BER.sequence) return VERDICT.no;
  const length = berFrameBytes(bytes, 0);
  if (length < 0 || length > MAX_MESSAGE_BYTES) return VERDICT.no;
  if (length === 0) return VERDICT.maybe;
  if (length < 7) return VERDICT.no;
  if (bytes.length < Math.min(length, TELLING_BYTES)) return VERDICT.maybe;
  const content = expectBer(new ByteReader(bytes), BER.sequence);
  const id = nextInteger(content);
  if (!(id >= 0 && id <= MAX_MESSAGE_ID)) return VERDICT.no;
  const contentBytes = length - content.position;
  const operation = readBer(content);
  if (operation === undefined || !OPERATIONS.has(operation.tag)) return VERDICT.no;
  const isInside = berFrameBytes(bytes, length - contentBytes) <= contentBytes;
  return isInside && hasShape(operation.tag, operation.content) ? VERDICT.yes : VERDICT.no;
}

/** Operations that begin most conversations are looked at more closely: SNMP begins with a sequence as well. */
function hasShape(tag: number, content: ByteReader): boolean {
  if (tag === OPERATION.bind) {
    const version = nextInteger(content);
    return (version === 2 || version === 3) && content.peek() === BER.octetString;
  }
  if (tag === OPERATION.search || tag === OPERATION.found || tag === OPERATION.modify || tag === OPERATION.add) {
    return content.peek() === BER.octetString;
  }
  if (tag === OPERATION.extended) return content.peek() === EXTENDED_NAME;
  if (tag === OPERATION.unbind) return content.left === 0;
  if (ANSWERS.has(tag)) return content.peek() === BER.enumerated;
  return content.left > 0;
}

interface Bind {
  readonly user: string;
  readonly domain: string;
  readonly host: string;
  readonly method: string;
  readonly isCleartext: boolean;
}

class Conversation {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  readonly #pending = new Map<number, { readonly command: string; readonly argument: string }>();
  #bind: Bind | undefined;
  /** A bind by SASL succeeded: what follows may be wrapped (RFC 4422 3.7). */
  #mayBeWrapped = false;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'ldap');
  }

  overTcp() {
    const framing: Framing = {
      headerBytes: 4,
      readBytes: READ_BYTES,
      frameBytes: (bytes, at) => {
        if (bytes[at] === BER.sequence) {
          const length = berFrameBytes(bytes, at);
          if (length === 0) return FRAME_INCOMPLETE;
          return length <= MAX_MESSAGE_BYTES ? length : FRAME_BROKEN;
        }
        const wrapped = u32At(bytes, at);
        return this.#mayBeWrapped && wrapped <= MAX_MESSAGE_BYTES ? 4 + wrapped : FRAME_BROKEN;
      },
    };
    return framedParser(this.#context, 'ldap', framing, {
      message: (bytes, fromInitiator) => this.message(bytes, fromInitiator),
      beginsMessage: (bytes) => isMessage(bytes) === VERDICT.yes,
      end: () => this.end(),
    });
  }

  message(bytes: Uint8Array, fromInitiator: boolean): boolean | undefined {
    if (bytes[0] !== BER.sequence) {
      this.#tell.property('encryption', 'sasl');
      return undefined;
    }
    const content = expectBer(new ByteReader(bytes), BER.sequence);
    const id = nextInteger(content);
    const operation = readBer(content);
    if (operation === undefined) return undefined;
    if (ANSWERS.has(operation.tag)) return this.#answer(id, operation.tag, operation.content);
    if (operation.tag === OPERATION.found) this.#found(operation.content);
    else this.#request(id, operation.tag, operation.content, fromInitiator);
    return undefined;
  }

  end(): void {
    // A client that broke off before it said who it is did not try to log in.
    if (this.#bind !== undefined && this.#bind.user !== '') this.#outcome('attempt');
    for (const { command, argument } of this.#pending.values()) this.#tell.command(command, argument);
    this.#pending.clear();
  }

  #request(id: number, tag: number, content: ByteReader, fromInitiator: boolean): void {
    if (tag === OPERATION.bind) this.#bindAs(content);
    else if (tag === OPERATION.delete) this.#wait(id, 'delete', content.utf8(content.left));
    else if (tag === OPERATION.extended) this.#wait(id, 'extended', textOf(expectBer(content, EXTENDED_NAME)));
    else {
      const command = NAMED[tag];
      if (command !== undefined) this.#wait(id, command, textOf(expectBer(content, BER.octetString)));
    }
    this.#tell.isClientInitiator = fromInitiator;
  }

  /** Objects of Java in an entry (RFC 2713) are loaded by a client that was lured here (CVE-2021-44228). */
  #found(content: ByteReader): void {
    expectBer(content, BER.octetString);
    const attributes = expectBer(content, BER.sequence);
    for (let i = 0; i < MAX_ATTRIBUTES && attributes.left > 0; i++) {
      const attribute = expectBer(attributes, BER.sequence);
      if (attribute.left === 0) return;
      const name = textOf(expectBer(attribute, BER.octetString));
      if (!name.startsWith('java')) continue;
      const value = expectBer(expectBer(attribute, BER.set), BER.octetString);
      this.#tell.property(name, value.latin1(value.left) || 'empty');
    }
  }

  #wait(id: number, command: string, argument: string): void {
    if (this.#pending.size < MAX_PENDING) this.#pending.set(id, { command, argument });
    else this.#tell.command(command, argument);
  }

  #bindAs(content: ByteReader): void {
    const version = nextInteger(content);
    this.#tell.property('version', String(version));
    const name = textOf(expectBer(content, BER.octetString));
    const choice = readBer(content);
    if (choice?.tag === SIMPLE) {
      const isAnonymous = choice.content.left === 0;
      // Only with a secret is it a login that onlookers can read.
      this.#bind = {
        user: name,
        domain: '',
        host: '',
        method: isAnonymous ? 'anonymous' : 'simple',
        isCleartext: !isAnonymous,
      };
    } else if (choice?.tag === SASL) {
      this.#sasl(
        name,
        textOf(expectBer(choice.content, BER.octetString)),
        expectBer(choice.content, BER.octetString).rest(),
      );
    } else if (choice !== undefined) {
      // Microsoft's own way (MS-ADTS 5.1.1.1.3): NTLM without SASL.
      this.#sasl(name, 'sicily', choice.content.rest());
    }
  }

  #sasl(name: string, mechanism: string, credentials: Uint8Array): void {
    const ntlm = ntlmMessage(credentials);
    const method = mechanism.toLowerCase();
    const isPlain = method === 'plain';
    if (ntlm?.kind === 'authenticate') {
      const { user, domain, host } = ntlm;
      this.#bind = { user, domain, host, method: ntlm.method, isCleartext: false };
    } else if (this.#bind?.method !== method || name !== '') {
      const user = saslUser(method, latin1(credentials)) || name;
      this.#bind = {
        user,
        domain: '',
        host: '',
        method: carriesKerberosTicket(credentials) ? 'kerberos' : `sasl-${method}`,
        isCleartext: isPlain,
      };
    }
  }

  #answer(id: number, tag: number, content: ByteReader): boolean | undefined {
    const result = content.peek() === BER.enumerated ? integerOf(content) : -1;
    const matched = readBer(content);
    const text = matched === undefined ? '' : textOf(expectBer(content, BER.octetString));
    if (tag === OPERATION.bound) {
      this.#bound(result, text, content);
      return undefined;
    }
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending === undefined) return undefined;
    this.#tell.command(pending.command, pending.argument, result);
    if (pending.argument !== START_TLS || result !== RESULT.success) return undefined;
    this.#tell.property('encryption', 'tls');
    this.#context.become('tls');
    return false;
  }

  #bound(result: number, text: string, rest: ByteReader): void {
    if (result === RESULT.saslInProgress) {
      for (let i = 0; i < 4; i++) {
        const element = readBer(rest);
        if (element?.tag === SERVER_CREDENTIALS) this.#challenge(element.content.rest());
      }
      return;
    }
    if (result !== RESULT.success) this.#tell.property('error', `${result} ${text}`.trim());
    if (this.#bind === undefined) return;
    this.#mayBeWrapped =
      result === RESULT.success && this.#bind.method !== 'simple' && this.#bind.method !== 'anonymous';
    this.#outcome(result === RESULT.success ? 'success' : LOGIN_ERRORS.has(result) ? 'failure' : 'attempt');
  }

  #challenge(credentials: Uint8Array): void {
    const ntlm = ntlmMessage(credentials);
    if (ntlm?.kind === 'challenge') this.#tell.property('server-name', ntlm.dnsComputer || ntlm.computer);
  }

  #outcome(outcome: 'attempt' | 'success' | 'failure'): void {
    const bind = this.#bind;
    this.#bind = undefined;
    if (bind === undefined || (bind.method === 'anonymous' && outcome === 'success' && bind.user === '')) return;
    this.#tell.login({ ...bind, outcome });
  }
}

function textOf(content: ByteReader): string {
  return content.utf8(content.left);
}

/** The number of an enumeration, which is written like an integer. */
function integerOf(reader: ByteReader): number {
  const content = expectBer(reader, BER.enumerated);
  return content.left === 1 ? content.u8() : -1;
}
