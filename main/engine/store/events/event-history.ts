import { DamagedRows } from '../damaged-rows.ts';
import { EVENT_TABLES } from './event-codec.ts';
import { eventColumns, eventReader, type RawEvent, type StoredEvent } from './event-reader.ts';

const BUSY_MS = 1_000;
const CACHE_KIB = 16 * 1024;
/** Rows of one batch, of all tables together. */
const BATCH_ROWS = 2_000;

export interface HistorySpan {
  /** What happened at or after, before; milliseconds since the epoch. */
  readonly fromMs: number;
  readonly toMs: number;
}

export interface HistoryBatch {
  readonly events: readonly StoredEvent[];
  /** Share of the rows that were passed, from 0 to 1. */
  readonly progress: number;
  /** Events and processes so far that are not what was written, and are left out. */
  readonly damaged: number;
}

/**
 * All stored events of a span in the order of storing, for threads that read the database by themselves. Close it by
 * ending the iteration.
 */
export async function* eventHistory(path: string, { fromMs, toMs }: HistorySpan): AsyncGenerator<HistoryBatch> {
  // Loaded when it is needed: most of who loads the store never reads like this.
  const { default: Sqlite } = await import('better-sqlite3');
  const database = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_MS });
  try {
    database.pragma('query_only = ON');
    database.pragma('trusted_schema = OFF');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    const damaged = new DamagedRows();
    const reader = eventReader(database, (row) => damaged.note(row));
    const parts = EVENT_TABLES.map((table) =>
      database
        .prepare<[number, number, number, number], RawEvent>(
          `SELECT ${eventColumns(table)} FROM ${table} AS e WHERE e.id >= ? AND e.id < ? AND e.time_ms >= ? AND e.time_ms < ?`,
        )
        .raw(),
    );
    const bounds = EVENT_TABLES.map(
      (table) =>
        database.prepare(`SELECT min(id) AS first, max(id) AS last FROM ${table}`).get() as {
          first: number | null;
          last: number | null;
        },
    );
    const last = Math.max(0, ...bounds.map((bound) => bound.last ?? 0));
    const oldest = Math.min(last, ...bounds.map((bound) => bound.first ?? last));
    const marked = database
      .prepare<[number], number>('SELECT id FROM event_marks WHERE stored_ms < ? ORDER BY id DESC LIMIT 1')
      .pluck()
      .get(fromMs);
    // What happened since then was stored since then.
    const first = Math.max(oldest, marked ?? oldest);
    for (let from = first; from <= last; from += BATCH_ROWS) {
      const rows = parts.flatMap((find) => find.all(from, from + BATCH_ROWS, fromMs, toMs));
      rows.sort((a, b) => a[0] - b[0]);
      const events = rows.flatMap((row) => reader.storedOf(row) ?? []);
      const progress = Math.min(1, (from + BATCH_ROWS - first) / (last - first + 1));
      yield { events, progress, damaged: damaged.count };
    }
  } finally {
    database.close();
  }
}
