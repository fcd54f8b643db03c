import type { Database } from 'better-sqlite3';
import { alertTable } from './alert-table.ts';
import { allowTable } from './allow-table.ts';
import { anomalyTable } from './anomaly-table.ts';
import { captureTable } from './capture-table.ts';
import { eventTable } from './events/event-table.ts';
import { flowRows } from './flow-rows.ts';
import { hostTable } from './host-table.ts';
import { savedTable } from './hunt/saved-table.ts';
import { journalTable } from './journal.ts';
import { markTable } from './mark-table.ts';
import { profileTable } from './profile-table.ts';
import { retention, sizesOf } from './retention.ts';
import { reviewTable } from './review-table.ts';
import { sampleTable } from './sample-table.ts';
import type { StoreSettings } from './store-settings.ts';
import { tokenTable } from './token-table.ts';
import { trafficBetween } from './traffic-between.ts';
import { trafficTable } from './traffic-table.ts';
import type { StoredSetting } from './types.ts';

/** Everything that is prepared once per open database. */
export function prepareTables(database: Database, settings: StoreSettings) {
  const journal = journalTable(database);
  const setSetting = database.prepare(`
    INSERT INTO settings (path, value, updated_ms) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value, updated_ms = excluded.updated_ms`);
  const listSettings = database.prepare<[], { path: string; value: string; updated_ms: number }>(
    'SELECT path, value, updated_ms FROM settings ORDER BY path LIMIT 10000',
  );
  const count = (table: string) => database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck();
  const counts = { alerts: count('alerts'), findings: count('findings'), journal: count('journal') };
  const flows = flowRows(database);
  const events = eventTable(database);
  return {
    alerts: alertTable(database),
    reviews: reviewTable(database),
    allow: allowTable(database),
    betweenHosts: trafficBetween(database),
    captures: captureTable(database),
    savedQueries: savedTable(database),
    flows,
    events,
    hosts: hostTable(database),
    traffic: trafficTable(database),
    journal,
    tokens: tokenTable(database),
    marks: markTable(database),
    profiles: profileTable(database),
    samples: sampleTable(database),
    anomalies: anomalyTable(database),
    setSetting: (path: string, value: unknown, nowMs: number) => setSetting.run(path, JSON.stringify(value), nowMs),
    listSettings: (): StoredSetting[] =>
      listSettings.all().map((row) => ({ path: row.path, value: JSON.parse(row.value), updatedMs: row.updated_ms })),
    statistics: () => ({
      alerts: counts.alerts.get() ?? 0,
      findings: counts.findings.get() ?? 0,
      journal: counts.journal.get() ?? 0,
      flows: flows.count(),
      events: events.count(),
      ...sizesOf(database),
    }),
    retain: retention(database, { journal, events }, settings),
  };
}

export type Tables = ReturnType<typeof prepareTables>;
