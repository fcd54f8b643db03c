import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ratiosOf, spreadOf, steepestGrowth } from './statistics.ts';

describe('spreadOf', () => {
  it('takes the middle of an odd series and the mean of both middles of an even one', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
    expect(spreadOf([4, 1, 3, 2])).toEqual({ min: 1, median: 2.5, max: 4 });
  });

  it('refuses an empty series', () => {
    expect(() => spreadOf([])).toThrow(RangeError);
  });

  it('keeps the median between the ends, in whatever order the values come', () => {
    const series = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 });
    fc.assert(
      fc.property(series, (values) => {
        const { min, median, max } = spreadOf(values);
        expect(median).toBeGreaterThanOrEqual(min);
        expect(median).toBeLessThanOrEqual(max);
        expect(spreadOf(values.toReversed())).toEqual({ min, median, max });
      }),
    );
  });
});

describe('ratiosOf', () => {
  it('divides round by round', () => {
    expect(ratiosOf([1, 6], [2, 3])).toEqual([0.5, 2]);
  });

  it('refuses series of different length', () => {
    expect(() => ratiosOf([1], [1, 2])).toThrow('1 measurements cannot be set against 2');
  });
});

describe('steepestGrowth', () => {
  it('finds the growth between any two sizes, not only neighbours', () => {
    expect(steepestGrowth([2, 3, 5])).toBe(2.5);
    expect(steepestGrowth([4, 2, 3])).toBe(1.5);
  });

  it('is at most 1 where nothing grows', () => {
    expect(steepestGrowth([4, 3, 2])).toBeLessThanOrEqual(1);
    expect(steepestGrowth([4])).toBe(0);
  });
});
