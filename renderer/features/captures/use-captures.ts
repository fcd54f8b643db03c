import { useCallback, useMemo, useState } from 'react';
import type { Capture } from '../../../contract/api-captures.ts';
import type { OutputOf } from '../../lib/client.ts';
import { type QueryResult, reloadQueries, useQuery } from '../../lib/use-query.ts';
import { useStream } from '../../lib/use-stream.ts';
import { type Heard, mergeCaptures } from './capture-list.ts';

/** The stream does not tell of captures that others removed. */
const REFETCH_MS = 10_000;

export interface Captures extends Omit<QueryResult<OutputOf<'captures.list'>>, 'data'> {
  /** The latest first; undefined until they are known. */
  readonly captures: readonly Capture[] | undefined;
  readonly maximumBytes: number | null;
}

/** The captures, kept up to date. */
export function useCaptures(): Captures {
  const { data, ...query } = useQuery('captures.list', {}, { refetchMs: REFETCH_MS });
  const [heard, setHeard] = useState<ReadonlyMap<string, Heard>>(new Map());
  const onItem = useCallback((capture: Capture) => {
    setHeard((before) => new Map(before).set(capture.id, { capture, heardMs: Date.now() }));
  }, []);
  const onOpen = useCallback(() => {
    setHeard(new Map());
    reloadQueries('captures.list');
  }, []);
  useStream('captures.watch', {}, { onItem, onOpen });
  const { answeredMs } = query;
  const captures = useMemo(
    () => data && mergeCaptures(data.captures, answeredMs ?? 0, heard),
    [data, answeredMs, heard],
  );
  return { ...query, captures, maximumBytes: data?.maximumBytes ?? null };
}
