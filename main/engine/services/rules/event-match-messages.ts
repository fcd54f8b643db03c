import type { EventMatches } from '../../../../contract/api-events.ts';

/** What the thread that runs a rule over stored events is given. */
export interface EventMatchTask {
  /** Of the database. */
  readonly path: string;
  readonly rule: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly limit: number;
}

/** What it posts; the last one has `isDone`. */
export type EventMatchMessage = EventMatches;

export const NOTHING_MATCHED: EventMatches = {
  progress: 0,
  scanned: 0,
  damaged: 0,
  matches: [],
  total: 0,
  isDone: false,
  failure: null,
};
