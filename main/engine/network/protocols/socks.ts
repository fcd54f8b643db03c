import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ByteReader, indexOfByte, latin1 } from './bytes.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from './protocol.ts';
import { sided } from './sided.ts';
import { Teller } from './teller.ts';

/** SOCKS 4, 4a and 5 (RFC 1928, 1929): who asks for what; then whatever goes through. */
export const socks: ProtocolDefinition = {
  id: 'socks',
  transports: [PROTOCOL.tcp],
  ports: [1080, 1081, 9050, 9150],
  isEndless: true,
  identify,
  parser: (context) => new SocksParser(context),
};

const VERSION_4 = 4;
const VERSION_5 = 5;
/** Methods of authentication that are registered are below 10; the rest are private. */
const MAX_METHODS = 16;
/** Longest name in a request of version 4. */
const MAX_NAME_BYTES = 255;
const NO_METHOD = 0xff;
const COMMANDS = ['', 'CONNECT', 'BIND', 'UDP-ASSOCIATE'];
/** Replies of version 4 are numbered from here. */
const GRANTED_4 = 90;

/** A request may be anything's first bytes; with the reply to it there is no doubt. */
function identify({ initiator, responder, responderPort }: Opening): Verdict {
  if (initiator.length === 0) return responder.length === 0 ? VERDICT.maybe : VERDICT.no;
  const request = initiator[0] === VERSION_5 ? greetingVerdict(initiator) : requestVerdict4(initiator);
  if (request === VERDICT.no) return VERDICT.no;
  const isUsual = socks.ports.includes(responderPort);
  if (responder.length === 0) return isUsual && request === VERDICT.yes ? VERDICT.yes : VERDICT.maybe;
  if (responder.length === 1) return VERDICT.maybe;
  const isReply =
    initiator[0] === VERSION_5
      ? responder[0] === VERSION_5 &&
        (responder[1] <= MAX_METHODS || responder[1] === NO_METHOD || responder[1] >= 0x80)
      : responder[0] === 0 && responder[1] >= GRANTED_4 && responder[1] <= GRANTED_4 + 3;
  return isReply && request === VERDICT.yes ? VERDICT.yes : VERDICT.no;
}

function greetingVerdict(bytes: Uint8Array): Verdict {
  if (bytes.length < 2) return VERDICT.maybe;
  if (bytes[1] === 0 || bytes[1] > MAX_METHODS) return VERDICT.no;
  // Behind it nothing comes before the server has chosen, but from the boldest clients.
  if (bytes.length < 2 + bytes[1]) return VERDICT.maybe;
  return bytes.length === 2 + bytes[1] || bytes[2 + bytes[1]] <= VERSION_5 ? VERDICT.yes : VERDICT.no;
}

function requestVerdict4(bytes: Uint8Array): Verdict {
  if (bytes[0] !== VERSION_4 || (bytes.length > 1 && (bytes[1] < 1 || bytes[1] > 2))) return VERDICT.no;
  if (bytes.length < 9) return VERDICT.maybe;
  return request4Length(bytes) < 0 ? (bytes.length > 9 + 2 * MAX_NAME_BYTES ? VERDICT.no : VERDICT.maybe) : VERDICT.yes;
}

/** Bytes of a request of version 4, or -1 while it is not whole. */
function request4Length(bytes: Uint8Array): number {
  const userEnd = indexOfByte(bytes, 0, 8, 8 + MAX_NAME_BYTES + 1);
  if (userEnd < 0) return -1;
  if (!isNamed4(bytes)) return userEnd + 1;
  const nameEnd = indexOfByte(bytes, 0, userEnd + 1, userEnd + MAX_NAME_BYTES + 2);
  return nameEnd < 0 ? -1 : nameEnd + 1;
}

/** 4a: an address 0.0.0.x stands for the name behind the user. */
function isNamed4(bytes: Uint8Array): boolean {
  return bytes[4] === 0 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] !== 0;
}

type ClientState = 'start' | 'methods' | 'password' | 'request' | 'waiting';
type ServerState = 'start' | 'password' | 'reply' | 'over';

class SocksParser implements Parser {
  readonly #context: ParserContext;
  readonly #client: Teller;
  #clientState: ClientState = 'start';
  #serverState: ServerState = 'start';
  #version = VERSION_5;
  #user = '';
  #target = '';
  #command = '';

  constructor(context: ParserContext) {
    this.#context = context;
    this.#client = new Teller(sided(context, true), 'socks');
  }

