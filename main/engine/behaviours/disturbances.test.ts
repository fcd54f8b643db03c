/** What comes from outside or falls upon the computer: guessed logins, drives, bombs, and blows at Holdfast itself. */
import { describe, expect, it } from 'vitest';
import type { HostEvent, HostProcessWithParents } from '../../../contract/events.ts';
import { decodeAndRunBehaviour } from './decode-and-run.ts';
import { forkBombBehaviour } from './fork-bomb.ts';
import { loginGuessingBehaviour } from './login-guessing.ts';
import { removableMediaBehaviour } from './removable-media.ts';
import { selfProtectionBehaviour } from './self-protection.ts';
import { findingsOf, program, START_MS, starts } from './testing.ts';

const SHELL = '/usr/bin/bash';

describe('login guessing', () => {
  interface Try {
    readonly at: number;
    readonly user?: string;
    readonly isSuccess?: boolean;
    readonly method?: string;
    readonly remoteAddress?: string;
    readonly service?: string;
  }
  const login = ({ at, user = 'root', isSuccess = false, service = 'sshd', ...more }: Try): HostEvent => ({
    type: 'login',
    timeMs: START_MS + at * 1_000,
    user,
    isSuccess,
    service,
    ...more,
  });
  const remoteAddress = '203.0.113.9';
  const fails = (count: number, more: Partial<Try> = { remoteAddress }): HostEvent[] =>
    Array.from({ length: count }, (_, at) => login({ at, ...more }));
  const inbound: HostEvent = {
    type: 'network-connection',
    timeMs: START_MS,
    direction: 'inbound',
    protocol: 'tcp',
    localAddress: '192.0.2.7',
    localPort: 22,
    remoteAddress,
    remotePort: 50_000,
  };

  it('tells who guesses, and whom the network would name as the victim', () => {
    const [finding, ...others] = findingsOf(loginGuessingBehaviour, [inbound, ...fails(12)]);
    expect(finding).toMatchObject({
      kind: 'brute-force',
      severity: 'low',
      attackers: [remoteAddress],
      victims: ['192.0.2.7'],
      techniques: ['T1110.001'],
    });
    expect(others).toEqual([]);
  });

  it('tells of a login that worked after failures', () => {
    const [finding] = findingsOf(loginGuessingBehaviour, [
      ...fails(6),
      login({ at: 8, isSuccess: true, method: 'password', remoteAddress }),
    ]);
    expect(finding).toMatchObject({ severity: 'high', techniques: ['T1110.001', 'T1078'] });
  });

  it('tells of a list of names, and of somebody here who guesses the password of another', () => {
    const names = Array.from({ length: 6 }, (_, at) => login({ at, user: `user${at}`, remoteAddress }));
    expect(findingsOf(loginGuessingBehaviour, names)).toMatchObject([
      { severity: 'medium', techniques: ['T1110.003'] },
    ]);
    expect(findingsOf(loginGuessingBehaviour, fails(10, { service: 'su', user: 'anna' }))).toMatchObject([
      { severity: 'medium', attackers: [] },
    ]);
  });

  it('is silent about people who mistype, who use keys, and about failures that are far apart', () => {
    const usual: readonly (readonly HostEvent[])[] = [
      [...fails(3), login({ at: 5, isSuccess: true, method: 'password', remoteAddress })],
      [...fails(6), login({ at: 8, isSuccess: true, method: 'publickey', remoteAddress })],
      Array.from({ length: 30 }, (_, at) => login({ at: at * 3_600, remoteAddress })),
    ];
    for (const events of usual) expect(findingsOf(loginGuessingBehaviour, events)).toEqual([]);
  });
});

