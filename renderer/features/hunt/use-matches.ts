/** A Sigma rule that runs over stored events: what it found so far, and how it ended. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { EventMatch } from '../../../contract/api-events.ts';
import type { Failure } from '../../../contract/domain.ts';
import { watch } from '../../lib/client.ts';

/** As many as the engine gives. */
const MOST_MATCHES = 1_000;

export interface MatchRun {
  readonly state: 'idle' | 'running' | 'done' | 'stopped' | 'failed';
  readonly progress: number;
  readonly scanned: number;
  readonly total: number;
  readonly matches: readonly EventMatch[];
  readonly failure: Failure | null;
}

const IDLE: MatchRun = { state: 'idle', progress: 0, scanned: 0, total: 0, matches: [], failure: null };

export interface Matching extends MatchRun {
  readonly start: (rule: string, fromMs: number, toMs: number) => void;
  /** Ends it, also in the engine; what was found stays. */
  readonly stop: () => void;
}

export function useMatches(): Matching {
  const [run, setRun] = useState<MatchRun>(IDLE);
  const close = useRef<() => void>(() => {});
  useEffect(() => () => close.current(), []);

  const start = useCallback((rule: string, fromMs: number, toMs: number) => {
    close.current();
    setRun({ ...IDLE, state: 'running' });
    close.current = watch(
      'events.match',
      { rule, fromMs, toMs, limit: MOST_MATCHES },
      {
        // It begins anew when the link came back.
        onOpen: () => setRun({ ...IDLE, state: 'running' }),
        onItem: ({ progress, scanned, total, matches, isDone, failure }) => {
          setRun((before) => ({
            state: failure !== null ? 'failed' : isDone ? 'done' : 'running',
            progress,
            scanned,
            total,
            matches: [...before.matches, ...matches],
            failure,
          }));
          if (isDone) close.current();
        },
        onEnd: (failure) => {
          if (failure !== null) {
            setRun((before) => (before.state === 'running' ? { ...before, state: 'failed', failure } : before));
          }
        },
      },
    );
  }, []);
  const stop = useCallback(() => {
    close.current();
    setRun((before) => ({ ...before, state: 'stopped' }));
  }, []);
  return { ...run, start, stop };
}
