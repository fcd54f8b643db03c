import { useEffect, useMemo, useRef, useState } from 'react';
import type { Failure } from '../../../contract/domain.ts';
import { useStream } from '../../lib/use-stream.ts';
import { type BookProcess, ProcessBook } from './process-book.ts';

export interface LiveProcessList {
  readonly processes: readonly BookProcess[];
  /** Why not everything is seen; empty where all is. */
  readonly limits: string;
  readonly hasItems: boolean;
  /** All that ran at the beginning has been told, which takes several items. */
  readonly isWhole: boolean;
  readonly failure: Failure | null;
}

/** The items of the first telling come one right after the other. */
const TELLING_MS = 500;

/** The processes that run, once a second. */
export function useProcesses(): LiveProcessList {
  const book = useRef(new ProcessBook());
  const [turn, setTurn] = useState(0);
  const [isFollowing, setFollowing] = useState(true);
  const [telling, setTelling] = useState(0);
  const [whole, setWhole] = useState(0);
  const { failure, item } = useStream(
    'processes.watch',
    {},
    {
      isEnabled: isFollowing,
      onItem: (told, dropped) => {
        book.current.take(told, Date.now());
        setTurn((before) => before + 1);
        if (told.isFirst) setTelling((before) => before + 1);
        // Each item tells only what changed: with a gap the list would stay wrong, so it is told anew.
        if (dropped > 0) setFollowing(false);
      },
    },
  );
  useEffect(() => {
    if (!isFollowing) setFollowing(true);
  }, [isFollowing]);
  useEffect(() => {
    const timer = setTimeout(() => setWhole(telling), TELLING_MS);
    return () => clearTimeout(timer);
  }, [telling]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the book changes with each turn
  const processes = useMemo(() => book.current.list(), [turn]);
  return { processes, limits: item?.limits ?? '', hasItems: item !== undefined, isWhole: whole === telling, failure };
}
