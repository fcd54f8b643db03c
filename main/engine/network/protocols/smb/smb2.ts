import { ByteReader, hexText, u16leAt, u32leAt, utf16leText } from '../bytes.ts';
import { isError, type SmbSession, STATUS } from './session.ts';

/** Header of SMB 2 and 3 (MS-SMB2 2.2.1). */
export const SMB2_HEADER_BYTES = 64;
const FLAG = { reply: 0x00000001, signed: 0x00000008 } as const;
const MAX_CHAIN = 32;
const MAX_NAME_BYTES = 1_024;
const MAX_DIALECTS = 16;

const COMMAND = {
  negotiate: 0,
  sessionSetup: 1,
  logoff: 2,
  treeConnect: 3,
  create: 5,
  read: 8,
  write: 9,
  control: 11,
  setInfo: 17,
} as const;
/** Told by their name; the others (reads, writes, closes, look-ups) are too many to be worth it. */
const NAMES: Readonly<Record<number, string>> = {
  [COMMAND.negotiate]: 'negotiate',
  [COMMAND.logoff]: 'logoff',
  [COMMAND.treeConnect]: 'tree-connect',
  [COMMAND.create]: 'create',
};
const DIALECTS: Readonly<Record<number, string>> = {
  514: '2.0.2',
  528: '2.1',
  767: '2.x',
  768: '3.0',
  770: '3.0.2',
  785: '3.1.1',
};
const SIGNING = { enabled: 1, required: 2 } as const;
const SESSION_FLAG = { guest: 1, anonymous: 2, encrypted: 4 } as const;
const SHARE_ENCRYPTED = 0x8000;
const DELETE_ON_CLOSE = 0x00001000;
/** Information of files that is set (MS-FSCC 2.4): a new name, and that the file is to go. */
const FILE_INFORMATION = 1;
const RENAME = 10;
const DISPOSITION = 13;
/** Files that are open at once, of which the names are remembered. */
const MAX_OPEN_FILES = 64;
const FILE_ID_BYTES = 16;
const PIPE_TRANSCEIVE = 0x0011c017;

/** Messages of SMB 2 and 3 (MS-SMB2). */
export class Smb2 {
  readonly #session: SmbSession;
  /** Names of files that were asked for, by the number of the request, and of open ones by their identity. */
  readonly #asked = new Map<number, string>();
  readonly #open = new Map<string, string>();
  /** What a chain of requests opens is used by those behind it without its identity. */
  #latest = '';

  constructor(session: SmbSession) {
    this.#session = session;
  }

  /** @param message from the four bytes of the protocol on; may be cut short */
  message(message: Uint8Array): void {
    let at = 0;
    for (let i = 0; i < MAX_CHAIN; i++) {
      const rest = message.subarray(at);
      if (rest.length < SMB2_HEADER_BYTES + 2) return;
      const next = u32leAt(rest, 20);
      const part = next === 0 ? rest : rest.subarray(0, next);
      this.#part(part);
      // Forward only; parts lie on multiples of eight bytes.
      if (next < SMB2_HEADER_BYTES) return;
      at += next;
    }
  }

