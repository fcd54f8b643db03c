import { type DhcpFact, MAX_FACT_TEXT } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ipv4At, ipv4From, ipv4List, macAt } from './addresses.ts';
import { ByteReader, hexText, joinBytes, NO_BYTES, u32At, utf8Text, viewOf } from './bytes.ts';
import {
  type Opening,
  type ParserContext,
  type ProtocolDefinition,
  type Unstamped,
  VERDICT,
  type Verdict,
} from './protocol.ts';

/** RFC 2131 3: what options begin with. */
const MAGIC = 0x63825363;
/** The fields for the name of the server and of the boot file, which end where the magic begins. */
const SERVER_NAME_AT = 44;
const FILE_AT = 108;
const MAGIC_AT = 236;
const OPTIONS_AT = 240;
const MAX_OPTIONS = 256;
const MAX_ADDRESSES = 16;
const MAX_ROUTES = 32;

const MESSAGE_TYPES = [
  'bootp',
  'discover',
  'offer',
  'request',
  'decline',
  'ack',
  'nak',
  'release',
  'inform',
  'force-renew',
  'lease-query',
  'lease-unassigned',
  'lease-unknown',
  'lease-active',
];

/** Options that are read (RFC 2132, 3397, 3442, 4702; 252 is WPAD's). */
const OPTION = {
  pad: 0,
  routers: 3,
  nameServers: 6,
  hostname: 12,
  domain: 15,
  requestedAddress: 50,
  leaseSeconds: 51,
  overload: 52,
  messageType: 53,
  server: 54,
  fingerprint: 55,
  vendorClass: 60,
  clientId: 61,
  bootFile: 67,
  fullName: 81,
  routes: 121,
  proxyUrl: 252,
  end: 255,
} as const;

function identify({ initiator, responder }: Opening): Verdict {
  return isMessage(initiator) || isMessage(responder) ? VERDICT.yes : VERDICT.no;
}

function isMessage(message: Uint8Array): boolean {
  return (
    message.length >= OPTIONS_AT &&
    (message[0] === 1 || message[0] === 2) &&
    message[2] <= 16 &&
    u32At(message, MAGIC_AT) === MAGIC
  );
}

/**
 * The first value of each option of one message; a long one may stand in several pieces (RFC 3396). One object serves
 * all messages, one after the other: a host that asks for all addresses of a network sends thousands a second.
 */
class Options {
  #message: Uint8Array = NO_BYTES;
  /** Where each value begins and ends; −1 without one. */
  readonly #starts = new Int32Array(256);
  readonly #ends = new Int32Array(256);
  /** Values of several pieces. */
  #joined: Map<number, Uint8Array> | undefined;

  begin(message: Uint8Array): void {
    this.#message = message;
    this.#starts.fill(-1);
    this.#joined = undefined;
  }

  /** Adds what stands in [start, end) of the message. */
  read(start: number, end: number): void {
    const message = this.#message;
    let at = start;
    for (let i = 0; i < MAX_OPTIONS && at < end; i++) {
      const code = message[at++];
      if (code === OPTION.end) return;
      if (code === OPTION.pad) continue;
      if (at >= end) return;
      const valueEnd = at + 1 + message[at];
      if (valueEnd > end) return;
      this.#add(code, at + 1, valueEnd);
      at = valueEnd;
    }
  }

  /** Undefined without the option. Valid until the next message. */
  value(code: number): Uint8Array | undefined {
    const joined = this.#joined?.get(code);
    if (joined !== undefined) return joined;
    const start = this.#starts[code];
    return start < 0 ? undefined : this.#message.subarray(start, this.#ends[code]);
  }

  /** The first byte; 0 without the option. */
  byte(code: number): number {
    const start = this.#starts[code];
    return start < 0 || start === this.#ends[code] ? 0 : this.#message[start];
  }

  hex(code: number): string {
    const value = this.value(code);
    return value === undefined ? '' : hexText(value);
  }

  /** Texts often end with a zero that does not belong to them (RFC 2132 2). */
  text(code: number): string {
    const value = this.value(code);
    if (value === undefined) return '';
    let end = value.length;
    while (end > 0 && value[end - 1] === 0) end--;
    return utf8Text(value, 0, Math.min(end, MAX_FACT_TEXT));
  }

  address(code: number): string {
    const start = this.#starts[code];
    return start < 0 || this.#ends[code] - start < 4 ? '' : ipv4At(this.#message, start);
  }

  addresses(code: number): readonly string[] {
    const value = this.value(code);
    return value === undefined ? NO_TEXTS : ipv4List(new ByteReader(value), MAX_ADDRESSES);
  }

