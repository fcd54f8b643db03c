import { useMemo, useRef, useState } from 'react';
import type { Failure } from '../../../contract/domain.ts';
import { useStream } from '../../lib/use-stream.ts';
import { type BookFlow, FlowBook } from './flow-book.ts';

export interface LiveFlowList {
  readonly flows: readonly BookFlow[];
  /** Open flows in all, shown or not. */
  readonly open: number;
  readonly hasItems: boolean;
  readonly failure: Failure | null;
}

/** The open flows, once a second. */
export function useLiveFlows(): LiveFlowList {
  const book = useRef(new FlowBook());
  const [turn, setTurn] = useState(0);
  const { failure, item } = useStream(
    'flows.watch',
    {},
    {
      onOpen: () => {
        book.current = new FlowBook();
      },
      onItem: (told) => {
        book.current.take(told);
        setTurn((before) => before + 1);
      },
    },
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the book changes with each turn
  const flows = useMemo(() => book.current.list(), [turn]);
  return { flows, open: book.current.open, hasItems: item !== undefined, failure };
}
