import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Sample } from './matrix.ts';
import { NeighbourIndex } from './neighbour-index.ts';
import { openPairKernels, openStrictPairKernels } from './pair-kernels.ts';
import { Random } from './random.ts';
import { comparePairs, type Surroundings, searchOthers } from './surroundings.ts';

function sampleOf(rows: number, columns: number, value: () => number): Sample {
  return { rows, columns, data: Float32Array.from({ length: rows * columns }, value) };
}

/** On a coarse grid there are equal rows and equal distances. */
const samples = fc
  .record({
    columns: fc.integer({ min: 1, max: 19 }),
    rows: fc.integer({ min: 2, max: 150 }),
    seed: fc.integer(),
    steps: fc.constantFrom(3, 1_000_000),
  })
  .map(({ columns, rows, seed, steps }) => {
    const random = new Random(seed);
    return sampleOf(rows, columns, () => random.below(steps));
  });

/** Distances of each row to all others, rising. */
function allDistances({ rows, columns, data }: Sample): number[][] {
  const distance = (a: number, b: number) =>
    Math.hypot(...Array.from({ length: columns }, (_, i) => data[a * columns + i]! - data[b * columns + i]!));
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: rows }, (__, other) => distance(row, other))
      .filter((___, other) => other !== row)
      .sort((a, b) => a - b),
  );
}

const plain = (sample: Sample, wanted: number): Surroundings => comparePairs(sample, wanted, () => undefined);

describe('surroundings by plain loops', () => {
  it('reach as far as comparing every row with every other finds', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 30 }), (sample, most) => {
        const wanted = Math.min(most, sample.rows - 1);
        const { reaches, sums } = plain(sample, wanted);
        allDistances(sample).forEach((distances, row) => {
          const exact = distances[wanted - 1]!;
          expect(Math.abs(reaches[row]! - exact)).toBeLessThanOrEqual(1e-5 * exact);
          const least = distances.slice(0, wanted).reduce((sum, distance) => sum + distance, 0);
          expect(sums[row]).toBeGreaterThanOrEqual(least * (1 - 1e-5));
        });
      }),
      { numRuns: 30 },
    );
  });
});

describe.each([
  ['WebAssembly', openPairKernels],
  ['WebAssembly as older machines have it', openStrictPairKernels],
])('surroundings by %s', (_, open) => {
  const expectAsPlain = (sample: Sample, wanted: number) =>
    expect(comparePairs(sample, wanted, open)).toEqual(plain(sample, wanted));

  it('are those of plain loops to the last bit', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 1, max: 30 }), (sample, most) => {
        expectAsPlain(sample, Math.min(most, sample.rows - 1));
      }),
      { numRuns: 60 },
    );
  });

  it('are those that an index finds', () => {
    const random = new Random(5);
    const sample = sampleOf(700, 11, () => random.normal());
    const found = comparePairs(sample, 20, open);
    expect(found).toEqual(searchOthers(new NeighbourIndex(sample, 20), 20));
    expect(found.reaches).toHaveLength(700);
  });

  it('are found amid more equal rows than are asked for', () => {
    const random = new Random(6);
    expectAsPlain(
      sampleOf(400, 3, () => random.below(2)),
      5,
    );
  });

  it('are found where rows are of very different sizes, and where they are too long to be screened', () => {
    const random = new Random(7);
    expectAsPlain(
      sampleOf(300, 4, () => random.normal() * 10 ** random.below(9)),
      7,
    );
    const long = sampleOf(100, 4, () => random.normal() * 1e25);
    expectAsPlain(long, 7);
    expect(comparePairs(long, 7, open).reaches.every(Number.isFinite)).toBe(true);
  });
});