  #add(code: number, start: number, end: number): void {
    if (this.#starts[code] < 0) {
      this.#starts[code] = start;
      this.#ends[code] = end;
      return;
    }
    const before = this.value(code) ?? NO_BYTES;
    this.#joined ??= new Map();
    this.#joined.set(code, joinBytes(before, this.#message.subarray(start, end)));
  }
}

const options = new Options();
const NO_TEXTS: readonly string[] = [];

/** Undefined where nobody wants to hear of messages of its type. */
function parse(message: Uint8Array, context: ParserContext): Unstamped<DhcpFact> | undefined {
  options.begin(message);
  options.read(OPTIONS_AT, message.length);
  // The fields for file and server name may hold more options (RFC 2132 9.3).
  const overload = options.byte(OPTION.overload);
  if (overload & 1) options.read(FILE_AT, MAGIC_AT);
  if (overload & 2) options.read(SERVER_NAME_AT, FILE_AT);
  const messageType = MESSAGE_TYPES[options.byte(OPTION.messageType)] ?? 'other';
  // A network's clients ask all day long, a flood of them by the thousand.
  if (context.isWanted?.('dhcp', 'dhcp', messageType) === false) return undefined;
  const lease = options.value(OPTION.leaseSeconds);
  return {
    type: 'dhcp',
    protocol: 'dhcp',
    messageType,
    transactionId: u32At(message, 4),
    clientMac: message[1] === 1 && message[2] === 6 ? macAt(message, 28) : '',
    clientId: options.hex(OPTION.clientId),
    hostname: options.text(OPTION.hostname) || fullName(options.value(OPTION.fullName)),
    vendorClass: options.text(OPTION.vendorClass),
    fingerprint: options.value(OPTION.fingerprint)?.join(',') ?? '',
    requestedAddress: options.address(OPTION.requestedAddress) || known(message, 12),
    assignedAddress: known(message, 16),
    server: options.address(OPTION.server),
    relay: known(message, 24),
    routers: options.addresses(OPTION.routers),
    nameServers: options.addresses(OPTION.nameServers),
    domain: options.text(OPTION.domain),
    proxyUrl: options.text(OPTION.proxyUrl),
    bootFile: options.text(OPTION.bootFile) || (overload & 1 ? '' : zeroText(message, FILE_AT, MAGIC_AT)),
    routes: routes(options.value(OPTION.routes)),
    leaseSeconds: lease !== undefined && lease.length >= 4 ? u32At(lease, 0) : -1,
  };
}

/** The address at `at`; empty where it is that of nobody. */
function known(message: Uint8Array, at: number): string {
  return u32At(message, at) === 0 ? '' : ipv4At(message, at);
}

/** RFC 4702 2: flags and two codes, then the name, as text or in labels. */
function fullName(value: Uint8Array | undefined): string {
  if (value === undefined) return '';
  const reader = new ByteReader(value);
  const flags = reader.u8();
  reader.skip(2);
  if (!(flags & 0x04)) return reader.utf8(reader.left);
  const labels: string[] = [];
  for (let length = reader.u8(); length > 0 && length < 64; length = reader.u8()) labels.push(reader.utf8(length));
  return labels.join('.');
}

function zeroText(message: Uint8Array, start: number, end: number): string {
  return message[start] === 0 ? '' : new ByteReader(message, start, end).latin1Zero();
}

/** RFC 3442: "10.0.0.0/8 192.0.2.1", one for each route. */
function routes(value: Uint8Array | undefined): readonly string[] {
  if (value === undefined) return NO_TEXTS;
  const reader = new ByteReader(value);
  const found: string[] = [];
  while (reader.left > 0 && found.length < MAX_ROUTES) {
    const bits = reader.u8();
    if (bits > 32) break;
    const prefix = new Uint8Array(4);
    prefix.set(reader.take(Math.ceil(bits / 8)));
    const router = ipv4From(reader);
    if (reader.overrun) break;
    found.push(`${viewOf(prefix).join('.')}/${bits} ${router}`);
  }
  return found;
}

/** DHCP and BOOTP (RFC 2131, 951). */
export const dhcp: ProtocolDefinition = {
  id: 'dhcp',
  transports: [PROTOCOL.udp],
  ports: [67, 68],
  isEndless: true,
  identify,
  parser: (context) => ({
    read: (message) => {
      const fact = isMessage(message) ? parse(message, context) : undefined;
      if (fact !== undefined) context.tell(fact);
      return message.length;
    },
  }),
};
