import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Service } from '../../../contract/traffic.ts';
import { bruteForceDetector } from './brute-force.ts';
import { FINISHED, type Message, Player } from './testing.ts';

const GUESSER = '198.51.100.7';
const SERVER = '10.0.0.9';

function session(service: Service, port: number, steps: readonly Message[]) {
  const handshake: readonly Message[] = ['>S', '<SA', '>A'];
  return { from: GUESSER, to: SERVER, port, service, steps: [...handshake, ...steps, '>FA', '<FA'], end: FINISHED };
}

function bytes(from: '>' | '<', ...values: number[]): Message {
  return { from, bytes: Uint8Array.from(values) };
}

function block(from: '>' | '<', length: number): Message {
  return { from, bytes: new Uint8Array(length) };
}

function text(value: string): number[] {
  return [...new TextEncoder().encode(value)];
}

/** An SSH connection as it looks from outside: hello, key exchange, service accepted, then refusals. */
function ssh(refusals: number, accepted: boolean): readonly Message[] {
  return [
    '> SSH-2.0-client\r\n',
    '< SSH-2.0-server\r\n',
    block('>', 900),
    block('<', 1088),
    block('>', 48),
    block('<', 524),
    block('>', 44),
    block('<', 44),
    ...Array.from({ length: refusals }, () => [block('>', 76), block('<', 76)]).flat(),
    ...(accepted ? [block('>', 148), block('<', 28), block('>', 112), block('<', 600)] : []),
  ];
}

const SMB_FAILURE = [0, 0, 0, 64, 0xfe, 0x53, 0x4d, 0x42, 64, 0, 0, 0, 0x6d, 0, 0, 0xc0, 1, 0, 0, 0];

/** A session as a guest: status 0, and the flag after the structure's size. */
const SMB_GUEST = [...SMB_FAILURE.slice(0, 12), 0, 0, 0, 0, 1, 0, ...new Array<number>(50).fill(0), 9, 0, 1, 0];

/** One failed login in every service whose answers can be read. */
const FAILURES: readonly (readonly [Service, number, (n: number) => readonly Message[]])[] = [
  ['ftp', 21, () => ['< 220 hi\r\n', '> USER a\r\n', '< 331 go\r\n', '> PASS x\r\n', '< 530 Login incorrect.\r\n']],
  ['smtp', 25, () => ['> AUTH PLAIN AGEAeA==\r\n', '< 535 5.7.8 no\r\n']],
  ['pop3', 110, () => ['> PASS x\r\n', '< -ERR no\r\n']],
  ['imap', 143, () => ['> a1 LOGIN a x\r\n', '< a1 NO failed\r\n']],
  ['telnet', 23, () => ['> a\r\n', '< Login incorrect\r\nlogin: ']],
  ['redis', 6379, () => ['> *2\r\n$4\r\nAUTH\r\n$1\r\nx\r\n', '< -WRONGPASS no\r\n']],
  [
    'http',
    80,
    (n) => [`> GET /p HTTP/1.1\r\nAuthorization: Basic ${n}\r\n\r\n`, '< HTTP/1.1 401 Unauthorized\r\n\r\n'],
  ],
  ['http', 80, (n) => [`> POST /login HTTP/1.1\r\n\r\nuser=a&password=${n}`, '< HTTP/1.1 200 OK\r\n\r\nwrong']],
  ['mysql', 3306, () => [bytes('<', 9, 0, 0, 2, 0xff, 0x15, 0x04, 35)]],
  ['postgresql', 5432, () => [bytes('<', 0x45, 0, 0, 0, 20, ...text('SFATAL\0C28P01\0'))]],
  ['mssql', 1433, () => [bytes('<', 4, 1, 0, 40, 0, 0, 0, 0, 0xaa, 30, 0, 0x18, 0x48, 0, 0, 1, 14, 0)]],
  ['ldap', 389, () => [bytes('<', 0x30, 12, 2, 1, 1, 0x61, 7, 0x0a, 1, 49, 4, 0, 4, 0)]],
  // With the length in four bytes, as Active Directory writes it.
  ['ldap', 389, () => [bytes('<', 0x30, 0x84, 0, 0, 0, 16, 2, 1, 1, 0x61, 0x84, 0, 0, 0, 7, 0x0a, 1, 49, 4, 0, 4, 0)]],
  [
    'http',
    5985,
    (n) => [
      `> POST /wsman HTTP/1.1\r\nAuthorization: Negotiate TlRMTVNTUAADAAAA${n}\r\n\r\n`,
      '< HTTP/1.1 401 \r\n\r\n',
    ],
  ],
  ['kerberos', 88, () => [bytes('<', 0x7e, 20, 0x30, 18, 0xa6, 3, 2, 1, 24, 0, 0)]],
  ['vnc', 5900, () => [block('>', 16), bytes('<', 0, 0, 0, 1)]],
  ['smb', 445, () => [bytes('<', ...SMB_FAILURE)]],
  ['oracle', 1521, () => ['< ORA-01017: invalid username/password']],
  ['mongodb', 27017, () => ['< ....AuthenticationFailed']],
];

