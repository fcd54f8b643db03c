/** Questions about stored events, asked by the thread that hunts. All are bounded by rows and by time. */
import type { Database } from 'better-sqlite3';
import {
  HOST_EVENT_TYPES,
  type HostEvent,
  type HostEventType,
  type HostProcessWithParents,
} from '../../../../contract/events.ts';
import { EVENT_SHAPES, EVENT_TABLES, type EventTableName, type OnDamaged } from './event-codec.ts';
import { type EventReader, eventColumns, eventReader, type RawEvent, type StoredEvent } from './event-reader.ts';
import { processReader } from './process-rows.ts';

export interface EventFilter {
  /** Any of these; every type when left out. */
  readonly types?: readonly HostEventType[];
  /** Events of this process; of all that ever had the number without `startedMs`. */
  readonly pid?: number;
  readonly startedMs?: number;
  /** What happened at or after, before; milliseconds since the epoch. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly limit: number;
  /** `next` of the page before. */
  readonly before?: number;
}

export interface EventPage {
  /** The latest stored first. */
  readonly events: readonly StoredEvent[];
  /** Give it back as `before` for older ones; null at the end. */
  readonly next: number | null;
}

/** Which process is meant: a number comes again, the time of the start makes it one. */
export interface ProcessName {
  readonly pid: number;
  readonly startedMs: number;
}

/** A program that was started, with what became of it. */
export interface ProcessLife {
  readonly process: HostProcessWithParents;
  readonly startedMs: number | null;
  /** Null while it runs, or when its end was not seen. */
  readonly endedMs: number | null;
  readonly exitCode: number | null;
  readonly signal: number | null;
}

export type EventQuestion =
  | { readonly ask: 'list'; readonly filter: EventFilter }
  | { readonly ask: 'process'; readonly name: ProcessName }
  | { readonly ask: 'children'; readonly name: ProcessName; readonly limit: number };

/** In the same order of questions. */
export type EventAnswer =
  | { readonly ask: 'list'; readonly page: EventPage }
  | { readonly ask: 'process'; readonly life: ProcessLife | null }
  | { readonly ask: 'children'; readonly lives: readonly ProcessLife[] };

/** Rows that one statement looks at: some hundred milliseconds where none fits. */
const ROWS_AT_ONCE = 200_000;
/** Text of one page: an answer stays far below what a socket carries at once. */
const MAX_PAGE_CHARACTERS = 4_000_000;

export function askEvents(
  database: Database,
  question: EventQuestion,
  isOver: () => boolean,
  onDamaged: OnDamaged,
): EventAnswer {
  switch (question.ask) {
    case 'list':
      return { ask: 'list', page: listEvents(database, question.filter, isOver, onDamaged) };
    case 'process':
      return { ask: 'process', life: lifeOf(database, question.name, processReader(database, onDamaged)) };
    case 'children':
      return { ask: 'children', lives: childrenOf(database, question, processReader(database, onDamaged)) };
  }
}

interface Part {
  readonly table: EventTableName;
  readonly codes: readonly number[] | null;
}

/** The tables that have these types, each with the codes that are wanted of it; null: all. */
function partsOf(types: readonly HostEventType[] = HOST_EVENT_TYPES): readonly Part[] {
  const wanted = new Set(types);
  return EVENT_TABLES.flatMap((table) => {
    const all = HOST_EVENT_TYPES.filter((type) => EVENT_SHAPES[type].table === table);
    const some = all.filter((type) => wanted.has(type));
    if (some.length === 0) return [];
    return [{ table, codes: some.length === all.length ? null : some.map((type) => EVENT_SHAPES[type].code) }];
  });
}

/** Newest first; looks at rows in pieces, so that it stops in time. */
function listEvents(database: Database, filter: EventFilter, isOver: () => boolean, onDamaged: OnDamaged): EventPage {
  const reader = eventReader(database, onDamaged);
  const parts = partsOf(filter.types).map((part) => ({
    part,
    find: database.prepare<unknown[], RawEvent>(sqlOf(part, filter)).raw(),
  }));
  const bound = (which: 'min' | 'max', otherwise: number): number => {
    const found = parts.map(
      ({ part }) => database.prepare(`SELECT ${which}(id) FROM ${part.table}`).pluck().get() as number | null,
    );
    const numbers = found.filter((id) => id !== null);
    return numbers.length === 0 ? otherwise : Math[which](...numbers);
  };
  const first = bound('min', 1);
  const values = {
    pid: filter.pid ?? null,
    started: filter.startedMs ?? null,
    since: filter.sinceMs ?? Number.MIN_SAFE_INTEGER,
    until: filter.untilMs ?? Number.MAX_SAFE_INTEGER,
    limit: filter.limit,
  };
  const found: RawEvent[] = [];
  let before = Math.min(filter.before ?? Number.MAX_SAFE_INTEGER, bound('max', 0) + 1);
  // The rows of one process are found by their index, all at once.
  const step = filter.pid === undefined ? ROWS_AT_ONCE : Number.MAX_SAFE_INTEGER;
  while (before > first && found.length < filter.limit && !isOver()) {
    const from = Math.max(first, before - step);
    const rows = parts.flatMap(({ find }) => find.all({ ...values, from, before, limit: filter.limit - found.length }));
    rows.sort((a, b) => b[0] - a[0]);
    found.push(...rows.slice(0, filter.limit - found.length));
    before = found.length >= filter.limit ? (found.at(-1)?.[0] ?? from) : from;
  }
  return pageOf(found, reader, before > first ? before : null);
}

