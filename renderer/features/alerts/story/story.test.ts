import { describe, expect, it } from 'vitest';
import { evidenceLines, measureOf } from './evidence.ts';
import { huntBetween, huntHost } from './hunt-links.ts';
import { trafficLine } from './traffic-buckets.ts';

describe('measureOf', () => {
  it.each([
    [
      { value: 2_100_000, unit: 'B' },
      { value: '2.1', unit: 'MB' },
    ],
    [
      { value: 1, unit: 'ports' },
      { value: '1', unit: 'port' },
    ],
    [
      { value: 1_000, unit: 'ports' },
      { value: '1,000', unit: 'ports' },
    ],
    [{ value: 0.1234 }, { value: '0.123', unit: '' }],
    [{ value: 'backup' }, { value: 'backup', unit: '' }],
  ])('writes %j', (fact, written) => {
    expect(measureOf(fact)).toEqual(written);
  });
});

describe('evidenceLines', () => {
  const fact = { name: 'ports tried', value: 9, meaning: '' };

  it('joins a fact with how it came to be', () => {
    const points = [1, 5, 9].map((value, timeMs) => ({ timeMs, value }));
    const series = [{ name: 'ports tried', usual: { low: 1, high: 3 }, points }];
    expect(evidenceLines([fact], series)).toMatchObject([{ evidence: fact, values: [1, 5, 9], usual: [1, 3] }]);
  });

  it('tells facts of one name apart', () => {
    const keys = evidenceLines([fact, { ...fact, value: 7 }, fact], []).map(({ key }) => key);
    expect(new Set(keys).size).toBe(3);
  });

  it('draws nothing where a fact did not change', () => {
    const series = [{ name: 'ports tried', usual: null, points: [{ timeMs: 0, value: 9 }] }];
    expect(evidenceLines([fact], series)[0]).toMatchObject({ values: [], usual: undefined });
    const ranged = { ...fact, usualRange: { low: 0, high: 2 } };
    expect(evidenceLines([ranged], [])[0].usual).toEqual([0, 2]);
  });

  it('draws how a number came to be, or how far it is from what is usual', () => {
    const points = [1, 9].map((value, timeMs) => ({ timeMs, value }));
    const series = [{ name: 'ports tried', usual: { low: 1, high: 3 }, points }];
    const plotOf = (...args: Parameters<typeof evidenceLines>) => evidenceLines(...args)[0].plot;
    expect(plotOf([fact], series)).toBe('development');
    expect(plotOf([fact], series, 'usual')).toBe('usual');
    expect(plotOf([{ ...fact, usualRange: { low: 0, high: 2 } }], [])).toBe('usual');
    expect(plotOf([{ ...fact, value: 'ssh', usualRange: { low: 0, high: 2 } }], [], 'usual')).toBeNull();
    expect(plotOf([fact], [], 'usual')).toBeNull();
  });
});

describe('trafficLine', () => {
  const traffic = (points: { timeMs: number; bytes: number }[]) => ({
    bucketMs: 2_000,
    points: points.map((point) => ({ ...point, flows: 1 })),
    flows: points.length,
    isPartial: false,
  });

  it('is zero where nothing was sent, and spans what the engine looked at', () => {
    const line = trafficLine(
      traffic([
        { timeMs: 100_000, bytes: 4_000 },
        { timeMs: 106_000, bytes: 2_000 },
      ]),
      { firstSeenMs: 100_000, lastSeenMs: 107_000 },
    );
    expect(line.timesMs[0]).toBe(70_000);
    expect(line.timesMs.at(-1)).toBe(136_000);
    const sent = line.timesMs.flatMap((timeMs, index) =>
      line.bytesPerSecond[index] === 0 ? [] : [[timeMs, line.bytesPerSecond[index]]],
    );
    expect(sent).toEqual([
      [100_000, 2_000],
      [106_000, 1_000],
    ]);
  });

  it('has an end, whatever times an alert claims', () => {
    const line = trafficLine(traffic([{ timeMs: 0, bytes: 1 }]), { firstSeenMs: 0, lastSeenMs: 1e15 });
    expect(line.timesMs).toHaveLength(500);
    expect(trafficLine(traffic([]), { firstSeenMs: 0, lastSeenMs: 1 }).timesMs).toEqual([]);
  });
});

describe('links into Hunt', () => {
  it('are for addresses, not for what only looks like one', () => {
    expect(huntHost('10.0.0.5')).toBe('#/hunt?q=flows+where+host+%3D+10.0.0.5');
    expect(huntHost('2001:db8::1')).toContain('2001%3Adb8%3A%3A1');
    expect(huntHost('00:11:22:33:44:55')).toBeNull();
    expect(huntHost('x or 1 = 1')).toBeNull();
  });

  it('put another time into a query, by whole seconds', () => {
    const query = 'flows where host = 10.0.0.5 since 2026-01-01T00:00:00Z until 2026-01-02T00:00:00Z';
    expect(huntBetween(query, 1_500, 2_500)).toBe(
      'flows where host = 10.0.0.5 since 1970-01-01T00:00:01Z until 1970-01-01T00:00:03Z',
    );
  });
});
