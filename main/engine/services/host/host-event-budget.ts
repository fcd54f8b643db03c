import type { HostEvent, HostEventType } from '../../../../contract/events.ts';

/** What comes in floods: of these a part of the budget is never used, so that a flood hides nothing else. */
const BULK: ReadonlySet<HostEventType> = new Set([
  'process-exit',
  'file-created',
  'file-written',
  'file-renamed',
  'file-deleted',
  'file-attributes',
  'file-executed',
  'file-opened',
  'log-line',
  'audit-record',
  'dns-query',
]);
/** Of the budget, for what comes in floods. */
const BULK_SHARE = 0.6;
/** Seconds of the budget that may come at once: building a program is a burst. */
const BURST_SECONDS = 3;
const MS_PER_SECOND = 1_000;

/** Decides which events are kept when there are more than the store can take. Times are monotonic milliseconds. */
export class EventBudget {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #lastMs: number;
  #dropped = 0;

  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = perSecond * BURST_SECONDS;
    this.#tokens = this.#burst;
    this.#lastMs = nowMs;
  }

  /** Events that were left out. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Those of them that may be kept, in their order. */
  take(events: readonly HostEvent[], nowMs: number): readonly HostEvent[] {
    const gained = (Math.max(0, nowMs - this.#lastMs) / MS_PER_SECOND) * this.#perSecond;
    this.#lastMs = nowMs;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    const reserve = this.#burst * (1 - BULK_SHARE);
    const kept = events.filter(({ type }) => {
      if (this.#tokens < (BULK.has(type) ? reserve + 1 : 1)) return false;
      this.#tokens--;
      return true;
    });
    this.#dropped += events.length - kept.length;
    return kept;
  }
}
