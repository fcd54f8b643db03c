import { ByteReader, latin1, u16leAt, u32leAt, utf16leText } from '../bytes.ts';
import type { SmbSession } from './session.ts';

/** Header of SMB 1 (MS-CIFS 2.2.3.1), the number of parameter words, and of bytes. */
const HEADER_BYTES = 32;
const FLAG_REPLY = 0x80;
const FLAG2_UNICODE = 0x8000;
const NO_MORE = 0xff;
const MAX_CHAIN = 8;
const MAX_DIALECTS = 16;
const MAX_NAME_BYTES = 1_024;

const COMMAND = {
  delete: 0x06,
  rename: 0x07,
  transaction: 0x25,
  openAndX: 0x2d,
  readAndX: 0x2e,
  writeAndX: 0x2f,
  transaction2: 0x32,
  transaction2Secondary: 0x33,
  treeConnect: 0x70,
  negotiate: 0x72,
  sessionSetup: 0x73,
  logoff: 0x74,
  treeConnectAndX: 0x75,
  ntTransaction: 0xa0,
  ntTransactionSecondary: 0xa1,
  ntCreate: 0xa2,
} as const;
/** Commands after whose parameters another may follow in the same message. */
const CHAINED: ReadonlySet<number> = new Set([0x24, 0x2d, 0x2e, 0x2f, 0x73, 0x74, 0x75, 0xa2]);

/** Told by their name; the others (reads, writes, closes, echoes) are too many to be worth it. */
const NAMES: Readonly<Record<number, string>> = {
  0: 'create-directory',
  1: 'delete-directory',
  [COMMAND.delete]: 'delete',
  [COMMAND.rename]: 'rename',
  [COMMAND.transaction]: 'transaction',
  [COMMAND.openAndX]: 'open',
  [COMMAND.transaction2]: 'transaction2',
  [COMMAND.transaction2Secondary]: 'transaction2-secondary',
  [COMMAND.treeConnect]: 'tree-connect',
  [COMMAND.negotiate]: 'negotiate',
  [COMMAND.sessionSetup]: 'session-setup',
  [COMMAND.logoff]: 'logoff',
  [COMMAND.treeConnectAndX]: 'tree-connect',
  [COMMAND.ntTransaction]: 'nt-transaction',
  [COMMAND.ntTransactionSecondary]: 'nt-transaction-secondary',
  [COMMAND.ntCreate]: 'create',
};

/** Bits of the security mode. */
const SECURITY = { signing: 0x04, signingRequired: 0x08 } as const;
const ACTION_GUEST = 0x01;
const PIPE = '\\PIPE\\';
/** Status of what a server does not know (MS-ERREF 2.3.1). */
const NOT_IMPLEMENTED = 0xc0000002;
/** The back door DoublePulsar answers under another number than it was asked: by how much says what it did. */
const BACK_DOOR_SHIFTS = [0x10, 0x20, 0x30] as const;

interface Block {
  readonly message: Uint8Array;
  readonly id: number;
  readonly isUnicode: boolean;
  readonly words: Uint8Array;
  readonly data: Uint8Array;
  /** Offset of the data in the message: texts in UTF-16 begin at even offsets. */
  readonly dataAt: number;
}

/** Messages of SMB 1 (MS-CIFS, MS-SMB). */
export class Smb1 {
  readonly #session: SmbSession;
  #dialects: readonly string[] = [];

  constructor(session: SmbSession) {
    this.#session = session;
  }

  /** @param message from the four bytes of the protocol on; may be cut short */
  message(message: Uint8Array): void {
    if (message.length < HEADER_BYTES + 1) return;
    const isReply = (message[9] & FLAG_REPLY) !== 0;
    const status = u32leAt(message, 5);
    const id = u16leAt(message, 30);
    const isUnicode = (u16leAt(message, 10) & FLAG2_UNICODE) !== 0;
    let command = message[4];
    let at = HEADER_BYTES;
    for (let i = 0; i < MAX_CHAIN && command !== NO_MORE; i++) {
      const block = blockAt(message, at, id, isUnicode);
      if (isReply) this.#reply(command, block, status);
      else this.#request(command, block);
      if (!CHAINED.has(command) || block.words.length < 4) return;
      const next = u16leAt(block.words, 2);
      command = block.words[0];
      // Forward only: a chain must not turn in a circle.
      if (next <= at) return;
      at = next;
    }
  }

