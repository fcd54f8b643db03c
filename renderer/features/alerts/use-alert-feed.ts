import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { AlertRecord } from '../../../contract/api-schemas.ts';
import type { Failure } from '../../../contract/domain.ts';
import { request } from '../../lib/client.ts';
import { useLink } from '../../lib/link.ts';
import { useStream } from '../../lib/use-stream.ts';
import { AlertFeed, type FeedState } from './alert-feed.ts';
import type { ListFilter } from './filters.ts';

/** Changes come to the screen together: a flood of alerts draws the list four times a second. */
const GATHER_MS = 250;
/** The count is asked for again when things have been quiet for so long. */
const RECOUNT_MS = 1_000;
/** Groups are made of so many alerts at the most: the window would have to fetch all of them. */
export const MOST_GROUPED = 10_000;

export interface AlertFeedResult extends FeedState {
  /** What is shown is from before: the link is lost, or the latest try failed. */
  readonly isStale: boolean;
  readonly linkFailure: Failure | null;
  readonly loadMore: () => void;
  readonly release: () => void;
  readonly reload: () => void;
}

export interface FeedOptions {
  /** The list is being read. */
  readonly isHeld: boolean;
  /** All of it is wanted (up to MOST_GROUPED), seen or not. */
  readonly isWhole: boolean;
  /** Told of every alert that changed. */
  readonly onChange: (id: string) => void;
}

/** The alerts of a filter, kept up to date. @param filter the same object as long as the list is the same */
export function useAlertFeed(filter: ListFilter, { isHeld, isWhole, onChange }: FeedOptions): AlertFeedResult {
  const link = useLink();
  const isConnected = link.state === 'connected';
  const feed = useMemo(() => new AlertFeed(filter, (question) => request('alerts.list', question)), [filter]);
  const state = useSyncExternalStore(feed.subscribe, feed.state);

  useEffect(() => {
    if (isConnected) void feed.reload();
  }, [feed, isConnected]);
  useEffect(() => feed.hold(isHeld), [feed, isHeld]);
  const { isComplete, answeredMs, failure } = state;
  const loaded = state.rows.length;
  useEffect(() => {
    if (isWhole && answeredMs !== null && !isComplete && failure === null && loaded < MOST_GROUPED) {
      void feed.loadMore();
    }
  }, [feed, isWhole, answeredMs, isComplete, failure, loaded]);

  const gathered = useGathered(feed);
  useStream(
    'alerts.watch',
    { source: filter.source },
    {
      onItem: ({ alert }, dropped) => {
        if (dropped > 0) void feed.reload();
        gathered(alert);
        onChange(alert.id);
      },
    },
  );
  return {
    ...state,
    isStale: answeredMs !== null && (!isConnected || failure !== null),
    linkFailure: isConnected ? null : link.failure,
    loadMore: useCallback(() => void feed.loadMore(), [feed]),
    release: useCallback(() => feed.release(), [feed]),
    reload: useCallback(() => void feed.reload(), [feed]),
  };
}

/** Gives changes to the feed a few times a second, and has it count again afterwards. */
function useGathered(feed: AlertFeed): (alert: AlertRecord) => void {
  const waiting = useRef<AlertRecord[]>([]);
  const timers = useRef<{ take?: ReturnType<typeof setTimeout>; count?: ReturnType<typeof setTimeout> }>({});
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was gathered for one list is not for another
  useEffect(
    () => () => {
      clearTimeout(timers.current.take);
      clearTimeout(timers.current.count);
      timers.current = {};
      waiting.current = [];
    },
    [feed],
  );
  return useCallback(
    (alert) => {
      waiting.current.push(alert);
      timers.current.take ??= setTimeout(() => {
        timers.current.take = undefined;
        feed.take(waiting.current);
        waiting.current = [];
      }, GATHER_MS);
      timers.current.count ??= setTimeout(() => {
        timers.current.count = undefined;
        void feed.recount();
      }, RECOUNT_MS);
    },
    [feed],
  );
}
