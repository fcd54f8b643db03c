/** The allow entry that is offered when alerts are dismissed: what they have in common. Pure. */
import type { CallInput } from '../../../contract/api.ts';
import type { AllowMatch } from '../../../contract/api-alerts.ts';
import { ALERT_KINDS, SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { LIVE } from './filters.ts';
import type { AlertRow } from './rows.ts';

export const ALLOW_FIELDS = ['kind', 'attacker', 'victim', 'program', 'command', 'detector'] as const;
export type AllowField = (typeof ALLOW_FIELDS)[number];

/** What an entry may say: a value for each field, and which of them count. */
export interface AllowDraft {
  readonly values: Readonly<Partial<Record<AllowField, string>>>;
  readonly chosen: readonly AllowField[];
  readonly maximumSeverity: Severity;
  /** Days from now; null: until somebody takes it away. */
  readonly days: number | null;
}

const DAY_MS = 86_400_000;

/**
 * Null where an entry would have no effect: the allow-list is for this computer's own traffic. Chosen are the kind and
 * the attacker: narrow enough not to hide what is new, wide enough to hide the same tomorrow.
 */
export function proposeAllow(alerts: readonly AlertRow[]): AllowDraft | null {
  if (alerts.length === 0 || alerts.some(({ source }) => source !== LIVE)) return null;
  const values: Partial<Record<AllowField, string>> = {};
  const propose = (field: AllowField, of: (alert: AlertRow) => readonly string[]): void => {
    const [first, ...others] = alerts.map(of);
    const common = first.find((value) => others.every((list) => list.includes(value)));
    if (common !== undefined) values[field] = common;
  };
  propose('kind', ({ kind }) => [kind]);
  propose('attacker', ({ attackers }) => attackers);
  propose('victim', ({ victims }) => victims);
  propose('detector', ({ detectors }) => detectors);
  const worst = Math.max(...alerts.map(({ severity }) => SEVERITIES.indexOf(severity)));
  return {
    values,
    chosen: (['kind', 'attacker'] as const).filter((field) => values[field] !== undefined),
    // Lower, and the entry would not fit the alert that it is made from.
    maximumSeverity: SEVERITIES[worst],
    days: 30,
  };
}

/** Null where nothing is said. */
export function matchOf({ values, chosen }: AllowDraft): AllowMatch | null {
  const match: { -readonly [F in keyof AllowMatch]: AllowMatch[F] } = {};
  for (const field of chosen) {
    const value = values[field]?.trim() ?? '';
    if (value === '') continue;
    if (field === 'kind') match.kind = ALERT_KINDS.find((kind) => kind === value);
    else match[field] = value;
  }
  return Object.keys(match).length === 0 ? null : match;
}

export function toggleField(draft: AllowDraft, field: AllowField, isChosen: boolean): AllowDraft {
  const chosen = ALLOW_FIELDS.filter((known) => (known === field ? isChosen : draft.chosen.includes(known)));
  return { ...draft, chosen };
}

/** The call that adds it; null where nothing must fit. */
export function allowInputOf(draft: AllowDraft, reason: string, nowMs: number): CallInput<'allow.add'> | null {
  const match = matchOf(draft);
  if (match === null) return null;
  const untilMs = draft.days === null ? null : nowMs + draft.days * DAY_MS;
  return { match, maximumSeverity: draft.maximumSeverity, reason, untilMs };
}
