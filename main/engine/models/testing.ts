/** Made-up tables for the tests of models. */
import { type Matrix, matrixOf } from './matrix.ts';
import { rankingOf } from './metrics.ts';
import { type AnomalyModel, scoreRows } from './model.ts';
import { Random } from './random.ts';

export interface LabelledTable {
  readonly train: Matrix;
  readonly test: Matrix;
  /** By row of `test`. */
  readonly isUnusual: readonly boolean[];
}

const COLUMNS = 5;

/** Two groups of usual rows; unusual ones lie between and around them. */
export function twoGroups(seed: number, trainRows = 600): LabelledTable {
  const random = new Random(seed);
  const usual = () => {
    const centre = random.below(2) === 0 ? -4 : 4;
    return Array.from({ length: COLUMNS }, () => centre + random.normal());
  };
  const unusual = () => Array.from({ length: COLUMNS }, () => (random.next() - 0.5) * 24);
  const isUnusual = Array.from({ length: 240 }, (_, row) => row % 6 === 0);
  return {
    train: matrixOf(Array.from({ length: trainRows }, usual)),
    test: matrixOf(isUnusual.map((is) => (is ? unusual() : usual()))),
    isUnusual,
  };
}

export function aucOf(model: AnomalyModel, { test, isUnusual }: LabelledTable): number {
  return rankingOf(scoreRows(model, test), (row) => isUnusual[row]!)?.auc ?? Number.NaN;
}
