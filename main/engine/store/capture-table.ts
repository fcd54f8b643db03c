import type { Database } from 'better-sqlite3';
import type { Capture } from '../../../contract/api-captures.ts';
import type { StoreAccess } from './access.ts';
import { readObject } from './damaged-rows.ts';
import type { RowReader } from './row-reader.ts';
import type { FlowRecord } from './types.ts';

/** Listed at the most; far above what is kept. */
const MAX_LISTED = 1_000;
/** Flows removed in one transaction: some ten milliseconds. */
const REMOVED_AT_ONCE = 5_000;

/** Prepared statements over the captures and the flows that came from them. */
export function captureTable(database: Database, reader: RowReader) {
  const put = database.prepare(`
    INSERT INTO captures (id, added_ms, body) VALUES (?, ?, ?)
    ON CONFLICT (id) DO UPDATE SET added_ms = excluded.added_ms, body = excluded.body`);
  const list = database.prepare<[number], CaptureRow>(
    'SELECT id, body FROM captures ORDER BY added_ms DESC, id DESC LIMIT ?',
  );
  const remove = database.prepare('DELETE FROM captures WHERE id = ?');
  // The second condition is that of the index, which has only the flows of captures.
  const removeFlows = database.prepare(
    "DELETE FROM flows WHERE id IN (SELECT id FROM flows WHERE source = ? AND source <> 'live' LIMIT ?)",
  );
  return {
    put: (capture: Capture): void => void put.run(capture.id, capture.addedMs, JSON.stringify(capture)),
    list: (): Capture[] => list.all(MAX_LISTED).flatMap((row) => captureIn(row, reader) ?? []),
    remove: (id: string): boolean => remove.run(id).changes > 0,
    removeFlows: (id: string, limit: number): number => removeFlows.run(id, limit).changes,
  };
}

interface CaptureRow {
  readonly id: string;
  readonly body: string;
}

/** A capture as it was written; earlier versions did not write how many of its bytes had come. */
function captureIn({ id, body }: CaptureRow, reader: RowReader): Capture | undefined {
  const earlier = readObject(body);
  const isWithoutBytes = earlier !== undefined && !('receivedBytes' in earlier);
  const whole = isWithoutBytes
    ? JSON.stringify({ ...earlier, receivedBytes: earlier.result === null ? 0 : earlier.sizeBytes })
    : body;
  return reader.json({ table: 'captures', row: id }, whole, 'capture');
}

/** Captures that were given to the engine, and their flows; their alerts are among the alerts. */
export class CaptureStore {
  readonly #access: StoreAccess;

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  /** The latest first. */
  list(): readonly Capture[] {
    return this.#access.read((tables) => tables.captures.list(), []).value;
  }

  put(capture: Capture): void {
    this.#access.later((tables) => tables.captures.put(capture));
  }

  /** A new one, with its entry in the journal. @throws FailureError when the database is in trouble */
  add(capture: Capture): void {
    const { id, name, sizeBytes, addedMs, addedBy: actor } = capture;
    this.#access.write((tables) => {
      tables.captures.put(capture);
      tables.journal.append({ actor, action: 'capture-added', subject: id, detail: { name, sizeBytes } }, addedMs);
    });
  }

  /** With its entry in the journal. @throws FailureError when the database is in trouble */
  remove({ id, name }: Capture, actor: string): void {
    const nowMs = this.#access.nowMs();
    this.#access.write((tables) => {
      if (tables.captures.remove(id)) {
        tables.journal.append({ actor, action: 'capture-removed', subject: id, detail: { name } }, nowMs);
      }
    });
  }

  /** Stores flows of a capture, now. @throws FailureError when the database is in trouble */
  addFlows(id: string, flows: readonly FlowRecord[]): void {
    const nowMs = this.#access.nowMs();
    this.#access.write((tables) => {
      for (const flow of flows) tables.flows.insert({ ...flow, source: id }, nowMs);
    });
  }

  /** Removes a bounded number of its flows; false when none is left. @throws FailureError when it cannot */
  removeFlows(id: string): boolean {
    return this.#access.write((tables) => tables.captures.removeFlows(id, REMOVED_AT_ONCE)) === REMOVED_AT_ONCE;
  }
}
