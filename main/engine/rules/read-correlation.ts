/** Correlation rules (Sigma correlation rules specification 2.1, and the types and combinations of its reference). */
import { readCondition } from './condition.ts';
import { highestBound } from './correlation-window.ts';
import { quoted, RuleError } from './problem.ts';
import {
  CORRELATION_TYPES,
  type CorrelationBound,
  type CorrelationRule,
  type CorrelationType,
  type RuleCombination,
  type RuleFacts,
  type Statement,
} from './types.ts';
import { entryOf, textOf, textsOf, type YamlEntry, type YamlMap, type YamlNode } from './yaml.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
/** A month: what is counted is kept in memory. */
const MAX_TIMESPAN_MS = 31 * UNIT_MS.d;

/** Types that ask for the values of a field. */
const WITH_VALUES: ReadonlySet<CorrelationType> = new Set([
  'value_count',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
]);
const TEMPORAL: ReadonlySet<CorrelationType> = new Set(['temporal', 'temporal_ordered']);
/** Names under which the reference implementation knows those with a combination. */
const OTHER_NAMES: Readonly<Record<string, CorrelationType>> = {
  temporal_extended: 'temporal',
  temporal_ordered_extended: 'temporal_ordered',
};

/** @throws RuleError */
export function readCorrelation(map: YamlMap, facts: RuleFacts, root: YamlMap): CorrelationRule {
  const type = readType(map);
  const named = textsOf(map, 'rules');
  const condition = entryOf(map, 'condition');
  const combination = condition?.value.kind === 'scalar' ? readCombination(condition.value, type) : undefined;
  const rules = combination === undefined || named.length > 0 ? named : [...namesOf(combination)];
  if (rules.length === 0) throw new RuleError(map.line, 'The correlation names no rules.');
  const bounds = condition !== undefined && combination === undefined ? readBounds(condition, highestBound(type)) : [];
  if (bounds.length === 0 && !TEMPORAL.has(type))
    throw new RuleError(map.line, `A correlation of type ${type} needs a condition.`);
  const valueFields = condition?.value.kind === 'map' ? textsOf(condition.value, 'field') : [];
  if (WITH_VALUES.has(type) && valueFields.length === 0) {
    throw new RuleError(condition?.line ?? map.line, `The condition of type ${type} names no field.`);
  }
  return {
    ...facts,
    kind: 'correlation',
    type,
    rules,
    groupBy: textsOf(map, 'group-by'),
    aliases: readAliases(map),
    timespanMs: readTimespan(map),
    bounds,
    valueFields,
    percentile: readPercentile(condition, type),
    combination,
    generate: [textOf(map, 'generate'), textOf(root, 'generate')].some((text) => text.toLowerCase() === 'true'),
  };
}

function readType(map: YamlMap): CorrelationType {
  const text = textOf(map, 'type').toLowerCase();
  const type = Object.hasOwn(OTHER_NAMES, text) ? OTHER_NAMES[text] : CORRELATION_TYPES.find((each) => each === text);
  if (type !== undefined) return type;
  const line = entryOf(map, 'type')?.line ?? map.line;
  throw new RuleError(line, `The correlation type ${quoted(text)} is none of ${CORRELATION_TYPES.join(', ')}.`);
}

function readTimespan(map: YamlMap): number {
  const entry = entryOf(map, 'timespan') ?? entryOf(map, 'timeframe');
  if (entry === undefined) throw new RuleError(map.line, 'The correlation has no timespan.');
  const text = entry.value.kind === 'scalar' ? String(entry.value.value) : '';
  const found = /^(\d{1,9})([smhdw])$/.exec(text);
  const timespanMs = found === null ? 0 : Number(found[1]) * UNIT_MS[found[2]];
  if (timespanMs <= 0) throw new RuleError(entry.line, `The timespan ${quoted(text)} is not like 30s, 5m, 2h or 1d.`);
  if (timespanMs > MAX_TIMESPAN_MS)
    throw new RuleError(entry.line, `The timespan ${quoted(text)} is longer than 31 days.`);
  return timespanMs;
}

