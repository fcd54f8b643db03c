import type { ApiHandlers } from '../../contract/api.ts';
import type { Status } from '../../contract/api-schemas.ts';
import { type Alert, SEVERITIES, type Severity } from '../../contract/domain.ts';
import type { Engine } from './engine.ts';
import { shownSettings } from './runtime/config-text.ts';
import { FailureError } from './runtime/failure.ts';

/** What the engine answers: one handler for each row of the API's table. */
export function createHandlers(engine: Engine): ApiHandlers {
  const isAtLeast = (severity: Severity, minimum: Severity) =>
    SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minimum);
  return {
    status: () => engine.status(),
    traffic: () => engine.view.traffic(Date.now()),
    'alerts.list': ({ minimumSeverity, kind, sinceMs, limit, cursor }) => {
      const page = engine.store.listAlerts({ severity: minimumSeverity, kind, sinceMs, limit, cursor });
      return { alerts: page.rows.map((row) => row.alert), next: page.cursor ?? null };
    },
    'alerts.get': ({ id }) => {
      const alert = engine.book.get(id) ?? engine.store.getAlert(id)?.alert;
      if (alert) return alert;
      throw new FailureError({
        code: 'no-such-alert',
        message: `There is no alert ${id}.`,
        hint: 'The ids are in "holdfast alerts list". An alert may have become part of another one.',
      });
    },
    'config.show': () => ({
      profile: engine.options.config.profile,
      settings: shownSettings(engine.options.config),
    }),
    'alerts.watch': ({ minimumSeverity }, emit) =>
      engine.events.on('alert', (change) => {
        if (isAtLeast(change.alert.severity, minimumSeverity)) emit(change);
      }),
    'traffic.watch': (_input, emit) => engine.events.on('traffic', () => emit(engine.view.traffic(Date.now()))),
    'health.watch': (_input, emit) => engine.health.onChange(emit),
  };
}

/** Open alerts by severity. */
export function countBySeverity(alerts: readonly Alert[]): Status['alerts'] {
  const counts = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };
  for (const alert of alerts) counts[alert.severity]++;
  return counts;
}
