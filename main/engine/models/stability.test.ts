import { describe, expect, it } from 'vitest';
import type { ColumnUsual } from './profile-types.ts';
import { Random } from './random.ts';
import { columnStability, medianOf, rankCorrelation, scoreStability, stabilityIndex } from './stability.ts';

function usualOf(values: Float64Array): ColumnUsual {
  const sorted = values.slice().sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const deciles = Float64Array.from({ length: 11 }, (_, tenth) => at(tenth / 10));
  const column = { name: 'x', label: 'x', unit: '' };
  return { column, low: at(0.01), median: at(0.5), high: at(0.99), deciles };
}

const draw = (seed: number, count: number, of: (random: Random) => number): Float64Array => {
  const random = new Random(seed);
  return Float64Array.from({ length: count }, () => of(random));
};

describe('the stability index', () => {
  it('has the value of the book', () => {
    expect(stabilityIndex([0.5, 0.5], [0.5, 0.5])).toBe(0);
    expect(stabilityIndex([0.5, 0.5], [0.75, 0.25])).toBeCloseTo(0.25 * Math.log(1.5) - 0.25 * Math.log(0.5), 12);
    expect(stabilityIndex([1, 0], [0, 1])).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['normal values', (random: Random) => random.normal()],
    ['mostly zeros', (random: Random) => (random.next() < 0.93 ? 0 : random.next() * 100)],
    ['nearly always the same', (random: Random) => (random.next() < 0.995 ? 6 : 17)],
    ['few whole numbers', (random: Random) => random.below(4)],
    ['always the same', () => 5],
  ])('does not call %s moved that come from where they came from', (_name, of) => {
    const usual = usualOf(draw(1, 5_000, of));
    for (let seed = 2; seed < 12; seed++) expect(columnStability(usual, draw(seed, 500, of))).toBeLessThan(0.1);
  });

  it.each([
    ['shifted', (random: Random) => random.normal() + 1.5],
    ['wider', (random: Random) => random.normal() * 4],
    ['always the same', () => 0.3],
  ])('calls normal values that are %s moved', (_name, of) => {
    const usual = usualOf(draw(1, 5_000, (random) => random.normal()));
    expect(columnStability(usual, draw(2, 500, of))).toBeGreaterThan(0.25);
  });

  it('sees zeros that are zeros no more', () => {
    const usual = usualOf(draw(1, 5_000, (random) => (random.next() < 0.93 ? 0 : 50)));
    expect(
      columnStability(
        usual,
        draw(2, 500, (random) => (random.next() < 0.4 ? 0 : 50)),
      ),
    ).toBeGreaterThan(0.25);
    expect(columnStability(usual, Float64Array.of(Number.NaN))).toBeNaN();
  });

  it('tells scores that are as they were from those that are not', () => {
    const counts = new Array<number>(25).fill(0);
    for (const p of draw(9, 5_000, (random) => random.next()))
      counts[Math.min(24, Math.floor(-Math.log10(p) / 0.25))]++;
    const then = { step: 0.25, counts };
    expect(
      scoreStability(
        draw(1, 1_000, (random) => random.next()),
        then,
      ),
    ).toBeLessThan(0.05);
    expect(
      scoreStability(
        draw(1, 1_000, (random) => random.next() ** 3),
        then,
      ),
    ).toBeGreaterThan(0.25);
    expect(scoreStability(Float64Array.of(0, 1e-300, 1, 2), then)).toBeGreaterThan(0.25);
    expect(scoreStability(new Float64Array(0), then)).toBe(0);
  });
});

describe('rank correlation', () => {
  it('is that of orders, not of sizes', () => {
    const values = draw(4, 200, (random) => random.next());
    const powers = values.map((value) => value ** 5);
    const backwards = values.map((value) => -value);
    expect(rankCorrelation(values, powers)).toBeCloseTo(1, 12);
    expect(rankCorrelation(values, backwards)).toBeCloseTo(-1, 12);
    expect(
      Math.abs(
        rankCorrelation(
          values,
          draw(5, 200, (random) => random.next()),
        ),
      ),
    ).toBeLessThan(0.25);
    expect(rankCorrelation(Float64Array.of(1, 1, 1), Float64Array.of(1, 2, 3))).toBe(1);
    // scipy.stats.spearmanr([1, 2, 2, 4], [1, 3, 2, 2])
    expect(rankCorrelation(Float64Array.of(1, 2, 2, 4), Float64Array.of(1, 3, 2, 2))).toBeCloseTo(0.5, 12);
  });
});

describe('the median', () => {
  it('is the middle', () => {
    expect(medianOf(Float64Array.of(3, 1, Number.NaN, 2))).toBe(2);
    expect(medianOf(Float64Array.of(4, 1, 2, 3))).toBe(2.5);
    expect(medianOf(new Float64Array(0))).toBeNaN();
  });
});
