import type { Database } from 'better-sqlite3';
import type { ModelGroup, ModelTable } from '../../../contract/models.ts';
import type { RowReader } from './row-reader.ts';

/** Something unusual enough that it might have been shown. */
export interface StoredAnomaly {
  readonly timeMs: number;
  readonly table: ModelTable;
  readonly group: ModelGroup;
  /** The version that found it; empty for the simple baseline of the first hours. */
  readonly profileId: string;
  readonly pValue: number;
  readonly probability: number;
  readonly cause: string;
  readonly title: string;
  /** In words. */
  readonly reasons: readonly string[];
  /** Whether it was shown, or held back as there were enough that day. */
  readonly isShown: boolean;
}

/** As much of it as decides whether it is shown. */
export interface BriefAnomaly extends Pick<StoredAnomaly, 'timeMs' | 'pValue' | 'cause'> {
  readonly id: number;
}

interface AnomalyRow {
  readonly id: number;
  readonly time_ms: number;
  readonly model_table: ModelTable;
  readonly model_group: ModelGroup;
  readonly profile: string;
  readonly p_value: number;
  readonly probability: number;
  readonly cause: string;
  readonly title: string;
  readonly reasons: string;
  readonly is_shown: number;
}

/** The statements of the table of anomalies. Writes belong inside a transaction. */
export function anomalyTable(database: Database, reader: RowReader) {
  const insert = database.prepare(`
    INSERT INTO anomalies (time_ms, model_table, model_group, profile, p_value, probability, cause, title, reasons,
      is_shown)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const list = database.prepare<[number, number], BriefAnomaly>(`
    SELECT id, time_ms AS timeMs, p_value AS pValue, cause FROM anomalies
    WHERE time_ms >= ? ORDER BY time_ms DESC, id DESC LIMIT ?`);
  const get = database.prepare<[number], AnomalyRow>('SELECT * FROM anomalies WHERE id = ?');
  const count = database
    .prepare<[number, number], number>('SELECT count(*) FROM anomalies WHERE time_ms >= ? AND is_shown = ?')
    .pluck();
  const oldest = database.prepare<[], number | null>('SELECT min(time_ms) FROM anomalies').pluck();
  return {
    insert(anomaly: StoredAnomaly): void {
      const { timeMs, table, group, profileId, pValue, probability, cause, title, reasons, isShown } = anomaly;
      const words = JSON.stringify(reasons);
      insert.run(timeMs, table, group, profileId, pValue, probability, cause, title, words, isShown ? 1 : 0);
    },
    /** The latest first. */
    list: (sinceMs: number, limit: number): BriefAnomaly[] => list.all(sinceMs, limit),
    get(id: number): StoredAnomaly | undefined {
      const row = get.get(id);
      return row === undefined ? undefined : storedAnomaly(row, reader);
    },
    count: (sinceMs: number, isShown: boolean): number => count.get(sinceMs, isShown ? 1 : 0) ?? 0,
    /** When the first of all was; undefined without any. */
    oldestMs: (): number | undefined => oldest.get() ?? undefined,
  };
}

/** Where its reasons are damaged, the rest of it still says what was unusual. */
function storedAnomaly(row: AnomalyRow, reader: RowReader): StoredAnomaly {
  return {
    timeMs: row.time_ms,
    table: row.model_table,
    group: row.model_group,
    profileId: row.profile,
    pValue: row.p_value,
    probability: row.probability,
    cause: row.cause,
    title: row.title,
    reasons: reader.json({ table: 'anomalies', row: row.id }, row.reasons, 'strings') ?? [],
    isShown: row.is_shown !== 0,
  };
}
