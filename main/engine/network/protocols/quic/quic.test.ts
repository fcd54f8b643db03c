import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { VERDICT } from '../protocol.ts';
import { feed, mutations, type Side } from '../testing.ts';
import { EXTENSION, HANDSHAKE } from '../tls/numbers.ts';
import {
  alpn,
  clientHello,
  drive,
  extension,
  message,
  serverHello,
  serverName,
  supportedVersions,
} from '../tls/testing.ts';
import { initialKeys } from './protection.ts';
import { quic } from './quic.ts';
import { cryptoFrame, googleHello, initialPacket, varint } from './testing.ts';
import { quicVersion } from './versions.ts';

const V1 = 1;
const V2 = 0x6b3343cf;
/** That of the examples of RFC 9001 and RFC 9369. */
const KEY_ID = Buffer.from('8394c8f03e515708', 'hex');
const SERVER_ID = Buffer.from('f067a5502a4262b5', 'hex');
const USER_AGENT = 'Chrome/97.0.4692.99 Windows NT 10.0';
/** Id 0x3129 in a variable-length integer of two bytes. */
const PARAMETERS = Buffer.concat([
  Buffer.from('0104800075307129', 'hex'),
  varint(USER_AGENT.length),
  Buffer.from(USER_AGENT),
]);
const HELLO = message(
  HANDSHAKE.clientHello,
  clientHello({
    ciphers: [0x1301, 0x1302, 0x1303],
    sessionId: Buffer.alloc(0),
    extensions: [
      serverName('quic.example.org'),
      alpn('h3'),
      supportedVersions(0x0304),
      extension(EXTENSION.quicTransportParameters, PARAMETERS),
    ],
  }),
);
const SERVER_HELLO = message(HANDSHAKE.serverHello, serverHello({ selectedVersion: 0x0304, cipher: 0x1301 }));
const ACK = Buffer.from([0x02, 0x00, 0x00, 0x00, 0x00]);

function fromClient(payload: Uint8Array, more: Partial<Parameters<typeof initialPacket>[0]> = {}): Buffer {
  return initialPacket({ version: V1, keyId: KEY_ID, isClient: true, payload, ...more });
}

function fromServer(payload: Uint8Array, more: Partial<Parameters<typeof initialPacket>[0]> = {}): Buffer {
  const parts = { version: V1, keyId: KEY_ID, isClient: false, destinationId: Buffer.alloc(0), sourceId: SERVER_ID };
  return initialPacket({ ...parts, payload, ...more });
}

function types(facts: readonly Fact[]): string[] {
  return facts.map(({ type }) => type);
}

function verdict(datagram: Uint8Array): number {
  const empty = new Uint8Array(0);
  const ports = { initiatorPort: 40_000, responderPort: 9_999 };
  return quic.identify({ transport: 17, ...ports, initiator: datagram, responder: empty, hasBeginning: true });
}

describe('the keys of Initial packets', () => {
  it.each([
    [V1, true, '1f369613dd76d5467730efcbe3b1a22d', 'fa044b2f42a3fd3b46fb255c', '9f50449e04a0e810283a1e9933adedd2'],
    [V1, false, 'cf3a5331653c364c88f0f379b6067e37', '0ac1493ca1905853b0bba03e', 'c206b8d9b9f0f37644430b490eeaa314'],
    [V2, true, '8b1a0bc121284290a29e0971b5cd045d', '91f73e2351d8fa91660e909f', '45b95e15235d6f45a6b19cbcb0294ba9'],
  ])('are those of the examples: version %s, client %s', (version, isClient, key, iv, hp) => {
    const rules = quicVersion(version);
    const keys = rules && initialKeys(rules, KEY_ID, isClient);
    const bytes = [keys?.key.export(), keys?.iv, keys?.hp.export()];
    expect(bytes.map((some) => some?.toString('hex'))).toEqual([key, iv, hp]);
  });
});

