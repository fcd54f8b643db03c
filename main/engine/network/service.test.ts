import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTOCOL, SERVICES, type Service } from '../../../contract/traffic.ts';
import { identifyService, serviceOfPort } from './service.ts';

type Side = 'initiator' | 'responder';

/** Text as Latin-1, numbers as bytes. */
function bytesOf(...parts: readonly (string | number | readonly number[])[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(typeof part === 'number' ? [part] : part),
    ),
  );
}

/** Puts other bytes around the payload, so that a look beyond its bounds is found out. */
function identify(protocol: number, payload: Uint8Array, side: Side, port: number): Service {
  const bytes = bytesOf('GET ', [...payload], ' HTTP/1.1\r\n');
  return SERVICES[identifyService(protocol, bytes, 4, 4 + payload.length, side === 'initiator', port)];
}

const ANY_PORT = 49_152;
const zeros = (count: number): number[] => new Array(count).fill(0);

/** A TPKT header around an X.224 message (RFC 1006). */
function tpkt(...message: readonly (string | number | readonly number[])[]): Uint8Array {
  const body = bytesOf(...message);
  return bytesOf([3, 0, 0, body.length + 4], [...body]);
}

const CONNECTION_REQUEST = [0xe0, 0, 0, 0, 0, 0];

const TCP_EXAMPLES: readonly (readonly [Service, Side, string, Uint8Array])[] = [
  ['ssh', 'initiator', 'banner', bytesOf('SSH-2.0-OpenSSH_9.2\r\n')],
  ['ssh', 'responder', 'banner', bytesOf('SSH-2.0-dropbear\r\n')],
  ['vnc', 'responder', 'version', bytesOf('RFB 003.008\n')],
  ['smtp', 'responder', 'greeting', bytesOf('220 mx.example.org ESMTP Postfix\r\n')],
  ['smtp', 'initiator', 'EHLO', bytesOf('EHLO client.example.org\r\n')],
  ['ftp', 'responder', 'greeting', bytesOf('220 (vsFTPd 3.0.5)\r\n')],
  ['ftp', 'initiator', 'USER', bytesOf('USER anonymous\r\n')],
  ['pop3', 'responder', 'greeting', bytesOf('+OK Dovecot ready.\r\n')],
  ['imap', 'responder', 'greeting', bytesOf('* OK [CAPABILITY IMAP4rev1] ready\r\n')],
  ['http', 'initiator', 'request', bytesOf('GET /index.html HTTP/1.1\r\nHost: a\r\n\r\n')],
  ['http', 'responder', 'answer', bytesOf('HTTP/1.1 404 Not Found\r\n\r\n')],
  ['redis', 'initiator', 'command', bytesOf('*1\r\n$4\r\nPING\r\n')],
  ['tls', 'initiator', 'client hello', bytesOf([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3])],
  ['tls', 'responder', 'alert', bytesOf([0x15, 3, 3, 0, 2, 2, 40])],
  ['tls', 'initiator', 'data in mid-connection', bytesOf([0x17, 3, 3, 0x20, 0, 0xa7, 0x11])],
  ['smb', 'initiator', 'SMB2 negotiate', bytesOf([0, 0, 0, 108, 0xfe], 'SMB', zeros(60))],
  ['smb', 'initiator', 'SMB1 negotiate', bytesOf([0, 0, 0, 47, 0xff], 'SMBr', zeros(40))],
  ['rdp', 'initiator', 'request with a cookie', tpkt(30, CONNECTION_REQUEST, 'Cookie: mstshash=admin\r\n')],
  ['rdp', 'initiator', 'request to negotiate', tpkt(14, CONNECTION_REQUEST, [1, 0, 8, 0, 3, 0, 0, 0])],
  ['rdp', 'initiator', 'bare request', tpkt(6, CONNECTION_REQUEST)],
  ['rdp', 'responder', 'confirm', tpkt(14, [0xd0, 0, 0, 0x12, 0x34, 0], [2, 0, 8, 0, 1, 0, 0, 0])],
  ['telnet', 'responder', 'DO terminal type', bytesOf([0xff, 0xfd, 24])],
  ['mysql', 'responder', 'greeting', bytesOf([74, 0, 0, 0, 10], '8.0.36\0', zeros(60))],
  ['postgresql', 'initiator', 'TLS request', bytesOf([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])],
  ['postgresql', 'initiator', 'startup', bytesOf([0, 0, 0, 20, 0, 3, 0, 0], 'user\0postgres\0')],
  ['mssql', 'initiator', 'pre-login', bytesOf([0x12, 1, 0, 20, 0, 0, 0, 0], zeros(12))],
  ['mongodb', 'initiator', 'message', bytesOf([40, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0], zeros(24))],
  [
    'oracle',
    'initiator',
    'connect',
    bytesOf([0, 56, 0, 0, 1, 0, 0, 0], '(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=orcl)))'),
  ],
  ['ldap', 'initiator', 'bind', bytesOf([0x30, 12, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0])],
  ['ldap', 'initiator', 'search with a long length', bytesOf([0x30, 0x84, 0, 0, 0, 50, 2, 1, 5, 0x63], zeros(46))],
];

