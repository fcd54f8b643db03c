/** What of the processes is listed, in which order and how far to the right. Pure. */
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { processForest } from '../../../contract/process-forest.ts';
import { sortRows } from '../../lib/sort.ts';
import { asEnded, type BookProcess } from './process-book.ts';

/** One row of the list. */
export interface ListNode {
  readonly key: string;
  readonly process: BookProcess;
  /** 0 at the top; of a flat list always. */
  readonly depth: number;
  /** How many of the rows that follow are below it. */
  readonly below: number;
  /** The worst risk of those below it. */
  readonly riskBelow: Severity | null;
  /** It does not fit the filters, and is there to show where another one belongs. */
  readonly isContext: boolean;
}

export interface ListFilter {
  readonly search: string;
  readonly show: '' | 'alerts' | 'network' | 'listeners';
  readonly user: string;
  readonly hasKernelThreads: boolean;
}

export interface ListOrder {
  readonly column: string;
  readonly direction: 'ascending' | 'descending';
}

const rankOf = (risk: Severity | null): number => (risk === null ? -1 : SEVERITIES.indexOf(risk));

/** Whole percents: rows that differ by less keep their places. */
const SORTS: Readonly<Record<string, (process: BookProcess) => string | number | null>> = {
  program: ({ name }) => name,
  pid: ({ pid }) => pid,
  risk: ({ risk }) => rankOf(risk),
  user: ({ user }) => user,
  package: ({ package: owner }) => owner || null,
  unit: (process) => placeOf(process) || null,
  connections: ({ connections }) => connections,
  listeners: ({ listeners }) => listeners,
  cpu: ({ cpu }) => (cpu === null ? null : Math.round(cpu * 100)),
  memory: ({ memoryBytes }) => memoryBytes,
  started: ({ startedMs }) => startedMs,
};

/** The container where there is one, else the unit. */
export function placeOf({ container, unit }: Pick<BookProcess, 'container' | 'unit'>): string {
  return container || unit;
}

/** The list as it would be with everything expanded. */
export function listNodes(
  processes: readonly BookProcess[],
  filter: ListFilter,
  { column, direction }: ListOrder,
  isTree: boolean,
): readonly ListNode[] {
  const fits = fitting(filter);
  const seen = filter.hasKernelThreads ? processes : processes.filter(({ isKernelThread }) => !isKernelThread);
  // Below the order that was asked for, that of their starts: two of the same value do not change places.
  const byStart = [...seen].sort((a, b) => a.startedMs - b.startedMs || a.pid - b.pid);
  const sorted = sortRows(byStart, SORTS[column] ?? SORTS.started, direction);
  if (!isTree) {
    return sorted.filter(fits).map((process) => nodeOf(process, 0, 0, null, false));
  }
  const whole = processForest(sorted);
  const fit = new Set(seen.filter(fits));
  const isKept = whole.map(({ process }) => fit.has(process));
  for (let at = whole.length - 1; at >= 0; at--)
    if (isKept[at] && whole[at].parent >= 0) isKept[whole[at].parent] = true;
  const kept = isKept.includes(false)
    ? processForest(whole.flatMap(({ process }, at) => (isKept[at] ? [process] : [])))
    : whole;
  const riskBelow = kept.map((): Severity | null => null);
  for (let at = kept.length - 1; at >= 0; at--) {
    const { parent, process } = kept[at];
    if (parent >= 0) riskBelow[parent] = worst(riskBelow[parent], worst(riskBelow[at], process.risk));
  }
  return kept.map(({ process, depth, below }, at) => nodeOf(process, depth, below, riskBelow[at], !fit.has(process)));
}

function nodeOf(
  process: BookProcess,
  depth: number,
  below: number,
  riskBelow: Severity | null,
  isContext: boolean,
): ListNode {
  return { key: process.key, process, depth, below, riskBelow, isContext };
}

function worst(first: Severity | null, second: Severity | null): Severity | null {
  return rankOf(first) >= rankOf(second) ? first : second;
}

const SHOWN: Readonly<Record<ListFilter['show'], (process: BookProcess) => boolean>> = {
  '': () => true,
  alerts: ({ risk }) => risk !== null,
  network: ({ connections }) => connections > 0,
  listeners: ({ listeners }) => listeners > 0,
};

/** Whether a process has all the words in what can be seen of it, and is what is to be shown. */
export function fitting({ search, show, user }: ListFilter): (process: BookProcess) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (process) =>
    SHOWN[show](process) &&
    (user === '' || process.user === user) &&
    words.every((word) => textOf(process).includes(word));
}

function textOf({ name, image, commandLine, user, package: owner, unit, container, pid }: BookProcess): string {
  return [name, image, commandLine, user, owner, unit, container, pid].join('\n').toLowerCase();
}

/**
 * A list that stays as it was while it is read: rows in their places with what is known of them now; who has ended
 * stays and is marked, who is new waits.
 *
 * @param held as it was @param processes all that are known now
 */
export function heldNodes(
  held: readonly ListNode[],
  live: readonly ListNode[],
  processes: readonly BookProcess[],
): { readonly nodes: readonly ListNode[]; readonly newCount: number } {
  const now = new Map(processes.map((process) => [process.key, process]));
  const known = new Set(held.map(({ key }) => key));
  const nodes = held.map((node): ListNode => {
    const process = now.get(node.key) ?? asEnded(node.process);
    return process === node.process ? node : { ...node, process };
  });
  return { nodes, newCount: live.filter(({ key, isContext }) => !isContext && !known.has(key)).length };
}

/** Without what is below the collapsed rows. */
export function withoutCollapsed(nodes: readonly ListNode[], collapsed: ReadonlySet<string>): readonly ListNode[] {
  if (collapsed.size === 0) return nodes;
  const shown: ListNode[] = [];
  for (let at = 0; at < nodes.length; at++) {
    const node = nodes[at];
    shown.push(node);
    if (collapsed.has(node.key)) at += node.below;
  }
  return shown;
}

/** Keys of all rows with others below them: for "collapse all". */
export function parentsOf(nodes: readonly ListNode[]): ReadonlySet<string> {
  return new Set(nodes.filter(({ below }) => below > 0).map(({ key }) => key));
}

export type NamedProcess = Pick<BookProcess, 'name' | 'image' | 'commandLine'>;

/** What the kernel puts behind the path of a program whose file is gone (proc_pid_exe(5)). */
const GONE = ' (deleted)';

/**
 * The name of the program's file where the process calls itself something else, as threads of Node do and who hides;
 * empty where one is the beginning of the other, as of "python3" and "python3.11".
 */
export function otherName({ name, image }: Pick<NamedProcess, 'name' | 'image'>): string {
  const file = fileName(image.endsWith(GONE) ? image.slice(0, -GONE.length) : image);
  return file === '' || file.startsWith(name) || name.startsWith(file) ? '' : file;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Of a longer name the kernel keeps so much. */
const KERNEL_NAME_LENGTH = 15;

/** What of a command line is not the program's name, which stands before it. */
export function argumentsOf({ name, image, commandLine }: NamedProcess): string {
  const space = commandLine.indexOf(' ');
  const first = space < 0 ? commandLine : commandLine.slice(0, space);
  const program = fileName(first).replace(/^-/, '');
  const isName =
    program === name || program === fileName(image) || (name.length === KERNEL_NAME_LENGTH && program.startsWith(name));
  if (!isName) return commandLine;
  return space < 0 ? '' : commandLine.slice(space + 1);
}
