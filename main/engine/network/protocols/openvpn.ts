import { PROTOCOL } from '../../../../contract/traffic.ts';
import { u16At, u32At } from './bytes.ts';
import { FRAME_BROKEN, type Framing, framedParser } from './message-frames.ts';
import { type Opening, type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';

/** Upper five bits of the first byte (OpenVPN "protocol.h" and the draft of its wire protocol); below is the key. */
const OPERATION = {
  control: 4,
  acknowledgment: 5,
  data: 6,
  clientReset: 7,
  serverReset: 8,
  data2: 9,
  clientReset3: 10,
  wrapped: 11,
} as const;
const SESSION_BYTES = 8;
/** Operation, session, no acknowledgments, packet number 0. */
const BARE_RESET_BYTES = 1 + SESSION_BYTES + 1 + 4;
/** Lengths of the codes of tls-auth: MD5, SHA-1, SHA-256, SHA-384, SHA-512. */
const CODE_BYTES = [16, 20, 32, 48, 64];
/** Number and time of the packet, which stand behind the code of tls-auth and before that of tls-crypt. */
const REPLAY_BYTES = 8;
const CRYPT_CODE_BYTES = 32;
/** Clocks that are right, from 2001 to 2055: what comes with the packet's number. */
const isTime = (seconds: number) => seconds > 978_307_200 && seconds < 2_682_374_400;
const MAX_PACKET_NUMBER = 64;
/** One message over TCP stands behind its length. */
const LENGTH_BYTES = 2;
const MAX_TCP_MESSAGE_BYTES = 10_000;

/**
 * OpenVPN over UDP and TCP, told by the reset that begins a session, bare, with tls-auth or with tls-crypt. Without
 * that beginning its data cannot be told from noise.
 */
export const openvpn: ProtocolDefinition = {
  id: 'openvpn',
  transports: [PROTOCOL.udp, PROTOCOL.tcp],
  ports: [1194],
  identify({ transport, initiator, responder }: Opening) {
    if (transport === PROTOCOL.udp)
      return protectionOf(initiator.length > 0 ? initiator : responder) === '' ? VERDICT.no : VERDICT.yes;
    return isOverTcp(initiator);
  },
  parser: (context) => conversation(context),
};

function isOverTcp(bytes: Uint8Array): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  if (bytes[0] !== 0 || (bytes.length > 2 && !isReset(bytes[2] >> 3))) return VERDICT.no;
  if (bytes.length < LENGTH_BYTES) return VERDICT.maybe;
  const length = u16At(bytes, 0);
  if (length < BARE_RESET_BYTES) return VERDICT.no;
  if (bytes.length < LENGTH_BYTES + length) return VERDICT.maybe;
  return protectionOf(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length)) === '' ? VERDICT.no : VERDICT.yes;
}

function isReset(operation: number): boolean {
  return (
    operation === OPERATION.clientReset || operation === OPERATION.serverReset || operation === OPERATION.clientReset3
  );
}

/** How a reset is protected: "none", "tls-auth", "tls-crypt"; empty where this is no reset. */
function protectionOf(bytes: Uint8Array): string {
  if (bytes.length < BARE_RESET_BYTES || (bytes[0] & 7) !== 0 || !isReset(bytes[0] >> 3)) return '';
  if (isBareReset(bytes, 1 + SESSION_BYTES)) return 'none';
  for (const codeBytes of CODE_BYTES) {
    const replayAt = 1 + SESSION_BYTES + codeBytes;
    if (hasReplayNumber(bytes, replayAt) && isBareReset(bytes, replayAt + REPLAY_BYTES)) return 'tls-auth';
  }
  const replayAt = 1 + SESSION_BYTES;
  const least = replayAt + REPLAY_BYTES + CRYPT_CODE_BYTES + 5;
  return bytes.length >= least && hasReplayNumber(bytes, replayAt) ? 'tls-crypt' : '';
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
  return number >= 1 && number <= MAX_PACKET_NUMBER && isTime(u32At(bytes, at + 4));
}

const framing: Framing = {
  headerBytes: LENGTH_BYTES,
  readBytes: 256,
  frameBytes(bytes, at) {
    const length = u16At(bytes, at);
    return length > 0 && length <= MAX_TCP_MESSAGE_BYTES ? LENGTH_BYTES + length : FRAME_BROKEN;
  },
};

function conversation(context: ParserContext) {
  const tell = new Teller(context, 'openvpn');
  const sides = [false, false];
  const take = (message: Uint8Array, fromInitiator: boolean) => {
    const operation = message[0] >> 3;
    if (isReset(operation)) {
      tell.property('protection', protectionOf(message));
      sides[fromInitiator ? 0 : 1] = true;
      if (sides[0] && sides[1]) tell.property('handshake', 'answered');
    } else if (operation === OPERATION.data || operation === OPERATION.data2) {
      // Keys were agreed on: nothing is said in the clear from here on.
      tell.property('tunnel', 'established');
      context.finish();
    }
    return undefined;
  };
  const framed = framedParser(context, 'openvpn', framing, {
    message: (bytes, fromInitiator) => take(bytes.subarray(LENGTH_BYTES), fromInitiator),
  });
  return {
    read(bytes: Uint8Array, fromInitiator: boolean): number {
      if (context.transport === PROTOCOL.tcp) return framed.read(bytes, fromInitiator);
      take(bytes, fromInitiator);
      return bytes.length;
    },
    gap: () => context.finish(),
  };
}