/** What looks alike and is not. */
const LOOKALIKES: readonly (readonly [string, Side, Uint8Array])[] = [
  ['IRC registration', 'initiator', bytesOf('USER guest 0 * :Real Name\r\n')],
  ['220 that names no protocol', 'responder', bytesOf('220 welcome\r\n')],
  ['Siemens S7 connection request', 'initiator', tpkt(17, CONNECTION_REQUEST, [0xc1, 2, 1, 0, 0xc2, 2, 1, 2, 0xc0])],
  ['HTTP verb without a version', 'initiator', bytesOf('GET lost\r\n')],
  ['RTSP request', 'initiator', bytesOf('OPTIONS rtsp://a/ RTSP/1.0\r\n')],
  ['TLS record longer than any', 'initiator', bytesOf([0x16, 3, 1, 0xff, 0xff, 1, 0])],
  ['TLS handshake of no known type', 'initiator', bytesOf([0x16, 3, 1, 0, 200, 99, 0])],
  ['greeting of a server sent by a client', 'initiator', bytesOf('+OK ready\r\n')],
  ['request of a client sent by a server', 'responder', bytesOf('GET / HTTP/1.1\r\n\r\n')],
  ['TNS accept', 'initiator', bytesOf([0, 20, 0, 0, 2, 0, 0, 0], zeros(12))],
  ['BER sequence that is no LDAP', 'initiator', bytesOf([0x30, 12, 2, 1, 1, 0x04, 7], zeros(8))],
  ['nothing but a line end', 'initiator', bytesOf('\r\n')],
  ['one byte', 'initiator', bytesOf('G')],
];

describe('identifyService over TCP', () => {
  it.each(TCP_EXAMPLES)('tells %s of the %s by its %s', (service, side, _what, payload) => {
    expect(identify(PROTOCOL.tcp, payload, side, ANY_PORT)).toBe(service);
  });

  it.each(LOOKALIKES)('is not taken in by: %s (%s)', (_what, side, payload) => {
    expect(identify(PROTOCOL.tcp, payload, side, ANY_PORT)).toBe('unknown');
  });

  it('tells DNS on its port, with its length before it', () => {
    const query = bytesOf(
      [0, 29, 1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3],
      'www',
      7,
      'example',
      3,
      'com',
      [0, 0, 1, 0, 1],
    );
    expect(identify(PROTOCOL.tcp, query, 'initiator', 53)).toBe('dns');
    expect(identify(PROTOCOL.tcp, query, 'initiator', ANY_PORT)).toBe('unknown');
  });
});

describe('identifyService over UDP', () => {
  const dns = bytesOf([1, 2, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1], 'a', [0, 0, 1, 0, 1]);
  const initial = (version: readonly number[]) => bytesOf(0xc3, version, 8, zeros(40));
  const dhcp = bytesOf([1, 1, 6, 0], zeros(232), [0x63, 0x82, 0x53, 0x63, 0x35, 1, 1, 0xff]);

  it.each([
    ['dns', 53, dns],
    ['dns', 5353, dns],
    ['dhcp', 67, dhcp],
    ['quic', 443, initial([0, 0, 0, 1])],
    ['quic', ANY_PORT, initial([0x6b, 0x33, 0x43, 0xcf])],
    ['quic', 443, initial([0xff, 0, 0, 29])],
    ['unknown', 443, initial([0, 0, 0, 9])],
    ['unknown', ANY_PORT, dns],
    ['unknown', 53, bytesOf([1, 2, 0x78, 0, 0, 1, 0, 0, 0, 0, 0, 0])],
    ['unknown', 53, bytesOf([1, 2, 1, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])],
  ] as const)('tells %s on port %i', (service, port, payload) => {
    expect(identify(PROTOCOL.udp, payload, 'initiator', port)).toBe(service);
  });
});

it('gives any bytes of any protocol a service or none, and looks at nothing outside of them', () => {
  const examples = TCP_EXAMPLES.map(([, , , payload]) => payload);
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 600 }),
    // Real beginnings, cut off and with bytes changed.
    fc
      .tuple(fc.constantFrom(...examples), fc.nat(80), fc.nat(80), fc.nat(255))
      .map(([payload, keep, at, value]) => Uint8Array.from(payload.slice(0, keep)).fill(value, at, at + 1)),
  );
  const port = fc.constantFrom(53, 443, 5353, ANY_PORT);
  const protocol = fc.constantFrom(PROTOCOL.tcp, PROTOCOL.udp, PROTOCOL.icmp);
  fc.assert(
    fc.property(hostile, protocol, fc.boolean(), port, fc.integer(), (payload, number, isFirst, to, noise) => {
      const around = (fill: number) => bytesOf([fill, fill], [...payload], new Array(16).fill(fill));
      const told = identifyService(number, around(noise & 0xff), 2, 2 + payload.length, isFirst, to);
      expect(SERVICES[told]).toBeDefined();
      expect(identifyService(number, around(~noise & 0xff), 2, 2 + payload.length, isFirst, to)).toBe(told);
    }),
    { numRuns: 2_000 },
  );
});

it('knows the usual ports', () => {
  expect(SERVICES[serviceOfPort(PROTOCOL.tcp, 22)]).toBe('ssh');
  expect(SERVICES[serviceOfPort(PROTOCOL.udp, 123)]).toBe('ntp');
  expect(SERVICES[serviceOfPort(PROTOCOL.udp, 22)]).toBe('unknown');
  expect(SERVICES[serviceOfPort(PROTOCOL.icmp, 22)]).toBe('unknown');
});
