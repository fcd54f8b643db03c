import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../../contract/domain.ts';
import { AlertHistory, MAX_POINTS } from './history.ts';

function alert(changes: Partial<Alert> = {}): Alert {
  return {
    id: 'a-1',
    kind: 'port-scan',
    title: '10.0.0.5 scanned',
    severity: 'low',
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
    detectors: ['port-scan'],
    related: [],
    ...changes,
  };
}

const tried = (value: number) => [{ name: 'ports', value, unit: 'ports', meaning: 'Many.' }];

describe('AlertHistory', () => {
  it('records what was seen and what was said, once each', () => {
    const history = new AlertHistory(10);
    history.note(alert(), 'opened');
    history.note(alert({ lastSeenMs: 1 }), 'changed');
    history.note(alert({ lastSeenMs: 2, severity: 'high', detectors: ['port-scan', 'flood'] }), 'changed');
    history.note(alert({ lastSeenMs: 3, severity: 'high' }), 'withdrawn');
    const { moments } = history.note(alert({ lastSeenMs: 4, severity: 'high' }), 'opened');
    expect(moments.map(({ timeMs, who, text }) => [timeMs, who, text.split(/[ ,]/)[0]])).toEqual([
      [0, 'activity', 'Enough'],
      [0, 'engine', 'Opened'],
      [2, 'activity', 'Enough'],
      [2, 'engine', 'Raised'],
      [3, 'engine', 'Found'],
      [4, 'engine', 'Listed'],
    ]);
  });

  it('keeps the first and the last of any number of points, in order, spread over the time', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 400 }), (steps) => {
        const history = new AlertHistory(1);
        let lastSeenMs = 0;
        steps.forEach((step, index) => {
          lastSeenMs += step;
          history.note(alert({ lastSeenMs, evidence: tried(index) }), 'changed');
        });
        const points = history.trail('a-1')?.series[0]?.points ?? [];
        expect(points).toHaveLength(Math.min(steps.length, MAX_POINTS));
        expect(points[0]).toEqual([steps[0], 0]);
        expect(points.at(-1)).toEqual([lastSeenMs, steps.length - 1]);
        for (let i = 1; i < points.length; i++) expect(points[i]![0]).toBeGreaterThan(points[i - 1]![0]);
      }),
      { numRuns: 20 },
    );
  });

  it('takes the later value of one moment, and follows numbers only', () => {
    const history = new AlertHistory(1);
    history.note(alert({ evidence: tried(1) }), 'opened');
    const text = { name: 'method', value: 'SYN', unit: 'packets', meaning: 'It is quick.' };
    const port = { name: 'port', value: 22, meaning: 'SSH is reached there.' };
    const { series } = history.note(alert({ evidence: [...tried(2), text, port] }), 'changed');
    expect(series).toEqual([{ name: 'ports', usual: null, points: [[0, 2]] }]);
  });

  it('stays bounded: in alerts, in numbers of one alert, in moments', () => {
    const history = new AlertHistory(2);
    const evidence = Array.from({ length: 50 }, (_, index) => ({
      name: `n${index}`,
      value: 1,
      unit: 's',
      meaning: '',
    }));
    for (let index = 0; index < 100; index++) {
      history.note(alert({ id: 'a-1', evidence, lastSeenMs: index }), index % 2 === 0 ? 'opened' : 'withdrawn');
    }
    expect(history.trail('a-1')?.series).toHaveLength(12);
    expect(history.trail('a-1')?.moments).toHaveLength(40);
    history.note(alert({ id: 'a-2' }), 'opened');
    history.note(alert({ id: 'a-3' }), 'opened');
    expect(history.trail('a-1')).toBeUndefined();
  });
});
