import { describe, expect, it } from 'vitest';
import { ja3sText, ja3Text, ja4, md5Of, offeredVersion } from './fingerprint.ts';
import { type ClientHello, readClientHello, readServerHello } from './hello.ts';
import {
  alpn,
  clientHello,
  extension,
  groups,
  type HelloParts,
  pointFormats,
  serverHello,
  serverName,
  signatureAlgorithms,
  supportedVersions,
} from './testing.ts';

function helloOf(parts: HelloParts): ClientHello {
  const hello = readClientHello(clientHello(parts), false);
  if (hello === undefined) throw new Error('the hello of the test is damaged');
  return hello;
}

/** The example of FoxIO's description of JA4, in another order. */
const CHROME: HelloParts = {
  ciphers: [
    0x1a1a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
    0x002f, 0x0035,
  ],
  extensions: [
    extension(0x2a2a),
    extension(0x001b),
    serverName('example.org'),
    extension(0x0033),
    alpn('h2', 'http/1.1'),
    extension(0x4469),
    extension(0x0017),
    extension(0x002d),
    signatureAlgorithms(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601),
    extension(0x0005),
    extension(0x0023),
    extension(0x0012),
    supportedVersions(0x3a3a, 0x0304, 0x0303),
    extension(0xff01),
    pointFormats(0),
    groups(0x4a4a, 29, 23, 24),
    extension(0x0015),
  ],
};

describe('JA3', () => {
  it.each([
    // The examples of its description.
    ['769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0', 'ada70206e40642a3e4461f35503241d5'],
    ['769,4-5-10-9-100-98-3-6-19-18-99,,,', 'de350869b8c85de67a350c8d186f11e6'],
  ])('of %s is %s', (text, expected) => {
    const [version, ciphers, extensions, curves, formats] = text
      .split(',')
      .map((part) => (part === '' ? [] : part.split('-').map(Number)));
    const known = new Map([
      [10, groups(...curves)],
      [11, pointFormats(...formats)],
    ]);
    const hello = helloOf({
      version: version[0],
      ciphers,
      ...(extensions.length > 0 ? { extensions: extensions.map((type) => known.get(type) ?? extension(type)) } : {}),
    });
    expect(ja3Text(hello)).toBe(text);
    expect(md5Of(ja3Text(hello))).toBe(expected);
  });

  it('leaves GREASE out', () => {
    expect(ja3Text(helloOf(CHROME))).toBe(
      '771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,' +
        '27-0-51-16-17513-23-45-13-5-35-18-43-65281-11-10-21,29-23-24,0',
    );
  });

  it('of a server has version, cipher and extensions', () => {
    const body = serverHello({ selectedVersion: 0x0304, cipher: 0x1301, extensions: [extension(51)] });
    const hello = readServerHello(body);
    expect(hello && ja3sText(hello)).toBe('771,4865,43-51');
    expect(hello && md5Of(ja3sText(hello))).toBe('f4febc55ea12b31ae17cfb7e614afda8');
  });
});

describe('JA4', () => {
  it('is the example of its description', () => {
    expect(ja4(helloOf(CHROME), 'tls')).toBe('t13d1516h2_8daaf6152771_e5627efa2ab1');
    expect(ja4(helloOf(CHROME), 'quic')).toBe('q13d1516h2_8daaf6152771_e5627efa2ab1');
  });

  it('of a hello without extensions has no hash of them', () => {
    expect(ja4(helloOf({ version: 0x0301, ciphers: [] }), 'tls')).toBe('t10i000000_000000000000_000000000000');
    // Those that are not hashed do not count.
    const hello = helloOf({ version: 0x0301, extensions: [serverName('a.example'), alpn('h2')] });
    expect(ja4(hello, 'tls')).toBe('t10d0202h2_c1929292aa6b_000000000000');
  });

  it('has no underscore where there are no signature algorithms', () => {
    expect(ja4(helloOf({ extensions: [extension(23)] }), 'tls')).toBe('t12i020100_c1929292aa6b_1ca028f07214');
    expect(ja4(helloOf({ extensions: [extension(23), signatureAlgorithms(0x0403)] }), 'tls')).toBe(
      't12i020200_c1929292aa6b_eae628536efc',
    );
  });

  it('counts to 99', () => {
    const ciphers = Array.from({ length: 150 }, (_, i) => i + 1);
    expect(ja4(helloOf({ ciphers }), 'tls').slice(0, 10)).toBe('t12i990000');
  });

  it.each([
    ['h2', 'h2'],
    ['http/1.1', 'h1'],
    ['a', 'aa'],
    ['', '00'],
    ['\xab', 'ab'],
    ['\xab\xcd', 'ad'],
    ['0\xab', '3b'],
    ['0\xab\xcd0', '00'],
    ['h3-\x01', '61'],
  ])('has for the protocol %j the mark %s', (name, mark) => {
    expect(ja4(helloOf({ extensions: [alpn(name)] }), 'tls').slice(8, 10)).toBe(mark);
  });

  it.each([
    [[0x0303, 0x0304, 0x0a0a], '13'],
    [[0xfefd, 0xfefc], 'd3'],
    [[0x0a0a], '12'],
    [[0x7f17, 0x0303], '00'],
  ])('takes of the versions %j the highest', (versions, mark) => {
    const hello = helloOf({ extensions: [supportedVersions(...versions)] });
    expect(ja4(hello, 'tls').slice(1, 3)).toBe(mark);
  });
});

describe('the version that is offered', () => {
  it('is that of the hello where there is no list', () => {
    expect(offeredVersion(helloOf({ version: 0x0302 }))).toBe(0x0302);
    expect(offeredVersion(helloOf(CHROME))).toBe(0x0304);
  });
});
