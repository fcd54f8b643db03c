import { expect, it } from 'vitest';
import { loadAnomalyModels } from '../engine/index.ts';
import { ownSplit, referenceDraw, SAMPLE_ROWS } from './evaluate-models-splits.ts';

const isUnusual = [0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1].map((label) => label === 1);
const ALL = [...isUnusual.keys()];
const sorted = (rows: readonly number[]) => [...rows].sort((a, b) => a - b);

it('draws the rows that NumPy draws, first of all, then of the usual ones', () => {
  const { sample, split } = referenceDraw(isUnusual);
  expect(sample).toEqual([6, 11, 4, 10, 2, 8, 1, 7, 9, 3, 0, 5]);
  expect(split).toEqual({ train: [9, 8, 4, 7, 0, 2], test: [3, 6, 10, 1, 5, 11] });
});

it('takes a sample of tables that are large, and all rows in the split', () => {
  const large = Array.from({ length: SAMPLE_ROWS + 500 }, (_, row) => row % 100 === 0);
  const { sample, split } = referenceDraw(large);
  expect(new Set(sample).size).toBe(SAMPLE_ROWS);
  expect(split.train.length + split.test.length).toBe(large.length);
});

it('draws own splits that hang on the seed, with each row once and no unusual one to learn from', async () => {
  const { Random } = await loadAnomalyModels();
  const [first, again, other] = [1, 1, 2].map((seed) => ownSplit(isUnusual, Random, seed));
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
  expect(sorted([...first!.train, ...first!.test])).toEqual(ALL);
  expect(first!.train).toHaveLength(6);
  expect(first!.train.some((row) => isUnusual[row])).toBe(false);
});
