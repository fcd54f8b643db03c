import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../contract/domain.ts';
import { ALERT_KINDS, SEVERITIES } from '../../../contract/domain.ts';
import { type AllowTarget, allowProblem, fitsAllow } from './allow.ts';

const NOW_MS = 1_800_000_000_000;

function alert(changes: Partial<Alert> = {}): Alert {
  const attackers = changes.attackers ?? ['10.0.0.5'];
  const victims = changes.victims ?? ['10.0.0.9'];
  return {
    id: 'a-1',
    kind: 'port-scan',
    title: '',
    severity: 'medium',
    confidence: 1,
    techniques: [],
    attackers,
    victims,
    attackerCount: attackers.length,
    victimCount: victims.length,
    firstSeenMs: 0,
    lastSeenMs: 0,
    findings: 1,
    explanation: '',
    evidence: [],
    detectors: ['port-scan'],
    related: [],
    ...changes,
  };
}

function fits(match: AllowTarget['match'], changes: Partial<Alert> = {}): boolean {
  return fitsAllow({ match, maximumSeverity: 'critical', untilMs: null }, alert(changes), NOW_MS);
}

describe('fitsAllow', () => {
  it('knows who did it by the executable, and of interpreters by the whole command line', () => {
    const python = { pid: 7, image: '/usr/bin/python3', commandLine: 'python3 /srv/backup.py' };
    const shell = { pid: 6, image: '/usr/bin/bash', commandLine: 'bash' };
    const processes = [python, shell];
    const { image: program, commandLine: command } = python;
    expect(fits({ program }, { processes })).toBe(true);
    expect(fits({ program, command }, { processes })).toBe(true);
    expect(fits({ program, command: 'python3 /tmp/x.py' }, { processes })).toBe(false);
    // Whose child it is does not matter.
    expect(fits({ program: shell.image }, { processes })).toBe(false);
    expect(fits({ program })).toBe(false);
  });

  it.each([
    ['10.0.0.5', '10.0.0.5', true],
    ['10.0.0.5', '10.0.0.6', false],
    ['10.0.0.0/24', '10.0.0.255', true],
    ['10.0.0.0/24', '10.0.1.0', false],
    ['10.0.0.128/25', '10.0.0.127', false],
    ['0.0.0.0/0', '203.0.113.1', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['2001:DB8:0::1', '2001:db8::1', true],
    ['00:02:00:00:00:4D', '00:02:00:00:00:4d', true],
    ['00:02:00:00:00:4d', '00:02:00:00:00:4e', false],
    ['10.0.0.0/8', '00:02:00:00:00:4d', false],
    ['office', '10.0.0.5', false],
    ['10.0.0.0/33', '10.0.0.0', false],
    ['10.0.0.0/8/8', '10.0.0.0', false],
    ['10.0.0.0/', '10.0.0.0', false],
  ])('%s hides %s: %s', (attacker, host, expected) => {
    expect(fits({ attacker }, { attackers: [host] })).toBe(expected);
    expect(fits({ victim: attacker }, { victims: [host] })).toBe(expected);
  });

  it('asks that every attacker and every detector fits, and hides nothing that is not known in full', () => {
    expect(fits({ attacker: '10.0.0.0/8' }, { attackers: ['10.0.0.5', '203.0.113.1'] })).toBe(false);
    expect(fits({ attacker: '10.0.0.0/8' }, { attackers: ['10.0.0.5'], attackerCount: 2 })).toBe(false);
    expect(fits({ attacker: '10.0.0.0/8' }, { attackers: [] })).toBe(false);
    expect(fits({ detector: 'port-scan' }, { detectors: ['port-scan', 'flood'] })).toBe(false);
    expect(fits({ detector: 'port-scan', kind: 'port-scan' })).toBe(true);
    expect(fits({ kind: 'brute-force', attacker: '10.0.0.5' })).toBe(false);
    expect(fits({})).toBe(false);
  });

  it('hides nothing after its time, and nothing worse than it may', () => {
    const match = { kind: 'port-scan' } as const;
    const target = { match, maximumSeverity: 'medium', untilMs: NOW_MS } as const;
    expect(fitsAllow(target, alert(), NOW_MS - 1)).toBe(true);
    expect(fitsAllow(target, alert(), NOW_MS)).toBe(false);
    expect(fitsAllow({ ...target, untilMs: null }, alert({ severity: 'high' }), NOW_MS)).toBe(false);
  });

  it('holds an IPv4 address in every network of its own, and in no other of the same length', () => {
    const word = fc.integer({ min: 0, max: 0xffff_ffff });
    const text = (address: number) => [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 32 }), (host, other, bits) => {
        const mask = bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
        const expected = (host & mask) >>> 0 === (other & mask) >>> 0;
        expect(fits({ attacker: `${text(other)}/${bits}` }, { attackers: [text(host)] })).toBe(expected);
        expect(fits({ attacker: `${text(host)}/${bits}` }, { attackers: [text(host)] })).toBe(true);
      }),
    );
  });

  it('naming more never hides more, and nothing that is given makes it throw', () => {
    const hosts = fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string()), { maxLength: 5 });
    const match = fc.record(
      {
        kind: fc.constantFrom(...ALERT_KINDS),
        attacker: fc.oneof(fc.ipV4Extended(), fc.ipV6(), fc.string(), fc.constant('10.0.0.0/8')),
        victim: fc.oneof(fc.ipV4(), fc.string()),
        detector: fc.constantFrom('port-scan', 'flood'),
        program: fc.constantFrom('/usr/bin/gpg', 'gpg'),
        command: fc.constantFrom('gpg -c x', ''),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(match, hosts, hosts, fc.constantFrom(...SEVERITIES), (full, attackers, victims, severity) => {
        const subject = { attackers, victims, severity };
        for (const name of Object.keys(full)) {
          const { [name as keyof typeof full]: _left, ...less } = full;
          const isNarrower = Object.keys(less).length > 0;
          if (isNarrower && fits(full, subject)) expect(fits(less, subject)).toBe(true);
        }
        if (allowProblem(full, ['port-scan', 'flood']) !== undefined) expect(fits(full, subject)).toBe(false);
      }),
    );
  });
});
