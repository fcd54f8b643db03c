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
  identify: ({ initiator, responder }) => isMessage(initiator.length > 0 ? initiator : responder),
  parser: (context) => conversation(context),
};

function isMessage(bytes: Uint8Array): Verdict {
  if (bytes.length < EMPTY_DATA_BYTES || bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0) return VERDICT.no;
  switch (bytes[0]) {
    case TYPE.initiation:
      return bytes.length === INITIATION_BYTES ? VERDICT.yes : VERDICT.no;
    case TYPE.response:
      return bytes.length === RESPONSE_BYTES ? VERDICT.yes : VERDICT.no;
    case TYPE.cookie:
      return bytes.length === COOKIE_BYTES ? VERDICT.maybe : VERDICT.no;
    case TYPE.data:
      return isData(bytes);
    default:
      return VERDICT.no;
  }
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
      if (type === TYPE.initiation && bytes.length === INITIATION_BYTES) {
        tell.command('handshake', hexText(bytes.subarray(4, 8)));
      } else if (type === TYPE.response && bytes.length === RESPONSE_BYTES) {
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
