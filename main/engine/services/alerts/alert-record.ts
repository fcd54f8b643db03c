import type { AlertTrail } from '../../../../contract/alert-trail.ts';
import type { AllowEntry } from '../../../../contract/api-alerts.ts';
import type { AlertRecord, DismissReason, ReviewState } from '../../../../contract/api-schemas.ts';
import type { Alert, Severity } from '../../../../contract/domain.ts';
import { SEVERITIES } from '../../../../contract/domain.ts';
import type { AlertChange } from '../../alerts/index.ts';
import { AlertHistory, fitsAllow } from '../../alerts/index.ts';
import type { AlertState, ReviewRequest, Store, StoredAlert, StoredReview } from '../../store/index.ts';

/** Who the journal says it was. */
const ENGINE = 'engine';
/** Where watching this computer puts its alerts. */
const LIVE = 'live';

/** What happened to an alert, for whoever watches. */
export interface RecordedChange {
  readonly change: AlertChange | 'reviewed';
  readonly alert: AlertRecord;
}

export interface AlertDeskOptions {
  /** Undefined before the start and after the stop. */
  readonly store: () => Store | undefined;
  readonly nowMs: () => number;
  /** Alerts whose standing and history are remembered: as many as the alert book has. */
  readonly maxAlerts: number;
  readonly onChange: (change: RecordedChange) => void;
  /** The allow-list is another. */
  readonly onAllowed?: () => void;
}

/** What became of an alert, as far as the store may not have heard of it yet. */
interface Standing {
  readonly state: AlertState;
  readonly review: StoredReview | null;
}

const NEW: Standing = { state: 'open', review: null };

/**
 * Keeps the store's alerts as the alert book has them, together with what people did with them and what the
 * allow-list says. A withdrawn alert, which turned out to be part of another one, stays readable by its id but is
 * no longer listed; it may be opened again under the same id.
 */
export class AlertDesk {
  readonly #options: AlertDeskOptions;
  readonly #history: AlertHistory;
  readonly #standings = new Map<string, Standing>();
  #allowed: readonly AllowEntry[] | undefined;

  constructor(options: AlertDeskOptions) {
    this.#options = options;
    this.#history = new AlertHistory(options.maxAlerts);
  }

  /** A change in the alert book of this computer's own traffic. */
  record(alert: Alert, change: AlertChange): void {
    const store = this.#options.store();
    const trail = this.#history.note(alert, change);
    const before = this.#standing(alert.id);
    let standing = before;
    if (store !== undefined) {
      store.upsertAlert(alert, LIVE, trail);
      standing = this.#judge(store, alert, change, before);
    }
    this.#remember(alert.id, standing);
    // An alert that opens again because it became worse is news, and more than a change.
    const isReopened = change === 'changed' && before.state === 'dismissed' && standing.state === 'open';
    this.#options.onChange({ change: isReopened ? 'reviewed' : change, alert: recordOf(alert, LIVE, standing) });
  }

  /** Puts the alerts of an analysed capture into the store; their ids there are `<captureId>.<id>`. */
  recordCapture(captureId: string, alerts: readonly Alert[], trailOf: (id: string) => AlertTrail | undefined): void {
    const store = this.#options.store();
    if (store === undefined) return;
    const own = (id: string) => `${captureId}.${id}`;
    for (const alert of alerts) {
      const stored = { ...alert, id: own(alert.id), related: alert.related.map(own) };
      store.upsertAlert(stored, captureId, trailOf(alert.id));
      this.#options.onChange({ change: 'opened', alert: recordOf(stored, captureId, NEW) });
    }
  }

  /**
   * Brings alerts into a state for a person; gives those that changed, with what they were before.
   * @throws FailureError when the store cannot write
   */
  review(
    store: Store,
    ids: readonly string[],
    request: { readonly state: ReviewState; readonly reason: DismissReason | null; readonly note: string },
    actor: string,
  ): { readonly id: string; readonly before: ReviewState }[] {
    return this.#apply(store, ids, { ...request, actor });
  }

  /** Whether nobody has dealt with an alert of the book yet. */
  isOpen(id: string): boolean {
    return this.#standing(id).state === 'open';
  }

  /** The entries that are in force or were; read from the store once. */
  allowed(): readonly AllowEntry[] {
    if (this.#allowed === undefined) {
      const { entries, isKnown } = this.#options.store()?.alerts.allowEntries() ?? { entries: [], isKnown: false };
      if (!isKnown) return entries;
      this.#allowed = entries;
    }
    return this.#allowed;
  }

