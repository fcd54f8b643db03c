/** What one group of a correlation has seen within its timespan. Bounded; nothing here knows of rules or events. */
import type { CorrelationBound, CorrelationRule, CorrelationType, RuleCombination } from './types.ts';

/** One hit of a rule that a correlation names. */
export interface CountedHit {
  readonly timeMs: number;
  /** Which of the correlation's rules, from 0. */
  readonly rule: number;
  /** Of the fields that are counted, joined; empty where none is. */
  readonly value: string;
  /** The same as a number, where it is one. */
  readonly number: number;
}

/** Hits of one group that are kept. Bounds of counts are no higher, so that nobody can push out what would be found. */
export const MAX_HITS_OF_GROUP = 10_000;
/** The same where all are looked through, or sorted, at each hit. */
const MAX_SORTED_HITS = 1_000;
/** Of each rule where their order matters: the first and the last of them. */
const MAX_HITS_OF_RULE = 64;

export class CorrelationWindow {
  readonly #keep: Keeping;
  /** In the order of their time, which is nearly the order in which they come. */
  #hits: CountedHit[] = [];
  /** Those before are forgotten already. */
  #start = 0;

  constructor(type: CorrelationType) {
    this.#keep = KEEPING[type];
  }

  get hits(): readonly CountedHit[] {
    return this.#start === 0 ? this.#hits : this.#hits.slice(this.#start);
  }

  get count(): number {
    return this.#hits.length - this.#start;
  }

  get firstMs(): number {
    return this.#hits[this.#start]?.timeMs ?? Number.POSITIVE_INFINITY;
  }

  get lastMs(): number {
    return this.#hits.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY;
  }

