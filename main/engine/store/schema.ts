/** One step of the schema. Steps are only ever added: a released one never changes. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** Times ending in `_ms` and `_us` are milliseconds and microseconds since the epoch. */
export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'journal and settings',
    sql: `
      CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE settings (path TEXT PRIMARY KEY, value TEXT NOT NULL, updated_ms REAL NOT NULL)
        STRICT, WITHOUT ROWID;
      CREATE TABLE journal (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        time_ms REAL NOT NULL,
        actor TEXT NOT NULL,
        action TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail TEXT NOT NULL,
        hash BLOB NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 2,
    name: 'alerts and findings',
    sql: `
      CREATE TABLE alerts (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        severity INTEGER NOT NULL,
        first_seen_ms REAL NOT NULL,
        last_seen_ms REAL NOT NULL,
        state TEXT NOT NULL,
        updated_ms REAL NOT NULL,
        body TEXT NOT NULL
      ) STRICT;
      CREATE INDEX alerts_by_time ON alerts (last_seen_ms, id);
      CREATE INDEX alerts_by_update ON alerts (updated_ms);
      CREATE TABLE findings (
        id INTEGER PRIMARY KEY,
        alert_id TEXT,
        detector TEXT NOT NULL,
        cause TEXT NOT NULL,
        first_seen_ms REAL NOT NULL,
        last_seen_ms REAL NOT NULL,
        updated_ms REAL NOT NULL,
        body TEXT NOT NULL,
        UNIQUE (detector, cause, first_seen_ms)
      ) STRICT;
      CREATE INDEX findings_by_alert ON findings (alert_id, id);
      CREATE INDEX findings_by_update ON findings (updated_ms);
    `,
  },
  {
    version: 3,
    name: 'flows',
    // No index beside the row id: flows are written far more often than searched, and a search is bounded.
    sql: `
      CREATE TABLE flows (
        id INTEGER PRIMARY KEY,
        stored_ms REAL NOT NULL,
        first_us REAL NOT NULL,
        last_us REAL NOT NULL,
        protocol INTEGER NOT NULL,
        initiator TEXT NOT NULL,
        initiator_port INTEGER NOT NULL,
        responder TEXT NOT NULL,
        responder_port INTEGER NOT NULL,
        vlan INTEGER NOT NULL,
        tunnel INTEGER NOT NULL,
        initiator_packets INTEGER NOT NULL,
        responder_packets INTEGER NOT NULL,
        initiator_bytes INTEGER NOT NULL,
        responder_bytes INTEGER NOT NULL,
        service TEXT NOT NULL,
        end_reason INTEGER NOT NULL,
        feature_version INTEGER,
        features BLOB
      ) STRICT;
    `,
  },
];
