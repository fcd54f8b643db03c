import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../../contract/events.ts';
import { ProcessHistory } from './history.ts';
import type { ProcessRecord, ProgramFacts } from './records.ts';
import { MAX_ANCESTORS, ProcessTable } from './table.ts';

const BOOT_MS = 1_700_000_000_000;
const TICK_NS = 10_000_000;

const program = (image: string, more: Partial<ProgramFacts> = {}): ProgramFacts => ({
  fileName: image,
  image,
  inode: 0,
  directory: '/',
  cgroup: '/',
  arguments: `${image}\0`,
  areArgumentsCut: false,
  isImageDeleted: false,
  streams: [],
  ...more,
});

function record(kind: ProcessRecord['kind'], pid: number, more: Partial<ProcessRecord> = {}): ProcessRecord {
  return {
    kind,
    pid,
    timeMs: BOOT_MS + 1_000,
    parentPid: 0,
    startNs: pid * TICK_NS,
    parentStartNs: 0,
    exitStatus: 0,
    isIncomplete: false,
    name: '',
    terminal: '',
    ...more,
  };
}
const exec = (pid: number, image: string, more: Partial<ProcessRecord> = {}, facts: Partial<ProgramFacts> = {}) =>
  record('exec', pid, { program: program(image, facts), ...more });

function play(records: readonly ProcessRecord[], running: readonly ProcessRecord[] = []): HostEvent[] {
  const history = new ProcessHistory({ userName: (uid) => (uid === 0 ? 'root' : undefined) });
  history.begin(BOOT_MS, running);
  return records.flatMap((one) => history.take(one));
}

const ids = (uid: number) => ({ users: { uid, euid: uid }, groups: { gid: uid, egid: uid } });

