/** The tables that anomaly models judge rows of. */
import type { ModelTable } from '../../../contract/models.ts';
import { FLOW_COLUMNS } from './flow-columns.ts';
import { HOST_COLUMNS } from './host-columns.ts';
import { PROCESS_COLUMNS } from './process-columns.ts';
import type { Column } from './table-column.ts';

export const TABLE_COLUMNS: Readonly<Record<ModelTable, readonly Column[]>> = {
  flow: FLOW_COLUMNS,
  host: HOST_COLUMNS,
  process: PROCESS_COLUMNS,
};

/**
 * Writes the row of values that are known by name; what has none is missing (NaN).
 *
 * @param target as many values from `offset` on as the table has columns are written
 */
export function rowByName(
  table: ModelTable,
  values: Readonly<Record<string, number | null | undefined>>,
  target: Float64Array,
  offset = 0,
): void {
  TABLE_COLUMNS[table].forEach(({ name }, column) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    target[offset + column] = value ?? Number.NaN;
  });
}