function play(count: number, secondsApart: number, make: (n: number) => Parameters<Player['play']>[0]) {
  const player = new Player(bruteForceDetector);
  for (let n = 0; n < count; n++) {
    player.play(make(n));
    player.wait(secondsApart);
  }
  player.wait(8);
  player.finish();
  return player;
}

describe('guessing that servers turn down', () => {
  it.each(FAILURES)('%s on port %d', (service, port, steps) => {
    const player = play(30, 1, (n) => session(service, port, steps(n)));
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      cause: `brute-force/${GUESSER}/${service}`,
      severity: 'medium',
      techniques: ['T1110.001'],
      attackers: [GUESSER],
      victims: [SERVER],
    });
    expect(player.alerts[0]!.evidence[0]!.value).toBe(30);
    expect(player.findings.length).toBeLessThan(8);
  });

  it.each(FAILURES)('%s on port %d: a person who errs four times', (service, port, steps) => {
    expect(play(4, 5, (n) => session(service, port, steps(n))).alerts).toEqual([]);
  });

  it('several logins in one connection', () => {
    const tries = Array.from({ length: 11 }, (_, n): readonly Message[] => [`> PASS ${n}\r\n`, '< 530 no\r\n']).flat();
    expect(play(1, 1, () => session('ftp', 21, tries)).alerts).toHaveLength(1);
  });

  it('and then one works', () => {
    const [alert] = play(21, 1, (n) =>
      session('ftp', 21, ['> PASS x\r\n', n < 20 ? '< 530 Login incorrect.\r\n' : '< 230 Welcome\r\n']),
    ).alerts;
    expect(alert).toMatchObject({ severity: 'high', techniques: ['T1110.001', 'T1078'] });
    expect(alert!.title).toBe(`${GUESSER} guessed a password for FTP on ${SERVER} and got in`);
  });

  it('on many hosts: spraying', () => {
    const [alert] = play(30, 1, (n) => ({
      ...session('smb', 445, [bytes('<', ...SMB_FAILURE)]),
      to: `10.0.0.${n + 1}`,
    })).alerts;
    expect(alert).toMatchObject({ techniques: ['T1110.003'], victimCount: 30 });
  });
});

describe('guessing behind encryption', () => {
  it('SSH, one try per connection, on any port', () => {
    const [alert] = play(40, 0.3, () => session('ssh', 902, ssh(1, false))).alerts;
    expect(alert).toMatchObject({ cause: `brute-force/${GUESSER}/ssh`, victims: [SERVER] });
  });

  it('SSH, six tries per connection', () => {
    const [alert] = play(5, 4, () => session('ssh', 22, ssh(7, false))).alerts;
    expect(alert!.evidence[0]!.value).toBe(30);
  });

  it('SSH, and then it gets in', () => {
    const [alert] = play(6, 4, (n) => session('ssh', 22, ssh(n < 5 ? 7 : 1, n === 5))).alerts;
    expect(alert).toMatchObject({ severity: 'high' });
  });

  it.each([
    ['rdp', 3389],
    ['tls', 3389],
    ['tls', 993],
  ] as const)('%s on port %d', (service, port) => {
    const player = play(30, 1, () => session(service, port, [block('>', 700), block('<', 1500)]));
    expect(player.alerts).toHaveLength(1);
  });
});

