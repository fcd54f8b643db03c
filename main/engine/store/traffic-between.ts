import type { Database } from 'better-sqlite3';

/** Traffic between two groups of hosts, in either direction. */
export interface BetweenRequest {
  readonly attackers: readonly string[];
  /** Empty: anybody. */
  readonly victims: readonly string[];
  /** Milliseconds since the epoch, in the time of the traffic. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly bucketMs: number;
  /** "live", or the id of a capture. */
  readonly source: string;
}

export interface TrafficBetween {
  /** Buckets without traffic are left out; the earliest first. */
  readonly points: readonly { readonly timeMs: number; readonly flows: number; readonly bytes: number }[];
  readonly flows: number;
  /** There were more stored flows in that time than one question may look at. */
  readonly isPartial: boolean;
}

/** Rows that one question looks at: a tenth of a second at the worst. */
const MAX_SCANNED = 150_000;
/** A flow is stored when it ends; one that goes on is stored in pieces, so much later at the most. */
const STORED_WITHIN_MS = 3_600_000;
const US_PER_MS = 1000;

/** Prepares the question what passed between the hosts of an alert. */
export function trafficBetween(database: Database) {
  const bound = (order: string) =>
    database.prepare<[], { id: number; stored_ms: number }>(
      `SELECT id, stored_ms FROM flows ORDER BY id ${order} LIMIT 1`,
    );
  const [oldest, newest] = [bound('ASC'), bound('DESC')];
  const at = database.prepare<[number], { id: number; stored_ms: number }>(
    'SELECT id, stored_ms FROM flows WHERE id >= ? ORDER BY id LIMIT 1',
  );
  const sum = database.prepare<unknown[], { bucket: number; flows: number; bytes: number }>(`
    SELECT CAST((max(first_us, :sinceUs) - :sinceUs) / :bucketUs AS INTEGER) AS bucket,
      count(*) AS flows, sum(initiator_bytes + responder_bytes) AS bytes
    FROM flows
    WHERE id >= :from AND id < :to AND source = :source AND last_us >= :sinceUs AND first_us < :untilUs
      AND ((initiator IN (SELECT value FROM json_each(:attackers))
          AND (:anyVictim OR responder IN (SELECT value FROM json_each(:victims))))
        OR (responder IN (SELECT value FROM json_each(:attackers))
          AND (:anyVictim OR initiator IN (SELECT value FROM json_each(:victims)))))
    GROUP BY bucket ORDER BY bucket`);

  /** The first row that was stored at or after a time; rows are stored in the order of their ids. */
  function firstStoredAt(timeMs: number, from: number, to: number): number {
    let [low, high] = [from, to];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = at.get(middle);
      if (row === undefined || row.stored_ms >= timeMs) high = middle;
      else low = row.id + 1;
    }
    return low;
  }

  return function between(request: BetweenRequest): TrafficBetween {
    const [first, last] = [oldest.get(), newest.get()];
    if (first === undefined || last === undefined) return { points: [], flows: 0, isPartial: false };
    const { sinceMs, untilMs, bucketMs, source } = request;
    const isLive = source === 'live';
    const end = last.id + 1;
    const from = isLive ? firstStoredAt(sinceMs, first.id, end) : first.id;
    const to = isLive ? firstStoredAt(untilMs + STORED_WITHIN_MS, from, end) : end;
    const scanTo = Math.min(to, from + MAX_SCANNED);
    const rows = sum.all({
      from,
      to: scanTo,
      source,
      sinceUs: sinceMs * US_PER_MS,
      untilUs: untilMs * US_PER_MS,
      bucketUs: bucketMs * US_PER_MS,
      attackers: JSON.stringify(request.attackers),
      victims: JSON.stringify(request.victims),
      anyVictim: request.victims.length === 0 ? 1 : 0,
    });
    return {
      points: rows.map(({ bucket, flows, bytes }) => ({ timeMs: sinceMs + bucket * bucketMs, flows, bytes })),
      flows: rows.reduce((total, { flows }) => total + flows, 0),
      isPartial: scanTo < to,
    };
  };
}
