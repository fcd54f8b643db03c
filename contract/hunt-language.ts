/**
 * The language of Hunt: small, safe and readable. The engine runs what it reads; the renderer colours, completes and
 * corrects with the same code. Pure, and bounded for whatever text it is given; loads nothing heavy.
 *
 * ```
 * flows where port = 22 and bytes > 1MB and initiator in 10.0.0.0/8 since 24h sort by bytes desc
 * alerts where severity >= high and title contains "ssh"
 * flows where service = dns | count by responder | sort by count desc | limit 20
 * flows since 7d | sum bytes by host, 1h
 * flows where not responder in (10.0.0.0/8, 192.168.0.0/16) | count distinct responder by initiator
 * ```
 */
import { type HuntTokenKind, readQuery } from './hunt-parser.ts';
import type { HuntProblem, HuntQuery } from './hunt-query.ts';

export { completeHunt, type HuntCompletion, type HuntSuggestion } from './hunt-complete.ts';
export { groupColumn, type HuntTokenKind, summaryColumns } from './hunt-parser.ts';
export { printHunt } from './hunt-print.ts';
export * from './hunt-query.ts';
export * from './hunt-tables.ts';
export { momentOf, quoteIfNeeded, writeSpan } from './hunt-values.ts';

export type HuntParse =
  | { readonly query: HuntQuery; readonly problems: readonly [] }
  | { readonly query: null; readonly problems: readonly HuntProblem[] };

/** Reads a query. Never throws; problems come with their place and what to write instead. */
export function parseHunt(text: string): HuntParse {
  const { query, problems } = readQuery(text);
  return query === null ? { query, problems } : { query, problems: [] };
}

/** A piece of a query and what it is; spaces are between pieces. */
export interface HuntToken {
  readonly kind: HuntTokenKind;
  readonly start: number;
  readonly end: number;
}

/** The pieces of a query for colouring, in their order; of a wrong query as far as it is understood. */
export function huntTokens(text: string): readonly HuntToken[] {
  const { lexemes, kinds } = readQuery(text);
  return lexemes.slice(0, -1).map(({ start, end }, i) => ({ kind: kinds[i] ?? 'unknown', start, end }));
}
