/** Made-up rows of tables for the tests of profiles. */
import type { ModelTable } from '../../../contract/models.ts';
import type { Matrix } from './matrix.ts';
import { Random } from './random.ts';
import { TABLE_COLUMNS } from './tables.ts';

/** How the columns of usual rows hang together: one row is small or large in all of them. */
const SIZES = 2;
/** Of a column of names. */
const NAMES = 3;

/** Usual rows of the whole computer: quiet and busy times, each column by its own measure. */
export function usualHostRows(rows: number, seed: number): Matrix {
  return usualRows('host', rows, seed);
}

/** The same of any table. */
export function usualRows(table: ModelTable, rows: number, seed: number): Matrix {
  const random = new Random(seed);
  const columns = TABLE_COLUMNS[table].length;
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const size = random.below(4) === 0 ? SIZES : 0;
    for (let column = 0; column < columns; column++) {
      const value = Math.exp(size + (column % 5) + 0.4 * random.normal());
      const isName = TABLE_COLUMNS[table][column]!.meaning === 'name';
      // Counts of what is rare are mostly 0.
      data[row * columns + column] = isName ? random.below(NAMES) : column % 3 === 0 ? Math.floor(value / 4) : value;
    }
  }
  return { rows, columns, data };
}
