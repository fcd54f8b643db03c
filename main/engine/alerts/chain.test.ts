import { describe, expect, it } from 'vitest';
import type { AlertKind, Finding, Severity } from '../../../contract/domain.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { AlertBook } from './book.ts';
import { alertSettings } from './settings.ts';

const START = Date.UTC(2026, 2, 3, 8);
const MINUTE = 60_000;
const DEFAULTS = defaultsOf(alertSettings);

interface Told {
  readonly kind: AlertKind;
  readonly minute: number;
  readonly severity?: Severity;
  readonly techniques?: readonly string[];
  readonly attacker?: string;
  readonly victim?: string;
}

function finding({ kind, minute, severity = 'high', techniques = [], ...hosts }: Told): Finding {
  const { attacker = '203.0.113.5', victim = '10.0.0.9' } = hosts;
  return {
    detector: kind,
    kind,
    cause: `${kind}/${attacker}/${victim}`,
    firstSeenMs: START + minute * MINUTE,
    lastSeenMs: START + (minute + 1) * MINUTE,
    severity,
    confidence: 0.9,
    techniques,
    attackers: [attacker],
    victims: [victim],
    attackerCount: 1,
    victimCount: 1,
    title: `${attacker} did ${kind} to ${victim}`,
    explanation: `This is what ${kind} means.`,
    evidence: [{ name: `measured by ${kind}`, value: 1, meaning: 'It counts.' }],
  };
}

const INTRUSION: readonly Told[] = [
  { kind: 'port-scan', minute: 0, severity: 'medium' },
  { kind: 'brute-force', minute: 20, techniques: ['T1110.001', 'T1078'] },
  { kind: 'reverse-shell', minute: 25, severity: 'critical' },
  { kind: 'exfiltration', minute: 200 },
];

function alertsOf(told: readonly Told[], settings = DEFAULTS) {
  const book = new AlertBook(settings);
  for (const each of told) book.add(finding(each));
  return book.list();
}

