import { describe, expect, it } from 'vitest';
import {
  counted,
  formatByteRate,
  formatBytes,
  formatCount,
  formatDuration,
  formatExact,
  formatPercent,
  formatRelative,
} from './format.ts';

describe('numbers in words', () => {
  it('says sizes in the unit that is easiest to read', () => {
    expect(
      [0, 999, 1_000, 1_536, 99_949, 99_950, 999_499, 999_500, 1_500_000, 2.5e12, -2_000].map(formatBytes),
    ).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '1.5 kB',
      '99.9 kB',
      '100 kB',
      '999 kB',
      '1.0 MB',
      '1.5 MB',
      '2.5 TB',
      '-2.0 kB',
    ]);
    expect(formatByteRate(241_000)).toBe('241 kB/s');
    expect(formatBytes(Number.NaN)).toBe('– B');
  });

  it('says counts and shares', () => {
    expect(formatCount(1_234_567)).toBe('1,234,567');
    expect([0, 0.4, 9.96, 63, 100].map(formatPercent)).toEqual(['0 %', '0.4 %', '10.0 %', '63 %', '100 %']);
    expect(counted(1, { one: 'alert', other: 'alerts' })).toBe('1 alert');
    expect(counted(0, { one: 'alert', other: 'alerts' })).toBe('0 alerts');
    expect(counted(1_200, { one: 'alert', other: 'alerts' })).toBe('1,200 alerts');
  });

  it('says how long', () => {
    expect([850, 4_200, 42_000, 185_000, 7_200_000, 7_800_000, 273_600_000].map(formatDuration)).toEqual([
      '850 ms',
      '4.2 s',
      '42 s',
      '3 min 5 s',
      '2 h',
      '2 h 10 min',
      '3 d 4 h',
    ]);
  });

  it('says how long ago', () => {
    const now = 1_000_000_000_000;
    const ago = (ms: number): string => formatRelative(now - ms, now);
    expect([2_000, 25_000, 300_000, 10_800_000, 172_800_000, -600_000].map(ago)).toEqual([
      'just now',
      '25 s ago',
      '5 min ago',
      '3 h ago',
      '2 d ago',
      'in 10 min',
    ]);
  });

  it('does not throw at a time that is none', () => {
    expect(formatExact(Number.NaN)).toBe('–, –');
    expect(formatExact(1e300)).toBe('–, –');
  });
});
