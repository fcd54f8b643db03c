/** The engine's status as the frame and the pages share it, and the state that is shown for it. */
import { attentionSentence, protectionOf } from '../../contract/api-protection.ts';
import type { Status } from '../../contract/api-schemas.ts';
import type { Failure } from '../../contract/domain.ts';
import { strings } from '../strings/index.ts';
import { formatShortTime } from './format.ts';
import { type Link, useLink } from './link.ts';
import { type QueryResult, reloadQueries, useQuery } from './use-query.ts';
import { useStream } from './use-stream.ts';

/** Often enough for what costs and counts; alerts and health come at once, by their streams. */
const REFETCH_MS = 5_000;

export function useStatus(): QueryResult<Status> {
  return useQuery('status', {}, { refetchMs: REFETCH_MS });
}

/** Asks for the status at once when an alert or a part's health changes; once, in the frame. */
export function useStatusUpdates(): void {
  useStream('alerts.watch', {}, { onItem: reloadSoon });
  useStream('health.watch', {}, { onItem: reloadSoon });
}

/** A flood of changes asks once. */
const SOON_MS = 400;
let isWaiting = false;

function reloadSoon(): void {
  if (isWaiting) return;
  isWaiting = true;
  setTimeout(() => {
    isWaiting = false;
    reloadQueries('status');
  }, SOON_MS);
}

/**
 * `attention`: something is to be decided. `lost`: the engine is gone. `silent`: it could not say how it is. `unknown`: it has
 * not answered yet.
 */
export type MarkState = 'protected' | 'partial' | 'attention' | 'paused' | 'off' | 'lost' | 'silent' | 'unknown';

export interface Standing {
  readonly mark: MarkState;
  /** One or two words: "Protected". */
  readonly word: string;
  /** One sentence: what is watched. */
  readonly sentence: string;
  /** One sentence: what needs the person. */
  readonly attention: string;
  /** Open alerts of medium severity and above. */
  readonly openAlerts: number;
}

/** "Am I safe?" in one word and two sentences; what is not known is never called safe. Pure. */
export function standingOf(link: Pick<Link, 'state'>, status: Status | undefined, failure: Failure | null): Standing {
  const say = (mark: MarkState, sentence: string, attention = '', openAlerts = 0): Standing => ({
    mark,
    word: strings.common.standing[mark],
    sentence,
    attention,
    openAlerts,
  });
  if (link.state === 'lost' || link.state === 'failed') return say('lost', strings.link.barTitle);
  if (status === undefined && failure !== null && link.state === 'connected') {
    return say('silent', strings.link.noStatus(failure.message));
  }
  if (link.state === 'connecting' || status === undefined) return say('unknown', strings.link.connecting);
  const { state, sentence } = protectionOf(status);
  const attention = attentionSentence(status.alerts, state);
  const open = status.alerts.medium + status.alerts.high + status.alerts.critical;
  if (status.pause)
    return say('paused', strings.common.pausedUntil(formatShortTime(status.pause.untilMs)), attention, open);
  if (state === 'off') return say('off', sentence, attention, open);
  if (open > 0) return say('attention', sentence, attention, open);
  return say(state, sentence, attention, open);
}

export function useStanding(): Standing {
  const { data, failure } = useStatus();
  return standingOf(useLink(), data, failure);
}
