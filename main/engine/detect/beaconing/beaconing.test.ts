import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { FINISHED, NO_ROLES, Player, type Step, type ToldFact } from '../testing.ts';
import { beaconingDetector } from './beaconing.ts';
import { exponential, jittered, randomNumbers } from './testing.ts';

const HOST = '192.168.1.20';
const OUTSIDE = '203.0.113.7';
const IMPLANT = 'Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1)';
const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const LANGUAGE = ['accept-language', 'en'] as const;

interface Request {
  readonly method?: string;
  readonly host?: string;
  readonly uri?: string;
  readonly userAgent?: string;
  readonly referrer?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly bytes?: number;
  readonly answer?: number;
  readonly index?: number;
  readonly contentType?: string;
}

function http(request: Request): Step[] {
  const {
    method = 'GET',
    host = OUTSIDE,
    uri = '/news.php',
    userAgent = IMPLANT,
    referrer = '',
    headers = [],
  } = request;
  const { bytes = -1, answer = 120, index = 0, contentType = '' } = request;
  const base = { protocol: 'http', index, headers, bodyStart: '', version: '1.1' } as const;
  return [
    {
      fact: {
        ...base,
        type: 'http-request',
        fromInitiator: true,
        method,
        host,
        hostPort: -1,
        uri,
        userAgent,
        referrer,
        contentType,
        contentLength: bytes,
        user: '',
        authorization: '',
      },
    },
    {
      fact: {
        ...base,
        type: 'http-response',
        fromInitiator: false,
        status: 200,
        reason: 'OK',
        server: '',
        contentType: 'text/html',
        contentLength: answer,
        location: '',
      },
    },
  ];
}

function protocol(name: 'http' | 'tls' | 'dns' | 'imap', isUsualPort = true): Step {
  return { fact: { type: 'protocol', protocol: name, isUsualPort, fromInitiator: true } };
}

function hello(serverName: string, ciphers: readonly number[]): Step {
  const fact: ToldFact = {
    type: 'tls-client',
    protocol: 'tls',
    fromInitiator: true,
    version: 0x0303,
    serverName,
    alpn: [],
    ciphers,
    extensions: [],
    ja3: '',
    ja3Text: '',
    ja4: '',
    sessionId: '',
  };
  return { fact };
}

const SELF_SIGNED: Step = {
  fact: {
    type: 'certificate',
    fromInitiator: false,
    position: 0,
    subject: 'CN=localhost',
    issuer: 'CN=localhost',
    commonName: 'localhost',
    issuerCommonName: 'localhost',
    serial: '01',
    names: [],
    notBeforeMs: 0,
    notAfterMs: 0,
    sha1: '',
    sha256: '',
    isSelfSigned: true,
  },
};

const SYN: readonly Step[] = ['>S', '<SA', '>A'];
const OPENSSL = [0x1302, 0x1303, 0x1301];
const CHROMIUM = [0x8a8a, 0x1301, 0x1302];
const text = (bytes: number) => 'x'.repeat(bytes);
const exchange = (sent: number, answered: number): Step[] => [`> ${text(sent)}`, `< ${text(answered)}`];

interface Series {
  readonly calls: number;
  readonly pause: () => number;
  readonly from?: string;
  readonly to?: string;
  readonly port?: number;
  readonly isRefused?: boolean;
  steps(call: number): readonly Step[];
}

/** A connection for each call. */
function playSeries(player: Player, series: Series): void {
  const { calls, pause, from = HOST, to = OUTSIDE, port = 80, isRefused = false } = series;
  for (let call = 0; call < calls; call++) {
    player.play({
      from,
      to,
      port,
      fromPort: 40_000 + call,
      steps: isRefused ? ['>S', '<RA'] : [...SYN, ...series.steps(call)],
      end: FINISHED,
    });
    player.wait(pause());
  }
}

function found(series: Series): Finding | undefined {
  const player = new Player(beaconingDetector);
  playSeries(player, series);
  player.finish();
  expect(player.alerts.length).toBeLessThanOrEqual(1);
  return player.alerts[0];
}

