import type { Alert } from '../../contract/domain.ts';
import type { AlertChange } from './alerts/index.ts';
import type { Store } from './store/index.ts';

/** Who the journal says it was. */
const ACTOR = 'engine';

/**
 * Keeps the store's alerts as the alert book has them. A withdrawn alert, which turned out to be part of
 * another one, stays readable by its id but is no longer listed; it may be opened again under the same id.
 */
export function recordAlert(store: Store, alert: Alert, change: AlertChange): void {
  if (change === 'withdrawn') {
    store.setAlertState(alert.id, 'withdrawn', ACTOR);
    return;
  }
  store.upsertAlert(alert);
  if (change === 'opened') store.setAlertState(alert.id, 'open', ACTOR);
}
