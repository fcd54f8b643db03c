import { describe, expect, it } from 'vitest';
import type { AnomalyJudgement } from '../../../../contract/models.ts';
import { FLOW_COLUMNS, type Profile } from '../../models/index.ts';
import { FEATURES, NO_NOTE, type RecordedFlow } from '../../network/index.ts';
import { CaptureAnomalies, noAnomalies } from './capture-anomalies.ts';

const DAY_MS = 86_400_000;

/** Its p-value is its duration in microseconds, as a share of a million. */
function flow(number: number, pValue: number, responder = '198.51.100.1', protocol = 6): RecordedFlow {
  const values = new Float32Array(FEATURES.length);
  values[0] = pValue * 1e6;
  return {
    number,
    firstUs: number * 1e6,
    lastUs: number * 1e6 + 1,
    protocol,
    initiator: '192.168.1.2',
    initiatorPort: 40_000,
    responder,
    responderPort: 443,
    vlan: 0,
    tunnel: 0,
    initiatorPackets: 1,
    responderPackets: 1,
    initiatorBytes: 1,
    responderBytes: 1,
    service: 'tls',
    endReason: 0,
    note: NO_NOTE,
    features: { version: 1, values },
  };
}

const pOf = (values: Float64Array): number => values[0]! / 1e6;
const profile: Profile = {
  table: 'flow',
  columns: FLOW_COLUMNS,
  groups: ['tcp'],
  kinds: ['baseline'],
  pValue: (group, values) => (group === 'tcp' ? pOf(values) : Number.NaN),
  judge: (group, values): AnomalyJudgement => ({
    table: 'flow',
    group,
    pValue: pOf(values),
    probability: 0.9,
    models: [],
    reasons: [],
    neighbours: [],
    missing: [],
  }),
  usual: () => [],
  detail: () => undefined,
  toJSON: () => ({}),
};

const judge = { profile, source: 'file x', info: { trainedMs: 0, rows: 10, digest: 'ab' } };

function judged(flows: readonly RecordedFlow[], { perDay = 3, spanMs = 60_000 } = {}) {
  const anomalies = new CaptureAnomalies(judge, perDay);
  anomalies.addFlows(flows);
  return anomalies.finish(spanMs);
}

/** P-values spread evenly, as those of usual rows are. */
const usual = (count: number) => Array.from({ length: count }, (_, index) => flow(index, (index + 1) / count));

describe('anomalies of a capture', () => {
  it('are none in ordinary traffic, however much there is of it', () => {
    for (const count of [1, 50, 5_000, 20_000]) {
      expect(judged(usual(count)).summary).toMatchObject({ judged: count, unusual: 0, shown: 0, threshold: null });
    }
  });

  it('are what is too unusual to be chance, one for each cause', () => {
    const odd = [1, 2, 3].map((number) => flow(10_000 + number, 1e-6 * number, '203.0.113.9'));
    const { findings, summary } = judged([...usual(1_000), ...odd]);
    expect(summary).toMatchObject({ state: 'on', judged: 1_003, unusual: 3, shown: 1, heldBack: 0 });
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ kind: 'anomaly', attackers: ['203.0.113.9'], firstSeenMs: 10_001_000 });
  });

  it('are no more than a day may have, the most unusual first, and more of more days', () => {
    const odd = Array.from({ length: 20 }, (_, index) => flow(index, 1e-6 * (20 - index), `203.0.113.${index}`));
    const { findings, summary } = judged([...usual(1_000), ...odd]);
    expect(summary.shown).toBe(3);
    // Of those that are shown or held back one in ten may be chance.
    expect(summary.heldBack).toBeGreaterThanOrEqual(17);
    expect(summary.heldBack).toBeLessThanOrEqual(19);
    expect(findings.map(({ attackers }) => attackers[0])).toEqual(['203.0.113.17', '203.0.113.18', '203.0.113.19']);
    expect(judged(odd, { spanMs: 3 * DAY_MS }).summary.shown).toBe(9);
    expect(judged(odd, { perDay: 0.1 }).summary.shown).toBe(1);
    expect(judged(odd, { perDay: 0 }).summary.shown).toBe(0);
  });

  it('say what could not be judged, and when a capture is of another network', () => {
    const { summary } = judged([
      flow(1, 1e-6, 'x', 17),
      ...Array.from({ length: 30 }, (_, index) => flow(index, 1e-6)),
    ]);
    expect(summary).toMatchObject({ judged: 30, unjudged: 1 });
    expect(summary.detail).toContain('traffic of another network');
    expect(noAnomalies('Why.')).toMatchObject({ state: 'off', detail: 'Why.', judged: 0 });
  });
});
