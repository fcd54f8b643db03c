import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barText, histogramOf, rarityAt, rarityOf } from './scores.ts';

describe('histogramOf', () => {
  it('puts bars at their middles and the threshold at its place', () => {
    const histogram = histogramOf({ step: 0.5, counts: [90, 7, 2, 0, 1, 0, 0], threshold: 0.001 });
    expect(histogram).toMatchObject({ places: [0.25, 0.75, 1.25, 1.75, 2.25], total: 100, limit: 3 });
    expect(histogram.span[1]).toBeGreaterThan(3);
  });

  it('expects of even p-values what there is of them', () => {
    const counts = [900, 90, 9, 1];
    const { expected } = histogramOf({ step: 1, counts, threshold: null });
    expected.forEach((value, index) => {
      expect(value).toBeCloseTo(counts[index] * 1.0, index === 3 ? 0 : 6);
    });
  });

  it('is bounded and finite whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: false }),
        fc.array(fc.nat(), { maxLength: 600 }),
        fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        (step, counts, threshold) => {
          const histogram = histogramOf({ step, counts, threshold });
          expect(histogram.places.length).toBeLessThanOrEqual(200);
          expect(histogram.expected).toHaveLength(histogram.counts.length);
          expect(histogram.expected.every((value) => value >= 0)).toBe(true);
          expect(histogram.span[1]).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});

describe('rarityOf', () => {
  it.each([
    [1, 'all'],
    [0.5, '1 in 2'],
    [0.1, '1 in 10'],
    [0.000_081, '1 in 12,000'],
    [4.4e-7, '1 in 2.3M'],
    [0, '1 in ∞'],
  ])('says %d as "%s"', (pValue, said) => {
    expect(rarityOf(pValue)).toBe(said);
  });

  it('says places of the axis the same way', () => {
    expect(rarityAt(3)).toBe('1 in 1,000');
    expect(barText(0.25, 0.5)).toBe('all to 1 in 3');
  });
});
