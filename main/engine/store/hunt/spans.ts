import type { Database } from 'better-sqlite3';
import { momentOf } from '../../../../contract/hunt-language.ts';
import { type CompileRequest, sourceOf } from './compile.ts';
import type { Pace } from './pace.ts';

/** Row numbers from `first` to `last`, both included. Empty where `first` is above `last`. */
export interface Span {
  readonly first: number;
  readonly last: number;
}

/** Rows looked at in one statement; between two statements a search can be stopped. */
const ROWS_AT_ONCE = 20_000;
/** A statement that took less found its rows by an index: the next one may look at twice as many. */
const QUICK_MS = 10;
/** One that took more is as long as somebody waits for a search to stop. */
const SLOW_MS = 50;
/** The time after the last packet until a flow is surely stored: its longest life, and some patience. */
const LATEST_STORING_MS = 90_000_000;

/** The rows that can fit at all, as far as the order in which they were stored tells. */
export function spanOf(database: Database, request: CompileRequest): Span {
  const { query, source, nowMs } = request;
  const { table, row } = sourceOf(query);
  const number = (sql: string, ...values: (string | number)[]): number | null =>
    database
      .prepare(sql)
      .pluck()
      .get(...values) as number | null;
  if (table === 'flows' && source !== 'live') {
    // The second condition is that of the index of the flows of captures.
    const bound = (which: string) =>
      number(`SELECT ${which}(id) FROM flows WHERE source = ? AND source <> 'live'`, source);
    return { first: bound('min') ?? 1, last: bound('max') ?? 0 };
  }
  const { from = table } = sourceOf(query);
  const first = number(`SELECT min(${row}) FROM ${from}`) ?? 1;
  const last = number(`SELECT max(${row}) FROM ${from}`) ?? 0;
  if (sourceOf(query).isLiveOnly) {
    // What happened since then was stored since then.
    const marked =
      query.since === null
        ? null
        : number(
            'SELECT id FROM event_marks WHERE stored_ms < ? ORDER BY id DESC LIMIT 1',
            momentOf(query.since, nowMs),
          );
    return { first: Math.max(first, marked ?? first), last };
  }
  if (table !== 'flows') return { first, last };
  const stored = database.prepare<[number], { id: number; storedMs: number }>(
    'SELECT id, stored_ms AS storedMs FROM flows WHERE id >= ? ORDER BY id LIMIT 1',
  );
  /** The first row that was stored at or after a moment. */
  const storedFrom = (timeMs: number): number => {
    let [low, high] = [first, last + 1];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = stored.get(middle);
      if (found === undefined || found.id >= high || found.storedMs >= timeMs) high = middle;
      else low = found.id + 1;
    }
    return low;
  };
  return {
    first: query.since === null ? first : storedFrom(momentOf(query.since, nowMs)),
    last: query.until === null ? last : storedFrom(momentOf(query.until, nowMs) + LATEST_STORING_MS) - 1,
  };
}

/** A span in pieces, the latest rows first; they grow where rows are found quickly. */
export function* pieces({ first, last }: Span, pace: Pick<Pace, 'elapsedMs'>): Generator<Span> {
  let rows = ROWS_AT_ONCE;
  for (let end = last; end >= first; ) {
    const begin = Math.max(first, end - rows + 1);
    const begunMs = pace.elapsedMs();
    yield { first: begin, last: end };
    const tookMs = pace.elapsedMs() - begunMs;
    if (tookMs < QUICK_MS) rows *= 2;
    else if (tookMs > SLOW_MS) rows = Math.max(ROWS_AT_ONCE, Math.floor(rows / 2));
    end = begin - 1;
  }
}
