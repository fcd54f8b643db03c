import type { Database } from 'better-sqlite3';

/** A query that was kept under a name. */
export interface SavedRow {
  readonly id: string;
  readonly name: string;
  readonly query: string;
  readonly savedMs: number;
}

/** Prepared statements over the kept queries. */
export function savedTable(database: Database) {
  const put = database.prepare(`
    INSERT INTO hunt_queries (id, name, query, saved_ms) VALUES (?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET name = excluded.name, query = excluded.query, saved_ms = excluded.saved_ms`);
  const byName = database.prepare<[string], SavedRow>(
    'SELECT id, name, query, saved_ms AS savedMs FROM hunt_queries WHERE name = ?',
  );
  const list = database.prepare<[], SavedRow>(
    'SELECT id, name, query, saved_ms AS savedMs FROM hunt_queries ORDER BY name, id',
  );
  const remove = database.prepare<[string], string>('DELETE FROM hunt_queries WHERE id = ? RETURNING name').pluck();
  return {
    /** The same name, whatever its case, keeps its id. */
    put({ id, name, query, savedMs }: SavedRow): SavedRow {
      put.run(id, name, query, savedMs);
      return byName.get(name) as SavedRow;
    },
    list: (): SavedRow[] => list.all(),
    /** Gives its name; undefined where there was none. */
    remove: (id: string): string | undefined => remove.get(id),
  };
}
