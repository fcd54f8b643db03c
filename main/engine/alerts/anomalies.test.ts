import { describe, expect, it } from 'vitest';
import type { Alert, Finding } from '../../../contract/domain.ts';
import { AlertBook, type AlertChange } from './book.ts';

const START = Date.UTC(2026, 0, 5, 9, 42);
const MINUTE = 60_000;
const INSIDE = '10.0.0.5';
const OUTSIDE = '203.0.113.9';

function finding(changes: Partial<Finding>): Finding {
  const { attackers = [OUTSIDE], victims = [INSIDE] } = changes;
  return {
    detector: 'exfiltration',
    kind: 'exfiltration',
    cause: `exfiltration/${INSIDE}/${OUTSIDE}`,
    firstSeenMs: START,
    lastSeenMs: START + MINUTE,
    severity: 'high',
    confidence: 0.7,
    techniques: ['T1048'],
    attackers,
    victims,
    attackerCount: attackers.length,
    victimCount: victims.length,
    title: `${OUTSIDE} took 214 MB from ${INSIDE}`,
    explanation: 'It left within a minute.',
    evidence: [{ name: 'sent', value: 214e6, unit: 'B', meaning: 'More than in a month.' }],
    ...changes,
  };
}

const anomaly = (changes: Partial<Finding> = {}) =>
  finding({
    detector: 'anomaly',
    kind: 'anomaly',
    cause: `anomaly/flow/${INSIDE}/${OUTSIDE}/tls`,
    severity: 'low',
    confidence: 0.49,
    techniques: [],
    title: `Unusual tls traffic of ${INSIDE} with ${OUTSIDE}: sent 214 MB`,
    explanation: 'It is unlike what is usual.',
    evidence: [],
    ...changes,
  });

function watched() {
  const book = new AlertBook();
  const changes: [AlertChange, Alert][] = [];
  book.onChange = (alert, change) => changes.push([change, alert]);
  return { book, changes };
}

describe('an anomaly about what a rule names too', () => {
  const orders: [string, Finding[]][] = [
    ['after the rule', [finding({}), anomaly()]],
    ['before the rule', [anomaly(), finding({})]],
  ];

  it.each(orders)('strengthens that alert and is none of its own, %s', (_, findings) => {
    const { book } = watched();
    for (const each of findings) book.add(each);
    const [alert, ...others] = book.list();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({ kind: 'exfiltration', severity: 'high', techniques: ['T1048'] });
    expect(alert!.confidence).toBeCloseTo(0.75);
    expect(alert!.evidence.at(-1)).toMatchObject({ name: 'also unusual', value: anomaly().title });
  });

  it('is withdrawn when it was told first, and leads to the alert', () => {
    const { book, changes } = watched();
    const first = book.add(anomaly());
    const alert = book.add(finding({}));
    expect(changes.map(([change, { id }]) => [change, id])).toEqual([
      ['opened', first.id],
      ['withdrawn', first.id],
      ['opened', alert.id],
    ]);
    expect(changes[1]![1].related[0]).toBe(alert.id);
  });

  it('is never told when the rule spoke first', () => {
    const { book, changes } = watched();
    const alert = book.add(finding({}));
    expect(book.add(anomaly()).id).toBe(alert.id);
    expect(changes.map(([change]) => change)).toEqual(['opened', 'changed']);
  });

  it('counts whoever it takes for the attacker, and in which direction', () => {
    const { book } = watched();
    book.add(finding({ attackers: [INSIDE], victims: [OUTSIDE] }));
    book.add(anomaly());
    expect(book.list()).toHaveLength(1);
  });

  it('makes the alert surer once, however many there are, and never certain', () => {
    const { book } = watched();
    book.add(finding({ confidence: 0.97 }));
    for (const service of ['tls', 'dns', 'http']) {
      book.add(anomaly({ cause: `anomaly/flow/${INSIDE}/${OUTSIDE}/${service}`, title: `Unusual ${service} traffic` }));
    }
    const [alert, ...others] = book.list();
    expect(others).toEqual([]);
    expect(alert!.confidence).toBe(0.99);
    expect(alert!.evidence.filter(({ name }) => name === 'also unusual')).toHaveLength(3);
  });

  it('may last longer than what the rule saw', () => {
    const { book } = watched();
    book.add(finding({}));
    book.add(anomaly({ firstSeenMs: START - 30 * MINUTE, lastSeenMs: START + 30 * MINUTE }));
    expect(book.list()).toHaveLength(1);
  });

  it('strengthens an intrusion in several steps as well', () => {
    const { book } = watched();
    const step = (kind: Finding['kind'], severity: Finding['severity']) =>
      book.add(finding({ kind, detector: kind, cause: `${kind}/x`, severity, title: `step ${kind}` }));
    step('port-scan', 'medium');
    step('reverse-shell', 'critical');
    book.add(anomaly());
    const [alert, ...others] = book.list();
    expect(others).toEqual([]);
    expect(alert!.stages).toHaveLength(2);
    expect(alert!.evidence.at(-1)).toMatchObject({ name: 'also unusual' });
  });

  it('stays with the traffic when the alert turns out to be the shadow of another', () => {
    const { book } = watched();
    const ends = { attackers: [OUTSIDE], victims: [INSIDE] };
    book.add(finding({ ...ends, kind: 'port-scan', detector: 'scan', cause: 'scan', severity: 'medium' }));
    book.add(anomaly());
    book.add(finding({ ...ends, kind: 'denial-of-service', detector: 'flood', cause: 'flood', confidence: 0.9 }));
    const [alert, ...others] = book.list();
    expect(others).toEqual([]);
    expect(alert!.kind).toBe('denial-of-service');
    expect(alert!.evidence.find(({ name }) => name === 'also unusual')?.meaning).toContain('What was learnt');
  });
});

describe('an anomaly about something else', () => {
  it.each<[string, Partial<Finding>]>([
    ['another remote address', { attackers: ['198.51.100.7'] }],
    ['another computer', { victims: ['10.0.0.6'] }],
    ['another time', { firstSeenMs: START + 60 * MINUTE, lastSeenMs: START + 61 * MINUTE }],
    ['the computer as a whole', { attackers: [] }],
  ])('is an alert of its own: %s', (_, changes) => {
    const { book } = watched();
    book.add(finding({}));
    book.add(anomaly(changes));
    expect(book.list().map(({ kind }) => kind)).toEqual(['exfiltration', 'anomaly']);
    expect(book.list()[0]!.confidence).toBe(0.7);
  });

  it('is no reason to believe another anomaly', () => {
    const { book } = watched();
    book.add(anomaly());
    book.add(anomaly({ cause: `anomaly/flow/${INSIDE}/${OUTSIDE}/dns` }));
    expect(book.list()).toHaveLength(2);
  });
});
