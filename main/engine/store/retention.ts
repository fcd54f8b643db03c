import type { Database } from 'better-sqlite3';
import type { EventTable } from './events/event-table.ts';
import type { StoreSettings } from './store-settings.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const MEGABYTE = 1_000_000;
/** Rows removed in one transaction: a few milliseconds. */
const BATCH_ROWS = 1000;
/** Transactions in one pass, so that a pass stays under a second; the next pass goes on. */
const MAX_BATCHES = 50;
/** Free pages given back to the file system in one pass: 4 MB. */
const VACUUM_PAGES = 1024;
/** When the size is exceeded, remove down to this share of it, so that it does not begin anew with every flow. */
const SIZE_AFTER = 0.9;

/** Hours of traffic kept for each host on the average: most hosts come for an hour, few are there all day. */
const HOURS_PER_HOST = 20;
/** Unusual things remembered: some hundred a day for a quarter, 30 MB. */
const MAX_ANOMALIES = 50_000;
/** What hosts that never proved to be there may take of the room. */
const UNPROVEN_SHARE = 0.1;

/** Bytes that hold something, and bytes of the file. */
export function sizesOf(database: Database): { usedBytes: number; fileBytes: number } {
  const pragma = (name: string): number => database.pragma(name, { simple: true }) as number;
  const pageSize = pragma('page_size');
  const pages = pragma('page_count');
  return { usedBytes: (pages - pragma('freelist_count')) * pageSize, fileBytes: pages * pageSize };
}

interface JournalRemover {
  removeBefore(timeMs: number, limit: number): number;
}

interface Removers {
  readonly journal: JournalRemover;
  readonly events: EventTable;
}