describe('the steps of an intrusion', () => {
  it('become one alert that tells them in order', () => {
    const alerts = alertsOf(INTRUSION);
    expect(alerts).toHaveLength(1);
    const [alert] = alerts;
    expect(alert).toMatchObject({
      kind: 'reverse-shell',
      severity: 'critical',
      attackers: ['203.0.113.5'],
      victims: ['10.0.0.9'],
      title: '203.0.113.5 attacked 10.0.0.9 in 4 steps: scanned ports, guessed passwords, had a shell, took data',
    });
    expect(alert?.stages?.map(({ kind }) => kind)).toEqual(INTRUSION.map(({ kind }) => kind));
    expect(alert?.explanation).toContain('First: 203.0.113.5 did port-scan to 10.0.0.9. 20 minutes later: ');
    expect(alert?.explanation).toContain('3 hours later: 203.0.113.5 did exfiltration');
    expect(alert?.techniques).toContain('T1078');
    const names = alert?.evidence.map(({ name }) => name);
    expect(names).toContain('measured by port-scan');
    expect(names).not.toContain('also seen');
  });

  it('are found in any order of telling', () => {
    const [expected] = alertsOf(INTRUSION);
    for (const order of [INTRUSION.toReversed(), [2, 0, 3, 1].map((index) => INTRUSION[index]!)]) {
      const alerts = alertsOf(order);
      expect(alerts).toHaveLength(1);
      expect({ ...alerts[0], id: '' }).toEqual({ ...expected, id: '' });
    }
  });

  it('take what came before in when the attacker gets in', () => {
    const book = new AlertBook(DEFAULTS);
    const changes: string[] = [];
    book.onChange = (alert, change) => changes.push(`${change} ${alert.kind}`);
    book.add(finding({ kind: 'port-scan', minute: 0, severity: 'medium' }));
    book.add(finding({ kind: 'brute-force', minute: 5, severity: 'medium' }));
    expect(book.list()).toHaveLength(2);
    book.add(finding({ kind: 'brute-force', minute: 5, techniques: ['T1078'] }));
    expect(book.list()).toHaveLength(1);
    expect(book.list()[0]?.stages).toHaveLength(2);
    expect(changes.at(-1)).toBe('withdrawn brute-force');
    expect(changes).toContain('changed brute-force');
  });

  it.each([
    ['nobody got in', [INTRUSION[0]!, { kind: 'brute-force', minute: 5 }]],
    ['the attackers differ', [INTRUSION[0]!, { ...INTRUSION[2]!, attacker: '203.0.113.77' }]],
    ['the victims differ', [INTRUSION[0]!, { ...INTRUSION[2]!, victim: '10.0.0.77' }]],
    ['a day lies between them', [INTRUSION[0]!, { ...INTRUSION[2]!, minute: 1_500 }]],
    ['one is only a notice', [{ kind: 'policy', minute: 1, severity: 'low' }, INTRUSION[2]!]],
    ['one is a flood', [{ kind: 'denial-of-service', minute: 1 }, INTRUSION[2]!]],
    ['the sign of control is a mild guess', [INTRUSION[0]!, { kind: 'beaconing', minute: 3, severity: 'low' }]],
  ] as [string, Told[]][])('stay apart where %s', (_why, told) => {
    const alerts = alertsOf(told);
    expect(alerts).toHaveLength(2);
    for (const alert of alerts) expect(alert.stages).toBeUndefined();
  });

  it('are found through what joins them: an alert that grew is compared again', () => {
    const scan: Told = { kind: 'port-scan', minute: 0, victim: '10.0.0.8' };
    const mild: Told = { kind: 'lateral-movement', minute: 1, severity: 'low', victim: '10.0.0.8' };
    const sure: Told = { kind: 'lateral-movement', minute: 2, severity: 'high', victim: '10.0.0.9' };
    expect(alertsOf([scan, mild])).toHaveLength(2);
    const [alert, ...others] = alertsOf([scan, mild, sure]);
    expect(others).toEqual([]);
    expect(alert?.stages?.map(({ kind }) => kind)).toEqual(['port-scan', 'lateral-movement']);
  });

  it('are nobody’s shadow: a flood by the same attacker stays an alert beside them', () => {
    const flood: Told = { kind: 'denial-of-service', minute: 0, severity: 'high' };
    const scan: Told = { kind: 'port-scan', minute: 0, severity: 'low' };
    expect(alertsOf([flood, scan])).toHaveLength(1);
    const shell: Told = { kind: 'reverse-shell', minute: 0, severity: 'medium' };
    expect(alertsOf([flood, scan, shell]).map(({ stages = [] }) => stages.length)).toEqual([0, 2]);
  });

  it('are weighed together: two certain steps are high, a break-in that went on is critical', () => {
    const severityOf = (told: readonly Told[]) => alertsOf(told)[0]?.severity;
    const shell: Told = { kind: 'reverse-shell', minute: 3, severity: 'medium' };
    expect(severityOf([{ kind: 'port-scan', minute: 0, severity: 'low' }, shell])).toBe('medium');
    expect(severityOf([{ kind: 'port-scan', minute: 0, severity: 'medium' }, shell])).toBe('high');
    expect(severityOf([{ kind: 'exploit', minute: 0, severity: 'medium' }, shell])).toBe('high');
    expect(severityOf([{ kind: 'exploit', minute: 0, severity: 'high' }, shell])).toBe('critical');
  });

  it('of one phase are one alert, but no story', () => {
    const [alert, ...others] = alertsOf([
      { kind: 'reverse-shell', minute: 0 },
      { kind: 'beaconing', minute: 2, severity: 'medium' },
    ]);
    expect(others).toEqual([]);
    expect(alert?.stages).toBeUndefined();
    expect(alert?.title).toBe('203.0.113.5 did reverse-shell to 10.0.0.9');
    expect(alert?.evidence.map(({ name }) => name)).toContain('also seen');
  });
});
