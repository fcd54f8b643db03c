import type { ApiClient, CallOutput } from '../../contract/api.ts';
import type { Status, Traffic } from '../../contract/api-schemas.ts';
import type { Alert } from '../../contract/domain.ts';

/** Alerts that a screen could show at the most. */
const MAX_ALERTS = 100;

/** What a live view shows. */
export interface LiveState {
  readonly status: Status;
  readonly traffic: Traffic;
  /** The newest first. */
  readonly alerts: readonly Alert[];
}

/** Keeps the alerts as they come, change and go. */
export class AlertFeed {
  #alerts: Alert[] = [];

  get alerts(): readonly Alert[] {
    return this.#alerts;
  }

  /** @param alerts the latest first */
  begin(alerts: readonly Alert[]): void {
    this.#alerts = [...alerts];
  }

  /** A changed alert keeps its place: what is being read does not jump about. */
  take({ alert, change }: CallOutput<'alerts.watch'>): void {
    const at = this.#alerts.findIndex(({ id }) => id === alert.id);
    if (change === 'withdrawn') {
      if (at !== -1) this.#alerts.splice(at, 1);
    } else if (at === -1) {
      this.#alerts.unshift(alert);
      this.#alerts.length = Math.min(this.#alerts.length, MAX_ALERTS);
    } else {
      this.#alerts[at] = alert;
    }
  }
}

export async function readState(client: ApiClient, feed: AlertFeed): Promise<LiveState> {
  const [status, traffic] = await Promise.all([client.request('status', {}), client.request('traffic', {})]);
  return { status, traffic, alerts: feed.alerts };
}
