import type { OutputOf } from '../../lib/client.ts';
import { type QueryResult, useQuery } from '../../lib/use-query.ts';

export type Lists = QueryResult<OutputOf<'indicators.list'>>;

/** Asked only while somebody looks at them. */
export function useLists(isEnabled: boolean): Lists {
  return useQuery('indicators.list', {}, { isEnabled });
}
