import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Fact, MAX_FACT_LIST } from '../../../../../contract/facts.ts';
import { startsWith } from '../bytes.ts';
import { certificate, commonName, dnsName } from '../certificate/testing.ts';
import { type Opening, type ProtocolDefinition, VERDICT } from '../protocol.ts';
import { feed, mutations, type Side } from '../testing.ts';
import { EXTENSION, HANDSHAKE, RECORD } from './numbers.ts';
import {
  alpn,
  CHANGE_CIPHER_SPEC,
  chain,
  clientHello,
  drive,
  extension,
  handshake,
  hello,
  message,
  record,
  SESSION_ID,
  serverHello,
  serverName,
  supportedVersions,
  u16,
} from './testing.ts';
import { tls } from './tls.ts';

const LEAF = certificate({
  subject: commonName('www.example.org'),
  issuer: commonName('Example CA'),
  names: [dnsName('www.example.org')],
});
const AUTHORITY = certificate({ subject: commonName('Example CA') });
const CLIENT_HELLO = hello({ extensions: [serverName('www.example.org'), alpn('h2', 'http/1.1')] });
const SERVER_FLIGHT = handshake(
  [HANDSHAKE.serverHello, serverHello({ extensions: [alpn('h2')] })],
  [HANDSHAKE.certificate, chain(LEAF, AUTHORITY)],
  [14, Buffer.alloc(0)],
);
const ENCRYPTED = record(RECORD.handshake, Buffer.alloc(40, 0xe7));
const DATA = record(RECORD.applicationData, Buffer.alloc(1_000, 0xe7));
const TLS12: readonly (readonly [Side, Uint8Array])[] = [
  ['initiator', CLIENT_HELLO],
  ['responder', SERVER_FLIGHT],
  ['initiator', Buffer.concat([handshake([16, Buffer.alloc(66)]), CHANGE_CIPHER_SPEC, ENCRYPTED])],
  ['responder', Buffer.concat([CHANGE_CIPHER_SPEC, ENCRYPTED])],
  ['initiator', DATA],
];

function only<T extends Fact['type']>(facts: readonly Fact[], type: T): Extract<Fact, { type: T }>[] {
  return facts.filter((fact): fact is Extract<Fact, { type: T }> => fact.type === type);
}

function types(facts: readonly Fact[]): string[] {
  return facts.map(({ type }) => type);
}

function opening(initiator: Uint8Array, responder: Uint8Array = new Uint8Array(0), hasBeginning = true): Opening {
  return { transport: 6, initiatorPort: 40_000, responderPort: 9_999, initiator, responder, hasBeginning };
}

describe('a handshake of TLS 1.2', () => {
  const facts = feed(tls, TLS12);

  it('is told in order', () => {
    expect(types(facts)).toEqual(['protocol', 'tls-client', 'tls-server', 'certificate', 'certificate']);
    expect(facts[0]).toMatchObject({ protocol: 'tls', isUsualPort: true });
  });

  it('tells what the client says', () => {
    expect(facts[1]).toMatchObject({
      fromInitiator: true,
      protocol: 'tls',
      version: 0x0303,
      serverName: 'www.example.org',
      alpn: ['h2', 'http/1.1'],
      ciphers: [0x1301, 0xc02f],
      extensions: [0, 16],
      ja3Text: '771,4865-49199,0-16,,',
      ja4: 't12d0202h2_c1929292aa6b_000000000000',
      sessionId: SESSION_ID.toString('hex'),
    });
  });

  it('tells what the server says, with its certificates', () => {
    expect(facts[2]).toMatchObject({ fromInitiator: false, version: 0x0303, cipher: 0xc02f, alpn: 'h2' });
    expect(facts[3]).toMatchObject({ fromInitiator: false, position: 0, commonName: 'www.example.org' });
    expect(facts[4]).toMatchObject({ position: 1, commonName: 'Example CA', isSelfSigned: true });
  });

  it('is told alike however it is cut into segments and records', () => {
    const plain = JSON.stringify(facts.map((fact) => ({ ...fact, timeUs: 0 })));
    const inPieces = (size: number, bytes: Uint8Array): Uint8Array[] =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
    for (const segmentBytes of [1, 3, 7, 100]) {
      const cut = feed(tls, TLS12, { segmentBytes }).map((fact) => ({ ...fact, timeUs: 0 }));
      expect(JSON.stringify(cut)).toBe(plain);
    }
    for (const size of [1, 2, 5, 200]) {
      const cut = TLS12.map(([side, bytes], i): readonly [Side, Uint8Array] =>
        i < 2
          ? [side, Buffer.concat(inPieces(size, bytes.subarray(5)).map((part) => record(RECORD.handshake, part)))]
          : [side, bytes],
      );
      const told = feed(tls, cut, { segmentBytes: 50 }).map((fact) => ({ ...fact, timeUs: 0 }));
      expect(JSON.stringify(told)).toBe(plain);
    }
  });

  it('ends what is looked at when only encrypted data is left', () => {
    const late = hello({ extensions: [serverName('late.example.org')] });
    expect(feed(tls, [...TLS12, ['initiator', late]])).toHaveLength(facts.length);
  });
});

