import { expect, it } from 'vitest';
import { sortRows } from './sort.ts';

it('sorts by value, keeps the order of equals, and puts what is missing last either way', () => {
  const rows = [
    ['b', 2],
    ['a', null],
    ['c', 10],
    ['d', 2],
  ] as const;
  const names = (direction: 'ascending' | 'descending'): string =>
    sortRows(rows, ([, value]) => value, direction)
      .map(([name]) => name)
      .join('');
  expect(names('ascending')).toBe('bdca');
  expect(names('descending')).toBe('cbda');
  expect(sortRows(['h10', 'h2', 'H1'], (name) => name, 'ascending')).toEqual(['H1', 'h2', 'h10']);
});
