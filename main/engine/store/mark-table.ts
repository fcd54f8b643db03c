import type { Database } from 'better-sqlite3';

/** Marks share the table `meta` with the journal's ends, and must never be mistaken for them. */
const PREFIX = 'mark/';

/** Short texts by name that outlast a restart. Writes belong inside a transaction. */
export function markTable(database: Database) {
  const get = database.prepare<[string], string>('SELECT value FROM meta WHERE key = ?').pluck();
  const set = database.prepare(
    'INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
  );
  const remove = database.prepare('DELETE FROM meta WHERE key = ?');
  return {
    get: (name: string): string | undefined => get.get(PREFIX + name),
    set(name: string, text: string | null): void {
      if (text === null) remove.run(PREFIX + name);
      else set.run(PREFIX + name, text);
    },
  };
}
