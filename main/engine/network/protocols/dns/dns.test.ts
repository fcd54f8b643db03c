import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DnsFact, Fact } from '../../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../../contract/traffic.ts';
import { feed, mutations } from '../testing.ts';
import { dns, llmnr, mdns, netbiosNames } from './index.ts';
import { parseMessage } from './message.ts';
import { nameAt, skipName } from './name.ts';

const ascii = (text: string): number[] => [...text].map((letter) => letter.charCodeAt(0));
const u16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
const labels = (name: string): number[] =>
  name === '.' ? [0] : [...name.split('.').flatMap((label) => [label.length, ...ascii(label)]), 0];
/** Where the first question's name stands. */
const FIRST_NAME = [0xc0, 12];

function message(options: {
  readonly flags?: number;
  readonly questions?: readonly number[][];
  readonly answers?: readonly number[][];
  readonly authorities?: readonly number[][];
  readonly additionals?: readonly number[][];
}): Uint8Array {
  const sections = [options.questions, options.answers, options.authorities, options.additionals].map((s) => s ?? []);
  const counts = sections.flatMap((section) => u16(section.length));
  return Uint8Array.from([...u16(0xbeef), ...u16(options.flags ?? 0x0100), ...counts, ...sections.flat(2)]);
}

const question = (name: string, type: number, inClass = 1): number[] => [
  ...labels(name),
  ...u16(type),
  ...u16(inClass),
];
const record = (type: number, data: readonly number[], name: readonly number[] = FIRST_NAME): number[] => [
  ...name,
  ...u16(type),
  ...u16(1),
  ...u32(300),
  ...u16(data.length),
  ...data,
];

function factOf(bytes: Uint8Array): DnsFact {
  const facts = feed(dns, [['initiator', bytes]]).filter((fact) => fact.type === 'dns');
  expect(facts).toHaveLength(1);
  return facts[0] as DnsFact;
}

function dataOf(type: number, data: readonly number[]): string {
  const bytes = message({ flags: 0x8180, questions: [question('example.org', type)], answers: [record(type, data)] });
  return factOf(bytes).answers[0].data;
}