describe('TLS 1.3', () => {
  const offer = hello({ extensions: [serverName('a.example'), supportedVersions(0x0304, 0x0303)] });
  const second = hello({
    extensions: [serverName('a.example'), supportedVersions(0x0304), extension(44, Buffer.alloc(8))],
  });
  const answer = handshake([HANDSHAKE.serverHello, serverHello({ selectedVersion: 0x0304, cipher: 0x1301 })]);
  const retry = handshake([HANDSHAKE.serverHello, serverHello({ selectedVersion: 0x0304, isRetryRequest: true })]);

  it('is told by its list of versions', () => {
    const facts = feed(tls, [
      ['initiator', offer],
      ['responder', Buffer.concat([answer, CHANGE_CIPHER_SPEC, DATA])],
    ]);
    expect(facts[1]).toMatchObject({ version: 0x0304 });
    expect(facts[2]).toMatchObject({ version: 0x0304, cipher: 0x1301, isRetryRequest: false });
  });

  it('of drafts is 1.3 for a server, and as offered for a client', () => {
    const facts = feed(tls, [
      ['initiator', hello({ extensions: [supportedVersions(0x7f1c)] })],
      ['responder', handshake([HANDSHAKE.serverHello, serverHello({ selectedVersion: 0x7f1c })])],
    ]);
    expect(facts[1]).toMatchObject({ version: 0x7f1c });
    expect(facts[2]).toMatchObject({ version: 0x0304 });
  });

  it.each([
    ['with the answer', true],
    ['without the answer, as where one way was captured', false],
  ])('tells the second hello that a server asks for, %s', (_, hasAnswer) => {
    const facts = feed(tls, [
      ['initiator', offer],
      ...(hasAnswer ? [['responder', Buffer.concat([retry, CHANGE_CIPHER_SPEC])] as const] : []),
      ['initiator', Buffer.concat([CHANGE_CIPHER_SPEC, second])],
      ...(hasAnswer ? [['responder', answer] as const] : []),
    ]);
    expect(only(facts, 'tls-client').map(({ extensions }) => extensions.length)).toEqual([2, 3]);
    expect(only(facts, 'tls-server').map(({ isRetryRequest }) => isRetryRequest)).toEqual(
      hasAnswer ? [true, false] : [],
    );
  });

  it('does not tell the same hello again', () => {
    expect(only(feed(tls, [['initiator', Buffer.concat([offer, offer])]]), 'tls-client')).toHaveLength(1);
  });
});

