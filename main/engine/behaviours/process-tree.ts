import type { HostEvent, HostProcess, HostProcessWithParents } from '../../../contract/events.ts';
import { RecentMap } from './recent-map.ts';

/** Above the largest number of processes of a busy workstation, with those that ended a while ago. */
const MAX_PROCESSES = 16_384;
/** Deeper than any lineage that people make; longer ones lose their oldest end. */
const MAX_ANCESTORS = 16;
/** What is kept of a command line: enough to tell what was run, whatever an attacker puts into it. */
const MAX_KEPT_COMMAND = 2_000;
/** Start times of one process, read from different clocks of the kernel, differ by rounding. */
const SAME_START_MS = 50;

interface Node {
  readonly process: HostProcess;
  readonly ancestors: readonly HostProcess[];
}

/** Of what a list of ancestors was made. */
interface Line {
  readonly parent: HostProcess;
  readonly told: readonly HostProcess[] | undefined;
  readonly last: Node | undefined;
  readonly ancestors: readonly HostProcess[];
}

/**
 * Where processes come from, as it was when they began: parents that have ended since stay known, and a process whose
 * number was given to another one is not taken for it. At most MAX_PROCESSES with MAX_ANCESTORS shared records each.
 */
export class ProcessTree {
  readonly #nodes = new RecentMap<number, Node>(MAX_PROCESSES);
  /** What is kept of a record: sensors give the same one for an ancestor again and again. */
  readonly #kept = new WeakMap<HostProcess, HostProcess>();
  /** Whom somebody asked about last, and the answer: many behaviours ask the same about one event. */
  #asked: HostProcessWithParents | undefined;
  #answer: readonly HostProcess[] = [];
  /** The last one: a program that starts many others one after the other is above all of them. */
  #line: Line | undefined;

  /** To be told of every event before anybody asks about it. */
  event(event: HostEvent): void {
    if (event.type !== 'process-start') return;
    this.#asked = undefined;
    const { process } = event;
    const before = this.#nodes.get(process.pid);
    // A program that runs another in its place has the parents that it had.
    const isSame = before !== undefined && process.startedMs !== undefined && isSameProcess(before.process, process);
    const ancestors = this.ancestors(process);
    this.#nodes.set(process.pid, {
      process: this.#keptOf(process),
      ancestors: ancestors.length === 0 && isSame ? before.ancestors : ancestors,
    });
    this.#asked = undefined;
  }

  /** The parent, its parent, …: the nearest first, at most MAX_ANCESTORS. */
  ancestors(process: HostProcessWithParents): readonly HostProcess[] {
    if (this.#asked === process) return this.#answer;
    this.#answer = this.#ancestorsOf(process);
    this.#asked = process;
    return this.#answer;
  }

  #ancestorsOf(process: HostProcessWithParents): readonly HostProcess[] {
    const { parent, ancestors: given } = process;
    if (parent === undefined) {
      const node = this.#nodes.get(process.pid);
      return node !== undefined && isSameProcess(node.process, process) ? node.ancestors : [];
    }
    const last = given?.[Math.min(given.length, MAX_ANCESTORS - 1) - 1] ?? parent;
    const node = this.#nodes.get(last.pid);
    const line = this.#line;
    if (line?.parent === parent && line.told === given && line.last === node) return line.ancestors;
    const told = [parent, ...(given ?? []).slice(0, MAX_ANCESTORS - 1)];
    const above = node !== undefined && isSameProcess(node.process, last) ? node.ancestors : [];
    const ancestors = [...told.map((each) => this.#keptOf(each)), ...above].slice(0, MAX_ANCESTORS);
    this.#line = { parent, told: given, last: node, ancestors };
    return ancestors;
  }

  #keptOf(process: HostProcess): HostProcess {
    const known = this.#kept.get(process);
    if (known !== undefined) return known;
    const made = kept(process);
    this.#kept.set(process, made);
    return made;
  }
}

function isSameProcess(first: HostProcess, second: HostProcess): boolean {
  if (first.pid !== second.pid) return false;
  if (first.startedMs === undefined || second.startedMs === undefined) return true;
  return Math.abs(first.startedMs - second.startedMs) <= SAME_START_MS;
}

/** Without lists, and with a bounded command line. */
function kept({ arguments: _, currentDirectory: __, ...process }: HostProcess & Partial<HostProcessWithParents>) {
  const { parent: _parent, ancestors: _ancestors, ...rest } = process;
  return rest.commandLine.length <= MAX_KEPT_COMMAND
    ? rest
    : { ...rest, commandLine: rest.commandLine.slice(0, MAX_KEPT_COMMAND) };
}
