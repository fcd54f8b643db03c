import type { CallInput, CallOutput } from '../../../contract/api.ts';
import type { AlertRecord } from '../../../contract/api-schemas.ts';
import type { Failure } from '../../../contract/domain.ts';
import type { Answer } from '../../lib/client.ts';
import { type ListFilter, matchesFilter } from './filters.ts';

import { type AlertRow, byLastSeen, rowOf } from './rows.ts';

/** What is asked for a filter. */
export type Question = CallInput<'alerts.list'>;
export type Ask = (question: Question) => Promise<Answer<CallOutput<'alerts.list'>>>;

export interface FeedState {
  /** The latest first, as far as they were loaded; while the list is held, as it was when that began. */
  readonly rows: readonly AlertRow[];
  /** How many alerts wait to be shown. */
  readonly waiting: number;
  /** All that fit, loaded or not; null: not known yet. */
  readonly total: number | null;
  /** There is nothing more to load. */
  readonly isComplete: boolean;
  /** The first answer has not come yet. */
  readonly isLoading: boolean;
  readonly failure: Failure | null;
  readonly answeredMs: number | null;
}

const FIRST: FeedState = {
  rows: [],
  waiting: 0,
  total: null,
  isComplete: false,
  isLoading: true,
  failure: null,
  answeredMs: null,
};

/** Rows that come with one step: some screens full, in an answer that is read in a frame or two. */
const STEP = 300;
/** What the engine counts at the most. */
export const MOST_COUNTED = 100_000;

/**
 * The list of one filter: pages as they are asked for, kept up to date by what the engine tells, and held still while
 * somebody reads it. Paging goes on while it is held; what is new waits.
 */
export class AlertFeed {
  readonly #filter: ListFilter;
  readonly #question: Question;
  readonly #ask: Ask;
  readonly #listeners = new Set<() => void>();
  #state = FIRST;
  /** Where the next page begins. Undefined: not asked yet. Null: everything was given. */
  #next: string | null | undefined;
  /** Ids of the rows that are shown. */
  #shown = new Set<string>();
  #waiting = new Map<string, AlertRow>();
  /** Rows that are still shown, but no longer fit. */
  #gone = new Set<string>();
  #isHeld = false;
  #isFilling = false;
  /** Answers of an older run do not count. */
  #run = 0;

  constructor(filter: ListFilter, ask: Ask) {
    this.#filter = filter;
    this.#question = questionOf(filter);
    this.#ask = ask;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): FeedState => this.#state;

  /** From the start; what is shown stays until the answer is there. */
  async reload(): Promise<void> {
    this.#run += 1;
    this.#isFilling = false;
    this.#next = undefined;
    await this.#fill();
  }

  /** The next rows, if there are any and none are on their way. */
  async loadMore(): Promise<void> {
    if (this.#run === 0 || this.#state.isComplete) return;
    await this.#fill();
  }

  async recount(): Promise<void> {
    const run = this.#run;
    const answer = await this.#ask({ ...this.#question, limit: 1 });
    if (run === this.#run && answer.ok) this.#set({ total: answer.value.total });
  }

  /** Takes what the engine told of alerts, the oldest news first. */
  take(records: readonly AlertRecord[]): void {
    if (this.#state.answeredMs === null) return;
    const changed = new Map<string, AlertRow>();
    for (const record of records) changed.set(record.id, rowOf(record));
    if (changed.size === 0) return;
    let hasShown = false;
    for (const [id, row] of changed) {
      const fits = matchesFilter(row, this.#filter);
      if (this.#shown.has(id)) {
        hasShown = true;
        if (fits) this.#gone.delete(id);
        else this.#gone.add(id);
      } else if (fits) this.#waiting.set(id, row);
      else this.#waiting.delete(id);
    }
    const rows = hasShown ? this.#state.rows.map((row) => changed.get(row.id) ?? row) : this.#state.rows;
    this.#set({ rows, waiting: this.#waiting.size });
    if (!this.#isHeld) this.release();
  }

  /** @param isHeld while the list is read: nothing moves in it */
  hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld) return;
    this.#isHeld = isHeld;
    if (!isHeld) this.release();
  }

  /** Shows what waits, takes away what no longer fits, and brings the rest into order. */
  release(): void {
    const kept = this.#state.rows.filter(({ id }) => !this.#gone.has(id));
    const rows = [...this.#waiting.values(), ...kept].sort(byLastSeen);
    const isSame =
      this.#waiting.size === 0 && rows.length === this.#state.rows.length && rows.every(this.#isAtItsPlace);
    this.#waiting.clear();
    this.#gone.clear();
    if (isSame) return;
    this.#shown = new Set(rows.map(({ id }) => id));
    // Where all are here they need not be counted elsewhere.
    this.#set({ rows, waiting: 0, total: this.#state.isComplete ? rows.length : this.#state.total });
  }

  readonly #isAtItsPlace = (row: AlertRow, index: number): boolean => this.#state.rows[index] === row;

  async #fill(): Promise<void> {
    if (this.#isFilling) return;
    this.#isFilling = true;
    const run = this.#run;
    const isFirst = this.#next === undefined;
    const answer = await this.#ask({ ...this.#question, limit: STEP, cursor: this.#next ?? undefined });
    if (run !== this.#run) return;
    this.#isFilling = false;
    if (!answer.ok) {
      this.#set({ failure: answer.failure, isLoading: false });
      return;
    }
    const { alerts, total, next } = answer.value;
    this.#next = next;
    if (isFirst) {
      // These rows take the place of those that are shown.
      this.#waiting.clear();
      this.#gone.clear();
      this.#shown.clear();
    }
    // What moved to the front meanwhile comes again further back.
    const added = alerts.map(rowOf).filter(({ id }) => !this.#shown.has(id) && !this.#waiting.has(id));
    for (const { id } of added) this.#shown.add(id);
    const rows = isFirst ? added : [...this.#state.rows, ...added];
    const isComplete = next === null;
    const waiting = this.#waiting.size;
    this.#set({ rows, waiting, total, isComplete, isLoading: false, failure: null, answeredMs: Date.now() });
  }

  #set(change: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function questionOf({ severities, kinds, states, source, search, sinceMs }: ListFilter): Question {
  return { severities, kinds, states, source, search, ...(sinceMs === null ? {} : { sinceMs }) };
}
