/** Text in columns. Pure; nothing here writes. */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the escapes that paint.ts writes.
const ESCAPES = /\x1b\[[0-9;]*m/g;
const MARK = /^\p{M}$/u;
/** Characters that a terminal draws two columns wide (UAX #11: wide and full-width, and pictures). */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]$|^\p{Emoji_Presentation}$|^[\u{20000}-\u{3fffd}]$/u;

/** Columns that a terminal needs for a text; colours need none. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text.replace(ESCAPES, '')) {
    if (character < '\u0300') columns += 1;
    else if (!MARK.test(character)) columns += WIDE.test(character) ? 2 : 1;
  }
  return columns;
}

/** The text in lines of at most `width` columns, broken between words; a longer word is broken inside. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let columns = 0;
  for (const word of text.split(/\s+/).flatMap((word) => pieces(word, Math.max(1, width)))) {
    const wordColumns = columnsOf(word);
    if (line !== '' && columns + 1 + wordColumns > width) {
      lines.push(line);
      line = '';
      columns = 0;
    }
    columns += (line === '' ? 0 : 1) + wordColumns;
    line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}

/** Wrapped, with `first` before the first line and spaces as wide before the others. */
export function hanging(first: string, text: string, width: number): string[] {
  const margin = columnsOf(first);
  return wrap(text, width - margin).map((line, index) => (index === 0 ? first : ' '.repeat(margin)) + line);
}

function pieces(word: string, width: number): string[] {
  if (columnsOf(word) <= width) return word === '' ? [] : [word];
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (part !== '' && columnsOf(part) + columnsOf(character) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}

/** Cut to `width` columns, with "…" where something is missing. For text without colours. */
export function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text;
  let kept = '';
  let columns = 0;
  for (const character of text) {
    columns += columnsOf(character);
    if (columns > width - 1) break;
    kept += character;
  }
  return width < 1 ? '' : `${kept}…`;
}

/** Filled up with spaces to `width` columns. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - columnsOf(text)));
  return align === 'left' ? text + fill : fill + text;
}

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/**
 * Rows under their titles, each column as wide as its widest cell; numbers are to be aligned right. Columns at
 * the right end that have no room are left out rather than broken.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  paintTitle: (text: string) => string = (text) => text,
): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(columnsOf(title), ...rows.map((row) => columnsOf(row[index] ?? ''))),
  );
  let shown = 0;
  for (let total = -GAP.length; shown < columns.length; shown += 1) {
    total += GAP.length + widths[shown];
    if (total > width && shown > 0) break;
  }
  const line = (cells: readonly string[]): string =>
    columns
      .slice(0, shown)
      .map((column, index) => pad(cells[index] ?? '', widths[index], column.align))
      .join(GAP)
      .trimEnd();
  return [paintTitle(line(columns.map(({ title }) => title))), ...rows.map(line)];
}

const BARS = '▁▂▃▄▅▆▇█';

/** A line of bars, the highest value as high as a line; zero is a space. */
export function sparkline(values: readonly number[]): string {
  const highest = Math.max(0, ...values);
  return values
    .map((value) => (value <= 0 ? ' ' : BARS[Math.min(BARS.length - 1, Math.floor((value / highest) * BARS.length))]))
    .join('');
}
