import { PROTOCOL } from '../../../../contract/traffic.ts';
import { latin1, startsWith } from './bytes.ts';
import { type ProtocolDefinition, VERDICT } from './protocol.ts';
import { Teller } from './teller.ts';

const PORT = 1900;
const SEARCH = 'M-SEARCH * HTTP/1.';
const NOTIFY = 'NOTIFY * HTTP/1.';
const ANSWER = 'HTTP/1.';
const MAX_MESSAGE_TEXT = 2_048;
const MAX_HEADERS = 32;
/** Devices repeat themselves: what they are is in their first messages. */
const MAX_MESSAGES = 64;
/** Headers that are told as properties (UPnP Device Architecture 1.2.2, 1.3.3). */
const TOLD = new Set(['location', 'server', 'usn', 'user-agent']);

function isMessage(message: Uint8Array, isOnPort: boolean): boolean {
  return startsWith(message, SEARCH) || startsWith(message, NOTIFY) || (isOnPort && startsWith(message, ANSWER));
}

/** SSDP (UPnP Device Architecture 2.0, part 1): HTTP headers in single datagrams. */
export const ssdp: ProtocolDefinition = {
  id: 'ssdp',
  transports: [PROTOCOL.udp],
  ports: [PORT],
  identify: ({ initiatorPort, responderPort, initiator, responder }) => {
    const isOnPort = initiatorPort === PORT || responderPort === PORT;
    return isMessage(initiator, isOnPort) || isMessage(responder, isOnPort) ? VERDICT.yes : VERDICT.no;
  },
  parser: (context) => {
    const teller = new Teller(context, 'ssdp');
    let messages = 0;
    return {
      read: (message) => {
        if (isMessage(message, true)) readMessage(latin1(message, 0, message.length, MAX_MESSAGE_TEXT), teller);
        if (++messages >= MAX_MESSAGES) context.finish();
        return message.length;
      },
    };
  },
};

function readMessage(text: string, teller: Teller): void {
  const [first, ...lines] = text.split('\r\n', MAX_HEADERS);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  const [word] = first.split(' ', 1);
  if (word.startsWith('HTTP/')) {
    const status = /^HTTP\/1\.\d (\d{3})/.exec(first);
    teller.command('RESPONSE', headers.get('st') ?? '', status === null ? -1 : Number(status[1]));
  } else {
    teller.command(word, headers.get(word === 'NOTIFY' ? 'nt' : 'st') ?? '');
  }
  for (const [name, value] of headers) if (TOLD.has(name)) teller.property(name, value);
}
