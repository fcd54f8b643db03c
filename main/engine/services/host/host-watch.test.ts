import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { attackCatalogue } from '../../alerts/index.ts';
import { BEHAVIOURS } from '../../behaviours/index.ts';
import { OWN_RULES, readRuleFiles, SigmaRuleSet } from '../../rules/index.ts';
import { type Config, loadConfig } from '../../runtime/config.ts';
import { CONFIG_SECTIONS } from '../control/configuration.ts';
import { createHostWatch } from './host-watch.ts';

/** Those that tell people what a technique means. */
const { techniques: KNOWN } = attackCatalogue();
const NOW = 1_700_000_000_000;

const RULE = `title: Password file read
id: 11111111-1111-4111-8111-111111111111
status: test
description: Somebody reads the passwords.
author: Somebody
license: Apache-2.0
tags: [attack.credential-access, attack.t1003.008]
logsource: { product: linux, category: process_creation }
detection:
  read: { CommandLine|contains: /etc/shadow }
  condition: read
level: high
`;
const CORRELATION = `title: Password file read often
id: 22222222-2222-4222-8222-222222222222
correlation:
  type: event_count
  rules: [11111111-1111-4111-8111-111111111111]
  group-by: [User]
  timespan: 1m
  condition: { gte: 2 }
level: critical
`;

function cat(parentPid: number, command = 'cat /etc/shadow'): HostProcessWithParents {
  const parent = { pid: parentPid, startedMs: NOW, image: '/usr/bin/bash', commandLine: 'bash', user: 'anna' };
  return {
    pid: parentPid + 1,
    startedMs: NOW,
    image: '/usr/bin/cat',
    commandLine: command,
    user: 'anna',
    parent,
    ancestors: [{ pid: 2_000, startedMs: NOW, image: '/usr/sbin/sshd', commandLine: 'sshd' }],
  };
}

const starts = (process: HostProcessWithParents, timeMs = NOW): HostEvent => ({
  type: 'process-start',
  timeMs,
  process,
});

function watch(values: ReadonlyMap<string, unknown> = new Map(), text = RULE, ownPid?: number) {
  const findings: Finding[] = [];
  const hits: string[] = [];
  const host = createHostWatch({
    config: {
      section: (path, table) =>
        Object.fromEntries(
          Object.entries(table).map(([key, row]) => [key, values.get(`${path}.${key}`) ?? row.default]),
        ) as ReturnType<Config['section']> as never,
    },
    rules: SigmaRuleSet.load([{ path: 'r.yml', text }]),
    ...(ownPid !== undefined && { ownPid }),
    onFinding: (finding) => findings.push(finding),
    onRuleHit: ({ rule }) => hits.push(rule.title),
  });
  return { host, findings, hits };
}

describe('techniques', () => {
  it('of behaviours and of our own rules are all known by name', () => {
    const rules = SigmaRuleSet.load(readRuleFiles([OWN_RULES], -1).files);
    const named = [
      ...BEHAVIOURS.flatMap(({ techniques }) => techniques),
      ...rules.detections.flatMap(({ techniques }) => techniques),
    ];
    expect([...new Set(named)].filter((id) => !KNOWN.has(id))).toEqual([]);
  });
});

