import type { Database } from 'better-sqlite3';
import {
  ALERT_KINDS,
  type Alert,
  type AlertKind,
  type Finding,
  SEVERITIES,
  type Severity,
} from '../../../contract/domain.ts';
import type { StoredReview } from './alert-store.ts';
import type { RowReader } from './row-reader.ts';
import type { AlertFilter, AlertState, FindingFilter, Page, StoredAlert } from './types.ts';
import { ALERT_STATES } from './types.ts';

interface AlertRow {
  readonly id: string;
  readonly last_seen_ms: number;
  readonly body: string;
  readonly state: string;
  readonly source: string;
  readonly review: string | null;
  readonly updated_ms: number;
}

/** An alert that waits for the database, with where it is from. */
export interface WaitingAlert {
  readonly alert: Alert;
  readonly source: string;
}

/** So many alerts of one state, severity and kind. */
export interface AlertCount {
  readonly state: AlertState;
  readonly severity: Severity;
  readonly kind: AlertKind;
  readonly count: number;
}

/** Alerts that named the same techniques and are equally severe. */
export interface TechniquesSeen {
  readonly techniques: readonly string[];
  readonly severity: Severity;
  readonly count: number;
  readonly lastSeenMs: number;
}

/** Where watching this computer puts its alerts. */
export const LIVE = 'live';

/** Alerts that are counted at the most, so that a count has an end. */
export const MAX_COUNTED = 100_000;

/** So many are sorted more quickly than they are come upon among all, in the order of time. */
const FEW = 1_000;

/**
 * Bytes of one page: an answer over a socket has an end (MAX_MESSAGE_BYTES of contract/api-roles.ts), and what it adds
 * to each alert is little beside this.
 */
const MAX_PAGE_BYTES = 700_000;

const FROM_START = { lastSeenMs: Number.MAX_VALUE, id: '\u{10ffff}' };

/** What a search looks through. */
function searchText({ title, attackers, victims }: Alert): string {
  return [title, ...attackers, ...victims].join('\n').toLowerCase();
}

function severitiesOf({ severity = 'info', severities = SEVERITIES }: AlertFilter): Severity[] {
  return SEVERITIES.slice(SEVERITIES.indexOf(severity)).filter((each) => severities.includes(each));
}

/** Whether an alert is one that the filter asks for, its state and cursor aside. */
function matches(filter: AlertFilter, { alert, source }: WaitingAlert): boolean {
  return (
    source === (filter.source ?? LIVE) &&
    severitiesOf(filter).includes(alert.severity) &&
    (filter.kinds ?? ALERT_KINDS).includes(alert.kind) &&
    searchText(alert).includes((filter.search ?? '').toLowerCase()) &&
    alert.lastSeenMs >= (filter.sinceMs ?? -Number.MAX_VALUE) &&
    alert.lastSeenMs < (filter.untilMs ?? Number.MAX_VALUE)
  );
}

/** Alerts that wait for a database that cannot be asked, as a first page: newest first. */
export function pageOfWaiting(waiting: Iterable<WaitingAlert>, filter: AlertFilter, limit: number): StoredAlert[] {
  if (!(filter.states ?? ALERT_STATES).includes('open')) return [];
  return [...waiting]
    .filter((each) => matches(filter, each))
    .sort((a, b) => b.alert.lastSeenMs - a.alert.lastSeenMs)
    .slice(0, limit)
    .map(({ alert, source }) => ({ alert, source, state: 'open', review: null, updatedMs: alert.lastSeenMs }));
}

/**
 * What the list and its count have in common; the indexes hold every column that is asked for here. A plus keeps a
 * column from being the bound of the index: of two upper bounds SQLite takes either, and the cursor's is the closer.
 */
const WHERE = `source = :source AND last_seen_ms >= :sinceMs AND +last_seen_ms < :untilMs
  AND severity IN (${placesFor('severity', SEVERITIES)})
  AND kind IN (${placesFor('kind', ALERT_KINDS)})
  AND state IN (${placesFor('state', ALERT_STATES)})`;

/** ":kind0, :kind1, …": as many as there can be, so that the statement is always the same. */
function placesFor(name: string, all: readonly unknown[]): string {
  return all.map((_, index) => `:${name}${index}`).join(', ');
}

/** Values for the places: those that are asked for, then NULL, which nothing is equal to. */
function placed(name: string, all: readonly unknown[], asked: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(all.map((_, index) => [`${name}${index}`, asked[index] ?? null]));
}

