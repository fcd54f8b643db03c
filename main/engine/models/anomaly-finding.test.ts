import { describe, expect, it } from 'vitest';
import type { AnomalyJudgement, AnomalyReason } from '../../../contract/models.ts';
import { type AnomalySubject, anomalyCause, anomalyFinding, explanationOf, signsOf } from './index.ts';

const SENT: AnomalyReason = {
  feature: 'Total Length of Fwd Packets',
  label: 'bytes sent',
  unit: 'B',
  value: 214e6,
  usual: { low: 0, median: 800, high: 2e6 },
  share: 0.7,
  words: 'sent 214 MB; usual is under 2 MB',
};
const LASTED: AnomalyReason = {
  feature: 'Flow Duration',
  label: 'duration',
  unit: 'µs',
  value: 180e6,
  usual: { low: 1_000, median: 50_000, high: 9e6 },
  share: 0.2,
  words: 'lasted 3 min; usual is under 9 s',
};
const SPOKE: AnomalyReason = {
  feature: 'Service',
  label: 'service',
  unit: '',
  value: 11,
  usual: { low: 7, median: 8, high: 20 },
  share: 0.1,
  words: 'spoke vnc; usual are tls and dns',
};
const judgement = (pValue: number, reasons: readonly AnomalyReason[] = [SENT, LASTED, SPOKE]): AnomalyJudgement => ({
  table: 'flow',
  group: 'tcp',
  pValue,
  probability: 0.99,
  models: [
    { kind: 'isolation-forest', score: 0.7, pValue: 1e-4, weight: 0.5 },
    { kind: 'baseline', score: 3, pValue: 0.2, weight: 0.5 },
    { kind: 'dbscan', score: null, pValue: null, weight: 0 },
  ],
  reasons,
  neighbours: [],
  missing: [],
});
const SUBJECT: AnomalySubject = {
  table: 'flow',
  initiator: '10.0.0.5',
  responder: '203.0.113.9',
  responderPort: 5900,
  transport: 'tcp',
  service: 'vnc',
  isInitiatorInside: true,
  isResponderInside: false,
};
const caseOf = (more: object = {}) => ({
  subject: SUBJECT,
  judgement: judgement(1e-9),
  rows: 1,
  firstSeenMs: 1_700_000_000_000,
  lastSeenMs: 1_700_000_000_000,
  ...more,
});

