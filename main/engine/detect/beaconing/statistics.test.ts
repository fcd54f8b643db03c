import { describe, expect, it } from 'vitest';
import {
  bowleySkewness,
  dispersionIndex,
  distanceFromUniform,
  median,
  medianDeviation,
  quantile,
  sorted,
} from './statistics.ts';

describe('statistics of beacons', () => {
  it('finds quantiles between neighbours', () => {
    expect(quantile([1, 2, 3, 4], 0.25)).toBe(1.75);
    expect(median([1, 2, 3, 4])).toBe(2.5);
    expect(quantile([], 0.5)).toBe(0);
    expect(quantile([7], 0.9)).toBe(7);
  });

  it('measures the deviation from the median without being moved by one outlier', () => {
    expect(medianDeviation(sorted([10, 11, 9, 10, 1_000]))).toBe(1);
    expect(medianDeviation([5, 5, 5])).toBe(0);
  });

  it('tells on which side a sample is longer', () => {
    expect(bowleySkewness([1, 2, 3, 4, 5])).toBe(0);
    expect(bowleySkewness([1, 1.1, 1.2, 4, 9])).toBeGreaterThan(0.5);
    expect(bowleySkewness([1, 6, 8.8, 8.9, 9])).toBeLessThan(-0.5);
    expect(bowleySkewness([3, 3, 3, 3])).toBe(0);
  });

  it('tells even counts from clumps', () => {
    expect(dispersionIndex([5, 5, 5, 5])).toBe(0);
    expect(dispersionIndex([0, 0, 20, 0])).toBeGreaterThan(5);
    expect(dispersionIndex([])).toBe(1);
  });

  it('measures the distance from an even spread', () => {
    const even = Array.from({ length: 100 }, (_, index) => (index + 0.5) / 100);
    expect(distanceFromUniform(even, 0, 1)).toBeCloseTo(0.005, 6);
    expect(distanceFromUniform(sorted(even.map((value) => value ** 3)), 0, 1)).toBeGreaterThan(0.3);
    expect(distanceFromUniform([1, 1], 1, 1)).toBe(1);
  });
});