describe('alerts and heartbeats', () => {
  const heartbeats = hello({ extensions: [extension(EXTENSION.heartbeat, Buffer.from([1]))] });
  const agreed = handshake([
    HANDSHAKE.serverHello,
    serverHello({ extensions: [extension(EXTENSION.heartbeat, Buffer.from([1]))] }),
  ]);
  const heartbeat = (type: number, claimed: number, bytes: number): Buffer =>
    record(RECORD.heartbeat, Buffer.concat([Buffer.from([type]), u16(claimed), Buffer.alloc(bytes)]));

  it('tells an alert', () => {
    const facts = feed(tls, [
      ['initiator', CLIENT_HELLO],
      ['responder', record(RECORD.alert, Buffer.from([2, 40]))],
    ]);
    expect(facts[2]).toMatchObject({ type: 'tls-alert', level: 2, description: 40, fromInitiator: false });
  });

  it('tells a heartbeat that claims more than it holds', () => {
    const facts = feed(tls, [
      ['initiator', heartbeats],
      ['responder', agreed],
      ['initiator', heartbeat(1, 16_384, 0)],
      ['responder', heartbeat(2, 16_384, 16_384)],
    ]);
    expect(only(facts, 'tls-heartbeat')).toMatchObject([
      { isRequest: true, claimedBytes: 16_384, recordBytes: 3, isEncrypted: false, fromInitiator: true },
      { isRequest: false, claimedBytes: 16_384, recordBytes: 16_387, isEncrypted: false, fromInitiator: false },
    ]);
  });

  it('tells the lengths of encrypted ones', () => {
    const facts = feed(tls, [
      ['initiator', heartbeats],
      ['responder', agreed],
      ['initiator', CHANGE_CIPHER_SPEC],
      ['responder', CHANGE_CIPHER_SPEC],
      ['initiator', heartbeat(0xe7, 0xe7e7, 60)],
      ['responder', heartbeat(0xe7, 0xe7e7, 16_000)],
    ]);
    expect(only(facts, 'tls-heartbeat')).toMatchObject([
      { isRequest: true, claimedBytes: -1, recordBytes: 63, isEncrypted: true },
      { isRequest: false, claimedBytes: -1, recordBytes: 16_003, isEncrypted: true },
    ]);
  });

  it('tells no more than a few dozen', () => {
    const many = Buffer.concat(Array.from({ length: 500 }, () => heartbeat(1, 1, 17)));
    expect(
      only(
        feed(tls, [
          ['initiator', heartbeats],
          ['initiator', many],
        ]),
        'tls-heartbeat',
      ),
    ).toHaveLength(32);
  });
});

describe('a hello of SSL 2.0', () => {
  const ssl2 = Buffer.concat([
    Buffer.from([0x80, 9 + 6 + 16, 1]),
    u16(0x0301, 6, 0, 16),
    Buffer.from('07000000002f', 'hex'),
    Buffer.alloc(16, 0x33),
  ]);

  it('is told, and TLS may follow', () => {
    const facts = feed(tls, [
      ['initiator', ssl2],
      ['responder', handshake([HANDSHAKE.serverHello, serverHello({ version: 0x0301 })])],
    ]);
    expect(facts[1]).toMatchObject({
      type: 'tls-client',
      version: 0x0301,
      ciphers: [0x070000, 0x2f],
      ja3: '',
      ja4: '',
    });
    expect(facts[2]).toMatchObject({ type: 'tls-server', version: 0x0301 });
  });

  it('must have lengths that add up', () => {
    expect(tls.identify(opening(ssl2))).toBe(VERDICT.yes);
    const other = Buffer.from(ssl2);
    other[1]++;
    expect(tls.identify(opening(other))).toBe(VERDICT.no);
  });
});

