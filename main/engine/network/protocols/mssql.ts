import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ByteReader, u16At, u32leAt, utf16leText } from './bytes.ts';
import { FRAME_BROKEN, type Framing, framedParser, type MessageReader } from './message-frames.ts';
import { ntlmMessage } from './ntlm.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';
import { CarriedTls } from './tls/carried.ts';

/** Type, status, length (whole packet), process, packet number, window (MS-TDS 2.2.3.1). */
const HEADER_BYTES = 8;
const READ_BYTES = 4_096;
const PACKET = { batch: 1, rpc: 3, response: 4, attention: 6, login: 16, sspi: 17, prelogin: 18 } as const;
const PACKET_TYPES: ReadonlySet<number> = new Set([1, 2, 3, 4, 6, 7, 8, 14, 16, 17, 18]);
const END_OF_MESSAGE = 0x01;

/** Options of PRELOGIN (MS-TDS 2.2.6.5). */
const OPTION = { version: 0, encryption: 1, end: 0xff } as const;
const MAX_OPTIONS = 16;
const ENCRYPTION = ['off', 'on', 'not-supported', 'required'];
const TOKEN = { error: 0xaa, info: 0xab, loginAck: 0xad, environment: 0xe3, sspi: 0xed } as const;
const MAX_TOKENS = 32;
/** Login failed for user (SQL Server errors 18450 to 18489 and 4060: cannot open the database). */
const isLoginError = (number: number) => (number >= 18_450 && number <= 18_489) || number === 4_060;
const INTEGRATED_SECURITY = 0x80;
/** Queries begin with headers, the length of all first, since TDS 7.2. */
const MAX_QUERY_HEADERS_BYTES = 512;

const framing: Framing = {
  headerBytes: HEADER_BYTES,
  readBytes: READ_BYTES,
  frameBytes(bytes, at) {
    return PACKET_TYPES.has(bytes[at]) ? u16At(bytes, at + 2) : FRAME_BROKEN;
  },
};

/**
 * Microsoft SQL Server (MS-TDS): versions, whether it is encrypted, who logs in from which host and program to which
 * database and how it ended, and batches of SQL; of an encrypted one what its TLS says. The password of a login that
 * is not encrypted can be read from it.
 */
export const mssql: ProtocolDefinition = {
  id: 'mssql',
  transports: [PROTOCOL.tcp],
  ports: [1433],
  identify({ initiator }) {
    if (initiator.length === 0) return VERDICT.maybe;
    const type = initiator[0];
    if (type !== PACKET.prelogin && type !== PACKET.login) return VERDICT.no;
    if (initiator.length < HEADER_BYTES + 6) return VERDICT.maybe;
    const length = u16At(initiator, 2);
    if (initiator[1] > 1 || length < HEADER_BYTES + 6 || initiator[7] !== 0) return VERDICT.no;
    return type === PACKET.prelogin ? isPrelogin(initiator, length) : isLogin(initiator, length);
  },
  parser: (context) => framedParser(context, 'mssql', framing, new Conversation(context)),
};

/** Options stand in order, the first is the version, and what they point to lies in the packet. */
function isPrelogin(bytes: Uint8Array, length: number): Verdict {
  const offset = u16At(bytes, HEADER_BYTES + 1);
  const isFirst = bytes[HEADER_BYTES] === OPTION.version && u16At(bytes, HEADER_BYTES + 3) === 6;
  return isFirst && offset >= 11 && offset < 100 && HEADER_BYTES + offset + 6 <= length ? VERDICT.yes : VERDICT.no;
}

/** The login says its own length, and a version 7.x. */
function isLogin(bytes: Uint8Array, length: number): Verdict {
  if (bytes.length < HEADER_BYTES + 8) return VERDICT.maybe;
  const major = bytes[HEADER_BYTES + 7];
  const own = u32leAt(bytes, HEADER_BYTES);
  return (major === 0x70 || major === 0x71 || (major & 0xf0) === 0x70) && own >= 86 && own + HEADER_BYTES >= length
    ? VERDICT.yes
    : VERDICT.no;
}

interface Login {
  readonly user: string;
  readonly domain: string;
  readonly host: string;
  readonly method: string;
  readonly isCleartext: boolean;
}

