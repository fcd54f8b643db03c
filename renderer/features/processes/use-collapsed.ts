import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { type ListNode, parentsOf, withoutCollapsed } from './process-list.ts';

export interface Collapsing {
  /** What is seen of the list. */
  readonly nodes: readonly ListNode[];
  readonly collapsed: ReadonlySet<string>;
  readonly toggle: (key: string) => void;
  readonly collapseAll: () => void;
  readonly expandAll: () => void;
}

const NOTHING: ReadonlySet<string> = new Set();

/** @param isPossible not while something is searched for: what is found would be hidden */
export function useCollapsed(nodes: readonly ListNode[], isPossible: boolean): Collapsing {
  const [chosen, setChosen] = useState(NOTHING);
  const collapsed = isPossible ? chosen : NOTHING;
  const shown = useMemo(() => withoutCollapsed(nodes, collapsed), [nodes, collapsed]);
  const toggle = useCallback((key: string): void => {
    setChosen((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  }, []);
  const collapseAll = useCallback(() => setChosen(parentsOf(nodes)), [nodes]);
  const expandAll = useCallback(() => setChosen(NOTHING), []);
  return { nodes: shown, collapsed, toggle, collapseAll, expandAll };
}

/** The arrow to the left collapses the row that the keyboard is at, the one to the right expands it. */
export function useCollapseKeys(
  element: RefObject<HTMLElement | null>,
  activeKey: string | null,
  { nodes, collapsed, toggle }: Collapsing,
): void {
  const latest = useRef({ activeKey, nodes, collapsed, toggle });
  useEffect(() => {
    latest.current = { activeKey, nodes, collapsed, toggle };
  });
  useEffect(() => {
    const watched = element.current;
    if (watched === null) return;
    const press = (event: KeyboardEvent): void => {
      const isLeft = event.key === 'ArrowLeft';
      if ((!isLeft && event.key !== 'ArrowRight') || event.ctrlKey || event.altKey || event.metaKey) return;
      const now = latest.current;
      const node = now.nodes.find(({ key }) => key === now.activeKey);
      if (node === undefined || node.below === 0 || now.collapsed.has(node.key) === isLeft) return;
      event.preventDefault();
      now.toggle(node.key);
    };
    watched.addEventListener('keydown', press);
    return () => watched.removeEventListener('keydown', press);
  }, [element]);
}