  read(bytes: Uint8Array, fromInitiator: boolean): number {
    let at = 0;
    while (at < bytes.length) {
      const rest = bytes.subarray(at);
      const taken = fromInitiator ? this.#fromClient(rest) : this.#fromServer(rest);
      if (taken === 0) break;
      at += taken;
      if (this.#serverState === 'over') break;
    }
    return at;
  }

  end(): void {
    // No reply was seen.
    if (this.#serverState !== 'over' && this.#command !== '') this.#client.command(this.#command, this.#target);
  }

  #fromClient(bytes: Uint8Array): number {
    switch (this.#clientState) {
      case 'start':
        this.#version = bytes[0];
        if (this.#version === VERSION_4) return this.#request4(bytes);
        if (bytes.length < 2 || bytes.length < 2 + bytes[1]) return 0;
        this.#clientState = 'methods';
        return 2 + bytes[1];
      case 'password':
        return this.#password(bytes);
      case 'request':
        return this.#request5(bytes);
      default:
        // What comes before the server has answered waits for it.
        return 0;
    }
  }

  #request4(bytes: Uint8Array): number {
    const length = request4Length(bytes);
    if (length <= 0 || bytes.length < 9) return 0;
    const userEnd = indexOfByte(bytes, 0, 8, bytes.length);
    this.#user = latin1(bytes, 8, userEnd);
    const host = isNamed4(bytes) ? latin1(bytes, userEnd + 1, length - 1) : bytes.subarray(4, 8).join('.');
    this.#asked(bytes[1], host, (bytes[2] << 8) | bytes[3]);
    if (this.#user !== '') this.#client.property('user', this.#user);
    this.#serverState = 'reply';
    return length;
  }

  /** RFC 1929: version 1, user, password. The password is passed over. */
  #password(bytes: Uint8Array): number {
    const reader = new ByteReader(bytes, 1);
    const user = reader.latin1(reader.u8());
    reader.skip(reader.u8());
    if (reader.overrun) return 0;
    this.#user = user;
    this.#clientState = 'waiting';
    return reader.position;
  }

  #request5(bytes: Uint8Array): number {
    const reader = new ByteReader(bytes, 1);
    const command = reader.u8();
    reader.skip(1);
    const host = hostOf(reader);
    const port = reader.u16();
    if (reader.overrun) return host === undefined ? this.#break(bytes) : 0;
    this.#asked(command, host ?? '', port);
    return reader.position;
  }

  #asked(command: number, host: string, port: number): void {
    this.#clientState = 'waiting';
    this.#command = COMMANDS[command] ?? `${command}`;
    this.#target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    this.#client.property('target', this.#target);
  }

  #fromServer(bytes: Uint8Array): number {
    switch (this.#serverState) {
      case 'start':
        if (bytes.length < 2) return 0;
        this.#chosen(bytes[1]);
        return 2;
      case 'password': {
        if (bytes.length < 2) return 0;
        const outcome = bytes[1] === 0 ? 'success' : 'failure';
        this.#client.login({ user: this.#user, outcome, method: 'password', isCleartext: true });
        this.#serverState = 'reply';
        this.#clientState = 'request';
        return 2;
      }
      case 'reply':
        return this.#reply(bytes);
      default:
        return 0;
    }
  }

  #chosen(method: number): void {
    this.#serverState = method === 2 ? 'password' : 'reply';
    this.#clientState = method === 2 ? 'password' : 'request';
    if (method === 0 || method === 2) return;
    // Refused, or in a way of its own that nobody else can read.
    this.#client.property('method', `${method}`);
    this.#context.finish();
  }

  #reply(bytes: Uint8Array): number {
    let taken = 8;
    const isGranted = bytes[1] === (this.#version === VERSION_4 ? GRANTED_4 : 0);
    if (this.#version === VERSION_5) {
      const reader = new ByteReader(bytes, 3);
      const bound = hostOf(reader);
      reader.skip(2);
      if (reader.overrun) return bound === undefined && bytes.length >= 4 ? this.#break(bytes) : 0;
      taken = reader.position;
    } else if (bytes.length < taken) {
      return 0;
    }
    this.#serverState = 'over';
    this.#client.command(this.#command, this.#target, bytes[1]);
    if (isGranted) this.#context.become();
    else this.#context.finish();
    return taken;
  }

  #break(bytes: Uint8Array): number {
    this.#context.tell({ type: 'broken', protocol: 'socks', reason: 'bad-address-type' });
    this.#context.finish();
    return bytes.length;
  }
}

/** An address with its type before it (RFC 1928 5); undefined for another type. */
function hostOf(reader: ByteReader): string | undefined {
  const type = reader.u8();
  if (reader.overrun) return '';
  if (type === 1) return reader.take(4).join('.');
  if (type === 3) return reader.latin1(reader.u8());
  if (type !== 4) {
    reader.overrun = true;
    return undefined;
  }
  const groups: string[] = [];
  for (let i = 0; i < 8; i++) groups.push(reader.u16().toString(16));
  return groups.join(':');
}
