import { expect, it } from 'vitest';
import { parseTable, TableError } from './evaluate-models-tables.ts';

it('reads numbers and truth, and keeps the truth in other words from the models', () => {
  const table = parseTable('a,class,b,label\n1,dos,2,1\n3,normal,4.5,0\n\n', 't.csv');
  expect(table.heads).toEqual(['a', 'b']);
  expect(table.matrix).toEqual({ rows: 2, columns: 2, data: Float64Array.of(1, 2, 3, 4.5) });
  expect(table.isUnusual).toEqual([true, false]);
});

it.each([
  ['a,b\n1,2', 't.csv has no column "label"'],
  ['label\n1', 't.csv has no column but those that tell the truth'],
  ['a,label\n', 't.csv has no rows'],
  ['a,label\n1,2', 't.csv, line 2: the label is not 0 or 1'],
  ['a,label\n1,1\n1,2,0', 't.csv, line 3 has 3 cells, not 2'],
  ['a,label\nx,0', 't.csv, line 2: a is not a number'],
  ['a,label\n,0', 't.csv, line 2: a is not a number'],
])('says what is wrong with %j', (text, problem) => {
  expect(() => parseTable(text, 't.csv')).toThrow(new TableError(problem));
});