  #request(command: number, block: Block): void {
    const name = NAMES[command];
    if (name !== undefined) {
      const argument = this.#argument(command, block);
      // A session setup has an outcome of its own.
      if (command !== COMMAND.sessionSetup) this.#session.ask(block.id, name, argument);
    }
    if (command === COMMAND.writeAndX) this.#write(block);
  }

  #argument(command: number, block: Block): string {
    switch (command) {
      case COMMAND.negotiate:
        this.#dialects = dialectsIn(block.data);
        return this.#dialects.join(' ');
      case COMMAND.sessionSetup:
        this.#sessionSetup(block);
        return '';
      case COMMAND.treeConnectAndX:
        return this.#share(block, block.words.length >= 8 ? u16leAt(block.words, 6) : 0);
      case COMMAND.treeConnect:
        return this.#share({ ...block, isUnicode: false }, 1);
      case COMMAND.ntCreate:
      case COMMAND.openAndX:
        return textAt(block, 0).text;
      case COMMAND.delete:
        return textAt(block, 1).text;
      case COMMAND.rename: {
        const from = textAt(block, 1);
        return `${from.text} ${textAt(block, from.end + 1).text}`;
      }
      case 0x00:
      case 0x01:
        return textAt(block, 1).text;
      case COMMAND.transaction:
        return this.#transaction(block);
      case COMMAND.transaction2:
        return block.words.length >= 30 ? `0x${u16leAt(block.words, 28).toString(16)}` : '';
      case COMMAND.ntTransaction:
        // The function, and the bytes of data that are announced (MS-CIFS 2.2.4.62.1).
        return block.words.length >= 38 ? `0x${u16leAt(block.words, 36).toString(16)} ${u32leAt(block.words, 7)}` : '';
      default:
        return '';
    }
  }

  #share(block: Block, passwordBytes: number): string {
    const share = textAt(block, passwordBytes).text;
    this.#session.tell.property('share', share);
    return share;
  }

  #sessionSetup(block: Block): void {
    const { words, data } = block;
    if (words.length === 24) {
      const blobBytes = u16leAt(words, 14);
      this.#session.security(block.id, data.subarray(0, blobBytes), false);
      this.#systems(block, blobBytes, 'client');
    } else if (words.length === 26) {
      const oemBytes = u16leAt(words, 14);
      const secretBytes = u16leAt(words, 16);
      const user = textAt(block, oemBytes + secretBytes);
      const domain = textAt(block, user.end);
      // 24 bytes answer a challenge; another length is the password itself.
      const longest = Math.max(oemBytes, secretBytes);
      const isCleartext = longest > 1 && longest < 24;
      const method = longest > 24 ? 'ntlmv2' : isCleartext ? 'password' : longest === 24 ? 'ntlmv1' : 'anonymous';
      this.#session.login(block.id, { user: user.text, domain: domain.text, host: '', method, isCleartext });
      this.#systems(block, domain.end, 'client');
    }
  }

  #systems(block: Block, at: number, side: 'client' | 'server'): void {
    const system = textAt(block, at);
    this.#session.tell.property(`${side}-system`, system.text);
    this.#session.tell.property(`${side}-software`, textAt(block, system.end).text);
  }

  #transaction(block: Block): string {
    const name = textAt(block, 0).text;
    const { words, message } = block;
    if (words.length >= 26 && name.startsWith(PIPE)) this.#pipe(message, u16leAt(words, 24), u16leAt(words, 22));
    return name;
  }

  #pipe(message: Uint8Array, offset: number, length: number): void {
    this.#session.pipe(message.subarray(offset, offset + length));
  }

  #write({ words, message }: Block): void {
    if (words.length >= 24) this.#pipe(message, u16leAt(words, 22), u16leAt(words, 20));
  }

  #reply(command: number, block: Block, status: number): void {
    const { words, data, id, message } = block;
    switch (command) {
      case COMMAND.negotiate:
        this.#negotiated(words);
        break;
      case COMMAND.sessionSetup:
        if (words.length === 8) this.#session.security(id, data.subarray(0, u16leAt(words, 6)), true);
        if (words.length === 8) this.#systems(block, u16leAt(words, 6), 'server');
        else if (words.length === 6) this.#systems(block, 0, 'server');
        if (words.length >= 6 && (words[4] & ACTION_GUEST) !== 0) this.#session.tell.property('session', 'guest');
        this.#session.loggedIn(id, status);
        break;
      case COMMAND.transaction:
        if (words.length >= 20) this.#pipe(message, u16leAt(words, 14), u16leAt(words, 12));
        break;
      case COMMAND.transaction2:
        if (status === NOT_IMPLEMENTED && BACK_DOOR_SHIFTS.some((shift) => this.#session.isAsked(id - shift))) {
          this.#session.tell.property('back-door', 'DoublePulsar');
        }
        break;
      case COMMAND.readAndX:
        if (words.length >= 24) this.#pipe(message, u16leAt(words, 12), u16leAt(words, 10));
        break;
    }
    this.#session.answer(id, status);
  }

  #negotiated(words: Uint8Array): void {
    if (words.length < 2) return;
    this.#session.tell.property('dialect', this.#dialects[u16leAt(words, 0)] ?? '');
    if (words.length < 3) return;
    const mode = words[2];
    const isOn = (mode & SECURITY.signing) !== 0;
    this.#session.tell.property('signing', mode & SECURITY.signingRequired ? 'required' : isOn ? 'enabled' : 'off');
  }
}

function blockAt(message: Uint8Array, at: number, id: number, isUnicode: boolean): Block {
  const reader = new ByteReader(message, at);
  const words = reader.take(2 * reader.u8());
  const length = reader.u16le();
  const dataAt = reader.position;
  // Where the message is cut, what is there counts.
  return { message, id, isUnicode, words, data: reader.take(Math.min(length, reader.left)), dataAt };
}

/** "NT LM 0.12" and others, each behind a byte that says that it is one. */
function dialectsIn(data: Uint8Array): string[] {
  const reader = new ByteReader(data);
  const dialects: string[] = [];
  while (dialects.length < MAX_DIALECTS && reader.left > 1) {
    reader.skip(1);
    const dialect = reader.latin1Zero(64);
    if (reader.overrun) break;
    dialects.push(dialect);
  }
  return dialects;
}

/** The text that begins at an offset of the data, and where what follows it begins. */
function textAt({ data, dataAt, isUnicode }: Block, offset: number): { readonly text: string; readonly end: number } {
  if (!isUnicode) {
    const zero = data.indexOf(0, offset);
    const end = zero < 0 ? data.length : zero;
    return { text: latin1(data, offset, end), end: end + 1 };
  }
  const start = offset + ((dataAt + offset) % 2);
  let end = start;
  while (end + 1 < data.length && end - start < MAX_NAME_BYTES && (data[end] !== 0 || data[end + 1] !== 0)) end += 2;
  return { text: utf16leText(data, start, end), end: end + 2 };
}
