import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Fact, FileFact, HttpRequestFact, HttpResponseFact, LoginFact } from '../../../../../contract/facts.ts';
import { ssh } from '../ssh/ssh.ts';
import { type FeedOptions, feed } from '../testing.ts';
import { base64, type Exchange, GET_REQUEST, HTML_RESPONSE, HTTP_CONVERSATION, talk } from '../text-testing.ts';
import { websocket } from '../websocket.ts';
import { http } from './http.ts';

const md5 = (text: string) => hash('md5', Buffer.from(text, 'latin1'));

function hear(said: Exchange, options?: FeedOptions) {
  const facts = feed(http, said, options);
  const of = <T extends Fact['type']>(type: T) => facts.filter((fact) => fact.type === type);
  return {
    facts,
    requests: of('http-request') as HttpRequestFact[],
    responses: of('http-response') as HttpResponseFact[],
    files: of('file') as FileFact[],
    logins: of('login') as LoginFact[],
  };
}

/** What becomes of one request, as a login. */
function loginOf(request: string, response: string): LoginFact | undefined {
  return hear(talk(['>', request], ['<', response])).logins[0];
}

/** Put together, for it is meant as it stands. */
const CODE = ['$', '{jndi:ldap://y}'].join('');
const ok = (body: string, fields = '') => `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;

describe('a request and its response', () => {
  it('are told with what they say', () => {
    const { facts, requests, responses, files } = hear(talk(['>', GET_REQUEST], ['<', HTML_RESPONSE]));
    expect(facts[0]).toMatchObject({ type: 'protocol', protocol: 'http', isUsualPort: true });
    expect(requests).toMatchObject([
      {
        index: 0,
        method: 'GET',
        host: 'www.example.org',
        hostPort: 8080,
        uri: '/a/b.html?x=1',
        version: '1.1',
        userAgent: 'curl/8',
        referrer: 'http://r/',
        contentLength: -1,
        fromInitiator: true,
        headers: [
          ['host', 'www.example.org:8080'],
          ['user-agent', 'curl/8'],
          ['referer', 'http://r/'],
        ],
      },
    ]);
    const response = { index: 0, status: 200, reason: 'OK', server: 'nginx', contentLength: 6, bodyStart: '<html>' };
    expect(responses).toMatchObject([{ ...response, fromInitiator: false }]);
    const file = { name: 'b.html', kind: 'html', claimedType: 'text/html', bytes: 6, isWhole: true };
    expect(files).toMatchObject([{ ...file, md5: md5('<html>'), fromInitiator: false }]);
  });

  it('are paired in order on one connection, with and without bodies', () => {
    const { requests, responses, files, logins } = hear(HTTP_CONVERSATION);
    expect(requests.map(({ index, method, host, hostPort, uri }) => [index, method, host, hostPort, uri])).toEqual([
      [0, 'GET', 'www.example.org', 8080, '/a/b.html?x=1'],
      [1, 'HEAD', '::1', 81, '/h'],
      [2, 'GET', 'x', -1, '/c'],
      [3, 'POST', 'x', -1, '/login'],
      [4, 'GET', 'x', -1, '/private'],
      [5, 'GET', '', -1, '/last'],
    ]);
    expect(requests[2].headers).toContainEqual(['x-folded', 'a b']);
    expect(responses.map(({ index, status }) => [index, status])).toEqual([
      [0, 200],
      [1, 200],
      [2, 200],
      [3, 100],
      [3, 302],
      [4, 401],
      [5, 200],
    ]);
    const script = '#!/bin/sh\necho hello to all of you';
    expect(files.map(({ name, kind, bytes, md5: sum, isWhole }) => [name, kind, bytes, sum, isWhole])).toEqual([
      ['b.html', 'html', 6, md5('<html>'), true],
      ['a b.sh', 'script', script.length, md5(script), true],
      ['private', 'text', 2, md5('no'), true],
      ['last', 'text', 25, md5('until the connection ends'), true],
    ]);
    expect(logins.map(({ user, method, outcome }) => [user, method, outcome])).toEqual([
      ['ann', 'form', 'failure'],
      ['bob', 'basic', 'failure'],
    ]);
  });

  it('are found when the conversation was met in the middle, and from the other side', () => {
    expect(hear(talk(['<', HTML_RESPONSE])).responses).toMatchObject([{ index: 0, status: 200 }]);
    const turned = hear(talk(['<', GET_REQUEST], ['>', HTML_RESPONSE]));
    expect(turned.requests).toMatchObject([{ uri: '/a/b.html?x=1', fromInitiator: false }]);
    expect(turned.responses).toMatchObject([{ status: 200, fromInitiator: true }]);
  });

  it('are told when the response comes before the body of the request', () => {
    const head = 'POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345';
    const { requests, responses } = hear(
      talk(['>', head], ['<', 'HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n']),
    );
    expect(requests).toMatchObject([{ uri: '/up', bodyStart: '12345', fromInitiator: true }]);
    expect(responses).toMatchObject([{ status: 413, index: 0 }]);
  });

  it('say that they are of WinRM, once', () => {
    const post = (uri: string) => `POST ${uri} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n`;
    const winrm = (uri: string, responderPort: number) =>
      hear(talk(['>', post(uri)], ['<', ok('')], ['>', post(uri)]), { responderPort }).facts.filter(
        (fact) => fact.type === 'protocol' && fact.protocol === 'winrm',
      );
    expect(winrm('/wsman?PSVersion=5.1', 5_985)).toMatchObject([{ isUsualPort: true, fromInitiator: true }]);
    expect(winrm('/wsman', 8_888)).toMatchObject([{ isUsualPort: false }]);
    expect(winrm('/wsmanual', 5_985)).toEqual([]);
  });

  it('survive what servers overlook', () => {
    const { requests } = hear(talk(['>', '\r\nGET  /x  HTTP/1.0 \nHost : y\nNonsense\n\n']));
    expect(requests).toMatchObject([{ uri: '/x', host: 'y', version: '1.0' }]);
  });

  it.each([
    ['GET /x\nHost: y\n\n', '/x', '0.9'],
    ['HEAD /HTTP/1.1\r\nhost: y\r\n\r\n', '/HTTP/1.1', '0.9'],
    ['GET / HTTP/1.\r\nHost: y\r\n\r\n', '/', '1.'],
    ['OPTIONS HTTP/1.1\r\nHost: y\r\n\r\n', '', '1.1'],
  ])('are told where the request is not well formed: %j', (request, uri, version) => {
    expect(hear(talk(['>', request])).requests).toMatchObject([{ host: 'y', uri, version }]);
  });

  it('hold no more than is allowed of too many and too long fields', () => {
    const fields = Array.from({ length: 1_500 }, (_, n) => `X-${n}: ${n}\r\n`).join('');
    const request = `GET /x HTTP/1.1\r\n${fields}Content-Length: 3\r\nX: ${'y'.repeat(40_000)}\r\n\r\nabcGET /y HTTP/1.1\r\n\r\n`;
    const { requests } = hear(talk(['>', request]));
    expect(requests.map(({ uri, headers }) => [uri, headers.length])).toEqual([
      ['/x', 128],
      ['/y', 0],
    ]);
    const endless = hear(talk(['>', `GET /x HTTP/1.1\r\n${'A: b\r\n'.repeat(3_000)}`]));
    expect(endless.facts).toContainEqual(expect.objectContaining({ type: 'broken', reason: 'too-many-fields' }));
  });
});

it('is told by the answer to what is no request', () => {
  const { responses, requests } = hear(talk(['>', 'NO SUCH THING\r\n\r\n'], ['<', HTML_RESPONSE]));
  expect(requests).toEqual([]);
  expect(responses).toMatchObject([{ index: 0, status: 200 }]);
});

describe('no HTTP', () => {
  it.each([
    'INVITE sip:x SIP/2.0\r\n',
    'DESCRIBE rtsp://x RTSP/1.0\r\n',
    'GET /\r\n',
    'get / HTTP/1.1\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'G\x00T / HTTP/1.1\r\n',
    'HTTP/2 200\r\n',
  ])('is told of %j', (text) => {
    expect(hear(talk(['>', text])).facts).toEqual([]);
  });
});

describe('missing bytes', () => {
  const big = 'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n';
  const body = Buffer.alloc(5_000, 'a');

  it('inside a body cost its hashes and nothing else', () => {
    const { files, responses } = hear(
      [
        ['initiator', Buffer.from('GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n')],
        ['responder', Buffer.from(big)],
        ['responder', body.subarray(0, 1_000)],
        ['responder', body.subarray(2_000)],
        ['responder', Buffer.from(HTML_RESPONSE)],
      ],
      { missing: [[3, 1_000]] },
    );
    expect(files).toMatchObject([
      { bytes: 1_000, isWhole: false, md5: md5('a'.repeat(1_000)) },
      { name: '2', isWhole: true },
    ]);
    expect(responses.map(({ index }) => index)).toEqual([0, 1]);
  });

  it('beyond a message end when the next one begins', () => {
    const { responses, requests } = hear(
      [
        ['initiator', Buffer.from('GET /1 HTTP/1.1\r\n\r\n')],
        ['responder', Buffer.from(big)],
        ['responder', Buffer.from('tail of something HTTP/1.x HTTP/1.1 no')],
        ['initiator', Buffer.from('GET /2 HTTP/1.1\r\n\r\n')],
        ['responder', Buffer.from(HTML_RESPONSE)],
      ],
      { missing: [[2, 9_000]] },
    );
    expect(requests.map(({ uri }) => uri)).toEqual(['/1', '/2']);
    expect(responses.map(({ index, bodyStart }) => [index, bodyStart])).toEqual([
      [0, ''],
      [1, '<html>'],
    ]);
  });
});

describe('files', () => {
  it('are sniffed through compression and hashed as they are transferred', () => {
    const elf = Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01', 'latin1'), Buffer.alloc(2_000, 7)]);
    const packed = gzipSync(elf);
    const head = `HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`;
    const { files } = hear([
      ...talk(['>', 'GET /p.png HTTP/1.1\r\n\r\n'], ['<', head]),
      ['responder', packed.subarray(0, 30)],
      ['responder', packed.subarray(30)],
    ]);
    expect(files).toMatchObject([
      { name: 'p.png', kind: 'elf', claimedType: 'image/png', bytes: packed.length, sha256: hash('sha256', packed) },
    ]);
  });

  it('are hashed up to a bound, and what follows them is still read', () => {
    const size = 17 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024, 'x');
    const { files, responses } = hear([
      ...talk(['>', 'GET /big HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n']),
      ['responder', Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)],
      ...Array.from({ length: 17 }, () => ['responder', piece] as const),
      ['responder', Buffer.from(HTML_RESPONSE)],
    ]);
    expect(files).toMatchObject([
      { name: 'big', bytes: 16 * 1024 * 1024, isWhole: false },
      { name: '2', isWhole: true },
    ]);
    expect(responses).toHaveLength(2);
  });

  it('are told when they are uploaded', () => {
    const { files } = hear(talk(['>', 'PUT /x.exe HTTP/1.1\r\nContent-Length: 4\r\n\r\nMZ\x90\x00'], ['<', ok('')]));
    expect(files).toMatchObject([{ name: 'x.exe', kind: 'pe', bytes: 4, fromInitiator: true }]);
  });
});

describe('logins', () => {
  const form = (fields: string) =>
    `POST /login.php HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${fields.length}\r\n\r\n${fields}`;
  const redirect = (to: string) => `HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\n\r\n`;

  it.each([
    ['a redirect elsewhere', form('user=ann&pass=x'), redirect('/home'), 'success'],
    ['a redirect back', form('user=ann&pass=x'), redirect('/login.php'), 'failure'],
    ['a redirect with an error', form('user=ann&pass=x'), redirect('/?error=1'), 'failure'],
    ['a page that refuses', form('log=ann&pwd=x'), ok('<p>Invalid password'), 'failure'],
    ['a page that says nothing', form('email=ann&password=x'), ok('<p>Hello'), 'attempt'],
    ['a token', form('{"username": "ann", "password": "x"}'), ok('{"token":"abc"}'), 'success'],
    ['a status', form('user=ann&pass=x'), 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n', 'failure'],
    ['a query', 'GET /?username=ann&password=x&Login=Login HTTP/1.1\r\n\r\n', ok('password incorrect'), 'failure'],
  ])('of forms are told by %s', (_, request, response, outcome) => {
    expect(loginOf(request, response)).toMatchObject({ user: 'ann', outcome, method: 'form', isCleartext: true });
  });

  it.each([
    ['<?xml version="1.0"?><methodResponse><params><name>isAdmin</name></params></methodResponse>', 'success'],
    ['<methodResponse><fault><string>Incorrect username or password.</string></fault></methodResponse>', 'failure'],
  ])('of XML-RPC are told by %s', (answer, outcome) => {
    const values = ['1', 'ann', 'geheim'].map((value) => `<param><value><string>${value}</string></value></param>`);
    const body = `<?xml version="1.0"?><methodCall><methodName>wp.getUsersBlogs</methodName><params>${values.join('')}</params></methodCall>`;
    const request = `POST /xmlrpc.php HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const { logins, facts } = hear(talk(['>', request], ['<', ok(answer)]));
    expect(logins).toMatchObject([{ user: 'ann', outcome, method: 'form', isCleartext: true }]);
    expect(JSON.stringify(facts)).not.toContain('geheim');
  });

  it.each([
    ['a number as the user', ['<int>1</int>', '4711', 'geheim', 'post'], ''],
    ['a number as the user alone', ['4711', 'geheim'], '4711'],
    ['a number as the password', ['ann', '20262026'.slice(1)], 'ann'],
    ['text as it is', ['ann', '<![CDATA[geheim]]>', '<![CDATA[0262026]]>'], 'ann'],
    ['more values than any call has', [...Array(130).fill('x'), 'geheim'], 'x'],
  ])('of XML-RPC keep no password: %s', (_, values, user) => {
    const body = `<methodCall><methodName>wp.getPosts</methodName>${values.map((value) => `<value>${value}</value>`).join('')}</methodCall>`;
    const request = `POST /xmlrpc.php HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const { logins, facts } = hear(talk(['>', request], ['<', ok('<name>isAdmin</name>')]));
    if (!body.includes('CDATA')) expect(logins).toMatchObject([{ user }]);
    expect(JSON.stringify(facts)).not.toMatch(/geheim|0262026/);
  });

  it('tell nobody where a key stands in the place of name and password', () => {
    const request = `GET / HTTP/1.1\r\nAuthorization: Basic ${base64('geheim')}\r\n\r\n`;
    expect(loginOf(request, ok('x'))).toMatchObject({ user: '', method: 'basic' });
  });

  it('of other XML are none, and keep it as it is', () => {
    const body = '<a><value>x</value><value>y</value></a>';
    const request = `POST / HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const { logins, requests } = hear(talk(['>', request], ['<', ok('x')]));
    expect(logins).toEqual([]);
    expect(requests[0].bodyStart).toBe(body);
  });

  it('of digests tell the user and no secret', () => {
    const request = 'GET / HTTP/1.1\r\nAuthorization: Digest username="ann, b", realm="r", response="abc"\r\n\r\n';
    expect(loginOf(request, ok('x'))).toMatchObject({ outcome: 'success', method: 'digest', isCleartext: false });
  });

  it('of JSON keep no password', () => {
    const { requests } = hear(talk(['>', form('{"user":"a", "password" : "geh\\"eim", "n": 1, "pwd":"geheim"}')]));
    expect(requests[0].bodyStart).toBe('{"user":"a", "password" : "*", "n": 1, "pwd":"*"}');
    expect(requests[0].user).toBe('a');
  });

  it('keep packed objects in cookies', () => {
    const cookie = 'a=O%3A4%3A%22Evil%22%3A0%3A%7B%7D; b=rO0ABXNy; c=Oslo; d=O:x';
    const { requests } = hear(talk(['>', `GET / HTTP/1.1\r\nCookie: ${cookie}\r\n\r\n`]));
    expect(requests[0].headers).toEqual([['cookie', 'a=O%3A4%3A%22Evil%22%3A0%3A%7B%7D; b=rO0ABXNy; c=*; d=*']]);
  });

  it('of forms without a password are none', () => {
    expect(loginOf(form('user=ann&comment=x'), ok('x'))).toBeUndefined();
  });

  it('succeed once for many requests', () => {
    const request = `GET / HTTP/1.1\r\nAuthorization: Basic ${base64('ann:hunter2')}\r\n\r\n`;
    const { logins, facts } = hear(talk(['>', request + request], ['<', ok('a') + ok('b')]));
    expect(logins).toMatchObject([{ user: 'ann', outcome: 'success', method: 'basic' }]);
    expect(JSON.stringify(facts)).not.toContain(base64('ann:hunter2'));
  });

  it('keep no secret of theirs, but code that stands in its place', () => {
    const { requests } = hear(
      talk([
        '>',
        'GET /?user=a&password=1%27+or+1%3D1--&token=2 HTTP/1.1\r\nCookie: sid=deadbeef; x=' +
          CODE +
          '\r\n\r\n' +
          'GET /?passwd=geheim HTTP/1.1\r\nX-Api-Key: abc\r\n\r\n',
      ]),
    );
    expect(requests[0].uri).toContain('password=1%27+or+1%3D1--');
    expect(requests[0].headers).toEqual([['cookie', `sid=*; x=${CODE}`]]);
    expect(requests[1].uri).toBe('/?passwd=*');
    expect(requests[1].headers).toEqual([['x-api-key', '*']]);
  });
});

