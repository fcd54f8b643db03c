/** What a rule is once it was read; plain data that compile.ts turns into functions. */
import type { Severity } from '../../../contract/domain.ts';
import type { LinearRegex } from './regex.ts';
import type { TextPattern } from './text-pattern.ts';

/** What an event says of one field; undefined where it does not have it. */
export type FieldValue = string | number | boolean | null | undefined | readonly (string | number | boolean)[];

/** What a log source of a rule names; empty where it names nothing. */
export interface LogSource {
  readonly product: string;
  readonly category: string;
  readonly service: string;
}

/** Which log sources an event belongs to. */
export interface EventSource {
  readonly products: readonly string[];
  readonly categories: readonly string[];
  readonly services: readonly string[];
  /** A line of a log: what rules that name a product only are about. */
  readonly isLog: boolean;
  /** Nobody said: every rule is about it. */
  readonly isAny?: boolean;
}

export const TIME_PARTS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
export type TimePart = (typeof TIME_PARTS)[number];

export const COMPARISONS = ['lt', 'lte', 'gt', 'gte'] as const;
export type Comparison = (typeof COMPARISONS)[number] | 'eq';

/** What a value is asked. */
export type ValueTest =
  | { readonly kind: 'text'; readonly pattern: TextPattern }
  | { readonly kind: 'regex'; readonly regex: LinearRegex; readonly needs: readonly string[] }
  | { readonly kind: 'number'; readonly comparison: Comparison; readonly value: number; readonly part?: TimePart }
  /** A number or a truth as it is written; fields hold either. */
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'exists'; readonly isWanted: boolean }
  | { readonly kind: 'network'; readonly words: readonly number[]; readonly bits: number; readonly text: string }
  | {
      readonly kind: 'field';
      readonly other: string;
      readonly how: 'equals' | 'contains' | 'startswith' | 'endswith';
      readonly isCased: boolean;
    };

/** The field of keywords: everything that an event says. */
export const ALL_TEXT = '';

/** A statement about an event. */
export type Statement =
  | { readonly kind: 'all'; readonly of: readonly Statement[] }
  | { readonly kind: 'any'; readonly of: readonly Statement[] }
  | { readonly kind: 'not'; readonly of: Statement }
  | { readonly kind: 'some'; readonly least: number; readonly of: readonly Statement[] }
  | { readonly kind: 'field'; readonly field: string; readonly test: ValueTest }
  /** Marks a search of the rule, to say later which of them matched. */
  | { readonly kind: 'search'; readonly name: string; readonly of: Statement };

export const RULE_LEVELS = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type RuleLevel = (typeof RULE_LEVELS)[number];

/** What rules and correlations say about themselves. */
export interface RuleFacts {
  /** As the author gave it; else its name, else file and line. Unique in a set. */
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly author: string;
  readonly status: string;
  readonly license: string;
  readonly references: readonly string[];
  readonly falsePositives: readonly string[];
  /** Fields that help to judge a hit. */
  readonly fields: readonly string[];
  readonly level: RuleLevel;
  readonly severity: Severity;
  readonly tags: readonly string[];
  /** ATT&CK ids of the tags: "T1059.004". */
  readonly techniques: readonly string[];
  /** ATT&CK tactics of the tags, by short name: "credential-access". */
  readonly tactics: readonly string[];
  readonly file: string;
  readonly line: number;
}

/** A rule about one event. */
export interface DetectionRule extends RuleFacts {
  readonly kind: 'detection';
  readonly source: LogSource;
  readonly statement: Statement;
}

export const CORRELATION_TYPES = [
  'event_count',
  'value_count',
  'value_sum',
  'value_avg',
  'value_percentile',
  'value_median',
  'temporal',
  'temporal_ordered',
] as const;
export type CorrelationType = (typeof CORRELATION_TYPES)[number];

/** Bounds that a count or value must keep, all of them. */
export interface CorrelationBound {
  readonly comparison: Comparison | 'neq';
  readonly value: number;
}

/** A combination of rules by their names; of temporal correlations. */
export type RuleCombination =
  | { readonly kind: 'rule'; readonly reference: string }
  | { readonly kind: 'all' | 'any'; readonly of: readonly RuleCombination[] }
  | { readonly kind: 'not'; readonly of: RuleCombination };

/** A rule about several events. */
export interface CorrelationRule extends RuleFacts {
  readonly kind: 'correlation';
  readonly type: CorrelationType;
  /** Ids or names of rules, in order. */
  readonly rules: readonly string[];
  readonly groupBy: readonly string[];
  /** By alias, then by reference of the rule: the field that holds it. */
  readonly aliases: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly timespanMs: number;
  readonly bounds: readonly CorrelationBound[];
  readonly valueFields: readonly string[];
  /** 0 to 100, of value_percentile. */
  readonly percentile: number;
  readonly combination: RuleCombination | undefined;
  /** Whether the rules that it names report hits of their own too. */
  readonly generate: boolean;
}

/** What keeps many rules quiet about something known. */
export interface FilterRule {
  readonly kind: 'filter';
  readonly title: string;
  readonly file: string;
  readonly line: number;
  readonly source: LogSource;
  /** Ids or names; `any` of all rules of the log source. */
  readonly rules: readonly string[] | 'any';
  /** What must also hold for a rule to match. */
  readonly statement: Statement;
}

export type SigmaRule = DetectionRule | CorrelationRule | FilterRule;
