/** What a collector is: one kind of facts of the computer, how often it is looked at, and what a change of it means. */
import type { HostEvent } from '../../../../contract/events.ts';
import type { Surroundings } from './surroundings.ts';

/** A fact is flat, so that it can be kept as JSON and checked when it is read again. */
export type FactValue = string | number | boolean | readonly string[];
export type Fact = Readonly<Record<string, FactValue>>;

/** Types of a fact's values by their names, for checking what was stored. */
export type Shape<F> = {
  readonly [K in keyof F]: F[K] extends string
    ? 'string'
    : F[K] extends number
      ? 'number'
      : F[K] extends boolean
        ? 'boolean'
        : 'list';
};

/** How long facts can be compared with later ones. */
export type Keeping =
  /** As long as the computer exists: files. */
  | 'always'
  /** Until it is started again: what the kernel holds. */
  | 'boot';

export interface Change<F> {
  readonly key: string;
  /** Undefined: it is new. */
  readonly before: F | undefined;
  /** Undefined: it is gone. At least one of the two is there. */
  readonly after: F | undefined;
}

export interface ChangeContext {
  /** When it was noticed. */
  readonly timeMs: number;
  /** Whether a home was never looked into before: what is in it is not new because of that. */
  isNewHome(id: string): boolean;
}

export interface Collected<F> {
  readonly facts: ReadonlyMap<string, F>;
  /** Facts that were left out because there are too many. */
  readonly left: number;
}

/** What was known before; collectors that cannot see a part of the computer at the moment keep what they knew of it. */
export type Known<F> = ReadonlyMap<string, F>;

export interface Collector<F extends Fact> {
  readonly name: string;
  /** In words, for Health: "users". */
  readonly title: string;
  readonly keeping: Keeping;
  readonly intervalMs: number;
  /**
   * The same where another sensor sees writes, for what is told of at once then (`concerns`): what is left are file systems
   * that it does not see. As otherwise, where left out.
   */
  readonly seenIntervalMs?: number;
  readonly shape: Shape<F>;
  /** Whether a write to this path may have changed its facts. */
  concerns(path: string, around: Surroundings): boolean;
  collect(around: Surroundings, known: Known<F>): Collected<F>;
  /** What a change means. */
  tell(change: Change<F>, about: ChangeContext): readonly HostEvent[];
}

/** A collector of which nobody needs to know what its facts are made of. */
export type AnyCollector = Collector<Fact>;

/** What the facts of one part of a snapshot look like. */
export interface FactForm {
  readonly name: string;
  readonly shape: Readonly<Record<string, 'string' | 'number' | 'boolean' | 'list'>>;
}

/** Makes collectors of different facts rows of one table. What goes in came out of the same collector. */
export function asRow<F extends Fact>(collector: Collector<F>): AnyCollector {
  return collector as unknown as AnyCollector;
}

/** What is different, in the order of the keys. */
export function changesOf<F extends Fact>(before: Known<F>, after: Known<F>): readonly Change<F>[] {
  if (before === after) return [];
  const changes: Change<F>[] = [];
  for (const [key, fact] of after) {
    const previous = before.get(key);
    if (previous === undefined || !isSame(previous, fact)) changes.push({ key, before: previous, after: fact });
  }
  for (const [key, fact] of before) if (!after.has(key)) changes.push({ key, before: fact, after: undefined });
  return changes.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function isSame(a: Fact, b: Fact): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => isSameValue(a[name], b[name]));
}

function isSameValue(a: FactValue | undefined, b: FactValue | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b;
  return a.length === b.length && a.every((each, index) => each === b[index]);
}
