import { useEffect, useMemo, useRef, useState } from 'react';
import type { Failure } from '../../../contract/domain.ts';
import { useStream } from '../../lib/use-stream.ts';
import { type BookProcess, ProcessBook } from './process-book.ts';

export interface LiveProcessList {
  readonly processes: readonly BookProcess[];
  /** Why not everything is seen; empty where all is. */
  readonly limits: string;
  readonly hasItems: boolean;
  readonly failure: Failure | null;
}

/** The processes that run, once a second. */
export function useProcesses(): LiveProcessList {
  const book = useRef(new ProcessBook());
  const [turn, setTurn] = useState(0);
  const [isFollowing, setFollowing] = useState(true);
  const { failure, item } = useStream(
    'processes.watch',
    {},
    {
      isEnabled: isFollowing,
      onItem: (told, dropped) => {
        book.current.take(told, Date.now());
        setTurn((before) => before + 1);
        // Each item tells only what changed: with a gap the list would stay wrong, so it is told anew.
        if (dropped > 0) setFollowing(false);
      },
    },
  );
  useEffect(() => {
    if (!isFollowing) setFollowing(true);
  }, [isFollowing]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the book changes with each turn
  const processes = useMemo(() => book.current.list(), [turn]);
  return { processes, limits: item?.limits ?? '', hasItems: item !== undefined, failure };
}
