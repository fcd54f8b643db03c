import { PROTOCOL } from '../../../../contract/traffic.ts';
import { latin1, startsWith, u16At, u32At, viewOf } from './bytes.ts';
import { FRAME_BROKEN, type Framing, framedParser, type MessageReader } from './message-frames.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT } from './protocol.ts';
import { Teller } from './teller.ts';

/** Length, checksum, type, flags, checksum of the header (Oracle Net's Transparent Network Substrate). */
const HEADER_BYTES = 8;
const READ_BYTES = 4_096;
const PACKET = { connect: 1, accept: 2, refuse: 4, redirect: 5, data: 6, resend: 11 } as const;
const MAX_PACKET_TYPE = 15;
/** From this version on the length of packets behind the handshake has four bytes. */
const LONG_LENGTH_VERSION = 315;
/** Where a CONNECT says how long its text is, and where the text begins. */
const CONNECT_LENGTH_AT = 24;
const CONNECT_OFFSET_AT = 26;
const MIN_CONNECT_BYTES = 34;
/** Function of the call that begins a login: the server is asked for a challenge for this user. */
const SESSION_KEY_CALL = Uint8Array.of(0x03, 0x76);
const CALL_AT = 10;
const MAX_USER_BYTES = 128;
/** What a server says of a login that failed: wrong name or password, locked, expired, no right to log in. */
const LOGIN_ERRORS = ['ORA-01017', 'ORA-28000', 'ORA-28001', 'ORA-01045', 'ORA-01005'];
/** Values that only a session that was opened has. */
const SUCCESS = ['AUTH_SVR_RESPONSE', 'AUTH_SESSION_ID'];

/** Values of the connect text, and the properties that they are told as. */
const CONNECT_VALUES: readonly (readonly [key: string, property: string])[] = [
  ['(SERVICE_NAME=', 'database'],
  ['(SID=', 'database'],
  ['(PROGRAM=', 'client-software'],
  ['(HOST=', 'client-host'],
  ['(USER=', 'client-user'],
];

/**
 * Oracle Database (TNS): which database is asked for, the program, host and user of the system that ask, the account
 * that logs in, and how that ended as far as the server says it in the clear.
 */
export const oracle: ProtocolDefinition = {
  id: 'oracle',
  transports: [PROTOCOL.tcp],
  ports: [1521, 1526, 1522],
  identify({ initiator }) {
    if (initiator.length === 0) return VERDICT.maybe;
    if (initiator.length < MIN_CONNECT_BYTES)
      return initiator.length > 4 && initiator[4] !== 1 ? VERDICT.no : VERDICT.maybe;
    const length = u16At(initiator, 0);
    const version = u16At(initiator, 8);
    const textAt = u16At(initiator, CONNECT_OFFSET_AT);
    const isConnect = initiator[4] === PACKET.connect && u16At(initiator, 2) === 0 && u16At(initiator, 6) === 0;
    if (!isConnect || version < 300 || version > 330 || length < MIN_CONNECT_BYTES) return VERDICT.no;
    if (textAt < MIN_CONNECT_BYTES - 8 || textAt > 256) return VERDICT.no;
    // A long text comes in a packet of its own.
    if (textAt >= length) return VERDICT.yes;
    if (initiator.length <= textAt) return VERDICT.maybe;
    return startsWith(initiator, '(', textAt) ? VERDICT.yes : VERDICT.no;
  },
  parser: (context) => new Conversation(context).parser(),
};

