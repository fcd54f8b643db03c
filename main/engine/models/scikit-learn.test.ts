/**
 * The models beside scikit-learn 1.2.1 (Debian's python3-sklearn) on the same rows. The figures were made by running,
 * on the tables that `rowsOf` makes (same numbers in Python),
 *   -LocalOutlierFactor(n_neighbors=10, novelty=True).fit(train).score_samples(test)
 *   -OneClassSVM(nu=…, gamma='scale', tol=1e-6).fit(train).decision_function(test) / dual_coef_.sum()
 *   DBSCAN(eps=3.5, min_samples=8).fit(train), and of each test row the distance to the nearest core, over 3.5
 */
import { describe, expect, it } from 'vitest';
import { dbscan, localOutlierFactor, matrixOf, oneClassSvm, scoreRows } from './index.ts';

/** A linear congruential generator, as it is the same in any language; on a grid, so that there are equal distances. */
let state = 12_345n;
function next(): number {
  state = (state * 1_103_515_245n + 12_345n) % 2_147_483_648n;
  return Number(state >> 16n);
}

function rowsOf(count: number): number[][] {
  return Array.from({ length: count }, (_, row) =>
    Array.from({ length: 4 }, (__, column) => (next() % 64) / 8 + (row % 3 === 0 && column < 2 ? 6 : 0)),
  );
}

const train = matrixOf(rowsOf(200));
const test = matrixOf(rowsOf(12).map((row) => row.map((value) => value * 1.5 - 2)));

/** What scikit-learn calls 'scale'. */
function scaleGamma({ data, columns }: typeof train): number {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return data.length / (columns * data.reduce((sum, value) => sum + (value - mean) ** 2, 0));
}

/** The machine's scores are log ρ − log of the kernel's sum; scikit-learn tells their difference. */
function differencesOf(nu: number): Float64Array {
  const machine = oneClassSvm.fit(train, { nu, gamma: scaleGamma(train) });
  const rho = Number(machine.toJSON().rho);
  return scoreRows(machine, test).map((score) => rho * (1 - Math.exp(-score)));
}

const REFERENCE: readonly (readonly [string, () => Float64Array, readonly number[]])[] = [
  [
    'local outlier factor',
    () => scoreRows(localOutlierFactor.fit(train, { neighbours: 10, smoothing: 0 }), test),
    [
      1.128287, 1.051016, 1.341322, 1.307205, 1.484128, 1.257474, 1.077624, 1.318892, 1.133697, 2.019253, 1.612035,
      1.169921,
    ],
  ],
  [
    'one-class SVM, ν 0.1',
    () => differencesOf(0.1),
    [
      0.018121, 0.00746, 0.002259, 0.051918, 0.075319, 0.039461, -0.009512, 0.025517, 0.03497, 0.122342, 0.065091,
      0.030834,
    ],
  ],
  [
    'one-class SVM, ν 0.5',
    () => differencesOf(0.5),
    [
      0.075245, 0.032021, 0.035135, 0.120335, 0.143475, 0.091805, 0.019796, 0.072328, 0.076551, 0.196881, 0.125006,
      0.090592,
    ],
  ],
  [
    'DBSCAN',
    () => scoreRows(dbscan.fit(train, { radius: 3.5, minimumRows: 8 }), test),
    [
      1.073807, 0.339755, 1.059758, 1.618117, 0.948448, 0.657327, 0.816562, 1.047501, 0.749575, 1.683409, 1.015976,
      0.762648,
    ],
  ],
];

/** LIBSVM and the solver here stop at gradients that differ by a thousandth, over 20 to 100 rows' weight. */
const TOLERANCE = 1e-4;

describe('beside scikit-learn', () => {
  it.each(REFERENCE)('the %s scores the same', (_, scored, expected) => {
    scored().forEach((score, row) => {
      expect(Math.abs(score - expected[row]!), `row ${row}: ${score}`).toBeLessThan(TOLERANCE);
    });
  });
});
