import { describe, expect, it } from 'vitest';
import { nearestExamples } from './nearest-examples.ts';
import { Random } from './random.ts';

const COLUMNS = 11;
const random = new Random(4);
const sample = {
  rows: 200,
  columns: COLUMNS,
  data: Float32Array.from({ length: 200 * COLUMNS }, () => random.below(4)),
};
const query = Float32Array.from({ length: COLUMNS }, () => random.below(4));

const distanceTo = (row: number) =>
  query.reduce((sum, value, column) => sum + (value - sample.data[row * COLUMNS + column]!) ** 2, 0);

describe('the nearest examples', () => {
  it('are those that sorting all finds', () => {
    const all = Array.from({ length: 200 }, (_, row) => row).sort((a, b) => distanceTo(a) - distanceTo(b) || a - b);
    for (const wanted of [1, 3, 10]) expect(nearestExamples(sample, query, wanted)).toEqual(all.slice(0, wanted));
  });

  it('are all where there are fewer', () => {
    const two = { rows: 2, columns: COLUMNS, data: sample.data.slice(0, 2 * COLUMNS) };
    expect(nearestExamples(two, query, 3).sort()).toEqual([0, 1]);
  });
});
