import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROTOCOL } from '../../../../contract/traffic.ts';
import { type Conversation, FINISHED, NO_ROLES, Player, type Step } from '../testing.ts';
import { reverseShellDetector } from './reverse-shell.ts';

const HOST = '10.0.0.7';
const LISTENER = '203.0.113.9';
const OPENING: readonly Step[] = ['>S', '<SA', '>A'];

function play(conversation: Partial<Conversation> & { steps: readonly Step[] }) {
  const player = new Player(reverseShellDetector);
  player.play({ from: HOST, to: LISTENER, port: 4444, end: FINISHED, ...conversation });
  player.finish();
  return player.alerts;
}

const wait = (waitSeconds: number): Step => ({ waitSeconds });

describe('a reverse shell', () => {
  it.each([
    ['of sh without a prompt', ['< id\n', '> uid=0(root) gid=0(root)\n']],
    [
      'of bash',
      [
        '> bash: cannot set terminal process group (1): Inappropriate ioctl\n',
        '> bash: no job control in this shell\n',
        '> www-data@web:/var/www$ ',
      ],
    ],
    [
      'of sh -i',
      [
        "> /bin/sh: 0: can't access tty; job control turned off\n",
        '> $ ',
        '< ls -la /home\n',
        '> total 12\ndrwxr-xr-x 3 root root 4096 Jan  1 00:00 .\n',
      ],
    ],
    [
      'upgraded to a terminal',
      [
        '< python3 -c \'import pty; pty.spawn("/bin/bash")\'\n',
        '> \u001b]0;root@db: ~\u0007\u001b[01;32mroot@db\u001b[00m:~# ',
        '< i',
        '> i',
        '< d\r',
        '> d\r\nuid=0(root) gid=0(root)\r\n',
      ],
    ],
    [
      'of Windows',
      ['> Microsoft Windows [Version 10.0.19045.3448]\r\n(c) Microsoft Corporation.\r\n\r\nC:\\Users\\ann>'],
    ],
    ['of PowerShell', ['< whoami\n', '> corp\\ann\r\nPS C:\\Users\\ann> ', '< Get-Process\n', '> Handles\r\n']],
    [
      'in an envelope of its own',
      [
        '< mkdir -p /tmp/x && echo $PWD\n',
        '> {"r":"/root"}',
        '< whoami\n',
        '> {"r":"root"}',
        '< ps aux | grep ssh\n',
        '> {"r":""}',
        '< cat /etc/hosts\n',
        '> {"r":"127.0.0.1 localhost"}',
      ],
    ],
  ])('%s is found, and who controls', (_name, steps) => {
    const [alert, ...others] = play({ steps: [...OPENING, ...(steps as Step[])] });
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ kind: 'reverse-shell', severity: 'high', attackers: [LISTENER], victims: [HOST] });
    expect(alert?.title).toContain('called 203.0.113.9:4444');
  });

  it('is told within two seconds, and again when there is more', () => {
    const player = new Player(reverseShellDetector);
    const steps: Step[] = [...OPENING, '< id\n', '> uid=33(www-data) gid=33\n', wait(1)];
    player.play({ from: HOST, to: LISTENER, port: 443, steps });
    expect(player.findings).toHaveLength(1);
    const more: Step[] = [
      '< cat /etc/passwd\n',
      '> root:x:0:0:root:/root:/bin/sh\n',
      '< uname -a\n',
      '> Linux a 6.1.0\n',
    ];
    player.play({ from: HOST, to: LISTENER, port: 443, fromPort: 40_001, steps: [...steps, ...more, wait(1)] });
    expect(player.alerts).toHaveLength(1);
    expect(player.findings.length).toBeGreaterThan(1);
  });

  it('over UDP, and met in its middle, names the same ends', () => {
    const steps: Step[] = ['> hello\n', '< id\n', '> uid=0(root) gid=0(root)\n'];
    expect(play({ steps, protocol: PROTOCOL.udp })).toMatchObject([{ attackers: [LISTENER], victims: [HOST] }]);
    const swapped: Step[] = ['> id\n', '< uid=0(root) gid=0(root)\n'];
    const [alert] = play({ steps: swapped, from: LISTENER, fromPort: 4444, to: HOST, port: 51_000 });
    expect(alert).toMatchObject({ attackers: [LISTENER], victims: [HOST] });
    expect(alert?.title).toContain('called');
  });

  it('does not accuse an address that must not be acted on', () => {
    const player = new Player(reverseShellDetector, { ...NO_ROLES, mayBeAttacker: () => false });
    const steps: Step[] = [...OPENING, '< id\n', '> uid=0(root) gid=0(root)\n'];
    player.play({ from: HOST, to: LISTENER, port: 53, steps, end: FINISHED });
    expect(player.alerts).toMatchObject([{ attackers: [], attackerCount: 0, victims: [HOST] }]);
    expect(player.alerts[0]?.explanation).toContain('never named as attacker');
  });
});