  #part(part: Uint8Array): void {
    const command = u16leAt(part, 12);
    // Both halves of the number of a message; it counts up from 0.
    const id = u32leAt(part, 24) + u32leAt(part, 28) * 2 ** 32;
    const flags = u32leAt(part, 16);
    if ((flags & FLAG.signed) !== 0) this.#session.tell.property('signed', 'yes');
    const body = part.subarray(SMB2_HEADER_BYTES);
    if ((flags & FLAG.reply) === 0) this.#request(command, id, part, body);
    else this.#reply(command, id, u32leAt(part, 8), part, body);
  }

  #request(command: number, id: number, part: Uint8Array, body: Uint8Array): void {
    switch (command) {
      case COMMAND.negotiate:
        this.#session.ask(id, 'negotiate', offered(body));
        break;
      case COMMAND.sessionSetup:
        this.#session.security(id, blockAt(part, body, 12), false);
        break;
      case COMMAND.treeConnect: {
        const share = textIn(blockAt(part, body, 4));
        this.#session.tell.property('share', share);
        this.#session.ask(id, 'tree-connect', share);
        break;
      }
      case COMMAND.create: {
        const isDeletion = body.length >= 44 && (u32leAt(body, 40) & DELETE_ON_CLOSE) !== 0;
        this.#latest = textIn(blockAt(part, body, 44));
        if (this.#asked.size < MAX_OPEN_FILES) this.#asked.set(id, this.#latest);
        this.#session.ask(id, isDeletion ? 'create-delete-on-close' : 'create', this.#latest);
        break;
      }
      case COMMAND.setInfo:
        this.#setInfo(id, part, body);
        break;
      case COMMAND.write:
        this.#pipe(part, body.length >= 8 ? u16leAt(body, 2) : 0, body.length >= 8 ? u32leAt(body, 4) : 0);
        break;
      case COMMAND.control:
        if (body.length >= 32 && u32leAt(body, 4) === PIPE_TRANSCEIVE)
          this.#pipe(part, u32leAt(body, 24), u32leAt(body, 28));
        break;
      default:
        if (NAMES[command] !== undefined) this.#session.ask(id, NAMES[command], '');
    }
  }

  #reply(command: number, id: number, status: number, part: Uint8Array, body: Uint8Array): void {
    if (command === COMMAND.create) this.#created(id, status, body);
    if (!isError(status)) {
      if (command === COMMAND.negotiate) this.#negotiated(body);
      if (command === COMMAND.treeConnect && body.length >= 8 && (u16leAt(body, 4) & SHARE_ENCRYPTED) !== 0) {
        this.#session.tell.property('encryption', 'share');
      }
      if (command === COMMAND.read && body.length >= 8) this.#pipe(part, body[2], u32leAt(body, 4));
      if (command === COMMAND.control && body.length >= 40 && u32leAt(body, 4) === PIPE_TRANSCEIVE) {
        this.#pipe(part, u32leAt(body, 32), u32leAt(body, 36));
      }
    }
    if (command === COMMAND.sessionSetup) this.#sessionSetup(id, status, part, body);
    this.#session.answer(id, status);
  }

  #negotiated(body: Uint8Array): void {
    if (body.length < 6) return;
    const mode = u16leAt(body, 2);
    const dialect = u16leAt(body, 4);
    const signing = mode & SIGNING.required ? 'required' : mode & SIGNING.enabled ? 'enabled' : 'off';
    this.#session.tell.property('dialect', DIALECTS[dialect] ?? `0x${dialect.toString(16)}`);
    this.#session.tell.property('signing', signing);
    if (body.length >= 24) this.#session.tell.property('server-guid', hexText(body.subarray(8, 24)));
  }

  #sessionSetup(id: number, status: number, part: Uint8Array, body: Uint8Array): void {
    const flags = body.length >= 4 ? u16leAt(body, 2) : 0;
    this.#session.security(id, blockAt(part, body, 4), true);
    if (!isError(status)) {
      if ((flags & SESSION_FLAG.guest) !== 0) this.#session.tell.property('session', 'guest');
      if ((flags & SESSION_FLAG.anonymous) !== 0) this.#session.tell.property('session', 'anonymous');
      if ((flags & SESSION_FLAG.encrypted) !== 0) this.#session.tell.property('encryption', 'session');
    }
    this.#session.loggedIn(id, status);
  }

  #setInfo(id: number, part: Uint8Array, body: Uint8Array): void {
    if (body.length < 12 || body[2] !== FILE_INFORMATION) return;
    const reader = new ByteReader(part, u16leAt(body, 8));
    const file = this.#nameOf(body.subarray(16, 16 + FILE_ID_BYTES));
    if (body[3] === DISPOSITION) this.#session.ask(id, reader.u8() === 0 ? 'keep' : 'delete', file);
    if (body[3] !== RENAME) return;
    reader.skip(16);
    const name = reader.take(Math.min(reader.u32le(), MAX_NAME_BYTES));
    this.#session.ask(id, 'rename', `${file} ${utf16leText(name)}`.trim());
  }

  #created(id: number, status: number, body: Uint8Array): void {
    const name = this.#asked.get(id);
    if (name === undefined || status === STATUS.pending) return;
    this.#asked.delete(id);
    const identity = body.subarray(64, 64 + FILE_ID_BYTES);
    if (isError(status) || identity.length < FILE_ID_BYTES) return;
    const [oldest] = this.#open.keys();
    if (this.#open.size >= MAX_OPEN_FILES && oldest !== undefined) this.#open.delete(oldest);
    this.#open.set(hexText(identity), name);
  }

  #nameOf(identity: Uint8Array): string {
    const isOfChain = identity.every((byte) => byte === 0xff);
    return isOfChain ? this.#latest : (this.#open.get(hexText(identity)) ?? '');
  }

  #pipe(part: Uint8Array, offset: number, length: number): void {
    if (offset >= SMB2_HEADER_BYTES) this.#session.pipe(part.subarray(offset, offset + length));
  }
}

/** Dialects that a client offers. */
function offered(body: Uint8Array): string {
  const count = body.length >= 4 ? Math.min(u16leAt(body, 2), MAX_DIALECTS) : 0;
  const dialects: string[] = [];
  for (let at = 36; at + 2 <= body.length && dialects.length < count; at += 2) {
    const dialect = u16leAt(body, at);
    dialects.push(DIALECTS[dialect] ?? `0x${dialect.toString(16)}`);
  }
  return dialects.join(' ');
}

/** What an offset (from the header) and a length, which stand at `at` of the body, point to; as far as it is there. */
function blockAt(part: Uint8Array, body: Uint8Array, at: number): Uint8Array {
  if (body.length < at + 4) return part.subarray(0, 0);
  const offset = u16leAt(body, at);
  return offset < SMB2_HEADER_BYTES ? part.subarray(0, 0) : part.subarray(offset, offset + u16leAt(body, at + 2));
}

function textIn(block: Uint8Array): string {
  return utf16leText(block.subarray(0, MAX_NAME_BYTES));
}