describe('guessing in long connections', () => {
  const many = (count: number, make: (n: number) => readonly Message[]) =>
    Array.from({ length: count }, (_, n) => make(n)).flat();
  const ftpTry = (n: number): readonly Message[] => [
    '> USER bob\r\n',
    '< 331 Please specify the password.\r\n',
    `> PASS secret${n % 10}\r\n`,
    '< 530 Login incorrect.\r\n',
  ];

  it('goes on as it began: 200 passwords over FTP in one connection', () => {
    const [alert] = play(1, 1, () => session('ftp', 21, ['< 220 hi\r\n', ...many(200, ftpTry)])).alerts;
    expect(alert!.evidence[0]!.value).toBeGreaterThan(180);
    expect(alert!.evidence[0]!.value).toBeLessThan(205);
  });

  it('is noticed while the connection lasts', () => {
    const player = new Player(bruteForceDetector);
    const open = session('ftp', 21, ['< 220 hi\r\n', ...many(50, ftpTry)]);
    player.play({ ...open, steps: open.steps.slice(0, -2), end: undefined, isUpdated: true });
    player.wait(8);
    expect(player.alerts).toHaveLength(1);
  });

  it('over a website that keeps its connections open, whatever the page', () => {
    const request = (n: number): readonly Message[] => [
      `> POST /login HTTP/1.1\r\nHost: a\r\n\r\nuser=bob&password=secret${1000 + n}`,
      `< HTTP/1.1 302 Found\r\nLocation: /login?error=1\r\nContent-Length: 900\r\n\r\n`,
      block('<', 500),
      block('<', 400),
    ];
    expect(play(1, 1, () => session('http', 80, many(100, request))).alerts).toHaveLength(1);
  });

  it.each<[string, readonly Message[]]>([
    ['a person who errs three times and then works', [...many(3, ftpTry), '> PASS y\r\n', '< 230 ok\r\n']],
    ['a client that is turned down and then does something else', [...many(3, ftpTry), ...many(9, () => ['> X\r\n'])]],
  ])('%s: is none', (_name, steps) => {
    const rest = many(60, () => ['> RETR file\r\n', block('<', 900)]);
    expect(play(1, 1, () => session('ftp', 21, [...steps, ...rest])).alerts).toEqual([]);
  });
});

describe('slow guessing', () => {
  it.each<[string, (n: number) => Parameters<Player['play']>[0]]>([
    ['FTP', () => session('ftp', 21, ['> PASS x\r\n', '< 530 Login incorrect.\r\n'])],
    ['SSH, read by its sizes', () => session('ssh', 22, ssh(2, false))],
    ['SSH without the customary first request', () => session('ssh', 22, ssh(1, false))],
    ['Remote Desktop', () => session('rdp', 3389, [block('>', 1700), block('<', 2200)])],
  ])('%s: one try every thirty seconds', (_name, make) => {
    const player = play(60, 30, make);
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]!.severity).toBe('low');
  });

  it('different passwords for a website are guessing at any pace', () => {
    const make = (n: number) =>
      session('http', 80, [`> POST /l HTTP/1.1\r\n\r\nuser=a&password=${n}`, '< HTTP/1.1 200 OK\r\n\r\n']);
    expect(play(40, 60, make).alerts[0]).toMatchObject({ severity: 'medium' });
  });
});

