import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../contract/domain.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { type DecisionContext, decide } from './decision.ts';
import { protectList } from './protect.ts';
import { responseSettings } from './settings.ts';
import { living, systems, tableOf } from './testing.ts';
import { chooseBelow, chooseTree, MAX_CHOSEN } from './tree.ts';

const ENGINE = 500;
const DOER = { pid: 4711, startedMs: 1_000, image: '/usr/bin/python3.11', commandLine: 'python3 x.py' };
const FINDING: Finding = {
  origin: 'host',
  detector: 'ransomware',
  kind: 'ransomware',
  cause: 'ransomware/4711@1000',
  firstSeenMs: 1_000,
  lastSeenMs: 2_000,
  severity: 'critical',
  confidence: 0.9,
  techniques: ['T1486'],
  attackers: [],
  victims: [],
  attackerCount: 0,
  victimCount: 0,
  title: 'python3 changed 12 documents',
  explanation: '',
  evidence: [],
  processes: [DOER],
};
const CONTEXT: DecisionContext = { settings: defaultsOf(responseSettings), isSimulating: false, isAllowed: false };

describe('decide', () => {
  it('freezes whoever did it, by the setting that says so', () => {
    expect(decide(FINDING, CONTEXT)).toMatchObject({
      action: 'freeze',
      mode: 'act',
      target: DOER,
      setting: 'response.ransomware',
      value: 'freeze',
    });
  });

  it('only says so in simulation, and names what decided that', () => {
    const simulate: DecisionContext = { ...CONTEXT, settings: { ...CONTEXT.settings, ransomware: 'simulate' } };
    expect(decide(FINDING, simulate)).toMatchObject({ mode: 'simulate', setting: 'response.ransomware' });
    expect(decide(FINDING, { ...CONTEXT, isSimulating: true })).toMatchObject({
      mode: 'simulate',
      setting: '--simulate',
    });
  });

  it.each<[string, Partial<Finding>, Partial<DecisionContext>]>([
    ['it is off', {}, { settings: { ...CONTEXT.settings, ransomware: 'off' } }],
    ['it is allowed', {}, { isAllowed: true }],
    ['it is not sure enough', { confidence: 0.89 }, {}],
    ['it is not bad enough', { severity: 'medium' }, {}],
    ['another detector says it', { detector: 'sigma' }, {}],
    ['it is about something else', { kind: 'malware' }, {}],
    ['nobody knows who did it', { processes: [] }, {}],
  ])('does nothing where %s', (_name, finding, context) => {
    expect(decide({ ...FINDING, ...finding }, { ...CONTEXT, ...context })).toBeUndefined();
  });
});

describe('the protect-list', () => {
  const all = [
    systems(1, 0, '/usr/lib/systemd/systemd'),
    living(2, 0, { isKernelThread: true, image: '' }),
    systems(10, 1, '/usr/bin/bash script-that-starts-holdfast'),
    systems(ENGINE, 10, '/usr/bin/node'),
    living(501, ENGINE, { image: '/opt/holdfast/sense' }),
    living(502, 501),
    systems(20, 1, '/usr/bin/gnome-shell'),
    systems(21, 20, '/usr/bin/bash', { session: 21, hasTerminal: true }),
    systems(22, 20, '/usr/bin/bash --login', { session: 22, hasTerminal: true }),
    systems(23, 20, '/usr/bin/dpkg --configure -a'),
    systems(24, 20, '/usr/sbin/sshd -D'),
  ];
  const reason = protectList(tableOf(all), ENGINE);

  it.each(
    all.map((process) => [process.words.join(' ') || process.image || `process ${process.pid}`, process] as const),
  )('protects %s', (_name, process) => {
    expect(reason(process)).toMatch(/^[A-Z].*\.$/);
  });

  it.each([
    ['a program of somebody', living(30, 20)],
    ['a script', systems(31, 20, '/usr/bin/python3 x.py')],
    [
      'a shell that runs a script and leads its session',
      systems(32, 1, '/usr/bin/bash x.sh', { session: 32, hasTerminal: true }),
    ],
    ['a shell that was given a command', systems(33, 1, '/usr/bin/bash -c rm', { session: 33, hasTerminal: true })],
    ['a shell without a terminal, whoever leads its session', systems(34, 1, '/usr/bin/bash', { session: 34 })],
    ['another program under the path of a protected one', systems(35, 1, '/usr/sbin/sshd', { isOfTheSystem: false })],
    ['what somebody calls sshd', living(36, 1, { image: '/tmp/sshd', isOfTheSystem: true })],
    ['what an administrator calls sshd', systems(37, 1, '/usr/local/sbin/sshd')],
    ['what leads its session', living(38, 1, { session: 38 })],
  ])('does not protect %s', (_name, process) => {
    expect(reason(process)).toBeUndefined();
  });
});

describe('chooseTree', () => {
  const terminal = systems(20, 1, '/usr/bin/gnome-terminal-server');
  const shell = systems(21, 20, '/usr/bin/bash', { session: 21, hasTerminal: true });
  const script = systems(30, 21, '/usr/bin/bash take-all.sh', { session: 21 });
  const find = systems(31, 30, '/usr/bin/find . -exec gpg', { session: 21 });
  const doer = living(40, 31, { session: 21 });
  const child = living(41, 40, { session: 21 });
  const apart = living(42, 40, { session: 42 });
  const family = [terminal, shell, script, find, doer, child, apart];
  const chosen = (processes: readonly ReturnType<typeof living>[], who = doer) => {
    const table = tableOf(processes);
    const { targets, spared } = chooseTree(table, who, protectList(table, ENGINE));
    return { targets: targets.map(({ pid }) => pid), spared: spared.map(({ process }) => process.pid) };
  };

  it('takes what runs it and all below, parents first, and stops at the shell of a person', () => {
    expect(chosen(family)).toEqual({ targets: [30, 31, 40, 41, 42], spared: [] });
  });

  it('does not take programs above that do something themselves', () => {
    const editor = systems(30, 21, '/usr/bin/code', { session: 21 });
    expect(chosen([terminal, shell, editor, find, doer]).targets).toEqual([31, 40]);
  });

  it('does not take a script above that holds something protected', () => {
    const desktop = systems(50, 30, '/usr/bin/gnome-shell', { session: 21 });
    expect(chosen([...family, desktop]).targets).toEqual([31, 40, 41, 42]);
  });

  it('does not climb above what leads a session', () => {
    const leader = living(40, 31, { session: 40 });
    expect(chosen([script, find, leader], leader).targets).toEqual([40]);
  });

  it('spares what is protected below, with all that is below it', () => {
    const installer = systems(43, 40, '/usr/bin/dpkg -i x.deb');
    expect(chosen([find, doer, installer, living(44, 43)])).toEqual({ targets: [40], spared: [43] });
  });

  it('takes nothing where the doer itself is protected', () => {
    expect(chosen(family, shell)).toEqual({ targets: [], spared: [21] });
  });

  it('is bounded, and is not led round in circles', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => living(100 + index, 40));
    expect(chosen([...family, ...many]).targets.length).toBeLessThanOrEqual(MAX_CHOSEN);
    const circle = [living(60, 61), living(61, 60)];
    const table = tableOf(circle);
    expect(chooseBelow(table, circle[0], protectList(table, ENGINE)).targets.map(({ pid }) => pid)).toEqual([60, 61]);
  });
});
