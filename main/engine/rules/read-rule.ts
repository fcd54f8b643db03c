/** From a YAML document to a rule, a correlation or a filter. */
import type { Severity } from '../../../contract/domain.ts';
import { readCondition } from './condition.ts';
import type { Placeholders } from './modifiers.ts';
import { quoted, RuleError } from './problem.ts';
import { readCorrelation } from './read-correlation.ts';
import { readSearches } from './search.ts';
import {
  type DetectionRule,
  type FilterRule,
  type LogSource,
  RULE_LEVELS,
  type RuleFacts,
  type RuleLevel,
  type SigmaRule,
  type Statement,
} from './types.ts';
import { entryOf, textOf, textsOf, type YamlMap, type YamlNode } from './yaml.ts';

const SEVERITY_OF_LEVEL: Readonly<Record<RuleLevel, Severity>> = {
  informational: 'info',
  low: 'low',
  medium: 'medium',
  high: 'high',
  critical: 'critical',
};

const STATUSES = ['stable', 'test', 'experimental', 'deprecated', 'unsupported'];

/** Of rules that name none: notable, rarely an incident. */
const DEFAULT_LEVEL: RuleLevel = 'low';

/** @throws RuleError */
export function readRule(root: YamlNode, file: string, placeholders: Placeholders): SigmaRule {
  if (root.kind !== 'map') throw new RuleError(root.line, 'A rule must be a map with a title and a detection.');
  if (entryOf(root, 'action') !== undefined) {
    throw new RuleError(root.line, 'Collections with "action" were taken out of Sigma; write each rule whole.');
  }
  const sections = ['detection', 'correlation', 'filter'].filter((name) => entryOf(root, name) !== undefined);
  if (sections.length === 0) throw new RuleError(root.line, 'It has no detection, no correlation and no filter.');
  if (sections.length > 1)
    throw new RuleError(root.line, `It has ${sections.join(' and ')}: a document is one of them.`);
  if (sections[0] === 'filter') return readFilter(root, file, placeholders);
  const facts = readFacts(root, file);
  if (sections[0] === 'correlation') return readCorrelation(mapAt(root, 'correlation'), facts, root);
  return readDetection(root, facts, placeholders);
}

/** What a document calls itself, as far as it can be told. Never throws. */
export function titleOf(root: YamlNode): string {
  if (root.kind !== 'map') return '';
  for (const key of ['title', 'id', 'name']) {
    const entry = entryOf(root, key);
    if (entry?.value.kind === 'scalar' && entry.value.text !== '') return String(entry.value.value);
  }
  return '';
}

function readFacts(root: YamlMap, file: string): RuleFacts {
  const { line } = root;
  const title = textOf(root, 'title');
  if (title === '') throw new RuleError(line, 'It has no title.');
  const name = textOf(root, 'name');
  const level = textOf(root, 'level').toLowerCase() || DEFAULT_LEVEL;
  if (!isLevel(level))
    throw new RuleError(lineOf(root, 'level'), `The level ${quoted(level)} is none of ${RULE_LEVELS.join(', ')}.`);
  const status = textOf(root, 'status').toLowerCase();
  if (status !== '' && !STATUSES.includes(status)) {
    throw new RuleError(lineOf(root, 'status'), `The status ${quoted(status)} is none of ${STATUSES.join(', ')}.`);
  }
  const tags = textsOf(root, 'tags');
  return {
    id: textOf(root, 'id') || name || `${file}:${line}`,
    name,
    title,
    description: textOf(root, 'description'),
    author: textOf(root, 'author'),
    status,
    license: textOf(root, 'license'),
    references: textsOf(root, 'references'),
    falsePositives: textsOf(root, 'falsepositives'),
    fields: textsOf(root, 'fields'),
    level,
    severity: SEVERITY_OF_LEVEL[level],
    tags,
    techniques: tags.flatMap(techniqueOf),
    tactics: tags.flatMap(tacticOf),
    file,
    line,
  };
}

