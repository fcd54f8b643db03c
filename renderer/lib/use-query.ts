/**
 * Asking the engine from a component. Answers are kept by call and input and shared by everybody who asks the same,
 * so that a page that is opened again shows what was known last and asks again behind it.
 */
import { useCallback, useEffect, useMemo, useRef } from 'react';
import { create } from 'zustand';
import { LINK_FAILURES } from '../../contract/bridge.ts';
import type { Failure } from '../../contract/domain.ts';
import { type AnyRequestName, type InputOf, type OutputOf, request } from './client.ts';
import { useLinkStore } from './link.ts';

interface Entry {
  readonly data: unknown;
  readonly failure: Failure | null;
  /** When `data` was answered; null: never. */
  readonly answeredMs: number | null;
  readonly isLoading: boolean;
}

const NOTHING: Entry = { data: undefined, failure: null, answeredMs: null, isLoading: false };

/** Answers that nobody looks at any more are kept up to this number. */
const KEPT_ANSWERS = 64;

const useEntries = create<{ readonly entries: ReadonlyMap<string, Entry> }>(() => ({ entries: new Map() }));
/** The latest request of each key: an older one that answers later does not count. */
const latest = new Map<string, number>();
const underWay = new Map<string, { readonly asked: Promise<void>; readonly abort: AbortController }>();
const watchers = new Map<string, number>();
let requests = 0;

function setEntry(key: string, change: Partial<Entry>): void {
  useEntries.setState(({ entries }) => {
    const next = new Map(entries);
    const entry = { ...(entries.get(key) ?? NOTHING), ...change };
    // Last in the map: the newest.
    next.delete(key);
    next.set(key, entry);
    for (const old of next.keys()) {
      if (next.size <= KEPT_ANSWERS) break;
      if (!watchers.has(old) && old !== key) next.delete(old);
    }
    return { entries: next };
  });
}

function keyOf(name: string, input: unknown): string {
  return `${name} ${JSON.stringify(input)}`;
}

/** @param isForced also where the same question is on its way already, whose answer may be from before a change */
function ask<N extends AnyRequestName>(name: N, input: InputOf<N>, isForced: boolean): Promise<void> {
  const key = keyOf(name, input);
  const before = underWay.get(key);
  if (before !== undefined && !isForced) return before.asked;
  before?.abort.abort();
  requests += 1;
  const number = requests;
  latest.set(key, number);
  setEntry(key, { isLoading: true });
  const abort = new AbortController();
  const asked = request(name, input, abort.signal).then((answer) => {
    if (latest.get(key) !== number) return;
    latest.delete(key);
    underWay.delete(key);
    if (answer.ok) setEntry(key, { data: answer.value, failure: null, answeredMs: Date.now(), isLoading: false });
    else if (abort.signal.aborted) setEntry(key, { isLoading: false });
    else setEntry(key, { failure: answer.failure, isLoading: false });
  });
  underWay.set(key, { asked, abort });
  return asked;
}

/** Who comes back within this time finds the answer where it was. */
const GIVE_UP_MS = 1_000;

/** Nobody looks at the answer any more: one that is long on its way is given up. */
function leave(key: string): void {
  watchers.delete(key);
  const left = underWay.get(key);
  if (left === undefined) return;
  setTimeout(() => {
    if (!watchers.has(key) && underWay.get(key) === left) left.abort.abort();
  }, GIVE_UP_MS);
}

/** Asks again everything that is looked at and whose call begins like this: after a command changed it. */
export function reloadQueries(prefix: string): void {
  for (const reload of mounted) if (reload.name.startsWith(prefix)) reload.run();
}

const mounted = new Set<{ readonly name: string; readonly run: () => void }>();

export interface QueryOptions {
  /** Asks again after so many milliseconds, while the window is seen. */
  readonly refetchMs?: number;
  /** Does not ask while false. */
  readonly isEnabled?: boolean;
  /** While a changed input is being answered, shows the answer to the one before. */
  readonly keepPrevious?: boolean;
}

export interface QueryResult<T> {
  readonly data: T | undefined;
  /** Of the latest try; `data` may be there all the same, from before. */
  readonly failure: Failure | null;
  /** The first answer is on its way. */
  readonly isLoading: boolean;
  /** An answer is on its way, with or without an older one. */
  readonly isFetching: boolean;
  /** `data` is from before: the link is lost, the latest try failed, or it answers the input before. */
  readonly isStale: boolean;
  readonly answeredMs: number | null;
  readonly reload: () => void;
}

export function useQuery<N extends AnyRequestName>(
  name: N,
  input: InputOf<N>,
  { refetchMs, isEnabled = true, keepPrevious = false }: QueryOptions = {},
): QueryResult<OutputOf<N>> {
  const key = keyOf(name, input);
  // Inputs are written as literals: the key says whether one is another.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `input` is what `key` was made of
  const kept = useMemo(() => input, [key]);
  const entry = useEntries(({ entries }) => entries.get(key)) ?? NOTHING;
  const link = useLinkStore();
  const isConnected = link.state === 'connected' || name.startsWith('shell.');
  const reload = useCallback(() => void ask(name, kept, true), [name, kept]);

  useEffect(() => {
    watchers.set(key, (watchers.get(key) ?? 0) + 1);
    const asker = { name, run: reload };
    mounted.add(asker);
    return () => {
      mounted.delete(asker);
      const left = (watchers.get(key) ?? 1) - 1;
      if (left === 0) leave(key);
      else watchers.set(key, left);
    };
  }, [key, name, reload]);

  useEffect(() => {
    if (isEnabled && isConnected) void ask(name, kept, false);
  }, [name, kept, isEnabled, isConnected]);

  useEffect(() => {
    if (refetchMs === undefined || !isEnabled || !isConnected) return;
    const timer = setInterval(() => {
      if (!document.hidden) void ask(name, kept, false);
    }, refetchMs);
    return () => clearInterval(timer);
  }, [name, kept, refetchMs, isEnabled, isConnected]);

  const previous = useRef<Entry>(NOTHING);
  if (entry.answeredMs !== null) previous.current = entry;
  const shown = entry.answeredMs === null && keepPrevious ? previous.current : entry;
  const failure = failureOf(entry, shown.data !== undefined, isConnected ? null : link.failure);
  return {
    data: shown.data as OutputOf<N> | undefined,
    failure,
    isLoading: isEnabled && shown.data === undefined && failure === null,
    isFetching: entry.isLoading,
    isStale: shown.data !== undefined && (!isConnected || entry.failure !== null || shown !== entry),
    answeredMs: shown.answeredMs,
    reload,
  };
}

/**
 * What a page has to say of a failure: that the link is lost is the frame's to say, as long as the page has something
 * to show; without anything it is the reason why there is nothing.
 */
function failureOf(entry: Entry, hasData: boolean, linkFailure: Failure | null): Failure | null {
  if (entry.failure === null || LINK_FAILURES.has(entry.failure.code)) {
    return hasData ? null : (linkFailure ?? entry.failure);
  }
  return entry.failure;
}
