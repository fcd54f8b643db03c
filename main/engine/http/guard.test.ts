import { describe, expect, it } from 'vitest';
import { type Asked, isFromOwnPage, isLocal, isLoopbackAddress, judge, ownHosts } from './guard.ts';

const PLACE = {
  scheme: 'http',
  port: 7470,
  hosts: ownHosts('http', '127.0.0.1', 7470, ['box.lan', 'proxied.example:443']),
} as const;

function asked(headers: Asked['headers'], changes: Partial<Asked> = {}): Asked {
  return {
    method: 'GET',
    path: '/',
    isUpgrade: false,
    localAddress: '127.0.0.1',
    headers: { host: '127.0.0.1:7470', ...headers },
    ...changes,
  };
}

describe('the name that was asked for', () => {
  it.each(['127.0.0.1:7470', 'localhost:7470', 'LOCALHOST:7470', '[::1]:7470', 'box.lan:7470', 'proxied.example:443'])(
    'may be %s',
    (host) => expect(judge(asked({ host }), PLACE)).toBeUndefined(),
  );

  it.each([
    undefined,
    '',
    'evil.example',
    'evil.example:7470',
    '127.0.0.1',
    '127.0.0.1:80',
    'localhost:7470.evil.example',
    'box.lan',
    '127.0.0.1:7470 ',
    '0x7f.1:7470',
    ['127.0.0.1:7470', 'evil.example'],
  ])('may not be %s', (host) => expect(judge(asked({ host }), PLACE)?.code).toBe('wrong-host'));

  it.each([
    ['192.0.2.7', '192.0.2.7:7470', true],
    ['::ffff:192.0.2.7', '192.0.2.7:7470', true],
    ['2001:db8::7', '[2001:DB8::7]:7470', true],
    ['192.0.2.7', '192.0.2.8:7470', false],
    ['192.0.2.7', '192.0.2.7', false],
    ['', ':7470', false],
  ])('may be the address that the connection came to: %s by %s', (localAddress, host, expected) => {
    expect(judge(asked({ host }, { localAddress }), PLACE) === undefined).toBe(expected);
  });

  it('needs no port where it is the usual one', () => {
    const hosts = ownHosts('https', '::1', 443, []);
    expect([...hosts].sort()).toEqual(expect.arrayContaining(['[::1]', '[::1]:443', 'localhost', 'localhost:443']));
  });
});

describe('where a request comes from', () => {
  const ours = 'http://127.0.0.1:7470';
  it.each([
    [{}, {}],
    [{ origin: ours }, { method: 'POST' }],
    [{ origin: ours, 'sec-fetch-site': 'same-origin' }, { method: 'POST' }],
    [{ 'sec-fetch-site': 'none' }, {}],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, {}],
  ])('may be %o', (headers, changes) => expect(judge(asked(headers, changes), PLACE)).toBeUndefined());

  it.each([
    [{ origin: 'http://127.0.0.1:5000' }, { method: 'POST' }],
    [{ origin: 'http://localhost:7470' }, {}],
    [{ origin: 'https://127.0.0.1:7470' }, {}],
    [{ origin: 'null' }, { method: 'POST' }],
    [{ origin: [ours, ours] }, {}],
    [{ 'sec-fetch-site': 'same-site' }, {}],
    [{ 'sec-fetch-site': 'cross-site' }, {}],
    [{ 'sec-fetch-site': 'odd' }, {}],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }, {}],
    [
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' },
      { method: 'POST' },
    ],
    [{ 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'websocket' }, { isUpgrade: true }],
  ])('may not be %o', (headers, changes) =>
    expect(judge(asked(headers, changes), PLACE)?.code).toBe('forbidden-origin'),
  );

  it('must be told where a cookie speaks for what changes something', () => {
    expect(isFromOwnPage(asked({}))).toBe(true);
    expect(isFromOwnPage(asked({}, { method: 'POST' }))).toBe(false);
    expect(isFromOwnPage(asked({}, { isUpgrade: true }))).toBe(false);
    expect(isFromOwnPage(asked({ origin: ours }, { method: 'POST' }))).toBe(true);
  });
});

describe('a program of this computer', () => {
  it('is known by its address, the name it uses, and that nobody is in between', () => {
    expect(isLocal(asked({}), '127.0.0.1')).toBe(true);
    expect(isLocal(asked({ host: '[::1]:7470' }), '::1')).toBe(true);
    expect(isLocal(asked({}), '192.0.2.1')).toBe(false);
    expect(isLocal(asked({ host: 'box.lan:7470' }), '127.0.0.1')).toBe(false);
    expect(isLocal(asked({ 'x-forwarded-for': '192.0.2.1' }), '127.0.0.1')).toBe(false);
  });

  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::ffff:127.0.0.1', true],
    ['::1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['128.0.0.1', false],
    ['127.0.0.1.evil.example', false],
  ])('%s is loopback: %s', (address, expected) => expect(isLoopbackAddress(address)).toBe(expected));
});
