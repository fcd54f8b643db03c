import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALERT_KINDS, type Alert, type Finding, MAX_LISTED_HOSTS, SEVERITIES } from '../../../contract/domain.ts';
import { defaultsOf } from '../runtime/settings.ts';
import { AlertBook, type AlertChange } from './book.ts';
import { alertSettings } from './settings.ts';
import { statementOf } from './statement.ts';

const START = Date.UTC(2026, 0, 5, 9, 42);
const SECOND = 1000;
const DEFAULTS = defaultsOf(alertSettings);
const GAP = DEFAULTS.joinGapSeconds * SECOND;

/** A scan by 10.0.0.5 of 10.0.0.9, unless told otherwise. */
function finding(changes: Partial<Finding> = {}): Finding {
  const attackers = changes.attackers ?? ['10.0.0.5'];
  const victims = changes.victims ?? ['10.0.0.9'];
  return {
    detector: 'port-scan',
    kind: 'port-scan',
    cause: 'port-scan/10.0.0.5',
    firstSeenMs: START,
    lastSeenMs: START + 5 * SECOND,
    severity: 'medium',
    confidence: 0.8,
    techniques: ['T1046'],
    attackers,
    victims,
    attackerCount: attackers.length,
    victimCount: victims.length,
    title: '10.0.0.5 scanned 100 ports of 10.0.0.9',
    explanation: 'It tried 100 ports in 5 seconds.',
    evidence: [{ name: 'ports tried', value: 100, unit: 'ports', meaning: 'Few programs use many.' }],
    ...changes,
  };
}

function flood(changes: Partial<Finding> = {}): Finding {
  return finding({
    detector: 'flood',
    kind: 'denial-of-service',
    cause: 'denial-of-service/10.0.0.9',
    severity: 'high',
    confidence: 0.9,
    techniques: ['T1498.001'],
    title: '10.0.0.5 flooded 10.0.0.9 with SYN packets',
    explanation: 'It sent 2,000 packets per second.',
    evidence: [{ name: 'packets', value: 2000, unit: 'per second', meaning: 'More than it can answer.' }],
    firstSeenMs: START - SECOND,
    lastSeenMs: START + 60 * SECOND,
    ...changes,
  });
}

