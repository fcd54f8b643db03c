import type { Database } from 'better-sqlite3';
import type { AlertTrail } from '../../../contract/alert-trail.ts';
import type { Alert, Finding } from '../../../contract/domain.ts';
import type { HostEvent } from '../../../contract/events.ts';
import type { Clock } from '../runtime/clock.ts';
import { BoundedQueue } from '../runtime/queue.ts';
import type { WaitingAlert } from './alert-table.ts';
import { EventQueue } from './events/event-queue.ts';
import { LatestBuffer } from './latest-buffer.ts';
import type { Tables } from './tables.ts';
import { troubleOf } from './trouble.ts';
import type { FlowRecord } from './types.ts';

/** Alerts, findings and journal entries that wait for the disk; an alert is some kilobytes. */
const WAITING_FACTS = 4096;

/**
 * Events of one commit: some ten milliseconds of the engine's time. Each commit writes the same pages of the indexes once
 * more, so that smaller ones cost more for each event.
 */
const EVENTS_PER_COMMIT = 500;

/** Something that happened once and must be written in its order. */
export type Fact = (tables: Tables) => void;

/**
 * What waits for the disk, bounded: a disk that is away for long costs the oldest rows, which are counted, and never
 * the memory. Of alerts and findings only the latest form waits, because only that is stored.
 */
export class WaitingRows {
  readonly #clock: Clock;
  readonly #alerts = new LatestBuffer<WaitingAlert>(WAITING_FACTS);
  readonly #trails = new LatestBuffer<AlertTrail>(WAITING_FACTS);
  readonly #findings = new LatestBuffer<readonly [Finding, string | undefined]>(WAITING_FACTS);
  readonly #facts = new BoundedQueue<Fact>(WAITING_FACTS);
  readonly #flows: BoundedQueue<FlowRecord>;
  readonly #events: EventQueue;
  #storedEvents = 0;
  #rejected = 0;
  #commits = 0;
  #lastCommitMs = 0;

  /** @param flows, events that may wait; they are far more than all else, so their bounds are settings */
  constructor(flows: number, events: number, clock: Clock) {
    this.#flows = new BoundedQueue(flows);
    this.#events = new EventQueue(events);
    this.#clock = clock;
  }

  addAlert(alert: Alert, source: string, trail?: AlertTrail): void {
    this.#alerts.set(alert.id, { alert, source });
    if (trail !== undefined) this.#trails.set(alert.id, trail);
  }

  addFinding(finding: Finding, alertId?: string): void {
    this.#findings.set(`${finding.detector}\n${finding.cause}\n${finding.firstSeenMs}`, [finding, alertId]);
  }

  addFlows(flows: Iterable<FlowRecord>): void {
    for (const flow of flows) {
      this.#flows.push(flow);
    }
  }

  addEvents(events: readonly HostEvent[]): void {
    for (const event of events) this.#events.push(event);
  }

  addFact(fact: Fact): void {
    this.#facts.push(fact);
  }

  alert(id: string): WaitingAlert | undefined {
    return this.#alerts.get(id);
  }

  alerts(): Iterable<WaitingAlert> {
    return this.#alerts.values();
  }

  get pending(): number {
    return this.urgent + this.#events.length;
  }

  /** All but events, which are many, and which nobody but a search through them waits for. */
  get urgent(): number {
    return this.#alerts.size + this.#trails.size + this.#findings.size + this.#facts.length + this.#flows.length;
  }

  get events(): number {
    return this.#events.length;
  }

  /** Whether so many flows or events wait: what else waits comes too slowly to fill a batch. */
  fills(batchRows: number): boolean {
    return this.#flows.length >= batchRows || this.#events.length >= EVENTS_PER_COMMIT;
  }

  counters() {
    const { dropped: droppedEvents } = this.#events;
    const dropped =
      this.#alerts.dropped + this.#findings.dropped + this.#facts.dropped + this.#flows.dropped + droppedEvents;
    return {
      pendingRows: this.pending,
      droppedRows: dropped,
      pendingEvents: this.#events.length,
      storedEvents: this.#storedEvents,
      droppedEvents,
      rejectedRows: this.#rejected,
      commits: this.#commits,
      lastCommitMs: this.#lastCommitMs,
    };
  }

  /**
   * Writes one batch of everything that waits but events in one transaction, at most `batchRows` of each kind. Rows
   * leave only after the commit, so that one that fails can be tried again.
   * @throws SqliteError when the database is in trouble
   */
  commit(tables: Tables, database: Database, batchRows: number): void {
    const nowMs = this.#clock.nowMs();
    const startMs = this.#clock.monotonicMs();
    const alerts = this.#alerts.peek(batchRows);
    const trails = this.#trails.peek(batchRows);
    const findings = this.#findings.peek(batchRows);
    const facts = this.#facts.peek(batchRows);
    const flows = this.#flows.peek(batchRows);
    let rejected = 0;
    const transaction = database.transaction(() => {
      rejected += write(database, alerts, ([, alert]) => tables.alerts.upsert(alert, nowMs));
      rejected += write(database, trails, ([id, trail]) => tables.reviews.setTrail(id, trail));
      rejected += write(database, findings, ([, [finding, alertId]]) =>
        tables.alerts.upsertFinding(finding, alertId, nowMs),
      );
      rejected += write(database, facts, (fact) => fact(tables));
      rejected += write(database, flows, (flow) => tables.flows.insert(flow, nowMs));
    });
    transaction.immediate();
    this.#alerts.discard(alerts);
    this.#trails.discard(trails);
    this.#findings.discard(findings);
    this.#facts.discard(facts.length);
    this.#flows.discard(flows.length);
    this.#committed(startMs, rejected);
  }

  /**
   * Writes some of the events that wait, in a transaction that does not wait for the disk: after a power cut those of
   * the last moments may be missing, never something else, and a busy computer is not made to wait (SQLite,
   * pragma synchronous: NORMAL). They are safe with the next commit of anything else.
   * @throws SqliteError when the database is in trouble
   */
  commitEvents(tables: Tables, database: Database): void {
    const events = this.#events.peek(EVENTS_PER_COMMIT);
    if (events.length === 0) return;
    const nowMs = this.#clock.nowMs();
    const startMs = this.#clock.monotonicMs();
    let rejected = 0;
    const transaction = database.transaction(() => {
      rejected = write(database, events, (event) => tables.events.insert(event, nowMs));
    });
    database.pragma('synchronous = NORMAL');
    try {
      transaction.immediate();
    } catch (error) {
      tables.events.forget();
      throw error;
    } finally {
      database.pragma('synchronous = FULL');
    }
    this.#events.discard(events.length);
    this.#storedEvents += events.length - rejected;
    this.#committed(startMs, rejected);
  }

  #committed(startMs: number, rejected: number): void {
    this.#rejected += rejected;
    this.#commits += 1;
    this.#lastCommitMs = this.#clock.monotonicMs() - startMs;
  }
}

/** How many rows were refused. @throws SqliteError when the database is in trouble */
function write<T>(database: Database, rows: readonly T[], one: (row: T) => void): number {
  let rejected = 0;
  for (const row of rows) {
    try {
      one(row);
    } catch (error) {
      // What the database refuses for the row's own sake would block all others behind it for ever.
      if (troubleOf(error) !== undefined || !database.inTransaction) {
        throw error;
      }
      rejected += 1;
    }
  }
  return rejected;
}