describe('messages', () => {
  it('reads a question and its answer', () => {
    const ask = message({ questions: [question('WWW.Example.org', 1)] });
    const answer = message({
      flags: 0x8583,
      questions: [question('www.example.org', 1)],
      answers: [record(5, [3, ...ascii('cdn'), 0xc0, 16]), record(1, [192, 0, 2, 7], [0xc0, 0x2d])],
    });
    const facts = feed(dns, [
      ['initiator', ask],
      ['responder', answer],
    ]);
    expect(facts.map((fact) => fact.type)).toEqual(['protocol', 'dns', 'dns']);
    expect(facts[1]).toMatchObject({
      id: 0xbeef,
      isResponse: false,
      recursionDesired: true,
      fromInitiator: true,
      questions: [{ name: 'www.example.org', type: 'A', class: 1 }],
      bytes: ask.length,
    });
    expect(facts[2]).toMatchObject({
      isResponse: true,
      isAuthoritative: true,
      responseCode: 'NXDOMAIN',
      fromInitiator: false,
      answers: [
        { name: 'www.example.org', type: 'CNAME', ttl: 300, data: 'cdn.example.org' },
        { name: 'cdn.example.org', type: 'A', ttl: 300, data: '192.0.2.7' },
      ],
    });
  });

  it('writes the data of each type as its RFC does', () => {
    const target = labels('ns.example.net');
    expect(dataOf(28, [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1])).toBe('2001:db8::1');
    expect(dataOf(28, [...Array(10).fill(0), 0xff, 0xff, 192, 0, 2, 1])).toBe('::ffff:192.0.2.1');
    for (const type of [2, 12, 39]) expect(dataOf(type, target)).toBe('ns.example.net');
    expect(dataOf(15, [...u16(10), ...target])).toBe('10 ns.example.net');
    expect(dataOf(33, [...u16(1), ...u16(2), ...u16(443), ...target])).toBe('1 2 443 ns.example.net');
    expect(dataOf(6, [...target, ...FIRST_NAME, ...[1, 2, 3, 4, 5].flatMap(u32)])).toBe(
      'ns.example.net example.org 1 2 3 4 5',
    );
    expect(dataOf(16, [3, ...ascii('v=s'), 2, ...ascii('pf')])).toBe('v=spf');
    expect(dataOf(16, [5, ...new TextEncoder().encode('grö!')])).toBe('grö!');
    const naptr = [...u16(1), ...u16(2), 1, ...ascii('u'), 3, ...ascii('sip'), 0, 0];
    expect(dataOf(35, naptr)).toBe('1 2 u sip  .');
    expect(dataOf(257, [0, 5, ...ascii('issue'), ...ascii('ca.example')])).toBe('0 issue ca.example');
    expect(dataOf(43, [...u16(7), 8, 2, 0xab])).toBe('7 8 2 ab');
    expect(dataOf(48, [...u16(256), 3, 8, 1, 2, 3])).toBe('256 3 8 AQID');
    const rrsig = [...u16(1), 8, 2, ...u32(300), ...u32(9), ...u32(8), ...u16(7), ...labels('example.org'), 1, 2, 3];
    expect(dataOf(46, rrsig)).toBe('A 8 2 300 9 8 7 example.org AQID');
    expect(dataOf(47, [...target, 0, 1, 0b01000000])).toBe('ns.example.net A');
    expect(dataOf(10, [0xde, 0xad])).toBe('dead');
    expect(dataOf(65280, [1, 2])).toBe('0102');
    const https = [
      ...u16(1),
      0,
      ...u16(1),
      ...u16(6),
      2,
      ...ascii('h2'),
      2,
      ...ascii('h3'),
      ...u16(3),
      ...u16(2),
      1,
      187,
    ];
    expect(dataOf(65, https)).toBe('1 . alpn=h2,h3 port=443');
    expect(dataOf(65, [...u16(1), 0, ...u16(4), ...u16(4), 192, 0, 2, 1, ...u16(667), ...u16(0)])).toBe(
      '1 . ipv4hint=192.0.2.1 key667',
    );
  });

  it('shows data that its type does not allow as hexadecimal', () => {
    expect(dataOf(1, [1, 2, 3])).toBe('010203');
    expect(dataOf(15, [0])).toBe('00');
    expect(dataOf(5, [0xc0, 0xff])).toBe('c0ff');
  });

  it('reads the upper bits of the code from EDNS', () => {
    const opt = [0, ...u16(41), ...u16(1232), 1, 0, ...u16(0x8000), ...u16(8), ...u16(10), ...u16(4), 1, 2, 3, 4];
    const fact = factOf(message({ flags: 0x8180, questions: [question('a.example', 1)], additionals: [opt] }));
    expect(fact.responseCode).toBe('BADVERS');
    expect(fact.additionals[0]).toMatchObject({ name: '.', type: 'OPT', data: '10:4' });
  });

  it('reads messages over TCP, whatever they are cut into', () => {
    const one = message({ questions: [question('one.example', 1)] });
    const two = message({ questions: [question('two.example', 252)] });
    const stream = Uint8Array.from([...u16(one.length), ...one, ...u16(two.length), ...two]);
    for (const segmentBytes of [1, 7, 1_000]) {
      const facts = feed(dns, [['initiator', stream]], { transport: PROTOCOL.tcp, segmentBytes });
      const names = facts.flatMap((fact) => (fact.type === 'dns' ? fact.questions : []));
      expect(names).toEqual([
        { name: 'one.example', type: 'A', class: 1 },
        { name: 'two.example', type: 'AXFR', class: 1 },
      ]);
    }
  });
});

