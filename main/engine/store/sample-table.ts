import type { Database } from 'better-sqlite3';

/** A row to learn from, in its slot. */
export interface SampleRow {
  readonly slot: number;
  /** Milliseconds since the epoch. */
  readonly timeMs: number;
  /** Whose conversation it was; empty for rows that are about nobody. */
  readonly initiator: string;
  readonly responder: string;
  /** Whether the model that was in use found it very unusual. */
  readonly isUnusual: boolean;
  /** Raw values in columns' order. */
  readonly values: Float32Array;
}

/** The same without what was measured. */
export type SampleSlot = Omit<SampleRow, 'values'>;

/** Which rows of a part. */
export interface SampleRange {
  /** Slots from this one on, and up to the one before that. */
  readonly from: number;
  readonly until: number;
  /** Milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** How far the sampling of a part is: what it needs to go on after a restart. */
export interface SampleState {
  /** "flow/tcp/long" */
  readonly part: string;
  /** What its columns are called, as one word: rows of other columns are of no use. */
  readonly layout: string;
  readonly seen: number;
  readonly weight: number;
  readonly lastMs: number;
}

interface StoredRow {
  readonly slot: number;
  readonly time_ms: number;
  readonly initiator: string;
  readonly responder: string;
  readonly is_unusual: number;
  readonly features: Buffer;
}

/** The statements of the tables of samples. Writes belong inside a transaction. */
export function sampleTable(database: Database) {
  const put = database.prepare(`
    INSERT OR REPLACE INTO model_samples (part, slot, time_ms, initiator, responder, is_unusual, features)
    VALUES (?, ?, ?, ?, ?, ?, ?)`);
  const remove = database.prepare('DELETE FROM model_samples WHERE part = ? AND slot = ?');
  const clear = database.prepare('DELETE FROM model_samples WHERE part = ?');
  const slots = database.prepare<[string], Omit<StoredRow, 'features'>>(
    'SELECT slot, time_ms, initiator, responder, is_unusual FROM model_samples WHERE part = ?',
  );
  const rows = database.prepare<[string, number, number, number], StoredRow>(
    'SELECT * FROM model_samples WHERE part = ? AND slot >= ? AND slot < ? AND time_ms >= ? ORDER BY slot',
  );
  const putState = database.prepare(`
    INSERT OR REPLACE INTO model_sample_states (part, layout, seen, weight, last_ms) VALUES (?, ?, ?, ?, ?)`);
  const state = database.prepare<[string], Omit<SampleState, 'lastMs'> & { readonly last_ms: number }>(
    'SELECT part, layout, seen, weight, last_ms FROM model_sample_states WHERE part = ?',
  );
  return {
    put(part: string, row: SampleRow): void {
      const { values } = row;
      const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
      put.run(part, row.slot, row.timeMs, row.initiator, row.responder, row.isUnusual ? 1 : 0, bytes);
    },
    remove: (part: string, slot: number): void => void remove.run(part, slot),
    clear: (part: string): void => void clear.run(part),
    slots: (part: string): SampleSlot[] => slots.all(part).map(slotOf),
    /** Of some slots, from a moment on. */
    rows: (part: string, { from, until, sinceMs }: SampleRange): SampleRow[] =>
      rows.all(part, from, until, sinceMs).map((row) => ({ ...slotOf(row), values: floatsOf(row.features) })),
    putState(given: SampleState): void {
      putState.run(given.part, given.layout, given.seen, given.weight, given.lastMs);
    },
    state(part: string): SampleState | undefined {
      const row = state.get(part);
      if (row === undefined) return undefined;
      const { last_ms: lastMs, ...rest } = row;
      return { ...rest, lastMs };
    },
  };
}

function slotOf(row: Omit<StoredRow, 'features'>): SampleSlot {
  return {
    slot: row.slot,
    timeMs: row.time_ms,
    initiator: row.initiator,
    responder: row.responder,
    isUnusual: row.is_unusual !== 0,
  };
}

/** Copied, since a blob need not begin at a multiple of four bytes. */
function floatsOf(blob: Buffer): Float32Array {
  const length = Math.floor(blob.length / Float32Array.BYTES_PER_ELEMENT) * Float32Array.BYTES_PER_ELEMENT;
  return new Float32Array(Uint8Array.from(blob.subarray(0, length)).buffer);
}
