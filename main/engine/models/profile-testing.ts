/** Made-up rows of tables for the tests of profiles. */
import type { Matrix } from './matrix.ts';
import { Random } from './random.ts';
import { TABLE_COLUMNS } from './tables.ts';

/** How the columns of usual rows hang together: one row is small or large in all of them. */
const SIZES = 2;

/** Usual rows of the whole computer: quiet and busy times, each column by its own measure. */
export function usualHostRows(rows: number, seed: number): Matrix {
  const random = new Random(seed);
  const columns = TABLE_COLUMNS.host.length;
  const data = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const size = random.below(4) === 0 ? SIZES : 0;
    for (let column = 0; column < columns; column++) {
      const value = Math.exp(size + (column % 5) + 0.4 * random.normal());
      // Counts of what is rare are mostly 0.
      data[row * columns + column] = column % 3 === 0 ? Math.floor(value / 4) : value;
    }
  }
  return { rows, columns, data };
}
