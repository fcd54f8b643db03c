/** CSV (RFC 4180) that is safe to open in a spreadsheet. Pure. */

/** What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection"). */
const FORMULA_START = /^[\s]*[=+\-@\t\r|%]/u;
/** Full-width forms that some programs turn into the plain ones. */
const WIDE_FORMULA_START = /^[＝＋－＠]/u;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/** One cell. A text that could be run as a formula gets an apostrophe before it; numbers stay numbers. */
export function csvCell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const isFormula = (FORMULA_START.test(value) || WIDE_FORMULA_START.test(value)) && !NUMBER.test(value);
  const safe = isFormula ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export interface CsvColumn<Row> {
  readonly header: string;
  readonly value: (row: Row) => string | number | boolean | null | undefined;
}

/** A table with its header, lines ending as RFC 4180 has them. */
export function csvText<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(({ header }) => csvCell(header))];
  for (const row of rows) lines.push(columns.map(({ value }) => csvCell(value(row))));
  return `${lines.map((cells) => cells.join(',')).join('\r\n')}\r\n`;
}
