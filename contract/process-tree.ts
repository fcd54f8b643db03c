/** Processes of an alert as a tree, for whoever draws it. Nothing here runs by itself. */
import type { ProcessRecord } from './domain.ts';

export interface TreeRow {
  readonly process: ProcessRecord;
  /** 0 at the top. */
  readonly depth: number;
  /** Nothing of the list is below it: one of those that acted. */
  readonly isLeaf: boolean;
}

/** Deeper than any lineage that an alert carries. */
const MAX_DEPTH = 64;

/** Parents above their children, each child below its parent; the order of siblings is that of the list. */
export function treeRows(processes: readonly ProcessRecord[]): readonly TreeRow[] {
  const children = new Map<ProcessRecord | undefined, ProcessRecord[]>();
  for (const process of processes) {
    const parent = parentOf(process, processes);
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [process]);
    else siblings.push(process);
  }
  const rows: TreeRow[] = [];
  const shown = new Set<ProcessRecord>();
  const show = (process: ProcessRecord, depth: number): void => {
    if (shown.has(process) || depth > MAX_DEPTH) return;
    shown.add(process);
    const below = children.get(process) ?? [];
    rows.push({ process, depth, isLeaf: below.length === 0 });
    for (const child of below) show(child, depth + 1);
  };
  for (const root of children.get(undefined) ?? []) show(root, 0);
  // Numbers that were used again can make a ring, of which none is at the top.
  for (const process of processes) show(process, 0);
  return rows;
}

/** Its parent began no later than itself; of several that had the number, the last one. */
function parentOf(process: ProcessRecord, processes: readonly ProcessRecord[]): ProcessRecord | undefined {
  let found: ProcessRecord | undefined;
  for (const other of processes) {
    if (other === process || other.pid !== process.parentPid) continue;
    if ((other.startedMs ?? 0) > (process.startedMs ?? Number.POSITIVE_INFINITY)) continue;
    if (found === undefined || (other.startedMs ?? 0) > (found.startedMs ?? 0)) found = other;
  }
  return found;
}