  /** Adds an entry and dismisses the given alerts, which fit it. @throws FailureError when the store cannot write */
  allow(store: Store, entry: AllowEntry, fitting: readonly string[]): AllowEntry {
    store.alerts.addAllow(entry);
    this.#allowed = undefined;
    const dismissed = this.#apply(store, fitting, dismissal(entry));
    if (dismissed.length > 0) store.alerts.countHidden(entry.id, dismissed.length);
    this.#allowed = undefined;
    this.#options.onAllowed?.();
    return { ...entry, hidden: dismissed.length };
  }

  /** False when there is no such entry. @throws FailureError when the store cannot write */
  disallow(store: Store, id: string, actor: string): boolean {
    const isRemoved = store.alerts.removeAllow(id, actor);
    this.#allowed = undefined;
    this.#options.onAllowed?.();
    return isRemoved;
  }

  #apply(store: Store, ids: readonly string[], request: ReviewRequest): { id: string; before: ReviewState }[] {
    const reviewed = store.alerts.review(ids, request);
    for (const { now } of reviewed) {
      if (now.source === LIVE) this.#remember(now.alert.id, now);
      this.#options.onChange({ change: 'reviewed', alert: toRecord(now) });
    }
    return reviewed.map(({ before, now }) => ({ id: now.alert.id, before }));
  }

  /** What an alert's change makes of its state. */
  #judge(store: Store, alert: Alert, change: AlertChange, before: Standing): Standing {
    const set = (request: ReviewRequest): Standing => {
      store.alerts.setState(alert.id, request);
      const { state, ...review } = request;
      return { state, review: { ...review, timeMs: this.#options.nowMs(), severity: alert.severity } };
    };
    const engine = (state: AlertState, note: string) => set({ state, actor: ENGINE, reason: null, note });
    if (change === 'withdrawn') return engine('withdrawn', 'It is part of another alert.');
    const standing = before.state === 'withdrawn' ? engine('open', 'It is an alert of its own again.') : before;
    const entry = this.allowed().find((each) => fitsAllow(each, alert, this.#options.nowMs()));
    const { review } = standing;
    if (standing.state === 'open') {
      // What a person opened again stays open.
      if (entry === undefined || (review !== null && review.actor !== ENGINE)) return standing;
      store.alerts.countHidden(entry.id, 1);
      this.#countHidden(entry.id);
      return set(dismissal(entry));
    }
    if (standing.state !== 'dismissed' || review === null) return standing;
    if (review.allowedBy !== undefined && entry !== undefined) return standing;
    const wasAllowed = this.allowed().some(({ id }) => id === review.allowedBy);
    if (wasAllowed) return engine('open', 'It opened again: it no longer fits what was allowed.');
    if (!isWorse(alert.severity, review.severity)) return standing;
    return engine('open', `It opened again: it is ${alert.severity} now, and was ${review.severity} when dismissed.`);
  }

  #countHidden(id: string): void {
    this.#allowed = this.#allowed?.map((entry) => (entry.id === id ? { ...entry, hidden: entry.hidden + 1 } : entry));
  }

  #standing(id: string): Standing {
    const known = this.#standings.get(id);
    if (known !== undefined) return known;
    const stored = this.#options.store()?.alerts.peek(id);
    return stored === undefined ? NEW : { state: stored.state, review: stored.review };
  }

  #remember(id: string, { state, review }: Standing): void {
    this.#standings.delete(id);
    this.#standings.set(id, { state, review });
    if (this.#standings.size <= this.#options.maxAlerts) return;
    const oldest = this.#standings.keys().next();
    if (!oldest.done) this.#standings.delete(oldest.value);
  }
}

function dismissal({ id, reason }: AllowEntry): ReviewRequest {
  return { state: 'dismissed', actor: ENGINE, reason: 'allowed', note: reason, allowedBy: id };
}

function isWorse(now: Severity, before: Severity): boolean {
  return SEVERITIES.indexOf(now) > SEVERITIES.indexOf(before);
}

function recordOf(alert: Alert, source: string, { state, review }: Standing): AlertRecord {
  if (review === null) return { ...alert, state, review, source };
  const { actor, timeMs, reason, note } = review;
  return { ...alert, state, review: { actor, timeMs, reason, note }, source };
}

/** An alert of the store as the API gives it. */
export function toRecord({ alert, source, ...standing }: StoredAlert): AlertRecord {
  return recordOf(alert, source, standing);
}
