import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { usualScale } from './usual-scale.ts';

const number = fc.oneof(
  fc.double({ min: -1e15, max: 1e15, noNaN: true }),
  fc.double({ min: -1e100, max: 1e100, noNaN: true }),
);

describe('usualScale', () => {
  it('keeps order and bounds whatever the numbers are', () => {
    fc.assert(
      fc.property(number, number, number, (value, a, b) => {
        const [low, high] = a <= b ? [a, b] : [b, a];
        const scale = usualScale(value, { low, high });
        expect(scale).toBeDefined();
        if (scale === undefined) return;
        for (const place of [scale.value, scale.low, scale.high, ...scale.ticks]) {
          expect(place).toBeGreaterThanOrEqual(0);
          expect(place).toBeLessThanOrEqual(1);
        }
        expect(scale.low).toBeLessThanOrEqual(scale.high);
        if (scale.side === 'above') expect(scale.value).toBeGreaterThanOrEqual(scale.high);
        if (scale.side === 'below') expect(scale.value).toBeLessThanOrEqual(scale.low);
        expect(scale.ticks.length).toBeLessThanOrEqual(12);
      }),
    );
  });

  it('is plain where the value is near, and begins at 0', () => {
    const scale = usualScale(30, { low: 10, high: 20 });
    expect(scale).toMatchObject({ side: 'above', isLogarithmic: false, ticks: [], times: 1.5 });
    expect(scale?.low).toBeCloseTo(0.06 + (10 / 30) * 0.88);
    expect(scale?.value).toBeCloseTo(0.94);
  });

  it('counts in tens where the value is far, so that the range still has a width', () => {
    const scale = usualScale(214e6, { low: 0, high: 2e6 });
    expect(scale).toMatchObject({ side: 'above', isLogarithmic: true, times: 107 });
    expect((scale?.high ?? 0) - (scale?.low ?? 0)).toBeGreaterThan(0.2);
    expect(scale?.ticks).toHaveLength(3);
  });

  it('tells what is too little, and what is as it should be', () => {
    expect(usualScale(2, { low: 100, high: 120 })).toMatchObject({ side: 'below', times: 50 });
    expect(usualScale(0, { low: 100, high: 120 })).toMatchObject({ side: 'below', times: null });
    expect(usualScale(110, { low: 100, high: 120 })).toMatchObject({ side: 'within', times: null });
  });

  it('sets what is too little apart from a range that reaches far up', () => {
    const scale = usualScale(900, { low: 20_000, high: 61e6 });
    expect(scale).toMatchObject({ side: 'below', isLogarithmic: true });
    expect((scale?.low ?? 0) - (scale?.value ?? 1)).toBeGreaterThan(0.1);
    expect(usualScale(19_000, { low: 20_000, high: 61e6 })?.isLogarithmic).toBe(false);
  });

  it('draws a range that is a single number', () => {
    expect(usualScale(300, { low: 0, high: 0 })).toMatchObject({ side: 'above', isLogarithmic: false, times: null });
    expect(usualScale(0, { low: 0, high: 0 })).toMatchObject({ side: 'within', value: 0.5 });
  });

  it('draws nothing of what is no number, or of a range that is upside down', () => {
    expect(usualScale(Number.NaN, { low: 0, high: 1 })).toBeUndefined();
    expect(usualScale(1, { low: 0, high: Number.POSITIVE_INFINITY })).toBeUndefined();
    expect(usualScale(1, { low: 2, high: 1 })).toBeUndefined();
  });
});
