import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { latin1, startsWith, u32leAt } from '../bytes.ts';
import { datagramOf, eitherSide } from '../first-message.ts';
import { FRAME_BROKEN, type Framing, framedParser, type MessageReader } from '../message-frames.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from '../protocol.ts';
import { SmbSession } from './session.ts';
import { Smb1 } from './smb1.ts';
import { Smb2 } from './smb2.ts';

/** Type, and length in 17 bits, or 24 where SMB runs without NetBIOS (RFC 1002 4.3.1, MS-SMB2 2.1). */
const HEADER_BYTES = 4;
/**
 * Names, logins and calls stand in the first segment; data of files are passed by, so that those of large ones leave
 * enough of what is looked at in a conversation for what comes after them.
 */
const READ_BYTES = 1_400;
const TYPE = { message: 0x00, request: 0x81, accepted: 0x82, refused: 0x83, redirect: 0x84, alive: 0x85 } as const;
const TYPES: ReadonlySet<number> = new Set(Object.values(TYPE));
const MARK = { smb1: '\xffSMB', smb2: '\xfeSMB', encrypted: '\xfdSMB', compressed: '\xfcSMB' } as const;
/** A request for a session names both ends: each name takes 34 bytes. */
const SESSION_REQUEST_BYTES = HEADER_BYTES + 68;
const ENCODED_NAME_BYTES = 32;
const COMPRESSION_HEADER_BYTES = 16;

/** Datagrams of NetBIOS (RFC 1002 4.4): header, both names, and a transaction of SMB. */
const DATAGRAM_TYPES: ReadonlySet<number> = new Set([0x10, 0x11, 0x12]);
const DATAGRAM_HEADER_BYTES = 14;
const DATAGRAM_MARK_AT = DATAGRAM_HEADER_BYTES + 68;

