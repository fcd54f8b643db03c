/** Commands from a component: whether one is under way, and what went wrong, told as a toast if nothing else is. */
import { useCallback, useState } from 'react';
import type { Failure } from '../../contract/domain.ts';
import { type Answer, type AnyRequestName, type InputOf, type OutputOf, request } from './client.ts';
import { toast } from './toasts.ts';
import { reloadQueries } from './use-query.ts';

export interface CommandOptions {
  /** The caller shows the failure itself. */
  readonly isQuiet?: boolean;
  /** Calls beginning like these are asked again after it: ["alerts.", "status"]. */
  readonly reloads?: readonly string[];
}

export interface Command<N extends AnyRequestName> {
  readonly run: (input: InputOf<N>, signal?: AbortSignal) => Promise<Answer<OutputOf<N>>>;
  readonly isRunning: boolean;
  readonly failure: Failure | null;
}

export function useCommand<N extends AnyRequestName>(
  name: N,
  { isQuiet = false, reloads = [] }: CommandOptions = {},
): Command<N> {
  const [state, setState] = useState<{ isRunning: boolean; failure: Failure | null }>({
    isRunning: false,
    failure: null,
  });
  const prefixes = reloads.join(' ');
  const run = useCallback(
    async (input: InputOf<N>, signal?: AbortSignal) => {
      setState({ isRunning: true, failure: null });
      const answer = await request(name, input, signal);
      setState({ isRunning: false, failure: answer.ok ? null : answer.failure });
      if (!answer.ok && !isQuiet)
        toast({ tone: 'failure', message: answer.failure.message, detail: answer.failure.hint });
      if (answer.ok) for (const prefix of prefixes.split(' ').filter(Boolean)) reloadQueries(prefix);
      return answer;
    },
    [name, isQuiet, prefixes],
  );
  return { run, ...state };
}
