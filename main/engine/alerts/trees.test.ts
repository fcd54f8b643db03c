import { describe, expect, it } from 'vitest';
import type { Alert, AlertKind, Finding, ProcessRecord, Severity } from '../../../contract/domain.ts';
import { AlertBook } from './book.ts';
import { treeOf } from './trees.ts';

const START = Date.UTC(2026, 4, 6, 7);
const SECOND = 1_000;

function program(pid: number, image: string, parentPid?: number): ProcessRecord {
  return {
    pid,
    startedMs: START - 5_000 + pid,
    image,
    commandLine: image,
    ...(parentPid !== undefined && { parentPid }),
  };
}

const SYSTEMD = program(1, '/usr/lib/systemd/systemd');
const SSHD = program(700, '/usr/sbin/sshd', 1);
const SHELL = program(710, '/usr/bin/bash', 700);
const CURL = program(720, '/usr/bin/curl', 710);
const CHMOD = program(730, '/usr/bin/chmod', 710);
const OTHER_SHELL = program(810, '/usr/bin/bash', 700);
const ABOVE = [SSHD, SYSTEMD];

interface Told {
  readonly kind: AlertKind;
  readonly processes: readonly ProcessRecord[];
  readonly second?: number;
  readonly severity?: Severity;
  readonly attackers?: readonly string[];
  readonly origin?: 'host' | 'network';
  readonly files?: readonly string[];
}

function finding(told: Told): Finding {
  const { kind, processes, second = 0, severity = 'medium', attackers = [], origin = 'host', files = [] } = told;
  return {
    ...(origin === 'host' && { origin }),
    detector: `${kind}-watcher`,
    kind,
    cause: `${kind}/${processes[0]?.pid}/${attackers.join()}`,
    firstSeenMs: START + second * SECOND,
    lastSeenMs: START + second * SECOND,
    severity,
    confidence: 0.7,
    techniques: [],
    attackers,
    victims: attackers.length > 0 ? ['10.0.0.9'] : [],
    attackerCount: attackers.length,
    victimCount: attackers.length,
    title: `something about ${kind}`,
    explanation: 'It was seen.',
    evidence: [],
    processes,
    files: files.map((path) => ({ path })),
  };
}

function alertsOf(...told: readonly Told[]): Alert[] {
  const book = new AlertBook();
  for (const each of told) book.add(finding(each));
  return book.list();
}

describe('the tree of a process', () => {
  it('ends below what everything starts from', () => {
    expect(treeOf([CURL, SHELL, ...ABOVE])).toHaveLength(2);
    expect(treeOf([SSHD, SYSTEMD])).toEqual([]);
    expect(treeOf([{ pid: 44, image: '', commandLine: '' }])).toEqual(['process 44']);
  });

  it('does not end at what only calls itself so', () => {
    const disguised = program(705, '/tmp/x/sshd', 700);
    expect(treeOf([CURL, disguised, ...ABOVE])).toHaveLength(2);
  });

  it('tells a number that is used again from its earlier bearer', () => {
    const [first] = treeOf([CURL]);
    const [later] = treeOf([{ ...CURL, startedMs: START + 60 * SECOND }]);
    expect(first).not.toBe(later);
  });
});

describe('findings about programs', () => {
  it('are one alert where one shell is above them, with all programs and files of the story', () => {
    const alerts = alertsOf(
      { kind: 'execution', processes: [CURL, SHELL, ...ABOVE], files: ['/tmp/a'] },
      { kind: 'persistence', processes: [CHMOD, SHELL, ...ABOVE], second: 30, files: ['/etc/cron.d/a', '/tmp/a'] },
    );
    expect(alerts).toHaveLength(1);
    const [alert] = alerts;
    expect(alert?.processes?.map(({ pid }) => pid)).toEqual([720, 710, 700, 1, 730]);
    expect(alert?.files).toEqual([{ path: '/tmp/a' }, { path: '/etc/cron.d/a' }]);
    expect(alert?.stages?.map(({ kind }) => kind)).toEqual(['execution', 'persistence']);
    expect(alert?.title).toBe('bash did 2 things: ran something, made itself stay');
  });

  it('stay apart where only the system or the login server is above both, and after a long silence', () => {
    const first: Told = { kind: 'execution', processes: [CURL, SHELL, ...ABOVE] };
    expect(alertsOf(first, { kind: 'persistence', processes: [OTHER_SHELL, ...ABOVE] })).toHaveLength(2);
    expect(alertsOf(first, { kind: 'persistence', processes: [CHMOD, SHELL], second: 7_200 })).toHaveLength(2);
  });

  it('become worse together only where there are more than everyday work has', () => {
    const two = alertsOf(
      { kind: 'discovery', processes: [CURL, SHELL] },
      { kind: 'persistence', processes: [CHMOD, SHELL] },
    );
    expect(two.map(({ severity }) => severity)).toEqual(['medium']);
    const three = alertsOf(
      { kind: 'discovery', processes: [CURL, SHELL] },
      { kind: 'persistence', processes: [CHMOD, SHELL] },
      { kind: 'credential-access', processes: [SHELL] },
    );
    expect(three.map(({ severity }) => severity)).toEqual(['high']);
  });

  it('join what the traffic of the same tree shows, whose ends stay named', () => {
    const [alert, ...others] = alertsOf(
      { kind: 'beaconing', origin: 'network', processes: [CURL, SHELL], attackers: ['203.0.113.5'], severity: 'low' },
      { kind: 'execution', processes: [CHMOD, SHELL], second: 60, severity: 'high' },
    );
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ kind: 'execution', attackers: ['203.0.113.5'], severity: 'high' });
  });

  it('do not join the traffic of one program to several things with itself', () => {
    const traffic = { kind: 'beaconing', origin: 'network', processes: [CURL, SHELL] } as const;
    const alerts = alertsOf({ ...traffic, attackers: ['203.0.113.5'] }, { ...traffic, attackers: ['203.0.113.99'] });
    expect(alerts).toHaveLength(2);
    expect(alerts[0]?.related).toEqual([alerts[1]?.id]);
  });

  it('explain what is unusual in the traffic of the same program', () => {
    const [alert, ...others] = alertsOf(
      { kind: 'anomaly', origin: 'network', processes: [CURL, SHELL], attackers: ['203.0.113.5'], severity: 'low' },
      { kind: 'execution', processes: [CURL, SHELL], second: 5 },
    );
    expect(others).toEqual([]);
    expect(alert?.evidence.map(({ name }) => name)).toContain('also unusual');
  });

  it('are bounded and made plain, whatever the programs call themselves', () => {
    const book = new AlertBook();
    for (let pid = 1_000; pid < 3_000; pid++) {
      const hostile = { pid, startedMs: START, image: '/tmp/\u202eexe\u0007', commandLine: 'x'.repeat(100_000) };
      book.add(finding({ kind: 'execution', processes: [hostile, SHELL] }));
    }
    const [alert] = book.list();
    expect(alert?.processes?.length).toBeLessThanOrEqual(64);
    expect(JSON.stringify(alert)).not.toContain('\u202e');
    expect(alert?.processes?.[0]?.commandLine.length).toBeLessThanOrEqual(2_000);
  });
});
