/** A query that runs: its pages so far, what was looked at, and how it ended. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { HuntResult } from '../../../contract/api-hunt.ts';
import type { Failure } from '../../../contract/domain.ts';
import { request } from '../../lib/client.ts';
import type { Cell, ResultColumn } from './query-edit.ts';

/** Rows of one page: more than a window shows, and quick to come. */
const PAGE_ROWS = 500;
/** Rows that a list keeps; for more there are files. */
export const MOST_SHOWN_ROWS = 20_000;

export interface HuntRow {
  readonly key: string;
  readonly cells: readonly Cell[];
}

export interface HuntRun {
  readonly state: 'idle' | 'running' | 'done' | 'failed' | 'stopped';
  readonly query: string;
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly HuntRow[];
  readonly next: string | null;
  readonly scanned: number;
  readonly elapsedMs: number;
  readonly isPartial: boolean;
  readonly timeline: HuntResult['timeline'];
  readonly failure: Failure | null;
  readonly isLoadingMore: boolean;
}

const IDLE: HuntRun = {
  state: 'idle',
  query: '',
  columns: [],
  rows: [],
  next: null,
  scanned: 0,
  elapsedMs: 0,
  isPartial: false,
  timeline: [],
  failure: null,
  isLoadingMore: false,
};

export interface Hunting extends HuntRun {
  readonly more: () => void;
  /** Ends the search, also in the engine. */
  readonly stop: () => void;
}

/** Runs a query when it, the source or `turn` changes; an empty one not. */
export function useHunt(query: string, source: string, turn: number): Hunting {
  const [run, setRun] = useState<HuntRun>(IDLE);
  const current = useRef(0);
  const search = useRef(new AbortController());

  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` runs the same query again
  useEffect(() => {
    current.current += 1;
    const number = current.current;
    const abort = new AbortController();
    search.current = abort;
    if (query.trim() === '') {
      setRun(IDLE);
      return undefined;
    }
    // The rows from before stay until others come, so that the page does not jump.
    setRun((before) => ({ ...before, state: 'running', query, failure: null, isLoadingMore: false }));
    void request('hunt.run', { query, source, limit: PAGE_ROWS }, abort.signal).then((answer) => {
      if (current.current !== number) return;
      if (!answer.ok) setRun({ ...IDLE, state: 'failed', query, failure: answer.failure });
      else setRun({ ...IDLE, ...pageOf(answer.value, []), state: 'done', query, timeline: answer.value.timeline });
    });
    // One that is replaced or left is of no use to anybody; the engine searches one at a time.
    return () => abort.abort();
  }, [query, source, turn]);

  const { next, isLoadingMore, state, rows } = run;
  const more = useCallback(() => {
    if (next === null || isLoadingMore || state !== 'done' || rows.length >= MOST_SHOWN_ROWS) return;
    const number = current.current;
    setRun((before) => ({ ...before, isLoadingMore: true }));
    const page = { query, source, limit: PAGE_ROWS, cursor: next };
    void request('hunt.run', page, search.current.signal).then((answer) => {
      if (current.current !== number) return;
      setRun((before) =>
        answer.ok
          ? {
              ...before,
              ...pageOf(answer.value, before.rows),
              scanned: before.scanned + answer.value.scanned,
              elapsedMs: before.elapsedMs + answer.value.elapsedMs,
              isLoadingMore: false,
            }
          : { ...before, isLoadingMore: false, failure: answer.failure },
      );
    });
  }, [query, source, next, isLoadingMore, state, rows.length]);

  const stop = useCallback(() => {
    current.current += 1;
    search.current.abort();
    setRun((before) => ({ ...IDLE, state: 'stopped', query: before.query }));
  }, []);

  return { ...run, more, stop };
}

function pageOf({ columns, rows, next, scanned, elapsedMs, isPartial }: HuntResult, before: readonly HuntRow[]) {
  const added = rows.map((cells, index) => ({ key: String(before.length + index), cells }));
  return { columns, rows: [...before, ...added], next, scanned, elapsedMs, isPartial };
}
