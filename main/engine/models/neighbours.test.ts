import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BallTree } from './ball-tree.ts';
import { dbscan, LocalOutlierFactor, matrixOf, scoreRows } from './index.ts';
import { drawSample, type Sample, squaredDistance } from './matrix.ts';
import { Random } from './random.ts';
import { twoGroups } from './testing.ts';

/** On a coarse grid, so that there are equal rows and equal distances. */
const samples = fc
  .record({
    columns: fc.integer({ min: 1, max: 19 }),
    rows: fc.integer({ min: 1, max: 150 }),
    seed: fc.integer(),
    steps: fc.constantFrom(3, 1_000_000),
  })
  .map(({ columns, rows, seed, steps }): Sample => {
    const random = new Random(seed);
    return { rows, columns, data: Float32Array.from({ length: rows * columns }, () => random.below(steps)) };
  });

describe('ball tree', () => {
  it('finds what comparing with every row finds', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 30 }), fc.nat(), (sample, wanted, at) => {
        const { rows, columns, data } = sample;
        const tree = new BallTree(sample, wanted);
        const query = data.slice((at % rows) * columns, ((at % rows) + 1) * columns).map((value) => value + 0.25);
        const all = Array.from({ length: rows }, (_, row) =>
          squaredDistance(query, 0, data, row * columns, columns, Number.POSITIVE_INFINITY),
        ).sort((a, b) => a - b);
        const found = tree.search(query, 0, wanted);
        expect([...tree.foundSquares.subarray(0, found)]).toEqual(all.slice(0, Math.min(wanted, rows)));
      }),
    );
  });

  it('can leave one row out and end at a distance', () => {
    const tree = new BallTree({ rows: 4, columns: 1, data: Float32Array.of(0, 1, 5, 9) }, 4);
    expect(tree.search(tree.data, 0, 4, Number.POSITIVE_INFINITY, 0)).toBe(3);
    expect(tree.search(tree.data, 0, 4, 25)).toBe(2);
  });
});

/** Straight from the definitions of the paper, every row against every other. */
function slowFactors(rows: readonly (readonly number[])[], k: number): number[] {
  const distance = (a: number, b: number) => Math.hypot(...rows[a]!.map((value, column) => value - rows[b]![column]!));
  const neighbours = rows.map((_, row) =>
    [...rows.keys()]
      .filter((other) => other !== row)
      .sort((a, b) => distance(row, a) - distance(row, b))
      .slice(0, k),
  );
  const reach = (row: number) => distance(row, neighbours[row]![k - 1]!);
  const density = (row: number) =>
    k / neighbours[row]!.reduce((sum, other) => sum + Math.max(reach(other), distance(row, other)), 0);
  return rows.map((_, row) => neighbours[row]!.reduce((sum, other) => sum + density(other), 0) / k / density(row));
}

describe('local outlier factor', () => {
  it('is what the paper defines', () => {
    const random = new Random(3);
    const rows = Array.from({ length: 60 }, () => [random.normal(), random.normal() * 3, random.normal()]);
    const factors = LocalOutlierFactor.fit(matrixOf(rows), { neighbours: 7 }).referenceScores();
    slowFactors(rows, 7).forEach((factor, row) => {
      expect(factors[row]).toBeCloseTo(factor, 4);
    });
  });

  it('keeps a bounded sample', () => {
    const { train } = twoGroups(1, 500);
    const model = LocalOutlierFactor.fit(train, { referenceRows: 100 });
    expect(model.toJSON()).toMatchObject({ rows: 100 });
    expect(model.referenceScores()).toHaveLength(100);
  });
});

describe('DBSCAN', () => {
  const line = matrixOf([...Array.from({ length: 20 }, (_, step) => [step / 10, 0]), [50, 0]]);

  it('measures from the nearest core, in radii', () => {
    const model = dbscan.fit(line, { radius: 0.5, minimumRows: 4 });
    expect(model.toJSON()).toMatchObject({ rows: 20, radius: 0.5 });
    expect(model.score(Float64Array.of(1, 2))).toBeCloseTo(4, 5);
    // The lonely row was no core.
    expect(model.score(Float64Array.of(50, 0))).toBeGreaterThan(90);
  });

  it('has a core even where the radius is below every distance', () => {
    expect([...scoreRows(dbscan.fit(line, { radius: 1e-9, minimumRows: 5 }), line)].every(Number.isFinite)).toBe(true);
  });

  it('finds a radius that leaves the asked share outside', () => {
    const { train } = twoGroups(2, 1_000);
    const { rows } = dbscan.fit(train, { noise: 0.1 }).toJSON();
    expect(rows).toBeGreaterThan(895);
    expect(rows).toBeLessThan(906);
  });
});

describe('sample', () => {
  it('draws rows of the table without repeating them', () => {
    const matrix = matrixOf(Array.from({ length: 100 }, (_, row) => [row]));
    const { rows, data } = drawSample(matrix, 40, new Random(9));
    expect(rows).toBe(40);
    expect(new Set(data).size).toBe(40);
    expect([...data].every((value) => value >= 0 && value < 100)).toBe(true);
  });
});
