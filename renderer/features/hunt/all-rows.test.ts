import { describe, expect, it } from 'vitest';
import type { HuntResult } from '../../../contract/api-hunt.ts';
import { type AllRows, type FetchOptions, fetchAllRows, rowsAsCsv, rowsAsJson } from './all-rows.ts';

const COLUMNS = [
  { name: 'time', type: 'time' },
  { name: 'title', type: 'text' },
  { name: 'bytes', type: 'bytes' },
] as const;

/** An engine that has so many rows and gives them as asked for. */
function engineWith(total: number, isPartial = false) {
  const asked: [string | undefined, number][] = [];
  const ask: FetchOptions['ask'] = async (cursor, limit) => {
    asked.push([cursor, limit]);
    const from = Number(cursor ?? 0);
    const rows = Array.from({ length: Math.min(limit, total - from) }, (_, i) => [from + i, `row ${from + i}`, i]);
    const next = from + rows.length < total ? String(from + rows.length) : null;
    const value: HuntResult = {
      columns: COLUMNS,
      rows,
      next,
      scanned: rows.length,
      elapsedMs: 1,
      isPartial,
      timeline: [],
    };
    return { ok: true, value };
  };
  return { ask, asked };
}

const options = { isCancelled: () => false, onProgress: () => {} };

async function all(given: FetchOptions): Promise<AllRows> {
  const found = await fetchAllRows(given);
  if ('failure' in found) throw new Error(found.failure.message);
  return found;
}

describe('all rows of a query', () => {
  it('come page by page, each once', async () => {
    const told: number[] = [];
    const { ask, asked } = engineWith(2_500);
    const { rows, end } = await all({ ...options, ask, onProgress: (count) => told.push(count) });
    expect(rows.map(([, title]) => title)).toEqual(Array.from({ length: 2_500 }, (_, i) => `row ${i}`));
    expect([end, told, asked.length]).toEqual(['all', [1_000, 2_000, 2_500], 3]);
  });

  it('end at the bound, and say so', async () => {
    const { ask, asked } = engineWith(5_000);
    const { rows, end } = await all({ ...options, ask, maximum: 1_200 });
    expect([rows.length, end, asked.at(-1)]).toEqual([1_200, 'limit', ['1000', 200]]);
    expect((await all({ ...options, ask: engineWith(1_200).ask, maximum: 1_200 })).end).toBe('all');
  });

  it('are given up when cancelled, told when the time was up, and fail as data', async () => {
    let pages = 0;
    const { ask } = engineWith(5_000);
    const cancelled = await all({ ...options, ask, isCancelled: () => ++pages > 2 });
    expect([cancelled.rows.length, cancelled.end]).toEqual([2_000, 'cancelled']);
    expect((await all({ ...options, ask: engineWith(10, true).ask })).end).toBe('time');
    const failure = { code: 'engine-lost', message: 'gone', hint: '' };
    expect(await fetchAllRows({ ...options, ask: async () => ({ ok: false, failure }) })).toEqual({ failure });
  });
});

describe('files', () => {
  const rows = [
    [Date.parse('2026-01-02T03:04:05Z'), '=HYPERLINK("x")', 12],
    [9e15, 'a "quoted", text\u202e', null],
  ];

  it('are CSV that a spreadsheet does not run', () => {
    expect(rowsAsCsv({ columns: COLUMNS, rows })).toBe(
      'time,title,bytes\r\n2026-01-02T03:04:05.000Z,"\'=HYPERLINK(""x"")",12\r\n' +
        '9000000000000000,"a ""quoted"", text\\u{202e}",\r\n',
    );
  });

  it('are JSON that reads as the same values and hides nothing', () => {
    const text = rowsAsJson(
      { columns: COLUMNS, rows, end: 'limit' },
      { query: 'flows', source: 'live', exportedMs: 0 },
    );
    expect(text).not.toContain('\u202e');
    expect(JSON.parse(text)).toEqual({
      query: 'flows',
      source: 'live',
      exportedAt: '1970-01-01T00:00:00.000Z',
      isComplete: false,
      columns: COLUMNS,
      rows: [
        { time: '2026-01-02T03:04:05.000Z', title: '=HYPERLINK("x")', bytes: 12 },
        { time: 9e15, title: 'a "quoted", text\u202e', bytes: null },
      ],
    });
  });
});