const COMPARISON_KEYS = ['lt', 'lte', 'gt', 'gte', 'eq', 'neq'] as const;

function readBounds({ value, line }: YamlEntry, highest: number): readonly CorrelationBound[] {
  if (value.kind !== 'map')
    throw new RuleError(line, 'The condition of a correlation must be a map such as "gte: 10".');
  const bounds: CorrelationBound[] = [];
  for (const { key, line: keyLine, value: node } of value.entries) {
    if (key === 'field' || key === 'percentile') continue;
    const comparison = COMPARISON_KEYS.find((each) => each === key);
    if (comparison === undefined) {
      throw new RuleError(keyLine, `${quoted(key)} is no bound; there are ${COMPARISON_KEYS.join(', ')}.`);
    }
    const bound = numberOf(node, key);
    if (bound > highest) throw new RuleError(keyLine, `No more than ${highest} can be counted here, not ${bound}.`);
    bounds.push({ comparison, value: bound });
  }
  if (bounds.length === 0)
    throw new RuleError(line, 'The condition of the correlation has no bound such as "gte: 10".');
  return bounds;
}

function numberOf(node: YamlNode, key: string): number {
  if (node.kind === 'scalar' && typeof node.value === 'number' && Number.isFinite(node.value)) return node.value;
  throw new RuleError(node.line, `"${key}" must be a number.`);
}

const MEDIAN = 50;

function readPercentile(condition: YamlEntry | undefined, type: CorrelationType): number {
  if (type !== 'value_percentile' || condition?.value.kind !== 'map') return MEDIAN;
  const entry = entryOf(condition.value, 'percentile');
  if (entry === undefined) return MEDIAN;
  const percentile = numberOf(entry.value, 'percentile');
  if (percentile < 0 || percentile > 100) throw new RuleError(entry.line, 'A percentile is between 0 and 100.');
  return percentile;
}

function readAliases(map: YamlMap): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const entry = entryOf(map, 'aliases');
  if (entry === undefined) return new Map();
  if (entry.value.kind !== 'map') throw new RuleError(entry.line, '"aliases" must be a map.');
  return new Map(
    entry.value.entries.map(({ key, line, value }) => {
      if (value.kind !== 'map')
        throw new RuleError(line, `The alias ${quoted(key)} must say for each rule which field it is.`);
      const fields = value.entries.map((each) => [each.key, textOf(value, each.key)] as const);
      return [key, new Map(fields)];
    }),
  );
}

/** `rule_a and not rule_b`: read as the condition of a rule whose searches are rules. */
function readCombination(node: YamlNode & { readonly kind: 'scalar' }, type: CorrelationType): RuleCombination {
  if (!TEMPORAL.has(type))
    throw new RuleError(node.line, 'The condition of a correlation must be a map such as "gte: 10".');
  const text = String(node.value ?? '');
  const names = new Set(text.match(/[\w.-]+/g) ?? []);
  for (const word of ['and', 'or', 'not']) names.delete(word);
  const nothing: Statement = { kind: 'any', of: [] };
  const searches = new Map([...names].map((name) => [name, nothing]));
  return combinationOf(readCondition(text, searches, node.line), node.line);
}

function combinationOf(statement: Statement, line: number): RuleCombination {
  switch (statement.kind) {
    case 'search':
      return { kind: 'rule', reference: statement.name };
    case 'not':
      return { kind: 'not', of: combinationOf(statement.of, line) };
    case 'all':
    case 'any':
      return { kind: statement.kind, of: statement.of.map((part) => combinationOf(part, line)) };
    default:
      throw new RuleError(line, 'A combination of rules is made of names, and, or, not and brackets.');
  }
}

function namesOf(combination: RuleCombination): ReadonlySet<string> {
  if (combination.kind === 'rule') return new Set([combination.reference]);
  const parts = combination.kind === 'not' ? [combination.of] : combination.of;
  return new Set(parts.flatMap((part) => [...namesOf(part)]));
}
