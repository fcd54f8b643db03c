/**
 * The processes that live, and the dead ones that something living comes from. Bounded: a process that lost its last
 * descendant is forgotten, chains are cut at their old end, and beyond the table's size the oldest entry goes.
 */
import type { HostProcess, HostProcessWithParents } from '../../../../contract/events.ts';

/** As many as Linux allows by default on a large machine is far more; a workstation has some hundreds. */
export const MAX_PROCESSES = 65_536;
/** Ancestors that an event tells. Desktops and build tools reach 15. */
export const MAX_ANCESTORS = 32;
/** A program that forks and ends again and again would otherwise keep all its dead alive. */
const MAX_DEPTH = 2 * MAX_ANCESTORS;

/** Ids of a process; what is not known is left out. */
export interface KnownCredentials {
  readonly uid?: number;
  readonly euid?: number;
  readonly gid?: number;
  readonly egid?: number;
  readonly capabilities?: bigint;
}

export interface TableEntry {
  readonly pid: number;
  /** Since the machine started; 0 where only the moment of the fork is known. */
  startNs: number;
  process: HostProcess;
  credentials: KnownCredentials;
  /** Number of its mount namespace, where it is known; its parent's until it is asked. */
  mountNamespace?: number | undefined;
  /** Has executed a program itself, rather than being a copy of its parent. */
  hasExecuted: boolean;
  parent: TableEntry | undefined;
  depth: number;
  /** As it was told last: nearly always it is told again just so. */
  told?: HostProcessWithParents | undefined;
  /** What `told` was made of. */
  toldOf?: HostProcess | undefined;
  /** Those above it, as they were told last below one of its children. */
  above?: readonly HostProcess[] | undefined;
}

export class ProcessTable {
  readonly #entries = new Map<number, TableEntry>();
  readonly #capacity: number;
  #forgotten = 0;

  constructor(capacity: number = MAX_PROCESSES) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Entries that had to go because the table was full. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** The process that has this number now. */
  get(pid: number): TableEntry | undefined {
    return this.#entries.get(pid);
  }

  add(entry: Omit<TableEntry, 'depth' | 'told' | 'toldOf' | 'above'>): TableEntry {
    this.#entries.delete(entry.pid);
    if (this.#entries.size >= this.#capacity) {
      const oldest = this.#entries.keys().next();
      if (!oldest.done) this.#entries.delete(oldest.value);
      this.#forgotten++;
    }
    const added: TableEntry = { ...entry, depth: 0 };
    this.#entries.set(entry.pid, added);
    adopt(added, entry.parent);
    return added;
  }

  /** It ended. Those that come from it still know it. */
  remove(pid: number): void {
    this.#entries.delete(pid);
  }

  clear(): void {
    this.#entries.clear();
  }
}

/** Gives an entry its parent, and keeps its chain short. */
export function adopt(entry: TableEntry, parent: TableEntry | undefined): void {
  entry.parent = parent === entry ? undefined : parent;
  entry.depth = entry.parent === undefined ? 0 : entry.parent.depth + 1;
  if (entry.depth < MAX_DEPTH) return;
  let last: TableEntry = entry;
  for (let left = MAX_ANCESTORS + 1; left > 0 && last.parent !== undefined; left--) last = last.parent;
  last.parent = undefined;
  // What stands between keeps its old depth: it only makes the next cut come earlier, never later.
  entry.depth = MAX_ANCESTORS + 1;
}

/**
 * The process with where it comes from, the nearest first. The same object as long as nothing of it changes: who takes
 * many events apart, writes them or hands them to another thread does so once for each process.
 */
export function withParents(entry: TableEntry): HostProcessWithParents {
  const { process, parent } = entry;
  if (parent === undefined) return process;
  const ancestors = aboveOf(parent);
  const { told } = entry;
  if (told !== undefined && entry.toldOf === process && told.parent === parent.process) {
    if ((told.ancestors ?? NOBODY) === ancestors) return told;
  }
  entry.told = { ...process, parent: parent.process, ...(ancestors.length > 0 && { ancestors }) };
  entry.toldOf = process;
  return entry.told;
}

const NOBODY: readonly HostProcess[] = [];

/** Those above an entry, without itself; the same list as long as they are the same. */
function aboveOf(entry: TableEntry): readonly HostProcess[] {
  const known = entry.above;
  let count = 0;
  let isSame = known !== undefined;
  for (let at = entry.parent; at !== undefined && count < MAX_ANCESTORS; at = at.parent) {
    if (isSame && known?.[count] !== at.process) isSame = false;
    count++;
  }
  if (known !== undefined && isSame && known.length === count) return known;
  const above: HostProcess[] = [];
  for (let at = entry.parent; at !== undefined && above.length < MAX_ANCESTORS; at = at.parent) above.push(at.process);
  entry.above = above.length === 0 ? NOBODY : above;
  return entry.above;
}
