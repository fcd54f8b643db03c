import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isVerdict } from './control-store.ts';
import { DamagedRows } from './damaged-rows.ts';
import { type JournalProgress, journalTable } from './journal.ts';
import { migrate } from './migrate.ts';
import { RowReader } from './row-reader.ts';
import { ROW_SHAPES } from './row-shapes.ts';
import type { JournalVerdict } from './types.ts';

let database: Sqlite.Database;
let journal: ReturnType<typeof journalTable>;

beforeEach(() => {
  database = new Sqlite(':memory:');
  migrate(database, 0);
  journal = journalTable(database, new RowReader(ROW_SHAPES, new DamagedRows()));
});

afterEach(() => database.close());

function fill(count: number, detail: Readonly<Record<string, unknown>> = {}): void {
  const append = database.transaction(() => {
    for (let index = 0; index < count; index++) {
      const actor = index % 2 === 0 ? 'user Ada' : 'engine';
      journal.append({ actor, action: 'setting-changed', subject: `path.${index}`, detail }, index);
    }
  });
  append();
}

/** Runs to the end; `between` is done after every step. */
function verify(between: () => void = () => {}): { verdict: JournalVerdict; steps: number } {
  let step: JournalProgress | JournalVerdict = journal.verifyFrom(journal.verificationStart());
  let steps = 1;
  for (; !isVerdict(step); steps++) {
    between();
    step = journal.verifyFrom(step);
  }
  return { verdict: step, steps };
}

describe('a search of the journal', () => {
  it('looks at actor, action, subject and detail, without regard to case', () => {
    fill(4);
    journal.append({ actor: 'policy', action: 'blocked', subject: 'x', detail: { reason: 'Installing PRINTERS' } }, 9);
    const search = (text: string) => journal.list({ search: text }, 10).rows.map(({ id }) => id);
    expect(search('ADA')).toEqual([3, 1]);
    expect(search('path.2')).toEqual([3]);
    expect(search('printers')).toEqual([5]);
    expect(search('setting-')).toHaveLength(4);
    expect(search('nobody')).toEqual([]);
  });

  it('takes pages without leaving anything out or giving it twice', () => {
    fill(25);
    const ids: number[] = [];
    let cursor: string | undefined;
    do {
      const page = journal.list({ search: 'ada', cursor }, 4);
      ids.push(...page.rows.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(ids).toEqual(Array.from({ length: 13 }, (_, index) => 25 - 2 * index));
  });

  it('looks at a bounded part, and answers no more than one message holds', () => {
    fill(20_001);
    const nothing = journal.list({ search: 'nobody' }, 10);
    expect(nothing).toEqual({ rows: [], cursor: '2' });
    expect(journal.list({ search: 'nobody', cursor: nothing.cursor }, 10)).toEqual({ rows: [] });
    fill(20, { text: 'x'.repeat(60_000) });
    const page = journal.list({}, 100);
    expect(page.rows.length).toBeLessThan(10);
    expect(page.cursor).toBeDefined();
  });

  it('still reads the rest where somebody has edited the database', () => {
    fill(3);
    database.exec("UPDATE journal SET detail = '{' WHERE id = 2");
    expect(journal.list({}, 10).rows.map(({ detail }) => detail)).toEqual([{}, { unreadable: '{' }, {}]);
  });
});

describe('the seal of the journal', () => {
  it('is checked in steps, also while entries are added and old ones are removed', () => {
    fill(3_500);
    const quiet = verify();
    expect(quiet).toEqual({ verdict: { intact: true, entries: 3_500 }, steps: 4 });
    const busy = verify(() => {
      fill(10);
      database.transaction(() => journal.removeBefore(2_500, 1_500))();
    });
    expect(busy.verdict.intact).toBe(true);
  });

  it.each([
    ['changed', "UPDATE journal SET subject = 'other' WHERE id = 1700", 1_700],
    ['missing', 'DELETE FROM journal WHERE id = 1700', 1_700],
    ['cut off', 'DELETE FROM journal WHERE id > 1700', 1_701],
    [
      'added',
      'INSERT INTO journal SELECT id + 1, time_ms, actor, action, subject, detail, hash FROM journal WHERE id = 2000',
      2_001,
    ],
  ])('shows an entry that was %s', (_what, sql, brokenAt) => {
    fill(2_000);
    database.exec(sql);
    expect(verify().verdict).toMatchObject({ intact: false, brokenAt });
  });
});
