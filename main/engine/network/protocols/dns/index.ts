/** DNS and those who speak its language: mDNS, LLMNR and the NetBIOS name service. */
import type { DnsFact } from '../../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { u16At } from '../bytes.ts';
import {
  type Opening,
  type Parser,
  type ParserContext,
  type ProtocolDefinition,
  VERDICT,
  type Verdict,
} from '../protocol.ts';
import { HEADER_BYTES, looksLikeMessage, parseMessage } from './message.ts';
import { looksLikeNetbiosName, parseNetbiosMessage } from './netbios-name.ts';

const DNS_PORT = 53;
const MDNS_PORT = 5353;
const LLMNR_PORT = 5355;
const NETBIOS_PORT = 137;
/** Over TCP a message has its length before it (RFC 1035 4.2.2). */
const LENGTH_BYTES = 2;
/** Damaged messages after which a conversation is not what it was taken for. */
const MAX_DAMAGED = 8;

type DnsProtocol = DnsFact['protocol'];

function isOnPort(opening: Opening, port: number): boolean {
  return opening.responderPort === port || opening.initiatorPort === port;
}

/** The multicast ones look like DNS to the bit: their ports tell them apart. */
function protocolByPort(opening: Opening): DnsProtocol {
  if (opening.transport === PROTOCOL.udp && isOnPort(opening, MDNS_PORT)) return 'mdns';
  return isOnPort(opening, LLMNR_PORT) ? 'llmnr' : 'dns';
}

function identifier(protocol: DnsProtocol): (opening: Opening) => Verdict {
  return (opening) => {
    if (protocolByPort(opening) !== protocol) return VERDICT.no;
    const isStrict = protocol === 'dns' && !isOnPort(opening, DNS_PORT);
    if (opening.transport === PROTOCOL.tcp) return identifyStream(opening, isStrict);
    // The datagram at hand is one of the two; what was looked at before was none.
    const message = opening.initiator.length > 0 ? opening.initiator : opening.responder;
    if (looksLikeNetbiosName(message, !isOnPort(opening, NETBIOS_PORT))) return VERDICT.no;
    if (looksLikeMessage(message, message.length, isStrict)) return VERDICT.yes;
    if (looksLikeMessage(opening.responder, opening.responder.length, isStrict)) return VERDICT.yes;
    // On its own port a first datagram of noise must not hide what follows.
    return isStrict ? VERDICT.no : VERDICT.maybe;
  };
}

function identifyStream(opening: Opening, isStrict: boolean): Verdict {
  if (isStrict && !opening.hasBeginning) return VERDICT.no;
  const bytes = opening.initiator.length > 0 ? opening.initiator : opening.responder;
  if (bytes.length < LENGTH_BYTES) return VERDICT.maybe;
  const messageBytes = u16At(bytes, 0);
  if (messageBytes < HEADER_BYTES) return VERDICT.no;
  const message = bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + messageBytes);
  if (looksLikeMessage(message, messageBytes, isStrict)) return VERDICT.yes;
  const isWhole = message.length === messageBytes;
  // The first question is needed, which no name makes longer than this.
  return isWhole || message.length > HEADER_BYTES + 260 ? VERDICT.no : VERDICT.maybe;
}

class DnsParser implements Parser {
  readonly #protocol: DnsProtocol;
  readonly #context: ParserContext;
  readonly #isStream: boolean;
  #damaged = 0;

  constructor(protocol: DnsProtocol, context: ParserContext) {
    this.#protocol = protocol;
    this.#context = context;
    this.#isStream = context.transport === PROTOCOL.tcp;
  }

  read(bytes: Uint8Array): number {
    if (!this.#isStream) {
      this.#message(bytes);
      return bytes.length;
    }
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES) {
      const end = at + LENGTH_BYTES + u16At(bytes, at);
      if (end > bytes.length) break;
      this.#message(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    return at;
  }

  #message(message: Uint8Array): void {
    const parsed = parseMessage(message, this.#protocol);
    if (parsed !== undefined && (!parsed.isDamaged || parsed.fact.questions.length > 0))
      this.#context.tell(parsed.fact);
    if (parsed !== undefined && !parsed.isDamaged) return;
    if (++this.#damaged < MAX_DAMAGED) return;
    this.#context.tell({ type: 'broken', protocol: this.#protocol, reason: 'bad-message' });
    this.#context.finish();
  }
}

export const dns: ProtocolDefinition = {
  id: 'dns',
  transports: [PROTOCOL.udp, PROTOCOL.tcp],
  ports: [DNS_PORT],
  isEndless: true,
  identify: identifier('dns'),
  parser: (context) => new DnsParser('dns', context),
};

export const mdns: ProtocolDefinition = {
  id: 'mdns',
  transports: [PROTOCOL.udp],
  ports: [MDNS_PORT],
  isEndless: true,
  identify: identifier('mdns'),
  parser: (context) => new DnsParser('mdns', context),
};

export const llmnr: ProtocolDefinition = {
  id: 'llmnr',
  transports: [PROTOCOL.udp, PROTOCOL.tcp],
  ports: [LLMNR_PORT],
  isEndless: true,
  identify: identifier('llmnr'),
  parser: (context) => new DnsParser('llmnr', context),
};

export const netbiosNames: ProtocolDefinition = {
  id: 'netbios-ns',
  transports: [PROTOCOL.udp],
  ports: [NETBIOS_PORT],
  isEndless: true,
  identify: (opening) => {
    const isStrict = !isOnPort(opening, NETBIOS_PORT);
    const isName = [opening.initiator, opening.responder].some((message) => looksLikeNetbiosName(message, isStrict));
    if (isName) return VERDICT.yes;
    // As for DNS: damage must not hide what follows.
    return isStrict ? VERDICT.no : VERDICT.maybe;
  },
  parser: (context) => ({
    read: (bytes) => {
      const fact = parseNetbiosMessage(bytes);
      if (fact !== undefined) context.tell(fact);
      return bytes.length;
    },
  }),
};
