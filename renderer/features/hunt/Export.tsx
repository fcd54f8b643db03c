/** All rows of a query into a file, with progress, until it is cancelled. */
import { useEffect, useRef, useState } from 'react';
import { Button } from '../../components/Button.tsx';
import { request } from '../../lib/client.ts';
import { downloadFile } from '../../lib/download.ts';
import { formatCount } from '../../lib/format.ts';
import { toast } from '../../lib/toasts.ts';
import { strings } from '../../strings/index.ts';
import { fetchAllRows, rowsAsCsv, rowsAsJson } from './all-rows.ts';

const words = strings.hunt.results;

export interface Exporting {
  /** Rows that came so far; null while nothing is exported. */
  readonly progress: number | null;
  readonly run: (format: 'csv' | 'json') => Promise<void>;
  readonly cancel: () => void;
}

export function useExport(query: string, source: string): Exporting {
  const [progress, setProgress] = useState<number | null>(null);
  const turn = useRef(0);
  const search = useRef(new AbortController());
  // What is left behind is not finished.
  useEffect(
    () => () => {
      turn.current += 1;
      search.current.abort();
    },
    [],
  );

  const run = async (format: 'csv' | 'json'): Promise<void> => {
    turn.current += 1;
    const number = turn.current;
    search.current.abort();
    search.current = new AbortController();
    const { signal } = search.current;
    setProgress(0);
    const found = await fetchAllRows({
      ask: (cursor, limit) =>
        request('hunt.run', { query, source, limit, ...(cursor === undefined ? {} : { cursor }) }, signal),
      isCancelled: () => turn.current !== number,
      onProgress: (rows) => turn.current === number && setProgress(rows),
    });
    if (turn.current !== number) return;
    setProgress(null);
    if ('failure' in found) {
      toast({ tone: 'failure', message: found.failure.message, detail: found.failure.hint });
      return;
    }
    const now = Date.now();
    const stamp = new Date(now).toISOString().slice(0, 19).replaceAll(':', '');
    if (format === 'csv') downloadFile(`hunt-${stamp}.csv`, 'text/csv', rowsAsCsv(found));
    else {
      downloadFile(`hunt-${stamp}.json`, 'application/json', rowsAsJson(found, { query, source, exportedMs: now }));
    }
    const detail = found.end === 'limit' ? words.limited : found.end === 'time' ? words.timeUp : undefined;
    toast({ message: words.exported(formatCount(found.rows.length)), ...(detail === undefined ? {} : { detail }) });
  };

  const cancel = (): void => {
    turn.current += 1;
    search.current.abort();
    setProgress(null);
    toast({ message: words.cancelled });
  };

  return { progress, run, cancel };
}

export function ExportProgress({ rows, onCancel }: { readonly rows: number; readonly onCancel: () => void }) {
  return (
    <span className="inline-flex items-center gap-3 text-ink-muted">
      {words.fetching(formatCount(rows))}
      <Button onClick={onCancel}>{strings.common.cancel}</Button>
    </span>
  );
}
