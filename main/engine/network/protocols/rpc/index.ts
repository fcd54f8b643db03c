import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { u16At, u16leAt } from '../bytes.ts';
import { datagramOf, eitherSide } from '../first-message.ts';
import { FRAME_BROKEN, type Framing, framedParser } from '../message-frames.ts';
import { type ParserContext, type ProtocolDefinition, VERDICT, type Verdict } from '../protocol.ts';
import { Teller } from '../teller.ts';
import {
  interfaceName,
  isRpcMessage,
  operationName,
  RPC_HEADER_BYTES,
  RpcMessages,
  rpcLength,
  uuidText,
} from './rpc-messages.ts';

const READ_BYTES = 6_144;
/** Types that begin an association: bind, and its answer where the beginning was missed. */
const FIRST_TYPES: ReadonlySet<number> = new Set([0, 2, 3, 11, 12, 13, 14, 15, 16]);

/** Header of messages over UDP (C706 12.5.1): version 4. */
const DATAGRAM_HEADER_BYTES = 80;
const DATAGRAM_VERSION = 4;
const MAX_DATAGRAM_TYPE = 10;
const REQUEST = 0;

const framing: Framing = {
  headerBytes: RPC_HEADER_BYTES,
  readBytes: READ_BYTES,
  frameBytes: (bytes, at) => (isRpcMessage(bytes, at) ? rpcLength(bytes, at) : FRAME_BROKEN),
};

/**
 * DCE/RPC (C706, MS-RPCE) over TCP and UDP: interfaces, procedures that are called and their faults, logins by NTLM.
 * What runs in pipes of SMB is told there.
 */
export const rpc: ProtocolDefinition = {
  id: 'rpc',
  transports: [PROTOCOL.tcp, PROTOCOL.udp],
  ports: [135, 593],
  identify(opening) {
    if (opening.transport === PROTOCOL.tcp) return eitherSide(opening, isFirst);
    return isDatagram(datagramOf(opening)) ? VERDICT.yes : VERDICT.no;
  },
  parser: (context) => (context.transport === PROTOCOL.udp ? datagrams(context) : overTcp(context)),
};

function isFirst(bytes: Uint8Array): Verdict {
  if (bytes.length > 0 && bytes[0] !== 5) return VERDICT.no;
  if (bytes.length > 1 && bytes[1] > 1) return VERDICT.no;
  if (bytes.length < RPC_HEADER_BYTES) return VERDICT.maybe;
  return isRpcMessage(bytes) && bytes[7] === 0 && FIRST_TYPES.has(bytes[2]) && rpcLength(bytes) >= 20
    ? VERDICT.yes
    : VERDICT.no;
}

function overTcp(context: ParserContext) {
  const messages = new RpcMessages(new Teller(context, 'rpc'), { interfaceProperty: 'interface', commandPrefix: '' });
  return framedParser(context, 'rpc', framing, {
    message: (bytes) => {
      messages.message(bytes);
      return undefined;
    },
    beginsMessage: (bytes) => isFirst(bytes) === VERDICT.yes,
    end: () => messages.end(),
  });
}

/** The length of the body is the datagram's, but for what authentication adds behind it. */
function isDatagram(bytes: Uint8Array): boolean {
  if (bytes.length < DATAGRAM_HEADER_BYTES || bytes[0] !== DATAGRAM_VERSION || bytes[1] > MAX_DATAGRAM_TYPE)
    return false;
  if ((bytes[4] !== 0x10 && bytes[4] !== 0x00) || bytes[5] > 3 || bytes[6] !== 0) return false;
  const length = bytes[4] === 0x10 ? u16leAt(bytes, 74) : u16At(bytes, 74);
  return (
    DATAGRAM_HEADER_BYTES + length === bytes.length ||
    (bytes[78] !== 0 && DATAGRAM_HEADER_BYTES + length < bytes.length)
  );
}

function datagrams(context: ParserContext) {
  const tell = new Teller(context, 'rpc');
  return {
    read(bytes: Uint8Array): number {
      if (!isDatagram(bytes)) return bytes.length;
      const isLittle = bytes[4] === 0x10;
      const name = interfaceName(uuidText(bytes.subarray(24, 40), isLittle));
      tell.property('interface', name);
      if (bytes[1] === REQUEST)
        tell.command('call', operationName(name, isLittle ? u16leAt(bytes, 68) : u16At(bytes, 68)));
      return bytes.length;
    },
  };
}