describe('a shell that waits to be called', () => {
  const steps: Step[] = [...OPENING, '< $ ', '> id\n', '< uid=0(root) gid=0(root)\n# '];

  it('is found: the caller controls', () => {
    const [alert] = play({ from: '10.0.0.66', to: HOST, port: 31_337, steps });
    expect(alert).toMatchObject({ severity: 'high', attackers: ['10.0.0.66'], victims: [HOST] });
    expect(alert?.title).toContain('open command shell');
  });

  it('is silent where a shell is the service, or where it asks who is there', () => {
    expect(play({ from: '10.0.0.66', to: HOST, port: 514, steps })).toEqual([]);
    const console: Step[] = [
      ...OPENING,
      '< device login: ',
      '> root\n',
      '< Password: ',
      '> secret\n',
      ...steps.slice(3),
    ];
    expect(play({ from: '10.0.0.66', to: HOST, port: 4001, steps: console })).toEqual([]);
  });
});

describe('an encrypted shell', () => {
  const order = (length: number, from: '>' | '<'): Step => ({
    from,
    bytes: Uint8Array.from({ length }, (_, i) => (i * 151 + length * 17 + 7) & 0xff),
  });
  const pauses = [3, 11, 1, 25, 2, 7, 40, 5, 3, 18];

  it('shows by its rhythm, mildly', () => {
    const steps = pauses.flatMap((pause) => [wait(pause), order(32, '<'), order(600, '>')]);
    const [alert] = play({ steps: [...OPENING, ...steps] });
    expect(alert).toMatchObject({ severity: 'low', attackers: [LISTENER], victims: [HOST] });
  });

  it.each([
    ['a clock', pauses.flatMap(() => [wait(10), order(32, '<'), order(600, '>')])],
    ['the caller', pauses.flatMap((pause) => [wait(pause), order(32, '>'), order(600, '<')])],
    ['news that are acknowledged', pauses.flatMap((pause) => [wait(pause), order(300, '<'), order(8, '>')])],
  ])('not where %s sets the pace', (_name, steps) => expect(play({ steps: [...OPENING, ...steps] })).toEqual([]));
});

describe('a shell inside TLS', () => {
  const bytes = (from: '>' | '<', length: number): Step => ({
    from,
    bytes: Uint8Array.from({ length }, (_, i) => (i * 151 + length * 17 + 7) & 0xff),
  });

  interface Caller {
    readonly serverName?: string;
    readonly alpn?: readonly string[];
    readonly isUsualPort?: boolean;
  }

  /** The handshake of TLS 1.3 over a line with this round trip, tickets of the server included. */
  function handshake({ serverName = '', alpn = [], isUsualPort = true }: Caller, roundTrip = 0.02): Step[] {
    const told = { fromInitiator: true } as const;
    return [
      ...OPENING,
      { fact: { type: 'protocol', protocol: 'tls', isUsualPort, ...told } },
      {
        fact: {
          type: 'tls-client',
          protocol: 'tls',
          version: 0x0304,
          serverName,
          alpn,
          ciphers: [],
          extensions: [],
          ja3: '',
          ja3Text: '',
          ja4: '',
          sessionId: '',
          ...told,
        },
      },
      bytes('>', 517),
      wait(roundTrip),
      bytes('<', 1_339),
      bytes('>', 80),
      wait(roundTrip),
      bytes('<', 255),
      bytes('<', 255),
    ];
  }

  /** Lengths of what the called end says and of what comes back, and the pause before. */
  const session = (rounds: readonly (readonly [pause: number, said: number, answer: number])[]): Step[] =>
    rounds.flatMap(([pause, said, answer]) => [wait(pause), bytes('<', said), wait(0.003), bytes('>', answer)]);
  const COMMANDS = [
    [3, 25, 61],
    [2, 31, 90],
    [2, 45, 1_192],
    [4, 29, 27],
    [2, 28, 326],
    [9, 37, 640],
  ] as const;
  const TLS = { to: LISTENER, port: 8_443 };

  it('shows where a nameless address outside asks and the caller answers', () => {
    const [alert, ...others] = play({ ...TLS, steps: [...handshake({}), ...session(COMMANDS)] });
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      kind: 'reverse-shell',
      severity: 'medium',
      attackers: [LISTENER],
      victims: [HOST],
      techniques: ['T1059', 'T1573'],
    });
    expect(alert?.explanation).toContain('without naming a server');
  });

  it('is told while it goes on, by the fifth order', () => {
    const player = new Player(reverseShellDetector);
    player.play({ from: HOST, ...TLS, steps: [...handshake({}), ...session(COMMANDS.slice(0, 5)), wait(2)] });
    expect(player.findings).toHaveLength(1);
  });

  it('shows where the hello came in two segments, and an address stands for the name', () => {
    const [protocol, hello, first, ...rest] = handshake({ serverName: LISTENER }).slice(OPENING.length);
    const steps = [...OPENING, protocol, bytes('>', 1_200), hello, first, ...rest] as Step[];
    expect(play({ ...TLS, steps: [...steps, ...session(COMMANDS)] })).toMatchObject([{ severity: 'medium' }]);
  });

  it.each<[string, Caller, string]>([
    ['a name', { serverName: 'relay.example', isUsualPort: false }, LISTENER],
    ['protocols of the web', { alpn: ['http/1.1'], isUsualPort: false }, LISTENER],
    ['a called end inside', { isUsualPort: false }, '10.0.0.9'],
  ])('is told mildly at a port of its own with %s', (_name, caller, to) => {
    const steps = [...handshake(caller), ...session(COMMANDS)];
    expect(play({ to, port: 4_444, steps })).toMatchObject([{ severity: 'low', attackers: [to] }]);
  });

  it('is told mildly at ports where servers push news', () => {
    const steps = [...handshake({}), ...session(COMMANDS)];
    expect(play({ to: LISTENER, port: 8_883, steps })).toMatchObject([{ severity: 'low' }]);
  });

  it.each<[string, Caller, string]>([
    ['a name', { serverName: 'push.example.com' }, LISTENER],
    ['protocols of the web', { alpn: ['h2'] }, LISTENER],
    ['a called end inside', {}, '10.0.0.9'],
  ])('is not looked for where TLS is usual with %s', (_name, caller, to) => {
    expect(play({ to, port: 443, steps: [...handshake(caller), ...session(COMMANDS)] })).toEqual([]);
  });

  const eight = [3, 2, 9, 4, 2, 7, 5, 3];
  it.each<[string, Step[]]>([
    ['signs of life', session(eight.map((pause) => [pause, 24, 26]))],
    ['signs of life that report', session(eight.map((pause, i) => [pause, 24, 90 + i]))],
    [
      'news that the caller fetches, as in mail',
      eight.flatMap((pause, i) => [wait(pause), bytes('<', 40 + i), bytes('>', 90 + i), bytes('<', 2_000)]),
    ],
    ['messages that are acknowledged', session(eight.map((pause, i) => [pause, 100 + i * 9, 30 + i]))],
    [
      'requests that the server holds, with headers',
      [bytes('>', 400), ...session(eight.map((pause, i) => [pause, 240 + i, 400 + i]))],
    ],
    [
      'questions that are answered',
      eight.flatMap((pause, i) => [wait(pause), bytes('>', 40 + i), wait(0.02), bytes('<', 900 + i)]),
    ],
    [
      'reports that are sent unasked',
      eight.flatMap((pause, i) => [
        wait(6),
        bytes('>', 300),
        ...session([[pause, 30 + i, 200 + i]]),
        wait(6),
        bytes('>', 310),
      ]),
    ],
    ['a remote screen', session(eight.flatMap((_, i) => [[0.6, 30 + i, 900 + i] as const]))],
  ])('%s are no shell', (_name, steps) => expect(play({ ...TLS, steps: [...handshake({}), ...steps] })).toEqual([]));

  it('late replies over a satellite are no orders', () => {
    const steps = eight.flatMap((_, i) => [bytes('>', 300 + i), wait(0.7), bytes('<', 40 + i)]);
    expect(play({ ...TLS, steps: [...handshake({}, 0.65), ...steps] })).toEqual([]);
  });
});

