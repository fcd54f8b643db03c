/** A column of a table of rows to judge, with the words that tell of it. */
import type { TableColumn } from './profile-types.ts';
import type { ColumnMeaning } from './scaler.ts';

export interface Column extends TableColumn {
  readonly meaning: ColumnMeaning;
  /** What a row did, with % where the value belongs: "sent %". */
  readonly phrase: string;
  /** Of a column whose numbers stand for names: the names, by number. */
  readonly names?: readonly string[];
}

/** Of an ordinary column: name, meaning, label, unit, phrase. */
export type ColumnRow = readonly [
  name: string,
  meaning: Exclude<ColumnMeaning, 'name'>,
  label: string,
  unit: string,
  phrase: string,
];

export function plainColumn([name, meaning, label, unit, phrase]: ColumnRow): Column {
  return { name, meaning, label, unit, phrase };
}
