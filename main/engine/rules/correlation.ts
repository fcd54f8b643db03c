/** Watches the hits of rules for one correlation, group by group. */
import { CorrelationWindow, type CountedHit, isJudgedAtEnd, isReached } from './correlation-window.ts';
import type { CorrelationRule } from './types.ts';

/** Groups that are kept; beyond, the one that heard nothing for longest is forgotten, and counted. */
const MAX_GROUPS = 10_000;
/** Values that name a group, or are counted, are compared up to this length. */
const MAX_GROUP_TEXT = 512;
/** Stands between the values of a group; no value of a log or of the kernel holds it. */
const SEPARATOR = '\u0000';

/** A hit of a rule on its way to the correlations that name it. */
export interface RuleHitFacts {
  readonly timeMs: number;
  /** Reads a field of the event, or of the group of a correlation; undefined where it has none. */
  readonly field: (name: string) => string | undefined;
}

/** What a correlation found. */
export interface CorrelationHit {
  readonly rule: CorrelationRule;
  readonly timeMs: number;
  readonly firstMs: number;
  /** Hits within the timespan. */
  readonly count: number;
  /** Values that they have in common, by name in group-by. */
  readonly group: Readonly<Record<string, string>>;
}

interface Group {
  readonly values: readonly string[];
  readonly window: CorrelationWindow;
}

export class Correlation {
  readonly rule: CorrelationRule;
  readonly #isJudgedAtEnd: boolean;
  /** The one that heard something last is last. */
  readonly #groups = new Map<string, Group>();
  #forgotten = 0;

  constructor(rule: CorrelationRule) {
    this.rule = rule;
    this.#isJudgedAtEnd = isJudgedAtEnd(rule);
  }

  get groups(): number {
    return this.#groups.size;
  }

  /** Groups that were forgotten because there were too many. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /**
   * Takes a hit of one of its rules in.
   *
   * @param references id and name of the rule that was hit
   */
  add(references: readonly string[], facts: RuleHitFacts): CorrelationHit | undefined {
    const number = this.rule.rules.findIndex((reference) => references.includes(reference));
    if (number < 0) return undefined;
    const values = this.#valuesOf(this.rule.groupBy, references, facts);
    const counted = this.#valuesOf(this.rule.valueFields, references, facts);
    // Who is unknown belongs to no group, and nothing is no value.
    if (values === undefined || counted === undefined) return undefined;
    const key = values.join(SEPARATOR);
    const group = this.#groups.get(key) ?? { values, window: new CorrelationWindow(this.rule.type) };
    this.#groups.delete(key);
    this.#groups.set(key, group);
    if (this.#groups.size > MAX_GROUPS) this.#forgetOldest();
    const { window } = group;
    if (this.#isJudgedAtEnd && facts.timeMs - window.firstMs > this.rule.timespanMs) {
      const ended = this.#judge(group, window.firstMs + this.rule.timespanMs);
      window.clear();
      window.add(this.#counted(number, counted, facts), this.rule.timespanMs);
      return ended;
    }
    window.add(this.#counted(number, counted, facts), this.rule.timespanMs);
    if (this.#isJudgedAtEnd) return undefined;
    const hit = this.#judge(group, facts.timeMs);
    // One hit for what was seen so far; the next needs as much again.
    if (hit !== undefined) window.clear();
    return hit;
  }

  /** What the end of a timespan shows, and groups that nothing is heard of any more. */
  advance(nowMs: number): readonly CorrelationHit[] {
    const ended: CorrelationHit[] = [];
    for (const [key, group] of this.#groups) {
      if (nowMs - group.window.lastMs <= this.rule.timespanMs) break;
      this.#groups.delete(key);
      if (!this.#isJudgedAtEnd) continue;
      const hit = this.#judge(group, group.window.firstMs + this.rule.timespanMs);
      if (hit !== undefined) ended.push(hit);
    }
    return ended;
  }

  #forgetOldest(): void {
    for (const key of this.#groups.keys()) {
      this.#groups.delete(key);
      this.#forgotten++;
      return;
    }
  }

  #counted(rule: number, values: readonly string[], { timeMs }: RuleHitFacts): CountedHit {
    const value = values.join(SEPARATOR);
    return { timeMs, rule, value, number: value.trim() === '' ? Number.NaN : Number(value) };
  }

  #valuesOf(
    fields: readonly string[],
    references: readonly string[],
    facts: RuleHitFacts,
  ): readonly string[] | undefined {
    const values: string[] = [];
    for (const field of fields) {
      const alias = this.rule.aliases.get(field);
      const name =
        alias === undefined ? field : references.map((each) => alias.get(each)).find((each) => each !== undefined);
      const value = name === undefined ? undefined : facts.field(name);
      if (value === undefined) return undefined;
      values.push(value.slice(0, MAX_GROUP_TEXT));
    }
    return values;
  }

  #judge({ values, window }: Group, timeMs: number): CorrelationHit | undefined {
    const { rule } = this;
    if (window.count === 0 || !isReached(rule, window)) return undefined;
    const group = Object.fromEntries(rule.groupBy.map((name, index) => [name, values[index]]));
    return { rule, timeMs, firstMs: window.firstMs, count: window.count, group };
  }
}