class Conversation implements MessageReader {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  #login: Login | undefined;
  /** While TLS is agreed on. */
  #tls: CarriedTls | undefined;
  #isAllHidden = false;
  /** Whether the last packet of a side goes on in the next: only the first of a message is looked at. */
  readonly #goesOn: [boolean, boolean] = [false, false];

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'mssql');
  }

  message(bytes: Uint8Array, fromInitiator: boolean): undefined {
    if (this.#tls !== undefined && bytes[0] === PACKET.prelogin) {
      this.#handshake(this.#tls, bytes.subarray(HEADER_BYTES), fromInitiator);
      return;
    }
    const side = fromInitiator ? 0 : 1;
    const isContinued = this.#goesOn[side];
    this.#goesOn[side] = (bytes[1] & END_OF_MESSAGE) === 0;
    if (isContinued) return;
    const body = bytes.subarray(HEADER_BYTES);
    switch (bytes[0]) {
      case PACKET.prelogin:
        this.#prelogin(body, fromInitiator);
        break;
      case PACKET.login:
        this.#logIn(body);
        break;
      case PACKET.sspi:
        this.#security(body);
        break;
      case PACKET.batch:
        this.#tell.command('batch', queryText(body));
        break;
      case PACKET.response:
        // The answer to a PRELOGIN has the type of a response.
        if (!fromInitiator && body[0] === OPTION.version && this.#login === undefined) this.#prelogin(body, false);
        else this.#tokens(body);
        break;
    }
  }

  beginsMessage(bytes: Uint8Array): boolean {
    const length = u16At(bytes, 2);
    return PACKET_TYPES.has(bytes[0]) && bytes[1] <= 1 && length === bytes.length && bytes[7] === 0;
  }

  end(): void {
    this.#outcome('attempt');
  }

  #prelogin(body: Uint8Array, isClient: boolean): void {
    for (let i = 0, at = 0; i < MAX_OPTIONS && at + 5 <= body.length && body[at] !== OPTION.end; i++, at += 5) {
      const offset = u16At(body, at + 1);
      const length = u16At(body, at + 3);
      if (offset + length > body.length) return;
      if (body[at] === OPTION.version && length >= 4) {
        const version = `${body[offset]}.${body[offset + 1]}.${u16At(body, offset + 2)}`;
        if (!isClient) this.#tell.property('software', `SQL Server ${version}`);
      }
      if (body[at] === OPTION.encryption && length === 1 && !isClient) {
        const encryption = ENCRYPTION[body[offset]] ?? '';
        this.#tell.property('encryption', encryption);
        // TLS is agreed on inside packets of this protocol; "off" is for the login only.
        if (encryption !== 'not-supported') this.#tls = new CarriedTls(this.#context);
        this.#isAllHidden = encryption === 'on' || encryption === 'required';
      }
    }
  }

  #handshake(tls: CarriedTls, content: Uint8Array, fromInitiator: boolean): void {
    tls.push(content, fromInitiator);
    if (!tls.isFinished) return;
    this.#tls = undefined;
    if (this.#isAllHidden) this.#context.finish();
  }

  #logIn(body: Uint8Array): void {
    const text = (at: number) => fieldText(body, at);
    const isIntegrated = (body[25] & INTEGRATED_SECURITY) !== 0;
    this.#login = {
      user: text(40),
      domain: '',
      host: text(36),
      method: isIntegrated ? 'sspi' : 'password',
      isCleartext: !isIntegrated,
    };
    this.#tell.property('client-software', text(48));
    this.#tell.property('database', text(68));
  }

  #security(body: Uint8Array): void {
    const message = ntlmMessage(body);
    if (message?.kind !== 'authenticate') return;
    const { user, domain, host, method } = message;
    this.#login = { user, domain, host, method, isCleartext: false };
  }

  /** Tokens of a response whose length they say; the others end the reading. */
  #tokens(body: Uint8Array): void {
    const reader = new ByteReader(body);
    for (let i = 0; i < MAX_TOKENS && reader.left > 2; i++) {
      const token = reader.u8();
      if (token !== TOKEN.error && token !== TOKEN.info && token !== TOKEN.loginAck && token !== TOKEN.environment)
        return;
      const content = reader.part(reader.u16le());
      if (content.overrun) return;
      if (token === TOKEN.loginAck) {
        content.skip(5);
        this.#tell.property('software', content.utf16le(2 * content.u8()).replaceAll('\0', ''));
        this.#outcome('success');
      }
      if (token === TOKEN.error) {
        const number = content.u32le();
        content.skip(2);
        this.#tell.property('error', `${number} ${content.utf16le(2 * content.u16le())}`);
        if (isLoginError(number)) this.#outcome('failure');
      }
    }
  }

  #outcome(outcome: 'attempt' | 'success' | 'failure'): void {
    if (this.#login === undefined) return;
    this.#tell.login({ ...this.#login, outcome });
    this.#login = undefined;
  }
}

/** A field of LOGIN7: its offset from the beginning of the message and its length in UTF-16 units. */
function fieldText(body: Uint8Array, at: number): string {
  const reader = new ByteReader(body, at);
  const offset = reader.u16le();
  const units = reader.u16le();
  return reader.overrun || units > 128 ? '' : utf16leText(body, offset, offset + 2 * units);
}

function queryText(body: Uint8Array): string {
  const headers = body.length >= 4 ? u32leAt(body, 0) : 0;
  const from = headers >= 4 && headers <= MAX_QUERY_HEADERS_BYTES && headers <= body.length ? headers : 0;
  return utf16leText(body, from, Math.min(body.length, from + 1_024));
}
