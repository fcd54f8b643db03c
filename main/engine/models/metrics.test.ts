import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rankingOf } from './metrics.ts';
import { Random } from './random.ts';

describe('ranking', () => {
  it('is that of comparing every unusual row with every usual one', () => {
    const row = fc.record({ score: fc.integer({ min: 0, max: 9 }), is: fc.boolean() });
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 60 }), (rows) => {
        const usual = rows.filter(({ is }) => !is);
        const pairs = rows.filter(({ is }) => is).flatMap((a) => usual.map((b) => Math.sign(a.score - b.score)));
        const ranking = rankingOf(
          Float64Array.from(rows, ({ score }) => score),
          (index) => rows[index]!.is,
        );
        if (pairs.length === 0) expect(ranking).toBeNull();
        else {
          const mean = pairs.reduce((sum: number, sign) => sum + (sign + 1) / 2, 0) / pairs.length;
          expect(ranking!.auc).toBeCloseTo(mean, 12);
        }
      }),
    );
  });

  it('knows precision and what is found at few false alarms', () => {
    const scores = Float64Array.of(9, 8, 7, 6, 5);
    const ranking = rankingOf(scores, (row) => row === 0 || row === 2)!;
    expect(ranking.averagePrecision).toBeCloseTo((1 + 2 / 3) / 2, 12);
    expect(ranking.truePositivesAt1Percent).toBe(0.5);
  });
});

describe('random numbers', () => {
  it('are the same for a seed and others for another', () => {
    const draw = (seed: number) =>
      Array.from(
        { length: 5 },
        (
          (random) => () =>
            random.uint32()
        )(new Random(seed)),
      );
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it('are spread evenly and normally', () => {
    const random = new Random(42);
    const even = Array.from({ length: 20_000 }, () => random.next());
    const normal = Array.from({ length: 20_000 }, () => random.normal());
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.min(...even)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...even)).toBeLessThan(1);
    expect(mean(even)).toBeCloseTo(0.5, 1);
    expect(mean(normal)).toBeCloseTo(0, 1);
    expect(mean(normal.map((value) => value ** 2))).toBeCloseTo(1, 1);
  });
});
