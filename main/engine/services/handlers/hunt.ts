import type { HandlersOf } from '../../../../contract/api.ts';
import type { HUNT_CALLS, SavedQuery } from '../../../../contract/api-hunt.ts';
import { type HuntQuery, parseHunt } from '../../../../contract/hunt-language.ts';
import { plainText } from '../../../../contract/text.ts';
import { FailureError } from '../../runtime/failure.ts';
import type { Store } from '../../store/index.ts';
import type { CaptureJobs } from '../captures/capture-jobs.ts';
import { BUILT_IN_QUERIES } from '../rules/built-in-queries.ts';

/** What the calls of Hunt need of the engine. */
export interface HuntAnswering {
  /** Throws before the start and after the stop. */
  store(): Store;
  captures(): CaptureJobs;
}

const LIVE = 'live';

export function huntHandlers(engine: HuntAnswering): HandlersOf<typeof HUNT_CALLS> {
  /** "24h ago" in a capture counts from its last packet. @throws FailureError `no-such-capture` */
  const nowOf = (source: string): number => {
    if (source === LIVE) return Date.now();
    // The end of its last flow belongs to it.
    return (engine.captures().get(source).result?.lastSeenMs ?? Date.now()) + 1;
  };
  return {
    'hunt.run': async ({ query: text, source, limit, cursor }, { signal }) => {
      const query = parsed(text);
      const request = { query, source, limit, nowMs: nowOf(source) };
      return engine.store().hunt.run(cursor === undefined ? request : { ...request, cursor }, signal);
    },
    'hunt.saved': () => ({ queries: [...engine.store().hunt.saved().map(saved), ...BUILT_INS] }),
    'hunt.save': ({ name, query }, { actor }) => {
      parsed(query);
      return saved(engine.store().hunt.save(plainText(name, MAX_NAME), query, actor));
    },
    'hunt.forget': ({ id }, { actor }) => {
      if (!engine.store().hunt.forget(id, actor)) throw noSuchQuery(id);
      return {};
    },
    'hunt.values': async ({ field, prefix, source }, { signal }) => ({
      values: await engine.store().hunt.values({ field, prefix, source }, signal),
    }),
  };
}

const MAX_NAME = 80;
const BUILT_INS: readonly SavedQuery[] = BUILT_IN_QUERIES.map((row) => ({ ...row, savedMs: 0, isBuiltIn: true }));

function saved(row: Omit<SavedQuery, 'isBuiltIn'>): SavedQuery {
  return { ...row, isBuiltIn: false };
}

/** @throws FailureError `bad-query`, which says where it is wrong */
function parsed(text: string): HuntQuery {
  const { query, problems } = parseHunt(text);
  if (query !== null) return query;
  const [first] = problems;
  const place = first === undefined ? '' : ` (at character ${first.start + 1})`;
  throw new FailureError({
    code: 'bad-query',
    message: plainText(`${first?.message ?? 'The query is not understood.'}${place}`),
    hint: plainText(
      first?.hint ?? 'Begin with flows or alerts, processes, files, connections, logs, logins or changes.',
    ),
  });
}

function noSuchQuery(id: string): FailureError {
  const isBuiltIn = BUILT_IN_QUERIES.some((row) => row.id === id);
  const message = isBuiltIn
    ? 'This query comes with Holdfast and stays.'
    : `There is no kept query ${plainText(id, 64)}.`;
  return new FailureError({ code: 'no-such-query', message, hint: '"holdfast hunt saved" lists those that are kept.' });
}