  /** Takes a hit in, and forgets those that are older than the timespan before the latest. */
  add(hit: CountedHit, timespanMs: number): void {
    const hits = this.#hits;
    if (this.#keep.isOncePerValue) this.#remove(({ value }) => value === hit.value);
    let at = hits.length;
    while (at > this.#start && hits[at - 1].timeMs > hit.timeMs) at--;
    hits.splice(at, 0, hit);
    if (this.#keep.mostOfRule < this.#keep.most) this.#thin(hit.rule);
    const oldest = this.lastMs - timespanMs;
    while (hits[this.#start].timeMs < oldest || this.count > this.#keep.most) this.#start++;
    if (this.#start > hits.length / 2) {
      this.#hits = hits.slice(this.#start);
      this.#start = 0;
    }
  }

  clear(): void {
    this.#hits = [];
    this.#start = 0;
  }

  #remove(isGone: (hit: CountedHit) => boolean): void {
    for (let at = this.#hits.length - 1; at >= this.#start; at--) {
      if (!isGone(this.#hits[at])) continue;
      this.#hits.splice(at, 1);
      return;
    }
  }

  /** Of too many hits of one rule, one in the middle goes: the order of rules is told by the outer ones. */
  #thin(rule: number): void {
    let count = 0;
    for (let at = this.#start; at < this.#hits.length; at++) if (this.#hits[at].rule === rule) count++;
    if (count <= this.#keep.mostOfRule) return;
    let left = count >> 1;
    for (let at = this.#start; at < this.#hits.length; at++) {
      if (this.#hits[at].rule !== rule || left-- > 0) continue;
      this.#hits.splice(at, 1);
      return;
    }
  }
}

/** Which hits are enough for each type. */
interface Keeping {
  readonly most: number;
  readonly mostOfRule: number;
  /** A value counts once, and as long as its last hit does. */
  readonly isOncePerValue: boolean;
}

const ALL_HITS: Keeping = { most: MAX_HITS_OF_GROUP, mostOfRule: MAX_HITS_OF_GROUP, isOncePerValue: false };
const SORTED_HITS: Keeping = { most: MAX_SORTED_HITS, mostOfRule: MAX_SORTED_HITS, isOncePerValue: false };
const HITS_OF_RULES: Keeping = { most: MAX_HITS_OF_GROUP, mostOfRule: MAX_HITS_OF_RULE, isOncePerValue: false };

const KEEPING: Readonly<Record<CorrelationType, Keeping>> = {
  event_count: ALL_HITS,
  value_count: { most: MAX_SORTED_HITS, mostOfRule: MAX_SORTED_HITS, isOncePerValue: true },
  value_sum: SORTED_HITS,
  value_avg: SORTED_HITS,
  value_percentile: SORTED_HITS,
  value_median: SORTED_HITS,
  temporal: HITS_OF_RULES,
  temporal_ordered: HITS_OF_RULES,
};

/** The highest bound that a type can tell apart. */
export function highestBound(type: CorrelationType): number {
  return type === 'event_count'
    ? MAX_HITS_OF_GROUP
    : type === 'value_count'
      ? MAX_SORTED_HITS
      : Number.POSITIVE_INFINITY;
}

/** Whether what a window holds is what the correlation looks for. */
export function isReached(rule: CorrelationRule, window: CorrelationWindow): boolean {
  if (rule.type === 'event_count') return rule.bounds.every((bound) => keeps(window.count, bound));
  const { hits } = window;
  if (rule.type === 'temporal' || rule.type === 'temporal_ordered') return isComplete(rule, hits);
  const measured = MEASURES[rule.type](hits, rule);
  return rule.bounds.every((bound) => keeps(measured, bound));
}

function keeps(measured: number, { comparison, value }: CorrelationBound): boolean {
  switch (comparison) {
    case 'gt':
      return measured > value;
    case 'gte':
      return measured >= value;
    case 'lt':
      return measured < value;
    case 'lte':
      return measured <= value;
    case 'eq':
      return measured === value;
    case 'neq':
      return measured !== value;
  }
}

type CountingType = Exclude<CorrelationType, 'event_count' | 'temporal' | 'temporal_ordered'>;

const MEASURES: Readonly<Record<CountingType, (hits: readonly CountedHit[], rule: CorrelationRule) => number>> = {
  // One hit of each value is kept.
  value_count: (hits) => hits.length,
  value_sum: (hits) => numbersOf(hits).reduce((sum, number) => sum + number, 0),
  value_avg: (hits) => {
    const numbers = numbersOf(hits);
    return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  },
  value_percentile: (hits, { percentile }) => quantile(numbersOf(hits), percentile / 100),
  value_median: (hits) => quantile(numbersOf(hits), 0.5),
};

function numbersOf(hits: readonly CountedHit[]): readonly number[] {
  return hits.flatMap(({ number }) => (Number.isNaN(number) ? [] : [number]));
}

/** Between the two nearest values, in proportion; NaN of nothing. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  return below + (sorted[Math.ceil(position)] - below) * (position - Math.floor(position));
}

function isComplete(rule: CorrelationRule, hits: readonly CountedHit[]): boolean {
  const seen = new Set(hits.map((hit) => hit.rule));
  const { combination, bounds, rules, type } = rule;
  const isEnough =
    combination !== undefined
      ? holds(combination, (reference) => seen.has(rules.indexOf(reference)))
      : bounds.length > 0
        ? bounds.every((bound) => keeps(seen.size, bound))
        : seen.size === rules.length;
  return isEnough && (type === 'temporal' || isInOrder(hits, seen));
}

function holds(combination: RuleCombination, isSeen: (reference: string) => boolean): boolean {
  switch (combination.kind) {
    case 'rule':
      return isSeen(combination.reference);
    case 'not':
      return !holds(combination.of, isSeen);
    case 'all':
      return combination.of.every((part) => holds(part, isSeen));
    case 'any':
      return combination.of.some((part) => holds(part, isSeen));
  }
}

/** Whether the rules that were seen can be found one after the other in the order of the correlation. */
function isInOrder(hits: readonly CountedHit[], seen: ReadonlySet<number>): boolean {
  const wanted = [...seen].sort((a, b) => a - b);
  // Hits of one moment may stand in any order: an event may be a hit of several rules.
  let next = 0;
  for (let start = 0; start < hits.length && next < wanted.length; ) {
    let end = start;
    const moment = new Set<number>();
    while (end < hits.length && hits[end].timeMs === hits[start].timeMs) moment.add(hits[end++].rule);
    while (next < wanted.length && moment.has(wanted[next])) next++;
    start = end;
  }
  return next === wanted.length;
}

/** Whether more hits can only end what is looked for: it is judged when the timespan is over. */
export function isJudgedAtEnd({ bounds, type }: CorrelationRule): boolean {
  const isCount = type === 'event_count' || type === 'value_count';
  return isCount && bounds.length > 0 && bounds.every(({ comparison }) => comparison === 'lt' || comparison === 'lte');
}