describe('beacons', () => {
  it.each([
    { pause: 2, jitter: 0, calls: 90, missing: 0 },
    { pause: 10, jitter: 0.2, calls: 40, missing: 0 },
    { pause: 60, jitter: 0.3, calls: 60, missing: 0.1 },
    { pause: 60, jitter: 0.5, calls: 60, missing: 0 },
    { pause: 300, jitter: 0.2, calls: 30, missing: 0.1 },
  ])('finds HTTP to an address every $pause s ± $jitter with $missing missing', ({ pause, jitter, calls, missing }) => {
    const random = randomNumbers(pause + calls);
    const next = jittered(pause, jitter, random);
    const finding = found({
      calls,
      pause: () => next() + (random() < missing ? next() : 0),
      steps: () => [protocol('http'), ...http({})],
    });
    expect(finding).toMatchObject({
      kind: 'beaconing',
      severity: 'medium',
      attackers: [OUTSIDE],
      victims: [HOST],
      techniques: ['T1071.001'],
    });
  });

  it('finds calls an hour apart within a day and a half', () => {
    const finding = found({
      calls: 36,
      pause: jittered(3_600, 0.3, randomNumbers(4)),
      steps: () => [protocol('http'), ...http({})],
    });
    expect(finding).toMatchObject({ severity: 'medium', attackers: [OUTSIDE] });
    expect(finding?.explanation).toContain('hours');
  }, 15_000);

  it('tells a quick one within a few minutes', () => {
    const player = new Player(beaconingDetector);
    playSeries(player, { calls: 60, pause: () => 2, steps: () => [protocol('http'), ...http({})] });
    expect(player.findings.length).toBeGreaterThan(0);
  });

  it('finds requests in one connection, whatever pages they ask for', () => {
    const player = new Player(beaconingDetector);
    const random = randomNumbers(11);
    const pages = ['/news.php', '/admin/get.php', '/login/process.php'];
    const steps: Step[] = [...SYN, protocol('http')];
    for (let index = 0; index < 40; index++) {
      steps.push(...http({ uri: pages[Math.floor(random() * 3)]!, index }), { waitSeconds: 5 });
    }
    player.play({ from: HOST, to: OUTSIDE, port: 80, steps, end: FINISHED });
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: [OUTSIDE], victims: [HOST] });
  });

  it('finds the one page that is called in a rhythm among others that are not', () => {
    const player = new Player(beaconingDetector);
    const random = randomNumbers(12);
    for (let minute = 0; minute < 60; minute++) {
      const visit = http({ uri: `/page${minute % 4}`, bytes: 900 });
      player.play({ from: HOST, to: OUTSIDE, port: 80, steps: [...SYN, protocol('http'), ...http({})], end: FINISHED });
      const early = 5 + random() * 50;
      player.wait(early);
      if (random() < 0.6)
        player.play({ from: HOST, to: OUTSIDE, port: 80, steps: [...SYN, protocol('http'), ...visit], end: FINISHED });
      player.wait(60 - early);
    }
    player.finish();
    expect(player.alerts).toHaveLength(1);
  });

  it('finds messages after a silence in one encrypted connection', () => {
    const player = new Player(beaconingDetector);
    const pause = jittered(30, 0.3, randomNumbers(13));
    const steps: Step[] = [...SYN, protocol('tls', false), hello('', OPENSSL), ...exchange(300, 1_200)];
    for (let call = 0; call < 60; call++) steps.push({ waitSeconds: pause() }, ...exchange(420, 260));
    player.play({ from: HOST, to: OUTSIDE, port: 4443, steps, end: FINISHED });
    player.finish();
    expect(player.alerts[0]).toMatchObject({
      severity: 'medium',
      attackers: [OUTSIDE],
      techniques: ['T1573', 'T1071.001', 'T1571'],
    });
  });

  it('follows a connection that is cut for its length', () => {
    const player = new Player(beaconingDetector);
    const pause = jittered(30, 0.3, randomNumbers(14));
    let former = 0;
    for (let piece = 0; piece < 3; piece++) {
      const steps: Step[] = piece === 0 ? [...SYN, protocol('tls'), hello('', OPENSSL), SELF_SIGNED] : [];
      for (let call = 0; call < 12; call++) steps.push(...exchange(420, 260), { waitSeconds: pause() });
      const flow = { id: piece + 1 } as Parameters<NonNullable<typeof player.observer.flowRenewed>>[1];
      if (piece > 0) player.observer.flowRenewed?.(former, flow);
      player.play({ from: HOST, to: OUTSIDE, port: 443, steps, end: piece === 2 ? FINISHED : CUT });
      former = piece + 1;
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: [OUTSIDE] });
    expect(player.alerts[0]?.evidence.find(({ name }) => name === 'calls')?.value).toBe(36);
  });

  it('finds an unknown protocol with drawn pauses', () => {
    const finding = found({
      calls: 60,
      port: 9_001,
      pause: jittered(20, 0.4, randomNumbers(15)),
      steps: () => exchange(64, 16),
    });
    expect(finding).toMatchObject({ severity: 'medium', techniques: ['T1095'], attackers: [OUTSIDE], victims: [HOST] });
  });

  it('finds new names below one domain', () => {
    const player = new Player(beaconingDetector);
    const random = randomNumbers(16);
    for (let call = 0; call < 40; call++) {
      const label = Math.floor(random() * 2 ** 48)
        .toString(16)
        .padStart(12, '0');
      ask(player, `${label}.cdn.example.org`, 'TXT');
      player.wait(60 * (0.8 + 0.4 * random()));
    }
    player.finish();
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', techniques: ['T1071.004'], victims: [HOST] });
    expect(player.alerts[0]?.title).toContain('example.org');
  });

  it('tells mildly of a host that goes on calling though nobody is there', () => {
    const player = new Player(beaconingDetector);
    for (let call = 0; call < 60; call++) {
      player.play({ from: HOST, to: OUTSIDE, port: 5_888, steps: ['>S', '<RA'], end: FINISHED });
      player.wait(10);
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'low', attackers: [OUTSIDE], victims: [HOST] });
    expect(player.alerts[0]?.explanation).toContain('nobody is there');
  });

  it('names nobody where the owner says that it is none', () => {
    const player = new Player(beaconingDetector, { ...NO_ROLES, mayBeAttacker: () => false });
    playSeries(player, {
      calls: 60,
      pause: jittered(30, 0.3, randomNumbers(1)),
      steps: () => [protocol('http'), ...http({})],
    });
    player.finish();
    for (const finding of player.alerts) expect(finding.attackers).toEqual([]);
  });

  it('finds new names also through a resolver of the owner, and does not name it', () => {
    const player = new Player(beaconingDetector, { ...NO_ROLES, mayBeAttacker: () => false, isDnsServer: () => true });
    for (let call = 0; call < 40; call++) {
      ask(player, `${(call * 2_654_435_761).toString(16).padStart(12, '0')}.example.org`, 'A');
      player.wait(60);
    }
    player.finish();
    expect(player.alerts[0]).toMatchObject({ severity: 'medium', attackers: [], victims: [HOST] });
    expect(player.alerts[0]?.explanation).toContain('may only pass it on');
  });

  it('names no proxy', () => {
    const uri = 'http://198.51.100.9/gate';
    const finding = found({
      calls: 60,
      to: '192.168.1.2',
      port: 3128,
      pause: jittered(30, 0.3, randomNumbers(1)),
      steps: () => [protocol('http'), ...http({ host: '198.51.100.9', uri })],
    });
    expect(finding).toMatchObject({ severity: 'medium', attackers: [], victims: [HOST] });
    expect(finding?.title).toContain('198.51.100.9');
    expect(finding?.explanation).toContain('192.168.1.2');
  });

  it('says it again when there is more to say, not with every call', () => {
    const player = new Player(beaconingDetector);
    playSeries(player, { calls: 300, pause: () => 5, steps: () => [protocol('http'), ...http({})] });
    player.finish();
    expect(player.findings.length).toBeGreaterThan(2);
    expect(player.findings.length).toBeLessThan(10);
    expect(new Set(player.findings.map(({ cause }) => cause)).size).toBe(1);
    expect(player.alerts[0]?.evidence[0]?.value).toBe(300);
  });
});

