import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { dbscan, LocalOutlierFactor, matrixOf, scoreRows } from './index.ts';
import { drawSample, type Sample } from './matrix.ts';
import { searchOwnRows } from './neighbour-batches.ts';
import { NeighbourIndex } from './neighbour-index.ts';
import { Random } from './random.ts';
import { openSearchKernels, openStrictSearchKernels } from './search-kernels.ts';
import { MOST_QUERIES } from './search-layout.ts';
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

/** Squared distances of all rows of the sample to a query, rising. */
function allSquares({ rows, columns, data }: Sample, query: Float64Array): number[] {
  return Array.from({ length: rows }, (_, row) =>
    query.reduce((sum, value, column) => sum + (Math.fround(value) - data[row * columns + column]!) ** 2, 0),
  ).sort((a, b) => a - b);
}

function expectNear(found: readonly number[], all: readonly number[]): void {
  found.forEach((square, place) => {
    expect(Math.abs(square - all[place]!)).toBeLessThanOrEqual(1e-5 * all[place]!);
  });
}

describe.each([
  ['WebAssembly', openSearchKernels],
  ['WebAssembly as older machines have it', openStrictSearchKernels],
  ['plain loops', () => undefined],
])('neighbours by %s', (_, open) => {
  it('are what comparing with every row finds', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 30 }), fc.nat(), fc.boolean(), (sample, wanted, at, isFar) => {
        const { rows, columns, data } = sample;
        const index = new NeighbourIndex(sample, wanted, open);
        const first = (at % rows) * columns;
        const query = Float64Array.from(data.subarray(first, first + columns), (value) =>
          isFar ? value * 3e20 + 1e20 : value + 0.25,
        );
        index.setQuery(0, query, 0);
        index.search(1, { wanted });
        const count = index.nearest.counts[0]!;
        expect(count).toBe(Math.min(wanted, rows));
        expectNear([...index.nearest.squares.subarray(0, count)], allSquares(sample, query));
      }),
      { numRuns: 60 },
    );
  });

  it('are the same for one query as for many at a time, to the last digit', () => {
    const [sample] = fc.sample(samples, { seed: 7, numRuns: 1 });
    const { rows, columns, data } = { ...sample!, rows: Math.max(2, sample!.rows) };
    const wide = new Random(3);
    const large: Sample = { rows: 600, columns: 11, data: Float32Array.from({ length: 6_600 }, () => wide.normal()) };
    for (const each of [{ rows, columns, data: Float32Array.from({ ...data, length: rows * columns }) }, large]) {
      const index = new NeighbourIndex(each, 9, open);
      const own = Int32Array.from({ length: Math.min(each.rows, 3 * MOST_QUERIES + 1) }, (__, row) => row);
      const together: number[][] = [];
      const result = (query: number) => [
        ...index.nearest.found.subarray(query * 9, query * 9 + index.nearest.counts[query]!),
      ];
      searchOwnRows(index, own, { wanted: 9, isLeftOut: true }, (place, query) => {
        together[place] = result(query);
      });
      own.forEach((row) => {
        index.setOwnQuery(0, row, true);
        index.search(1, { wanted: 9 });
        expect(result(0)).toEqual(together[row]);
        expect(together[row]).not.toContain(row);
      });
    }
  });

  it('can leave one row out, end at a distance, and stop when enough are found', () => {
    const index = new NeighbourIndex({ rows: 4, columns: 1, data: Float32Array.of(0, 1, 5, 9) }, 4, open);
    const countOf = (isLeftOut: boolean, search: { wanted: number; limit?: number; isAnyEnough?: boolean }) => {
      index.setOwnQuery(0, 0, isLeftOut);
      index.search(1, search);
      return index.nearest.counts[0];
    };
    expect(countOf(true, { wanted: 4 })).toBe(3);
    expect(countOf(false, { wanted: 4, limit: 25 })).toBe(2);
    expect(countOf(false, { wanted: 4, limit: 25 + 1e-12 })).toBe(3);
    expect(countOf(false, { wanted: 2, limit: 26, isAnyEnough: true })).toBe(2);
    expect(countOf(false, { wanted: 4, limit: 26, isAnyEnough: true })).toBe(3);
  });

  it('are found amid more equal rows than are asked for', () => {
    const data = Float32Array.from({ length: 2 * 700 }, (__, at) => (at < 1_200 ? 1 : at / 1_000));
    const index = new NeighbourIndex({ rows: 700, columns: 2, data }, 5, open);
    index.setQuery(0, Float64Array.of(1, 1), 0);
    index.search(1, { wanted: 5 });
    expect([...index.nearest.squares.subarray(0, 5)]).toEqual([0, 0, 0, 0, 0]);
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
  it('is the same to the last digit where there is no WebAssembly', () => {
    const { train } = twoGroups(4, 300);
    const scores = () => [...scoreRows(LocalOutlierFactor.fit(train), train)];
    const usual = scores();
    vi.stubGlobal('WebAssembly', undefined);
    try {
      expect(openSearchKernels(1)).toBeUndefined();
      expect(scores()).toEqual(usual);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('is what the paper defines', () => {
    const random = new Random(3);
    const rows = Array.from({ length: 60 }, () => [random.normal(), random.normal() * 3, random.normal()]);
    const factors = LocalOutlierFactor.fit(matrixOf(rows), { neighbours: 7, smoothing: 0 }).referenceScores();
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
