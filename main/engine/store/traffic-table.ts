import type { Database } from 'better-sqlite3';
import type { TrafficMinute, TrafficPoint } from './types.ts';

const MINUTE_MS = 60_000;

interface PointRow {
  readonly point: number;
  readonly received_bytes: number;
  readonly sent_bytes: number;
  readonly packets: number;
  readonly dropped: number;
  readonly watched_seconds: number;
}

/** Prepared statements over the traffic by the minute. Minutes in which nothing was watched have no row. */
export function trafficTable(database: Database) {
  // A minute comes in pieces when the engine was restarted in it.
  const add = database.prepare(`
    INSERT INTO traffic_minutes (minute, received_bytes, sent_bytes, packets, dropped, watched_seconds)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (minute) DO UPDATE SET received_bytes = received_bytes + excluded.received_bytes,
      sent_bytes = sent_bytes + excluded.sent_bytes, packets = packets + excluded.packets,
      dropped = dropped + excluded.dropped, watched_seconds = watched_seconds + excluded.watched_seconds`);
  const points = database.prepare<unknown[], PointRow>(`
    SELECT (minute - :first) / :step AS point, sum(received_bytes) AS received_bytes, sum(sent_bytes) AS sent_bytes,
      sum(packets) AS packets, sum(dropped) AS dropped, sum(watched_seconds) AS watched_seconds
    FROM traffic_minutes WHERE minute >= :first AND minute < :first + :step * :count
    GROUP BY point ORDER BY point`);
  return {
    add({ startMs, receivedBytes, sentBytes, packets, dropped, watchedSeconds }: TrafficMinute): void {
      add.run(Math.floor(startMs / MINUTE_MS), receivedBytes, sentBytes, packets, dropped, watchedSeconds);
    },
    /** `count` steps of `stepMinutes` from the minute of `sinceMs` on; those without a row are left out. */
    points(sinceMs: number, stepMinutes: number, count: number): TrafficPoint[] {
      const first = BigInt(Math.floor(sinceMs / MINUTE_MS));
      // Whole numbers for SQLite, so that its division is one of whole numbers.
      return points.all({ first, step: BigInt(stepMinutes), count: BigInt(count) }).map((row) => ({
        point: row.point,
        receivedBytes: row.received_bytes,
        sentBytes: row.sent_bytes,
        packets: row.packets,
        dropped: row.dropped,
        watchedSeconds: row.watched_seconds,
      }));
    },
  };
}