const framing: Framing = {
  headerBytes: HEADER_BYTES,
  readBytes: READ_BYTES,
  frameBytes(bytes, at) {
    if (!TYPES.has(bytes[at])) return FRAME_BROKEN;
    return HEADER_BYTES + ((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
  },
};

/**
 * SMB 1, 2 and 3 over TCP, with or without NetBIOS, and in NetBIOS datagrams: dialect, signing and encryption, logins
 * by NTLM or Kerberos and their outcome, shares, files that are opened, renamed and deleted with the status of the
 * answer, and procedures that are called in pipes.
 */
export const smb: ProtocolDefinition = {
  id: 'smb',
  transports: [PROTOCOL.tcp, PROTOCOL.udp],
  ports: [445, 139, 138],
  identify(opening) {
    if (opening.transport === PROTOCOL.tcp) return eitherSide(opening, isFirst);
    return isDatagram(datagramOf(opening)) ? VERDICT.yes : VERDICT.no;
  },
  parser: (context) => (context.transport === PROTOCOL.udp ? datagrams(context) : overTcp(context)),
};

function isFirst(bytes: Uint8Array): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  if (bytes[0] === TYPE.request) return isSessionRequest(bytes);
  if (bytes[0] !== TYPE.message) return VERDICT.no;
  if (bytes.length < HEADER_BYTES + 4)
    return bytes.length > 4 && (bytes[4] & 0xfc) !== 0xfc ? VERDICT.no : VERDICT.maybe;
  return hasMark(bytes, HEADER_BYTES) ? VERDICT.yes : VERDICT.no;
}

function hasMark(bytes: Uint8Array, at: number): boolean {
  return bytes[at] >= 0xfc && startsWith(bytes, 'SMB', at + 1);
}

function isSessionRequest(bytes: Uint8Array): Verdict {
  if (bytes.length > 3 && (bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0x44)) return VERDICT.no;
  if (bytes.length < SESSION_REQUEST_BYTES) return VERDICT.maybe;
  return netbiosName(bytes, HEADER_BYTES) !== undefined && netbiosName(bytes, HEADER_BYTES + 34) !== undefined
    ? VERDICT.yes
    : VERDICT.no;
}

/** A name in its encoding of two letters a byte (RFC 1001 14.1), without padding and type. */
function netbiosName(bytes: Uint8Array, at: number): string | undefined {
  if (bytes[at] !== ENCODED_NAME_BYTES || bytes.length < at + 1 + ENCODED_NAME_BYTES) return undefined;
  const name: number[] = [];
  for (let i = at + 1; i < at + 1 + ENCODED_NAME_BYTES; i += 2) {
    const high = bytes[i] - 0x41;
    const low = bytes[i + 1] - 0x41;
    if (high < 0 || high > 15 || low < 0 || low > 15) return undefined;
    name.push(high * 16 + low);
  }
  return latin1(Uint8Array.from(name.slice(0, 15))).trim();
}

class Messages implements MessageReader {
  readonly #session: SmbSession;
  readonly #smb1: Smb1;
  readonly #smb2: Smb2;

  constructor(context: ParserContext) {
    this.#session = new SmbSession(context);
    this.#smb1 = new Smb1(this.#session);
    this.#smb2 = new Smb2(this.#session);
  }

  message(bytes: Uint8Array): undefined {
    if (bytes[0] === TYPE.request) {
      this.#session.tell.property('server-name', netbiosName(bytes, HEADER_BYTES) ?? '');
      this.#session.tell.property('client-name', netbiosName(bytes, HEADER_BYTES + 34) ?? '');
    } else if (bytes[0] === TYPE.refused) {
      this.#session.tell.property('refused', 'netbios-session');
    } else if (bytes[0] === TYPE.message) {
      this.smb(bytes.subarray(HEADER_BYTES));
    }
  }

  /** A message from its mark on. */
  smb(bytes: Uint8Array): void {
    if (startsWith(bytes, MARK.smb1)) this.#smb1.message(bytes);
    else if (startsWith(bytes, MARK.smb2)) this.#smb2.message(bytes);
    else if (startsWith(bytes, MARK.encrypted)) this.#session.tell.property('encryption', 'on');
    else if (startsWith(bytes, MARK.compressed)) this.#compressed(bytes);
  }

  /** Both sizes of the header (MS-SMB2 2.2.42) together are more than 32 bits hold: CVE-2020-0796. */
  #compressed(bytes: Uint8Array): void {
    this.#session.tell.property('compression', 'on');
    if (bytes.length < COMPRESSION_HEADER_BYTES) return;
    const isChained = (bytes[10] & 0x01) !== 0;
    const sum = u32leAt(bytes, 4) + (isChained ? 0 : u32leAt(bytes, 12));
    if (sum > 0xffffffff) this.#session.tell.property('compression-overflow', `0x${sum.toString(16)}`);
  }

  names(from: string, to: string): void {
    this.#session.tell.property('client-name', from);
    this.#session.tell.property('server-name', to);
  }

  beginsMessage(bytes: Uint8Array): boolean {
    return bytes.length >= HEADER_BYTES + 4 && bytes[0] === TYPE.message && hasMark(bytes, HEADER_BYTES);
  }

  end(): void {
    this.#session.end();
  }
}

function overTcp(context: ParserContext) {
  return framedParser(context, 'smb', framing, new Messages(context));
}

function isDatagram(bytes: Uint8Array): boolean {
  return (
    bytes.length > DATAGRAM_MARK_AT + 4 &&
    DATAGRAM_TYPES.has(bytes[0]) &&
    startsWith(bytes, MARK.smb1, DATAGRAM_MARK_AT)
  );
}

function datagrams(context: ParserContext) {
  const messages = new Messages(context);
  return {
    read(bytes: Uint8Array): number {
      if (!isDatagram(bytes)) return bytes.length;
      messages.names(
        netbiosName(bytes, DATAGRAM_HEADER_BYTES) ?? '',
        netbiosName(bytes, DATAGRAM_HEADER_BYTES + 34) ?? '',
      );
      messages.smb(bytes.subarray(DATAGRAM_MARK_AT));
      return bytes.length;
    },
    end: () => messages.end(),
  };
}
