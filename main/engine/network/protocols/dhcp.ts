import type { DhcpFact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ipv4From, ipv4List, macFrom } from './addresses.ts';
import { ByteReader, hexText, u32At, viewOf } from './bytes.ts';
import { type Opening, type ProtocolDefinition, type Unstamped, VERDICT, type Verdict } from './protocol.ts';

/** RFC 2131 3: what options begin with. */
const MAGIC = 0x63825363;
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

/** The first value of each option; a long one may stand in several pieces (RFC 3396). */
class Options {
  readonly #found = new Map<number, Uint8Array>();

  /** Adds what stands in `area`. */
  read(area: Uint8Array): void {
    const reader = new ByteReader(area);
    for (let i = 0; i < MAX_OPTIONS && reader.left > 0; i++) {
      const code = reader.u8();
      if (code === OPTION.end) return;
      if (code === OPTION.pad) continue;
      const value = reader.take(reader.u8());
      if (reader.overrun) return;
      const before = this.#found.get(code);
      this.#found.set(code, before === undefined ? value : Buffer.concat([before, value]));
    }
  }

  reader(code: number): ByteReader {
    return new ByteReader(this.#found.get(code) ?? new Uint8Array(0));
  }

  /** Texts often end with a zero that does not belong to them (RFC 2132 2). */
  text(code: number): string {
    const value = this.#found.get(code);
    if (value === undefined) return '';
    let end = value.length;
    while (end > 0 && value[end - 1] === 0) end--;
    return new ByteReader(value).utf8(end);
  }

  address(code: number): string {
    const reader = this.reader(code);
    return reader.left >= 4 ? ipv4From(reader) : '';
  }
}

function parse(message: Uint8Array): Unstamped<DhcpFact> {
  const options = new Options();
  options.read(message.subarray(OPTIONS_AT));
  // The fields for file and server name may hold more options (RFC 2132 9.3).
  const overload = options.reader(OPTION.overload).u8();
  if (overload & 1) options.read(message.subarray(108, 236));
  if (overload & 2) options.read(message.subarray(44, 108));
  const fixed = new ByteReader(message, 12);
  const clientAddress = ipv4From(fixed);
  const assigned = ipv4From(fixed);
  fixed.skip(4);
  const relay = ipv4From(fixed);
  const lease = options.reader(OPTION.leaseSeconds);
  return {
    type: 'dhcp',
    protocol: 'dhcp',
    messageType: MESSAGE_TYPES[options.reader(OPTION.messageType).u8()] ?? 'other',
    transactionId: u32At(message, 4),
    clientMac: message[1] === 1 && message[2] === 6 ? macFrom(fixed) : '',
    clientId: hexText(options.reader(OPTION.clientId).rest()),
    hostname: options.text(OPTION.hostname) || fullName(options),
    vendorClass: options.text(OPTION.vendorClass),
    fingerprint: [...options.reader(OPTION.fingerprint).rest()].join(','),
    requestedAddress: options.address(OPTION.requestedAddress) || known(clientAddress),
    assignedAddress: known(assigned),
    server: options.address(OPTION.server),
    relay: known(relay),
    routers: ipv4List(options.reader(OPTION.routers), MAX_ADDRESSES),
    nameServers: ipv4List(options.reader(OPTION.nameServers), MAX_ADDRESSES),
    domain: options.text(OPTION.domain),
    proxyUrl: options.text(OPTION.proxyUrl),
    bootFile: options.text(OPTION.bootFile) || (overload & 1 ? '' : zeroText(message, 108, 236)),
    routes: routes(options.reader(OPTION.routes)),
    leaseSeconds: lease.left >= 4 ? lease.u32() : -1,
  };
}

function known(address: string): string {
  return address === '0.0.0.0' ? '' : address;
}

/** RFC 4702 2: flags and two codes, then the name, as text or in labels. */
function fullName(options: Options): string {
  const reader = options.reader(OPTION.fullName);
  const flags = reader.u8();
  reader.skip(2);
  if (!(flags & 0x04)) return reader.utf8(reader.left);
  const labels: string[] = [];
  for (let length = reader.u8(); length > 0 && length < 64; length = reader.u8()) labels.push(reader.utf8(length));
  return labels.join('.');
}

function zeroText(message: Uint8Array, start: number, end: number): string {
  return new ByteReader(message, start, end).latin1Zero();
}

/** RFC 3442: "10.0.0.0/8 192.0.2.1", one for each route. */
function routes(reader: ByteReader): string[] {
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
      if (isMessage(message)) context.tell(parse(message));
      return message.length;
    },
  }),
};
