import type { Database } from 'better-sqlite3';
import type { Role } from '../../../contract/api-roles.ts';
import type { RowReader } from './row-reader.ts';

/** A token for the HTTP interface, as it is kept: without its secret. */
export interface StoredToken {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the secret. */
  readonly hash: Uint8Array;
  readonly createdMs: number;
  readonly createdBy: string;
  /** Null: until it is revoked. */
  readonly expiresMs: number | null;
  readonly lastUsedMs: number | null;
}

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly hash: Buffer;
  readonly created_ms: number;
  readonly created_by: string;
  readonly expires_ms: number | null;
  readonly last_used_ms: number | null;
}

/** Far above the bound on tokens that are made: a list that somebody else filled stays harmless. */
const MAX_ROWS = 1_000;

/** The statements of the table of tokens. Writes belong inside a transaction. */
export function tokenTable(database: Database, reader: RowReader) {
  const insert = database.prepare(`
    INSERT INTO tokens (id, name, role, hash, created_ms, created_by, expires_ms, last_used_ms)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const remove = database.prepare('DELETE FROM tokens WHERE id = ?');
  const touch = database.prepare('UPDATE tokens SET last_used_ms = ? WHERE id = ?');
  const list = database.prepare<[number], TokenRow>('SELECT * FROM tokens ORDER BY created_ms, id LIMIT ?');
  return {
    insert(token: StoredToken): void {
      const { id, name, role, hash, createdMs, createdBy, expiresMs, lastUsedMs } = token;
      insert.run(id, name, role, hash, createdMs, createdBy, expiresMs, lastUsedMs);
    },
    /** False where there was none. */
    remove: (id: string): boolean => remove.run(id).changes > 0,
    touch: (id: string, lastUsedMs: number): void => void touch.run(lastUsedMs, id),
    /** The oldest first. */
    list: (): StoredToken[] => list.all(MAX_ROWS).flatMap((row) => tokenOf(row, reader) ?? []),
  };
}

/** Undefined where it says nothing of what its bearer may do. */
function tokenOf(row: TokenRow, reader: RowReader): StoredToken | undefined {
  const { role } = row;
  if (!reader.is({ table: 'tokens', row: row.id }, role, 'role')) return undefined;
  return {
    id: row.id,
    name: row.name,
    role,
    hash: row.hash,
    createdMs: row.created_ms,
    createdBy: row.created_by,
    expiresMs: row.expires_ms,
    lastUsedMs: row.last_used_ms,
  };
}