describe('removable media', () => {
  const PATH = '/media/anna/STICK';
  const plugged: HostEvent = {
    type: 'device-change',
    timeMs: START_MS,
    action: 'added',
    subsystem: 'usb',
    path: '/devices/usb1/1-1',
    name: 'Flash Disk',
  };
  const mounted = (source = '/dev/sdb1', path = PATH): HostEvent => ({
    type: 'mount-change',
    timeMs: START_MS + 1_000,
    action: 'mounted',
    source,
    path,
  });
  const runs = (command: string, afterMs: number): HostEvent =>
    starts(program(command, [SHELL]), START_MS + 1_000 + afterMs);

  it('tells of programs and scripts on a new drive, worse where they run at once', () => {
    expect(findingsOf(removableMediaBehaviour, [plugged, mounted(), runs(`${PATH}/setup`, 3_000)])).toMatchObject([
      { severity: 'high', techniques: ['T1091'], files: [{ path: `${PATH}/setup` }] },
    ]);
    const script = [plugged, mounted('/dev/sdb1', '/mnt/x'), runs('/usr/bin/bash /mnt/x/run.sh', 90_000)];
    expect(findingsOf(removableMediaBehaviour, script)).toMatchObject([{ severity: 'medium' }]);
  });

  it('tells of what was run before we heard of the drive', () => {
    expect(findingsOf(removableMediaBehaviour, [plugged, runs(`${PATH}/setup`, -900), mounted()])).toMatchObject([
      { severity: 'high', files: [{ path: `${PATH}/setup` }] },
    ]);
    expect(findingsOf(removableMediaBehaviour, [plugged, runs('/media/other/setup', -900), mounted()])).toEqual([]);
    expect(findingsOf(removableMediaBehaviour, [plugged, runs(`${PATH}/setup`, -9_000), mounted()])).toEqual([]);
  });

  it('is silent about other mounts, old drives and drives that are gone', () => {
    const gone: HostEvent = { ...mounted(), action: 'unmounted', timeMs: START_MS + 2_000 } as HostEvent;
    const usual: readonly (readonly HostEvent[])[] = [
      [plugged, mounted(), runs('/usr/bin/ls', 3_000)],
      [plugged, mounted(), gone, runs(`${PATH}/setup`, 5_000)],
      [plugged, mounted(), runs(`${PATH}/setup`, 8 * 3_600_000)],
      [mounted('/dev/sda3', '/home'), runs('/home/anna/bin/x', 3_000)],
      [plugged, mounted('server:/export', '/srv/nfs'), runs('/srv/nfs/x', 3_000)],
    ];
    for (const events of usual) expect(findingsOf(removableMediaBehaviour, events), JSON.stringify(events)).toEqual([]);
  });
});

describe('fork bomb', () => {
  const chain = (count: number, command: (index: number) => string, depth = 4): HostEvent[] =>
    Array.from({ length: count }, (_, index) => {
      const parents = Array.from({ length: depth }, (_, above) => command(index - 1 - above));
      const process = program(command(index), parents);
      return starts({ ...process, pid: 10_000 + index }, START_MS + index * 5);
    });

  it('tells of a program that starts itself again and again, once', () => {
    const bomb = chain(300, () => '/tmp/bomb');
    expect(findingsOf(forkBombBehaviour, bomb)).toMatchObject([{ severity: 'high', kind: 'denial-of-service' }]);
  });

  it('tells of copies of copies that run nothing else, and not of the workers of a server', () => {
    const parents = Array.from({ length: 6 }, () => '/usr/bin/bash -c bomb');
    const process = program('/usr/bin/bash -c bomb', [...parents, '/usr/bin/xterm']);
    const burst = (generations: number) => ({
      cpuSecondsOf: () => undefined,
      forkBursts: [{ process, copies: 800, generations }],
    });
    expect(findingsOf(forkBombBehaviour, [], {}, [burst(6), burst(6)])).toMatchObject([
      { severity: 'high', evidence: expect.arrayContaining([expect.objectContaining({ value: 800 })]) },
    ]);
    expect(findingsOf(forkBombBehaviour, [], {}, [burst(1)])).toEqual([]);
  });

  it('is silent about builds, shells in shells, and many copies that one program starts', () => {
    expect(
      findingsOf(
        forkBombBehaviour,
        chain(300, (index) => `/usr/bin/make -C dir${index}`),
      ),
    ).toEqual([]);
    expect(
      findingsOf(
        forkBombBehaviour,
        chain(20, () => '/usr/bin/bash'),
      ),
    ).toEqual([]);
    expect(
      findingsOf(
        forkBombBehaviour,
        chain(300, () => '/usr/bin/cc1', 0),
      ),
    ).toEqual([]);
    expect(
      findingsOf(
        forkBombBehaviour,
        chain(300, () => '/usr/bin/make', 2),
      ),
    ).toEqual([]);
  });
});