describe('what is no shell', () => {
  it.each([
    [
      'a chat',
      [
        '< hi, who is there?\n',
        '> me. can you send me the file?\n',
        '< cat pictures again :)\n',
        '> echo of yesterday\n',
      ],
    ],
    ['a printer', ['> \u001b%-12345X@PJL INFO ID\r\n', '< @PJL INFO ID\r\n"HP LaserJet"\r\n']],
    [
      'memcached',
      ['> get user:1\r\n', '< VALUE user:1 0 2\r\nid\r\nEND\r\n', '> set id 0 0 2\r\n12\r\n', '< STORED\r\n'],
    ],
    ['a switch', ['< Switch>', '> enable\r\n', '< Switch#', '> show running-config\r\n', '< hostname Switch\r\n']],
    ['a script that is downloaded raw', ['> get\n', '< #!/bin/sh\nid\nuname -a\nwhoami\nps aux\ncat /etc/passwd\n']],
    ['whois', ['> example.org\r\n', '< Domain Name: EXAMPLE.ORG\r\nRegistrar: x\r\n']],
    ['a game', ['< move north\n', '> you see: a date, a tree and w\n', '< date tree\n', '> no\n']],
  ])('%s is left in peace', (_name, steps) => {
    expect(play({ steps: [...OPENING, ...(steps as Step[])] })).toEqual([]);
  });

  it('a protocol that is known is not looked at', () => {
    const told: Step = {
      fact: { type: 'protocol', protocol: 'smtp', isUsualPort: false, fromInitiator: true },
    };
    expect(play({ steps: [...OPENING, told, '< id\n', '> uid=0(root) gid=0(root)\n'] })).toEqual([]);
    expect(play({ steps: [...OPENING, '< id\n', told, '> uid=0(root) gid=0(root)\n'] })).toEqual([]);
  });

  it('random bytes and random lines do no harm', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.uint8Array({ maxLength: 300 })), { maxLength: 20 }), (sent) => {
        const steps = sent.map(([fromHost, bytes]): Step => ({ from: fromHost ? '>' : '<', bytes }));
        expect(play({ steps: [...OPENING, ...steps] }).filter(({ severity }) => severity !== 'low')).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
