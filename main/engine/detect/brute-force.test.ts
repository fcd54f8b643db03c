import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Service } from '../../../contract/traffic.ts';
import { bruteForceDetector } from './brute-force.ts';
import { FINISHED, Player, type Step } from './testing.ts';

const GUESSER = '198.51.100.7';
const SERVER = '10.0.0.9';

function session(service: Service, port: number, steps: readonly Step[]) {
  const handshake: readonly Step[] = ['>S', '<SA', '>A'];
  return { from: GUESSER, to: SERVER, port, service, steps: [...handshake, ...steps, '>FA', '<FA'], end: FINISHED };
}

function bytes(from: '>' | '<', ...values: number[]): Step {
  return { from, bytes: Uint8Array.from(values) };
}

function block(from: '>' | '<', length: number): Step {
  return { from, bytes: new Uint8Array(length) };
}

function text(value: string): number[] {
  return [...new TextEncoder().encode(value)];
}

/** An SSH connection as it looks from outside: hello, key exchange, service accepted, then refusals. */
function ssh(refusals: number, accepted: boolean): readonly Step[] {
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

/** One failed login in every service whose answers can be read. */
const FAILURES: readonly (readonly [Service, number, (n: number) => readonly Step[]])[] = [
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
    const tries = Array.from({ length: 11 }, (_, n): readonly Step[] => [`> PASS ${n}\r\n`, '< 530 no\r\n']).flat();
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
