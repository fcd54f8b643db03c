import { type RefObject, useCallback, useEffect, useMemo, useState } from 'react';
import type { BookProcess } from './process-book.ts';
import { heldNodes, type ListNode } from './process-list.ts';

export interface HeldNodes {
  readonly nodes: readonly ListNode[];
  /** How many wait to be shown. */
  readonly newCount: number;
  readonly release: () => void;
}

/** Holds the list as it is while it is read. @param arrangement the filters and the order: another one is shown at once */
export function useHeldNodes(
  live: readonly ListNode[],
  processes: readonly BookProcess[],
  isHeld: boolean,
  arrangement: string,
): HeldNodes {
  const [held, setHeld] = useState<{ readonly arrangement: string; readonly nodes: readonly ListNode[] } | null>(null);
  const isRight = held?.arrangement === arrangement;
  // An empty list is not being read: what comes first is shown.
  if (isHeld && !isRight && live.length > 0) setHeld({ arrangement, nodes: live });
  if (held !== null && !isHeld) setHeld(null);
  const shown = useMemo(
    () => (held === null || !isRight ? { nodes: live, newCount: 0 } : heldNodes(held.nodes, live, processes)),
    [held, isRight, live, processes],
  );
  const release = useCallback(() => setHeld(isHeld ? { arrangement, nodes: live } : null), [isHeld, arrangement, live]);
  return { ...shown, release };
}

/** Whether the pointer is over an element: what is about to be pressed must not move away. */
export function useIsPointedAt(element: RefObject<HTMLElement | null>): boolean {
  const [isPointedAt, setPointedAt] = useState(false);
  useEffect(() => {
    const watched = element.current;
    if (watched === null) return;
    const enter = (event: PointerEvent): void => setPointedAt(event.pointerType === 'mouse');
    const leave = (): void => setPointedAt(false);
    watched.addEventListener('pointerenter', enter);
    watched.addEventListener('pointerleave', leave);
    return () => {
      watched.removeEventListener('pointerenter', enter);
      watched.removeEventListener('pointerleave', leave);
    };
  }, [element]);
  return isPointedAt;
}
