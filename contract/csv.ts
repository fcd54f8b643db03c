/** CSV (RFC 4180) that is safe to open in a spreadsheet. Pure. */

/** What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection"), with the full-width forms. */
const FORMULA_START = /^\s*[=+\-@\t\r|%＝＋－＠]/u;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

export type CsvValue = string | number | boolean | null | undefined;

/** One cell. A text that could be run as a formula gets an apostrophe before it; numbers stay numbers. */
export function csvCell(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const safe = FORMULA_START.test(value) && !NUMBER.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Cells parted by commas, without the end of the line. */
export function csvLine(cells: readonly CsvValue[]): string {
  return cells.map(csvCell).join(',');
}

export interface CsvColumn<Row> {
  readonly header: string;
  readonly value: (row: Row) => CsvValue;
}

/** A table with its header, lines ending as RFC 4180 has them. */
export function csvText<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const lines = [csvLine(columns.map(({ header }) => header))];
  for (const row of rows) lines.push(csvLine(columns.map(({ value }) => value(row))));
  return `${lines.join('\r\n')}\r\n`;
}
