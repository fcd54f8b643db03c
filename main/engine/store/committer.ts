import type { Failure } from '../../../contract/domain.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { FailureError } from '../runtime/failure.ts';
import type { StoreAccess } from './access.ts';
import type { DatabaseLink } from './database-link.ts';
import type { StoreSettings } from './store-settings.ts';
import type { Tables } from './tables.ts';
import type { Fact, WaitingRows } from './waiting-rows.ts';

/**
 * Decides when what waits goes to the disk: within `commitMs`, at once when a batch is full, before every question
 * whose answer must show it, and again after trouble.
 */
export class Committer implements StoreAccess {
  readonly #rows: WaitingRows;
  readonly #link: DatabaseLink;
  readonly #clock: Clock;
  #settings: StoreSettings;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(rows: WaitingRows, link: DatabaseLink, clock: Clock, settings: StoreSettings) {
    this.#rows = rows;
    this.#link = link;
    this.#clock = clock;
    this.#settings = settings;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  read<T>(ask: (tables: Tables) => T, otherwise: T): { readonly value: T; readonly failure?: Failure } {
    if (this.#link.isUsable) {
      this.#flushUrgent();
    }
    return this.#link.ask(ask) ?? { value: otherwise, failure: this.#link.failure() };
  }

  peek<T>(ask: (tables: Tables) => T, otherwise: T): T {
    const answer = this.#link.ask(ask);
    return answer === undefined ? otherwise : answer.value;
  }

  write<T>(work: (tables: Tables) => T): T {
    const done: { value: T }[] = [];
    if (this.#flushUrgent()) {
      this.#link.attempt((tables, database) => {
        done.push({ value: database.transaction(() => work(tables)).immediate() });
      });
    }
    const [result] = done;
    if (result !== undefined) return result.value;
    throw new FailureError(this.#link.failure());
  }

  later(fact: Fact): void {
    this.#rows.addFact(fact);
    this.schedule();
  }

  configure(settings: StoreSettings): void {
    this.#settings = settings;
  }

  /** Commits all that waits, now. False when that was not possible; it is tried again. */
  flush(): boolean {
    if (!this.#flushUrgent()) return false;
    while (this.#rows.events > 0) {
      if (!this.#commitEvents()) return false;
    }
    return true;
  }

  async settle(): Promise<void> {
    if (!this.#link.isUsable || !this.#flushUrgent()) return;
    // Those that come meanwhile are for the next question.
    for (let left = this.#rows.events; left > 0 && this.#rows.events > 0; ) {
      const before = this.#rows.events;
      if (!this.#commitEvents()) return;
      left -= Math.max(1, before - this.#rows.events);
      await new Promise(setImmediate);
    }
  }

  /** Sees to it that what waits is committed in time; at once (but not inside the caller) when a batch is full. */
  schedule(): void {
    if (this.#link.isUsable) {
      const { batchRows, commitMs } = this.#settings;
      this.#commitWithin(this.#rows.fills(batchRows) ? 0 : commitMs);
    }
  }

  /** The next commit comes then, and not before: the database is in trouble. */
  retryAfter(delayMs: number): void {
    this.cancel();
    this.#commitWithin(delayMs);
  }

  /** Takes back the commit that was arranged. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #flushUrgent(): boolean {
    while (this.#rows.urgent > 0) {
      if (!this.#commit()) return false;
    }
    return true;
  }

  #commit(): boolean {
    return this.#link.attempt((tables, database) => this.#rows.commit(tables, database, this.#settings.batchRows));
  }

  #commitEvents(): boolean {
    return this.#link.attempt((tables, database) => this.#rows.commitEvents(tables, database));
  }

  #commitWithin(delayMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    if (this.#link.isClosed || dueMs >= this.#dueMs) {
      return;
    }
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    this.#timer = this.#clock.after(delayMs, () => {
      this.cancel();
      if ((this.#rows.urgent === 0 || this.#commit()) && this.#commitEvents() && this.#rows.pending > 0) {
        // One batch a turn: others want the thread as well.
        this.#commitWithin(0);
      }
    });
  }
}
