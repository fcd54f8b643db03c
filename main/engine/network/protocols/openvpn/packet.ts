/** Packets of OpenVPN's control channel (its "protocol.h", and the draft of its wire protocol). */
import { ByteReader, u16At, u32At } from '../bytes.ts';

/** Upper five bits of the first byte; below is the number of the key. */
export const OPERATION = {
  control: 4,
  acknowledgment: 5,
  data: 6,
  clientReset: 7,
  serverReset: 8,
  data2: 9,
  clientReset3: 10,
  wrapped: 11,
} as const;

const KEY_MASK = 7;
const SESSION_BYTES = 8;
/** Operation, session, no acknowledgments, packet number 0. */
export const BARE_RESET_BYTES = 1 + SESSION_BYTES + 1 + 4;
/** Lengths of the codes of tls-auth: MD5, SHA-1, SHA-256, SHA-384, SHA-512. */
const CODE_BYTES = [16, 20, 32, 48, 64];
/** Number and time of the packet, which stand behind the code of tls-auth and before that of tls-crypt. */
const REPLAY_BYTES = 8;
const CRYPT_CODE_BYTES = 32;
/** Clocks that are right, from 2001 to 2055: what comes with the packet's number. */
const isTime = (seconds: number) => seconds > 978_307_200 && seconds < 2_682_374_400;
const MAX_REPLAY_NUMBER = 64;
const MAX_ACKNOWLEDGMENTS = 8;
/** Record header of TLS: a handshake of any version. */
const TLS_HANDSHAKE = 22;
const TLS_MAJOR = 3;
const TLS_HEADER_BYTES = 5;

/** How the control channel is protected. */
export interface Protection {
  readonly kind: 'none' | 'tls-auth' | 'tls-crypt';
  /** Bytes between the session and the acknowledgments; -1 where everything behind the session is encrypted. */
  readonly headBytes: number;
}

export function operationOf(bytes: Uint8Array): number {
  return bytes[0] >> 3;
}

export function keyOf(bytes: Uint8Array): number {
  return bytes[0] & KEY_MASK;
}

export function isReset(operation: number): boolean {
  return (
    operation === OPERATION.clientReset || operation === OPERATION.serverReset || operation === OPERATION.clientReset3
  );
}

/** What a reset, which begins a session, says; undefined where this is none. */
export function resetProtection(bytes: Uint8Array): Protection | undefined {
  if (bytes.length < BARE_RESET_BYTES || keyOf(bytes) !== 0 || !isReset(operationOf(bytes))) return undefined;
  const head = 1 + SESSION_BYTES;
  if (isBareReset(bytes, head)) return { kind: 'none', headBytes: 0 };
  for (const codeBytes of CODE_BYTES) {
    const headBytes = codeBytes + REPLAY_BYTES;
    if (hasReplayNumber(bytes, head + codeBytes) && isBareReset(bytes, head + headBytes)) {
      return { kind: 'tls-auth', headBytes };
    }
  }
  const least = head + REPLAY_BYTES + CRYPT_CODE_BYTES + 5;
  return bytes.length >= least && hasReplayNumber(bytes, head) ? { kind: 'tls-crypt', headBytes: -1 } : undefined;
}

/** What a packet of the control channel says that begins with a handshake of TLS; undefined where this is none. */
export function controlProtection(bytes: Uint8Array): Protection | undefined {
  if (operationOf(bytes) !== OPERATION.control || keyOf(bytes) !== 0) return undefined;
  if (beginsTls(readControl(bytes, 0))) return { kind: 'none', headBytes: 0 };
  for (const codeBytes of CODE_BYTES) {
    const headBytes = codeBytes + REPLAY_BYTES;
    const isOne = hasReplayNumber(bytes, 1 + SESSION_BYTES + codeBytes) && beginsTls(readControl(bytes, headBytes));
    if (isOne) return { kind: 'tls-auth', headBytes };
  }
  return undefined;
}

export interface ControlPacket {
  /** Counts from 1: 0 is the reset. */
  readonly number: number;
  /** A part of the stream of TLS. A view. */
  readonly content: Uint8Array;
}

/** A control packet; undefined where its lengths do not fit. */
export function readControl(bytes: Uint8Array, headBytes: number): ControlPacket | undefined {
  const reader = new ByteReader(bytes, 1 + SESSION_BYTES + headBytes);
  const acknowledgments = reader.u8();
  if (acknowledgments > MAX_ACKNOWLEDGMENTS) return undefined;
  if (acknowledgments > 0) reader.skip(4 * acknowledgments + SESSION_BYTES);
  const number = reader.u32();
  return reader.overrun ? undefined : { number, content: reader.rest() };
}

function beginsTls(packet: ControlPacket | undefined): boolean {
  if (packet === undefined || packet.content.length <= TLS_HEADER_BYTES) return false;
  const { content } = packet;
  const isHeader = content[0] === TLS_HANDSHAKE && content[1] === TLS_MAJOR && content[2] <= 4;
  return isHeader && u16At(content, 3) > 0 && u16At(content, 3) <= 16_384;
}

/** The end of a reset: acknowledgments of the other side's packets with its session, and packet number 0, to the end. */
function isBareReset(bytes: Uint8Array, at: number): boolean {
  const count = bytes[at];
  if (!(count <= 4)) return false;
  const numberAt = at + 1 + 4 * count + (count > 0 ? SESSION_BYTES : 0);
  return bytes.length === numberAt + 4 && u32At(bytes, numberAt) === 0;
}

function hasReplayNumber(bytes: Uint8Array, at: number): boolean {
  if (bytes.length < at + REPLAY_BYTES) return false;
  const number = u32At(bytes, at);
  return number >= 1 && number <= MAX_REPLAY_NUMBER && isTime(u32At(bytes, at + 4));
}