describe('self protection', () => {
  const writes = (process: HostProcessWithParents, path: string): HostEvent => ({
    type: 'file-written',
    timeMs: START_MS,
    path,
    process,
  });
  const own = program('/usr/lib/holdfast/node /usr/lib/holdfast/holdfastd.js', [], { unit: 'holdfast.service' });
  const service = (process: HostProcessWithParents, unit: string): HostEvent => ({
    type: 'service-change',
    timeMs: START_MS,
    unit,
    action: 'stopped',
    process,
  });

  const signals = (process: HostProcessWithParents, signal: number): HostEvent => ({
    type: 'process-signal',
    timeMs: START_MS,
    process,
    target: own,
    signal,
  });

  it('tells of blows at files, programs, service, firewall and memory', () => {
    const severities = [
      writes(program('/usr/bin/sed -i x', [SHELL]), '/usr/lib/holdfast/holdfastd.js'),
      writes(program('/usr/bin/sed -i x', [SHELL]), '/etc/holdfast/config.yaml'),
      service(program('/usr/bin/systemctl stop holdfast', [SHELL]), 'holdfast.service'),
      starts(program('/usr/bin/pkill -9 holdfastd', [SHELL])),
      starts(program('/usr/sbin/nft delete table inet holdfast', [SHELL])),
      starts(program('/usr/bin/apt-get -y purge holdfast', [SHELL])),
      {
        type: 'process-access' as const,
        timeMs: START_MS,
        process: program('/tmp/x'),
        target: own,
        access: 'trace' as const,
      },
      { type: 'process-exit' as const, timeMs: START_MS, process: own, signal: 9 },
      signals(program('/usr/bin/perl x', [SHELL]), 19),
      signals(program('/usr/bin/bash'), 15),
    ].map((event) => findingsOf(selfProtectionBehaviour, [event])[0]?.severity);
    expect(severities).toEqual(['high', 'medium', 'high', 'high', 'high', 'high', 'critical', 'low', 'high', 'medium']);
  });

  it('is silent about updates, editors, itself, and others', () => {
    const usual: readonly HostEvent[] = [
      writes(program('/usr/bin/dpkg --unpack', ['/usr/bin/apt']), '/usr/lib/holdfast/holdfastd.js'),
      writes(program('/usr/bin/vim', [SHELL]), '/etc/holdfast/config.yaml'),
      writes(own, '/var/lib/holdfast/holdfast.db'),
      starts(program('/usr/sbin/nft delete table inet holdfast', [own.commandLine])),
      service(program('/usr/bin/systemctl stop nginx', [SHELL]), 'nginx.service'),
      starts(program('/usr/bin/systemctl status holdfast', [SHELL])),
      starts(program('/usr/bin/apt-get install holdfast', [SHELL])),
      { type: 'process-exit', timeMs: START_MS, process: own, exitCode: 0 },
      signals({ ...program('/usr/lib/systemd/systemd'), pid: 1 }, 15),
      signals(own, 9),
    ];
    for (const event of usual) expect(findingsOf(selfProtectionBehaviour, [event]), JSON.stringify(event)).toEqual([]);
  });
});

describe('decode and run', () => {
  const writes = (command: string, path: string, parents: readonly string[] = [SHELL]): HostEvent => ({
    type: 'file-written',
    timeMs: START_MS + 2,
    path,
    process: program(command, parents),
  });
  const runs = (command: string, parents: readonly string[] = [SHELL]): HostEvent =>
    starts(program(command, parents), START_MS + 50);

  it('tells of what was decoded and run, with and without a file, and of what was just written', () => {
    const decoder = starts(program('/usr/bin/base64 -d', [SHELL]));
    const severities = [
      [decoder, runs('/usr/bin/sh')],
      [decoder, writes('/usr/bin/bash', '/tmp/a.sh', []), runs('/usr/bin/sh /tmp/a.sh')],
      [
        starts(program('/usr/bin/unzip -P infected a.zip', [SHELL])),
        writes('/usr/bin/unzip -P infected a.zip', '/home/anna/a'),
        runs('/home/anna/a'),
      ],
      [writes('/usr/bin/bash', '/tmp/b.sh', []), runs('/usr/bin/sh /tmp/b.sh')],
      // Heard of in the other order.
      [decoder, runs('/usr/bin/sh /tmp/a.sh'), { ...writes('/usr/bin/bash', '/tmp/a.sh', []), timeMs: START_MS + 90 }],
    ].map((events) => findingsOf(decodeAndRunBehaviour, events)[0]?.severity);
    expect(severities).toEqual(['high', 'medium', 'medium', 'low', 'medium']);
  });

  it('is silent about builds, packages, plain archives, and decoders that feed no shell', () => {
    const usual: readonly (readonly HostEvent[])[] = [
      [starts(program('/usr/bin/base64 -d', [SHELL])), runs('/usr/bin/jq .')],
      [starts(program('/usr/bin/base64 -w0', [SHELL])), runs('/usr/bin/sh')],
      [starts(program('/usr/bin/base64 -d', [SHELL])), runs('/usr/bin/node --version')],
      [
        starts(program('/usr/bin/unzip a.zip', [SHELL])),
        writes('/usr/bin/unzip a.zip', '/home/anna/a'),
        runs('/home/anna/a'),
      ],
      [writes('/usr/bin/ld', '/tmp/build/conftest'), runs('/tmp/build/conftest')],
      [runs('/usr/bin/sh /tmp/c.sh'), { ...writes('/usr/bin/bash', '/tmp/c.sh', []), timeMs: START_MS + 900 }],
      [runs('/usr/bin/sh /tmp/c.sh'), writes('/usr/bin/cp c.sh /tmp/c.sh', '/tmp/c.sh', ['/usr/bin/sh /tmp/c.sh'])],
      [
        writes('/usr/bin/dash x.postinst', '/tmp/x.sh', ['/usr/bin/dpkg']),
        runs('/usr/bin/sh /tmp/x.sh', ['/usr/bin/dash x.postinst', '/usr/bin/dpkg']),
      ],
    ];
    for (const events of usual) expect(findingsOf(decodeAndRunBehaviour, events), JSON.stringify(events)).toEqual([]);
  });
});