describe('another protocol', () => {
  it('begins behind CONNECT, told by its bytes', () => {
    const facts = feed(
      http,
      talk(
        ['>', 'CONNECT inner:80 HTTP/1.1\r\nHost: inner:80\r\n\r\n'],
        ['<', 'HTTP/1.1 200 Established\r\n\r\n'],
        ['>', 'GET /inside HTTP/1.1\r\nHost: inner\r\n\r\n'],
        ['<', HTML_RESPONSE],
      ),
    );
    expect(facts.filter((fact) => fact.type === 'protocol')).toHaveLength(2);
    expect(facts).toContainEqual(expect.objectContaining({ type: 'http-request', uri: '/inside' }));
    expect(facts).toContainEqual(
      expect.objectContaining({ type: 'http-request', method: 'CONNECT', host: 'inner', hostPort: 80 }),
    );
  });

  it('begins behind CONNECT where both sides end their messages with a line too many', () => {
    const said = talk(
      ['>', 'CONNECT inner:80 HTTP/1.1\r\n\r\n\n'],
      ['<', 'HTTP/1.1 200 Established\r\n\r\n\n'],
      ['>', 'GET /inside HTTP/1.1\r\n\r\n\n'],
      ['<', HTML_RESPONSE],
    );
    for (const segmentBytes of [1, 10_000]) {
      const { requests, responses } = hear(said, { segmentBytes });
      expect(requests).toMatchObject([{ method: 'CONNECT' }, { uri: '/inside', fromInitiator: true }]);
      expect(responses).toMatchObject([{ status: 200 }, { status: 200, fromInitiator: false }]);
    }
  });

  it('does not begin where CONNECT is refused', () => {
    const { requests } = hear(
      talk(
        ['>', 'CONNECT inner:80 HTTP/1.1\r\n\r\n'],
        ['<', 'HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n'],
        ['>', GET_REQUEST],
      ),
    );
    expect(requests.map(({ method }) => method)).toEqual(['CONNECT', 'GET']);
  });

  it.each(['constructor', '__proto__', 'toString', 'x'])('is told by its bytes behind an upgrade to “%s”', (name) => {
    const facts = feed(
      http,
      talk(
        ['>', `GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: ${name}\r\n\r\n`],
        ['<', `HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: ${name}\r\n\r\nSSH-2.0-Server_1\r\n`],
        ['>', 'SSH-2.0-Client_1\r\n'],
      ),
      { others: [ssh] },
    );
    expect(facts).toContainEqual(expect.objectContaining({ type: 'protocol', protocol: 'ssh' }));
  });

  it('is WebSocket behind its upgrade', () => {
    const facts = feed(
      http,
      talk(
        ['>', 'GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
        ['<', 'HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello'],
        ['>', '\x81\x82\x01\x02\x03\x04\x69\x6b'],
      ),
      { others: [websocket] },
    );
    expect(facts).toContainEqual(expect.objectContaining({ type: 'protocol', protocol: 'websocket' }));
    const texts = facts.filter((fact) => fact.type === 'property');
    expect(texts.map(({ value, fromInitiator }) => [value, fromInitiator])).toEqual([
      ['hello', false],
      ['hi', true],
    ]);
  });
});
