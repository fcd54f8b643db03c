/** Following a stream of the engine from a component; it opens again by itself when the link comes back. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Failure } from '../../contract/domain.ts';
import { type AnyStreamName, type InputOf, type OutputOf, watch } from './client.ts';

export interface StreamOptions<T> {
  /** For those who gather items; `dropped` were left out before this one. */
  readonly onItem?: (item: T, dropped: number) => void;
  /** The stream runs (again): what was gathered before may have gaps. */
  readonly onOpen?: () => void;
  /** Does not follow while false. */
  readonly isEnabled?: boolean;
}

export interface StreamResult<T> {
  /** The latest item; kept when the stream ends. */
  readonly item: T | undefined;
  readonly receivedMs: number | null;
  readonly isOpen: boolean;
  /** Why it ended; null while it runs. */
  readonly failure: Failure | null;
  /** How many items were left out since it was opened, as this window was too slow. */
  readonly dropped: number;
}

const NOTHING = { item: undefined, receivedMs: null, isOpen: false, failure: null, dropped: 0 } as const;

export function useStream<N extends AnyStreamName>(
  name: N,
  input: InputOf<N>,
  { onItem, onOpen, isEnabled = true }: StreamOptions<OutputOf<N>> = {},
): StreamResult<OutputOf<N>> {
  const [result, setResult] = useState<StreamResult<OutputOf<N>>>(NOTHING);
  const key = JSON.stringify(input);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `input` is what `key` was made of
  const kept = useMemo(() => input, [key]);
  const told = useRef({ onItem, onOpen });
  useEffect(() => {
    told.current = { onItem, onOpen };
  });

  useEffect(() => {
    if (!isEnabled) return;
    return watch(name, kept, {
      onItem: (item, dropped) => {
        told.current.onItem?.(item, dropped);
        setResult((before) => ({
          item,
          receivedMs: Date.now(),
          isOpen: true,
          failure: null,
          dropped: before.dropped + dropped,
        }));
      },
      onOpen: () => {
        setResult((before) => ({ ...before, isOpen: true, failure: null, dropped: 0 }));
        told.current.onOpen?.();
      },
      onEnd: (failure) => setResult((before) => ({ ...before, isOpen: false, failure })),
    });
  }, [name, kept, isEnabled]);

  return result;
}
