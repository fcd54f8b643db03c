import type { AlertRow } from './rows.ts';

/** What can be done with alerts, from wherever they are shown. */
export interface AlertActions {
  readonly acknowledge: (alerts: readonly AlertRow[]) => void;
  /** Asks first. */
  readonly dismiss: (alerts: readonly AlertRow[]) => void;
  readonly reopen: (alerts: readonly AlertRow[]) => void;
  readonly export: (alerts: readonly AlertRow[], format: 'json' | 'html') => void;
}

/** Whether a review would change any of them. */
export const canAcknowledge = (alerts: readonly AlertRow[]): boolean => alerts.some(({ state }) => state === 'open');
export const canDismiss = (alerts: readonly AlertRow[]): boolean =>
  alerts.some(({ state }) => state === 'open' || state === 'acknowledged');
export const canReopen = (alerts: readonly AlertRow[]): boolean =>
  alerts.some(({ state }) => state === 'acknowledged' || state === 'dismissed');
