import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHunt } from '../../../contract/hunt-language.ts';
import { isSummary, lookAtHost, narrowByCell, narrowToTime, rowsBehind } from './query-edit.ts';

const QUERY = 'flows where service = dns since 1d';

describe('a query narrowed down by a cell', () => {
  it('gets one more condition', () => {
    expect(narrowByCell(QUERY, 'responder', '10.0.0.9', 'only')).toBe(
      'flows where service = dns and responder = 10.0.0.9 since 1d',
    );
    expect(narrowByCell(QUERY, 'responderPort', 53, 'not')).toBe(
      'flows where service = dns and responderPort != 53 since 1d',
    );
    expect(narrowByCell('flows', 'bytes', 1_500_000, 'only')).toBe('flows where bytes = 1500kB');
    expect(narrowByCell('flows', 'duration', 1_500, 'only')).toBe('flows where duration = 1500ms');
  });

  it('keeps what "or" joins together', () => {
    expect(narrowByCell('flows where port = 22 or port = 23', 'service', 'ssh', 'not')).toBe(
      'flows where (port = 22 or port = 23) and service != ssh',
    );
  });

  it('takes all values of a cell that has several', () => {
    expect(narrowByCell('alerts', 'attacker', '10.0.0.5, 10.0.0.6', 'only')).toBe(
      'alerts where attacker in (10.0.0.5, 10.0.0.6)',
    );
    expect(narrowByCell('alerts', 'attacker', '10.0.0.5, 10.0.0.6', 'not')).toBe(
      'alerts where not attacker in (10.0.0.5, 10.0.0.6)',
    );
  });

  it('says nothing twice', () => {
    expect(narrowByCell(QUERY, 'service', 'dns', 'only')).toBe(QUERY);
  });

  it('cannot be said of a time, of nothing, of what is no field, in a query that is wrong', () => {
    expect(narrowByCell(QUERY, 'time', 1_700_000_000_000, 'only')).toBeNull();
    expect(narrowByCell(QUERY, 'service', null, 'only')).toBeNull();
    expect(narrowByCell('flows | count by service', 'count', 3, 'only')).toBeNull();
    expect(narrowByCell('flows where', 'service', 'dns', 'only')).toBeNull();
    expect(narrowByCell(QUERY, 'responder', 'not an address', 'only')).toBeNull();
  });

  it('is right whatever text an alert has', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 400, unit: 'binary' }), (title) => {
        const text = narrowByCell('alerts', 'title', title, 'only');
        if (text === null) return;
        const where = parseHunt(text).query?.where;
        expect(where).toEqual({
          type: 'compare',
          field: 'title',
          operator: '=',
          values: [{ type: 'text', text: title }],
        });
      }),
    );
  });
});

describe('other looks at the same', () => {
  it('looks at a host', () => {
    expect(lookAtHost('flows where port = 22 since 7d | count by initiator', '10.0.0.5')).toBe(
      'flows where host = 10.0.0.5 since 1w',
    );
    expect(lookAtHost(QUERY, '10.0.0.5, 10.0.0.6')).toBeNull();
    expect(lookAtHost(QUERY, 'dns')).toBeNull();
  });

  it('narrows the time', () => {
    const from = Date.parse('2026-01-02T03:04:05Z');
    expect(narrowToTime(QUERY, from, from + 1_500)).toBe(
      'flows where service = dns since 2026-01-02T03:04:05Z until 2026-01-02T03:04:06.500Z',
    );
    expect(narrowToTime(QUERY, from, from)).toBeNull();
    expect(narrowToTime(QUERY, Number.NaN, from)).toBeNull();
  });

  it('opens a group', () => {
    const columns = [
      { name: 'service', type: 'text' as const },
      { name: 'time', type: 'time' as const },
      { name: 'sum', type: 'bytes' as const },
    ];
    const hour = Date.parse('2026-01-02T03:00:00Z');
    expect(rowsBehind('flows since 7d | sum bytes by service, 1h limit 5', columns, ['tls', hour, 9])).toBe(
      'flows where service = tls since 2026-01-02T03:00:00Z until 2026-01-02T04:00:00Z',
    );
    expect(rowsBehind('flows | sum bytes by service', columns, [null, hour, 9])).toBeNull();
    expect(rowsBehind(QUERY, columns, ['tls', hour, 9])).toBeNull();
    expect(isSummary('flows | count')).toBe(true);
    expect(isSummary(QUERY)).toBe(false);
  });
});
