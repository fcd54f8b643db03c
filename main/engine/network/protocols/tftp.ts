import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ByteReader } from './bytes.ts';
import { type ProtocolDefinition, VERDICT } from './protocol.ts';
import { Teller } from './teller.ts';

const COMMANDS: Readonly<Record<number, string>> = { 1: 'RRQ', 2: 'WRQ' };
const MODES = new Set(['netascii', 'octet', 'mail']);
const ERROR = 5;
/** RFC 1350 has no bound; no file system has longer paths than this. */
const MAX_NAME_BYTES = 512;

interface Request {
  readonly command: string;
  readonly file: string;
}

/** A request (RFC 1350 5): what is asked for, then one of three modes. */
function requestOf(message: Uint8Array): Request | undefined {
  const reader = new ByteReader(message, 0, MAX_NAME_BYTES);
  const command = COMMANDS[reader.u16()];
  if (command === undefined) return undefined;
  const file = reader.latin1Zero();
  const mode = reader.latin1Zero().toLowerCase();
  return !reader.overrun && file !== '' && MODES.has(mode) ? { command, file } : undefined;
}

/** TFTP (RFC 1350). The data goes over ports of its own choice, so only the request is seen here, and its refusal. */
export const tftp: ProtocolDefinition = {
  id: 'tftp',
  transports: [PROTOCOL.udp],
  ports: [69],
  identify: ({ initiator, responder }) => ((requestOf(initiator) ?? requestOf(responder)) ? VERDICT.yes : VERDICT.no),
  parser: (context) => {
    const teller = new Teller(context, 'tftp');
    return {
      read: (message) => {
        const request = requestOf(message);
        if (request !== undefined) teller.command(request.command, request.file);
        const reader = new ByteReader(message);
        if (reader.u16() === ERROR) {
          const code = reader.u16();
          teller.command('ERROR', reader.latin1Zero(), code);
        }
        return message.length;
      },
    };
  },
};
