/** What intruders do once they are in: reach into programs, the kernel, out of containers, and mine. */
import { describe, expect, it } from 'vitest';
import type { HostEvent, HostEventOf, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { containerEscapeBehaviour } from './container-escape.ts';
import { cryptoMiningBehaviour } from './crypto-mining.ts';
import { kernelModuleBehaviour } from './kernel-module.ts';
import { preloadedLibraryBehaviour } from './preloaded-library.ts';
import { processInjectionBehaviour } from './process-injection.ts';
import { findingsOf, program, START_MS, starts } from './testing.ts';

const SHELL = '/usr/bin/bash';

describe('process injection', () => {
  const cron = program('/usr/sbin/cron');
  const reaches = (
    process: HostProcessWithParents,
    target: HostProcess,
    access: 'trace' | 'read-memory' | 'write-memory' = 'write-memory',
  ): HostEventOf<'process-access'> => ({ type: 'process-access', timeMs: START_MS, process, target, access });
  const writes = (process: HostProcessWithParents, path: string): HostEvent => ({
    type: 'file-written',
    timeMs: START_MS,
    path,
    process,
  });

  it('tells of programs that change others, by whichever way', () => {
    const attacks: readonly [HostEvent, string][] = [
      [reaches(program('/tmp/inject 9'), cron), 'T1055.009'],
      [reaches(program('/home/anna/x'), cron, 'trace'), 'T1055.008'],
      [writes(program('/usr/bin/dd of=/proc/77/mem'), '/proc/77/mem'), 'T1055.009'],
      [{ ...reaches(program('/tmp/poke 9'), cron), way: 'ptrace' as const }, 'T1055.008'],
      [{ ...reaches(program('/tmp/copy 9'), cron), way: 'process-vm' as const }, 'T1055'],
    ];
    for (const [event, technique] of attacks) {
      const [finding] = findingsOf(processInjectionBehaviour, [event]);
      expect(finding).toMatchObject({ severity: 'high', kind: 'defence-evasion' });
      expect(finding?.techniques[0]).toBe(technique);
    }
  });

  it('is silent about debuggers, parents, readers and what a program does to itself', () => {
    const own = program('/home/anna/bin/runner');
    const usual: readonly HostEvent[] = [
      reaches(program('/usr/bin/gdb -p 9'), cron, 'trace'),
      reaches(own, program('/home/anna/bin/child', ['/home/anna/bin/runner']), 'trace'),
      reaches(program('/tmp/dump 9'), cron, 'read-memory'),
      writes(own, `/proc/${own.pid}/mem`),
      writes(own, '/proc/77/comm'),
    ];
    for (const event of usual)
      expect(findingsOf(processInjectionBehaviour, [event]), JSON.stringify(event)).toEqual([]);
  });
});

describe('kernel module', () => {
  const loads = (process: HostProcessWithParents | undefined, path?: string, isTainting = false): HostEvent => ({
    type: 'module-load',
    timeMs: START_MS,
    name: 'diamorphine',
    isTainting,
    ...(path !== undefined && { path }),
    ...(process !== undefined && { process }),
  });

  it('tells of modules from strange places and by hand', () => {
    const insmod = program('/usr/sbin/insmod /tmp/d.ko', ['/usr/bin/sudo insmod', SHELL]);
    const modprobe = program('/usr/sbin/modprobe dummy', [SHELL]);
    const severities = [
      loads(insmod, '/tmp/d.ko', true),
      loads(undefined, '/srv/d.ko'),
      loads(modprobe, '/lib/modules/6.1/kernel/dummy.ko', true),
      loads(modprobe, '/lib/modules/6.1/kernel/dummy.ko'),
    ].map((event) => findingsOf(kernelModuleBehaviour, [event])[0]?.severity);
    expect(severities).toEqual(['critical', 'high', 'medium', 'low']);
  });

  it('is silent about drivers that the system loads, and about packages', () => {
    const path = '/usr/lib/modules/6.1/updates/dkms/nvidia.ko';
    const usual: readonly HostEvent[] = [
      loads(undefined, path, true),
      loads(program('/usr/bin/kmod', ['/usr/lib/systemd/systemd-udevd']), path, true),
      loads(program('/usr/sbin/modprobe nvidia', ['/usr/bin/dash x.postinst', '/usr/bin/dpkg']), path, true),
      loads(program('/usr/sbin/modprobe tun', ['/usr/sbin/NetworkManager']), '/lib/modules/6.1/kernel/tun.ko'),
    ];
    for (const event of usual) expect(findingsOf(kernelModuleBehaviour, [event]), JSON.stringify(event)).toEqual([]);
  });
});

describe('container escape', () => {
  const inside = (command: string) => program(command, [SHELL], { container: 'c0ffee' });
  const opens = (process: HostProcessWithParents, path: string): HostEvent => ({
    type: 'file-opened',
    timeMs: START_MS,
    path,
    process,
  });
  const writes = (process: HostProcessWithParents, path: string): HostEvent => ({
    type: 'file-written',
    timeMs: START_MS,
    path,
    process,
  });
  const mounts = (process: HostProcessWithParents, source: string): HostEvent => ({
    type: 'mount-change',
    timeMs: START_MS,
    action: 'mounted',
    source,
    path: '/mnt',
    process,
  });

  it('tells of the known ways out', () => {
    const severities = [
      mounts(inside('/usr/bin/mount /dev/sda1 /mnt'), '/dev/sda1'),
      writes(inside('/usr/bin/sh'), '/sys/fs/cgroup/rdma/release_agent'),
      writes(inside('/usr/bin/sh'), '/proc/sys/kernel/core_pattern'),
      writes(program('/usr/bin/bash'), '/proc/sys/kernel/core_pattern'),
      opens(inside('/usr/bin/curl'), '/var/run/docker.sock'),
      starts(inside('/usr/bin/curl --unix-socket /var/run/docker.sock http://x/containers/json')),
      starts(inside('/usr/bin/nsenter -t 1 -m -u -i -n sh')),
      starts(program('/usr/bin/nsenter --target=1 -m sh', [SHELL])),
    ].map((event) => findingsOf(containerEscapeBehaviour, [event])[0]?.severity);
    expect(severities).toEqual(['high', 'critical', 'critical', 'medium', 'high', 'high', 'critical', 'medium']);
  });

  it('is silent about what containers and the system do every day', () => {
    const usual: readonly HostEvent[] = [
      mounts(inside('/usr/bin/mount -t tmpfs tmpfs /mnt'), 'tmpfs'),
      mounts(program('/usr/bin/mount /dev/sdb1 /mnt', [SHELL]), '/dev/sdb1'),
      writes(program('/usr/lib/systemd/systemd-sysctl'), '/proc/sys/kernel/core_pattern'),
      opens(program('/usr/bin/docker ps', [SHELL]), '/var/run/docker.sock'),
      starts(program('/usr/bin/docker -H unix:///var/run/docker.sock ps', [SHELL])),
      starts(inside('/usr/bin/nsenter -t 42 -n ip a')),
    ];
    for (const event of usual) expect(findingsOf(containerEscapeBehaviour, [event]), JSON.stringify(event)).toEqual([]);
  });
});

describe('crypto mining', () => {
  const connects = (process: HostProcessWithParents, remotePort: number, remoteName?: string): HostEvent => ({
    type: 'network-connection',
    timeMs: START_MS + 10,
    direction: 'outbound',
    protocol: 'tcp',
    localAddress: '192.0.2.7',
    localPort: 50_000,
    remoteAddress: '203.0.113.5',
    remotePort,
    process,
    ...(remoteName !== undefined && { remoteName }),
  });

  it('tells of miners by their command, their pool, and what adds up', () => {
    const renamed = program('/tmp/kworker -o stratum+tcp://203.0.113.5:3333 -u x -t 8', [SHELL]);
    const quiet = program('/home/anna/worker', [SHELL]);
    const found = (events: readonly HostEvent[]) => findingsOf(cryptoMiningBehaviour, events)[0];
    expect(found([starts(renamed), connects(renamed, 3333)])).toMatchObject({
      severity: 'high',
      techniques: ['T1496.001'],
    });
    expect(found([starts(program('/usr/bin/xmrig'))])).toMatchObject({ severity: 'medium' });
    expect(found([starts(quiet), connects(quiet, 443, 'gulf.moneroocean.stream')])).toMatchObject({ severity: 'high' });
    const evidence = found([starts(renamed), connects(renamed, 3333)])?.evidence.map(({ name }) => name);
    expect(evidence).toEqual(expect.arrayContaining(['word of the command', 'port of pools', 'place', 'cores']));
  });

  it('counts a connection to a port of pools that lasts', () => {
    const miner = program('/usr/bin/worker --algo randomx', [SHELL]);
    const later = starts(program('/usr/bin/true', [SHELL]), START_MS + 300_000);
    const [finding] = findingsOf(cryptoMiningBehaviour, [starts(miner), connects(miner, 3333), later]);
    expect(finding?.evidence.map(({ name }) => name)).toContain('connected for');
    expect(finding?.severity).toBe('high');
  });

  it('counts computing through a minute while connected to a port of pools', () => {
    const hidden = program('/home/anna/.cache/dbus-daemon', [SHELL]);
    const computing = (share: number) =>
      Array.from({ length: 70 }, (_, second) => ({ cpuSecondsOf: () => second * share, forkBursts: [] }));
    const events = [starts(hidden), connects(hidden, 3333)];
    expect(findingsOf(cryptoMiningBehaviour, events, {}, computing(1.9))).toMatchObject([
      {
        severity: 'medium',
        evidence: expect.arrayContaining([expect.objectContaining({ value: '1.9 cores for 60 s' })]),
      },
    ]);
    expect(findingsOf(cryptoMiningBehaviour, events, {}, computing(0.1))).toEqual([]);
    expect(findingsOf(cryptoMiningBehaviour, [starts(hidden), connects(hidden, 443)], {}, computing(1.9))).toEqual([]);
  });

  it('is silent about games, searches for such words, and packages', () => {
    const game = program('/home/anna/.steam/game', [SHELL]);
    const usual: readonly (readonly HostEvent[])[] = [
      [starts(game), connects(game, 7777), starts(program('/usr/bin/true'), START_MS + 600_000)],
      [starts(program('/usr/bin/grep -r stratum+tcp:// /srv', [SHELL]))],
      [starts(program('/usr/bin/apt-get install xmrig', [SHELL]))],
      [connects(program('/usr/lib/firefox/firefox'), 443, 'example.org')],
    ];
    for (const events of usual) expect(findingsOf(cryptoMiningBehaviour, events), JSON.stringify(events)).toEqual([]);
  });
});

describe('preloaded library', () => {
  const withLibrary = (LD_PRELOAD: string, process = program('/usr/bin/ls', [SHELL])): HostEvent => ({
    type: 'process-start',
    timeMs: START_MS,
    process,
    environment: { LD_PRELOAD },
  });
  const severityOf = (event: HostEvent) => findingsOf(preloadedLibraryBehaviour, [event])[0]?.severity;

  it('tells of libraries by where they lie', () => {
    expect(severityOf(withLibrary('/tmp/x.so'))).toBe('high');
    expect(severityOf(withLibrary('/srv/app/hook.so'))).toBe('medium');
    expect(severityOf(withLibrary('/home/anna/hook.so'))).toBe('low');
    expect(severityOf(withLibrary('/usr/lib/a.so:/dev/shm/libjemalloc.so'))).toBe('high');
  });

  it('is silent about those of packages, and those that are known', () => {
    const dpkg = program('/usr/bin/fakeroot', ['/usr/bin/dpkg']);
    for (const event of [
      withLibrary('libfakeroot-sysv.so', dpkg),
      withLibrary('/usr/lib/x86_64-linux-gnu/libeatmydata.so'),
      withLibrary('/home/anna/.local/share/Steam/ubuntu12_64/gameoverlayrenderer.so'),
      withLibrary(''),
    ])
      expect(severityOf(event), JSON.stringify(event)).toBeUndefined();
  });
});