describe('names', () => {
  it('ends chains of pointers', () => {
    // Forward, to itself, and in a circle.
    for (const bytes of [
      [0xc0, 2, 0],
      [0xc0, 0],
      [0xc0, 2, 0xc0, 0],
    ]) {
      expect(nameAt(Uint8Array.from(bytes), 0)).toBeUndefined();
    }
    // A long chain of pointers backwards ends too, and adds up to no name that is too long.
    const chain: number[] = [1, 0x61, 0];
    for (let at = 3; at < 2_000; at += 4)
      chain.push(1, 0x61, 0xc0 | ((at === 3 ? 0 : at - 4) >> 8), at === 3 ? 0 : (at - 4) & 0xff);
    expect(nameAt(Uint8Array.from(chain), chain.length - 4)).toBeUndefined();
    expect(nameAt(Uint8Array.from(chain), 7)).toBe('a.a.a');
  });

  it('escapes dots inside labels, and bounds the length', () => {
    expect(nameAt(Uint8Array.from([3, 0x61, 0x2e, 0x62, 1, 0x5c, 0]), 0)).toBe('a\\.b.\\\\');
    const tooLong = Uint8Array.from([...Array.from({ length: 5 }, () => [63, ...Array(63).fill(0x61)]).flat(), 0]);
    expect(nameAt(tooLong, 0)).toBeUndefined();
    expect(skipName(tooLong, 0)).toBe(-1);
    expect(skipName(Uint8Array.from([0x40]), 0)).toBe(-1);
  });

  it('reads UTF-8 where the protocol has it', () => {
    const name = [6, ...new TextEncoder().encode('Küche'), 5, ...ascii('local'), 0];
    const bytes = message({ flags: 0, questions: [[...name, ...u16(12), ...u16(0x8001)]] });
    const fact = feed(mdns, [['initiator', bytes]])[1] as DnsFact;
    expect([fact.protocol, fact.questions[0].name]).toEqual(['mdns', 'küche.local']);
  });
});

describe('telling', () => {
  const protocols = (bytes: Uint8Array, port: number, transport: number = PROTOCOL.udp): string[] =>
    feed(dns, [['initiator', bytes]], { responderPort: port, transport, others: [mdns, llmnr, netbiosNames] })
      .filter((fact) => fact.type === 'protocol')
      .map((fact) => fact.protocol);
  const ask = message({ questions: [question('host.example', 1)] });

  it('tells the family apart', () => {
    expect([53, 5353, 5355].map((port) => protocols(ask, port)[0])).toEqual(['dns', 'mdns', 'llmnr']);
    const encoded = 'EBEBCACACACACACACACACACACACACAAA';
    expect(protocols(message({ questions: [question(encoded, 32)] }), 137)).toEqual(['netbios-ns']);
    expect(protocols(message({ questions: [question(encoded, 32)] }), 53)).toEqual(['netbios-ns']);
  });

  it('knows DNS on any port, and only when it is whole and plain there', () => {
    expect(protocols(ask, 4_444)).toEqual(['dns']);
    expect(protocols(Uint8Array.from([...ask, 1]), 4_444)).toEqual([]);
    expect(protocols(message({ questions: [question('a b.example', 1)] }), 4_444)).toEqual([]);
    expect(protocols(message({ questions: [question('host.example', 30_000)] }), 4_444)).toEqual([]);
  });

  it('bears classes without a meaning on its port where the rest is right', () => {
    const odd = Uint8Array.from(ask).with(ask.length - 1, 0x11);
    expect(protocols(odd, 53)).toEqual(['dns']);
    expect(protocols(odd, 4_444)).toEqual([]);
    expect(protocols(Uint8Array.from([...odd, 1]), 53)).toEqual([]);
  });

  it('takes no noise for DNS, and finds it behind noise on its port', () => {
    const noise = fc.uint8Array({ minLength: 1, maxLength: 80 });
    fc.assert(
      fc.property(noise, (bytes) => {
        expect(protocols(bytes, 9_999)).toEqual([]);
      }),
    );
    const facts = feed(dns, [
      ['initiator', Uint8Array.of(1, 2, 3)],
      ['initiator', ask],
    ]);
    expect(facts.map((fact) => fact.type)).toEqual(['protocol', 'dns']);
  });
});

