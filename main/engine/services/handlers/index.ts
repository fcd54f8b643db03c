import type { ApiHandlers } from '../../../../contract/api.ts';
import type { Status } from '../../../../contract/api-schemas.ts';
import type { Alert, HealthEntry } from '../../../../contract/domain.ts';
import { type ActionAnswering, actionHandlers } from './actions.ts';
import { type AlertAnswering, alertHandlers } from './alerts.ts';
import { type CaptureAnswering, captureHandlers } from './captures.ts';
import { type ConsoleAnswering, consoleHandlers } from './console.ts';
import { type ControlAnswering, controlHandlers } from './control.ts';
import { type EventAnswering, eventHandlers } from './events.ts';
import { type FlowAnswering, flowHandlers } from './flows.ts';
import { type HuntAnswering, huntHandlers } from './hunt.ts';
import { type IndicatorAnswering, indicatorHandlers } from './indicators.ts';
import { type ModelAnswering, modelHandlers } from './models.ts';
import { type ProcessAnswering, processHandlers } from './processes.ts';
import { type RuleAnswering, ruleHandlers } from './rules.ts';
import { type SystemAnswering, systemHandlers } from './system.ts';

/** What the handlers need of the engine. */
export interface Answering
  extends ControlAnswering,
    AlertAnswering,
    ActionAnswering,
    FlowAnswering,
    CaptureAnswering,
    IndicatorAnswering,
    ModelAnswering,
    SystemAnswering,
    RuleAnswering,
    ProcessAnswering,
    HuntAnswering,
    EventAnswering,
    ConsoleAnswering {
  /** Alerts ask only for their list. */
  readonly rules: RuleAnswering['rules'];
  readonly response: ActionAnswering['response'];
  status(): Status;
  /** Calls at once, every two seconds and at changes; gives the function that ends it. */
  watchStatus(listener: (status: Status) => void): () => void;
  /** Gives the function that takes the listener off again. */
  onHealth(listener: (entry: HealthEntry) => void): () => void;
}

/** What the engine answers: one handler for each row of the API's table. */
export function createHandlers(engine: Answering): ApiHandlers {
  return {
    status: () => engine.status(),
    ...alertHandlers(engine),
    ...actionHandlers(engine),
    ...captureHandlers(engine),
    ...indicatorHandlers(engine),
    ...modelHandlers(engine),
    ...systemHandlers(engine),
    ...ruleHandlers(engine),
    ...processHandlers(engine),
    ...huntHandlers(engine),
    ...eventHandlers(engine),
    ...flowHandlers(engine),
    ...controlHandlers(engine),
    ...consoleHandlers(engine),
    'status.watch': (_input, emit) => engine.watchStatus(emit),
    'health.watch': (_input, emit) => engine.onHealth(emit),
  };
}

/** Open alerts by severity. */
export function countBySeverity(alerts: readonly Alert[]): Status['alerts'] {
  const counts = { info: 0, low: 0, medium: 0, high: 0, critical: 0 };
  for (const alert of alerts) counts[alert.severity]++;
  return counts;
}
