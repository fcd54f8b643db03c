import type { ApiHandlers } from '../../contract/api.ts';
import type { Status, Traffic } from '../../contract/api-schemas.ts';
import { type Alert, type HealthEntry, SEVERITIES, type Severity } from '../../contract/domain.ts';
import type { AlertChange } from './alerts/index.ts';
import type { Config } from './runtime/config.ts';
import { shownSettings } from './runtime/config-text.ts';
import { FailureError } from './runtime/failure.ts';
import type { Store } from './store/index.ts';

/** What the handlers need of the engine. */
export interface Answering {
  readonly config: Config;
  /** Throws before the start and after the stop. */
  store(): Store;
  status(): Status;
  traffic(): Traffic;
  /** An alert that is still being joined; newer than what the store has. */
  openAlert(id: string): Alert | undefined;
  /** Each gives the function that takes the listener off again. */
  onAlert(listener: (change: { readonly alert: Alert; readonly change: AlertChange }) => void): () => void;
  onTraffic(listener: () => void): () => void;
  onHealth(listener: (entry: HealthEntry) => void): () => void;
}

/** What the engine answers: one handler for each row of the API's table. */
export function createHandlers(engine: Answering): ApiHandlers {
  const isAtLeast = (severity: Severity, minimum: Severity) =>
    SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minimum);
  return {
    status: () => engine.status(),
    traffic: () => engine.traffic(),
    'alerts.list': ({ minimumSeverity, kind, sinceMs, limit, cursor }) => {
      const page = engine.store().listAlerts({
        severity: minimumSeverity,
        kind,
        sinceMs,
        limit,
        cursor,
        state: 'open',
      });
      return { alerts: page.rows.map((row) => row.alert), next: page.cursor ?? null };
    },
    'alerts.get': ({ id }) => {
      const alert = engine.openAlert(id) ?? engine.store().getAlert(id)?.alert;
      if (alert) return alert;
      throw new FailureError({
        code: 'no-such-alert',
        message: `There is no alert ${id}.`,
        hint: 'The ids are in "holdfast alerts list". An alert may have become part of another one.',
      });
    },
    'config.show': () => ({
      profile: engine.config.profile,
      settings: shownSettings(engine.config),
    }),
    'alerts.watch': ({ minimumSeverity }, emit) =>
      engine.onAlert((change) => {
        if (isAtLeast(change.alert.severity, minimumSeverity)) emit(change);
      }),
    'traffic.watch': (_input, emit) => engine.onTraffic(() => emit(engine.traffic())),
    'health.watch': (_input, emit) => engine.onHealth(emit),
  };
}

/** Open alerts by severity. */
export function countBySeverity(alerts: readonly Alert[]): Status['alerts'] {
  const counts = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };
  for (const alert of alerts) counts[alert.severity]++;
  return counts;
}
