import { describe, expect, it } from 'vitest';
import type { Capture } from '../../../contract/api-captures.ts';
import { alertCounts, type Heard, mergeCaptures, totalAlerts } from './capture-list.ts';

const capture = (id: string, over: Partial<Capture> = {}): Capture => ({
  id,
  name: id,
  state: 'receiving',
  progress: 0,
  sizeBytes: 1,
  receivedBytes: 0,
  addedMs: Number(id.slice(2)),
  addedBy: '',
  result: null,
  failure: null,
  ...over,
});

const heard = (...captures: readonly (readonly [Capture, number])[]): ReadonlyMap<string, Heard> =>
  new Map(captures.map(([one, heardMs]) => [one.id, { capture: one, heardMs }]));

const LISTED_MS = 100_000;

describe('the list of captures', () => {
  it('takes what was heard since, the latest first', () => {
    const listed = [capture('c-2', { progress: 0.1 }), capture('c-1', { state: 'done', progress: null })];
    const since = heard([capture('c-2', { progress: 0.4 }), LISTED_MS + 10], [capture('c-3'), LISTED_MS + 20]);
    const merged = mergeCaptures(listed, LISTED_MS, since);
    expect(merged.map(({ id, progress }) => [id, progress])).toEqual([
      ['c-3', 0],
      ['c-2', 0.4],
      ['c-1', null],
    ]);
  });

  it('never goes back, and forgets what the list does not have any more', () => {
    const listed = [capture('c-1', { state: 'done', progress: null })];
    const crossing = heard([capture('c-1', { state: 'analysing', progress: 0.9 }), LISTED_MS - 100]);
    expect(mergeCaptures(listed, LISTED_MS, crossing)[0].state).toBe('done');
    const removed = heard([capture('c-9', { state: 'done' }), LISTED_MS - 5_000]);
    expect(mergeCaptures(listed, LISTED_MS, removed).map(({ id }) => id)).toEqual(['c-1']);
  });

  it('counts alerts, the worst first', () => {
    const alerts = { info: 1, low: 0, medium: 3, high: 0, critical: 2 };
    expect(alertCounts(alerts).map(({ severity, count }) => `${count} ${severity}`)).toEqual([
      '2 critical',
      '3 medium',
      '1 info',
    ]);
    expect(totalAlerts(alerts)).toBe(6);
  });
});