function parameters(filter: AlertFilter) {
  const severities = severitiesOf(filter).map((severity) => SEVERITIES.indexOf(severity));
  return {
    source: filter.source ?? LIVE,
    sinceMs: filter.sinceMs ?? -Number.MAX_VALUE,
    untilMs: filter.untilMs ?? Number.MAX_VALUE,
    ...placed('severity', SEVERITIES, severities),
    ...placed('kind', ALERT_KINDS, filter.kinds ?? ALERT_KINDS),
    ...placed('state', ALERT_STATES, filter.states ?? ALERT_STATES),
  };
}

/** Prepared statements over the alerts and their findings. */
export function alertTable(database: Database, reader: RowReader) {
  const upsert = database.prepare(`
    INSERT INTO alerts (id, kind, severity, first_seen_ms, last_seen_ms, state, updated_ms, body, source, techniques,
      search)
    VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, severity = excluded.severity,
      first_seen_ms = excluded.first_seen_ms, last_seen_ms = excluded.last_seen_ms,
      updated_ms = excluded.updated_ms, body = excluded.body, techniques = excluded.techniques,
      search = excluded.search`);
  const setState = database.prepare('UPDATE alerts SET state = ?, review = ?, updated_ms = ? WHERE id = ?');
  const columns = 'id, last_seen_ms, body, state, source, review, updated_ms';
  const get = database.prepare<[string], AlertRow>(`SELECT ${columns} FROM alerts WHERE id = ?`);
  const listBy = (index: string, searched: string) =>
    database.prepare<unknown[], AlertRow>(`
      SELECT ${columns} FROM alerts INDEXED BY ${index}
      WHERE ${WHERE} ${searched} AND last_seen_ms <= :upToMs AND (+last_seen_ms < :lastSeenMs OR +id < :id)
      ORDER BY last_seen_ms DESC, id DESC LIMIT :limit`);
  const countBy = (index: string, searched: string) =>
    database
      .prepare<unknown[], number>(
        `SELECT count(*) FROM (SELECT 1 FROM alerts INDEXED BY ${index} WHERE ${WHERE} ${searched} LIMIT :limit)`,
      )
      .pluck();
  const contains = 'AND instr(search, :search) > 0';
  const list = {
    all: listBy('alerts_listed', ''),
    few: listBy('alerts_counted', ''),
    searched: listBy('alerts_searched', contains),
  };
  const count = { all: countBy('alerts_counted', ''), searched: countBy('alerts_searched', contains) };
  const counts = database.prepare<unknown[], { state: AlertState; severity: number; kind: AlertKind; count: number }>(`
    SELECT state, severity, kind, count(*) AS count FROM alerts INDEXED BY alerts_counted
    WHERE source = ? AND last_seen_ms >= ? GROUP BY state, severity, kind`);
  const techniques = database.prepare<
    unknown[],
    { techniques: string; severity: number; count: number; last_seen_ms: number }
  >(`
    SELECT techniques, severity, count(*) AS count, max(last_seen_ms) AS last_seen_ms
    FROM alerts INDEXED BY alerts_counted
    WHERE source = ? AND last_seen_ms >= ? AND state <> 'withdrawn' AND techniques <> ''
    GROUP BY state, severity, kind, techniques`);
  const removeSource = database.prepare('DELETE FROM alerts WHERE source = ?');
  const upsertFinding = database.prepare(`
    INSERT INTO findings (alert_id, detector, cause, first_seen_ms, last_seen_ms, updated_ms, body)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (detector, cause, first_seen_ms) DO UPDATE SET alert_id = ifnull(excluded.alert_id, alert_id),
      last_seen_ms = excluded.last_seen_ms, updated_ms = excluded.updated_ms, body = excluded.body`);
  const findingsAll = database.prepare<unknown[], { id: number; body: string }>(
    'SELECT id, body FROM findings WHERE id < ? ORDER BY id DESC LIMIT ?',
  );
  const findingsOf = database.prepare<unknown[], { id: number; body: string }>(
    'SELECT id, body FROM findings WHERE id < ? AND alert_id = ? ORDER BY id DESC LIMIT ?',
  );
  return {
    /** What was done with an alert that is there already stays. */
    upsert({ alert, source }: WaitingAlert, nowMs: number): void {
      const severity = SEVERITIES.indexOf(alert.severity);
      const { id, kind, firstSeenMs, lastSeenMs } = alert;
      const body = JSON.stringify(alert);
      const named = alert.techniques.join(' ');
      upsert.run(id, kind, severity, firstSeenMs, lastSeenMs, nowMs, body, source, named, searchText(alert));
    },
    setState(id: string, state: AlertState, review: StoredReview | null, nowMs: number): void {
      setState.run(state, review === null ? null : JSON.stringify(review), nowMs, id);
    },
    get(id: string): StoredAlert | undefined {
      const row = get.get(id);
      return row && storedAlert(row, reader);
    },
    list(filter: AlertFilter, limit: number): Page<StoredAlert> {
      const from = parseCursor(filter.cursor);
      const search = filter.search?.toLowerCase() ?? '';
      const upToMs = Math.min(from.lastSeenMs, filter.untilMs ?? Number.MAX_VALUE);
      const values = { ...parameters(filter), ...from, upToMs, limit };
      const isFew = () => (count.all.get({ ...values, limit: FEW }) ?? 0) < FEW;
      const found =
        search !== '' ? list.searched.all({ ...values, search }) : (isFew() ? list.few : list.all).all(values);
      const fitting = rowsThatFit(found);
      const rows = found.slice(0, fitting).flatMap((row) => storedAlert(row, reader) ?? []);
      // Of the row, not of what could be read: a page of damaged rows only is not the last one.
      const last = found[fitting - 1];
      return (found.length < limit && fitting === found.length) || last === undefined
        ? { rows }
        : { rows, cursor: `${last.last_seen_ms}/${last.id}` };
    },
    /** All that fit, cursor and limit aside; at most MAX_COUNTED. */
    count(filter: AlertFilter): number {
      const search = filter.search?.toLowerCase() ?? '';
      const values = { ...parameters(filter), limit: MAX_COUNTED };
      return (search === '' ? count.all.get(values) : count.searched.get({ ...values, search })) ?? 0;
    },
    counts: (source: string, sinceMs: number): AlertCount[] =>
      counts.all(source, sinceMs).map((row) => ({ ...row, severity: SEVERITIES[row.severity] })),
    techniquesSeen: (source: string, sinceMs: number): TechniquesSeen[] =>
      techniques.all(source, sinceMs).map((row) => ({
        techniques: row.techniques.split(' '),
        severity: SEVERITIES[row.severity],
        count: row.count,
        lastSeenMs: row.last_seen_ms,
      })),
    removeSource: (source: string): number => removeSource.run(source).changes,
    upsertFinding(finding: Finding, alertId: string | undefined, nowMs: number): void {
      const { detector, cause, firstSeenMs, lastSeenMs } = finding;
      upsertFinding.run(alertId ?? null, detector, cause, firstSeenMs, lastSeenMs, nowMs, JSON.stringify(finding));
    },
    listFindings(filter: FindingFilter, limit: number): Page<Finding> {
      const before = idCursor(filter.cursor);
      const found =
        filter.alertId === undefined ? findingsAll.all(before, limit) : findingsOf.all(before, filter.alertId, limit);
      const rows = found.flatMap(({ id, body }) => reader.json({ table: 'findings', row: id }, body, 'finding') ?? []);
      return found.length < limit ? { rows } : { rows, cursor: String(found.at(-1)?.id) };
    },
  };
}

