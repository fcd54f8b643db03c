import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { idCursor } from './alert-table.ts';
import type { JournalEntry, JournalFilter, JournalInput, JournalVerdict, Page } from './types.ts';

interface JournalRow {
  readonly id: number;
  readonly time_ms: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: string;
  readonly hash: Buffer;
}

/** What the first entry is chained to. */
const GENESIS = Buffer.alloc(32);
/** Longest detail; a longer one is replaced by its size, so that an entry stays an entry. */
const MAX_DETAIL_BYTES = 64 * 1024;
/** Where the chain begins after old entries were removed: the hash of the last removed one. */
const ANCHOR = 'journal-anchor';
/** Where it ends: id and hash of the newest entry. */
const HEAD = 'journal-head';

/**
 * The audit journal: each entry carries the SHA-256 of itself and of the hash before it, and the newest hash is
 * kept apart, so that a changed, inserted, removed or cut-off entry shows. It is a seal against accidents and
 * against edits with a database tool; who can rewrite the whole chain with this code can forge it, since there
 * is no secret key on the machine that root could not read.
 */
export function journalTable(database: Database) {
  const insert = database.prepare(
    'INSERT INTO journal (id, time_ms, actor, action, subject, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const all = database.prepare<[], JournalRow>('SELECT * FROM journal ORDER BY id');
  const list = database.prepare<unknown[], JournalRow>('SELECT * FROM journal WHERE id < ? ORDER BY id DESC LIMIT ?');
  const expired = database.prepare<unknown[], JournalRow>(
    'SELECT * FROM journal WHERE time_ms < ? ORDER BY id LIMIT ?',
  );
  const removeUpTo = database.prepare('DELETE FROM journal WHERE id <= ?');
  const getMeta = database.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
  const setMeta = database.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  );
  const mark = (key: string): { id: number; hash: Buffer } => {
    const [id, hash] = (getMeta.get(key) as string | undefined)?.split('/') ?? [];
    return hash === undefined ? { id: 0, hash: GENESIS } : { id: Number(id), hash: Buffer.from(hash, 'hex') };
  };
  const setMark = (key: string, row: { id: number; hash: Buffer }): void =>
    void setMeta.run(key, `${row.id}/${row.hash.toString('hex')}`);
  return {
    /** Inside a transaction only: the entry and the head change together. */
    append(entry: JournalInput, timeMs: number): void {
      const head = mark(HEAD);
      const { actor, action, subject } = entry;
      const row = { id: head.id + 1, time_ms: timeMs, actor, action, subject, detail: boundedJson(entry.detail ?? {}) };
      const hash = hashOf(head.hash, row);
      insert.run(row.id, timeMs, actor, action, subject, row.detail, hash);
      setMark(HEAD, { id: row.id, hash });
    },
    list(filter: JournalFilter, limit: number): Page<JournalEntry> {
      const rows = list.all(idCursor(filter.cursor), limit).map(entryOf);
      return rows.length < limit ? { rows } : { rows, cursor: String(rows.at(-1)?.id) };
    },
    verify(): JournalVerdict {
      const head = mark(HEAD);
      let { id, hash } = mark(ANCHOR);
      let entries = 0;
      for (const row of all.iterate()) {
        if (row.id !== id + 1) {
          return { intact: false, entries, brokenAt: id + 1, reason: `entry ${id + 1} is missing` };
        }
        if (!hashOf(hash, row).equals(row.hash)) {
          return { intact: false, entries, brokenAt: row.id, reason: `entry ${row.id} was changed` };
        }
        ({ id, hash } = row);
        entries += 1;
      }
      return id === head.id && hash.equals(head.hash)
        ? { intact: true, entries }
        : { intact: false, entries, brokenAt: id + 1, reason: `the entries after ${id} were removed or replaced` };
    },
    /** Removes the oldest entries from before a time, at most `limit`; inside a transaction. Returns how many. */
    removeBefore(timeMs: number, limit: number): number {
      // Only an unbroken run from the oldest on: the clock may have been set back in between.
      const first = mark(ANCHOR).id + 1;
      const last = expired
        .all(timeMs, limit)
        .filter((row, index) => row.id === first + index)
        .at(-1);
      if (last === undefined) {
        return 0;
      }
      setMark(ANCHOR, last);
      return removeUpTo.run(last.id).changes;
    },
  };
}

function hashOf(previous: Buffer, row: Omit<JournalRow, 'hash'>): Buffer {
  const text = JSON.stringify([row.id, row.time_ms, row.actor, row.action, row.subject, row.detail]);
  return createHash('sha256').update(previous).update(text).digest();
}

function boundedJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= MAX_DETAIL_BYTES ? text : JSON.stringify({ omittedCharacters: text.length });
}

function entryOf(row: JournalRow): JournalEntry {
  const { id, time_ms: timeMs, actor, action, subject } = row;
  const detail = JSON.parse(row.detail) as Record<string, unknown>;
  return { id, timeMs, actor, action, subject, detail, hash: row.hash.toString('hex') };
}
