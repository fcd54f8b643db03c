import { createHash } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { idCursor } from './alert-table.ts';
import { readObject } from './damaged-rows.ts';
import type { RowReader } from './row-reader.ts';
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

/** How far a verification has come: the last entry that fits, its hash, and how many were checked. */
export interface JournalProgress {
  readonly id: number;
  readonly hash: Buffer;
  readonly entries: number;
}

/** What the first entry is chained to. */
const GENESIS = Buffer.alloc(32);
/** Longest detail; a longer one is replaced by its size, so that an entry stays an entry. */
const MAX_DETAIL_BYTES = 64 * 1024;
/** Looked at by one search: a tenth of a second. */
const MAX_SCANNED_ROWS = 20_000;
const MAX_SCANNED_CHARACTERS = 8_000_000;
/** Details in one page: with what surrounds them it stays below what one answer may be long. */
const MAX_GIVEN_CHARACTERS = 256 * 1024;
/** Checked in one step of a verification: some ten milliseconds, in which nothing else is done. */
const MAX_STEP_ROWS = 1_000;
const MAX_STEP_CHARACTERS = 2_000_000;
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
export function journalTable(database: Database, reader: RowReader) {
  const insert = database.prepare(
    'INSERT INTO journal (id, time_ms, actor, action, subject, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const after = database.prepare<[number], JournalRow>('SELECT * FROM journal WHERE id > ? ORDER BY id');
  const list = database.prepare<unknown[], JournalRow>('SELECT * FROM journal WHERE id < ? ORDER BY id DESC');
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
    /** Looks at a bounded part of the journal, so a page may be short, even empty, and still have a cursor. */
    list(filter: JournalFilter, limit: number): Page<JournalEntry> {
      const wanted = filter.search?.toLowerCase() ?? '';
      const rows: JournalEntry[] = [];
      let scanned = 0;
      let scannedCharacters = 0;
      let givenCharacters = 0;
      for (const row of list.iterate(idCursor(filter.cursor))) {
        const isWanted = wanted === '' || searchText(row).includes(wanted);
        if (isWanted) {
          rows.push(entryOf(row, reader));
          givenCharacters += row.detail.length;
        }
        scanned += 1;
        scannedCharacters += row.detail.length;
        const isEnough = rows.length >= limit || givenCharacters >= MAX_GIVEN_CHARACTERS;
        if (isEnough || scanned >= MAX_SCANNED_ROWS || scannedCharacters >= MAX_SCANNED_CHARACTERS) {
          return { rows, cursor: String(row.id) };
        }
      }
      return { rows };
    },
    /** Where a verification begins: after the entries that retention has removed. */
    verificationStart(): JournalProgress {
      return { ...mark(ANCHOR), entries: 0 };
    },
    /** Goes on with a verification for a bounded time: gives how far it came, or the verdict. */
    verifyFrom(progress: JournalProgress): JournalProgress | JournalVerdict {
      const head = mark(HEAD);
      const anchor = mark(ANCHOR);
      let entries = progress.entries;
      // Retention may have removed entries between two steps; it says up to where.
      let { id, hash } = anchor.id > progress.id ? anchor : progress;
      let steps = 0;
      let characters = 0;
      for (const row of after.iterate(id)) {
        if (row.id !== id + 1) {
          return { intact: false, entries, brokenAt: id + 1, reason: `entry ${id + 1} is missing` };
        }
        if (!hashOf(hash, row).equals(row.hash)) {
          return { intact: false, entries, brokenAt: row.id, reason: `entry ${row.id} was changed` };
        }
        ({ id, hash } = row);
        entries += 1;
        steps += 1;
        characters += row.detail.length;
        if (steps >= MAX_STEP_ROWS || characters >= MAX_STEP_CHARACTERS) return { id, hash, entries };
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

/** Somebody may have edited the database: verification then says so, and the rest can still be read. */
function entryOf(row: JournalRow, reader: RowReader): JournalEntry {
  const { id, time_ms: timeMs, actor, action, subject } = row;
  const detail = readObject(row.detail);
  if (detail === undefined) reader.note({ table: 'journal', row: id });
  return {
    id,
    timeMs,
    actor,
    action,
    subject,
    detail: detail ?? { unreadable: row.detail },
    hash: row.hash.toString('hex'),
  };
}

function searchText({ actor, action, subject, detail }: JournalRow): string {
  return `${actor}\n${action}\n${subject}\n${detail}`.toLowerCase();
}