describe('createHostWatch', () => {
  it('makes a finding of a rule that an event matches, with who did it', () => {
    const { host, findings, hits } = watch();
    host.event(starts(cat(100)));
    expect(hits).toEqual(['Password file read']);
    expect(findings.find(({ detector }) => detector.startsWith('sigma/'))).toMatchObject({
      kind: 'credential-access',
      severity: 'high',
      techniques: ['T1003.008'],
      title: 'cat: Password file read',
      processes: [{ pid: 101, image: '/usr/bin/cat' }, { pid: 100 }, { pid: 2_000 }],
      files: [{ path: '/usr/bin/cat' }],
    });
    expect(host.counters()).toMatchObject({ events: 1, ruleHits: 1, failures: 0 });
    expect(host.processes.ancestors(cat(100))).toHaveLength(2);
  });

  it('gives one cause to repeats below one program, another to those of another', () => {
    const { host, findings } = watch();
    host.event(starts({ ...cat(100), pid: 301 }));
    host.event(starts({ ...cat(100), pid: 302 }, NOW + 5_000));
    host.event(starts(cat(200), NOW + 6_000));
    const ruled = findings.filter(({ detector }) => detector.startsWith('sigma/'));
    expect(new Set(ruled.map(({ cause }) => cause)).size).toBe(2);
    expect(
      ruled.find(({ evidence }) => evidence.some(({ name, value }) => name === 'hits' && value === 2)),
    ).toMatchObject({
      firstSeenMs: NOW,
      lastSeenMs: NOW + 5_000,
    });
  });

  it('weighs less what a package manager does', () => {
    const { host, findings } = watch();
    const dpkg = { pid: 50, startedMs: NOW, image: '/usr/bin/dpkg', commandLine: 'dpkg -i x.deb', user: 'root' };
    host.event(starts({ ...cat(100), ancestors: [dpkg] }));
    expect(findings.find(({ detector }) => detector.startsWith('sigma/'))).toMatchObject({
      severity: 'medium',
      evidence: expect.arrayContaining([expect.objectContaining({ value: 'a package manager' })]),
    });
  });

  it('makes what rules and programs say safe to look at', () => {
    const { host, findings } = watch(new Map(), RULE.replace('Password file read', '"Pass\\u202eword\\u001b[2J"'));
    host.event(starts(cat(100, 'cat /etc/shadow \u001b]0;x\u0007')));
    const finding = findings.find(({ detector }) => detector.startsWith('sigma/'));
    expect(finding?.title).toBe('cat: Pass\\u{202e}word\\u{1b}[2J');
    expect(JSON.stringify([finding?.title, finding?.explanation, finding?.evidence])).not.toMatch(/\\u001b|\u202e/);
  });

  it('does not judge the engine itself', () => {
    const { host, findings } = watch(new Map(), RULE, 100);
    host.event(starts(cat(100)));
    expect(findings).toEqual([]);
    expect(host.processes.ancestors({ pid: 101, startedMs: NOW, image: '', commandLine: '' })).toHaveLength(2);
    host.event(starts(cat(200)));
    expect(findings).not.toEqual([]);
  });

  it('tells what a correlation found, by what its events have in common', () => {
    const { host, findings } = watch(new Map(), `${RULE}---\n${CORRELATION}`);
    host.event(starts(cat(100)));
    host.event(starts(cat(200), NOW + 2_000));
    expect(
      findings.find(({ severity, detector }) => severity === 'critical' && detector.startsWith('sigma/')),
    ).toMatchObject({
      firstSeenMs: NOW,
      cause: 'sigma/22222222-2222-4222-8222-222222222222/anna',
    });
  });

  it('asks no behaviour that is switched off', () => {
    const shadow = (): HostEvent => starts({ ...cat(100), image: '/dev/shm/x', commandLine: '/dev/shm/x' });
    const on = watch();
    on.host.event(shadow());
    expect(on.findings.map(({ detector }) => detector)).toContain('hidden-program');
    const off = watch(new Map([['host.hidden-program.enabled', false]]));
    off.host.event(shadow());
    expect(off.findings.map(({ detector }) => detector)).not.toContain('hidden-program');
  });

  it('counts what fails and asks the others', () => {
    const { host, findings } = watch();
    // No sensor tells such an event; whatever fails about one must not keep the rules from being asked.
    const broken: HostProcessWithParents = {
      ...cat(100),
      image: '/usr/bin/bash',
      get standardStreams(): never {
        throw new Error('a mistake');
      },
    };
    host.event(starts(broken));
    expect(findings.some(({ detector }) => detector.startsWith('sigma/'))).toBe(true);
    expect(host.counters().failures).toBeGreaterThan(0);
  });

  it('asks behaviours and rules one by one where that is wanted', () => {
    const { host, findings, hits } = watch();
    const bad = starts(cat(100));
    host.behave(bad);
    expect(hits).toEqual([]);
    host.match(bad);
    expect(hits).toEqual(['Password file read']);
    expect(host.counters()).toMatchObject({ events: 1, ruleHits: 1 });
    const { host: both, findings: same } = watch();
    both.event(bad);
    expect(findings).toEqual(same);
  });

  it.each([
    { matchedMs: NOW + 1_000, often: 1 },
    { matchedMs: undefined, often: 0 },
  ])('counts by the time up to which rules were asked: $matchedMs', ({ matchedMs, often }) => {
    const { host, hits } = watch(new Map(), `${RULE}---\n${CORRELATION}`);
    host.match(starts(cat(100)));
    host.tick(NOW + 600_000, matchedMs);
    host.match(starts(cat(100), NOW + 2_000));
    expect(hits.filter((title) => title === 'Password file read often')).toHaveLength(often);
  });

  it('takes its settings from the configuration', async () => {
    const config = await loadConfig({ sections: CONFIG_SECTIONS, environment: {} });
    const host = createHostWatch({ config, rules: undefined, onFinding: () => {} });
    host.event(starts(cat(100)));
    host.tick(NOW + 1_000);
    expect(host.counters()).toMatchObject({ events: 1, ruleHits: 0, failures: 0 });
  });
});
