import type { OutputOf } from '../../lib/client.ts';
import { type QueryResult, useQuery } from '../../lib/use-query.ts';

/** Hits are counted while they are looked at. */
const REFETCH_MS = 10_000;

export type Rules = QueryResult<OutputOf<'rules.list'>>;

export function useRules(): Rules {
  return useQuery('rules.list', {}, { refetchMs: REFETCH_MS });
}