class Conversation implements MessageReader {
  readonly #context: ParserContext;
  readonly #tell: Teller;
  #hasLongLength = false;
  #awaitsText = false;
  #user: string | undefined;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#tell = new Teller(context, 'oracle');
  }

  parser() {
    const framing: Framing = {
      headerBytes: HEADER_BYTES,
      readBytes: READ_BYTES,
      frameBytes: (bytes, at) => {
        if (bytes[at + 4] === 0 || bytes[at + 4] > MAX_PACKET_TYPE) return FRAME_BROKEN;
        // The handshake may come again with short lengths: the longer form never begins with two zeros elsewhere.
        const short = u16At(bytes, at);
        return short === 0 && this.#hasLongLength ? u32At(bytes, at) : short;
      },
    };
    return framedParser(this.#context, 'oracle', framing, this);
  }

  message(bytes: Uint8Array, fromInitiator: boolean): undefined {
    switch (bytes[4]) {
      case PACKET.connect:
        if (fromInitiator) this.#connect(bytes);
        break;
      case PACKET.accept:
        if (bytes.length >= 10 && u16At(bytes, 8) >= LONG_LENGTH_VERSION) this.#hasLongLength = true;
        break;
      case PACKET.refuse:
        this.#refuse(bytes);
        break;
      case PACKET.redirect:
        this.#tell.property('redirect', textFrom(bytes, '('));
        break;
      case PACKET.data:
        if (fromInitiator) this.#request(bytes);
        else this.#response(bytes);
        break;
    }
  }

  end(): void {
    this.#outcome('attempt');
  }

  #connect(bytes: Uint8Array): void {
    const length = u16At(bytes, CONNECT_LENGTH_AT);
    const offset = u16At(bytes, CONNECT_OFFSET_AT);
    this.#awaitsText = offset >= bytes.length;
    this.#values(bytes.subarray(offset, offset + length));
  }

  #values(text: Uint8Array): void {
    const view = viewOf(text);
    for (const [key, property] of CONNECT_VALUES) {
      const at = view.indexOf(key, 0, 'latin1');
      if (at < 0) continue;
      const end = view.indexOf(0x29, at);
      if (end > at) this.#tell.property(property, latin1(text, at + key.length, end));
    }
  }

  #refuse(bytes: Uint8Array): void {
    const text = textFrom(bytes, '(');
    const at = text.indexOf('(ERR=');
    const end = text.indexOf(')', at);
    this.#tell.property('refused', at >= 0 && end > at ? text.slice(at + 5, end) : text);
  }

  #request(bytes: Uint8Array): void {
    if (this.#awaitsText) {
      this.#awaitsText = false;
      this.#values(bytes.subarray(CALL_AT));
      return;
    }
    if (viewOf(bytes).compare(SESSION_KEY_CALL, 0, 2, CALL_AT, Math.min(bytes.length, CALL_AT + 2)) !== 0) return;
    const user = userBefore(bytes, viewOf(bytes).indexOf('AUTH_', 0, 'latin1'));
    if (user !== '') this.#user = user;
  }

  #response(bytes: Uint8Array): void {
    if (this.#user === undefined) return;
    const view = viewOf(bytes);
    const error = LOGIN_ERRORS.find((text) => view.includes(text, 0, 'latin1'));
    if (error !== undefined) {
      this.#tell.property('error', error);
      this.#outcome('failure');
    } else if (SUCCESS.some((text) => view.includes(text, 0, 'latin1'))) {
      this.#outcome('success');
    }
  }

  #outcome(outcome: 'attempt' | 'success' | 'failure'): void {
    if (this.#user === undefined) return;
    this.#tell.login({ user: this.#user, outcome, method: 'o5logon' });
    this.#user = undefined;
  }
}

/** Text from the first `start` on. */
function textFrom(bytes: Uint8Array, start: string): string {
  const at = viewOf(bytes).indexOf(start, 0, 'latin1');
  return at < 0 ? '' : latin1(bytes, at);
}

/**
 * The user of a call, which stands before the first key, with its length before it; between them are up to eight
 * bytes that say the length of the key in a way that depends on the client.
 */
function userBefore(bytes: Uint8Array, keyAt: number): string {
  for (let end = keyAt - 1; end >= keyAt - 9 && end > CALL_AT; end--) {
    for (let length = 1; length <= MAX_USER_BYTES && end - length > CALL_AT; length++) {
      if (!isPrintable(bytes[end - length])) break;
      if (bytes[end - length - 1] === length) return latin1(bytes, end - length, end);
    }
  }
  return '';
}

function isPrintable(byte: number): boolean {
  return byte > 0x20 && byte !== 0x7f;
}
