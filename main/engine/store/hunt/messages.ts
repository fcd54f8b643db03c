import type { HuntResult } from '../../../../contract/api-hunt.ts';
import type { Failure } from '../../../../contract/domain.ts';
import type { HuntQuery } from '../../../../contract/hunt-query.ts';
import type { DamagedRow } from '../damaged-rows.ts';
import type { EventAnswer, EventQuestion } from '../events/event-queries.ts';

export interface HuntRequest {
  readonly query: HuntQuery;
  /** "live", or the id of a capture. */
  readonly source: string;
  /** Rows of a page. */
  readonly limit: number;
  readonly cursor?: string;
  /** What "24h ago" counts from; of the first page for those after it. */
  readonly nowMs: number;
}

export type HuntAnswer = HuntResult;

export interface ValuesRequest {
  readonly field: string;
  readonly prefix: string;
  readonly source: string;
}

/** To the thread that hunts, one at a time. */
export interface HuntTask {
  readonly task:
    | { readonly type: 'run'; readonly request: HuntRequest }
    | { readonly type: 'values'; readonly request: ValuesRequest }
    | { readonly type: 'events'; readonly question: EventQuestion };
  /** Int32Array of one element: not 0 once the answer is no longer wanted. */
  readonly stop: SharedArrayBuffer;
}

export type HuntReply =
  | { readonly type: 'answer'; readonly answer: HuntAnswer }
  | { readonly type: 'values'; readonly values: readonly string[] }
  | { readonly type: 'events'; readonly answer: EventAnswer; readonly damaged: readonly DamagedRow[] }
  | { readonly type: 'failed'; readonly failure: Failure };
