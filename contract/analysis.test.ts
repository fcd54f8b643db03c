import { describe, expect, it } from 'vitest';
import { analysisSchema } from './analysis.ts';
import { isoTime, toAnalysisAlert } from './analysis-document.ts';
import type { Alert } from './domain.ts';

const ALERT: Alert = {
  id: 'a-0123456789ab',
  kind: 'port-scan',
  title: '10.0.0.5 scanned 1,000 ports of 10.0.0.9',
  severity: 'medium',
  confidence: 0.9,
  techniques: ['T1046'],
  attackers: ['10.0.0.5'],
  victims: ['10.0.0.9'],
  attackerCount: 1,
  victimCount: 1,
  firstSeenMs: 1_632_214_650_471.083,
  lastSeenMs: 1_632_214_656_762,
  findings: 3,
  explanation: 'It tried 1,000 ports in 6 seconds.',
  evidence: [{ name: 'ports tried', value: 1000, unit: 'ports', usual: '1–5', meaning: 'Few programs use many.' }],
  detectors: ['port-scan'],
  related: [],
};

const CAPTURE = {
  path: 'a.pcap',
  format: 'pcap',
  packets: 2000,
  bytes: 120_000,
  firstSeen: isoTime(1_632_214_650_471),
  lastSeen: isoTime(1_632_214_656_762),
  malformed: 0,
  notes: [{ code: 'cut-off', message: 'The capture ends early.', byteOffset: 99, packetNumber: null, count: 1 }],
};

describe('the analysis document', () => {
  it('accepts what the converter gives, and keeps every field', () => {
    const document = { capture: CAPTURE, flows: 1000, hosts: 2, elapsedSeconds: 0.1, alerts: [toAnalysisAlert(ALERT)] };
    expect(analysisSchema.parse(document)).toEqual(document);
    expect(document.alerts[0]!.firstSeen).toBe('2021-09-21T08:57:30.471Z');
  });

  it('accepts a capture without packets', () => {
    const capture = { ...CAPTURE, packets: 0, bytes: 0, firstSeen: null, lastSeen: null };
    expect(analysisSchema.safeParse({ capture, flows: 0, hosts: 0, elapsedSeconds: 0, alerts: [] }).success).toBe(true);
  });

  it('says what was judged by what had been learnt, or why nothing was', () => {
    const off = {
      state: 'off',
      detail: 'Anomaly scoring was off: no model was asked for.',
      model: null,
      judged: 0,
      unjudged: 0,
      unusual: 0,
      shown: 0,
      heldBack: 0,
      threshold: null,
    };
    const model = { source: 'file x', trainedAt: isoTime(0), rows: 10, digest: 'ab', kinds: ['baseline'] };
    const document = { capture: CAPTURE, flows: 1, hosts: 2, elapsedSeconds: 0, alerts: [] };
    for (const anomalies of [off, { ...off, state: 'on', model, judged: 5, unusual: 1, shown: 1, threshold: 0.001 }]) {
      expect(analysisSchema.parse({ ...document, anomalies }).anomalies).toEqual(anomalies);
    }
    expect(analysisSchema.safeParse({ ...document, anomalies: { ...off, detail: '' } }).success).toBe(false);
  });

  it('refuses what was not promised', () => {
    const alert = toAnalysisAlert(ALERT);
    for (const wrong of [
      { ...alert, severity: 'terrible' },
      { ...alert, kind: 'scan' },
      { ...alert, confidence: 1.1 },
      { ...alert, firstSeen: 1_632_214_650_471 },
      { ...alert, techniques: ['1046'] },
    ]) {
      const document = { capture: CAPTURE, flows: 1, hosts: 2, elapsedSeconds: 0, alerts: [wrong] };
      expect(analysisSchema.safeParse(document).success).toBe(false);
    }
  });
});

describe('isoTime', () => {
  it('writes any number as a moment that can be read', () => {
    for (const time of [0, 1_632_214_650_471.9, -1, Number.MAX_VALUE, -Number.MAX_VALUE, Infinity, 1.8e19 / 1000]) {
      expect(isoTime(time)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
    expect(() => isoTime(Number.NaN)).toThrow(RangeError);
  });
});
