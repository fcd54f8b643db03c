import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatDuration, formatNumber, formatSpan, formatTick, unitFor } from './format.ts';

const START = Date.UTC(2021, 8, 21, 8, 57, 30, 471);

describe('units', () => {
  it('stand in the singular behind one', () => {
    const units = ['hosts', 'addresses', 'tries', 'packets/s', 'network cards', '%', 'min', 'per second'];
    expect(units.map((unit) => unitFor(1, unit))).toEqual([
      'host',
      'address',
      'try',
      'packet/s',
      'network card',
      '%',
      'min',
      'per second',
    ]);
    expect(units.map((unit) => unitFor(2, unit))).toEqual(units);
  });
});

describe('numbers', () => {
  it('are grouped, with three digits where they are not whole', () => {
    expect([1234567, 0, 53.4567, 0.0012345, 1234.5].map(formatNumber)).toEqual([
      '1,234,567',
      '0',
      '53.5',
      '0.00123',
      '1,235',
    ]);
    expect([formatCount(1, 'packet'), formatCount(2000, 'packet')]).toEqual(['1 packet', '2,000 packets']);
    expect(formatCount(2, 'address', 'addresses')).toBe('2 addresses');
  });

  it('of bytes take the unit that fits', () => {
    expect([0, 812, 1000, 999_499, 999_600, 2.42e6, 1e21].map(formatBytes)).toEqual([
      '0 B',
      '812 B',
      '1 kB',
      '999 kB',
      '1 MB',
      '2.42 MB',
      '1,000,000 PB',
    ]);
  });
});

describe('times', () => {
  it('as durations', () => {
    const durations = [-1, 40, 6300, 59_999, 60_000, 252_000, 7_500_000, 86_400_000, 273_600_000];
    expect(durations.map(formatDuration)).toEqual([
      '0 ms',
      '40 ms',
      '6.3 s',
      '60 s',
      '1 min',
      '4 min 12 s',
      '2 h 5 min',
      '1 d',
      '3 d 4 h',
    ]);
  });

  it('as spans name the second date only where it differs', () => {
    expect(formatSpan(START, START)).toBe('21 Sep 2021, 08:57:30.471');
    expect(formatSpan(START, START + 6000)).toBe('21 Sep 2021, 08:57:30–08:57:36');
    expect(formatSpan(START, START + 86_400_000)).toBe('21 Sep 2021, 08:57:30–22 Sep 2021, 08:57:30');
  });

  it('as ticks are as exact as the span needs', () => {
    expect(formatTick(START, 1000)).toBe('08:57:30.471');
    expect(formatTick(START, 60_000)).toBe('08:57:30');
    expect(formatTick(START, 3_600_000)).toBe('08:57');
    expect(formatTick(START, 10 * 86_400_000)).toBe('21 Sep 08:57');
  });
});
