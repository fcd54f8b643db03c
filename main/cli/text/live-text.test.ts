import { describe, expect, it } from 'vitest';
import type { AlertRecord, Status, Traffic } from '../../../contract/api-schemas.ts';
import { AlertFeed, type LiveState } from '../live-state.ts';
import { columnsOf } from '../terminal/layout.ts';
import { paintFor } from '../terminal/paint.ts';
import { liveText } from './live-text.ts';

const STATUS: Status = {
  version: '1.2.3',
  startedMs: 0,
  uptimeSeconds: 61,
  mode: 'observe',
  health: [],
  interfaces: [
    {
      name: 'eth0',
      state: 'up',
      detail: '',
      packetsPerSecond: 12,
      bytesPerSecond: 3_400,
      received: 5,
      dropped: 7,
      bytes: 9,
    },
  ],
  traffic: { packetsPerSecond: 12, bytesPerSecond: 3_400, openFlows: 3 },
  pause: null,
  abilities: [],
  alerts: { info: 0, low: 0, medium: 0, high: 1, critical: 0 },
  cost: { pid: 1, cpuPercent: 1.25, memoryBytes: 100_000_000 },
};

const TRAFFIC: Traffic = {
  timeMs: 0,
  packetsPerSecond: 12,
  bytesPerSecond: 3_400,
  openFlows: 3,
  history: Array.from({ length: 60 }, (_, second) => ({ packets: second, bytes: second * 100 })),
  windowSeconds: 60,
  talkers: [{ address: '192.0.2.7', sentBytes: 1_000, receivedBytes: 2_000, packets: 3 }],
  protocols: [{ name: 'tls', flows: 1, bytes: 3_000 }],
  recentFlows: [],
};

function alert(index: number): AlertRecord {
  return {
    id: `a-${index}`,
    kind: 'port-scan',
    title: `scan number ${index} \u001b[2J\u202e`,
    severity: 'high',
    confidence: 1,
    techniques: [],
    attackers: [],
    victims: [],
    attackerCount: 0,
    victimCount: 0,
    firstSeenMs: 0,
    lastSeenMs: 0,
    findings: 1,
    explanation: '',
    evidence: [],
    detectors: [],
    related: [],
    state: 'open',
    review: null,
    source: 'live',
  };
}

function state(changes: Partial<LiveState> = {}): LiveState {
  return { status: STATUS, traffic: TRAFFIC, alerts: [], ...changes };
}

const OPTIONS = { columns: 80, rows: 24, paint: paintFor(false), ending: 'Ctrl-C ends Holdfast.' };

describe('liveText', () => {
  it('answers first whether all is well, and last how to leave', () => {
    const lines = liveText(state(), OPTIONS);
    expect(lines[0]).toMatch(/^● Protected: watching eth0\. +up 1 min 1 s$/);
    expect(lines[1]).toBe('  1 alert needs attention.');
    expect(lines.at(-1)).toBe('Ctrl-C ends Holdfast.');
    expect(lines.join('\n')).toMatch(/eth0 +12 packets\/s +3\.4 kB\/s +7 lost/);
    expect(lines.join('\n')).toContain('192.0.2.7');
    expect(lines.join('\n')).toContain('None so far');
  });

  it('says what is not seen, why, and what to do', () => {
    const health = [
      { part: 'capture', state: 'failed', detail: 'No rights.', hint: 'Run as root.', counters: {} },
    ] as const;
    const lines = liveText(state({ status: { ...STATUS, interfaces: [], health } }), OPTIONS);
    expect(lines[0]).toMatch(/^○ Not protected/);
    expect(lines).toContain('! No rights.');
    expect(lines).toContain('  Run as root.');
  });

  it('explains the newest alerts where there is room, and never only in part', () => {
    const explanation = 'Somebody looks for a way in. '.repeat(8).trim();
    const alerts = [2, 1].map((index) => ({ ...alert(index), explanation }));
    const height = (rows: number): number[] => {
      const lines = liveText(state({ alerts }), { ...OPTIONS, rows });
      return [0, 1].map((index) => {
        const title = lines.findIndex((line) => line.includes(`scan number ${alerts[index].id.slice(2)}`));
        expect(title).toBeGreaterThan(0);
        const end = lines.findIndex((line) => line.endsWith(`holdfast alerts show ${alerts[index].id}`));
        return end === -1 ? 0 : end - title;
      });
    };
    expect(height(40)).toEqual([5, 5]);
    expect(height(22)).toEqual([5, 0]);
    expect(height(16)).toEqual([0, 0]);
  });

  it('has no list of protocols before one is known', () => {
    const text = (changes: Partial<Traffic>): string =>
      liveText(state({ traffic: { ...TRAFFIC, ...changes } }), OPTIONS).join('\n');
    expect(text({})).toContain('protocol');
    expect(text({ protocols: [] })).not.toContain('protocol');
  });

  it('fits every terminal, and obeys nothing that came over the wire', () => {
    const alerts = Array.from({ length: 50 }, (_, index) => alert(index));
    const health = Array.from({ length: 9 }, (_, index) => ({
      part: `part ${index}`,
      state: 'degraded' as const,
      detail: 'A sentence that is rather long for a narrow terminal.\u0007',
      hint: 'Do this.',
      counters: {},
    }));
    for (const [columns, rows] of [
      [80, 24],
      [200, 60],
      [40, 10],
      [20, 5],
      [10, 2],
      [1, 1],
    ]) {
      for (const each of [state({ alerts }), state({ alerts, status: { ...STATUS, health } })]) {
        const lines = liveText(each, { ...OPTIONS, columns, rows });
        expect(lines).toHaveLength(rows);
        for (const line of lines) {
          expect(columnsOf(line)).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      }
    }
  });
});

describe('AlertFeed', () => {
  it('puts new alerts first, keeps changed ones in their place, and takes withdrawn ones away', () => {
    const feed = new AlertFeed();
    feed.begin([alert(2), alert(1)]);
    feed.take({ change: 'opened', alert: alert(3) });
    feed.take({ change: 'changed', alert: { ...alert(1), severity: 'low' } });
    feed.take({ change: 'withdrawn', alert: alert(2) });
    feed.take({ change: 'withdrawn', alert: alert(99) });
    expect(feed.alerts.map(({ id, severity }) => [id, severity])).toEqual([
      ['a-3', 'high'],
      ['a-1', 'low'],
    ]);
  });
});
