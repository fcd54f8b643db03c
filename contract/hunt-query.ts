/** A query that was understood, and what can be wrong with one that was not. Types and bounds only. */
import type { HuntOperatorSymbol } from './hunt-tables.ts';

/** Moments and spans as a query says them; what they are in milliseconds is decided when it runs. */
export type HuntTime =
  /** So many milliseconds ago. */
  | { readonly type: 'ago'; readonly ms: number }
  /** ISO 8601; without a zone, in the time of the computer that Holdfast runs on. */
  | { readonly type: 'at'; readonly text: string };

export type HuntValue =
  | { readonly type: 'text'; readonly text: string }
  /** Bytes, milliseconds, or a plain number. */
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'time'; readonly time: HuntTime }
  /** An IP or MAC address, or with a prefix length a network. */
  | { readonly type: 'network'; readonly address: string; readonly prefix: number | null };

export type HuntCondition =
  | {
      readonly type: 'compare';
      readonly field: string;
      readonly operator: HuntOperatorSymbol;
      /** One; for `in` one or more. */
      readonly values: readonly HuntValue[];
    }
  | { readonly type: 'and' | 'or'; readonly conditions: readonly HuntCondition[] }
  | { readonly type: 'not'; readonly condition: HuntCondition };

export type HuntGroup =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'span'; readonly ms: number };

export interface HuntAggregate {
  readonly function: 'count' | 'distinct' | 'sum' | 'average' | 'min' | 'max';
  /** Null for `count`. */
  readonly field: string | null;
  readonly by: readonly HuntGroup[];
}

export interface HuntSort {
  /** A field; after a summary one of its columns. */
  readonly name: string;
  readonly direction: 'asc' | 'desc';
}

export interface HuntQuery {
  readonly table: string;
  readonly where: HuntCondition | null;
  readonly since: HuntTime | null;
  readonly until: HuntTime | null;
  readonly aggregate: HuntAggregate | null;
  readonly sort: readonly HuntSort[];
  readonly limit: number | null;
}

/** Something that is wrong, and where: offsets into the query in UTF-16 code units, `end` after the last one. */
export interface HuntProblem {
  readonly start: number;
  readonly end: number;
  readonly message: string;
  readonly hint: string;
}

/** The longest query; the table of calls says the same. */
export const MAX_QUERY_LENGTH = 2_000;
/** Comparisons of one query: each is looked at for every row. */
export const MAX_COMPARISONS = 50;
/** Values of one list. */
export const MAX_VALUES = 100;
/** Parentheses within parentheses, and "not" before "not". */
export const MAX_DEPTH = 20;
/** Fields that make groups or an order. */
export const MAX_KEYS = 4;
/** The most rows that a query may ask for. */
export const MAX_LIMIT = 100_000;
/** Problems that are told of one query. */
export const MAX_PROBLEMS = 5;
