/** What the list shows, as the address says it. Pure; anybody may write an address, so what is not known is left out. */
import type { ReviewState } from '../../../contract/api-schemas.ts';
import { ALERT_KINDS, type AlertKind, SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { listOf } from '../../lib/address.ts';
import type { AlertRow } from './rows.ts';

export interface ListFilter {
  /** Words in titles and addresses, without regard to case. */
  readonly search: string;
  /** Mildest first; empty: all. */
  readonly severities: readonly Severity[];
  /** Empty: all. */
  readonly kinds: readonly AlertKind[];
  readonly states: readonly ReviewState[];
  /** Alerts whose last moment is at or after this one, in milliseconds since the epoch; null: any. */
  readonly sinceMs: number | null;
  /** "live", or the id of a capture. */
  readonly source: string;
}

export const GROUPINGS = ['kind', 'attacker', 'victim', 'day'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export const LIVE = 'live';
const CAPTURE = /^c-[0-9a-z]{1,32}$/;
const HOUR_MS = 3_600_000;
/** Spans that can be chosen, in hours. */
const SPANS: readonly string[] = ['1', '24', '168', '720'];
/** As the call takes it. */
const LONGEST_SEARCH = 100;

const STATES: Readonly<Record<string, readonly ReviewState[]>> = {
  open: ['open'],
  acknowledged: ['acknowledged'],
  dismissed: ['dismissed'],
  all: ['open', 'acknowledged', 'dismissed'],
};
const DEFAULT_STATES: readonly ReviewState[] = ['open', 'acknowledged'];

/** Keys of the address that narrow the list. */
export const FILTER_KEYS = ['q', 'severity', 'kind', 'state', 'span'] as const;

export function filterOf(query: Readonly<Record<string, string>>, nowMs: number): ListFilter {
  const severities = listOf(query.severity);
  const kinds = listOf(query.kind);
  const source = CAPTURE.test(query.source ?? '') ? query.source : LIVE;
  const hours = SPANS.includes(query.span ?? '') && source === LIVE ? Number(query.span) : 0;
  return {
    search: (query.q ?? '').slice(0, LONGEST_SEARCH),
    severities: SEVERITIES.filter((severity) => severities.includes(severity)),
    kinds: ALERT_KINDS.filter((kind) => kinds.includes(kind)),
    states: Object.hasOwn(STATES, query.state ?? '') ? STATES[query.state] : DEFAULT_STATES,
    sinceMs: hours === 0 ? null : nowMs - hours * HOUR_MS,
    source,
  };
}

/** The same for addresses that show the same list. */
export function filterKey(query: Readonly<Record<string, string>>): string {
  return JSON.stringify([...FILTER_KEYS, 'source'].map((key) => query[key] ?? ''));
}

export function isNarrowed(query: Readonly<Record<string, string>>): boolean {
  return FILTER_KEYS.some((key) => (query[key] ?? '') !== '');
}

export function groupingOf(query: Readonly<Record<string, string>>): Grouping | null {
  return GROUPINGS.find((grouping) => grouping === query.group) ?? null;
}

/** Whether the list shows this alert; the same as the engine's own answer. */
export function matchesFilter(row: AlertRow, filter: ListFilter): boolean {
  const { state } = row;
  if (state === 'withdrawn' || !filter.states.includes(state) || row.source !== filter.source) return false;
  if (filter.severities.length > 0 && !filter.severities.includes(row.severity)) return false;
  if (filter.kinds.length > 0 && !filter.kinds.includes(row.kind)) return false;
  if (filter.sinceMs !== null && row.lastSeenMs < filter.sinceMs) return false;
  const text = [row.title, ...row.attackers, ...row.victims].join('\n').toLowerCase();
  return text.includes(filter.search.toLowerCase());
}
