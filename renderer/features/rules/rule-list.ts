/** What the lists of rules show, as the address says it. Pure; anybody may write an address. */
import type { RuleEngine, RuleProblemRow, RuleRow } from '../../../contract/api-rules.ts';
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { listOf } from '../../lib/address.ts';
import { sortRows } from '../../lib/sort.ts';

export const TABS = ['sigma', 'yara', 'indicators'] as const;
export type RuleTab = (typeof TABS)[number];

export function tabOf(query: Readonly<Record<string, string>>): RuleTab {
  return TABS.find((tab) => tab === query.tab) ?? 'sigma';
}

export interface RuleFilter {
  /** Each is in the rule somewhere; lower case. */
  readonly words: readonly string[];
  /** Empty: all. */
  readonly severities: readonly Severity[];
  readonly state: '' | 'on' | 'off' | 'hit' | 'silent';
  readonly origin: '' | 'own' | 'imported';
}

/** Keys of the address that narrow the list. */
export const FILTER_KEYS = ['q', 'severity', 'state', 'origin'] as const;

const STATES: readonly RuleFilter['state'][] = ['on', 'off', 'hit', 'silent'];
const ORIGINS: readonly RuleFilter['origin'][] = ['own', 'imported'];
/** More words than anybody types. */
const MOST_WORDS = 8;

export function filterOf(query: Readonly<Record<string, string>>): RuleFilter {
  const severities = listOf(query.severity);
  return {
    words: (query.q ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '')
      .slice(0, MOST_WORDS),
    severities: SEVERITIES.filter((severity) => severities.includes(severity)),
    state: STATES.find((state) => state === query.state) ?? '',
    origin: ORIGINS.find((origin) => origin === query.origin) ?? '',
  };
}

export function isNarrowed({ words, severities, state, origin }: RuleFilter): boolean {
  return words.length > 0 || severities.length > 0 || state !== '' || origin !== '';
}

const IS_IN_STATE: Readonly<Record<RuleFilter['state'], (rule: RuleRow) => boolean>> = {
  '': () => true,
  on: ({ isEnabled }) => isEnabled,
  off: ({ isEnabled }) => !isEnabled,
  hit: ({ hits }) => hits > 0,
  silent: ({ hits }) => hits === 0,
};

export function matchesFilter(rule: RuleRow, { words, severities, state, origin }: RuleFilter): boolean {
  if (severities.length > 0 && !severities.includes(rule.severity)) return false;
  if (!IS_IN_STATE[state](rule)) return false;
  if (origin !== '' && rule.isOwn !== (origin === 'own')) return false;
  if (words.length === 0) return true;
  const { title, id, description, about, file, techniques } = rule;
  const text = [title, id, description, about, file, ...techniques].join('\n').toLowerCase();
  return words.every((word) => text.includes(word));
}

export interface RuleSort {
  readonly column: string;
  readonly direction: 'ascending' | 'descending';
}

/** Which rules there are can be read by name. */
export const BY_TITLE: RuleSort = { column: 'title', direction: 'ascending' };

const SORTS: Readonly<Record<string, (rule: RuleRow) => string | number | boolean | null>> = {
  severity: ({ severity }) => SEVERITIES.indexOf(severity),
  title: ({ title }) => title,
  about: ({ about }) => about,
  techniques: ({ techniques }) => techniques[0] ?? null,
  file: ({ file }) => file,
  hits: ({ hits }) => hits,
  last: ({ lastHitMs }) => lastHitMs,
  enabled: ({ isEnabled }) => isEnabled,
};

export function shownRules(
  rules: readonly RuleRow[],
  engine: RuleEngine,
  filter: RuleFilter,
  { column, direction }: RuleSort,
): readonly RuleRow[] {
  const shown = rules.filter((rule) => rule.engine === engine && matchesFilter(rule, filter));
  return sortRows(shown, Object.hasOwn(SORTS, column) ? SORTS[column] : SORTS.title, direction);
}

/** The drawer that an address names. */
export type RuleItem =
  | { readonly kind: 'rule'; readonly engine: RuleEngine; readonly id: string }
  | { readonly kind: 'list'; readonly name: string }
  | { readonly kind: 'problems' }
  | { readonly kind: 'check' };

const PROBLEMS = 'problems';
const CHECK = 'check';
const LIST = 'list:';

export const PROBLEMS_ITEM = PROBLEMS;
export const CHECK_ITEM = CHECK;
export const ruleItem = ({ engine, id }: Pick<RuleRow, 'engine' | 'id'>): string => `${engine}:${id}`;
export const listItem = (name: string): string => `${LIST}${name}`;

export function itemOf(item: string | null): RuleItem | null {
  if (item === null) return null;
  if (item === PROBLEMS || item === CHECK) return { kind: item };
  if (item.startsWith(LIST)) return { kind: 'list', name: item.slice(LIST.length) };
  for (const engine of ['sigma', 'yara'] as const) {
    if (item.startsWith(`${engine}:`)) return { kind: 'rule', engine, id: item.slice(engine.length + 1) };
  }
  return null;
}

/** "imported.yml:12", as editors and compilers write it. */
export const placeOf = ({ file, line }: Pick<RuleProblemRow, 'file' | 'line'>): string => `${file}:${line}`;
