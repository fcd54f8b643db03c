import type { Database } from 'better-sqlite3';
import { actionTable } from './action-table.ts';
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
import type { RowReader } from './row-reader.ts';
import { sampleTable } from './sample-table.ts';
import type { StoreSettings } from './store-settings.ts';
import { tokenTable } from './token-table.ts';
import { trafficBetween } from './traffic-between.ts';
import { trafficTable } from './traffic-table.ts';
import type { StoredSetting } from './types.ts';

/** Everything that is prepared once per open database. */
export function prepareTables(database: Database, settings: StoreSettings, reader: RowReader) {
  const journal = journalTable(database, reader);
  const setSetting = database.prepare(`
    INSERT INTO settings (path, value, updated_ms) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value, updated_ms = excluded.updated_ms`);
  const listSettings = database.prepare<[], { path: string; value: string; updated_ms: number }>(
    'SELECT path, value, updated_ms FROM settings ORDER BY path LIMIT 10000',
  );
  const count = (table: string) => database.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck();
  const counts = { alerts: count('alerts'), findings: count('findings'), journal: count('journal') };
  const flows = flowRows(database, reader);
  const events = eventTable(database);
  return {
    actions: actionTable(database, reader),
    alerts: alertTable(database, reader),
    reviews: reviewTable(database, reader),
    allow: allowTable(database, reader),
    betweenHosts: trafficBetween(database),
    captures: captureTable(database, reader),
    savedQueries: savedTable(database),
    flows,
    events,
    hosts: hostTable(database),
    traffic: trafficTable(database),
    journal,
    tokens: tokenTable(database, reader),
    marks: markTable(database),
    profiles: profileTable(database, reader),
    samples: sampleTable(database),
    anomalies: anomalyTable(database, reader),
    setSetting: (path: string, value: unknown, nowMs: number) => setSetting.run(path, JSON.stringify(value), nowMs),
    listSettings: (): StoredSetting[] =>
      listSettings.all().flatMap(({ path, value: text, updated_ms: updatedMs }) => {
        const value: unknown = reader.json({ table: 'settings', row: path }, text, 'anything');
        return value === undefined ? [] : [{ path, value, updatedMs }];
      }),
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
