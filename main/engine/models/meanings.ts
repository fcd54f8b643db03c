/** What the columns of a table without description probably hold. */
import type { Matrix } from './matrix.ts';
import type { ColumnMeaning } from './scaler.ts';
import { columnOf, quantile } from './spread.ts';

/** Words in the heads of columns whose numbers stand for names; together with more words or alone. */
const NAME_WORDS = new Set(['protocol', 'proto', 'service', 'flag', 'state', 'method', 'port']);
/** So many times the median, or 1, is the largest value of an amount that ranges over powers of ten. */
const WIDE_RATIO = 100;

/**
 * By its head a column of names; by its values an amount, plain or wide.
 *
 * @param heads one for each column
 */
export function guessMeanings(matrix: Matrix, heads: readonly string[]): ColumnMeaning[] {
  return heads.map((head, column) => {
    const words = head.toLowerCase().split(/[^a-z]+/);
    // "same_srv_rate" and "dst_port_count" count things that have names; the name itself comes alone or with a type.
    if (words.length <= 2 && words.some((word) => NAME_WORDS.has(word))) return 'name';
    const sorted = columnOf(matrix, column).filter(Number.isFinite).sort();
    if (sorted.length === 0 || sorted[0]! < 0) return 'amount';
    return sorted[sorted.length - 1]! > WIDE_RATIO * Math.max(1, quantile(sorted, 0.5)) ? 'wide-amount' : 'amount';
  });
}
