import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterKey, filterOf, groupingOf, isNarrowed, matchesFilter } from './filters.ts';
import { alertRow } from './testing.ts';

const NOW = Date.UTC(2026, 10, 21);

describe('filterOf', () => {
  it('shows what is open or in hand on this computer where the address says nothing', () => {
    expect(filterOf({}, NOW)).toEqual({
      search: '',
      severities: [],
      kinds: [],
      states: ['open', 'acknowledged'],
      sinceMs: null,
      source: 'live',
    });
    expect(isNarrowed({ source: 'c-1', group: 'kind' })).toBe(false);
  });

  it('reads every filter, mildest severity first', () => {
    const query = { q: 'SSH', severity: 'critical,high', kind: 'port-scan,brute-force', state: 'all', span: '24' };
    expect(filterOf(query, NOW)).toEqual({
      search: 'SSH',
      severities: ['high', 'critical'],
      kinds: ['port-scan', 'brute-force'],
      states: ['open', 'acknowledged', 'dismissed'],
      sinceMs: NOW - 24 * 3_600_000,
      source: 'live',
    });
    expect(isNarrowed(query)).toBe(true);
    expect(groupingOf({ group: 'day' })).toBe('day');
  });

  it('has no span for a capture, whose times are of long ago', () => {
    expect(filterOf({ source: 'c-12ab', span: '24' }, NOW)).toMatchObject({ source: 'c-12ab', sinceMs: null });
  });

  it('leaves out what is not known, whoever wrote the address', () => {
    const odd = {
      severity: 'worst,__proto__',
      kind: 'x',
      state: 'constructor',
      span: '9',
      source: '../etc',
      group: 'x',
    };
    expect(filterOf(odd, NOW)).toEqual(filterOf({}, NOW));
    expect(groupingOf(odd)).toBeNull();
    const anything = fc.dictionary(fc.constantFrom('q', 'severity', 'kind', 'state', 'span', 'source'), fc.string());
    fc.assert(
      fc.property(anything, (query) => {
        expect(filterOf(query, NOW).search.length).toBeLessThanOrEqual(100);
        expect(filterKey(query)).toBe(filterKey({ ...query, allowed: '1', group: 'kind' }));
      }),
    );
  });
});

describe('matchesFilter', () => {
  const filter = filterOf({ severity: 'high', kind: 'port-scan', q: '10.0.0.5', span: '24' }, NOW);
  const fitting = alertRow({
    title: 'x',
    severity: 'high',
    kind: 'port-scan',
    attackers: ['10.0.0.5'],
    lastSeenMs: NOW,
  });

  it('is what the engine would say', () => {
    expect(matchesFilter(fitting, filter)).toBe(true);
    expect(matchesFilter({ ...fitting, severity: 'critical' }, filter)).toBe(false);
    expect(matchesFilter({ ...fitting, kind: 'beaconing' }, filter)).toBe(false);
    expect(matchesFilter({ ...fitting, attackers: ['10.0.0.6'] }, filter)).toBe(false);
    expect(matchesFilter({ ...fitting, lastSeenMs: NOW - 25 * 3_600_000 }, filter)).toBe(false);
    expect(matchesFilter({ ...fitting, state: 'dismissed' }, filter)).toBe(false);
    expect(matchesFilter({ ...fitting, state: 'withdrawn' }, filterOf({ state: 'all' }, NOW))).toBe(false);
    expect(matchesFilter({ ...fitting, source: 'c-1' }, filter)).toBe(false);
    expect(matchesFilter({ ...fitting, title: 'A SCAN', attackers: [] }, filterOf({ q: 'scan' }, NOW))).toBe(true);
  });
});
