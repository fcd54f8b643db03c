import { once } from 'node:events';
import * as nodeHttp2 from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fact } from '../../../../../contract/facts.ts';
import { http } from '../http/index.ts';
import { feed, mutations, type Side } from '../testing.ts';
import { talk } from '../text-testing.ts';
import { HpackDecoder } from './hpack.ts';
import { http2 } from './http2.ts';
import { huffmanText } from './huffman.ts';

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

function fieldsOf(decoder: HpackDecoder, hex: string): string[] | undefined {
  const fields: string[] = [];
  return decoder.decode(bytesOf(hex), (name, value) => fields.push(`${name}: ${value}`)) ? fields : undefined;
}

describe('fields', () => {
  it('are decoded as in the examples of RFC 7541 C.4', () => {
    const decoder = new HpackDecoder();
    const first = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
    expect(fieldsOf(decoder, '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).toEqual(first);
    expect(fieldsOf(decoder, '8286 84be 5886 a8eb 1064 9cbf')).toEqual([...first, 'cache-control: no-cache']);
    expect(fieldsOf(decoder, '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')).toEqual([
      ':method: GET',
      ':scheme: https',
      ':path: /index.html',
      ':authority: www.example.com',
      'custom-key: custom-value',
    ]);
  });

  it('leave a table that is full, as in RFC 7541 C.5', () => {
    const decoder = new HpackDecoder();
    // The table has 256 bytes there: said by an update of its size.
    const first =
      '3fe1 0148 0333 3032 5807 7072 6976 6174 6561 1d4d 6f6e 2c20 3231 204f 6374 2032 3031 3320 3230 3a31 333a';
    const rest = '3231 2047 4d54 6e17 6874 7470 733a 2f2f 7777 772e 6578 616d 706c 652e 636f 6d';
    expect(fieldsOf(decoder, `${first}${rest}`)).toHaveLength(4);
    expect(fieldsOf(decoder, '4803 3330 37c1 c0bf')).toEqual([
      ':status: 307',
      'cache-control: private',
      'date: Mon, 21 Oct 2013 20:13:21 GMT',
      'location: https://www.example.com',
    ]);
    // The oldest, ":status: 302", went when "307" came.
    expect(fieldsOf(decoder, 'c2')).toBeUndefined();
  });

  it.each(['80', 'ff', '4001', '40ff ffff ffff ff7f', '3fff ffff 7f', '0085 ffff ffff ff'])(
    'are refused: %s',
    (hex) => {
      expect(fieldsOf(new HpackDecoder(), hex)).toBeUndefined();
    },
  );

  it('are never more than their bytes allow, whatever these are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        let count = 0;
        new HpackDecoder().decode(bytes, () => count++);
        huffmanText(bytes, 0, bytes.length, 64);
        expect(count).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});

/** What Node's own HTTP/2 says over a loopback connection, both ways, in the order in which it came. */
async function recorded(): Promise<[Side, Uint8Array][]> {
  const said: [Side, Uint8Array][] = [];
  const server = nodeHttp2.createServer((request, response) => {
    request.resume();
    response.setHeader('server', 'test/1');
    response.setHeader('content-type', 'text/html');
    response.statusCode = request.url === '/missing' ? 404 : 200;
    response.end(`<html>${request.url}`);
  });
  const sockets: Socket[] = [];
  const proxy = createServer((client) => {
    const upstream = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(client, upstream);
    client.on('data', (bytes) => {
      said.push(['initiator', Uint8Array.from(bytes)]);
      upstream.write(bytes);
    });
    upstream.on('data', (bytes) => {
      said.push(['responder', Uint8Array.from(bytes)]);
      client.write(bytes);
    });
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const session = nodeHttp2.connect(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
  for (const [n, path] of ['/a?x=1', '/missing', '/a?x=2'].entries()) {
    const stream = session.request({
      ':method': n === 1 ? 'POST' : 'GET',
      ':path': path,
      'user-agent': 'agent~1',
      'x-all': ALL_CHARACTERS,
      authorization: 'Basic YW5uOmh1bnRlcjI=',
    });
    stream.end(n === 1 ? 'hello' : undefined);
    stream.resume();
    await once(stream, 'end');
  }
  session.close();
  await once(session, 'close');
  for (const socket of sockets) socket.destroy();
  proxy.close();
  server.close();
  return said;
}

/** What a value may hold: its Huffman codes are all that text needs. */
const ALL_CHARACTERS = Array.from({ length: 94 }, (_, n) => String.fromCharCode(0x21 + n)).join('');

describe('a conversation of another implementation', () => {
  let said: [Side, Uint8Array][];
  let facts: Fact[];
  beforeAll(async () => {
    said = await recorded();
    facts = feed(http2, said);
  });
  afterAll(() => {
    said = [];
  });

  it('is told request by request', () => {
    expect(facts[0]).toMatchObject({ type: 'protocol', protocol: 'http2' });
    const requests = facts.filter((fact) => fact.type === 'http-request');
    expect(requests.map(({ index, method, uri, userAgent }) => [index, method, uri, userAgent])).toEqual([
      [0, 'GET', '/a?x=1', 'agent~1'],
      [1, 'POST', '/missing', 'agent~1'],
      [2, 'GET', '/a?x=2', 'agent~1'],
    ]);
    expect(requests[0].host).toBe('127.0.0.1');
    expect(requests[2].headers).toContainEqual(['x-all', ALL_CHARACTERS]);
    expect(requests[1].bodyStart).toBe('hello');
    const responses = facts.filter((fact) => fact.type === 'http-response');
    expect(responses.map(({ index, status, server, bodyStart }) => [index, status, server, bodyStart])).toEqual([
      [0, 200, 'test/1', '<html>/a?x=1'],
      [1, 404, 'test/1', '<html>/missing'],
      [2, 200, 'test/1', '<html>/a?x=2'],
    ]);
    expect(facts.filter((fact) => fact.type === 'login')).toMatchObject([
      { user: 'ann', outcome: 'success', method: 'basic', protocol: 'http2' },
      { user: 'ann', outcome: 'attempt' },
    ]);
    expect(facts.filter((fact) => fact.type === 'file' && fact.kind === 'html')).toHaveLength(3);
  });

  it('says the same however it is cut', () => {
    const untimed = (all: readonly Fact[]) => all.map((fact) => JSON.stringify({ ...fact, timeUs: 0 })).sort();
    for (const segmentBytes of [1, 2, 7, 100]) {
      expect(untimed(feed(http2, said, { segmentBytes }))).toEqual(untimed(facts));
    }
  });

  it('bears damage', () => {
    for (const [index, [side, bytes]] of said.entries()) {
      for (const damaged of mutations(bytes, index + 1, 40)) {
        const others = said.map((part, at) => (at === index ? ([side, damaged] as const) : part));
        const heard = feed(http2, others);
        expect(heard.filter((fact) => fact.type === 'broken' && fact.reason === 'parser-failed')).toEqual([]);
      }
    }
  });
});

it('goes on where HTTP/1 is upgraded', () => {
  const settings = '\0\0\0\x04\0\0\0\0\0';
  const facts = feed(
    http,
    talk(
      ['>', 'GET /up HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n'],
      ['<', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'],
      ['<', `${settings}\0\0\x01\x01\x05\0\0\0\x01\x88`],
      ['>', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${settings}`],
    ),
    { others: [http2] },
  );
  expect(facts).toContainEqual(expect.objectContaining({ type: 'http-request', protocol: 'http', uri: '/up' }));
  expect(facts).toContainEqual(expect.objectContaining({ type: 'http-response', protocol: 'http2', status: 200 }));
});
