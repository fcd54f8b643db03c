import { describe, expect, it } from 'vitest';
import { spanOf, stopsWith } from './budget.ts';

describe('stopsWith', () => {
  it('always has what is set, once and in its place', () => {
    expect(stopsWith(3)).toEqual([0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 200]);
    expect(stopsWith(2.5).slice(0, 5)).toEqual([0, 1, 2, 2.5, 3]);
  });

  it('stays within what the setting takes', () => {
    expect(stopsWith(3, { minimum: 1, maximum: 10 })).toEqual([1, 2, 3, 4, 5, 7, 10]);
  });
});

describe('spanOf', () => {
  it.each([
    [30, { count: 30, unit: 'days' }],
    [2.2, { count: 2, unit: 'days' }],
    [1, { count: 24, unit: 'hours' }],
    [0.01, { count: 1, unit: 'hours' }],
  ] as const)('says %d days as %j', (days, said) => {
    expect(spanOf(days)).toEqual(said);
  });
});