describe('QUIC', () => {
  it.each([V1, V2, 0xff000016, 0xff000017, 0xff00001d, 0xff000022, 0xfaceb002])(
    'of version %i tells both hellos',
    (version) => {
      const facts = feed(quic, [
        ['initiator', fromClient(cryptoFrame(0, HELLO), { version })],
        ['responder', fromServer(Buffer.concat([ACK, cryptoFrame(0, SERVER_HELLO)]), { version })],
      ]);
      expect(types(facts)).toEqual(['protocol', 'tls-client', 'quic', 'tls-server']);
      expect(facts[1]).toMatchObject({
        protocol: 'quic',
        version: 0x0304,
        serverName: 'quic.example.org',
        alpn: ['h3'],
        fromInitiator: true,
      });
      expect((facts[1] as { ja4: string }).ja4.slice(0, 10)).toBe('q13d0304h3');
      expect(facts[2]).toMatchObject({ version, userAgent: USER_AGENT, serverName: '' });
      expect(facts[3]).toMatchObject({ version: 0x0304, cipher: 0x1301, fromInitiator: false });
    },
  );

  it('puts a hello together from frames and packets in any order', () => {
    const frames = [0, 40, 90, HELLO.length].map((start, i, cuts) =>
      cryptoFrame(start, HELLO.subarray(start, cuts[i + 1])),
    );
    const packets = [
      fromClient(Buffer.concat([frames[2], Buffer.from([0x01])]), { number: 0 }),
      fromClient(Buffer.concat([Buffer.alloc(3), frames[0], ACK]), { number: 300, destinationId: SERVER_ID }),
      fromClient(frames[1], { number: 2, destinationId: SERVER_ID }),
    ];
    const facts = feed(
      quic,
      packets.map((packet): readonly [Side, Uint8Array] => ['initiator', packet]),
    );
    expect(types(facts)).toEqual(['protocol', 'tls-client', 'quic']);
    const together = fromClient(frames[2], { paddedBytes: 200 });
    const coalesced = Buffer.concat([together, fromClient(frames[0], { paddedBytes: 200 }), fromClient(frames[1])]);
    expect(types(feed(quic, [['initiator', coalesced]]))).toEqual(['protocol', 'tls-client', 'quic']);
  });

  it('finds the hello behind a retry, which changes the keys', () => {
    const retry = Buffer.concat([
      Buffer.from('f000000001', 'hex'),
      Buffer.from([0, 8]),
      SERVER_ID,
      Buffer.alloc(40, 5),
    ]);
    const half = cryptoFrame(0, HELLO.subarray(0, 50));
    const facts = feed(quic, [
      ['initiator', fromClient(half)],
      ['responder', retry],
      ['initiator', fromClient(cryptoFrame(0, HELLO), { keyId: SERVER_ID, token: Buffer.alloc(24, 5), number: 1 })],
      ['responder', fromServer(cryptoFrame(0, SERVER_HELLO), { keyId: SERVER_ID })],
    ]);
    expect(types(facts)).toEqual(['protocol', 'tls-client', 'quic', 'tls-server']);
  });

  it('follows a server that goes on in another version', () => {
    const facts = feed(quic, [
      ['initiator', fromClient(cryptoFrame(0, HELLO))],
      ['responder', fromServer(cryptoFrame(0, SERVER_HELLO), { version: V2 })],
    ]);
    expect(types(facts)).toEqual(['protocol', 'tls-client', 'quic', 'tls-server']);
  });

  it('tells the version of what it cannot open', () => {
    const other = fromClient(cryptoFrame(0, HELLO));
    other[other.length - 1] ^= 1;
    const facts = feed(quic, [['initiator', other]]);
    expect(types(facts)).toEqual(['protocol', 'quic']);
    expect(facts[1]).toMatchObject({ version: V1, userAgent: '' });
  });

  it('opens a bounded number of packets', () => {
    const attempts = Array.from(
      { length: 40 },
      (_, i) => ['initiator', fromClient(Buffer.from([1]), { number: i })] as const,
    );
    expect(types(feed(quic, [...attempts, ['initiator', fromClient(cryptoFrame(0, HELLO))]]))).toEqual([
      'protocol',
      'quic',
    ]);
  });

  it('hears the versions that a server offers, and the client again', () => {
    const reserved = fromClient(cryptoFrame(0, HELLO));
    reserved.writeUInt32BE(0x1a2a3a4a, 1);
    const offer = Buffer.concat([
      Buffer.from('ff00000000', 'hex'),
      Buffer.from([0, 8]),
      KEY_ID,
      Buffer.from('0a0a0a0a00000001', 'hex'),
    ]);
    expect(verdict(offer)).toBe(VERDICT.yes);
    const facts = feed(quic, [
      ['initiator', reserved],
      ['responder', offer],
      ['initiator', fromClient(cryptoFrame(0, HELLO), { keyId: SERVER_ID })],
    ]);
    expect(types(facts)).toEqual(['protocol', 'tls-client', 'quic']);
    expect(facts[2]).toMatchObject({ version: V1 });
  });
});

