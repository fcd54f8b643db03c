/** All correlations of a rule set, in an order in which those that name others come behind them. */
import { Correlation, type CorrelationHit, type RuleHitFacts } from './correlation.ts';
import { quoted, type RuleProblem } from './problem.ts';
import type { CorrelationRule, DetectionRule, RuleFacts } from './types.ts';

/** A correlation that names one that names it … cannot be told from a long chain before this. */
const MAX_CHAIN = 32;

export class CorrelationSet {
  readonly #correlations: readonly Correlation[];
  readonly #byReference = new Map<string, Correlation[]>();
  readonly #silenced: ReadonlySet<string>;
  #nextAdvanceMs = Number.NEGATIVE_INFINITY;

  /** Problems of correlations that cannot be watched are added to `problems`. */
  constructor(correlations: readonly CorrelationRule[], detections: readonly DetectionRule[], problems: RuleProblem[]) {
    const { usable, silenced } = resolve(correlations, detections, problems);
    this.#silenced = silenced;
    this.#correlations = usable.map((rule) => new Correlation(rule));
    for (const correlation of this.#correlations) {
      for (const reference of new Set(correlation.rule.rules)) {
        const list = this.#byReference.get(reference) ?? [];
        list.push(correlation);
        this.#byReference.set(reference, list);
      }
    }
  }

  get rules(): readonly CorrelationRule[] {
    return this.#correlations.map(({ rule }) => rule);
  }

  /** Groups that are kept now, and those that had to be forgotten. */
  get load(): { readonly groups: number; readonly forgotten: number } {
    const sum = (of: (correlation: Correlation) => number): number =>
      this.#correlations.reduce((total, correlation) => total + of(correlation), 0);
    return { groups: sum(({ groups }) => groups), forgotten: sum(({ forgotten }) => forgotten) };
  }

  /** Whether a rule speaks through correlations only. */
  isSilenced({ id }: RuleFacts): boolean {
    return this.#silenced.has(id);
  }

  /** What a hit of a rule completes, and what that completes in turn. */
  add(rule: RuleFacts, facts: RuleHitFacts): readonly CorrelationHit[] {
    const hits: CorrelationHit[] = [];
    const open: { readonly rule: RuleFacts; readonly facts: RuleHitFacts; readonly depth: number }[] = [
      { rule, facts, depth: 0 },
    ];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next.depth > MAX_CHAIN) continue;
      const references = referencesOf(next.rule);
      const watching = new Set(references.flatMap((reference) => this.#byReference.get(reference) ?? []));
      for (const correlation of watching) {
        const hit = correlation.add(references, next.facts);
        if (hit === undefined) continue;
        hits.push(hit);
        open.push({ rule: hit.rule, facts: factsOf(hit), depth: next.depth + 1 });
      }
    }
    return hits;
  }

  /** What the passing of time shows; looked at once a second of the events' own time. */
  advance(nowMs: number): readonly CorrelationHit[] {
    if (this.#correlations.length === 0 || nowMs < this.#nextAdvanceMs) return [];
    this.#nextAdvanceMs = nowMs + ADVANCE_MS;
    return this.#correlations.flatMap((correlation) => {
      const ended = correlation.advance(nowMs);
      return ended.flatMap((hit) => [hit, ...this.add(hit.rule, factsOf(hit))]);
    });
  }
}

const ADVANCE_MS = 1_000;

function referencesOf({ id, name }: RuleFacts): readonly string[] {
  return name === '' || name === id ? [id] : [id, name];
}

function factsOf({ timeMs, group }: CorrelationHit): RuleHitFacts {
  return { timeMs, field: (name) => (Object.hasOwn(group, name) ? group[name] : undefined) };
}

/** Leaves out what names rules that are not there, or itself in the end. */
function resolve(
  correlations: readonly CorrelationRule[],
  detections: readonly DetectionRule[],
  problems: RuleProblem[],
): { readonly usable: readonly CorrelationRule[]; readonly silenced: ReadonlySet<string> } {
  const known = new Map<string, RuleFacts>();
  for (const rule of [...detections, ...correlations]) {
    for (const reference of referencesOf(rule)) if (!known.has(reference)) known.set(reference, rule);
  }
  const usable = new Map(correlations.map((rule) => [rule.id, rule]));
  const drop = (rule: CorrelationRule, reason: string): void => {
    problems.push({ file: rule.file, line: rule.line, rule: rule.title, reason });
    usable.delete(rule.id);
  };
  const correlationIds = new Set(correlations.map(({ id }) => id));
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const rule of [...usable.values()]) {
      const missing = rule.rules.find((reference) => {
        const target = known.get(reference);
        return target === undefined || (correlationIds.has(target.id) && !usable.has(target.id));
      });
      if (missing === undefined) continue;
      drop(rule, `The correlation names the rule ${quoted(missing)}, which is not there.`);
      isChanged = true;
    }
  }
  const heights = new Map<string, number>();
  for (let round = 0; round <= MAX_CHAIN; round++) {
    for (const rule of usable.values()) {
      if (heights.has(rule.id)) continue;
      const below = rule.rules.map((reference) => known.get(reference)!.id).filter((id) => usable.has(id));
      if (below.every((id) => heights.has(id))) heights.set(rule.id, round);
    }
  }
  for (const rule of [...usable.values()]) {
    if (!heights.has(rule.id))
      drop(rule, `The correlation names itself by way of others, or a chain of more than ${MAX_CHAIN}.`);
  }
  const silenced = new Set<string>();
  const spoken = new Set<string>();
  for (const { rules, generate } of usable.values()) {
    for (const reference of rules) (generate ? spoken : silenced).add(known.get(reference)!.id);
  }
  for (const id of spoken) silenced.delete(id);
  return { usable: [...usable.values()], silenced };
}
