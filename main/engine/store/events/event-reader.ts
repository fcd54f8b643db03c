import type { Database } from 'better-sqlite3';
import type { HostEvent } from '../../../../contract/events.ts';
import {
  decodeEvent,
  EVENT_COLUMNS,
  EVENT_TABLES,
  type EventCell,
  type EventTableName,
  isKnownCode,
  type OnDamaged,
} from './event-codec.ts';
import { processReader } from './process-rows.ts';

/** An event with its number, which goes up in the order of storing. */
export interface StoredEvent {
  readonly id: number;
  readonly event: HostEvent;
}

export type RawEvent = readonly [
  id: number,
  timeMs: number,
  code: number,
  process: number | null,
  rest: string | null,
  ...cells: EventCell[],
];

/** Columns that make an event, in the order of RawEvent. */
export function eventColumns(table: EventTableName): string {
  return ['id', 'time_ms', 'code', 'process', 'rest', ...EVENT_COLUMNS[table]].map((name) => `e.${name}`).join(', ');
}

/** Reads rows back into events. */
export function eventReader(database: Database, onDamaged: OnDamaged) {
  const processOf = processReader(database, onDamaged);
  const byId = EVENT_TABLES.map((table) =>
    database.prepare<[number], RawEvent>(`SELECT ${eventColumns(table)} FROM ${table} AS e WHERE id = ?`).raw(),
  );
  /** Undefined for a row that a newer version wrote, or that is damaged. */
  const storedOf = ([id, timeMs, code, process, rest, ...cells]: RawEvent): StoredEvent | undefined => {
    const event = decodeEvent({ code, timeMs, rest, cells }, process === null ? undefined : processOf(process));
    if (event !== undefined) return { id, event };
    if (isKnownCode(code)) onDamaged({ table: 'events', row: id });
    return undefined;
  };
  return {
    storedOf,
    get(id: number): StoredEvent | undefined {
      for (const statement of byId) {
        const row = statement.get(id);
        if (row !== undefined) return storedOf(row);
      }
      return undefined;
    },
  };
}

export type EventReader = ReturnType<typeof eventReader>;
