import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLOW_COLUMNS } from '../../models/index.ts';
import { CSV_COLUMNS } from '../../network/index.ts';
import { readFlowCsv } from '../captures/flow-csv.ts';
import { digestOf, TrainingRows } from './training-rows.ts';
import { WorkFile, workKey } from './training-work.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-rows-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows of two columns: their number, and its square. */
function rowsOf(count: number, limit: number): TrainingRows {
  const rows = new TrainingRows(2, limit, 1);
  rows.beginSource(0);
  for (let row = 0; row < count; row++) {
    const facts = { initiator: `h${row % 10}`, responder: 'server', firstMs: row, lastMs: row + 1 };
    rows.add('tcp', facts, (values, offset) => values.set([row, row * row], offset));
  }
  return rows;
}

const firsts = (rows: TrainingRows): number[] => {
  const [group] = rows.groups();
  return Array.from({ length: group?.rows.rows ?? 0 }, (_, row) => group!.rows.data[row * 2]!);
};

describe('rows to learn from', () => {
  it('are all there, in the order of time, while there is room', () => {
    const rows = rowsOf(2_000, 5_000);
    expect(firsts(rows)).toEqual(Array.from({ length: 2_000 }, (_, row) => row));
    expect([rows.seen, rows.kept, rows.span]).toEqual([2_000, 2_000, { fromMs: 0, untilMs: 2_000 }]);
  });

  it('are a fair sample where there is none', () => {
    const kept = firsts(rowsOf(20_000, 1_000));
    expect(kept).toHaveLength(1_000);
    expect(kept).toEqual([...kept].sort((a, b) => a - b));
    expect(kept.filter((row) => row < 10_000).length).toBeGreaterThan(420);
    expect(kept.filter((row) => row < 10_000).length).toBeLessThan(580);
  });

  it('hold nothing of what a detector named, and are filled up again after it', () => {
    const rows = rowsOf(1_000, 1_000);
    rows.endSource(({ initiator }) => initiator === 'h3');
    expect([rows.kept, rows.flagged]).toEqual([900, 100]);
    expect(firsts(rows).some((row) => row % 10 === 3)).toBe(false);
    rows.beginSource(1);
    for (let row = 0; row < 100; row++)
      rows.add('tcp', undefined, (values, offset) => values.fill(-1, offset, offset + 2));
    expect(firsts(rows).filter((row) => row === -1)).toHaveLength(100);
  });
});

describe('the work file', () => {
  it('gives back what was done, and nothing of what is damaged', () => {
    const rows = rowsOf(500, 300);
    rows.endSource(() => false);
    const file = new WorkFile(join(folder, 'models'), 'k', 'flow', 2);
    expect(file.read()).toBeUndefined();
    file.write({ sourcesRead: 1, unreadable: 2, rows: rows.state(), fitted: [] });
    const work = file.read();
    expect(work).toMatchObject({ sourcesRead: 1, unreadable: 2, fitted: [] });
    const again = new TrainingRows(2, 300, 1);
    again.restore(work!.rows);
    expect(digestOf(again.groups())).toBe(digestOf(rows.groups()));
    expect(new WorkFile(join(folder, 'models'), 'k', 'flow', 3).read()).toBeUndefined();
    for (const text of ['', '{', '{"format":"holdfast-training-work","version":1}\nx', 'null\n']) {
      writeFileSync(join(folder, 'models/training-k.work'), text);
      expect(file.read()).toBeUndefined();
    }
    file.remove();
    expect(file.read()).toBeUndefined();
  });

  it('is of the same files, unchanged', () => {
    const path = join(folder, 'a');
    writeFileSync(path, 'x');
    const key = (): string => workKey([{ kind: 'csv', path }], { seed: 1 });
    const before = key();
    expect(key()).toBe(before);
    expect(workKey([{ kind: 'csv', path }], { seed: 2 })).not.toBe(before);
    writeFileSync(path, 'longer');
    expect(key()).not.toBe(before);
  });
});

describe('tables of flows', () => {
  const line = (values: Readonly<Record<string, string>>): string =>
    CSV_COLUMNS.map((name) => values[name] ?? (/IP|ID/.test(name) ? 'x' : '1')).join(',');
  const read = async (text: string) => {
    const path = join(folder, 'table.csv');
    writeFileSync(path, text);
    const rows = new TrainingRows(FLOW_COLUMNS.length, 1_000, 1);
    return { rows, result: await readFlowCsv(path, rows) };
  };

  it('are read by the names of their columns, labels and broken lines aside', async () => {
    const flow = { 'Flow Duration': '250', Service: 'dns', 'Destination Port': '53', Label: 'Attack' };
    const timestamp = '2021-09-21 08:24:10.471000';
    const lines = [
      CSV_COLUMNS.join(','),
      line({ ...flow, Protocol: '17', Timestamp: timestamp }),
      line({ ...flow, Protocol: '6', Timestamp: 'whenever' }),
      'too,short',
      line({ Protocol: 'x' }),
    ];
    const { rows, result } = await read(`\ufeff${lines.join('\r\n')}\r\n`);
    expect(result).toEqual({ rows: 2, unreadable: 2 });
    const groups = rows.groups();
    expect(groups.map(({ group }) => group)).toEqual(['tcp', 'udp']);
    expect(groups[1]?.rows.data[FLOW_COLUMNS.findIndex(({ name }) => name === 'Flow Duration')]).toBe(250);
    expect(groups[1]?.rows.data.at(-1)).toBe(0);
    const moment = Date.parse('2021-09-21T08:24:10.471Z');
    expect(rows.span).toEqual({ fromMs: moment, untilMs: moment });
  });

  it('may be of others, with other columns', async () => {
    const names = CSV_COLUMNS.slice(7, 84).map((name) => ` ${name}`);
    const values = names.map((name) => (name === ' SYN Flag Count' ? '2' : '"0"'));
    const { rows, result } = await read(`${names.join(',')}\n${values.join(',')}\n`);
    expect(result).toEqual({ rows: 1, unreadable: 0 });
    expect(rows.groups()[0]?.group).toBe('tcp');
    expect(rows.groups()[0]?.rows.data.at(-1)).toBeNaN();
  });

  it.each([
    ['', 'no rows'],
    ['a,b,c\n1,2,3\n', 'names 0 of'],
    [`${CSV_COLUMNS.join(',')}\n`, 'no rows'],
    ['x'.repeat(200_000), 'characters'],
  ])('that are none are refused: %#', async (text, why) => {
    await expect(read(text)).rejects.toMatchObject({
      failure: { code: 'no-flow-table', message: expect.stringContaining(why) },
    });
  });
});
