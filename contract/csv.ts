/** A line of CSV (RFC 4180) that is safe to open in a spreadsheet. Pure. */

/** What a spreadsheet takes for the start of a formula (OWASP, "CSV Injection"), with the full-width forms. */
const FORMULA_START = /^\s*[=+\-@\t\r|%＝＋－＠]/u;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** Cells parted by commas, without the end of the line. Text that could be run gets an apostrophe before it. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return cells.map(csvCell).join(',');
}

function csvCell(cell: string | number | null): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return String(cell);
  const safe = FORMULA_START.test(cell) && !NUMBER.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