/** A cursor that was not ours reads as the beginning. */
export function idCursor(cursor: string | undefined): number {
  const id = Number(cursor ?? Number.MAX_SAFE_INTEGER);
  return Number.isSafeInteger(id) ? id : Number.MAX_SAFE_INTEGER;
}

/** How many of the rows make a page; at least one. */
function rowsThatFit(rows: readonly AlertRow[]): number {
  let bytes = 0;
  for (const [index, { body }] of rows.entries()) {
    bytes += Buffer.byteLength(body);
    if (bytes > MAX_PAGE_BYTES) return Math.max(1, index);
  }
  return rows.length;
}

function parseCursor(cursor: string | undefined): { lastSeenMs: number; id: string } {
  const slash = cursor?.indexOf('/') ?? -1;
  const lastSeenMs = Number(cursor?.slice(0, slash));
  return cursor === undefined || slash < 1 || !Number.isFinite(lastSeenMs)
    ? FROM_START
    : { lastSeenMs, id: cursor.slice(slash + 1) };
}

/** Undefined where not even its title can be read. A state that nobody knows is one in which nobody dealt with it. */
function storedAlert(row: AlertRow, reader: RowReader): StoredAlert | undefined {
  const at = { table: 'alerts', row: row.id };
  const alert = reader.json(at, row.body, 'alert', 'salvagedAlert');
  if (alert === undefined) return undefined;
  const { state, source, review, updated_ms: updatedMs } = row;
  return {
    alert,
    state: reader.is(at, state, 'alertState') ? state : 'open',
    source,
    review: review === null ? null : (reader.json(at, review, 'review') ?? null),
    updatedMs,
  };
}
