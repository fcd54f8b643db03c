/** Processes that run at the same time, each below the one that started it, for whoever lists them. Pure. */

export interface ForestProcess {
  readonly pid: number;
  readonly parentPid: number;
  readonly startedMs: number;
}

export interface ForestRow<T extends ForestProcess> {
  readonly process: T;
  /** 0 at the top. */
  readonly depth: number;
  /** Place of its parent in the list, which is before its own; -1 at the top. */
  readonly parent: number;
  /** How many follow in the list that are below it, at any depth. */
  readonly below: number;
}

/** Some starts are known exactly and some by the second: a parent may seem to be this much younger than its child. */
const SAME_START_MS = 2_000;

/**
 * Parents above their children; siblings, and those at the top, in the order of the list. Numbers that were used
 * again can make rings: of one, the first in the list comes to the top. Takes n log n steps for n processes.
 */
export function processForest<T extends ForestProcess>(processes: readonly T[]): readonly ForestRow<T>[] {
  const bearers = bearersOf(processes);
  const children = new Map<T, T[]>();
  const tops: T[] = [];
  for (const process of processes) {
    const parent = parentOf(process, bearers);
    if (parent === undefined) tops.push(process);
    else gather(children, parent, process);
  }
  const rows: { process: T; depth: number; parent: number; below: number }[] = [];
  const shown = new Set<T>();
  for (const top of [...tops, ...processes]) {
    // A chain of children may be longer than calls can be nested.
    const waiting = [{ process: top, depth: 0, parent: -1 }];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { process, depth } = next;
      if (shown.has(process)) continue;
      shown.add(process);
      const parent = rows.push({ ...next, below: 0 }) - 1;
      for (const child of (children.get(process) ?? []).toReversed()) {
        waiting.push({ process: child, depth: depth + 1, parent });
      }
    }
  }
  for (const { parent, below } of rows.toReversed()) if (parent >= 0) rows[parent].below += below + 1;
  return rows;
}

/** By number, the oldest first. */
function bearersOf<T extends ForestProcess>(processes: readonly T[]): ReadonlyMap<number, readonly T[]> {
  const bearers = new Map<number, T[]>();
  for (const process of processes) gather(bearers, process.pid, process);
  for (const some of bearers.values()) if (some.length > 1) some.sort((a, b) => a.startedMs - b.startedMs);
  return bearers;
}

/** The last one with the number that began before it. */
function parentOf<T extends ForestProcess>(process: T, bearers: ReadonlyMap<number, readonly T[]>): T | undefined {
  const some = bearers.get(process.parentPid) ?? [];
  let low = 0;
  let high = some.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (some[middle].startedMs <= process.startedMs + SAME_START_MS) low = middle + 1;
    else high = middle;
  }
  const found = some[low - 1];
  return found === process ? some[low - 2] : found;
}

function gather<K, T>(map: Map<K, T[]>, key: K, value: T): void {
  const some = map.get(key);
  if (some === undefined) map.set(key, [value]);
  else some.push(value);
}
