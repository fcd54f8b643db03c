import type { ApiHandlers } from '../../contract/api.ts';
import type { Status } from '../../contract/api-schemas.ts';
import type { Alert, HealthEntry } from '../../contract/domain.ts';
import { type AlertAnswering, alertHandlers } from './handlers-alerts.ts';
import { type CaptureAnswering, captureHandlers } from './handlers-captures.ts';
import { type FlowAnswering, flowHandlers } from './handlers-flows.ts';
import type { Config } from './runtime/config.ts';
import { shownSettings } from './runtime/config-text.ts';

/** What the handlers need of the engine. */
export interface Answering extends AlertAnswering, FlowAnswering, CaptureAnswering {
  readonly config: Config;
  status(): Status;
  /** Gives the function that takes the listener off again. */
  onHealth(listener: (entry: HealthEntry) => void): () => void;
}

/** What the engine answers: one handler for each row of the API's table. */
export function createHandlers(engine: Answering): ApiHandlers {
  return {
    status: () => engine.status(),
    ...alertHandlers(engine),
    ...captureHandlers(engine),
    ...flowHandlers(engine),
    'config.show': () => ({
      profile: engine.config.profile,
      settings: shownSettings(engine.config),
    }),
    'health.watch': (_input, emit) => engine.onHealth(emit),
  };
}

/** Open alerts by severity. */
export function countBySeverity(alerts: readonly Alert[]): Status['alerts'] {
  const counts = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };
  for (const alert of alerts) counts[alert.severity]++;
  return counts;
}
