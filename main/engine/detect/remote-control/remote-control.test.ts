import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpRequestFact, HttpResponseFact } from '../../../../contract/facts.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { FINISHED, NO_ROLES, Player, type Step, type ToldFact } from '../testing.ts';
import { remoteControlDetector } from './remote-control.ts';
import { hasStagerSum } from './text-shape.ts';

const HOST = '10.0.0.7';
const SERVER = '203.0.113.9';
const EXPLORER = 'Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko';
const OPENING: readonly Step[] = ['>S', '<SA', '>A'];

/** Bytes that look encrypted, the same in every run. */
function noise(length: number, seed = 'noise'): Uint8Array {
  const blocks: Buffer[] = [];
  for (let i = 0; i * 32 < length; i++) blocks.push(createHash('sha256').update(`${seed} ${i}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}
const opaque = Buffer.from(noise(400)).toString('latin1');

function protocol(name: 'http' | 'tls', isUsualPort: boolean): Step {
  return { fact: { type: 'protocol', protocol: name, isUsualPort, fromInitiator: true } };
}

function request(parts: Partial<HttpRequestFact>): Step {
  const fact: ToldFact = {
    type: 'http-request',
    protocol: 'http',
    fromInitiator: true,
    index: 0,
    method: 'GET',
    host: SERVER,
    hostPort: -1,
    uri: '/',
    version: '1.1',
    userAgent: EXPLORER,
    referrer: '',
    contentType: '',
    contentLength: parts.bodyStart?.length ?? -1,
    user: '',
    authorization: '',
    headers: [
      ['user-agent', EXPLORER],
      ['host', SERVER],
    ],
    bodyStart: '',
    ...parts,
  };
  return { fact };
}

function response(parts: Partial<HttpResponseFact>): Step {
  const fact: ToldFact = {
    type: 'http-response',
    protocol: 'http',
    fromInitiator: false,
    index: 0,
    status: 200,
    reason: 'OK',
    server: 'nginx',
    contentType: 'text/html',
    contentLength: parts.bodyStart?.length ?? -1,
    location: '',
    headers: [],
    bodyStart: '',
    ...parts,
  };
  return { fact };
}

function certificate(commonName: string, parts: object = {}): Step {
  return {
    fact: {
      type: 'certificate',
      fromInitiator: false,
      position: 0,
      subject: `CN=${commonName}`,
      issuer: `CN=${commonName}`,
      commonName,
      issuerCommonName: commonName,
      serial: '01',
      names: [],
      notBeforeMs: Date.UTC(2020, 0, 1),
      notAfterMs: Date.UTC(2040, 0, 1),
      sha1: '',
      sha256: '',
      isSelfSigned: true,
      ...parts,
    },
  };
}

/** The path with letters behind it that bring the sum of its letters to `wanted` modulo 256. */
function stagerUri(path: string, wanted: number): string {
  const sumOf = (text: string) => [...text].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) - 47;
  for (let first = 97; first < 123; first++) {
    for (let second = 48; second < 123; second++) {
      const uri = `${path}${String.fromCharCode(first, second)}`;
      if (/[A-Za-z0-9]$/.test(uri) && sumOf(uri) % 256 === wanted) return uri;
    }
  }
  throw new Error('no letters fit');
}

interface Played {
  readonly to?: string;
  readonly port?: number;
}

function play(
  steps: readonly Step[],
  { to = SERVER, port = 80 }: Played = {},
  player = new Player(remoteControlDetector),
) {
  player.play({ from: HOST, to, port, steps: [...OPENING, ...steps], end: FINISHED });
  player.finish();
  return player.alerts;
}

const controlled = { kind: 'command-and-control', attackers: [SERVER], victims: [HOST] };
const wait = (waitSeconds: number): Step => ({ waitSeconds });

describe('control over HTTP', () => {
  it('of a stager that carries a token and gets an encrypted page', () => {
    const call = [
      request({ uri: '/admin/get.php', cookieShape: 'base64:28' }),
      response({ bodyStart: opaque, contentType: 'text/html; charset=utf-8' }),
    ];
    expect(play([protocol('http', true), ...call])).toMatchObject([{ ...controlled, severity: 'medium' }]);
    const [inClearAt443] = play([protocol('http', false), ...call], { port: 443 });
    expect(inClearAt443).toMatchObject({ ...controlled, techniques: expect.arrayContaining(['T1071.001', 'T1571']) });
  });

  it('is not driven out of the book by look-ups meanwhile', () => {
    const player = new Player(remoteControlDetector);
    const tell = player.observer.fact?.bind(player.observer);
    player.observer.fact = (flow, fact) => {
      for (let i = 1; fact.type === 'http-response' && i < 10_000; i++) {
        const { timeUs, fromInitiator } = fact;
        const lookUp = { ...flow, id: flow.id + i, protocol: PROTOCOL.udp };
        tell?.(lookUp, { type: 'protocol', protocol: 'snmp', isUsualPort: true, timeUs, fromInitiator });
      }
      tell?.(flow, fact);
    };
    // A path that may be one by chance waits for its answer.
    const uri = stagerUri('/4o7uGNxaHb3Eg0AcpMo7Pg-D8qF', 98);
    const calls = [5, 6, 5, 7, 6, 5, 6].flatMap((seconds) => [request({ uri }), response({}), wait(seconds)]);
    expect(play([protocol('http', true), ...calls], {}, player)).toMatchObject([controlled]);
  });

  it('of a beacon with an encrypted cookie that calls at a steady pace', () => {
    const calls = [60, 71, 55, 64, 58, 69].flatMap((seconds) => [
      request({ uri: '/pixel.gif', cookieShape: 'base64:172' }),
      response({ contentType: 'application/octet-stream', contentLength: 0 }),
      wait(seconds),
    ]);
    const [alert] = play([protocol('http', true), ...calls]);
    expect(alert).toMatchObject({ ...controlled, severity: 'medium' });
    expect(alert?.evidence.map(({ name }) => name)).toContain('calls at a steady pace');
  });

  it('of an agent that introduces itself in base64 and is given tasks', () => {
    const about = { host: 'web1', username: 'root', pid: 61, architecture: 'amd64', sleep: 5 };
    const tasks = { sleep: 30, watchdog: 0, instructions: '[]', padding: 'x'.repeat(20) };
    const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64');
    const agent = { userAgent: 'Go-http-client/1.1', headers: [['host', SERVER]] as const };
    const steps = [
      request({ ...agent, method: 'POST', uri: '/beacon', bodyStart: base64(about) }),
      response({ contentType: 'text/plain', bodyStart: base64(tasks) }),
    ];
    expect(play([protocol('http', true), ...steps])).toMatchObject([{ ...controlled, severity: 'high' }]);
  });

  it('of a bot that posts one encoded value to a random path of a bare address', () => {
    const value = encodeURIComponent(Buffer.from(noise(300)).toString('base64'));
    const steps = [
      request({
        method: 'POST',
        uri: '/OK21pqJAtyyGBEo00sk',
        contentType: 'application/x-www-form-urlencoded',
        bodyStart: `k=${value}`,
      }),
      response({ bodyStart: opaque }),
    ];
    expect(play([protocol('http', false), ...steps], { port: 7080 })).toMatchObject([{ severity: 'high' }]);
  });

  it('of a bot that hides its message in the address, and goes from server to server', () => {
    const player = new Player(remoteControlDetector);
    const call = (host: string) =>
      request({
        host,
        userAgent: '',
        headers: [['host', host]],
        uri: `/r07n/?Bz=${Buffer.from(noise(90)).toString('base64url')}`,
      });
    play([protocol('http', true), call('one.example')], { to: '198.51.100.1' }, player);
    play([protocol('http', true), call('two.example')], {}, player);
    expect(player.alerts.find(({ attackers }) => attackers.includes(SERVER))).toMatchObject({ severity: 'low' });
  });

  it('of a framework whose addresses add up, asked again and again', () => {
    const uri = stagerUri('/4o7uGNxaHb3Eg0AcpMo7Pg-D8qF', 98);
    const calls = [5, 6, 5, 7, 6, 5, 6].flatMap((seconds) => [request({ uri }), wait(seconds)]);
    expect(play([protocol('http', true), ...calls])).toMatchObject([{ ...controlled, severity: 'medium' }]);
  });

  it('of a bot that tries one server after another', () => {
    const player = new Player(remoteControlDetector);
    const post = (host: string) =>
      request({
        host,
        method: 'POST',
        uri: '/76N1Lm.php?n=x4tk7t4jo6',
        contentType: 'application/x-www-form-urlencoded',
        bodyStart: `z=${Buffer.from(noise(64)).toString('hex')}`,
      });
    play([protocol('http', true), post('one.example')], { to: '198.51.100.1' }, player);
    play([protocol('http', true), post('two.example')], {}, player);
    const alert = player.alerts.find(({ attackers }) => attackers.includes(SERVER));
    expect(alert).toMatchObject({ ...controlled, severity: 'medium' });
  });

  it('does not accuse an address that must not be acted on', () => {
    const player = new Player(remoteControlDetector, { ...NO_ROLES, mayBeAttacker: () => false });
    const steps = [request({ cookieShape: 'base64:172' }), response({ bodyStart: opaque })];
    const [alert] = play([protocol('http', true), ...steps], {}, player);
    expect(alert).toMatchObject({ attackers: [], victims: [HOST] });
    expect(alert?.explanation).toContain('never named as attacker');
  });
});

describe('who asks in vain', () => {
  const scanner = { userAgent: 'Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)' };
  const refused = response({ status: 404, contentType: 'text/html', bodyStart: '<html>no</html>' });
  /** Of a list of names those that have the sum of a stager by chance. */
  const words = Array.from({ length: 20_000 }, (_, i) => `/${(36 ** 5 + i * 7).toString(36)}`).filter(hasStagerSum);

  it('may do it often by chance', () => expect(words.length).toBeGreaterThan(200));

  it('is no stager: a path that is refused says nothing', () => {
    const steps = words.slice(0, 6).flatMap((uri) => [request({ ...scanner, uri }), refused, wait(4)]);
    expect(play([protocol('http', true), ...steps])).toEqual([]);
  });

  it('goes through a list of names, though some of them are there', () => {
    const steps = words
      .slice(0, 200)
      .flatMap((uri, i): Step[] => [
        request({ ...scanner, uri }),
        i % 20 === 19 ? response({ bodyStart: '<html>yes</html>' }) : refused,
      ]);
    expect(play([protocol('http', true), ...steps, wait(1)])).toEqual([]);
  });

  it('but who is served, now and then, is told as before', () => {
    const [uri] = words;
    const calls = [5, 6, 5, 7, 6, 5, 6].flatMap((seconds) => [
      request({ ...scanner, uri }),
      response({ contentType: 'application/octet-stream', bodyStart: opaque }),
      wait(seconds),
    ]);
    expect(play([protocol('http', true), ...calls])).toMatchObject([controlled]);
  });
});

describe('who carries something away', () => {
  const post = (contentLength: number) =>
    request({
      method: 'POST',
      uri: '/upload',
      userAgent: 'curl/8.5.0',
      contentType: 'application/x-www-form-urlencoded',
      bodyStart: opaque,
      contentLength,
    });

  it.each<[string, Step[]]>([
    ['once, and nothing comes back', [post(300_000)]],
    ['once, and is thanked with nothing', [post(300_000), response({ status: 204, contentLength: 0 })]],
    ['in large pieces', [1, 2, 3].flatMap(() => [post(40_000_000), response({ bodyStart: 'ok' })])],
  ])('%s, is not controlled', (_name, steps) => {
    expect(play([protocol('http', false), ...steps], { port: 8_000 })).toEqual([]);
  });

  it('and asks again in small messages may be', () => {
    const steps = [1, 2, 3].flatMap(() => [post(600), response({ bodyStart: 'wait' }), wait(9)]);
    expect(play([protocol('http', false), ...steps], { port: 8_000 })).toMatchObject([controlled]);
  });
});

describe('ordinary HTTP', () => {
  const browser = [
    ['accept-language', 'en'],
    ['accept-encoding', 'gzip'],
    ['user-agent', EXPLORER],
  ] as const;

  it.each<[string, Step[]]>([
    [
      'a form of a web page',
      [
        request({
          headers: browser,
          host: 'shop.example',
          method: 'POST',
          uri: '/default.aspx',
          contentType: 'application/x-www-form-urlencoded',
          bodyStart: `__VIEWSTATE=${Buffer.from(noise(300)).toString('base64')}`,
        }),
      ],
    ],
    [
      'a check of a certificate',
      [
        request({
          host: 'ocsp.example',
          userAgent: 'Microsoft-CryptoAPI/10.0',
          method: 'POST',
          uri: '/',
          contentType: 'application/ocsp-request',
          bodyStart: opaque,
        }),
        response({ contentType: 'application/ocsp-response', bodyStart: opaque }),
      ],
    ],
    [
      'telemetry',
      [
        request({
          host: 'telemetry.example',
          userAgent: 'Product/1.0',
          method: 'POST',
          uri: '/v1/events',
          contentType: 'application/json',
          bodyStart: '{"platform":"linux","version":"1.2","locale":"de","events":[{"name":"start"}]}',
        }),
        response({ contentType: 'application/json', bodyStart: '{"status":"ok","interval":3600}' }),
      ],
    ],
    [
      'a package manager',
      [
        request({
          host: 'deb.example.org',
          userAgent: 'Debian APT-HTTP/1.3 (2.6.1)',
          uri: '/debian/pool/main/b/bash_5.2.deb',
        }),
        response({ contentType: 'application/vnd.debian.binary-package', contentLength: 1_500_000, bodyStart: opaque }),
      ],
    ],
    [
      'an update by name',
      [
        request({
          host: 'dl.update.example.com',
          userAgent: 'Microsoft-Delivery-Optimization/10.0',
          uri: '/filestreamingservice/files/9f86d081-884c',
        }),
        response({ contentType: 'application/octet-stream', contentLength: 900_000, bodyStart: opaque }),
      ],
    ],
    [
      'the page of a device',
      [
        request({ host: '192.168.1.1', headers: browser, uri: '/index.htm' }),
        response({ bodyStart: '<html>Router</html>' }),
      ],
    ],
    [
      'a metrics scraper',
      [0, 1, 2, 3, 4, 5, 6, 7].flatMap(() => [
        request({ host: '10.0.0.9', userAgent: 'Prometheus/2.4', uri: '/metrics' }),
        response({ contentType: 'text/plain', bodyStart: 'up 1\n'.repeat(20) }),
        wait(15),
      ]),
    ],
    [
      'a program that sends a session cookie',
      [
        request({ host: 'app.example', userAgent: 'App/1.0', cookieShape: 'hex:32' }),
        response({ contentType: 'application/json', bodyStart: '{"a":1}' }),
      ],
    ],
    [
      'a page in UTF-16',
      [
        request({ host: 'old.example', userAgent: 'App/1.0' }),
        response({ bodyStart: Buffer.from('<html>some old page</html>'.repeat(5), 'utf16le').toString('latin1') }),
      ],
    ],
    ['a picture under a wrong name', [request({ host: SERVER }), response({ bodyStart: `\u0089PNG\r\n${opaque}` })]],
  ])('%s is left in peace', (_name, steps) => expect(play([protocol('http', true), ...steps])).toEqual([]));

  it('a cookie that the server itself has set is no token', () => {
    const first = [request({}), response({ headers: [['set-cookie', 'id=*']] })];
    expect(play([protocol('http', true), ...first, request({ cookieShape: 'base64:172' })])).toEqual([]);
  });
});

describe('control in no known protocol', () => {
  const bytes = (from: '>' | '<', content: Uint8Array): Step => ({ from, bytes: content });
  const sized = (length: number) => Buffer.from(Uint32Array.of(length).buffer);

  it('that loads a stage into memory', () => {
    const stage = Buffer.concat([Buffer.from('MZ'), noise(2_998)]);
    const steps = [bytes('<', sized(3_000)), bytes('<', stage.subarray(0, 1_400)), bytes('<', stage.subarray(1_400))];
    const [alert] = play(steps, { port: 4444 });
    expect(alert).toMatchObject({ ...controlled, severity: 'medium' });
    expect(alert?.techniques).toContain('T1105');
  });

  it('that is told a computer and keeps the line open', () => {
    const beats = Array.from({ length: 6 }, () => ['> ALIVE?\n', wait(10)] as Step[]).flat();
    const steps: Step[] = [
      '< INFO|556\r\n',
      '> INFO|192.168.126.143|US|NO|Administrator / PC-1|Windows XP Service Pack 3|Intel(R) Core(TM)|1024 MB\n',
      ...beats,
    ];
    expect(play(steps, { port: 4433 })).toMatchObject([{ ...controlled, severity: 'medium' }]);
  });

  it('whose both ends keep words apart by the same row of signs, and that reports by the clock', () => {
    const beat: Step[] = ['> act#*!&desktop', wait(4)];
    const steps: Step[] = [
      '> in#*!&UEMx#*!&ann#*!&25-11-21#*!&0.7',
      ...beat,
      '< scr#*!&',
      '> seen',
      ...beat,
      ...beat,
      '< 9\0run#*!&dir',
      '> done',
      ...Array.from({ length: 8 }, () => beat).flat(),
    ];
    const [alert] = play(steps, { port: 5_552 });
    expect(alert).toMatchObject({ ...controlled, severity: 'medium' });
    expect(alert?.evidence.map(({ name }) => name)).toContain('orders by name with the same separators');
  });

  it.each<[string, Step]>([
    [
      'separators of its own',
      "> 149\0ll|'|'|SGFjS2Vk|'|'|PC|'|'|ann|'|'|14-05-27|'|'||'|'|Win XP ProfessionalSP2 x86|'|'|No",
    ],
    [
      'frames with packed data',
      bytes('>', Buffer.concat([Buffer.from('Gh0st'), sized(113), sized(300), Buffer.from([0x78, 0x9c]), noise(98)])),
    ],
  ])('that has %s', (_name, step) => {
    const [alert] = play([step, '< ok\n', step], { port: 1177 });
    expect(alert).toMatchObject(controlled);
  });

  it.each<[string, Step[]]>([
    ['a challenge of 256 bytes', [bytes('>', noise(256, 'challenge')), bytes('<', noise(256, 'answer'))]],
    ['hexadecimal both ways', ['< 8EA4AB05FA7E', '> B47CB892B702', '< 9F2C11AB']],
    ['a program unasked', [bytes('<', Buffer.concat([Buffer.from('7f454c46', 'hex'), noise(2_000)]))]],
  ])('that begins with %s', (_name, steps) => {
    expect(play(steps, { port: 3460 })).toMatchObject([{ ...controlled, severity: 'low' }]);
  });

  it.each<[string, Step[]]>([
    [
      'a queue with frames by length',
      [bytes('>', Buffer.concat([sized(40), noise(40)])), bytes('<', Buffer.concat([sized(2_000), noise(2_000)]))],
    ],
    [
      'a game',
      [
        bytes('<', noise(40, 'hello')),
        ...Array.from({ length: 8 }, () => [bytes('>', noise(12, 'move')), wait(5), bytes('<', noise(60))]).flat(),
      ],
    ],
    ['a login banner', ['< +OK ready\r\n', '> USER ann\r\n', '< +OK\r\n']],
    ['a heartbeat', Array.from({ length: 8 }, () => ['> PING\n', '< PONG\n', wait(30)] as Step[]).flat()],
    ['markup in a chat', ['< ann**** hello\n', '< bob**** hi\n', '> me**** hello\n', '< ann<*>!\n', '> me<3\n']],
    ['ornaments', ['< *** welcome *** to *** the *** server ***\n', '> hello\n']],
  ])('%s is left in peace', (_name, steps) => expect(play(steps, { port: 9_999 })).toEqual([]));

  it('nothing of it counts once the protocol is told', () => {
    const steps: Step[] = [
      '< INFO|1\r\n',
      '> Administrator|Windows 10|Intel(R) Core(TM)|x64\n',
      protocol('http', true),
    ];
    expect(play(steps, { port: 4433 })).toEqual([]);
  });

  it('random bytes do no harm', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 300 })), { maxLength: 12 }), (sent) => {
        const steps = sent.map(([fromHost, some]): Step => ({ from: fromHost ? '>' : '<', bytes: some }));
        expect(play(steps, { port: 4444 }).filter(({ severity }) => severity !== 'low')).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('control over TLS', () => {
  const at = (name: string, parts?: object) => [protocol('tls', false), certificate(name, parts)];

  it.each([
    ['a tool that nobody renamed', at('AsyncRAT Server'), 'high'],
    ['a well-known company', at('www.microsoft.com'), 'medium'],
    ['made-up letters', at('xkTq9Zb2'), 'low'],
  ])('shows by a certificate of %s', (_name, steps, severity) => {
    expect(play(steps, { port: 6606 })).toMatchObject([{ ...controlled, severity }]);
  });

  it('shows by calls to a server outside that nobody names or vouches for', () => {
    const player = new Player(remoteControlDetector);
    const subject = 'CN=rgb.example.info,O=Acme,C=GB';
    for (const _ of [1, 2]) play(at('rgb.example.info', { subject }), { port: 449 }, player);
    expect(player.alerts).toMatchObject([{ ...controlled, severity: 'low' }]);
    const placeholders = at('localhost', { subject: 'CN=localhost,O=Internet Widgits Pty Ltd,ST=Some-State,C=AU' });
    expect(play(placeholders, { port: 443 })).toMatchObject([{ ...controlled, severity: 'low' }]);
  });

  it.each([
    ['a device of the own network', at('nas.local'), { to: '10.0.0.2', port: 5001 }],
    ['a small mail server', at('mail.example.org'), { port: 465 }],
    [
      'a public authority',
      at('www.example.org', { isSelfSigned: false, issuer: 'CN=R3,O=Encrypt', issuerCommonName: 'R3' }),
      { port: 8443 },
    ],
  ])('not by that of %s', (_name, steps, place) => expect(play(steps, place)).toEqual([]));
});
