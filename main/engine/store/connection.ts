import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type Sqlite from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import { codeOf, FailureError } from '../runtime/failure.ts';
import { ensureOwnDirectory } from '../runtime/paths.ts';
import { migrate } from './migrate.ts';

const PRIVATE_FILE = 0o600;
/** 8 MB of cache: the indexes of a year of alerts, and the tail of the flows. The kernel keeps more of the file. */
const CACHE_KIB = 8 * 1024;
/** The write-ahead log is cut back to this size after a checkpoint. */
const WAL_LIMIT_BYTES = 16 * 1024 * 1024;
/** Damaged databases that are kept for whoever looks into it; older ones are removed. */
const KEPT_DAMAGED = 3;

/**
 * Opens (or makes) the database, private to this user, and brings its schema up to date.
 *
 * WAL with synchronous=FULL: each commit is on the disk when it returns. NORMAL would be faster but may
 * lose all commits since the last checkpoint in a power cut (sqlite.org/pragma.html#pragma_synchronous),
 * and with commits gathered to two a second the difference is two fsyncs a second.
 *
 * @throws SqliteError, system errors, FailureError
 */
export function openDatabase(sqlite: typeof Sqlite, path: string, busyMs: number, nowMs: number): Database {
  ensureOwnDirectory(dirname(path));
  claimFile(path);
  const database = new sqlite(path, { timeout: busyMs });
  try {
    // Takes effect only before the first table is made.
    database.pragma('auto_vacuum = INCREMENTAL');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma(`cache_size = -${CACHE_KIB}`);
    database.pragma(`journal_size_limit = ${WAL_LIMIT_BYTES}`);
    // A database that somebody else prepared must not run functions of its own inside ours.
    database.pragma('trusted_schema = OFF');
    migrate(database, nowMs);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Makes the file before SQLite does, so that it is private from its first moment and no planted link is followed. */
function claimFile(path: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, PRIVATE_FILE);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') {
      const hint = 'Remove the link, or choose another --data-dir.';
      throw new FailureError({ code: 'unsafe-file', message: `${path} is a symbolic link.`, hint }, error);
    }
    throw error;
  }
  try {
    if ((fstatSync(descriptor).mode & 0o777) !== PRIVATE_FILE) {
      fchmodSync(descriptor, PRIVATE_FILE);
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Tells one file from another of the same name; undefined when there is none. */
export function fileIdentity(path: string): string | undefined {
  const entry = statSync(path, { throwIfNoEntry: false });
  return entry && `${entry.dev}/${entry.ino}`;
}

/** Moves a damaged database aside, with its log; returns the new name. The index of the log is worthless. */
export function putAside(path: string, nowMs: number): string {
  const stamp = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const aside = `${path}.corrupt-${stamp}`;
  renameSync(path, aside);
  renameIfThere(`${path}-wal`, `${aside}-wal`);
  rmSync(`${path}-shm`, { force: true });
  const prefix = `${basename(path)}.corrupt-`;
  const damaged = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix) && !name.endsWith('-wal'));
  for (const name of damaged.sort().slice(0, -KEPT_DAMAGED)) {
    rmSync(join(dirname(path), name), { force: true });
    rmSync(join(dirname(path), `${name}-wal`), { force: true });
  }
  return aside;
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') {
      throw error;
    }
  }
}
