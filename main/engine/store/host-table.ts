import type { Database } from 'better-sqlite3';
import type { HostFilter, HostList, HostTally } from './types.ts';

const HOUR_MS = 3_600_000;

interface HostRow {
  readonly address: string;
  readonly first_seen_ms: number;
  readonly last_seen_ms: number;
  readonly services: number;
  readonly sent_bytes: number;
  readonly received_bytes: number;
  readonly flows: number;
  readonly total: number;
}

/** Prepared statements over the hosts and their hours. */
export function hostTable(database: Database) {
  const upsert = database
    .prepare<unknown[], number>(`
      INSERT INTO hosts (address, first_seen_ms, last_seen_ms, is_proven, services) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (address) DO UPDATE SET first_seen_ms = min(first_seen_ms, excluded.first_seen_ms),
        last_seen_ms = max(last_seen_ms, excluded.last_seen_ms),
        is_proven = max(is_proven, excluded.is_proven), services = services | excluded.services
      RETURNING id`)
    .pluck();
  const addHour = database.prepare(`
    INSERT INTO host_hours (hour, host, sent_bytes, received_bytes, flows) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (hour, host) DO UPDATE SET sent_bytes = sent_bytes + excluded.sent_bytes,
      received_bytes = received_bytes + excluded.received_bytes, flows = flows + excluded.flows`);
  const list = database.prepare<unknown[], HostRow>(`
    SELECT address, first_seen_ms, last_seen_ms, services, sent_bytes, received_bytes, flows, count(*) OVER () AS total
    FROM (SELECT host, sum(sent_bytes) AS sent_bytes, sum(received_bytes) AS received_bytes, sum(flows) AS flows
      FROM host_hours WHERE hour >= :sinceHour GROUP BY host) JOIN hosts ON id = host
    WHERE :search = '' OR instr(address, :search) > 0
    ORDER BY sent_bytes + received_bytes DESC, address LIMIT :limit`);
  const oldest = database.prepare<[], number | null>('SELECT min(first_seen_ms) FROM hosts').pluck();
  return {
    add({ address, firstSeenMs, lastSeenMs, isProven, services, ...tally }: HostTally): void {
      const host = upsert.get(address, firstSeenMs, lastSeenMs, isProven ? 1 : 0, services);
      addHour.run(Math.floor(tally.hourMs / HOUR_MS), host, tally.sentBytes, tally.receivedBytes, tally.flows);
    },
    list({ sinceMs, limit, search }: HostFilter): HostList {
      const found = list.all({ sinceHour: Math.floor(sinceMs / HOUR_MS), search: search.toLowerCase(), limit });
      const rows = found.map((row) => ({
        address: row.address,
        firstSeenMs: row.first_seen_ms,
        lastSeenMs: row.last_seen_ms,
        services: row.services,
        sentBytes: row.sent_bytes,
        receivedBytes: row.received_bytes,
        flows: row.flows,
      }));
      return { rows, total: found[0]?.total ?? 0, rememberedSinceMs: oldest.get() ?? Number.POSITIVE_INFINITY };
    },
  };
}
