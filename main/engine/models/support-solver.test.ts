import { describe, expect, it } from 'vitest';
import { type Matrix, matrixOf, oneClassSvm, readModel, scoreRows } from './index.ts';
import { drawSample, squaredDistance } from './matrix.ts';
import { Random } from './random.ts';
import { solveSupport } from './support-solver.ts';
import { twoGroups } from './testing.ts';

const { train } = twoGroups(4, 300);
const sample = drawSample(train, 300, new Random(1));
const gamma = 0.05;

function rowsOf({ rows, columns, data }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * columns, (row + 1) * columns)));
}

function gradientAt(alphas: Float64Array, row: number): number {
  const { columns, data } = sample;
  return alphas.reduce((sum, alpha, other) => {
    const square = squaredDistance(data, row * columns, data, other * columns, columns, Number.POSITIVE_INFINITY);
    return sum + alpha * Math.exp(-gamma * square);
  }, 0);
}

describe('one-class support vector machine', () => {
  it.each([0.02, 0.1, 0.5, 1])('meets the conditions of the optimum at ν %s', (nu) => {
    const { alphas, rho } = solveSupport({ sample, gamma, nu });
    expect(alphas.reduce((sum, alpha) => sum + alpha, 0)).toBeCloseTo(nu * 300, 6);
    for (const [row, alpha] of alphas.entries()) {
      expect(alpha).toBeGreaterThanOrEqual(0);
      expect(alpha).toBeLessThanOrEqual(1);
      const slack = gradientAt(alphas, row) - rho;
      if (alpha < 1 && nu < 1) expect(slack).toBeGreaterThan(-2e-3);
      if (alpha > 0) expect(slack).toBeLessThan(2e-3);
    }
  });

  it('leaves about the asked share of the training rows outside', () => {
    const outside = scoreRows(oneClassSvm.fit(train, { nu: 0.1, gamma }), train).filter((score) => score > 0.000_1);
    expect(outside.length).toBeGreaterThan(15);
    expect(outside.length).toBeLessThanOrEqual(31);
  });

  it('says of rows far out which is further', () => {
    const model = oneClassSvm.fit(train);
    const scores = [1e2, 1e4, 1e8, 1e30].map((far) => model.score(new Float64Array(train.columns).fill(far)));
    for (const [place, score] of scores.entries()) expect(score).toBeGreaterThan(scores[place - 1] ?? 0);
    expect(model.score(new Float64Array(train.columns).fill(Number.MAX_VALUE))).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it('is as wide as rows are apart, whatever a few do that are far out', () => {
    const wild = matrixOf([...rowsOf(train), new Array<number>(train.columns).fill(1e6)]);
    const [own, other] = [train, wild].map((rows) => Number(oneClassSvm.fit(rows).toJSON().gamma));
    expect(own! / other!).toBeGreaterThan(0.8);
    expect(own! / other!).toBeLessThan(1.25);
  });

  it('scores by documents of the first version as it did', () => {
    const model = oneClassSvm.fit(train);
    const { rho, ...rest } = model.toJSON();
    const old = readModel({ ...rest, rho, version: 1 });
    expect(old.score(train.data)).toBeCloseTo(Number(rho) * (1 - Math.exp(-model.score(train.data))), 9);
    expect(old.toJSON()).toEqual({ ...rest, rho, version: 1 });
  });

  it('learns from a sample of what is too much', () => {
    const model = oneClassSvm.fit(train, { trainingRows: 50, nu: 0.5 });
    expect(Number(model.toJSON().rows)).toBeLessThanOrEqual(50);
  });
});
