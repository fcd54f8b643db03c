import type { AlertTrail } from '../../../contract/alert-trail.ts';
import type { AllowEntry } from '../../../contract/api-alerts.ts';
import type { DismissReason, ReviewState } from '../../../contract/api-schemas.ts';
import type { Severity } from '../../../contract/domain.ts';
import type { StoreAccess } from './access.ts';
import type { AlertCount, TechniquesSeen } from './alert-table.ts';
import type { ReviewStep } from './review-table.ts';
import type { Tables } from './tables.ts';
import type { BetweenRequest, TrafficBetween } from './traffic-between.ts';
import type { AlertFilter, AlertState, StoredAlert } from './types.ts';

/** Who brought an alert into its state, and why. */
export interface StoredReview {
  readonly actor: string;
  readonly timeMs: number;
  readonly reason: DismissReason | null;
  readonly note: string;
  /** How bad the alert was then: one that becomes worse than what was dismissed opens again. */
  readonly severity: Severity;
  /** Id of the allow entry that dismissed it. */
  readonly allowedBy?: string;
}

export interface ReviewRequest {
  readonly state: AlertState;
  readonly actor: string;
  readonly reason: DismissReason | null;
  readonly note: string;
  readonly allowedBy?: string;
}

export interface Reviewed {
  readonly before: ReviewState;
  readonly now: StoredAlert;
}

/** What becomes of alerts: reviews, trails, counts and the allow-list. Questions never throw. */
export class AlertStore {
  readonly #access: StoreAccess;

  constructor(access: StoreAccess) {
    this.#access = access;
  }

  /** All that fit, cursor and limit aside; at most 100,000 are counted. */
  count(filter: AlertFilter): number {
    return this.#access.read((tables) => tables.alerts.count(filter), 0).value;
  }

  counts(source: string, sinceMs = 0): readonly AlertCount[] {
    return this.#access.read((tables) => tables.alerts.counts(source, sinceMs), []).value;
  }

  techniquesSeen(source: string, sinceMs: number): readonly TechniquesSeen[] {
    return this.#access.read((tables) => tables.alerts.techniquesSeen(source, sinceMs), []).value;
  }

  /** As it was at the last commit. */
  peek(id: string): StoredAlert | undefined {
    return this.#access.peek((tables) => tables.alerts.get(id), undefined);
  }

  trail(id: string): AlertTrail | undefined {
    return this.#access.read((tables) => tables.reviews.getTrail(id), undefined).value;
  }

  /** The earliest first. */
  steps(id: string): readonly ReviewStep[] {
    return this.#access.read((tables) => tables.reviews.list(id), []).value;
  }

  trafficBetween(request: BetweenRequest): TrafficBetween {
    const nothing = { points: [], flows: 0, isPartial: true };
    return this.#access.read((tables) => tables.betweenHosts(request), nothing).value;
  }

  /**
   * Brings alerts into a state, now, with a line in the journal for each. Left out are those that do not exist,
   * are withdrawn, or are in that state for the same reason already.
   * @throws FailureError when the database is in trouble
   */
  review(ids: Iterable<string>, request: ReviewRequest): Reviewed[] {
    const nowMs = this.#access.nowMs();
    return this.#access.write((tables) => {
      const changed: Reviewed[] = [];
      for (const id of new Set(ids)) {
        const stored = tables.alerts.get(id);
        if (stored === undefined || stored.state === 'withdrawn' || isThere(stored, request)) continue;
        changed.push({ before: stored.state, now: applyReview(tables, stored, request, nowMs) });
      }
      return changed;
    });
  }

  /** The same for one alert with the next batch; also for `withdrawn`. */
  setState(id: string, request: ReviewRequest): void {
    const nowMs = this.#access.nowMs();
    this.#access.later((tables) => {
      const stored = tables.alerts.get(id);
      if (stored !== undefined && stored.state !== request.state) applyReview(tables, stored, request, nowMs);
    });
  }

  /** Removes the alerts of a capture. @throws FailureError when the database is in trouble */
  removeSource(source: string): number {
    return this.#access.write((tables) => tables.alerts.removeSource(source));
  }

  allowEntries(): { readonly entries: readonly AllowEntry[]; readonly isKnown: boolean } {
    const { value, failure } = this.#access.read((tables) => tables.allow.list(), []);
    return { entries: value, isKnown: failure === undefined };
  }

  /** @throws FailureError when the database is in trouble */
  addAllow(entry: AllowEntry): void {
    this.#access.write((tables) => {
      tables.allow.add(entry);
      const { id, createdBy: actor, createdMs, match, reason, maximumSeverity, untilMs } = entry;
      const detail = { match, reason, maximumSeverity, untilMs };
      tables.journal.append({ actor, action: 'allow-added', subject: id, detail }, createdMs);
    });
  }

  /** False when there is no such entry. @throws FailureError when the database is in trouble */
  removeAllow(id: string, actor: string): boolean {
    const nowMs = this.#access.nowMs();
    return this.#access.write((tables) => {
      const entry = tables.allow.list().find((each) => each.id === id);
      if (entry === undefined || !tables.allow.remove(id)) return false;
      const { match, reason } = entry;
      tables.journal.append({ actor, action: 'allow-removed', subject: id, detail: { match, reason } }, nowMs);
      return true;
    });
  }

  /** Alerts that an entry has hidden since it was asked last. */
  countHidden(id: string, more: number): void {
    this.#access.later((tables) => tables.allow.countHidden(id, more));
  }
}

function isThere({ state, review }: StoredAlert, request: ReviewRequest): boolean {
  const sameWords = (review?.reason ?? null) === request.reason && (review?.note ?? '') === request.note;
  return state === request.state && sameWords;
}

function applyReview(tables: Tables, stored: StoredAlert, request: ReviewRequest, nowMs: number): StoredAlert {
  const { state, actor, reason, note, allowedBy } = request;
  const { id, severity } = stored.alert;
  const review: StoredReview = { actor, timeMs: nowMs, reason, note, severity, ...(allowedBy && { allowedBy }) };
  tables.alerts.setState(id, state, review, nowMs);
  tables.reviews.add(id, { timeMs: nowMs, actor, before: stored.state, after: state, reason, note });
  const detail = { before: stored.state, ...(reason && { reason }), ...(note && { note }) };
  tables.journal.append({ actor, action: `alert-${JOURNAL_WORDS[state]}`, subject: id, detail }, nowMs);
  return { ...stored, state, review, updatedMs: nowMs };
}

const JOURNAL_WORDS: Readonly<Record<AlertState, string>> = {
  open: 'reopened',
  acknowledged: 'acknowledged',
  dismissed: 'dismissed',
  withdrawn: 'withdrawn',
};