function sqlOf({ table, codes }: Part, { pid, startedMs, sinceMs, untilMs }: EventFilter): string {
  // With the sign the number of the row is compared, and the index of processes leads to the rows.
  const id = pid === undefined ? 'e.id' : '+e.id';
  const ofProcess = `e.process IN (SELECT id FROM event_processes WHERE pid = @pid${startedMs === undefined ? '' : ' AND started_ms = @started'})`;
  const conditions = [
    `${id} >= @from AND ${id} < @before`,
    codes === null ? '' : `e.code IN (${codes.join(', ')})`,
    pid === undefined
      ? ''
      : table === 'event_logs'
        ? `(e.pid = @pid OR (e.process IS NOT NULL AND ${ofProcess}))`
        : ofProcess,
    sinceMs === undefined ? '' : 'e.time_ms >= @since',
    untilMs === undefined ? '' : 'e.time_ms < @until',
  ].filter((condition) => condition !== '');
  return `SELECT ${eventColumns(table)} FROM ${table} AS e WHERE ${conditions.join(' AND ')} ORDER BY e.id DESC LIMIT @limit`;
}

function pageOf(rows: readonly RawEvent[], reader: EventReader, next: number | null): EventPage {
  const events: StoredEvent[] = [];
  let characters = 0;
  for (const row of rows) {
    const stored = reader.storedOf(row);
    if (stored === undefined) continue;
    characters += charactersOf(stored.event);
    if (characters > MAX_PAGE_CHARACTERS && events.length > 0) return { events, next: events.at(-1)?.id ?? 0 };
    events.push(stored);
  }
  return { events, next };
}

function charactersOf(event: HostEvent): number {
  return JSON.stringify(event).length;
}

interface LifeRow {
  readonly process: number;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly exitCode: number | null;
  readonly signal: number | null;
}

const LIFE = 'e.process, e.time_ms AS startedMs, e.ended_ms AS endedMs, e.exit_code AS exitCode, e.signal';

type ProcessReader = ReturnType<typeof processReader>;

function lifeOf(database: Database, { pid, startedMs }: ProcessName, processOf: ProcessReader): ProcessLife | null {
  const started = database
    .prepare<[number, number], LifeRow>(
      `SELECT ${LIFE} FROM event_starts AS e
       WHERE e.process IN (SELECT id FROM event_processes WHERE pid = ? AND started_ms = ?) ORDER BY +e.id DESC LIMIT 1`,
    )
    .get(pid, startedMs);
  if (started !== undefined) return lived(started, processOf);
  // It began before the sensor did: what other events tell of it.
  const known = database
    .prepare<[number, number], { id: number }>(
      'SELECT id FROM event_processes WHERE pid = ? AND started_ms = ? ORDER BY id DESC LIMIT 1',
    )
    .get(pid, startedMs);
  return known === undefined
    ? null
    : lived({ process: known.id, startedMs: null, endedMs: null, exitCode: null, signal: null }, processOf);
}

function lived(row: LifeRow, processOf: ProcessReader): ProcessLife | null {
  const process = processOf(row.process);
  return process === undefined ? null : { ...row, process };
}

/** Programs that it started, the latest first; also long after its end. */
function childrenOf(
  database: Database,
  { name: { pid, startedMs }, limit }: Extract<EventQuestion, { ask: 'children' }>,
  processOf: ProcessReader,
): readonly ProcessLife[] {
  return database
    .prepare<[number, number, number], LifeRow>(
      `SELECT ${LIFE} FROM event_starts AS e WHERE e.process IN (
         SELECT child.id FROM event_processes AS child WHERE child.parent IN (
           SELECT id FROM event_processes WHERE pid = ? AND started_ms = ?))
       ORDER BY +e.id DESC LIMIT ?`,
    )
    .all(pid, startedMs, limit)
    .flatMap((row) => lived(row, processOf) ?? []);
}