describe('identification', () => {
  it('is sure with the first bytes of a hello, and open before', () => {
    for (let length = 0; length < 11; length++) {
      expect(tls.identify(opening(CLIENT_HELLO.subarray(0, length)))).toBe(VERDICT.maybe);
    }
    expect(tls.identify(opening(CLIENT_HELLO.subarray(0, 11)))).toBe(VERDICT.yes);
    expect(tls.identify(opening(new Uint8Array(0), SERVER_FLIGHT))).toBe(VERDICT.yes);
  });

  it('takes encrypted records for it only in the middle, where they fit', () => {
    expect(tls.identify(opening(DATA))).toBe(VERDICT.no);
    expect(tls.identify(opening(DATA, undefined, false))).toBe(VERDICT.yes);
    expect(tls.identify(opening(DATA.subarray(0, 900), undefined, false))).toBe(VERDICT.maybe);
    expect(tls.identify(opening(Buffer.concat([DATA, DATA]).subarray(0, 1_100), undefined, false))).toBe(VERDICT.yes);
    expect(tls.identify(opening(Buffer.concat([DATA, Buffer.from('GET / HTTP')]), undefined, false))).toBe(VERDICT.no);
  });

  it.each([
    'GET / HTTP/1.1\r\n',
    'SSH-2.0-x\r\n',
    '\x16\x04\x01\x00\x10\x01\x00\x00\x0c\x03\x03',
    '\x16\x03\x01\x00\x00\x01',
  ])('is no for %j', (text) => expect(tls.identify(opening(Buffer.from(text, 'latin1')))).toBe(VERDICT.no));

  it('hears a server that answers a client of something else with an alert: the client decides', () => {
    const alert = record(RECORD.alert, Buffer.from([2, 70]));
    expect(tls.identify(opening(Buffer.from('GET / HTTP/1.1\r\n'), alert))).toBe(VERDICT.no);
  });
});

describe('TLS that another protocol announces', () => {
  const announcing: ProtocolDefinition = {
    id: 'imap',
    transports: [6],
    ports: [143],
    identify: ({ initiator }) => (startsWith(initiator, 'STARTTLS\n') ? VERDICT.yes : VERDICT.no),
    parser: (context) => ({
      read: (bytes) => {
        if (startsWith(bytes, 'STARTTLS\n')) context.become('tls');
        return startsWith(bytes, 'STARTTLS\n') ? 'STARTTLS\n'.length : 0;
      },
    }),
  };
  const announcement = Buffer.from('STARTTLS\n');

  it('is read from where it begins, also in the same segment', () => {
    for (const exchange of [
      [Buffer.concat([announcement, CLIENT_HELLO])],
      [announcement, CLIENT_HELLO.subarray(0, 3), CLIENT_HELLO.subarray(3)],
    ]) {
      const facts = feed(
        announcing,
        exchange.map((bytes) => ['initiator', bytes] as const),
        { others: [tls] },
      );
      expect(types(facts)).toEqual(['protocol', 'protocol', 'tls-client']);
    }
  });

  it('is whatever its bytes tell where it stays in clear text', () => {
    const plain: ProtocolDefinition = {
      id: 'smtp',
      transports: [6],
      ports: [25],
      identify: ({ initiator }) => (startsWith(initiator, 'EHLO') ? VERDICT.yes : VERDICT.no),
      parser: () => ({ read: (bytes) => bytes.length }),
    };
    const facts = feed(
      announcing,
      [['initiator', Buffer.concat([announcement, Buffer.from('EHLO example.org\r\n')])]],
      {
        others: [tls, plain],
      },
    );
    expect(only(facts, 'protocol').map(({ protocol }) => protocol)).toEqual(['imap', 'tls', 'smtp']);
    expect(only(facts, 'broken')).toEqual([]);
  });
});

