import { PROTOCOL } from '../../../../contract/traffic.ts';
import { hexText, u32leAt } from './bytes.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from './protocol.ts';
import { Teller } from './teller.ts';

/** Types of messages and their lengths (WireGuard, "Protocol & Cryptography"); each begins with its type, as 32 bits. */
const TYPE = { initiation: 1, response: 2, cookie: 3, data: 4 } as const;
const INITIATION_BYTES = 148;
const RESPONSE_BYTES = 92;
const COOKIE_BYTES = 64;
/** Header and authentication tag of a message without data, which keeps the tunnel open. */
const EMPTY_DATA_BYTES = 32;
/** A counter of a tunnel met in the middle: keys are changed after two minutes, and no link sends more by then. */
const MAX_COUNTER = 2 ** 31;

/** WireGuard: told by the fixed length of its handshake, or by data whose counter and padding are its own. */
export const wireguard: ProtocolDefinition = {
  id: 'wireguard',
  transports: [PROTOCOL.udp],
  ports: [51820],
  identify({ initiator, responder }) {
    const first = isMessage(initiator);
    const second = isMessage(responder);
    if (first === VERDICT.yes || second === VERDICT.yes || answers(initiator, responder)) return VERDICT.yes;
    return first === VERDICT.maybe || second === VERDICT.maybe ? VERDICT.maybe : VERDICT.no;
  },
  parser: (context) => conversation(context),
};

function isMessage(bytes: Uint8Array): Verdict {
  if (bytes.length < EMPTY_DATA_BYTES || bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0) return VERDICT.no;
  switch (bytes[0]) {
    case TYPE.initiation:
      return lengthVerdict(bytes.length, INITIATION_BYTES);
    case TYPE.response:
      return lengthVerdict(bytes.length, RESPONSE_BYTES);
    case TYPE.cookie:
      return bytes.length === COOKIE_BYTES ? VERDICT.maybe : VERDICT.no;
    case TYPE.data:
      return isData(bytes);
    default:
      return VERDICT.no;
  }
}

/** Some services pad their handshake: then the answer tells. */
function lengthVerdict(length: number, usual: number): Verdict {
  return length === usual ? VERDICT.yes : length > usual ? VERDICT.maybe : VERDICT.no;
}

/** Whether the second message is addressed to the number that the first gave itself. */
function answers(initiation: Uint8Array, response: Uint8Array): boolean {
  const isPair = initiation.length >= INITIATION_BYTES && response.length >= RESPONSE_BYTES;
  return (
    isPair &&
    u32leAt(initiation, 0) === TYPE.initiation &&
    u32leAt(response, 0) === TYPE.response &&
    u32leAt(initiation, 4) === u32leAt(response, 8)
  );
}

/** Data is padded to 16 bytes; the upper half of the counter is zero, the index of the receiver is random. */
function isData(bytes: Uint8Array): Verdict {
  const counter = u32leAt(bytes, 8);
  const isLikely =
    bytes.length % 16 === 0 && u32leAt(bytes, 12) === 0 && counter < MAX_COUNTER && u32leAt(bytes, 4) > 0xffff;
  return isLikely ? VERDICT.yes : VERDICT.no;
}

function conversation(context: ParserContext) {
  const tell = new Teller(context, 'wireguard');
  return {
    read(bytes: Uint8Array, fromInitiator: boolean): number {
      const type = bytes.length >= 8 ? u32leAt(bytes, 0) : 0;
      if (type === TYPE.initiation && bytes.length >= INITIATION_BYTES) {
        tell.command('handshake', hexText(bytes.subarray(4, 8)));
      } else if (type === TYPE.response && bytes.length >= RESPONSE_BYTES) {
        // Only a peer that knows the other's key answers.
        tell.property('handshake', fromInitiator ? 'answered-by-initiator' : 'answered');
      } else if (type === TYPE.cookie) {
        tell.property('handshake', 'under-load');
      } else if (type === TYPE.data) {
        tell.property('tunnel', 'established');
        context.finish();
      }
      return bytes.length;
    },
  };
}
