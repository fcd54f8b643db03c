import type { Database, Statement } from 'better-sqlite3';
import type { HostEvent } from '../../../../contract/events.ts';
import { EVENT_COLUMNS, EVENT_TABLES, type EventTableName, encodeEvent, pathKey } from './event-codec.ts';
import { processRows, REUSED_FOR_EVENTS } from './process-rows.ts';

/** Rows between two notes of the time: some seconds' worth when it is busy. */
const ROWS_PER_MARK = 1_000;
/** At least so often, when it is not. */
const MARK_MS = 1_000;
/** Programs that run and whose beginning is known by heart; others are looked up when they end. */
const MAX_RUNNING = 20_000;

const NEVER = { id: Number.NEGATIVE_INFINITY, storedMs: 0 };

/** Prepared statements that write and remove events. Numbers of rows are shared by all tables of events. */
export function eventTable(database: Database) {
  const processes = processRows(database);
  const inserts = Object.fromEntries(
    EVENT_TABLES.map((table) => {
      const columns = ['id', 'time_ms', 'code', 'process', 'rest', ...EVENT_COLUMNS[table]];
      if (table === 'event_files') columns.push('path_key');
      const sql = `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
      return [table, database.prepare(sql)];
    }),
  ) as Readonly<Record<EventTableName, Statement>>;
  const mark = database.prepare('INSERT OR REPLACE INTO event_marks (id, stored_ms) VALUES (?, ?)');
  const end = database.prepare('UPDATE event_starts SET ended_ms = ?, exit_code = ?, signal = ? WHERE id = ?');
  const startOf = database
    .prepare<[number, number], number>(`
      SELECT s.id FROM event_processes AS p JOIN event_starts AS s ON s.process = p.id
      WHERE p.pid = ? AND p.started_ms = ? ORDER BY s.id DESC LIMIT 1`)
    .pluck();
  const bounds = database.prepare<[], { oldest: number | null; newest: number | null }>(
    `SELECT min(oldest) AS oldest, max(newest) AS newest FROM (
      ${EVENT_TABLES.map((table) => `SELECT (SELECT min(id) FROM ${table}) AS oldest, (SELECT max(id) FROM ${table}) AS newest`).join(' UNION ALL ')})`,
  );
  const lastMark = database.prepare<[], { id: number; storedMs: number }>(
    'SELECT id, stored_ms AS storedMs FROM event_marks ORDER BY id DESC LIMIT 1',
  );
  const markBefore = database
    .prepare<[number], number | null>(
      `SELECT max(id) FROM event_marks
       WHERE id < (SELECT id FROM event_marks WHERE stored_ms >= ? ORDER BY id LIMIT 1)`,
    )
    .pluck();
  const remover = (table: string) =>
    database.prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE id < ? ORDER BY id LIMIT ?)`);
  const removals = EVENT_TABLES.map(remover);
  const removeMarks = remover('event_marks');
  const oldMeanings = ['event_processes', 'event_texts'].map((table) =>
    database.prepare(
      `DELETE FROM ${table} WHERE id IN (SELECT id FROM (SELECT id, since_event FROM ${table} ORDER BY id LIMIT ?) WHERE since_event < ?)`,
    ),
  );

  const known = bounds.get();
  // The last mark is older than the removal of all rows, and a number must not come again.
  let next = Math.max(known?.newest ?? 0, lastMark.get()?.id ?? 0) + 1;
  let marked = NEVER;
  let running = new Map<string, number>();

  const forget = (): void => {
    processes.forget();
    running = new Map();
    marked = NEVER;
  };
  const noteTime = (id: number, nowMs: number): void => {
    if (id - marked.id < ROWS_PER_MARK && Math.abs(nowMs - marked.storedMs) < MARK_MS) return;
    marked = { id, storedMs: nowMs };
    mark.run(id, nowMs);
  };
  /** The row of a program's start is told how it ended: there it is looked for. */
  const noteLife = (event: HostEvent, id: number): void => {
    if (event.type !== 'process-start' && event.type !== 'process-exit') return;
    const { pid, startedMs } = event.process;
    if (startedMs === undefined) return;
    const key = `${pid} ${startedMs}`;
    if (event.type === 'process-start') {
      if (running.size >= MAX_RUNNING) running = new Map();
      running.set(key, id);
      return;
    }
    const start = running.get(key) ?? startOf.get(pid, startedMs);
    running.delete(key);
    if (start !== undefined) end.run(event.timeMs, event.exitCode ?? null, event.signal ?? null, start);
  };

  return {
    /** Inside a transaction; when that fails, call `forget`. @throws UnknownEventError */
    insert(event: HostEvent, nowMs: number): void {
      const { code, table, timeMs, process, cells, rest } = encodeEvent(event);
      const id = next;
      next += 1;
      noteTime(id, nowMs);
      const of = process === undefined ? null : processes.idOf(process, id);
      if (table === 'event_files') inserts[table].run(id, timeMs, code, of, rest, ...cells, pathKey(String(cells[0])));
      else inserts[table].run(id, timeMs, code, of, rest, ...cells);
      noteLife(event, id);
    },
    /** What was written did not reach the disk. */
    forget,
    /** Exact without counting: rows are added at one end and removed at the other. */
    count(): number {
      const { oldest, newest } = bounds.get() ?? { oldest: null, newest: null };
      return oldest === null || newest === null ? 0 : newest - oldest + 1;
    },
    /** A number before which all events were stored before that time, at most ROWS_PER_MARK below the best. */
    storedBefore(timeMs: number): number {
      const last = lastMark.get();
      if (last === undefined) return 0;
      // Had anything come later, there would be another mark.
      return last.storedMs + MARK_MS < timeMs ? next : (markBefore.get(timeMs) ?? 0);
    },
    /** Number that the next event gets. */
    next(): number {
      return next;
    },
    /** The number of the oldest event; that of the next one when there is none. */
    oldest(): number {
      return bounds.get()?.oldest ?? next;
    },
    /** Removes at most so many rows of each table below that number, and returns how many went. */
    removeBefore(id: number, limit: number): number {
      let removed = 0;
      for (const statement of removals) removed += statement.run(id, limit).changes;
      // The last mark stays: a number must not come again when no event is left.
      if (id >= next && next > 1) mark.run(next - 1, marked.storedMs);
      removeMarks.run(Math.min(id, next - 1), limit);
      return removed;
    },
    /** Removes processes and texts that no event can have any more. */
    removeMeanings(limit: number): number {
      const before = (bounds.get()?.oldest ?? next) - REUSED_FOR_EVENTS;
      let removed = 0;
      for (const statement of oldMeanings) removed += statement.run(limit, before).changes;
      return removed;
    },
  };
}

export type EventTable = ReturnType<typeof eventTable>;
