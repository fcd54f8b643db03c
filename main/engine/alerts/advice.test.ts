import { describe, expect, it } from 'vitest';
import { ALERT_KINDS, type Alert } from '../../../contract/domain.ts';
import { nextSteps } from './advice.ts';

function alert(kind: Alert['kind'], attackers: readonly string[], victims: readonly string[]): Alert {
  return {
    id: 'a-1',
    kind,
    title: '',
    severity: 'low',
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
    detectors: [],
    related: [],
  };
}

const OWN = new Set(['10.0.0.9']);
const HOSTS = [[], ['10.0.0.9'], ['10.0.0.5'], ['203.0.113.5'], ['10.0.0.5', '203.0.113.5']] as const;

describe('nextSteps', () => {
  it('has something to say about every kind, wherever attackers and victims are', () => {
    for (const kind of ALERT_KINDS) {
      for (const attackers of HOSTS) {
        for (const victims of HOSTS) {
          const steps = nextSteps(alert(kind, attackers, victims), OWN);
          expect(steps.length, kind).toBeGreaterThan(0);
          for (const step of steps) expect(step).toMatch(/^[A-Z][^{}]*\.$/);
        }
      }
    }
  });

  it('says which computer is meant, and asks nobody to block a computer of the own network at the firewall', () => {
    const inside = nextSteps(alert('port-scan', ['10.0.0.5'], ['10.0.0.9']), OWN).join(' ');
    expect(inside).toContain('on this computer');
    expect(inside).not.toContain('firewall');
    expect(nextSteps(alert('port-scan', ['203.0.113.5'], ['10.0.0.9']), OWN)[0]).toBe(
      'Block 203.0.113.5 at the firewall.',
    );
    expect(nextSteps(alert('denial-of-service', ['10.0.0.9'], ['203.0.113.5']), OWN).join(' ')).toContain('stop it');
  });

  it('looks for the program where the data came from, and blocks where it went', () => {
    for (const kind of ['exfiltration', 'tunnel'] as const) {
      const steps = nextSteps(alert(kind, ['203.0.113.5'], ['10.0.0.5']), OWN).join(' ');
      expect(steps).toMatch(/block 203\.0\.113\.5/i);
      expect(steps).toMatch(/(user of|program on) 10\.0\.0\.5/);
    }
    expect(nextSteps(alert('dns-tunnel', ['203.0.113.5'], ['10.0.0.9']), OWN).join(' ')).toContain('on this computer');
  });

  it('does not read an address as a pattern, and counts hosts that are not listed', () => {
    const many = { ...alert('policy', ['$&', 'b', 'c', 'd'], []), attackerCount: 1_003 };
    expect(nextSteps(many, OWN)[0]).toContain('$&, b, c and 1,000 more');
  });
});