describe('the finding of an anomaly', () => {
  it('tells who, what and why in words', () => {
    const finding = anomalyFinding(caseOf());
    expect(finding.title).toBe('Unusual vnc traffic of 10.0.0.5 with 203.0.113.9: sent 214 MB');
    expect(finding.explanation).toBe(
      'The vnc traffic of 10.0.0.5 with 203.0.113.9 is unlike what is usual on this computer: fewer than 1 of ' +
        '1,000,000 usual ones is as unusual. It sent 214 MB (usual is under 2 MB), lasted 3 min (usual is under 9 s) ' +
        'and spoke vnc (usual are tls and dns). This may be a sign of data being taken away or a protocol where it ' +
        'does not belong, or of something new that is meant to be: nothing here proves an attack.',
    );
    expect(finding.techniques).toEqual(['T1048', 'T1571']);
    expect(finding).toMatchObject({ detector: 'anomaly', kind: 'anomaly', attackerCount: 1, victimCount: 1 });
  });

  it('tells first what is unusual by itself', () => {
    const alone = { ...LASTED, words: 'lasted 3 s; usual by itself (1 s to 9 s), but not together with the rest' };
    const mixed = anomalyFinding(caseOf({ judgement: judgement(1e-9, [alone, SENT]) }));
    expect(mixed.title).toContain(': sent 214 MB');
    expect(mixed.explanation).not.toContain('lasted');
    expect(mixed.evidence[0]!.name).toBe('duration');
    expect(anomalyFinding(caseOf({ judgement: judgement(1e-9, [alone]) })).title).toContain(': lasted 3 s');
  });

  it('gives each reason as evidence that can be plotted, times in seconds and names as names', () => {
    const { evidence } = anomalyFinding(caseOf());
    expect(evidence[0]).toEqual({
      name: 'bytes sent',
      value: 214e6,
      unit: 'B',
      usual: 'under 2 MB',
      usualRange: { low: 0, high: 2e6 },
      meaning: '70 % of what makes it unusual.',
    });
    expect(evidence[1]).toMatchObject({ value: 180, unit: 's', usualRange: { low: 0.001, high: 9 } });
    expect(evidence[2]).toMatchObject({ value: 'vnc' });
    expect(evidence[2]).not.toHaveProperty('usualRange');
    expect(evidence.find(({ name }) => name === 'models that find it unusual')?.value).toBe('1 of 2');
  });

  it('is low, and medium only when it is extreme and goes on; never more', () => {
    const long = { rows: 1e6, lastSeenMs: 1_700_100_000_000 };
    expect(anomalyFinding(caseOf()).severity).toBe('low');
    expect(anomalyFinding(caseOf({ ...long, judgement: judgement(1e-4) })).severity).toBe('low');
    expect(anomalyFinding(caseOf({ ...long, judgement: judgement(1e-12) })).severity).toBe('medium');
    expect(anomalyFinding(caseOf({ ...long, judgement: judgement(1e-12) })).confidence).toBeLessThanOrEqual(0.5);
  });

  it('names the end outside as the attacker, and who called where both are on one side', () => {
    const parties = (isInitiatorInside: boolean, isResponderInside: boolean) =>
      anomalyFinding(caseOf({ subject: { ...SUBJECT, isInitiatorInside, isResponderInside } })).attackers;
    expect(parties(true, false)).toEqual(['203.0.113.9']);
    expect(parties(false, true)).toEqual(['10.0.0.5']);
    expect(parties(true, true)).toEqual(['10.0.0.5']);
    expect(parties(false, false)).toEqual(['10.0.0.5']);
  });

  it('has the same cause for the same hosts and service, and for the same program', () => {
    expect(anomalyCause(SUBJECT)).toBe('anomaly/flow/10.0.0.5/203.0.113.9/vnc');
    expect(anomalyCause({ ...SUBJECT, service: 'unknown' })).toBe('anomaly/flow/10.0.0.5/203.0.113.9/tcp-5900');
    expect(anomalyCause({ table: 'process', program: '/usr/bin/x', addresses: [] })).toBe('anomaly/process//usr/bin/x');
    expect(anomalyCause({ table: 'host', addresses: ['10.0.0.5'] })).toBe('anomaly/host');
  });

  it('has words for the computer, for programs, and for a row of nobody', () => {
    const host = anomalyFinding(caseOf({ subject: { table: 'host', addresses: ['10.0.0.5'] }, rows: 4 }));
    expect(host.title).toBe('This computer did something unusual: sent 214 MB');
    expect(host.explanation).toContain('it happened 4 times');
    expect(host).toMatchObject({ attackers: [], victims: ['10.0.0.5'] });
    const program = anomalyFinding(caseOf({ subject: { table: 'process', program: '/opt/x', addresses: [] } }));
    expect(program.title).toBe('/opt/x did something unusual: sent 214 MB');
    const bare = explanationOf(null, judgement(0.004, []));
    expect(bare).toContain('about 1 of 250 usual ones');
    expect(bare).toContain('No single value is far');
  });
});

describe('signs', () => {
  it('are named only for the side of what is usual that they are on', () => {
    const little = { ...SENT, value: -1 };
    expect(signsOf({ table: 'flow', reasons: [SENT] }).map(({ technique }) => technique)).toEqual(['T1048']);
    expect(signsOf({ table: 'flow', reasons: [little] })).toEqual([]);
    expect(signsOf({ table: 'flow', reasons: [{ ...SENT, share: 0.01 }] })).toEqual([]);
  });
});
