import type Sqlite from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import type { Failure } from '../../../contract/domain.ts';
import type { Clock } from '../runtime/clock.ts';
import { FailureError, messageOf } from '../runtime/failure.ts';
import type { HealthPart } from '../runtime/health.ts';
import { fileIdentity, openDatabase, putAside } from './connection.ts';
import type { DamagedRows } from './damaged-rows.ts';
import type { RowReader } from './row-reader.ts';
import type { StoreSettings } from './store-settings.ts';
import { prepareTables, type Tables } from './tables.ts';
import { TROUBLES, type Trouble, troubleOf } from './trouble.ts';

const FIRST_RETRY_MS = 1_000;
/** The disk that was full for an hour need not be asked more often than this. */
const LAST_RETRY_MS = 30_000;

export interface LinkRequest {
  readonly sqlite: typeof Sqlite;
  readonly path: string;
  readonly settings: StoreSettings;
  readonly clock: Clock;
  readonly part: HealthPart;
  readonly reader: RowReader;
  readonly damaged: DamagedRows;
  /** The database is in trouble: attempt something again after `retryMs`, which grows while the trouble lasts. */
  readonly onTrouble: (retryMs: number) => void;
  /** A damaged database was replaced outside of an attempt: what waits can be written. */
  readonly onReturn: () => void;
}

/** A database that is open, as long as its file is the one at the path. */
interface OpenDatabase {
  readonly database: Database;
  readonly tables: Tables;
  readonly identity: string | undefined;
}

/**
 * The way to a database that may be away for a while: full, locked, damaged, removed. It is the one place that knows
 * what is wrong, says so in Health, and decides what is done about it; all others see only whether something worked.
 */
export class DatabaseLink {
  readonly #request: LinkRequest;
  #settings: StoreSettings;
  #open: OpenDatabase | undefined;
  #trouble: Trouble | undefined;
  #retryMs = FIRST_RETRY_MS;
  /** Said in Health for the rest of the run: a damaged database is not forgotten by working again. */
  #asideNote: string | undefined;
  #closed = false;

  constructor(request: LinkRequest) {
    this.#request = request;
    this.#settings = request.settings;
  }

  /**
   * The first opening. Trouble that may pass is not thrown: a retry is arranged for it.
   * @throws FailureError for what no waiting cures (a newer schema, an unsafe file)
   */
  open(): void {
    if (this.#connect() !== undefined) {
      this.#works();
    }
  }

