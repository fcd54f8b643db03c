import type { DhcpFact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { ipv6From, ipv6List } from './addresses.ts';
import { ByteReader, hexText, u16At } from './bytes.ts';
import { type Opening, type ProtocolDefinition, type Unstamped, VERDICT, type Verdict } from './protocol.ts';

const CLIENT_PORT = 546;
const SERVER_PORT = 547;
/** Relays put a message into another (RFC 8415 9); no network has more of them in a row than this. */
const MAX_RELAYS = 8;
const MAX_OPTIONS = 128;
const MAX_ADDRESSES = 16;

const MESSAGE_TYPES = [
  '',
  'solicit',
  'advertise',
  'request',
  'confirm',
  'renew',
  'rebind',
  'reply',
  'release',
  'decline',
  'reconfigure',
  'information-request',
  'relay-forward',
  'relay-reply',
];
const RELAY_FORWARD = 12;
const RELAY_REPLY = 13;
/** Type, hops, link and peer address. */
const RELAY_HEADER_BYTES = 34;
const HEADER_BYTES = 4;

/** RFC 8415 21, 3646, 4704, 5970. */
const OPTION = {
  clientId: 1,
  serverId: 2,
  identityAssociation: 3,
  address: 5,
  requested: 6,
  relayMessage: 9,
  vendorClass: 16,
  nameServers: 23,
  domains: 24,
  fullName: 39,
  bootFile: 59,
} as const;

function identify({ initiatorPort, responderPort, initiator, responder }: Opening): Verdict {
  // The header is a type and a random number: without its ports nothing tells it from noise.
  const isOnPort = [initiatorPort, responderPort].some((port) => port === CLIENT_PORT || port === SERVER_PORT);
  return isOnPort && (isMessage(initiator) || isMessage(responder)) ? VERDICT.yes : VERDICT.no;
}

/** A known type, and options that end where the message does. */
function isMessage(message: Uint8Array): boolean {
  const type = message[0];
  if (message.length < HEADER_BYTES || type < 1 || type >= MESSAGE_TYPES.length) return false;
  let at = type === RELAY_FORWARD || type === RELAY_REPLY ? RELAY_HEADER_BYTES : HEADER_BYTES;
  while (at + 4 <= message.length) at += 4 + u16At(message, at + 2);
  return at === message.length;
}

interface Found {
  clientId: string;
  server: string;
  hostname: string;
  vendorClass: string;
  fingerprint: string;
  address: string;
  leaseSeconds: number;
  nameServers: string[];
  domain: string;
  bootFile: string;
}

function parse(message: Uint8Array): Unstamped<DhcpFact> {
  let inner = message;
  let relay = '';
  for (let i = 0; i < MAX_RELAYS && (inner[0] === RELAY_FORWARD || inner[0] === RELAY_REPLY); i++) {
    relay = ipv6From(new ByteReader(inner, 2));
    const carried = relayedMessage(inner);
    if (carried === undefined) break;
    inner = carried;
  }
  const found: Found = {
    clientId: '',
    server: '',
    hostname: '',
    vendorClass: '',
    fingerprint: '',
    address: '',
    leaseSeconds: -1,
    nameServers: [],
    domain: '',
    bootFile: '',
  };
  const header = new ByteReader(inner);
  const type = header.u8();
  const transactionId = header.u24();
  readOptions(header, found);
  const isAnswer = MESSAGE_TYPES[type] === 'advertise' || MESSAGE_TYPES[type] === 'reply';
  return {
    type: 'dhcp',
    protocol: 'dhcpv6',
    messageType: MESSAGE_TYPES[type] ?? 'other',
    transactionId,
    clientMac: macOfIdentifier(found.clientId),
    clientId: found.clientId,
    hostname: found.hostname,
    vendorClass: found.vendorClass,
    fingerprint: found.fingerprint,
    requestedAddress: isAnswer ? '' : found.address,
    assignedAddress: isAnswer ? found.address : '',
    server: found.server,
    relay,
    routers: [],
    nameServers: found.nameServers,
    domain: found.domain,
    proxyUrl: '',
    bootFile: found.bootFile,
    routes: [],
    leaseSeconds: found.leaseSeconds,
  };
}

function relayedMessage(message: Uint8Array): Uint8Array | undefined {
  const reader = new ByteReader(message, RELAY_HEADER_BYTES);
  for (let i = 0; i < MAX_OPTIONS && reader.left >= 4; i++) {
    const code = reader.u16();
    const value = reader.take(reader.u16());
    if (code === OPTION.relayMessage && value.length >= HEADER_BYTES) return value;
  }
  return undefined;
}

function readOptions(reader: ByteReader, found: Found): void {
  for (let i = 0; i < MAX_OPTIONS && reader.left >= 4; i++) {
    const code = reader.u16();
    const value = reader.part(reader.u16());
    if (value.overrun) return;
    READERS[code]?.(value, found);
  }
}

const READERS: Readonly<Record<number, (value: ByteReader, found: Found) => void>> = {
  [OPTION.clientId]: (value, found) => {
    found.clientId = hexText(value.rest());
  },
  [OPTION.serverId]: (value, found) => {
    found.server = hexText(value.rest());
  },
  [OPTION.identityAssociation]: (value, found) => {
    value.skip(12);
    // Addresses stand inside, one level down.
    for (let i = 0; i < MAX_OPTIONS && value.left >= 4; i++) {
      const code = value.u16();
      const inner = value.part(value.u16());
      if (code !== OPTION.address || found.address !== '' || inner.left < 24) continue;
      found.address = ipv6From(inner);
      inner.skip(4);
      found.leaseSeconds = inner.u32();
    }
  },
  [OPTION.requested]: (value, found) => {
    const numbers: number[] = [];
    while (value.left >= 2 && numbers.length < MAX_OPTIONS) numbers.push(value.u16());
    found.fingerprint = numbers.join(',');
  },
  [OPTION.vendorClass]: (value, found) => {
    value.skip(4);
    found.vendorClass = value.utf8(value.u16());
  },
  [OPTION.nameServers]: (value, found) => {
    found.nameServers = ipv6List(value, MAX_ADDRESSES);
  },
  [OPTION.domains]: (value, found) => {
    found.domain = labels(value);
  },
  [OPTION.fullName]: (value, found) => {
    value.skip(1);
    found.hostname = labels(value);
  },
  [OPTION.bootFile]: (value, found) => {
    found.bootFile = value.utf8(value.left);
  },
};

const MAX_LABELS = 32;

/** A name in labels, without compression (RFC 8415 10). */
function labels(reader: ByteReader): string {
  const found: string[] = [];
  while (reader.left > 0 && found.length < MAX_LABELS) {
    const length = reader.u8();
    if (length === 0 || length > 63) break;
    found.push(reader.utf8(length));
  }
  return found.join('.');
}

/** Two kinds of DUID hold a hardware address of Ethernet at their end (RFC 8415 11.2, 11.4). */
function macOfIdentifier(hex: string): string {
  const start = hex.startsWith('00010001') ? 16 : hex.startsWith('00030001') ? 8 : -1;
  const mac = start < 0 ? '' : hex.slice(start, start + 12);
  return mac.length === 12 ? mac.replace(/..(?=.)/g, '$&:') : '';
}

/** DHCPv6 (RFC 8415). */
export const dhcpv6: ProtocolDefinition = {
  id: 'dhcpv6',
  transports: [PROTOCOL.udp],
  ports: [SERVER_PORT, CLIENT_PORT],
  isEndless: true,
  identify,
  parser: (context) => ({
    read: (message) => {
      if (isMessage(message)) context.tell(parse(message));
      return message.length;
    },
  }),
};