describe("Google's QUIC", () => {
  const hello = googleHello({ PAD: '-'.repeat(200), SNI: 'dns.example.org', VER: 'Q043', UAID: 'Chrome/50.0 Linux' });

  it('tells name and user agent of a hello in clear text', () => {
    const header = Buffer.concat([
      Buffer.from([0x09]),
      KEY_ID,
      Buffer.from('Q043'),
      Buffer.from([1]),
      Buffer.alloc(12, 9),
    ]);
    const facts = feed(quic, [['initiator', Buffer.concat([header, Buffer.from('a0010400', 'hex'), hello])]]);
    expect(types(facts)).toEqual(['protocol', 'quic']);
    expect(facts[1]).toMatchObject({
      version: 0x51303433,
      serverName: 'dns.example.org',
      userAgent: 'Chrome/50.0 Linux',
    });
  });

  it('tells those of a hello in a protected packet', () => {
    const facts = feed(quic, [['initiator', fromClient(cryptoFrame(0, hello), { version: 0x51303530 })]]);
    expect(facts[1]).toMatchObject({ version: 0x51303530, serverName: 'dns.example.org' });
  });

  it('puts one together that comes in several protected packets', () => {
    const version = { version: 0x51303530 };
    const parts = [hello.subarray(0, 60), hello.subarray(60)];
    const facts = feed(quic, [
      ['initiator', fromClient(cryptoFrame(60, parts[1]), version)],
      ['initiator', fromClient(cryptoFrame(0, parts[0]), { ...version, number: 1 })],
    ]);
    expect(facts[1]).toMatchObject({ serverName: 'dns.example.org', userAgent: 'Chrome/50.0 Linux' });
    const cut = feed(quic, [['initiator', fromClient(cryptoFrame(0, parts[0]), version)]]);
    expect(cut[1]).toMatchObject({ type: 'quic', serverName: '' });
  });

  it('tells those of a hello over TCP', () => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(hello.length);
    const stream = Buffer.concat([Buffer.from('1QTV0'), length, hello, Buffer.alloc(50, 0xee)]);
    const wanted = { version: 0x31515456, serverName: 'dns.example.org', userAgent: 'Chrome/50.0 Linux' };
    for (const segmentBytes of [1, 7, 10_000]) {
      const facts = feed(quic, [['initiator', stream]], { transport: PROTOCOL.tcp, segmentBytes });
      expect(types(facts)).toEqual(['protocol', 'quic']);
      expect(facts[1]).toMatchObject(wanted);
    }
    for (const damaged of mutations(new Uint8Array(stream), 19, 200)) {
      const facts = feed(quic, [['initiator', damaged]], { transport: PROTOCOL.tcp });
      expect(facts.some((fact) => fact.type === 'broken' && fact.reason === 'parser-failed')).toBe(false);
    }
  });

  it('gives no half of a name', () => {
    const cut = hello.subarray(0, hello.indexOf('dns.example') + 5);
    const header = Buffer.concat([Buffer.from([0x09]), KEY_ID, Buffer.from('Q043'), Buffer.alloc(13)]);
    expect(feed(quic, [['initiator', Buffer.concat([header, cut])]])[1]).toMatchObject({
      serverName: '',
      userAgent: '',
    });
  });
});

describe('identification', () => {
  it.each([
    ['a hello', fromClient(cryptoFrame(0, HELLO)), VERDICT.yes],
    ['nothing', Buffer.alloc(0), VERDICT.maybe],
    ['a version that nobody knows', Buffer.from('c0deadbeef08000000000000000000', 'hex'), VERDICT.no],
    ['a short header', Buffer.from('40000000010800000000', 'hex'), VERDICT.no],
    ['an id that is too long', Buffer.from('c000000001ff000000000000000000', 'hex'), VERDICT.no],
    ['a length beyond the end', fromClient(cryptoFrame(0, HELLO)).subarray(0, 1_000), VERDICT.no],
    ['an offer of versions that nobody knows', Buffer.from('ff0000000000000102030405060708', 'hex'), VERDICT.no],
    ['a query for a name', Buffer.from('123401000001000000000000076578616d706c65', 'hex'), VERDICT.no],
  ])('of %s', (_, datagram, expected) => expect(verdict(datagram)).toBe(expected));
});

describe('hostile datagrams', () => {
  it('never make it throw', () => {
    const packet = new Uint8Array(fromClient(cryptoFrame(0, HELLO), { paddedBytes: 250 }));
    for (const damaged of mutations(packet, 11, 1_000)) {
      drive(quic, [
        ['initiator', damaged],
        ['responder', damaged],
        ['initiator', packet],
      ]);
      verdict(damaged);
    }
  });

  it('never make it throw when they are protected well, and say anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (random) => {
        drive(quic, [
          ['initiator', fromClient(random)],
          ['initiator', fromClient(cryptoFrame(0, random), { number: 1 })],
          ['responder', fromServer(random)],
        ]);
      }),
    );
    for (const damaged of mutations(new Uint8Array(HELLO), 13, 500)) {
      drive(quic, [['initiator', fromClient(cryptoFrame(0, damaged))]]);
    }
    const header = Buffer.concat([Buffer.from([0x09]), KEY_ID, Buffer.from('Q043'), Buffer.alloc(13)]);
    for (const damaged of mutations(new Uint8Array(googleHello({ SNI: 'a.example', UAID: 'x' })), 17, 1_000)) {
      drive(quic, [['initiator', Buffer.concat([header, damaged])]]);
    }
  });
});