describe('captures with a part of it', () => {
  const middle = (steps: readonly Message[], service: Service, port: number) => ({
    ...session(service, port, steps),
    steps: [...steps, '>FA', '<FA'] as readonly Message[],
  });
  const mirrored = (steps: readonly Message[]): readonly Message[] =>
    steps.map((step) => {
      const turn = (from: string) => (from === '>' ? '<' : '>');
      if (typeof step === 'string') return `${turn(step[0]!)}${step.slice(1)}`;
      return { ...step, from: turn(step.from) };
    });
  const ftp: readonly Message[] = ['> PASS x\r\n', '< 530 Login incorrect.\r\n'];

  it('connections met in the middle', () => {
    expect(play(30, 1, () => middle(ftp, 'ftp', 21)).alerts[0]).toMatchObject({
      attackers: [GUESSER],
      victims: [SERVER],
    });
  });

  it.each([
    ['FTP', ftp, 21],
    ['SSH', ssh(2, false), 22],
    ['Remote Desktop', [block('>', 1700), block('<', 2200)], 3389],
  ] as const)('%s, met in the middle when the server speaks', (_name, steps, port) => {
    const [alert] = play(40, 1, () => ({
      from: SERVER,
      to: GUESSER,
      fromPort: port,
      port: 51_000,
      steps: [...mirrored(steps), '>FA', '<FA'],
      end: FINISHED,
    })).alerts;
    expect(alert).toMatchObject({ attackers: [GUESSER], victims: [SERVER] });
  });

  it.each([
    ['FTP', 'ftp', 21, ftp],
    ['SSH', 'ssh', 22, ssh(2, false)],
  ] as const)('%s: only what the server sends', (_name, service, port, steps) => {
    const isHeard = (step: Message) => (typeof step === 'string' ? step.startsWith('<') : step.from === '<');
    const heard: readonly Message[] = steps.filter(isHeard);
    const [alert] = play(40, 1, () => ({ ...middle(heard, service, port), steps: [...heard, '<FA'] })).alerts;
    expect(alert).toMatchObject({ attackers: [GUESSER], victims: [SERVER] });
  });

  it.each([
    ['FTP', 'ftp', 21, ['> USER a\r\n', '> PASS x\r\n']],
    ['Remote Desktop', 'rdp', 3389, [block('>', 1700)]],
  ] as const)('%s: only what the client sends', (_name, service, port, steps) => {
    const [alert] = play(40, 1, () => ({ ...session(service, port, []), steps: ['>S', ...steps, '>FA'] })).alerts;
    expect(alert).toMatchObject({ attackers: [GUESSER], victims: [SERVER] });
  });
});

describe('guessing by many hosts', () => {
  const FTP_FAILURE: readonly Message[] = ['> PASS x\r\n', '< 530 Login incorrect.\r\n'];
  const of = (host: number) => `203.0.113.${host}`;

  it('is one alert for the service, with all of them', () => {
    const player = play(90, 4, (n) => ({ ...session('ftp', 21, FTP_FAILURE), from: of(n % 30) }));
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({
      cause: `brute-force/many/${SERVER}/21`,
      severity: 'medium',
      techniques: ['T1110.003', 'T1110.001'],
      victims: [SERVER],
      attackerCount: 30,
      title: `30 hosts are guessing passwords for FTP on ${SERVER} together`,
    });
    expect(player.findings.length).toBeLessThan(12);
  });

  it('is one alert too when each of them tries often', () => {
    const player = play(600, 1, (n) => ({ ...session('ftp', 21, FTP_FAILURE), from: of(n % 30) }));
    expect(player.alerts).toHaveLength(1);
  });

  it('over SSH, with a try each', () => {
    const player = play(80, 3, (n) => ({ ...session('ssh', 22, ssh(1, false)), from: of(n % 40) }));
    expect(player.alerts).toHaveLength(1);
    expect(player.alerts[0]).toMatchObject({ victims: [SERVER], attackerCount: 40 });
  });

  it.each<[string, number, number, (n: number) => readonly Message[]]>([
    [
      'people who err now and then at a busy server',
      2000,
      1,
      (n) => (n % 8 === 0 ? FTP_FAILURE : ['> PASS x\r\n', '< 230 ok\r\n']),
    ],
    ['forty people who err, minutes apart', 40, 120, () => FTP_FAILURE],
    ['everyone errs once and then gets in', 200, 1, () => [...FTP_FAILURE, '> PASS y\r\n', '< 230 ok\r\n']],
  ])('%s: is none', (_name, count, secondsApart, steps) => {
    const make = (n: number) => ({ ...session('ftp', 21, steps(n)), from: of(n % 200) });
    expect(play(count, secondsApart, make).alerts).toEqual([]);
  });
});

