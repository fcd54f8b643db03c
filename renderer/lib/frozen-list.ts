/**
 * A list that does not move while it is read: rows that are new wait behind "12 new", rows that changed change where
 * they are, rows that are gone stay until the list is let go on.
 */
import { useCallback, useMemo, useState } from 'react';

export interface Frozen<Row> {
  readonly rows: readonly Row[];
  /** How many rows wait. */
  readonly newCount: number;
}

/** Pure. @param order the keys of the frozen rows as they are shown */
export function freeze<Row>(
  live: readonly Row[],
  order: readonly string[],
  keyOf: (row: Row) => string,
  last: ReadonlyMap<string, Row>,
): Frozen<Row> {
  const byKey = new Map(live.map((row) => [keyOf(row), row]));
  const known = new Set(order);
  const rows = order.flatMap((key) => byKey.get(key) ?? last.get(key) ?? []);
  let newCount = 0;
  for (const key of byKey.keys()) if (!known.has(key)) newCount += 1;
  return { rows, newCount };
}

export interface FrozenList<Row> extends Frozen<Row> {
  /** Shows what waits. */
  readonly release: () => void;
}

/**
 * @param isFrozen while the list is read: it is scrolled, or a row is selected or open
 * @param keyOf must be the same function at every render
 */
export function useFrozenList<Row>(
  live: readonly Row[],
  isFrozen: boolean,
  keyOf: (row: Row) => string,
): FrozenList<Row> {
  const [held, setHeld] = useState<{
    readonly order: readonly string[];
    readonly rows: ReadonlyMap<string, Row>;
  } | null>(null);
  const hold = useCallback(
    () => ({ order: live.map(keyOf), rows: new Map(live.map((row) => [keyOf(row), row])) }),
    [live, keyOf],
  );
  // An empty list is not being read: what comes first is shown.
  const mayFreeze = isFrozen && live.length > 0;
  if (mayFreeze && held === null) setHeld(hold());
  if (!isFrozen && held !== null) setHeld(null);
  const { rows, newCount } = useMemo(
    () => (held === null ? { rows: live, newCount: 0 } : freeze(live, held.order, keyOf, held.rows)),
    [live, held, keyOf],
  );
  const release = useCallback(() => setHeld(isFrozen ? hold() : null), [hold, isFrozen]);
  return { rows, newCount, release };
}
