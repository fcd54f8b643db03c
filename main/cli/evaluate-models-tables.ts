/** Labelled tables for the evaluation of anomaly models: CSV with a head, plain or compressed with gzip. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { AnomalyModels } from '../engine/index.ts';

type Matrix = Parameters<AnomalyModels['pickRows']>[0];

export interface LabelledTable {
  readonly heads: readonly string[];
  readonly matrix: Matrix;
  /** By row. */
  readonly isUnusual: readonly boolean[];
}

/** A table that is not as it should be; the text says which and where. */
export class TableError extends Error {}

const LABEL = 'label';
/** Columns that tell the truth in other words, which a model must not see. */
const TRUTHS = new Set([LABEL, 'class', 'attack', 'attack_cat', 'difficulty']);
/** Unpacked; several times the largest table in use. */
const MAX_BYTES = 1 << 29;

/** @throws TableError naming the file, for one that cannot be read or is no table with a `label` column of 0 and 1 */
export async function readTable(path: string): Promise<LabelledTable> {
  let text: string;
  try {
    const bytes = await readFile(path);
    text = (path.endsWith('.gz') ? gunzipSync(bytes, { maxOutputLength: MAX_BYTES }) : bytes).toString('utf8');
  } catch (error) {
    throw new TableError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return parseTable(text, path);
}

/** @param name of the table, for errors */
export function parseTable(text: string, name: string): LabelledTable {
  const lines = text.split('\n').map((line) => line.trimEnd());
  const head = (lines.shift() ?? '').split(',');
  const label = head.indexOf(LABEL);
  if (label < 0) throw new TableError(`${name} has no column "${LABEL}"`);
  const columns = [...head.keys()].filter((column) => !TRUTHS.has(head[column]!));
  if (columns.length === 0) throw new TableError(`${name} has no column but those that tell the truth`);
  const isUnusual: boolean[] = [];
  const values: number[] = [];
  lines.forEach((line, index) => {
    if (line === '') return;
    const place = `${name}, line ${index + 2}`;
    const cells = line.split(',');
    if (cells.length !== head.length) throw new TableError(`${place} has ${cells.length} cells, not ${head.length}`);
    if (cells[label] !== '0' && cells[label] !== '1') throw new TableError(`${place}: the label is not 0 or 1`);
    isUnusual.push(cells[label] === '1');
    for (const column of columns) {
      const cell = cells[column]!.trim();
      const value = cell === '' ? Number.NaN : Number(cell);
      if (!Number.isFinite(value)) throw new TableError(`${place}: ${head[column]} is not a number`);
      values.push(value);
    }
  });
  if (isUnusual.length === 0) throw new TableError(`${name} has no rows`);
  return {
    heads: columns.map((column) => head[column]!),
    matrix: { rows: isUnusual.length, columns: columns.length, data: Float64Array.from(values) },
    isUnusual,
  };
}
