/** Sorting for tables. Pure. */

type Sortable = string | number | boolean | null;

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

function compare(a: Sortable, b: Sortable): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return typeof a === 'string' && typeof b === 'string' ? collator.compare(a, b) : Number(a) - Number(b);
}

/** A sorted copy; rows of the same value keep their order, and null comes last in either direction. */
export function sortRows<Row>(
  rows: readonly Row[],
  sortValue: (row: Row) => Sortable,
  direction: 'ascending' | 'descending',
): readonly Row[] {
  const sign = direction === 'ascending' ? 1 : -1;
  return rows
    .map((row) => ({ row, value: sortValue(row) }))
    .sort((a, b) => compare(a.value, b.value) * (a.value === null || b.value === null ? 1 : sign))
    .map(({ row }) => row);
}
