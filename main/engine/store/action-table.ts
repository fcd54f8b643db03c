import type { Database } from 'better-sqlite3';
import { ACTION_STATES, isInForce } from '../../../contract/actions.ts';
import type { ActionRecord } from '../../../contract/api-actions.ts';
import type { RowReader } from './row-reader.ts';
import type { Page } from './types.ts';

/** An action with what it takes to undo it, whichever run of Holdfast does that. */
export interface StoredAction {
  readonly record: ActionRecord;
  /** What it holds, in the words of its kind: plain data. */
  readonly held: unknown;
}

interface ActionRow {
  readonly id: string;
  readonly created_ms: number;
  readonly body: string;
  readonly held: string;
}

/** Actions that are over and remembered; the audit journal has them longer. */
const MAX_OVER = 5_000;

/** Prepared statements over actions. Writes belong inside a transaction. */
export function actionTable(database: Database, reader: RowReader) {
  const inForce = ACTION_STATES.filter((state) => isInForce({ state }))
    .map((state) => `'${state}'`)
    .join(', ');
  const upsert = database.prepare(`
    INSERT INTO actions (id, created_ms, updated_ms, state, body, held) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET updated_ms = excluded.updated_ms, state = excluded.state, body = excluded.body,
      held = excluded.held`);
  const prune = database.prepare(`
    DELETE FROM actions WHERE id IN (
      SELECT id FROM actions WHERE state NOT IN (${inForce}) ORDER BY created_ms DESC, id DESC LIMIT -1 OFFSET ?)`);
  const get = database.prepare<[string], ActionRow>('SELECT * FROM actions WHERE id = ?');
  const list = database.prepare<[number, string, number], ActionRow>(
    'SELECT * FROM actions WHERE (created_ms, id) < (?, ?) ORDER BY created_ms DESC, id DESC LIMIT ?',
  );
  const listInForce = database.prepare<[], ActionRow>(
    `SELECT * FROM actions WHERE state IN (${inForce}) ORDER BY created_ms DESC, id DESC`,
  );
  return {
    save({ record, held }: StoredAction): void {
      const { id, createdMs, updatedMs, state } = record;
      upsert.run(id, createdMs, updatedMs, state, JSON.stringify(record), JSON.stringify(held));
      prune.run(MAX_OVER);
    },
    get(id: string): StoredAction | undefined {
      const row = get.get(id);
      return row === undefined ? undefined : actionOf(row, reader);
    },
    /** The latest first. */
    list(limit: number, cursor?: string): Page<StoredAction> {
      const [createdMs, id] = positionOf(cursor);
      const rows = list.all(createdMs, id, limit);
      const last = rows.at(-1);
      const next = rows.length < limit || last === undefined ? undefined : `${last.created_ms}/${last.id}`;
      return { rows: rows.flatMap((row) => actionOf(row, reader) ?? []), cursor: next };
    },
    listInForce: (): StoredAction[] => listInForce.all().flatMap((row) => actionOf(row, reader) ?? []),
  };
}

function positionOf(cursor: string | undefined): readonly [number, string] {
  const [time = '', id = ''] = cursor?.split('/') ?? [];
  const createdMs = Number(time);
  return time === '' || !Number.isFinite(createdMs) ? [Number.MAX_VALUE, ''] : [createdMs, id];
}

/** Undefined where it is damaged. What is held is judged by whoever undoes it. */
function actionOf({ id, body, held: text }: ActionRow, reader: RowReader): StoredAction | undefined {
  const at = { table: 'actions', row: id };
  const record = reader.json(at, body, 'action');
  return record === undefined ? undefined : { record, held: reader.json(at, text, 'anything') };
}
