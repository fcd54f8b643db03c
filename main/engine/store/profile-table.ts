import type { Database } from 'better-sqlite3';
import type { Profile } from '../../../contract/api-models.ts';
import type { ModelTable, ProfileState } from '../../../contract/models.ts';
import type { RowReader } from './row-reader.ts';

/** A version of what was learnt, as it is kept, but for its document. */
export interface StoredProfile {
  readonly profile: Profile;
  /** When it was last put in use; null for one that never was. */
  readonly usedMs: number | null;
}

interface ProfileRow {
  readonly id: string;
  readonly model_table: ModelTable;
  readonly version: number;
  readonly state: ProfileState;
  readonly reason: string;
  readonly used_ms: number | null;
  readonly body: string;
}

/** Far above what a person may set to be kept. */
const MAX_ROWS = 1_000;

/** The statements of the table of profiles. Writes belong inside a transaction. */
export function profileTable(database: Database, reader: RowReader) {
  const insert = database.prepare(`
    INSERT INTO model_profiles (id, model_table, version, state, reason, trained_ms, used_ms, body, document)
    VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?)`);
  const list = database.prepare<[number], ProfileRow>(`
    SELECT id, model_table, version, state, reason, used_ms, body FROM model_profiles
    ORDER BY trained_ms DESC, version DESC LIMIT ?`);
  const document = database.prepare<[string], Buffer>('SELECT document FROM model_profiles WHERE id = ?').pluck();
  const retire = database.prepare(`
    UPDATE model_profiles SET state = 'retired', reason = ? WHERE model_table = ? AND state = 'active'`);
  const activate = database.prepare(`
    UPDATE model_profiles SET state = 'active', reason = ?, used_ms = ? WHERE id = ?`);
  const remove = database.prepare("DELETE FROM model_profiles WHERE id = ? AND state <> 'active'");
  const highest = database
    .prepare<[string], number | null>('SELECT max(version) FROM model_profiles WHERE model_table = ?')
    .pluck();
  return {
    /** As a candidate, whatever its state says; see `use`. */
    insert(profile: Profile, bytes: Uint8Array): void {
      const { id, table, version, reason, trainedMs } = profile;
      insert.run(id, table, version, 'candidate', reason, trainedMs, JSON.stringify(profile), bytes);
    },
    /** The latest first. */
    list: (): StoredProfile[] => list.all(MAX_ROWS).flatMap((row) => storedProfile(row, reader) ?? []),
    document: (id: string): Buffer | undefined => document.get(id),
    /** Puts it in use instead of the one that is. */
    use(table: ModelTable, id: string, reason: string, retiredReason: string, nowMs: number): void {
      retire.run(retiredReason, table);
      activate.run(reason, nowMs, id);
    },
    /** False for one that is not there or is in use. */
    remove: (id: string): boolean => remove.run(id).changes > 0,
    highestVersion: (table: ModelTable): number => highest.get(table) ?? 0,
  };
}

function storedProfile({ id, body, state, reason, used_ms }: ProfileRow, reader: RowReader): StoredProfile | undefined {
  const profile = reader.json({ table: 'model_profiles', row: id }, body, 'profile');
  return profile && { profile: { ...profile, state, reason }, usedMs: used_ms };
}
