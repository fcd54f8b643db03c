import type { ProtocolId } from '../../../contract/facts.ts';
import { PROTOCOL, SERVICES, type Service } from '../../../contract/traffic.ts';
import { latin1Text } from '../runtime/latin1.ts';

/**
 * Which application protocol a flow speaks, told from the first bytes of either side. The port is only a
 * fall-back, and marked as such: a server may listen anywhere.
 */

const INDEX = Object.fromEntries(SERVICES.map((name, index) => [name, index])) as Record<Service, number>;
export const UNKNOWN_SERVICE = INDEX.unknown;

/** Usual ports (IANA) of the services that the detectors care about. */
const TCP_PORTS: readonly (readonly [Service, readonly number[]])[] = [
  ['ssh', [22]],
  ['ftp', [21]],
  ['telnet', [23, 2323]],
  ['smtp', [25, 465, 587]],
  ['pop3', [110, 995]],
  ['imap', [143, 993]],
  ['http', [80, 8000, 8080, 8081, 8888]],
  ['tls', [443, 8443]],
  ['rdp', [3389]],
  ['smb', [139, 445]],
  ['vnc', [5900, 5901]],
  ['mysql', [3306]],
  ['postgresql', [5432]],
  ['mssql', [1433]],
  ['oracle', [1521]],
  ['mongodb', [27017]],
  ['redis', [6379]],
  ['ldap', [389, 636]],
  ['kerberos', [88]],
  ['dns', [53]],
];
const UDP_PORTS: readonly (readonly [Service, readonly number[]])[] = [
  ['dns', [53, 5353, 5355]],
  ['dhcp', [67, 68, 546, 547]],
  ['ntp', [123]],
  ['snmp', [161, 162]],
  ['quic', [443]],
  ['kerberos', [88]],
  ['ldap', [389]],
];

function byPort(rows: readonly (readonly [Service, readonly number[]])[]): Uint8Array {
  const table = new Uint8Array(65536);
  for (const [service, ports] of rows) for (const port of ports) table[port] = INDEX[service];
  return table;
}
const TCP_SERVICE = byPort(TCP_PORTS);
const UDP_SERVICE = byPort(UDP_PORTS);

/** Index into SERVICES by the responder's port alone; UNKNOWN_SERVICE when the port says nothing. */
export function serviceOfPort(protocol: number, responderPort: number): number {
  if (protocol === PROTOCOL.tcp) return TCP_SERVICE[responderPort & 0xffff];
  if (protocol === PROTOCOL.udp) return UDP_SERVICE[responderPort & 0xffff];
  return UNKNOWN_SERVICE;
}

/** Where a protocol has another name among the services than its own. */
const SERVICE_NAMES: Partial<Record<ProtocolId, Service>> = {
  mdns: 'dns',
  llmnr: 'dns',
  dtls: 'tls',
  http2: 'http',
  websocket: 'http',
  winrm: 'http',
  dhcpv6: 'dhcp',
};

/** Index into SERVICES; UNKNOWN_SERVICE for a protocol that is none of them. */
export function serviceOfProtocol(protocol: ProtocolId): number {
  const services: Readonly<Record<string, number>> = INDEX;
  return services[SERVICE_NAMES[protocol] ?? protocol] ?? UNKNOWN_SERVICE;
}

type Side = 'initiator' | 'responder' | 'either';

interface Signature {
  readonly service: Service;
  readonly side: Side;
  /** Text that the payload begins with (Latin-1). */
  readonly starts: string;
  /** Must also occur within the first lines, to tell protocols with a like greeting apart. */
  readonly contains?: RegExp;
}

/** Greetings in clear text. Order matters where one is the beginning of another. */
const SIGNATURES: readonly Signature[] = [
  { service: 'ssh', side: 'either', starts: 'SSH-' },
  { service: 'vnc', side: 'either', starts: 'RFB ' },
  // FTP and SMTP both greet with 220; what follows tells them apart.
  { service: 'smtp', side: 'responder', starts: '220', contains: /E?SMTP|mail/i },
  { service: 'ftp', side: 'responder', starts: '220', contains: /FTP/i },
  { service: 'smtp', side: 'initiator', starts: 'EHLO ' },
  { service: 'smtp', side: 'initiator', starts: 'HELO ' },
  // One word: IRC's USER has four.
  { service: 'ftp', side: 'initiator', starts: 'USER ', contains: /^USER [^\s]+ *\r?\n/ },
  { service: 'pop3', side: 'responder', starts: '+OK' },
  { service: 'imap', side: 'responder', starts: '* OK' },
  { service: 'imap', side: 'responder', starts: '* PREAUTH' },
  { service: 'http', side: 'responder', starts: 'HTTP/1.' },
  ...['GET ', 'POST ', 'HEAD ', 'PUT ', 'OPTIONS ', 'DELETE ', 'PATCH ', 'CONNECT ', 'TRACE ', 'PROPFIND '].map(
    (starts): Signature => ({ service: 'http', side: 'initiator', starts, contains: / HTTP\/1\.[01]/ }),
  ),
  { service: 'redis', side: 'initiator', starts: '*', contains: /^\*[1-9]\d{0,3}\r\n\$\d+\r\n/ },
];

