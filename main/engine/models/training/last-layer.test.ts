import { expect, it } from 'vitest';
import { type Matrix, matrixOf } from '../matrix.ts';
import { Random } from '../random.ts';
import { solveLastLayer } from './last-layer.ts';

function madeOf(rows: number, columns: number, make: (row: number, column: number) => number): Matrix {
  return matrixOf(Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (__, c) => make(row, c))));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Ridge regression of one column on another without matrices. */
function lineThrough(x: readonly number[], y: readonly number[], penalty: number) {
  const [xMean, yMean] = [mean(x), mean(y)];
  const products = x.reduce((sum, each, row) => sum + (each - xMean) * (y[row]! - yMean), 0);
  const squares = x.reduce((sum, each) => sum + (each - xMean) ** 2, 0);
  const slope = products / (squares + penalty);
  return { products, squares, slope, at: (value: number) => yMean + slope * (value - xMean) };
}

it('finds the weights that the columns were made by', () => {
  const random = new Random(1);
  const hidden = madeOf(80, 3, () => random.normal());
  const truth = [2, -1, 0.5, 0, 3, 1];
  const rows = madeOf(80, 2, (row, column) => {
    const unit = (index: number) => hidden.data[row * 3 + index]! * truth[index * 2 + column]!;
    return 7 + unit(0) + unit(1) + unit(2) + 0.001 * random.normal();
  });
  const { kernel, bias, errors } = solveLastLayer(hidden, rows);
  for (const [place, weight] of truth.entries()) expect(kernel[place]).toBeCloseTo(weight, 2);
  for (const each of bias) expect(each).toBeCloseTo(7, 2);
  for (const error of errors) expect(error).toBeLessThan(1e-4);
});

it('says how wrong each row would be said had it been left out, as leaving each out does', () => {
  const random = new Random(2);
  const x = Array.from({ length: 12 }, () => random.normal());
  const y = x.map((each) => 3 * each + random.normal());
  const pairOf = (values: readonly number[]) => matrixOf(values.map((value) => [value]));
  const { kernel, bias, errors } = solveLastLayer(pairOf(x), pairOf(y));
  const { products, squares } = lineThrough(x, y, 0);
  const penalty = products / kernel[0]! - squares;
  // One of the steps of half a power of ten.
  expect(Math.abs(2 * Math.log10(penalty) - Math.round(2 * Math.log10(penalty)))).toBeLessThan(1e-3);
  expect(bias[0]).toBeCloseTo(lineThrough(x, y, penalty).at(0), 5);
  const leftOut = x.map((value, row) => {
    const others = (values: readonly number[]) => values.filter((_, index) => index !== row);
    return (y[row]! - lineThrough(others(x), others(y), penalty).at(value)) ** 2;
  });
  expect(errors[0]).toBeCloseTo(mean(leftOut), 5);
});

it('says little more than the means where the units have nothing to do with the columns', () => {
  const random = new Random(3);
  const hidden = madeOf(60, 40, () => random.normal());
  const rows = madeOf(60, 2, () => 5 + random.normal());
  const { kernel, errors } = solveLastLayer(hidden, rows);
  expect(Math.max(...kernel.map(Math.abs))).toBeLessThan(0.1);
  for (const error of errors) expect(error).toBeLessThan(2);
});

it('bears units and columns that never vary', () => {
  const still = madeOf(20, 3, (_, column) => column);
  const { kernel, bias, errors } = solveLastLayer(still, still);
  for (const weight of kernel) expect(weight).toBeCloseTo(0, 9);
  for (const [column, each] of bias.entries()) expect(each).toBeCloseTo(column, 6);
  for (const error of errors) expect(error).toBeCloseTo(0, 9);
});
