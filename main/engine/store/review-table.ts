import type { Database } from 'better-sqlite3';
import type { AlertTrail } from '../../../contract/alert-trail.ts';
import type { DismissReason } from '../../../contract/api-schemas.ts';
import type { RowReader } from './row-reader.ts';
import type { AlertState } from './types.ts';

/** One step in the life of an alert: who brought it from one state into another. */
export interface ReviewStep {
  readonly timeMs: number;
  readonly actor: string;
  readonly before: AlertState;
  readonly after: AlertState;
  readonly reason: DismissReason | null;
  readonly note: string;
}

interface StepRow {
  readonly id: number;
  readonly time_ms: number;
  readonly actor: string;
  readonly before: string;
  readonly after: string;
  readonly reason: string | null;
  readonly note: string;
}

/** Steps that are given of one alert, the latest: nobody reviews one alert more often. */
const MAX_STEPS = 100;

/** Prepared statements over what was done with alerts and how they came about. */
export function reviewTable(database: Database, reader: RowReader) {
  const add = database.prepare(
    'INSERT INTO alert_reviews (alert_id, time_ms, actor, before, after, reason, note) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  const list = database.prepare<unknown[], StepRow>(
    'SELECT id, time_ms, actor, before, after, reason, note FROM alert_reviews WHERE alert_id = ? ORDER BY id DESC LIMIT ?',
  );
  const setTrail = database.prepare(
    'INSERT INTO alert_trails (alert_id, body) VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body',
  );
  const getTrail = database.prepare<[string], string>('SELECT body FROM alert_trails WHERE alert_id = ?').pluck();
  return {
    add(alertId: string, step: ReviewStep): void {
      add.run(alertId, step.timeMs, step.actor, step.before, step.after, step.reason, step.note);
    },
    /** The earliest first. */
    list: (alertId: string): ReviewStep[] =>
      list
        .all(alertId, MAX_STEPS)
        .flatMap((row) => stepOf(row, reader) ?? [])
        .reverse(),
    setTrail: (alertId: string, trail: AlertTrail) => void setTrail.run(alertId, JSON.stringify(trail)),
    getTrail(alertId: string): AlertTrail | undefined {
      const body = getTrail.get(alertId) as string | undefined;
      return body === undefined ? undefined : reader.json({ table: 'alert_trails', row: alertId }, body, 'trail');
    },
  };
}

function stepOf(row: StepRow, reader: RowReader): ReviewStep | undefined {
  const { id, time_ms: timeMs, actor, before, after, reason, note } = row;
  const at = { table: 'alert_reviews', row: id };
  const isKnown =
    reader.is(at, before, 'alertState') && reader.is(at, after, 'alertState') && reader.is(at, reason, 'reviewReason');
  return isKnown ? { timeMs, actor, before, after, reason, note } : undefined;
}