/** The signatures that can match a payload, by its first byte. */
const BY_FIRST_BYTE: readonly (readonly Signature[])[] = Array.from({ length: 256 }, (_, byte) =>
  SIGNATURES.filter((signature) => signature.starts.charCodeAt(0) === byte),
);

/** How much of a payload the `contains` pattern sees: a request line, or a greeting. */
const TEXT_BYTES = 512;

/**
 * Tells the service from one payload of a TCP flow (`bytes[start..end)`), or of a UDP flow where the
 * message has a form that cannot be mistaken. UNKNOWN_SERVICE when these bytes do not tell.
 */
export function identifyService(
  protocol: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  fromInitiator: boolean,
  responderPort: number,
): number {
  const length = end - start;
  if (length < 2) return UNKNOWN_SERVICE;
  if (protocol === PROTOCOL.udp) return identifyDatagram(bytes, start, length, responderPort);
  if (protocol !== PROTOCOL.tcp) return UNKNOWN_SERVICE;

  const first = bytes[start];
  // Printable first byte: a greeting or a request in clear text. Everything else is binary.
  if (first >= 0x20 && first < 0x7f) {
    for (const signature of BY_FIRST_BYTE[first]) {
      if (signature.side === 'initiator' && !fromInitiator) continue;
      if (signature.side === 'responder' && fromInitiator) continue;
      if (!startsWith(bytes, start, length, signature.starts)) continue;
      if (signature.contains) {
        if (!signature.contains.test(textOf(bytes, start, length))) continue;
      }
      return INDEX[signature.service];
    }
  }
  return identifyBinary(bytes, start, length, fromInitiator, responderPort);
}