describe('NetBIOS names', () => {
  const encode = (name: string, suffix: number) =>
    [...ascii(name.padEnd(15)), suffix]
      .map((byte) => String.fromCharCode(0x41 + (byte >> 4), 0x41 + (byte & 15)))
      .join('');

  it('decodes them', () => {
    const query = message({ flags: 0x0110, questions: [question(encode('FILESERVER', 0x20), 32)] });
    const address = record(32, [0, 0, 192, 0, 2, 9]);
    const answer = message({
      flags: 0x8500,
      questions: [question(encode('FILESERVER', 0x20), 32)],
      answers: [address],
    });
    const facts = feed(netbiosNames, [
      ['initiator', query],
      ['responder', answer],
    ]).slice(1) as DnsFact[];
    expect(facts[0].questions).toEqual([{ name: 'FILESERVER<20>', type: 'NB', class: 1 }]);
    expect(facts[1].answers).toMatchObject([{ type: 'NB', data: '192.0.2.9' }]);
    const status = [1, ...ascii('HOST'.padEnd(15)), 0, 4, 0];
    const listed = message({ flags: 0x8400, answers: [record(33, status, labels(encode('*', 0)))] });
    expect((feed(netbiosNames, [['initiator', listed]])[1] as DnsFact).answers[0].data).toBe('HOST<00>');
  });

  it('knows them behind damage on their port, and reads what is left of them', () => {
    const name = encode('FILESERVER', 0x20);
    const query = message({ flags: 0x0110, questions: [question(name, 32)] });
    // A letter that none of these names has.
    const damaged = query.with(13 + 4, 0x53);
    const behindDamage = feed(netbiosNames, [
      ['initiator', damaged],
      ['initiator', query],
    ]);
    expect(behindDamage.map((fact) => fact.type)).toEqual(['protocol', 'dns']);
    const cut = feed(netbiosNames, [['initiator', query.subarray(0, 13 + 32)]]);
    expect(cut[1]).toMatchObject({ questions: [{ name: 'FILESERVER<20>', type: '', class: 0 }] });
    expect(feed(netbiosNames, [['initiator', query.subarray(0, 13 + 32)]], { responderPort: 9_999 })).toEqual([]);
  });
});

describe('hostile messages', () => {
  it('bounds what counts claim', () => {
    const bytes = message({ questions: [question('a.example', 1)] });
    bytes.fill(0xff, 4, 12);
    const parsed = parseMessage(bytes, 'dns');
    expect(parsed?.isDamaged).toBe(true);
    expect(parsed?.fact.questions).toHaveLength(1);
    const many = message({ questions: Array.from({ length: 3_000 }, () => [...FIRST_NAME, 0, 1, 0, 1]) });
    expect(parseMessage(Uint8Array.from([...many]), 'dns')?.fact.questions.length).toBeLessThanOrEqual(128);
  });

  it('gives up a conversation of damaged messages', () => {
    const damaged = message({ questions: [question('a.example', 1)] });
    damaged[7] = 9;
    const facts: Fact[] = feed(
      dns,
      Array.from({ length: 20 }, () => ['initiator', damaged] as const),
    );
    expect(facts.filter((fact) => fact.type === 'dns')).toHaveLength(8);
    expect(facts.at(-1)).toMatchObject({ type: 'broken', reason: 'bad-message' });
  });

  it('bears any bytes', () => {
    const answer = message({
      flags: 0x8180,
      questions: [question('host.example', 255)],
      answers: [
        record(5, FIRST_NAME),
        record(16, [3, ...ascii('abc')]),
        record(65, [...u16(1), 0, ...u16(1), ...u16(3), 2, ...ascii('h2')]),
        record(46, [...u16(1), 8, 2, ...u32(300), ...u32(9), ...u32(8), ...u16(7), ...FIRST_NAME, 1]),
        record(47, [...FIRST_NAME, 0, 1, 64]),
      ],
      additionals: [[0, ...u16(41), ...u16(1232), 0, 0, 0, 0, ...u16(4), ...u16(10), ...u16(0)]],
    });
    const tell = (bytes: Uint8Array, transport: number) =>
      feed(dns, [['initiator', bytes]], { transport, others: [mdns, llmnr, netbiosNames] });
    for (const bytes of mutations(answer, 1, 200)) {
      for (const transport of [PROTOCOL.udp, PROTOCOL.tcp]) {
        const facts = tell(bytes, transport);
        expect(facts.some((fact) => fact.type === 'broken' && fact.reason === 'parser-failed')).toBe(false);
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const parsed = parseMessage(bytes, 'mdns');
        expect((parsed?.fact.answers.length ?? 0) + (parsed?.fact.questions.length ?? 0)).toBeLessThanOrEqual(256);
      }),
    );
  });
});
