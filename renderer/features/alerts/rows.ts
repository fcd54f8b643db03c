/** An alert as the list needs it: a hundred thousand of them must fit into the window's memory. */
import type { AlertRecord } from '../../../contract/api-schemas.ts';

export type AlertRow = Pick<
  AlertRecord,
  | 'id'
  | 'kind'
  | 'severity'
  | 'title'
  | 'attackers'
  | 'victims'
  | 'attackerCount'
  | 'victimCount'
  | 'detectors'
  | 'lastSeenMs'
  | 'findings'
  | 'state'
  | 'source'
  | 'review'
>;

export function rowOf(alert: AlertRecord): AlertRow {
  const { id, kind, severity, title, attackers, victims, attackerCount, victimCount } = alert;
  const { detectors, lastSeenMs, findings, state, source, review } = alert;
  return {
    id,
    kind,
    severity,
    title,
    attackers,
    victims,
    attackerCount,
    victimCount,
    detectors,
    lastSeenMs,
    findings,
    state,
    source,
    review,
  };
}

export const idOf = ({ id }: { readonly id: string }): string => id;

/** The engine's own order: the latest first. */
export function byLastSeen(a: AlertRow, b: AlertRow): number {
  return b.lastSeenMs - a.lastSeenMs || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}
