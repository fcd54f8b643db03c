import type { HandlersOf } from '../../../../contract/api.ts';
import type { ACTION_CALLS, ActionRecord } from '../../../../contract/api-actions.ts';
import { FailureError } from '../../runtime/failure.ts';
import type { Store } from '../../store/index.ts';
import type { ResponseDesk } from '../response/response-desk.ts';

/** What the calls about actions need of the engine. */
export interface ActionAnswering {
  readonly response: ResponseDesk;
  /** Throws before the start and after the stop. */
  store(): Store;
  /** Gives the function that takes the listener off again. */
  onAction(listener: (record: ActionRecord) => void): () => void;
}

/** The handlers of the calls about actions. */
export function actionHandlers({ response, store, onAction }: ActionAnswering): HandlersOf<typeof ACTION_CALLS> {
  return {
    'actions.list': ({ onlyInForce, alertId, limit, cursor }) => {
      // Few at a time, and all of them are known without a look into the store.
      if (onlyInForce) return { actions: response.inForce.slice(0, limit), next: null };
      if (alertId !== undefined) {
        const alert = store().getAlert(alertId)?.alert ?? { id: alertId };
        return { actions: response.about(alert).slice(0, limit), next: null };
      }
      const { rows, cursor: next, failure } = response.list(limit, cursor);
      if (failure !== undefined) throw new FailureError(failure);
      return { actions: rows, next: next ?? null };
    },
    'actions.watch': (_input, emit) => onAction(emit),
    'actions.undo': ({ id }, { actor }) => response.undo(id, actor),
    'actions.end': ({ id }, { actor }) => response.end(id, actor),
    'actions.freeze': (request, { actor }) => response.freeze(request, actor),
  };
}
