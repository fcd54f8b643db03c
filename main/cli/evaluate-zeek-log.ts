/** Zeek's logs as it writes them by default: tab-separated, with the names of the columns above (docs.zeek.org, "Zeek Log Formats"). */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';

/** One line by the names of its columns. What Zeek has not set is empty. */
export interface ZeekRow {
  text(column: string): string;
  /** NaN for what is no number. */
  number(column: string): number;
}

const UNSET = '-';

/** @throws Error when the file cannot be read or is not compressed as its name says */
export async function readZeekLog(path: string): Promise<ZeekRow[]> {
  const bytes = await readFile(path);
  return parseZeekLog((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('latin1'));
}

export function parseZeekLog(text: string): ZeekRow[] {
  const rows: ZeekRow[] = [];
  let columns = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line.startsWith('#fields\t')) {
      columns = new Map(
        line
          .split('\t')
          .slice(1)
          .map((name, index) => [name, index]),
      );
    } else if (line !== '' && !line.startsWith('#')) {
      rows.push(rowOf(line.split('\t'), columns));
    }
  }
  return rows;
}

function rowOf(cells: readonly string[], columns: ReadonlyMap<string, number>): ZeekRow {
  const text = (column: string) => {
    const cell = cells[columns.get(column) ?? -1];
    return cell === undefined || cell === UNSET || cell === '(empty)' ? '' : cell;
  };
  return {
    text,
    number: (column) => {
      const cell = text(column);
      return cell === '' ? Number.NaN : Number(cell);
    },
  };
}