function hosts(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}.${index >> 8}.${index & 255}`);
}

/** A book that keeps what it announced. */
function watched(settings = DEFAULTS) {
  const book = new AlertBook(settings);
  const changes: [AlertChange, Alert][] = [];
  book.onChange = (alert, change) => changes.push([change, alert]);
  return { book, changes, names: () => changes.map(([change, { id }]) => `${change} ${id}`) };
}

describe('configure', () => {
  it('counts from the next finding on', () => {
    const book = new AlertBook();
    const first = book.add(finding());
    const later = (seconds: number) => {
      const firstSeenMs = START + seconds * SECOND;
      return finding({ firstSeenMs, lastSeenMs: firstSeenMs + SECOND, victims: ['10.0.0.77'] });
    };
    expect(book.add(later(60)).id).toBe(first.id);
    book.configure({ ...DEFAULTS, joinGapSeconds: 5 });
    expect(book.add(later(200)).id).not.toBe(first.id);
  });
});

describe('findings of one cause', () => {
  it('become one alert; the newer numbers replace the older', () => {
    const { book, changes } = watched();
    const first = book.add(finding());
    const second = book.add(
      finding({
        lastSeenMs: START + 9 * SECOND,
        title: '10.0.0.5 scanned 1,000 ports of 10.0.0.9',
        evidence: [{ name: 'ports tried', value: 1000, unit: 'ports', meaning: 'Few programs use many.' }],
      }),
    );
    expect(second).toMatchObject({ id: first.id, findings: 2, lastSeenMs: START + 9 * SECOND });
    expect(second.title).toContain('1,000');
    expect(second.evidence.map(({ value }) => value)).toEqual([1000]);
    expect(book.list()).toEqual([second]);
    expect(book.get(first.id)).toEqual(second);
    expect(changes.map(([change]) => change)).toEqual(['opened', 'changed']);
  });

  it('join however long the cause is, and none that differs only at its end', () => {
    const book = new AlertBook();
    const long = (end: string) => finding({ kind: 'policy', cause: `policy/${'a/'.repeat(65_000)}${end}` });
    const first = book.add(long('x'));
    expect(book.add(long('x'))).toMatchObject({ id: first.id, findings: 2 });
    expect(book.add(long('y')).id).not.toBe(first.id);
  });

  it('keep little of causes as long as whoever writes a log line likes', () => {
    const statement = statementOf(finding({ cause: `persistence/${'a/'.repeat(65_000)}` }));
    expect(statement.cause.length).toBeLessThan(300);
  });

  it('open a second alert after a silence longer than the gap', () => {
    const book = new AlertBook();
    const lastSeenMs = START + 5 * SECOND;
    const first = book.add(finding({ lastSeenMs }));
    const joined = book.add(finding({ firstSeenMs: lastSeenMs + GAP, lastSeenMs: lastSeenMs + GAP }));
    const later = lastSeenMs + 2 * GAP + 1;
    const second = book.add(finding({ firstSeenMs: later, lastSeenMs: later }));
    expect(joined.id).toBe(first.id);
    expect(second.id).not.toBe(first.id);
    expect(book.list().map(({ id }) => id)).toEqual([second.id, first.id]);
  });

  it('of a cumulative detector join over any silence', () => {
    const book = new AlertBook();
    const first = book.add(finding());
    expect(book.add(finding({ lastSeenMs: START + 20 * GAP })).id).toBe(first.id);
  });

  it('keep the stronger numbers when a new round begins small', () => {
    const book = new AlertBook();
    book.add(finding({ severity: 'high' }));
    const alert = book.add(
      finding({
        firstSeenMs: START + 60 * SECOND,
        lastSeenMs: START + 61 * SECOND,
        title: '10.0.0.5 scanned 20 ports of 10.0.0.9',
      }),
    );
    expect(alert.title).toContain('100 ports');
    expect(alert.evidence).toContainEqual(expect.objectContaining({ value: '10.0.0.5 scanned 20 ports of 10.0.0.9' }));
  });

  it('never lower the severity, and let the strongest speak', () => {
    const book = new AlertBook();
    book.add(finding({ severity: 'high' }));
    expect(book.add(finding({ severity: 'low' })).severity).toBe('high');
    const alert = book.add(finding({ detector: 'other', severity: 'critical', title: 'Worse', explanation: 'Bad.' }));
    expect(alert).toMatchObject({ severity: 'critical', title: 'Worse', explanation: 'Bad.' });
    expect(alert.detectors).toEqual(['other', 'port-scan']);
  });

  it('make several detectors surer together, and one that repeats itself not', () => {
    const book = new AlertBook();
    expect(book.add(finding({ confidence: 0.8 })).confidence).toBeCloseTo(0.8);
    expect(book.add(finding({ confidence: 0.8 })).confidence).toBeCloseTo(0.8);
    expect(book.add(finding({ detector: 'b', confidence: 0.5 })).confidence).toBeCloseTo(0.9);
    expect(book.add(finding({ detector: 'c', confidence: 0.97 })).confidence).toBe(0.99);
    expect(book.add(finding({ detector: 'd', confidence: 1 })).confidence).toBe(1);
  });

  it('widen the time, and merge hosts and techniques in order', () => {
    const book = new AlertBook();
    book.add(finding());
    const alert = book.add(
      finding({
        detector: 'other',
        severity: 'high',
        firstSeenMs: START - SECOND,
        attackers: ['10.0.0.6', '10.0.0.5'],
        techniques: ['T1595.002', 'T1046'],
      }),
    );
    expect(alert).toMatchObject({
      firstSeenMs: START - SECOND,
      lastSeenMs: START + 5 * SECOND,
      attackers: ['10.0.0.6', '10.0.0.5'],
      attackerCount: 2,
      techniques: ['T1595.002', 'T1046'],
    });
  });

  it('list a bounded number of hosts, and say honestly how many there were', () => {
    const book = new AlertBook();
    const cause = 'denial-of-service/10.0.0.9';
    book.add(flood({ cause, attackers: hosts(MAX_LISTED_HOSTS, '1.0'), attackerCount: 40_000 }));
    const alert = book.add(flood({ cause, detector: 'b', attackers: hosts(80, '2.0'), attackerCount: 3 }));
    expect(alert.attackers).toHaveLength(MAX_LISTED_HOSTS);
    expect(alert.attackerCount).toBe(40_000);
  });

  it('count all hosts of complete lists', () => {
    const book = new AlertBook();
    book.add(finding({ victims: hosts(30, '10.1') }));
    const alert = book.add(finding({ detector: 'b', victims: hosts(40, '10.1') }));
    expect(alert.victimCount).toBe(40);
  });

  it('keep text from the wire plain and numbers numbers', () => {
    const book = new AlertBook();
    const alert = book.add(
      finding({
        title: `look-up of evil\u202Egpj.\u0007 ${'x'.repeat(10_000)}`,
        explanation: 'a\nb',
        evidence: [{ name: 'n\u0000', value: 'v\u200B', unit: 'u\t', usual: '\u2066', meaning: '\u001b[2J' }],
      }),
    );
    expect(alert.title).toMatch(/^look-up of evil\\u\{202e\}gpj\.\\u\{7\} x+…$/);
    expect(alert.title.length).toBeLessThanOrEqual(240);
    expect(alert.explanation).toBe('a\\u{a}b');
    expect(alert.evidence).toEqual([
      { name: 'n\\u{0}', value: 'v\\u{200b}', unit: 'u\\u{9}', usual: '\\u{2066}', meaning: '\\u{1b}[2J' },
    ]);
    const odd = book.add(finding({ evidence: [{ name: 'rate', value: Number.NaN, meaning: 'Odd.' }] }));
    expect(odd.evidence[0]!.value).toBe('NaN');
  });
});

describe('ids', () => {
  it('are the same for the same traffic, and differ by cause and first moment', () => {
    const id = new AlertBook().add(finding()).id;
    expect(id).toMatch(/^a-[0-9a-f]{12}$/);
    expect(new AlertBook().add(finding({ title: 'other words', severity: 'low' })).id).toBe(id);
    expect(new AlertBook().add(finding({ cause: 'port-scan/10.0.0.6' })).id).not.toBe(id);
    expect(new AlertBook().add(finding({ firstSeenMs: START + 1 })).id).not.toBe(id);
  });
});

describe('findings of one kind with different causes', () => {
  it('are one scan when attacker and victim are the same', () => {
    const { book, changes } = watched();
    const first = book.add(finding({ cause: 'port-scan/tcp/10.0.0.5' }));
    const udp = finding({ cause: 'port-scan/udp/10.0.0.5', title: '10.0.0.5 scanned 30 UDP ports', confidence: 0.7 });
    const both = book.add(udp);
    expect(both.id).toBe(first.id);
    expect(both.evidence.map(({ name }) => name)).toEqual(['ports tried', 'also seen']);
    expect(changes.map(([change]) => change)).toEqual(['opened', 'changed']);
  });

  it('are two scans when victims or attackers differ, or the silence is long', () => {
    const book = new AlertBook();
    book.add(finding({ cause: 'a' }));
    book.add(finding({ cause: 'b', victims: ['10.0.0.77'] }));
    book.add(finding({ cause: 'c', attackers: ['10.0.0.66'] }));
    book.add(finding({ cause: 'd', firstSeenMs: START + 3 * GAP, lastSeenMs: START + 3 * GAP }));
    expect(book.list()).toHaveLength(4);
  });

  it('are one flood when the victim is the same, whoever seems to send it', () => {
    const book = new AlertBook();
    book.add(flood({ cause: 'a', attackers: hosts(MAX_LISTED_HOSTS, '1.0'), attackerCount: 9_000 }));
    book.add(flood({ cause: 'b', attackers: hosts(MAX_LISTED_HOSTS, '2.0'), attackerCount: 5_000 }));
    expect(book.list()).toHaveLength(1);
  });

  it('stay apart where each is a decision of its own', () => {
    const book = new AlertBook();
    book.add(finding({ kind: 'policy', cause: 'policy/cleartext' }));
    book.add(finding({ kind: 'policy', cause: 'policy/certificate' }));
    expect(book.list()).toHaveLength(2);
  });

  it('become one when a later finding bridges them, and the other alert is withdrawn', () => {
    const { book, names } = watched();
    const first = book.add(finding({ cause: 'a', victims: ['10.0.0.1'] }));
    const second = book.add(finding({ cause: 'b', victims: ['10.0.0.2'] }));
    const bridge = book.add(finding({ cause: 'c', victims: ['10.0.0.1', '10.0.0.2'] }));
    expect(bridge).toMatchObject({ id: first.id, findings: 3, victimCount: 2 });
    expect(book.list()).toHaveLength(1);
    expect(book.get(second.id)).toBeUndefined();
    expect(names().slice(-2)).toEqual([`changed ${first.id}`, `withdrawn ${second.id}`]);
    expect(book.add(finding({ cause: 'b', victims: ['10.0.0.2'] })).id).toBe(first.id);
  });
});

describe('a flood', () => {
  const shadow = finding({ firstSeenMs: START, lastSeenMs: START + 50 * SECOND });

  it('explains the scan that is only its shadow, in either order', () => {
    for (const order of [
      [flood(), shadow],
      [shadow, flood()],
    ]) {
      const book = new AlertBook();
      for (const each of order) book.add(each);
      const [alert, ...others] = book.list();
      expect(others).toEqual([]);
      expect(alert).toMatchObject({ kind: 'denial-of-service', techniques: ['T1498.001'] });
      expect(alert!.evidence).toContainEqual(
        expect.objectContaining({ name: 'also looks like', value: '10.0.0.5 scanned 100 ports of 10.0.0.9' }),
      );
    }
  });

  it('withdraws the alert that it explains, and names itself', () => {
    const { book, changes, names } = watched();
    const scan = book.add(shadow);
    const alert = book.add(flood());
    expect(names()).toEqual([`opened ${scan.id}`, `withdrawn ${scan.id}`, `opened ${alert.id}`]);
    expect(changes[1]![1].related[0]).toBe(alert.id);
    expect(book.get(scan.id)).toBeUndefined();
    expect(book.add(shadow).id).toBe(alert.id);
  });

  it('does not explain what began before it, goes on after it, or concerns others', () => {
    for (const other of [
      finding({ firstSeenMs: START - 60 * SECOND }),
      finding({ lastSeenMs: START + 120 * SECOND }),
      finding({ victims: ['10.0.0.9', '10.0.0.10'] }),
      finding({ attackers: ['10.0.0.6'] }),
    ]) {
      const book = new AlertBook();
      book.add(flood());
      book.add(other);
      expect(book.list()).toHaveLength(2);
    }
  });

  it('gives the scan back when it turns out to outlast the flood', () => {
    const { book, names } = watched();
    const scan = book.add(shadow);
    const alert = book.add(flood());
    book.add({ ...shadow, lastSeenMs: START + 500 * SECOND });
    expect(book.list().map(({ kind }) => kind)).toEqual(['denial-of-service', 'port-scan']);
    expect(book.get(alert.id)!.evidence).toHaveLength(1);
    expect(names()).toContain(`opened ${scan.id}`);
    expect(names().filter((name) => name === `opened ${scan.id}`)).toHaveLength(2);
  });

  it('is itself the shadow of a scan that is clearly surer', () => {
    const book = new AlertBook();
    book.add(flood({ confidence: 0.7, firstSeenMs: START, lastSeenMs: START + 5 * SECOND }));
    book.add(finding({ confidence: 0.9 }));
    expect(book.list().map(({ kind }) => kind)).toEqual(['port-scan']);
  });

  it('with forged sources explains the "attackers" that it could not list', () => {
    const book = new AlertBook();
    book.add(flood({ attackers: hosts(MAX_LISTED_HOSTS, '1.0'), attackerCount: 30_000 }));
    for (const [index, attacker] of hosts(300, '2.0').entries()) {
      book.add(finding({ kind: 'brute-force', cause: `brute-force/${index}`, attackers: [attacker] }));
    }
    const [alert, ...others] = book.list();
    expect(others).toEqual([]);
    expect(alert!.evidence.at(-1)).toMatchObject({ name: 'also looks like', value: 297 });
  });

  it('explains the answers of the flooded host', () => {
    const book = new AlertBook();
    const spoofed = hosts(MAX_LISTED_HOSTS, '1.0');
    book.add(flood({ attackers: spoofed, attackerCount: 30_000 }));
    book.add(finding({ cause: 'x', attackers: ['10.0.0.9'], victims: spoofed, victimCount: 20_000 }));
    book.add(flood({ cause: 'y', severity: 'medium', attackers: ['10.0.0.9'], victims: spoofed, victimCount: 20_000 }));
    const [alert, ...others] = book.list();
    expect(others).toEqual([]);
    expect(alert!.victims).toEqual(['10.0.0.9']);
    expect(alert!.attackers).not.toContain('10.0.0.9');
  });
});

describe('alerts of different kinds', () => {
  it('with an attacker or a victim in common are related to each other', () => {
    const book = new AlertBook();
    const scan = book.add(finding());
    const guess = book.add(finding({ kind: 'brute-force', cause: 'b', victims: ['10.0.0.20'] }));
    const other = book.add(finding({ kind: 'tunnel', cause: 't', attackers: ['1.1.1.1'], victims: ['2.2.2.2'] }));
    expect(book.get(scan.id)!.related).toEqual([guess.id]);
    expect(guess.related).toEqual([scan.id]);
    expect(other.related).toEqual([]);
  });

  it('are not related over a long silence', () => {
    const book = new AlertBook();
    book.add(finding());
    const later = START + 10 * GAP;
    expect(book.add(finding({ kind: 'tunnel', cause: 't', firstSeenMs: later, lastSeenMs: later })).related).toEqual(
      [],
    );
  });
});

describe('the book', () => {
  it('lists the most severe first, then the latest', () => {
    const book = new AlertBook();
    for (const [index, severity] of (['low', 'critical', 'medium', 'critical'] as const).entries()) {
      book.add(
        finding({ cause: `${index}`, severity, attackers: [`9.0.0.${index}`], lastSeenMs: START + index * SECOND }),
      );
    }
    const order = book.list().map((alert) => `${alert.severity} ${(alert.lastSeenMs - START) / SECOND}`);
    expect(order).toEqual(['critical 3', 'critical 1', 'medium 2', 'low 0']);
  });

  it('forgets the least severe and oldest when it is full, and counts them', () => {
    const book = new AlertBook({ ...DEFAULTS, maxAlerts: 10 });
    const severe = book.add(finding({ cause: 'severe', severity: 'high', attackers: ['9.9.9.9'] }));
    for (let index = 0; index < 50; index += 1) {
      const at = START + index * SECOND;
      book.add(finding({ cause: `${index}`, attackers: [`9.0.0.${index}`], firstSeenMs: at, lastSeenMs: at }));
    }
    expect(book.list()).toHaveLength(10);
    expect(book.forgottenAlerts).toBe(41);
    expect(book.get(severe.id)).toBeDefined();
    expect(book.list()[1]!.attackers).toEqual(['9.0.0.49']);
    const known = new Set(book.list().map(({ id }) => id));
    for (const alert of book.list()) for (const id of alert.related) expect(known).toContain(id);
  });

  const arbitraryFinding = fc
    .record({
      detector: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom(...ALERT_KINDS),
      cause: fc.constantFrom('p', 'q', 'r', 's', 't'),
      severity: fc.constantFrom(...SEVERITIES),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
      attacker: fc.constantFrom('1.1.1.1', '2.2.2.2', '3.3.3.3'),
      victim: fc.constantFrom('1.1.1.1', '8.8.8.8', '9.9.9.9'),
      startSeconds: fc.nat(4000),
      seconds: fc.nat(300),
    })
    .map(({ attacker, victim, startSeconds, seconds, ...rest }) =>
      finding({
        ...rest,
        attackers: [attacker],
        victims: [victim],
        firstSeenMs: START + startSeconds * SECOND,
        lastSeenMs: START + (startSeconds + seconds) * SECOND,
        title: `${rest.detector} says ${rest.cause} of ${attacker} and ${victim}`,
      }),
    );

  it('gives the same alerts for findings of the same time in any order', () => {
    const oneEach = fc.uniqueArray(
      arbitraryFinding.map((each) => ({
        ...each,
        // One cause is one kind of attack between the same two hosts.
        cause: `${each.kind}/${each.cause}/${each.attackers[0]}/${each.victims[0]}`,
        firstSeenMs: START,
        lastSeenMs: START,
      })),
      { selector: (each) => `${each.detector} ${each.cause}`, maxLength: 7 },
    );
    const withOrder = oneEach.chain((findings) =>
      fc.tuple(fc.constant(findings), fc.shuffledSubarray(findings, { minLength: findings.length })),
    );
    const outcome = (findings: readonly Finding[]) => {
      const book = new AlertBook();
      for (const each of findings) book.add(each);
      return book
        .list()
        .map(({ id: _id, related: _related, ...alert }) => JSON.stringify(alert))
        .sort();
    };
    fc.assert(
      fc.property(withOrder, ([findings, shuffled]) => {
        expect(outcome(shuffled)).toEqual(outcome(findings));
      }),
      { numRuns: 1_000 },
    );
  });

  it('makes an anomaly and what explained it one alert, where a finding shows that they are', () => {
    const { book } = watched();
    const common = { detector: 'a', severity: 'info', attackers: ['1.1.1.1'], victims: ['1.1.1.1'] } as const;
    book.add(finding({ ...common, kind: 'anomaly', cause: 'scan' }));
    book.add(finding({ ...common, kind: 'port-scan', cause: 'first' }));
    book.add(finding({ ...common, kind: 'port-scan', cause: 'scan' }));
    expect(book.list()).toMatchObject([{ kind: 'port-scan', findings: 3 }]);
  });

  it('leaves an alert as sure as it was where room is made for others', () => {
    const { book, changes } = watched({ ...DEFAULTS, maxAlerts: 10 });
    const worst = book.add(finding({ kind: 'exfiltration', cause: 'worst', severity: 'critical', confidence: 0.7 }));
    book.add(finding({ kind: 'anomaly', cause: 'unusual', severity: 'low' }));
    book.add(finding({ kind: 'policy', cause: 'notice', severity: 'info' }));
    for (let index = 0; index < 20; index++) {
      const ends = { attackers: [`10.0.1.${index}`], victims: [`10.0.2.${index}`] };
      book.add(finding({ ...ends, cause: `scan ${index}`, severity: 'high' }));
    }
    expect(book.forgottenAlerts).toBeGreaterThan(2);
    const told = changes.findLast(([, { id }]) => id === worst.id)?.[1];
    expect(book.get(worst.id)?.confidence).toBe(told?.confidence);
    const grown = book.add(finding({ kind: 'exfiltration', cause: 'worst', severity: 'critical', confidence: 0.7 }));
    expect(grown.confidence).toBe(told?.confidence);
    expect(grown.confidence).toBeCloseTo(0.75);
  });

  it('announces exactly what it lists, is deterministic, and stays bounded', () => {
    fc.assert(
      fc.property(fc.array(arbitraryFinding, { maxLength: 40 }), fc.integer({ min: 10, max: 40 }), (findings, max) => {
        const settings = { ...DEFAULTS, maxAlerts: max };
        const { book, names } = watched(settings);
        const open = new Map<string, Alert>();
        book.onChange = ((remember) => (alert: Alert, change: AlertChange) => {
          remember?.(alert, change);
          expect(open.has(alert.id)).toBe(change !== 'opened');
          if (change === 'withdrawn') open.delete(alert.id);
          else open.set(alert.id, alert);
        })(book.onChange);
        for (const each of findings) {
          const alert = book.add(each);
          expect(alert.firstSeenMs).toBeLessThanOrEqual(alert.lastSeenMs);
          expect(alert.evidence.length).toBeLessThanOrEqual(settings.maxEvidence);
        }
        const listed = book.list();
        expect(listed.length).toBeLessThanOrEqual(max);
        if (book.forgottenAlerts === 0) {
          expect(new Set(listed.map(({ id }) => id))).toEqual(new Set(open.keys()));
          for (const alert of listed) expect(open.get(alert.id)).toEqual(alert);
        }
        for (const { id, confidence } of listed) expect(open.get(id)?.confidence).toBe(confidence);
        const again = watched(settings);
        for (const each of findings) again.book.add(each);
        expect(again.names()).toEqual(names());
      }),
    );
  });
});
