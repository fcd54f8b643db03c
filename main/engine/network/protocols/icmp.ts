import type { IcmpFact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { entropyOf } from '../entropy.ts';
import { ipv4From, ipv6From, macFrom } from './addresses.ts';
import { ByteReader, hexText, u16At } from './bytes.ts';
import { type Parser, type ParserContext, type ProtocolDefinition, type Unstamped, VERDICT } from './protocol.ts';
import { Teller } from './teller.ts';

const HEADER_BYTES = 8;
const SHOWN_PAYLOAD_BYTES = 32;
const IPV4_HEADER_BYTES = 20;
/**
 * All of the first ones are told, then two in a row of so many, most often a request and its reply: a tunnel shows
 * itself in any of its messages, a flood costs little.
 */
const TOLD_ALL = 64;
const TOLD_TWO_IN = 32;

/** Messages whose header has an identifier and a sequence number: echo, timestamp, information, mask (RFC 792, 950). */
const NUMBERED = new Set([0, 8, 13, 14, 15, 16, 17, 18]);
const NUMBERED_V6 = new Set([128, 129]);
const ROUTER_ADVERTISEMENT = 134;
const REDIRECT = 5;
const REDIRECT_V6 = 137;
/** Bits of the flags of a router (RFC 4191 2.2); the fourth value is reserved. */
const PREFERENCES = ['medium', 'high', 'reserved', 'low'] as const;

function factOf(message: Uint8Array, version: 4 | 6): Unstamped<IcmpFact> {
  const isNumbered = (version === 4 ? NUMBERED : NUMBERED_V6).has(message[0]) && message.length >= HEADER_BYTES;
  return {
    type: 'icmp',
    version,
    messageType: message[0],
    code: message[1],
    id: isNumbered ? u16At(message, 4) : 0,
    sequence: isNumbered ? u16At(message, 6) : 0,
    payloadBytes: Math.max(0, message.length - HEADER_BYTES),
    entropy: entropyOf(message, HEADER_BYTES, message.length),
    payloadStart: hexText(message.subarray(HEADER_BYTES), SHOWN_PAYLOAD_BYTES),
  };
}

/** ICMP and ICMPv6: what tunnels, redirects and rogue routers are seen in. */
class IcmpParser implements Parser {
  readonly #context: ParserContext;
  readonly #teller: Teller;
  readonly #version: 4 | 6;
  #messages = 0;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#teller = new Teller(context, 'icmp');
    this.#version = context.transport === PROTOCOL.icmpv6 ? 6 : 4;
  }

  read(message: Uint8Array): number {
    const number = this.#messages++;
    if (message.length < 4 || (number >= TOLD_ALL && number % TOLD_TWO_IN > 1)) return message.length;
    this.#context.tell(factOf(message, this.#version));
    if (this.#version === 6 && message[0] === ROUTER_ADVERTISEMENT) this.#routerAdvertisement(message);
    if (message[0] === (this.#version === 6 ? REDIRECT_V6 : REDIRECT)) this.#redirect(message);
    return message.length;
  }

  /** RFC 792, RFC 4861 4.5: by which neighbour packets to a destination are to go from now on. */
  #redirect(message: Uint8Array): void {
    const reader = new ByteReader(message, this.#version === 6 ? HEADER_BYTES : 4);
    const isWhole = reader.has(this.#version === 6 ? 32 : 4 + IPV4_HEADER_BYTES);
    if (!isWhole) return;
    this.#teller.property('redirect-to', this.#version === 6 ? ipv6From(reader) : ipv4From(reader));
    // Of IPv4 the header of the packet in question stands behind it, its destination last.
    if (this.#version === 4) reader.skip(IPV4_HEADER_BYTES - 4);
    this.#teller.property('redirect-for', this.#version === 6 ? ipv6From(reader) : ipv4From(reader));
  }

  /** RFC 4861 4.2: what a router tells hosts to believe. */
  #routerAdvertisement(message: Uint8Array): void {
    const reader = new ByteReader(message, 5);
    this.#teller.property('router-preference', PREFERENCES[(reader.u8() >> 3) & 3]);
    this.#teller.property('router-lifetime', String(reader.u16()));
    reader.skip(8);
    while (reader.left >= 8) {
      const type = reader.u8();
      const bytes = reader.u8() * 8;
      if (bytes === 0 || !reader.has(bytes - 2)) return;
      const option = reader.part(bytes - 2);
      if (type === 1) this.#teller.property('router-mac', macFrom(option));
      else if (type === 3) this.#prefix(option);
      else if (type === 25) this.#nameServers(option);
    }
  }

  #prefix(option: ByteReader): void {
    const length = option.u8();
    option.skip(13);
    if (option.has(16)) this.#teller.property('prefix', `${ipv6From(option)}/${length}`);
  }

  /** RFC 8106 5.1. */
  #nameServers(option: ByteReader): void {
    option.skip(6);
    while (option.left >= 16) this.#teller.property('name-server', ipv6From(option));
  }
}

export const icmp: ProtocolDefinition = {
  id: 'icmp',
  transports: [PROTOCOL.icmp, PROTOCOL.icmpv6],
  ports: [0],
  isEndless: true,
  // The IP header has told.
  identify: () => VERDICT.yes,
  parser: (context) => new IcmpParser(context),
};
