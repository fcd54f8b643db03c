import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { u16At } from '../bytes.ts';
import { FRAME_BROKEN, type Framing, framedParser } from '../message-frames.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from '../protocol.ts';
import { Teller } from '../teller.ts';
import { ControlChannel } from './control-channel.ts';
import {
  BARE_RESET_BYTES,
  controlProtection,
  isReset,
  keyOf,
  OPERATION,
  operationOf,
  type Protection,
  resetProtection,
} from './packet.ts';

/** One message over TCP stands behind its length. */
const LENGTH_BYTES = 2;
const MAX_TCP_MESSAGE_BYTES = 10_000;

/**
 * OpenVPN over UDP and TCP, told by the reset that begins a session, bare, with tls-auth or with tls-crypt, or by the
 * TLS in its control channel, which is read unless tls-crypt hides it. Without them its data cannot be told from noise.
 */
export const openvpn: ProtocolDefinition = {
  id: 'openvpn',
  transports: [PROTOCOL.udp, PROTOCOL.tcp],
  ports: [1194],
  identify({ transport, initiator, responder }: Opening) {
    if (transport === PROTOCOL.udp) {
      return protectionOf(initiator.length > 0 ? initiator : responder) === undefined ? VERDICT.no : VERDICT.yes;
    }
    return isOverTcp(initiator);
  },
  parser: (context) => conversation(context),
};

function isOverTcp(bytes: Uint8Array): Verdict {
  if (bytes.length === 0) return VERDICT.maybe;
  if (bytes[0] > MAX_TCP_MESSAGE_BYTES >> 8 || (bytes.length > 2 && !mayBegin(bytes[2]))) return VERDICT.no;
  if (bytes.length < LENGTH_BYTES) return VERDICT.maybe;
  const length = u16At(bytes, 0);
  if (length < BARE_RESET_BYTES) return VERDICT.no;
  if (bytes.length < LENGTH_BYTES + length) return VERDICT.maybe;
  const message = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length);
  return protectionOf(message) === undefined ? VERDICT.no : VERDICT.yes;
}

/** Whether a conversation may begin with a message of this first byte: a reset, or control, of the first key. */
function mayBegin(first: number): boolean {
  const operation = first >> 3;
  return (first & 7) === 0 && (isReset(operation) || operation === OPERATION.control);
}

function protectionOf(bytes: Uint8Array): Protection | undefined {
  return resetProtection(bytes) ?? controlProtection(bytes);
}

const framing: Framing = {
  headerBytes: LENGTH_BYTES,
  readBytes: LENGTH_BYTES + MAX_TCP_MESSAGE_BYTES,
  frameBytes(bytes, at) {
    const length = u16At(bytes, at);
    return length > 0 && length <= MAX_TCP_MESSAGE_BYTES ? LENGTH_BYTES + length : FRAME_BROKEN;
  },
};

function conversation(context: ParserContext): Parser {
  const tell = new Teller(context, 'openvpn');
  const channel = new ControlChannel(context);
  const sides = [false, false];
  let protection: Protection | undefined;
  const take = (message: Uint8Array, fromInitiator: boolean) => {
    const operation = operationOf(message);
    if (isReset(operation) || operation === OPERATION.control) {
      protection ??= protectionOf(message);
      if (protection !== undefined) tell.property('protection', protection.kind);
    }
    if (isReset(operation)) {
      sides[fromInitiator ? 0 : 1] = true;
      if (sides[0] && sides[1]) tell.property('handshake', 'answered');
    } else if (operation === OPERATION.control) {
      // A further key is agreed on inside the first one's session, with packets that count from the beginning.
      const headBytes = keyOf(message) === 0 ? protection?.headBytes : undefined;
      if (headBytes !== undefined && headBytes >= 0) channel.packet(message, headBytes, fromInitiator);
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