describe('what is no guessing', () => {
  it.each<[string, number, number, (n: number) => Parameters<Player['play']>[0]]>([
    ['a script that runs commands over SSH', 60, 1, () => session('ssh', 22, ssh(1, true))],
    ['SSH with an agent that offers many keys first', 20, 2, () => session('ssh', 22, ssh(5, true))],
    ['file copies over SSH', 60, 1, (n) => session('ssh', 22, [...ssh(1, true), block('>', 9000 + n * 1000)])],
    [
      'a check of the SSH port every ten seconds',
      60,
      10,
      () => session('ssh', 22, ['> SSH-2.0-x\r\n', '< SSH-2.0-y\r\n']),
    ],
    [
      'a browser with many connections',
      300,
      0.1,
      (n) => session('http', 80, [`> GET /${n} HTTP/1.1\r\n\r\n`, '< HTTP/1.1 200 OK\r\n\r\n']),
    ],
    [
      'a web program that logs in with every request',
      300,
      0.1,
      () => session('http', 80, ['> GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n', '< HTTP/1.1 200 OK\r\n\r\n']),
    ],
    [
      'a web program with one old password',
      300,
      1,
      () => session('http', 80, ['> GET / HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n', '< HTTP/1.1 401 No\r\n\r\n']),
    ],
    [
      'requests that are asked to log in first',
      300,
      0.1,
      () => session('http', 80, ['> GET / HTTP/1.1\r\n\r\n', '< HTTP/1.1 401 No\r\n\r\n']),
    ],
    [
      'a mail program',
      100,
      30,
      () => session('pop3', 110, ['> PASS x\r\n', '< +OK\r\n', '> DELE 9\r\n', '< -ERR no such message\r\n']),
    ],
    [
      'an FTP client that asks for TLS first',
      100,
      1,
      () => session('ftp', 21, ['> AUTH TLS\r\n', '< 530 Please login\r\n', '> PASS x\r\n', '< 230 ok\r\n']),
    ],
    [
      'a pool of database connections',
      200,
      0.2,
      () => session('mysql', 3306, [bytes('<', 7, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0)]),
    ],
    [
      'a webmail server that looks in on its mail server every ten seconds',
      200,
      10,
      () => session('tls', 993, [block('>', 900), block('<', 3500)]),
    ],
    [
      'guests of a file server',
      60,
      1,
      () => session('smb', 445, [...Array.from({ length: 8 }, () => bytes('<', ...SMB_GUEST))]),
    ],
    ['many HTTPS connections of one size', 300, 0.1, () => session('tls', 443, [block('>', 700), block('<', 1500)])],
  ])('%s', (_name, count, secondsApart, make) => {
    expect(play(count, secondsApart, make).alerts).toEqual([]);
  });
});

describe('hostile bytes', () => {
  it('never make it throw', () => {
    const message = fc.record({ from: fc.constantFrom<'>' | '<'>('>', '<'), bytes: fc.uint8Array({ maxLength: 80 }) });
    const conversation = fc.record({
      row: fc.constantFrom(...FAILURES),
      steps: fc.array(message, { maxLength: 12 }),
    });
    fc.assert(
      fc.property(fc.array(conversation, { maxLength: 20 }), (conversations) => {
        const player = new Player(bruteForceDetector);
        for (const { row, steps } of conversations) player.play(session(row[0], row[1], steps));
        player.observer.clockReset?.(0);
        player.finish();
      }),
      { numRuns: 50 },
    );
  });
});