describe('ProcessHistory', () => {
  it('takes what is told late of the time before for what it was, and not for a change', () => {
    const running = exec(40, '/usr/lib/helper', { timeMs: BOOT_MS + 2_000, ...ids(65_534) });
    const late = record('credentials', 40, { timeMs: BOOT_MS + 1_500, ...ids(0) });
    expect(play([late], [running])).toEqual([]);
    const later = record('credentials', 40, { timeMs: BOOT_MS + 2_500, ...ids(0) });
    expect(play([later], [running])).toMatchObject([{ type: 'process-credentials', after: { uid: 0 } }]);
  });

  it('takes no file of this computer for a program that lives among other mounts', () => {
    const asked: (string | undefined)[] = [];
    const history = new ProcessHistory({
      packageOf: (image) => `dpkg:${image}`,
      hashesOf: (_image, _inode, _take, link) => {
        asked.push(link);
        return { sha256: 'own' };
      },
      // One that ended before it was asked has its parent's.
      mountNamespaceOf: (pid) => (pid < 60 ? pid : undefined),
      pathOwnerOf: (_path, _pid, namespace) =>
        namespace === 50 ? 'here' : namespace === 51 ? 'elsewhere' : 'unreachable',
    });
    history.begin(BOOT_MS, []);
    const image = '/usr/bin/x';
    const told = [
      ...history.take(exec(50, image)),
      ...history.take(exec(51, image)),
      ...history.take(exec(52, image)),
      ...[record('fork', 60, { parentPid: 51 }), exec(60, image, { parentPid: 51 })].flatMap((one) =>
        history.take(one),
      ),
    ].map((event) => (event.type === 'process-start' ? event.process : undefined));
    expect(told[0]).toMatchObject({ package: 'dpkg:/usr/bin/x', hashes: { sha256: 'own' } });
    expect(told[0]).not.toHaveProperty('seesOtherFiles');
    expect(told[1]).toMatchObject({ seesOtherFiles: true, hashes: { sha256: 'own' } });
    expect(told[1]).not.toHaveProperty('package');
    expect(told[2]).toMatchObject({ seesOtherFiles: true });
    expect(told[2]).not.toHaveProperty('hashes');
    expect(told[3]).toMatchObject({ seesOtherFiles: true });
    expect(asked).toEqual([undefined, '/proc/51/exe', '/proc/60/exe']);
  });

  it('knows the hash of a program that was told without it, a moment later', () => {
    const later: ((hashes: { sha256: string }) => void)[] = [];
    const history = new ProcessHistory({
      hashesOf: (_image, _inode, take) => {
        later.push(take);
        return undefined;
      },
    });
    history.begin(BOOT_MS, []);
    history.take(exec(50, '/usr/bin/one'));
    history.take(exec(50, '/usr/bin/two'));
    // Of what it executed before, and of what it executes.
    later[0]({ sha256: 'first' });
    expect(history.table.get(50)?.process.hashes).toBeUndefined();
    later[1]({ sha256: 'second' });
    expect(history.table.get(50)?.process).toMatchObject({ image: '/usr/bin/two', hashes: { sha256: 'second' } });
  });

  it('tells of a program with where it comes from, after its parents have ended', () => {
    const [start] = play(
      [
        record('fork', 20, { parentPid: 10 }),
        record('fork', 30, { parentPid: 20 }),
        record('exit', 20),
        record('exit', 10),
        exec(30, '/usr/bin/curl', {}, { arguments: 'curl\0-s\0http://x\0' }),
      ],
      [exec(1, '/sbin/init'), exec(10, '/bin/bash', { parentPid: 1 })],
    ).filter(({ type }) => type === 'process-start');
    expect(start).toMatchObject({
      process: {
        pid: 30,
        startedMs: BOOT_MS + 300,
        image: '/usr/bin/curl',
        commandLine: 'curl -s http://x',
        arguments: ['curl', '-s', 'http://x'],
        parent: { pid: 20, image: '/bin/bash' },
        ancestors: [
          { pid: 10, image: '/bin/bash' },
          { pid: 1, image: '/sbin/init' },
        ],
      },
    });
  });

  it('tells an exit once, with code or signal, and not of a mere fork', () => {
    const events = play([
      exec(5, '/bin/a'),
      record('exit', 5, { exitStatus: 3 << 8 }),
      record('exit', 5),
      record('fork', 6, { parentPid: 1 }),
      record('exit', 6),
      exec(7, '/bin/b'),
      record('exit', 7, { exitStatus: 0x80 | 11 }),
    ]).filter(({ type }) => type === 'process-exit');
    expect(events).toMatchObject([{ exitCode: 3 }, { signal: 11 }]);
    expect(events[1]).not.toHaveProperty('exitCode');
  });

  it('tells of a process that becomes somebody else, at an exec and between', () => {
    const events = play([
      record('fork', 5, ids(1000)),
      exec(5, '/usr/bin/su', { users: { uid: 1000, euid: 0 }, groups: { gid: 1000, egid: 1000 }, capabilities: 3n }),
      record('credentials', 5, { users: { uid: 0, euid: 0 } }),
      record('credentials', 5, { users: { uid: 0, euid: 0 } }),
    ]);
    expect(events.map(({ type }) => type)).toEqual(['process-start', 'process-credentials', 'process-credentials']);
    expect(events[1]).toMatchObject({
      before: { uid: 1000, euid: 1000 },
      after: { uid: 1000, euid: 0, capabilities: ['cap_chown', 'cap_dac_override'] },
      process: { user: 'root' },
    });
    expect(events[2]).toMatchObject({ before: { uid: 1000, euid: 0 }, after: { uid: 0, euid: 0, gid: 1000 } });
    expect(events[2]).not.toHaveProperty('after.capabilities');
  });

  it('says nothing of a change whose beginning it does not know', () => {
    expect(play([record('credentials', 9, { users: { uid: 5, euid: 5 } })])).toEqual([]);
  });

  it('takes a number that was given anew for another process', () => {
    const events = play([exec(5, '/bin/a', ids(0)), exec(5, '/bin/b', { ...ids(7), startNs: 9 * TICK_NS })]);
    expect(events).toMatchObject([
      { type: 'process-start', process: { startedMs: BOOT_MS + 50 } },
      { type: 'process-start', process: { startedMs: BOOT_MS + 90, uid: 7 } },
    ]);
    expect(events.length).toBe(2);
  });

  it('names what runs from memory, and forgets the program before', () => {
    const [, start] = play([
      exec(5, '/bin/a', {}, { cgroup: '/system.slice/ssh.service', isImageDeleted: true }),
      exec(5, '/memfd:x', {}, { isImageDeleted: true, arguments: '' }),
    ]);
    expect(start).toMatchObject({ process: { image: 'memfd:x', isImageDeleted: true, commandLine: '' } });
    expect(start).not.toHaveProperty('process.unit');
    expect(start).not.toHaveProperty('process.arguments');
  });
});

describe('ProcessTable', () => {
  it('stays bounded however many begin, and however long the chain is', () => {
    const history = new ProcessHistory({}, new ProcessTable(100));
    history.begin(BOOT_MS, []);
    let last: HostEvent[] = [];
    for (let pid = 1; pid <= 1_000; pid++) {
      history.take(record('fork', pid, { parentPid: pid - 1 }));
      last = history.take(exec(pid, '/bin/a', { parentPid: pid - 1 }));
      if (pid > 1 && pid % 2 === 0) history.take(record('exit', pid - 1));
    }
    expect(history.table.size).toBeLessThanOrEqual(100);
    expect(history.table.size).toBeGreaterThan(50);
    expect(history.table.forgotten).toBeGreaterThan(0);
    let depth = 0;
    for (let at = history.table.get(1_000); at !== undefined; at = at.parent) depth++;
    expect(depth).toBeLessThanOrEqual(2 * MAX_ANCESTORS + 1);
    expect(last[0]).toMatchObject({ type: 'process-start', process: { parent: { pid: 999 } } });
    const [start] = last;
    expect(start.type === 'process-start' && start.process.ancestors?.length).toBe(MAX_ANCESTORS);
  });
});