function startsWith(bytes: Uint8Array, start: number, length: number, text: string): boolean {
  if (length < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The first lines, as Latin-1. One call for a few hundred bytes: a TextDecoder costs ten times as much here. */
function textOf(bytes: Uint8Array, start: number, length: number): string {
  return latin1Text(bytes, start, start + Math.min(length, TEXT_BYTES));
}

function identifyBinary(b: Uint8Array, o: number, length: number, fromInitiator: boolean, port: number): number {
  // TLS record: change of cipher (20), alert (21), handshake (22) or data (23), version 3.0–3.4, with a length that a
  // record may have (RFC 8446 5.1).
  if (length >= 6 && b[o] >= 0x14 && b[o] <= 0x17 && b[o + 1] === 3 && b[o + 2] <= 4) {
    const recordBytes = (b[o + 3] << 8) | b[o + 4];
    if (recordBytes >= 1 && recordBytes <= 0x4100 && (b[o] !== 0x16 || b[o + 5] <= 24)) return INDEX.tls;
  }
  // NetBIOS session header, then \xffSMB or \xfeSMB ([MS-CIFS] 2.2.3, [MS-SMB2] 2.2.1).
  if (length >= 8 && b[o] === 0 && b[o + 5] === 0x53 && b[o + 6] === 0x4d && b[o + 7] === 0x42) {
    if (b[o + 4] === 0xff || b[o + 4] === 0xfe) return INDEX.smb;
  }
  if (isRemoteDesktop(b, o, length, fromInitiator)) return INDEX.rdp;
  // Telnet option negotiation: IAC WILL/WONT/DO/DONT (RFC 854).
  if (length >= 3 && b[o] === 0xff && b[o + 1] >= 0xfb && b[o + 1] <= 0xfe && b[o + 2] <= 0x27) return INDEX.telnet;
  // MySQL: packet length, sequence 0, protocol 10, version text; or an error packet as greeting.
  if (!fromInitiator && length >= 10 && b[o + 3] === 0 && b[o + 4] === 10 && b[o + 2] === 0) {
    if (b[o + 5] >= 0x30 && b[o + 5] <= 0x39) return INDEX.mysql;
  }
  if (fromInitiator && length >= 8) {
    // PostgreSQL: length, then protocol 3.0 or the SSL or GSS request code.
    const word = (b[o + 4] << 24) | (b[o + 5] << 16) | (b[o + 6] << 8) | b[o + 7] | 0;
    if (b[o] === 0 && b[o + 1] === 0 && (word === 196608 || word === 80877103 || word === 80877104)) {
      return INDEX.postgresql;
    }
    // TDS pre-login ([MS-TDS] 2.2.6.5): type 18, last packet, length as sent.
    if (b[o] === 0x12 && b[o + 1] === 1 && ((b[o + 2] << 8) | b[o + 3]) === length) return INDEX.mssql;
    // MongoDB: little-endian length, then an operation code among OP_QUERY and OP_MSG.
    if (length >= 16) {
      const opcode = b[o + 12] | (b[o + 13] << 8) | (b[o + 14] << 16) | (b[o + 15] << 24);
      const size = b[o] | (b[o + 1] << 8) | (b[o + 2] << 16) | (b[o + 3] << 24);
      if ((opcode === 2004 || opcode === 2013) && size >= length && size < 48_000_000) return INDEX.mongodb;
    }
    // Oracle TNS connect packet: length as sent, type 1, and what it connects to in words.
    if (((b[o] << 8) | b[o + 1]) >= length && b[o + 4] === 1 && textOf(b, o, length).includes('(CONNECT_DATA=')) {
      return INDEX.oracle;
    }
    if (isDirectoryRequest(b, o, length)) return INDEX.ldap;
  }
  if (port === 53 && length >= 14 && looksLikeDns(b, o + 2, length - 2)) return INDEX.dns;
  return UNKNOWN_SERVICE;
}

/** Length of a TPKT header and of the fixed part of an X.224 connection request or confirm. */
const X224_FIXED_BYTES = 11;

/**
 * TPKT, then an X.224 connection request or confirm ([MS-RDPBCGR] 2.2.1.1), with nothing behind it, a cookie or
 * an RDP negotiation. Other users of X.224 (Siemens S7) put its parameters there, numbered 0xc0 and up.
 */
function isRemoteDesktop(b: Uint8Array, o: number, length: number, fromInitiator: boolean): boolean {
  if (length < X224_FIXED_BYTES || b[o] !== 3 || b[o + 1] !== 0) return false;
  if (((b[o + 2] << 8) | b[o + 3]) < length || (b[o + 5] & 0xf0) !== (fromInitiator ? 0xe0 : 0xd0)) return false;
  return length === X224_FIXED_BYTES || b[o + X224_FIXED_BYTES] < 0xc0;
}

/** First operations of an LDAP client (RFC 4511 4.2, 4.5): bind, or a search without one. */
const LDAP_BIND = 0x60;
const LDAP_SEARCH = 0x63;

/** LDAP: a SEQUENCE whose length may be written in one byte or in up to five (BER), message number, operation. */
function isDirectoryRequest(b: Uint8Array, o: number, length: number): boolean {
  if (b[o] !== 0x30) return false;
  const lengthBytes = b[o + 1] < 0x80 ? 1 : 1 + (b[o + 1] & 0x7f);
  if (lengthBytes > 5) return false;
  const number = 1 + lengthBytes;
  if (number + 2 > length || b[o + number] !== 2 || b[o + number + 1] < 1 || b[o + number + 1] > 4) return false;
  const operation = number + 2 + b[o + number + 1];
  return operation < length && (b[o + operation] === LDAP_BIND || b[o + operation] === LDAP_SEARCH);
}

function identifyDatagram(b: Uint8Array, o: number, length: number, port: number): number {
  // QUIC long header of version 1, 2 or a draft (RFC 9000 17.2).
  if (length >= 20 && (b[o] & 0xc0) === 0xc0) {
    const version = (b[o + 1] << 24) | (b[o + 2] << 16) | (b[o + 3] << 8) | b[o + 4] | 0;
    if (version === 1 || version === 0x6b3343cf || version >>> 8 === 0xff0000) return INDEX.quic;
  }
  // DHCP: the magic cookie (RFC 2131 3).
  if (length >= 240 && b[o + 236] === 0x63 && b[o + 237] === 0x82 && b[o + 238] === 0x53 && b[o + 239] === 0x63) {
    return INDEX.dhcp;
  }
  if ((port === 53 || port === 5353 || port === 5355) && looksLikeDns(b, o, length)) return INDEX.dns;
  return UNKNOWN_SERVICE;
}

/** A DNS header with counts that a message of this length can have (RFC 1035 4.1.1). */
function looksLikeDns(b: Uint8Array, o: number, length: number): boolean {
  if (length < 12) return false;
  const opcode = (b[o + 2] >> 3) & 15;
  if (opcode > 6) return false;
  const questions = (b[o + 4] << 8) | b[o + 5];
  const answers = (b[o + 6] << 8) | b[o + 7];
  // A question takes at least 5 bytes, a record at least 11.
  return questions <= 32 && 12 + questions * 5 + answers * 11 <= Math.max(length, 512) && questions + answers > 0;
}