/** Prepares the removal of what is too old or too much. Ages count from when a row was stored or last updated. */
export function retention(database: Database, { journal, events }: Removers, settings: StoreSettings) {
  // Flows are stored in the order of their ids, so the oldest are found without an index.
  const oldFlows = database.prepare(
    'DELETE FROM flows WHERE id IN (SELECT id FROM (SELECT id, stored_ms FROM flows ORDER BY id LIMIT ?) WHERE stored_ms < ?)',
  );
  const oldestFlows = database.prepare('DELETE FROM flows WHERE id IN (SELECT id FROM flows ORDER BY id LIMIT ?)');
  const oldFindings = database.prepare(
    'DELETE FROM findings WHERE id IN (SELECT id FROM findings WHERE updated_ms < ? ORDER BY updated_ms LIMIT ?)',
  );
  const oldestFindings = database.prepare(
    'DELETE FROM findings WHERE id IN (SELECT id FROM findings ORDER BY updated_ms LIMIT ?)',
  );
  const oldAlerts = database.prepare(
    'DELETE FROM alerts WHERE id IN (SELECT id FROM alerts WHERE updated_ms < ? ORDER BY updated_ms LIMIT ?)',
  );
  const oldestAlerts = database.prepare(
    'DELETE FROM alerts WHERE id IN (SELECT id FROM alerts ORDER BY updated_ms LIMIT ?)',
  );
  const oldMinutes = database.prepare(
    'DELETE FROM traffic_minutes WHERE minute IN (SELECT minute FROM traffic_minutes WHERE minute < ? LIMIT ?)',
  );
  const oldHours = database.prepare(
    'DELETE FROM host_hours WHERE (hour, host) IN (SELECT hour, host FROM host_hours WHERE hour < ? LIMIT ?)',
  );
  const oldestHours = database.prepare(
    'DELETE FROM host_hours WHERE (hour, host) IN (SELECT hour, host FROM host_hours ORDER BY hour LIMIT ?)',
  );
  const oldHosts = database.prepare(
    `DELETE FROM hosts WHERE id IN
      (SELECT id FROM hosts WHERE is_proven = ? AND last_seen_ms < ? ORDER BY last_seen_ms LIMIT ?)`,
  );
  const countHosts = database.prepare<[number], number>('SELECT count(*) FROM hosts WHERE is_proven = ?').pluck();
  const countHours = database.prepare<[], number>('SELECT count(*) FROM host_hours').pluck();
  const oldAnomalies = database.prepare(
    'DELETE FROM anomalies WHERE id IN (SELECT id FROM anomalies WHERE time_ms < ? ORDER BY time_ms LIMIT ?)',
  );
  const countAnomalies = database.prepare<[], number>('SELECT count(*) FROM anomalies').pluck();
  const { hostCapacity } = settings;
  /** Beyond their room those not heard of for longest go. */
  const surplusHosts = (isProven: number, room: number): number => {
    const surplus = (countHosts.get(isProven) ?? 0) - Math.floor(room);
    return surplus <= 0 ? 0 : oldHosts.run(isProven, Number.MAX_VALUE, Math.min(surplus, BATCH_ROWS)).changes;
  };
  const surplusHours = (): number => {
    const surplus = (countHours.get() ?? 0) - hostCapacity * HOURS_PER_HOST;
    return surplus <= 0 ? 0 : oldestHours.run(Math.min(surplus, BATCH_ROWS)).changes;
  };

  const surplusAnomalies = (): number => {
    const surplus = (countAnomalies.get() ?? 0) - MAX_ANOMALIES;
    return surplus <= 0 ? 0 : oldAnomalies.run(Number.MAX_VALUE, Math.min(surplus, BATCH_ROWS)).changes;
  };

  const oldEvents = (nowMs: number): number => {
    const old = events.storedBefore(nowMs - settings.eventDays * DAY_MS);
    return events.removeBefore(Math.max(old, events.next() - settings.maximumEvents), BATCH_ROWS);
  };

  type Step = (nowMs: number) => number;
  /** What is too old, or more than there is room for. */
  const byAge: readonly Step[] = [
    (nowMs) => oldFlows.run(BATCH_ROWS, nowMs - settings.flowDays * DAY_MS).changes,
    oldEvents,
    () => events.removeMeanings(BATCH_ROWS),
    (nowMs) => oldFindings.run(nowMs - settings.findingDays * DAY_MS, BATCH_ROWS).changes,
    (nowMs) => oldAlerts.run(nowMs - settings.alertDays * DAY_MS, BATCH_ROWS).changes,
    (nowMs) => journal.removeBefore(nowMs - settings.journalDays * DAY_MS, BATCH_ROWS),
    (nowMs) => oldMinutes.run((nowMs - settings.trafficDays * DAY_MS) / MINUTE_MS, BATCH_ROWS).changes,
    (nowMs) => oldHours.run((nowMs - settings.trafficDays * DAY_MS) / HOUR_MS, BATCH_ROWS).changes,
    (nowMs) => oldHosts.run(0, nowMs - settings.hostDays * DAY_MS, BATCH_ROWS).changes,
    (nowMs) => oldHosts.run(1, nowMs - settings.hostDays * DAY_MS, BATCH_ROWS).changes,
    () => surplusHosts(0, hostCapacity * UNPROVEN_SHARE),
    () => surplusHosts(1, hostCapacity * (1 - UNPROVEN_SHARE)),
    () => surplusHours(),
    (nowMs) => oldAnomalies.run(nowMs - settings.anomalyDays * DAY_MS, BATCH_ROWS).changes,
    () => surplusAnomalies(),
  ];
  /** What can be missed first goes first; the journal never goes for its size. */
  const bySize: readonly Step[] = [
    () => events.removeBefore(Math.min(events.oldest() + BATCH_ROWS, events.next()), BATCH_ROWS),
    () => oldestFlows.run(BATCH_ROWS).changes,
    () => oldestFindings.run(BATCH_ROWS).changes,
    () => oldAnomalies.run(Number.MAX_VALUE, BATCH_ROWS).changes,
    () => oldestAlerts.run(BATCH_ROWS).changes,
  ];

  /** One bounded pass. Returns how many rows went, and whether there is more to do. */
  return function pass(nowMs: number): { removed: number; more: boolean } {
    let removed = 0;
    let batches = 0;
    const repeat = (step: Step, wanted: () => boolean): void => {
      const transaction = database.transaction(() => step(nowMs));
      for (let changes = 1; changes > 0 && batches < MAX_BATCHES && wanted(); batches += 1) {
        changes = transaction.immediate();
        removed += changes;
      }
    };
    for (const step of byAge) {
      repeat(step, () => true);
    }
    const limit = settings.maximumMegabytes * MEGABYTE;
    if (sizesOf(database).usedBytes > limit) {
      for (const step of bySize) {
        repeat(step, () => sizesOf(database).usedBytes > limit * SIZE_AFTER);
      }
    }
    database.pragma(`incremental_vacuum(${VACUUM_PAGES})`);
    return { removed, more: batches >= MAX_BATCHES };
  };
}