function isLevel(text: string): text is RuleLevel {
  return RULE_LEVELS.some((level) => level === text);
}

function lineOf(map: YamlMap, key: string): number {
  return entryOf(map, key)?.line ?? map.line;
}

function techniqueOf(tag: string): readonly string[] {
  const found = /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag);
  return found === null ? [] : [found[1].toUpperCase()];
}

/** Tags name tactics with dashes; older ones with underscores. */
function tacticOf(tag: string): readonly string[] {
  const found = /^attack\.([a-z][a-z_-]*[a-z])$/i.exec(tag);
  return found === null ? [] : [found[1].toLowerCase().replaceAll('_', '-')];
}

function readDetection(root: YamlMap, facts: RuleFacts, placeholders: Placeholders): DetectionRule {
  const detection = mapAt(root, 'detection');
  return {
    ...facts,
    kind: 'detection',
    source: readLogSource(root),
    statement: readConditions(detection, ['condition', 'timeframe'], placeholders),
  };
}

/** The statement of the conditions of a map, whose other keys are its searches. Several conditions are joined by or. */
function readConditions(map: YamlMap, reserved: readonly string[], placeholders: Placeholders): Statement {
  const condition = entryOf(map, 'condition');
  if (condition === undefined) throw new RuleError(map.line, 'It has no condition.');
  const searches = readSearches(
    map.entries.filter(({ key }) => !reserved.includes(key)),
    placeholders,
  );
  const nodes = condition.value.kind === 'list' ? condition.value.items : [condition.value];
  const parts = nodes.map((node) => {
    if (node.kind !== 'scalar') throw new RuleError(node.line, 'A condition must be a text.');
    return readCondition(node.value === null ? '' : String(node.value), searches, node.line);
  });
  if (parts.length === 0) throw new RuleError(condition.line, 'It has no condition.');
  return parts.length === 1 ? parts[0] : { kind: 'any', of: parts };
}

function readLogSource(root: YamlMap): LogSource {
  const map = mapAt(root, 'logsource');
  const [product, category, service] = ['product', 'category', 'service'].map((key) => textOf(map, key).toLowerCase());
  if (product + category + service === '') {
    throw new RuleError(map.line, 'The log source names no product, no category and no service.');
  }
  return { product, category, service };
}

function mapAt(root: YamlMap, key: string): YamlMap {
  const entry = entryOf(root, key);
  if (entry === undefined) throw new RuleError(root.line, `It has no ${key}.`);
  if (entry.value.kind !== 'map') throw new RuleError(entry.line, `"${key}" must be a map.`);
  return entry.value;
}

/**
 * A filter (Sigma filters specification). Its condition is joined to the rule by and; one that has no "not" says what
 * is to be left out, as the example of the specification does, and is turned round.
 */
function readFilter(root: YamlMap, file: string, placeholders: Placeholders): FilterRule {
  const title = textOf(root, 'title');
  if (title === '') throw new RuleError(root.line, 'It has no title.');
  const filter = mapAt(root, 'filter');
  const rules = textsOf(filter, 'rules');
  if (rules.length === 0) throw new RuleError(filter.line, 'The filter names no rules; "any" means all.');
  const statement = readConditions(filter, ['condition', 'rules'], placeholders);
  return {
    kind: 'filter',
    title,
    file,
    line: root.line,
    source: readLogSource(root),
    rules: rules.length === 1 && rules[0].toLowerCase() === 'any' ? 'any' : rules,
    statement: hasNot(statement) ? statement : { kind: 'not', of: statement },
  };
}

/** Whether the condition, not what it is made of, denies anything. */
function hasNot(statement: Statement): boolean {
  if (statement.kind === 'not') return true;
  return (statement.kind === 'all' || statement.kind === 'any') && statement.of.some(hasNot);
}
