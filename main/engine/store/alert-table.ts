import type { Database } from 'better-sqlite3';
import { type Alert, type Finding, SEVERITIES } from '../../../contract/domain.ts';
import type { AlertFilter, AlertState, FindingFilter, Page, StoredAlert } from './types.ts';

interface AlertRow {
  readonly body: string;
  readonly state: AlertState;
  readonly updated_ms: number;
}

const FROM_START = { lastSeenMs: Number.MAX_VALUE, id: '\u{10ffff}' };

/** Whether an alert is one that the filter asks for, its state and cursor aside. */
function matches(filter: AlertFilter, alert: Alert): boolean {
  return (
    SEVERITIES.indexOf(alert.severity) >= SEVERITIES.indexOf(filter.severity ?? 'info') &&
    (filter.kind === undefined || alert.kind === filter.kind) &&
    alert.lastSeenMs >= (filter.sinceMs ?? -Number.MAX_VALUE) &&
    alert.lastSeenMs < (filter.untilMs ?? Number.MAX_VALUE)
  );
}

/** Alerts that wait for a database that cannot be asked, as a first page: newest first. */
export function pageOfWaiting(alerts: Iterable<Alert>, filter: AlertFilter, limit: number): StoredAlert[] {
  return [...alerts]
    .filter((alert) => (filter.state ?? 'open') === 'open' && matches(filter, alert))
    .sort((a, b) => b.lastSeenMs - a.lastSeenMs)
    .slice(0, limit)
    .map((alert) => ({ alert, state: 'open', updatedMs: alert.lastSeenMs }));
}

/** Prepared statements over the alerts and their findings. */
export function alertTable(database: Database) {
  const upsert = database.prepare(`
    INSERT INTO alerts (id, kind, severity, first_seen_ms, last_seen_ms, state, updated_ms, body)
    VALUES (?, ?, ?, ?, ?, 'open', ?, ?)
    ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, severity = excluded.severity,
      first_seen_ms = excluded.first_seen_ms, last_seen_ms = excluded.last_seen_ms,
      updated_ms = excluded.updated_ms, body = excluded.body`);
  const setState = database.prepare(
    'UPDATE alerts SET state = :state, updated_ms = :nowMs WHERE id = :id AND state <> :state',
  );
  const get = database.prepare<[string], AlertRow>('SELECT body, state, updated_ms FROM alerts WHERE id = ?');
  const list = database.prepare<unknown[], AlertRow>(`
    SELECT body, state, updated_ms FROM alerts
    WHERE (last_seen_ms, id) < (?, ?) AND last_seen_ms >= ? AND last_seen_ms < ? AND severity >= ?
      AND kind = ifnull(?, kind) AND state = ifnull(?, state)
    ORDER BY last_seen_ms DESC, id DESC LIMIT ?`);
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
    upsert(alert: Alert, nowMs: number): void {
      const severity = SEVERITIES.indexOf(alert.severity);
      const { id, kind, firstSeenMs, lastSeenMs } = alert;
      upsert.run(id, kind, severity, firstSeenMs, lastSeenMs, nowMs, JSON.stringify(alert));
    },
    /** False when there is no such alert. */
    /** False when there is no such alert, or it is in that state already: then nothing has happened. */
    setState: (id: string, state: AlertState, nowMs: number): boolean => setState.run({ id, state, nowMs }).changes > 0,
    get(id: string): StoredAlert | undefined {
      const row = get.get(id);
      return row && storedAlert(row);
    },
    list(filter: AlertFilter, limit: number): Page<StoredAlert> {
      const from = parseCursor(filter.cursor);
      const rows = list
        .all(
          from.lastSeenMs,
          from.id,
          filter.sinceMs ?? -Number.MAX_VALUE,
          filter.untilMs ?? Number.MAX_VALUE,
          SEVERITIES.indexOf(filter.severity ?? 'info'),
          filter.kind ?? null,
          filter.state ?? null,
          limit,
        )
        .map(storedAlert);
      const last = rows.at(-1)?.alert;
      return rows.length < limit || last === undefined ? { rows } : { rows, cursor: `${last.lastSeenMs}/${last.id}` };
    },
    upsertFinding(finding: Finding, alertId: string | undefined, nowMs: number): void {
      const { detector, cause, firstSeenMs, lastSeenMs } = finding;
      upsertFinding.run(alertId ?? null, detector, cause, firstSeenMs, lastSeenMs, nowMs, JSON.stringify(finding));
    },
    listFindings(filter: FindingFilter, limit: number): Page<Finding> {
      const before = idCursor(filter.cursor);
      const found =
        filter.alertId === undefined ? findingsAll.all(before, limit) : findingsOf.all(before, filter.alertId, limit);
      const rows = found.map((row) => JSON.parse(row.body) as Finding);
      return found.length < limit ? { rows } : { rows, cursor: String(found.at(-1)?.id) };
    },
  };
}

/** A cursor that was not ours reads as the beginning. */
export function idCursor(cursor: string | undefined): number {
  const id = Number(cursor ?? Number.MAX_SAFE_INTEGER);
  return Number.isSafeInteger(id) ? id : Number.MAX_SAFE_INTEGER;
}

function parseCursor(cursor: string | undefined): { lastSeenMs: number; id: string } {
  const slash = cursor?.indexOf('/') ?? -1;
  const lastSeenMs = Number(cursor?.slice(0, slash));
  return cursor === undefined || slash < 1 || !Number.isFinite(lastSeenMs)
    ? FROM_START
    : { lastSeenMs, id: cursor.slice(slash + 1) };
}

function storedAlert(row: AlertRow): StoredAlert {
  return { alert: JSON.parse(row.body) as Alert, state: row.state, updatedMs: row.updated_ms };
}
