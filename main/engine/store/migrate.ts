import type { Database } from 'better-sqlite3';
import { FailureError } from '../runtime/failure.ts';
import { MIGRATIONS, type Migration } from './schema.ts';

/**
 * Brings the schema up to date, all steps in one transaction: it is the new schema or the old one, never
 * something between. Returns the version.
 *
 * @throws FailureError `database-too-new` when a newer Holdfast wrote it; SqliteError otherwise
 */
export function migrate(database: Database, nowMs: number, migrations: readonly Migration[] = MIGRATIONS): number {
  const latest = migrations.at(-1)?.version ?? 0;
  const run = database.transaction(() => {
    database.exec(
      'CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms REAL NOT NULL) STRICT',
    );
    const found = versionOf(database);
    if (found > latest) {
      throw tooNew(database.name, found, latest);
    }
    const note = database.prepare('INSERT INTO migrations (version, name, applied_ms) VALUES (?, ?, ?)');
    for (const { version, name, sql } of migrations.filter((migration) => migration.version > found)) {
      database.exec(sql);
      note.run(version, name, nowMs);
    }
  });
  run.immediate();
  return latest;
}

function versionOf(database: Database): number {
  return (database.prepare('SELECT max(version) FROM migrations').pluck().get() as number | null) ?? 0;
}

function tooNew(path: string, found: number, latest: number): FailureError {
  return new FailureError({
    code: 'database-too-new',
    message: `${path} has schema version ${found}; this Holdfast knows versions up to ${latest}.`,
    hint: 'A newer Holdfast wrote it. Install that version again, or start with another --data-dir.',
  });
}