describe('what is as regular and no beacon', () => {
  const silent: readonly (Series & { readonly name: string })[] = [
    {
      name: 'an update that is asked for by name over TLS',
      calls: 60,
      port: 443,
      pause: () => 300,
      steps: () => [protocol('tls'), hello('updates.example.org', OPENSSL), ...exchange(500, 3_000)],
    },
    {
      name: 'telemetry of a product',
      calls: 60,
      pause: () => 60,
      steps: () => [
        protocol('http'),
        ...http({ method: 'POST', host: 'telemetry.example.org', userAgent: 'Product/3.1', bytes: 700 }),
      ],
    },
    {
      name: 'a page that is left open and asks for news',
      calls: 80,
      pause: () => 30,
      steps: () => [
        protocol('http'),
        ...http({
          host: 'news.example.org',
          userAgent: BROWSER,
          referrer: 'http://news.example.org/',
          headers: [LANGUAGE],
        }),
      ],
    },
    {
      name: 'a tab of a browser over TLS at an address',
      calls: 80,
      port: 443,
      pause: jittered(30, 0.3, randomNumbers(21)),
      steps: () => [protocol('tls'), hello('app.example.org', CHROMIUM), ...exchange(600, 900)],
    },
    {
      name: 'a mailbox that is looked into',
      calls: 60,
      to: '198.51.100.25',
      port: 143,
      pause: () => 300,
      steps: () => [protocol('imap'), ...exchange(60, 300)],
    },
    {
      name: 'a health check inside, by a script',
      calls: 100,
      to: '192.168.1.30',
      port: 8_080,
      pause: () => 10,
      steps: () => [
        protocol('http'),
        ...http({ host: '192.168.1.30', userAgent: 'python-requests/2.31', headers: [LANGUAGE], answer: 15, index: 1 }),
      ],
    },
    {
      name: 'a check from outside whether our server is there',
      from: '198.51.100.77',
      to: '192.168.1.80',
      calls: 100,
      pause: () => 60,
      steps: () => [protocol('http'), ...http({ host: '192.0.2.80', userAgent: 'curl/8.5' })],
    },
    {
      name: 'questions about certificates',
      calls: 60,
      pause: () => 60,
      steps: () => [protocol('http'), ...http({ contentType: 'application/ocsp-request', method: 'POST', bytes: 84 })],
    },
    {
      name: 'calls to an address by chance',
      calls: 100,
      pause: exponential(30, randomNumbers(23)),
      steps: () => [protocol('http'), ...http({})],
    },
    {
      name: 'a service inside that is switched off',
      calls: 60,
      to: '192.168.1.40',
      port: 9_001,
      pause: () => 30,
      isRefused: true,
      steps: () => [],
    },
  ];
  it.each(silent)('is silent about $name', (series) => {
    expect(found(series)).toBeUndefined();
  });

  it('is silent about a few bytes now and then in an open connection', () => {
    const player = new Player(beaconingDetector);
    const steps: Step[] = [...SYN, protocol('tls'), hello('push.example.org', OPENSSL), ...exchange(300, 3_000)];
    for (let call = 0; call < 60; call++) steps.push({ waitSeconds: 60 }, ...exchange(40, 40));
    player.play({ from: HOST, to: OUTSIDE, port: 5228, steps, end: FINISHED });
    player.finish();
    expect(player.alerts).toEqual([]);
  });

  it('is silent about signs of life of an unknown protocol', () => {
    const player = new Player(beaconingDetector);
    const steps: Step[] = [];
    for (let call = 0; call < 60; call++) steps.push(...exchange(90, 60), { waitSeconds: 15 });
    player.play({ from: HOST, to: OUTSIDE, port: 7_000, protocol: PROTOCOL.udp, steps, end: FINISHED });
    player.finish();
    expect(player.alerts).toEqual([]);
  });

  it('is silent about names that many hosts call', () => {
    const player = new Player(beaconingDetector);
    const random = randomNumbers(24);
    const hosts = ['192.168.1.20', '192.168.1.21', '192.168.1.22', '192.168.1.23'];
    for (let minute = 0; minute < 60; minute++) {
      for (const from of hosts) {
        const steps = [...SYN, protocol('tls'), hello('agent.example.org', OPENSSL), ...exchange(500, 900)];
        player.play({ from, to: OUTSIDE, port: 443, steps, end: FINISHED });
      }
      player.wait(45 + random() * 30);
    }
    player.finish();
    expect(player.alerts).toEqual([]);
  });

  it('is silent about the same names again, addresses backwards, and names of the network', () => {
    const player = new Player(beaconingDetector);
    for (let minute = 0; minute < 60; minute++) {
      ask(player, 'www.example.org', 'A');
      ask(player, `${minute}.2.0.192.in-addr.arpa`, 'PTR');
      ask(player, `${minute}.2.0.192.zen.example.net`, 'A');
      ask(player, `printer${minute}.local`, 'A');
      player.wait(60);
    }
    player.finish();
    expect(player.alerts).toEqual([]);
  });

  it('tells no more than mildly of a monitor that asks many by address', () => {
    const player = new Player(beaconingDetector);
    for (let round = 0; round < 40; round++) {
      for (let host = 1; host <= 8; host++) {
        const to = `192.168.1.${100 + host}`;
        const check = http({ host: to, uri: '/metrics', userAgent: 'Go-http-client/1.1' });
        player.play({ from: HOST, to, port: 9_100, steps: [...SYN, protocol('http', false), ...check], end: FINISHED });
      }
      player.wait(15);
    }
    player.finish();
    for (const finding of player.alerts) expect(finding.severity).toBe('low');
  });

  it('starts anew when the clock jumps back', () => {
    const player = new Player(beaconingDetector);
    const series: Series = { calls: 7, pause: () => 30, steps: () => [protocol('http'), ...http({})] };
    playSeries(player, series);
    player.observer.clockReset?.(player.nowUs);
    playSeries(player, series);
    player.finish();
    expect(player.alerts).toEqual([]);
  });
});

/** Cut for its length. */
const CUT = 2;

function ask(player: Player, name: string, type: string): void {
  const fact: ToldFact = {
    type: 'dns',
    protocol: 'dns',
    fromInitiator: true,
    id: 1,
    isResponse: false,
    opcode: 0,
    responseCode: 'NOERROR',
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    questions: [{ name, type, class: 1 }],
    answers: [],
    authorities: [],
    additionals: [],
    bytes: 60,
  };
  player.play({
    from: HOST,
    to: '192.168.1.1',
    port: 53,
    protocol: PROTOCOL.udp,
    steps: [protocol('dns'), { fact }, `> ${text(60)}`, `< ${text(90)}`],
    end: FINISHED,
  });
}
