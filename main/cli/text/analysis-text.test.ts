import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnalysisAlert, AnalysisDocument } from '../../../contract/analysis.ts';
import { columnsOf } from '../terminal/layout.ts';
import { paintFor } from '../terminal/paint.ts';
import { hostsText, measureText } from './alert-text.ts';
import { analysisText } from './analysis-text.ts';

const ALERT: AnalysisAlert = {
  id: 'a-0123456789ab',
  kind: 'port-scan',
  title: '10.0.0.5 scanned 1,000 ports of 10.0.0.9',
  severity: 'high',
  confidence: 0.9,
  techniques: ['T1046'],
  attackers: ['10.0.0.5'],
  victims: ['10.0.0.9'],
  firstSeen: '2021-09-21T08:57:30.000Z',
  lastSeen: '2021-09-21T08:57:36.000Z',
  findings: 3,
  explanation: 'It tried 1,000 ports in 6 seconds.',
  evidence: [{ name: 'ports tried', value: 1000, unit: 'ports', usual: '1 to 5', meaning: 'Few programs use many.' }],
};

function document(
  alerts: readonly AnalysisAlert[],
  changes: Partial<AnalysisDocument['capture']> = {},
): AnalysisDocument {
  const capture = {
    path: '/tmp/a.pcap',
    format: 'pcap',
    packets: 2_000,
    bytes: 120_000,
    firstSeen: '2021-09-21T08:57:25.000Z',
    lastSeen: '2021-09-21T08:57:38.000Z',
    malformed: 0,
    notes: [],
    ...changes,
  };
  return { capture, flows: 1, hosts: 2, elapsedSeconds: 0.1, alerts };
}

const OPTIONS = { width: 80, paint: paintFor(false), minimumSeverity: 'info', kinds: ['port-scan'] } as const;

describe('analysisText', () => {
  it('says first whether anything needs attention', () => {
    const first = (alerts: readonly AnalysisAlert[], changes = {}) =>
      analysisText(document(alerts, changes), OPTIONS)[0];
    expect(first([ALERT])).toBe('▲ 1 alert needs attention in a.pcap.');
    expect(first([ALERT, ALERT, { ...ALERT, severity: 'low' }])).toBe(
      '▲ 2 alerts need attention in a.pcap, and 1 lesser notice.',
    );
    expect(first([{ ...ALERT, severity: 'low' }])).toBe('● Nothing needs you: 1 notice in a.pcap.');
    expect(first([])).toBe('✓ Nothing suspicious found in a.pcap.');
    expect(first([], { packets: 0, firstSeen: null, lastSeen: null })).toContain('nothing to judge');
  });

  it('says what was looked for when nothing was found', () => {
    const text = analysisText(document([]), OPTIONS).join('\n');
    expect(text).toContain('computers that try many ports');
    expect(text).toContain('Not known:');
  });

  it('tells the story with numbers beside what is usual', () => {
    const text = analysisText(document([ALERT]), OPTIONS).join('\n');
    expect(text).toContain('▲ HIGH  10.0.0.5 scanned 1,000 ports of 10.0.0.9');
    expect(text).toContain('ports tried: 1,000 ports (usual: 1 to 5). Few programs use many.');
    expect(text).toContain('21 Sep 2021, 08:57:30–08:57:36 UTC, 6 s');
  });

  it('counts what --min-severity leaves out', () => {
    const text = analysisText(document([ALERT, { ...ALERT, severity: 'low' }]), {
      ...OPTIONS,
      minimumSeverity: 'high',
    });
    expect(text.at(-1)).toBe('1 alert below high not shown.');
    expect(text.join('\n')).not.toContain('LOW');
  });

  it('shows damage with its place', () => {
    const note = { code: 'cut-off', message: 'The capture ends early.', byteOffset: 99, packetNumber: 7, count: 2 };
    expect(analysisText(document([], { notes: [note] }), OPTIONS)).toContain(
      '! The capture ends early. (at packet 7, byte 99; 2 times)',
    );
  });

  it('obeys nothing that stands in the capture, and fits every width', () => {
    const hostile = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(hostile, hostile, fc.integer({ min: 30, max: 120 }), (name, text, width) => {
        const alert: AnalysisAlert = {
          ...ALERT,
          title: text,
          explanation: text,
          attackers: [name],
          victims: [text],
          evidence: [{ name, value: text, unit: text, usual: name, meaning: text }],
        };
        const notes = [{ code: 'x', message: text, byteOffset: 1, packetNumber: 1, count: 1 }];
        const lines = analysisText(document([alert], { path: `/${name}`, notes }), { ...OPTIONS, width });
        for (const line of lines) {
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
          expect(columnsOf(line)).toBeLessThanOrEqual(width);
        }
      }),
    );
  });
});

describe('hostsText', () => {
  it('names some and counts the rest', () => {
    expect(hostsText(['a'])).toBe('a');
    expect(hostsText(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a, b, c, d, e, f and 1 more');
    expect(hostsText(['a'], 40)).toBe('a and 39 more');
    expect(hostsText([], 37_796)).toBe('37,796 addresses');
    expect(hostsText([])).toBe('');
  });
});

describe('measureText', () => {
  it('writes amounts by their unit, and names such as ports as they are', () => {
    expect(measureText(1_210_000, 'B')).toBe('1.21 MB');
    expect(measureText(252, 's')).toBe('4 min 12 s');
    expect(measureText(22_322, 'packets/s')).toBe('22,322 packets/s');
    expect(measureText(25_565, undefined)).toBe('25565');
  });
});
