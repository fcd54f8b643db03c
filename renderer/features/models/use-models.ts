import { useEffect, useMemo, useRef } from 'react';
import type { OutputOf } from '../../lib/client.ts';
import { type QueryResult, reloadQueries, useQuery } from '../../lib/use-query.ts';
import { useStream } from '../../lib/use-stream.ts';
import { type Learnt, versionsKey, withHeard } from './learnt.ts';

/** For versions that others removed or took in: the stream does not tell of them. */
const REFETCH_MS = 15_000;

/** What has been learnt, kept up to date. */
export function useModels(): QueryResult<OutputOf<'models.list'>> {
  const query = useQuery('models.list', {}, { refetchMs: REFETCH_MS });
  const { item, receivedMs, isOpen } = useStream('models.watch', {});
  const { data, answeredMs } = query;
  const learnt = useMemo<Learnt | undefined>(
    () => data && withHeard(data, answeredMs ?? 0, { item: isOpen ? item : undefined, receivedMs }),
    [data, answeredMs, item, receivedMs, isOpen],
  );

  const key = item === undefined ? null : versionsKey(item);
  const before = useRef<string | null>(null);
  useEffect(() => {
    if (key === null) return;
    // The first item says what the list says already.
    if (before.current !== null && before.current !== key) reloadQueries('models.');
    before.current = key;
  }, [key]);
  return { ...query, data: learnt };
}