describe('what is damaged', () => {
  it('is said to be: bytes that are no record', () => {
    const facts = feed(tls, [
      ['initiator', CLIENT_HELLO],
      ['responder', Buffer.from('220 mail.example.org ESMTP\r\n')],
    ]);
    expect(facts.at(-1)).toMatchObject({ type: 'broken', reason: 'not-a-record', fromInitiator: false });
  });

  it('is said once: hellos and certificates', () => {
    const bad = handshake([HANDSHAKE.certificate, chain(LEAF.subarray(1), AUTHORITY.subarray(1), LEAF)]);
    const facts = feed(tls, [['responder', Buffer.concat([handshake([HANDSHAKE.serverHello, serverHello()]), bad])]]);
    expect(only(facts, 'broken')).toMatchObject([{ reason: 'bad-certificate' }]);
    expect(only(facts, 'certificate')).toMatchObject([{ position: 2 }]);
    expect(types(feed(tls, [['initiator', handshake([1, clientHello().subarray(0, 40)])]]))).toEqual([
      'protocol',
      'broken',
    ]);
  });

  it('bounds chains, lists and hellos', () => {
    const long = handshake([HANDSHAKE.certificate, chain(...Array.from({ length: 30 }, () => AUTHORITY))]);
    const server = handshake([HANDSHAKE.serverHello, serverHello()]);
    expect(only(feed(tls, [['responder', Buffer.concat([server, long, long])]]), 'certificate')).toHaveLength(10);
    const ciphers = Array.from({ length: 5_000 }, (_, i) => i);
    const [client] = only(feed(tls, [['initiator', hello({ ciphers })]]), 'tls-client');
    expect(client.ciphers).toHaveLength(MAX_FACT_LIST);
    const hellos = Array.from({ length: 50 }, (_, i) => hello({ ciphers: [i] }));
    expect(only(feed(tls, [['initiator', Buffer.concat(hellos)]]), 'tls-client')).toHaveLength(6);
  });

  it('passes over a message that is too long', () => {
    const huge = message(11, Buffer.alloc(100_000));
    const records = Array.from({ length: 7 }, (_, i) =>
      record(RECORD.handshake, huge.subarray(i * 16_000, (i + 1) * 16_000)),
    );
    const server = handshake([HANDSHAKE.serverHello, serverHello()]);
    expect(types(drive(tls, [['responder', Buffer.concat([...records, server])]]))).toEqual(['tls-server']);
  });

  it('never throws, whatever the bytes are', () => {
    const exchange = TLS12.slice(0, 2);
    for (const [index, [side, bytes]] of exchange.entries()) {
      for (const damaged of mutations(new Uint8Array(bytes), index + 1, 2_000)) {
        drive(tls, exchange.with(index, [side, damaged]));
        const half = damaged.length >> 1;
        drive(tls, exchange.toSpliced(index, 1, [side, damaged.subarray(0, half)], [side, damaged.subarray(half)]));
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (random) => {
        drive(tls, [
          ['initiator', CLIENT_HELLO],
          ['responder', random],
          ['initiator', random],
        ]);
        drive(tls, [['initiator', handshake([HANDSHAKE.clientHello, random], [HANDSHAKE.certificate, random])]]);
      }),
    );
  });
});

describe('missing bytes', () => {
  const parse = (facts: Fact[]): ReturnType<typeof tls.parser> =>
    tls.parser({
      initiatorPort: 40_000,
      responderPort: 443,
      transport: 6,
      tell: (fact) => facts.push({ ...fact, timeUs: 0, fromInitiator: false } as Fact),
      become: () => {},
      expect: () => {},
      expectedFile: undefined,
      finish: () => {},
    });

  it('inside a record cost that record', () => {
    const facts: Fact[] = [];
    const parser = parse(facts);
    const flight = Buffer.concat([handshake([HANDSHAKE.certificate, chain(LEAF)]), handshake([2, serverHello()])]);
    expect(parser.read(flight.subarray(0, 100), false)).toBe(0);
    parser.gap?.(50, false);
    const rest = flight.subarray(150);
    const taken = parser.read(rest, false);
    expect(taken).toBe(rest.length);
    expect(types(facts)).toEqual(['tls-server']);
  });

  it('beyond a record are found out of where a segment begins with one', () => {
    const facts: Fact[] = [];
    const parser = parse(facts);
    expect(parser.read(CLIENT_HELLO.subarray(0, 20), true)).toBe(0);
    parser.gap?.(5_000, true);
    parser.read(record(RECORD.alert, Buffer.from([2, 48])), true);
    expect(types(facts)).toEqual(['tls-alert']);
    parser.gap?.(5_000, true);
    parser.read(Buffer.alloc(20, 0xe7), true);
    expect(types(facts)).toEqual(['tls-alert']);
  });
});
