import { EVENT_SCHEMA } from './events/event-schema.ts';

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
  {
    version: 4,
    name: 'alerts: source, review, trail, allow-list',
    // The indexes hold all that is filtered and counted by, so that only the rows of a page are read.
    sql: `
      ALTER TABLE alerts ADD COLUMN source TEXT NOT NULL DEFAULT 'live';
      ALTER TABLE alerts ADD COLUMN techniques TEXT NOT NULL DEFAULT '';
      ALTER TABLE alerts ADD COLUMN search TEXT NOT NULL DEFAULT '';
      ALTER TABLE alerts ADD COLUMN review TEXT;
      UPDATE alerts SET
        techniques = (SELECT ifnull(group_concat(value, ' '), '') FROM json_each(alerts.body, '$.techniques')),
        search = lower(body ->> '$.title' || char(10) || (body ->> '$.attackers') || char(10) || (body ->> '$.victims'));
      DROP INDEX alerts_by_time;
      CREATE INDEX alerts_listed ON alerts (source, last_seen_ms, id, state, severity, kind);
      CREATE INDEX alerts_counted ON alerts (source, state, severity, kind, techniques, last_seen_ms);
      CREATE INDEX alerts_searched ON alerts (source, last_seen_ms, id, state, severity, kind, search);
      CREATE TABLE alert_trails (alert_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
      CREATE TABLE alert_reviews (
        id INTEGER PRIMARY KEY,
        alert_id TEXT NOT NULL,
        time_ms REAL NOT NULL,
        actor TEXT NOT NULL,
        before TEXT NOT NULL,
        after TEXT NOT NULL,
        reason TEXT,
        note TEXT NOT NULL
      ) STRICT;
      CREATE INDEX alert_reviews_by_alert ON alert_reviews (alert_id, id);
      CREATE TRIGGER alerts_removed AFTER DELETE ON alerts BEGIN
        DELETE FROM alert_trails WHERE alert_id = old.id;
        DELETE FROM alert_reviews WHERE alert_id = old.id;
      END;
      CREATE TABLE allow_entries (
        id TEXT PRIMARY KEY,
        match TEXT NOT NULL,
        reason TEXT NOT NULL,
        maximum_severity INTEGER NOT NULL,
        created_ms REAL NOT NULL,
        created_by TEXT NOT NULL,
        until_ms REAL,
        hidden INTEGER NOT NULL DEFAULT 0
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 5,
    name: 'traffic by the minute, hosts, source of flows',
    // Hosts have a number, so that their hours are narrow rows. `services` is a set of bits by the order of SERVICES.
    sql: `
      CREATE TABLE traffic_minutes (
        minute INTEGER PRIMARY KEY,
        received_bytes REAL NOT NULL,
        sent_bytes REAL NOT NULL,
        packets REAL NOT NULL,
        dropped REAL NOT NULL,
        watched_seconds REAL NOT NULL
      ) STRICT;
      CREATE TABLE hosts (
        id INTEGER PRIMARY KEY,
        address TEXT NOT NULL UNIQUE,
        first_seen_ms REAL NOT NULL,
        last_seen_ms REAL NOT NULL,
        is_proven INTEGER NOT NULL,
        services INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX hosts_by_time ON hosts (is_proven, last_seen_ms);
      CREATE TABLE host_hours (
        hour INTEGER NOT NULL,
        host INTEGER NOT NULL,
        sent_bytes REAL NOT NULL,
        received_bytes REAL NOT NULL,
        flows INTEGER NOT NULL,
        PRIMARY KEY (hour, host)
      ) STRICT, WITHOUT ROWID;
      CREATE TRIGGER hosts_removed AFTER DELETE ON hosts BEGIN
        DELETE FROM host_hours WHERE host = old.id;
      END;
      CREATE INDEX host_hours_by_host ON host_hours (host);
      ALTER TABLE flows ADD COLUMN source TEXT NOT NULL DEFAULT 'live';
    `,
  },
  {
    version: 6,
    name: 'captures and kept queries',
    // The index has only the flows of captures: writing those of this computer does not touch it.
    sql: `
      CREATE TABLE captures (id TEXT PRIMARY KEY, added_ms REAL NOT NULL, body TEXT NOT NULL) STRICT;
      CREATE INDEX flows_of_captures ON flows (source, id) WHERE source <> 'live';
      CREATE TABLE hunt_queries (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE COLLATE NOCASE,
        query TEXT NOT NULL,
        saved_ms REAL NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 7,
    name: 'tokens',
    // Only the hash of a secret: who reads the database cannot call with it.
    sql: `
      CREATE TABLE tokens (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        hash BLOB NOT NULL,
        created_ms REAL NOT NULL,
        created_by TEXT NOT NULL,
        expires_ms REAL,
        last_used_ms REAL
      ) STRICT, WITHOUT ROWID;
    `,
  },
  {
    version: 8,
    name: 'what flows said',
    sql: `
      ALTER TABLE flows ADD COLUMN application TEXT NOT NULL DEFAULT '';
      ALTER TABLE flows ADD COLUMN name TEXT NOT NULL DEFAULT '';
      ALTER TABLE flows ADD COLUMN said TEXT;
    `,
  },
  {
    version: 9,
    name: 'what is learnt',
    // One version of a table is in use at a time, which the index sees to.
    sql: `
      CREATE TABLE model_profiles (
        id TEXT PRIMARY KEY,
        model_table TEXT NOT NULL,
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        reason TEXT NOT NULL,
        trained_ms REAL NOT NULL,
        used_ms REAL,
        body TEXT NOT NULL,
        document BLOB NOT NULL,
        UNIQUE (model_table, version)
      ) STRICT;
      CREATE UNIQUE INDEX model_profiles_in_use ON model_profiles (model_table) WHERE state = 'active';
      CREATE TABLE model_samples (
        part TEXT NOT NULL,
        slot INTEGER NOT NULL,
        time_ms REAL NOT NULL,
        initiator TEXT NOT NULL,
        responder TEXT NOT NULL,
        is_unusual INTEGER NOT NULL,
        features BLOB NOT NULL,
        PRIMARY KEY (part, slot)
      ) STRICT;
      CREATE TABLE model_sample_states (
        part TEXT PRIMARY KEY,
        layout TEXT NOT NULL,
        seen REAL NOT NULL,
        weight REAL NOT NULL,
        last_ms REAL NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE anomalies (
        id INTEGER PRIMARY KEY,
        time_ms REAL NOT NULL,
        model_table TEXT NOT NULL,
        model_group TEXT NOT NULL,
        profile TEXT NOT NULL,
        p_value REAL NOT NULL,
        probability REAL NOT NULL,
        cause TEXT NOT NULL,
        title TEXT NOT NULL,
        reasons TEXT NOT NULL,
        is_shown INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX anomalies_by_time ON anomalies (time_ms, is_shown);
    `,
  },
  { version: 10, name: 'events of the host', sql: EVENT_SCHEMA },
  {
    version: 11,
    name: 'programs of flows',
    sql: `
      ALTER TABLE flows ADD COLUMN program TEXT NOT NULL DEFAULT '';
      ALTER TABLE flows ADD COLUMN program_pid INTEGER;
      ALTER TABLE flows ADD COLUMN program_user TEXT;
    `,
  },
  {
    version: 12,
    name: 'actions',
    sql: `
      CREATE TABLE actions (
        id TEXT PRIMARY KEY,
        created_ms REAL NOT NULL,
        updated_ms REAL NOT NULL,
        state TEXT NOT NULL,
        body TEXT NOT NULL,
        held TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX actions_by_time ON actions (created_ms, id);
      CREATE INDEX actions_by_state ON actions (state);
    `,
  },
];