  /** Whether there is no trouble that is known; in trouble, the retry finds out when it is over. */
  get isUsable(): boolean {
    return this.#trouble === undefined && !this.#closed;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Why nothing came of an attempt or a question. */
  failure(): Failure {
    const { detail, hint } = TROUBLES[this.#trouble ?? 'unreachable'];
    return { code: `store-${this.#trouble ?? 'closed'}`, message: detail, hint };
  }

  /** Asks something of an open database; undefined when there is none, or it is in trouble. Never throws. */
  ask<T>(question: (tables: Tables) => T): { readonly value: T } | undefined {
    if (this.#open === undefined) {
      return undefined;
    }
    try {
      return { value: question(this.#open.tables) };
    } catch (error) {
      this.#handle(error);
      return undefined;
    }
  }

  /** Does some writing; false, with Health told and a retry arranged, when the database is in trouble. */
  attempt(work: (tables: Tables, database: Database) => void): boolean {
    if (this.#closed) {
      return false;
    }
    try {
      const open = this.#open ?? this.#connect();
      if (open === undefined) {
        return false;
      }
      work(open.tables, open.database);
      this.#works();
      return true;
    } catch (error) {
      this.#handle(error);
      return false;
    }
  }

  /** Other settings from now on; how long a lock is waited for belongs to the connection and stays. */
  configure(settings: StoreSettings): void {
    this.#settings = { ...settings, busyMs: this.#settings.busyMs };
    this.attempt((_tables, database) => {
      const tables = prepareTables(database, this.#settings, this.#request.reader);
      this.#open = this.#open && { ...this.#open, tables };
    });
  }

  /** SQLite would go on writing to a file that has no name any more, and all of it would be lost. */
  leaveRemovedFile(): void {
    const { path } = this.#request;
    if (this.#open !== undefined && fileIdentity(path) !== this.#open.identity) {
      this.#disconnect();
      this.#asideNote = `The database ${path} was removed or replaced while in use; what it held is not shown any more.`;
    }
  }

  close(): void {
    this.#closed = true;
    this.#disconnect();
  }

  /** Throws only what is no trouble of the database (a newer schema, an unsafe file). */
  #connect(): OpenDatabase | undefined {
    for (const attempt of ['as it is', 'afresh']) {
      try {
        this.#open = this.#begin();
        return this.#open;
      } catch (error) {
        const trouble = troubleOf(error) ?? (error instanceof FailureError ? directoryTrouble(error) : undefined);
        if (trouble === undefined) {
          throw error;
        }
        if (trouble !== 'corrupt' || attempt === 'afresh' || !this.#putAside(error)) {
          this.#fail(trouble);
          return undefined;
        }
      }
    }
    return undefined;
  }

  #begin(): OpenDatabase {
    const { sqlite, path, clock } = this.#request;
    const database = openDatabase(sqlite, path, this.#settings.busyMs, clock.nowMs());
    try {
      return {
        database,
        tables: prepareTables(database, this.#settings, this.#request.reader),
        identity: fileIdentity(path),
      };
    } catch (error) {
      closeQuietly(database);
      throw error;
    }
  }

  #handle(error: unknown): void {
    const trouble = troubleOf(error);
    if (trouble === undefined) {
      // Nothing that the disk did: a mistake in this program. Said, and tried again like the rest.
      this.#fail('unreachable', messageOf(error));
      return;
    }
    // A full disk or a lock passes by itself; after anything else the connection is not to be relied on.
    if (trouble !== 'full' && trouble !== 'locked') {
      this.#disconnect();
    }
    if (trouble === 'corrupt' && this.#putAside(error)) {
      this.#reconnect();
    } else {
      this.#fail(trouble);
    }
  }

  #reconnect(): void {
    try {
      if (this.#connect() !== undefined) {
        this.#works();
        this.#request.onReturn();
      }
    } catch (error) {
      this.#fail('unreachable', messageOf(error));
    }
  }

  #putAside(cause: unknown): boolean {
    try {
      const aside = putAside(this.#request.path, this.#request.clock.nowMs());
      this.#asideNote = `The database was damaged (${messageOf(cause)}) and is kept as ${aside}; a fresh one was begun.`;
      return true;
    } catch {
      // Health then says that it could not be put aside, and how to do it by hand.
      return false;
    }
  }

  #works(): void {
    this.#trouble = undefined;
    this.#retryMs = FIRST_RETRY_MS;
    this.tellDamage();
  }

  /** Says how the database does while there is no trouble with it. */
  tellDamage(): void {
    if (this.#trouble !== undefined || this.#closed) return;
    const { part, damaged } = this.#request;
    const rows = damaged.words();
    if (this.#asideNote !== undefined) {
      part.degraded(
        this.#asideNote,
        'Find out why (the disk, another program); restart the engine to clear this notice.',
      );
    } else if (rows !== undefined) {
      part.degraded(
        `Everything is stored. Of what was read since the start, this was damaged and is left out or shown in part: ${rows}.`,
        'Holdfast did not write it so: check the disk, and who may write the data directory. It goes when it is old enough.',
      );
    } else part.ok('Everything is stored.');
  }

  #fail(trouble: Trouble, detail?: string): void {
    this.#trouble = trouble;
    const row = TROUBLES[trouble];
    this.#request.part.degraded(detail === undefined ? row.detail : `${row.detail} (${detail})`, row.hint);
    this.#request.onTrouble(this.#retryMs);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #disconnect(): void {
    if (this.#open !== undefined) {
      closeQuietly(this.#open.database);
      this.#open = undefined;
    }
  }
}

function closeQuietly(database: Database): void {
  try {
    database.close();
  } catch {
    // Closing checkpoints; what that meets (a full disk) is known already, and the log keeps the rows.
  }
}

/** A directory that cannot be made may be possible later; one that is unsafe stays unsafe. */
function directoryTrouble(error: FailureError): Trouble | undefined {
  return error.failure.code === 'no-directory' ? (troubleOf(error.cause) ?? 'unreachable') : undefined;
}
