import type { Database } from 'better-sqlite3';
import type { AllowEntry } from '../../../contract/api-alerts.ts';
import { SEVERITIES } from '../../../contract/domain.ts';
import type { RowReader } from './row-reader.ts';

/** Entries that are kept: a longer list is one that nobody understands any more. */
export const MAX_ALLOW_ENTRIES = 1_000;

interface AllowRow {
  readonly id: string;
  readonly match: string;
  readonly reason: string;
  readonly maximum_severity: number;
  readonly created_ms: number;
  readonly created_by: string;
  readonly until_ms: number | null;
  readonly hidden: number;
}

/** Prepared statements over the allow-list. */
export function allowTable(database: Database, reader: RowReader) {
  const list = database.prepare<unknown[], AllowRow>('SELECT * FROM allow_entries ORDER BY created_ms, id LIMIT ?');
  const add = database.prepare(`
    INSERT INTO allow_entries (id, match, reason, maximum_severity, created_ms, created_by, until_ms, hidden)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const remove = database.prepare('DELETE FROM allow_entries WHERE id = ?');
  const hide = database.prepare('UPDATE allow_entries SET hidden = hidden + ? WHERE id = ?');
  return {
    list: (): AllowEntry[] => list.all(MAX_ALLOW_ENTRIES).flatMap((row) => entryOf(row, reader) ?? []),
    add(entry: AllowEntry): void {
      const { id, match, reason, createdMs, createdBy, untilMs, hidden } = entry;
      const severity = SEVERITIES.indexOf(entry.maximumSeverity);
      add.run(id, JSON.stringify(match), reason, severity, createdMs, createdBy, untilMs, hidden);
    },
    /** False when there was none. */
    remove: (id: string): boolean => remove.run(id).changes > 0,
    countHidden: (id: string, more: number) => void hide.run(more, id),
  };
}

/** Undefined where it is damaged: what it hid is then shown. */
function entryOf(row: AllowRow, reader: RowReader): AllowEntry | undefined {
  const at = { table: 'allow_entries', row: row.id };
  const match = reader.json(at, row.match, 'allowMatch');
  const maximumSeverity = SEVERITIES[row.maximum_severity];
  if (match === undefined || !reader.is(at, maximumSeverity, 'severity')) return undefined;
  return {
    id: row.id,
    match,
    reason: row.reason,
    maximumSeverity,
    createdMs: row.created_ms,
    createdBy: row.created_by,
    untilMs: row.until_ms,
    hidden: row.hidden,
  };
}
