/**
 * Tables of what happened on the host. One row is one event (contract/events.ts); the numbers of rows are shared by
 * all these tables and go up in the order of storing, so that they can be merged, paged and removed by number alone.
 *
 * - `event_texts`: texts that come again and again (executables, users, units), each once in a while.
 * - `event_processes`: a process as an event told it, each once in a while, with its parent as another row. Events
 *   have its number: the arguments and the ancestors of a program that writes 50,000 files are stored once.
 * - `event_marks`: which number came when, so that rows need no time of storing of their own.
 * - `rest`: facts without a column, as JSON; null where there are none.
 *
 * Indexes are few, and of numbers: an index of paths would make each commit write a page for each row. `path_key` is a
 * hash of the path, and its index begins with the block of the row (16,384 rows), so that rows that are stored
 * together are close together in the index too.
 */
export const EVENT_SCHEMA = `
  CREATE TABLE event_marks (id INTEGER PRIMARY KEY, stored_ms REAL NOT NULL) STRICT;
  CREATE TABLE event_texts (id INTEGER PRIMARY KEY, since_event INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
  CREATE INDEX event_texts_by_text ON event_texts (text COLLATE NOCASE);
  CREATE TABLE event_processes (
    id INTEGER PRIMARY KEY,
    since_event INTEGER NOT NULL,
    parent INTEGER,
    pid REAL,
    started_ms REAL,
    image INTEGER NOT NULL,
    user INTEGER,
    package INTEGER,
    unit INTEGER,
    command TEXT NOT NULL,
    rest TEXT
  ) STRICT;
  CREATE INDEX event_processes_by_pid ON event_processes (pid, started_ms);
  CREATE INDEX event_processes_by_parent ON event_processes (parent) WHERE parent IS NOT NULL;
  CREATE INDEX event_processes_by_image ON event_processes (image);
  CREATE INDEX event_processes_by_user ON event_processes (user);
  CREATE TABLE event_starts (
    id INTEGER PRIMARY KEY,
    time_ms REAL NOT NULL,
    code INTEGER NOT NULL,
    process INTEGER,
    rest TEXT,
    ended_ms REAL,
    exit_code REAL,
    signal REAL
  ) STRICT;
  CREATE INDEX event_starts_by_process ON event_starts (process);
  CREATE TABLE event_exits (
    id INTEGER PRIMARY KEY,
    time_ms REAL NOT NULL,
    code INTEGER NOT NULL,
    process INTEGER,
    rest TEXT,
    exit_code REAL,
    signal REAL
  ) STRICT;
  CREATE INDEX event_exits_by_process ON event_exits (process);
  CREATE TABLE event_files (
    id INTEGER PRIMARY KEY,
    time_ms REAL NOT NULL,
    code INTEGER NOT NULL,
    process INTEGER,
    rest TEXT,
    path_key INTEGER NOT NULL,
    path TEXT NOT NULL,
    other_path TEXT,
    kind TEXT,
    size_bytes REAL,
    mode REAL,
    uid REAL,
    gid REAL,
    device REAL,
    inode REAL
  ) STRICT;
  CREATE INDEX event_files_by_path ON event_files (id >> 14, path_key);
  CREATE INDEX event_files_by_process ON event_files (process) WHERE process IS NOT NULL;
  CREATE TABLE event_connections (
    id INTEGER PRIMARY KEY,
    time_ms REAL NOT NULL,
    code INTEGER NOT NULL,
    process INTEGER,
    rest TEXT,
    direction TEXT,
    protocol TEXT,
    local_address TEXT,
    local_port REAL,
    remote_address TEXT,
    remote_port REAL,
    remote_name TEXT,
    record_type TEXT,
    response TEXT,
    flow TEXT
  ) STRICT;
  CREATE INDEX event_connections_by_remote ON event_connections (id >> 14, remote_address);
  CREATE INDEX event_connections_by_process ON event_connections (process) WHERE process IS NOT NULL;
  CREATE TABLE event_logs (
    id INTEGER PRIMARY KEY,
    time_ms REAL NOT NULL,
    code INTEGER NOT NULL,
    process INTEGER,
    rest TEXT,
    service TEXT,
    identifier TEXT,
    unit TEXT,
    pid REAL,
    file TEXT,
    serial REAL,
    message TEXT
  ) STRICT;
  CREATE INDEX event_logs_by_service ON event_logs (service);
  CREATE TABLE event_logins (
    id INTEGER PRIMARY KEY,
    time_ms REAL NOT NULL,
    code INTEGER NOT NULL,
    process INTEGER,
    rest TEXT,
    user TEXT,
    is_success REAL,
    service TEXT,
    method TEXT,
    target_user TEXT,
    remote_address TEXT,
    remote_port REAL,
    terminal TEXT,
    session REAL
  ) STRICT;
  CREATE INDEX event_logins_by_process ON event_logins (process) WHERE process IS NOT NULL;
  CREATE TABLE event_changes (
    id INTEGER PRIMARY KEY,
    time_ms REAL NOT NULL,
    code INTEGER NOT NULL,
    process INTEGER,
    rest TEXT,
    subject TEXT,
    action TEXT,
    place TEXT,
    path TEXT,
    detail TEXT
  ) STRICT;
  CREATE INDEX event_changes_by_process ON event_changes (process) WHERE process IS NOT NULL;
`;
