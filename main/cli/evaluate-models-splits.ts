/** Which rows of labelled tables models are fitted on and judged by. */
import type { AnomalyModels } from '../engine/index.ts';
import { MersenneTwister } from './mersenne-twister.ts';

/** Numbers of rows. */
export interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

export interface ReferenceDraw {
  /** Of all rows: those that the reference was fitted on and judged by where there are more than it takes. */
  readonly sample: readonly number[];
  readonly split: Split;
}

/** Of the usual rows, those to learn from; the others and all unusual ones are judged. */
const TRAINING_SHARE = 0.7;
/** Rows that the reference took of large tables, and that the local outlier factor compares with. */
export const SAMPLE_ROWS = 20_000;
const REFERENCE_SEED = 0;

export function usualRows(isUnusual: readonly boolean[]): number[] {
  return [...isUnusual.keys()].filter((row) => !isUnusual[row]);
}

/** A draw of our own. */
export function ownSplit(isUnusual: readonly boolean[], Random: AnomalyModels['Random'], seed: number): Split {
  const usual = usualRows(isUnusual);
  return splitOf(isUnusual, usual, new Random(seed).choose(usual.length, usual.length));
}

/**
 * The very rows of the reference. It does not tell them, but what it says of models that hang on nothing but the rows
 * does: of all splits that were tried, only those of `RandomState(0)`, which orders all rows first (samples are the
 * beginning of that order) and then the usual ones, give scikit-learn 1.2.1 the reference's figures again to the fourth
 * decimal, of k nearest neighbours, the local outlier factor, the one-class SVM (which it fits on the first 5,000 rows)
 * and principal components. That is so for every table of amounts, but for two figures that hang on equal distances or
 * on rounding. Of the connections of NSL-KDD, whose columns it changed in ways it does not tell, no split is known.
 */
export function referenceDraw(isUnusual: readonly boolean[]): ReferenceDraw {
  const twister = new MersenneTwister(REFERENCE_SEED);
  const sample = [...twister.permutation(isUnusual.length).subarray(0, SAMPLE_ROWS)];
  const usual = usualRows(isUnusual);
  return { sample, split: splitOf(isUnusual, usual, twister.permutation(usual.length)) };
}

/** @param order of the usual rows */
function splitOf(isUnusual: readonly boolean[], usual: readonly number[], order: Int32Array): Split {
  const shuffled = Array.from(order, (place) => usual[place]!);
  const cut = Math.floor(usual.length * TRAINING_SHARE);
  const unusual = [...isUnusual.keys()].filter((row) => isUnusual[row]);
  return { train: shuffled.slice(0, cut), test: [...shuffled.slice(cut), ...unusual] };
}
