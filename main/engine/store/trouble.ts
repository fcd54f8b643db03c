import { codeOf } from '../runtime/failure.ts';

/** What can be wrong with the database, as far as it makes a difference to what is done about it. */
export type Trouble = 'full' | 'locked' | 'read-only' | 'corrupt' | 'unreachable';

interface TroubleRow {
  /** SQLite result codes (sqlite.org/rescode.html), by prefix. */
  readonly codes: readonly string[];
  readonly detail: string;
  readonly hint: string;
}

export const TROUBLES: Readonly<Record<Trouble, TroubleRow>> = {
  full: {
    codes: ['SQLITE_FULL'],
    detail: 'The disk is full: nothing can be stored. Watching goes on.',
    hint: 'Make room on the disk that holds the data directory; storing then resumes by itself.',
  },
  locked: {
    codes: ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_PROTOCOL'],
    detail: 'Another process locks the database: nothing can be stored. Watching goes on.',
    hint: 'Close the program that has the database open (a second engine, sqlite3); storing then resumes by itself.',
  },
  'read-only': {
    codes: ['SQLITE_READONLY', 'SQLITE_PERM', 'SQLITE_AUTH'],
    detail: 'The database can only be read: nothing can be stored. Watching goes on.',
    hint: 'Make the data directory and its file system writable; storing then resumes by itself.',
  },
  corrupt: {
    codes: ['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_FORMAT'],
    detail: 'The database is damaged and could not be put aside. Watching goes on.',
    hint: 'Move the database file away; a fresh one is then begun.',
  },
  unreachable: {
    codes: ['SQLITE_CANTOPEN', 'SQLITE_IOERR', 'SQLITE_NOMEM'],
    detail: 'The database cannot be reached: nothing can be stored. Watching goes on.',
    hint: 'Check that the data directory exists, is writable, and that its disk works.',
  },
};

/** Undefined for errors that the row caused, not the database: those are not cured by waiting. */
export function troubleOf(error: unknown): Trouble | undefined {
  const code = codeOf(error);
  // The disk may fill up below SQLite's write, which then tells of an input/output error.
  if (code === 'SQLITE_IOERR_WRITE' && String(error).includes('full')) {
    return 'full';
  }
  for (const [trouble, { codes }] of Object.entries(TROUBLES)) {
    if (codes.some((prefix) => code === prefix || code.startsWith(`${prefix}_`))) {
      return trouble as Trouble;
    }
  }
  return code.startsWith('E') && !code.startsWith('ERR_') ? (SYSTEM_CODES[code] ?? 'unreachable') : undefined;
}

const SYSTEM_CODES: Readonly<Record<string, Trouble>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EROFS: 'read-only',
  EACCES: 'read-only',
  EPERM: 'read-only',
};
