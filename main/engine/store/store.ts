import type Sqlite from 'better-sqlite3';
import type { Database } from 'better-sqlite3';
import type { AlertTrail } from '../../../contract/alert-trail.ts';
import type { Alert, Failure, Finding } from '../../../contract/domain.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { FailureError, messageOf } from '../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../runtime/health.ts';
import { BoundedQueue } from '../runtime/queue.ts';
import type { StoreAccess } from './access.ts';
import { AlertStore } from './alert-store.ts';
import { LIVE, pageOfWaiting, type WaitingAlert } from './alert-table.ts';
import { CaptureStore } from './capture-table.ts';
import { fileIdentity, openDatabase, putAside } from './connection.ts';
import { ControlStore, isVerdict } from './control-store.ts';
import { HuntStore } from './hunt/hunt-store.ts';
import { LatestBuffer } from './latest-buffer.ts';
import type { StoreSettings } from './store-settings.ts';
import { prepareTables, type Tables } from './tables.ts';
import { TROUBLES, type Trouble, troubleOf } from './trouble.ts';
import type {
  AlertFilter,
  FindingFilter,
  FlowFilter,
  FlowRecord,
  HostFilter,
  HostList,
  HostTally,
  JournalEntry,
  JournalFilter,
  JournalInput,
  JournalVerdict,
  Page,
  Store,
  StoredAlert,
  StoredFlow,
  StoredSetting,
  StoreStatistics,
  TrafficMinute,
  TrafficPoint,
} from './types.ts';
import { DEFAULT_PAGE, MAX_PAGE } from './types.ts';

export interface StoreRequest {
  readonly path: string;
  readonly clock: Clock;
  readonly health: HealthRegistry;
  readonly settings: StoreSettings;
}

/**
 * Opens the store. When the database cannot be used now, the store begins in memory, says so in Health,
 * and keeps trying.
 * @throws FailureError `database-too-new`, `unsafe-file`, `unsafe-directory`: what no waiting cures
 */
export async function openStore(request: StoreRequest): Promise<Store> {
  const { default: sqlite } = await import('better-sqlite3');
  return new SqliteStore(request, sqlite);
}

/** Alerts, findings and journal entries that wait for the disk; an alert is some kilobytes. */
const WAITING_FACTS = 4096;
const FIRST_RETRY_MS = 1_000;
/** The disk that was full for an hour need not be asked more often than this. */
const LAST_RETRY_MS = 30_000;
const MAINTENANCE_MS = 60_000;
/** When a pass of retention left work, the next one comes soon, but lets the engine breathe. */
const MORE_MAINTENANCE_MS = 1_000;

/** Hosts in one fact: some milliseconds of a commit. */
const HOSTS_PER_FACT = 500;

/** Something that happened once and must be written in its order. */
type Fact = (tables: Tables) => void;

class SqliteStore implements Store {
  readonly alerts: AlertStore;
  readonly control: ControlStore;
  readonly captures: CaptureStore;
  readonly hunt: HuntStore;
  #request: StoreRequest;
  readonly #sqlite: typeof Sqlite;
  readonly #part: HealthPart;
  readonly #alerts = new LatestBuffer<WaitingAlert>(WAITING_FACTS);
  readonly #trails = new LatestBuffer<AlertTrail>(WAITING_FACTS);
  readonly #findings = new LatestBuffer<readonly [Finding, string | undefined]>(WAITING_FACTS);
  readonly #facts = new BoundedQueue<Fact>(WAITING_FACTS);
  readonly #flows: BoundedQueue<FlowRecord>;
  readonly #maintenance: Timer;
  #database: Database | undefined;
  #tables: Tables | undefined;
  #commitTimer: Timer | undefined;
  #commitDueMs = Number.POSITIVE_INFINITY;
  #trouble: Trouble | undefined;
  #retryMs = FIRST_RETRY_MS;
  #rejected = 0;
  #commits = 0;
  #lastCommitMs = 0;
  /** Said in Health for the rest of the run: a damaged database is not forgotten by working again. */
  #asideNote: string | undefined;
  #identity: string | undefined;
  #closed = false;

  constructor(request: StoreRequest, sqlite: typeof Sqlite) {
    this.#request = request;
    this.#sqlite = sqlite;
    this.alerts = new AlertStore(this.#access());
    this.control = new ControlStore(this.#access());
    this.captures = new CaptureStore(this.#access());
    this.hunt = new HuntStore(this.#access(), request.path);
    this.#flows = new BoundedQueue(request.settings.queueRows);
    this.#part = request.health.part('store', () => this.#counters());
    try {
      if (this.#connect()) {
        this.#works();
      }
    } catch (error) {
      this.#part.remove();
      throw error;
    }
    this.#maintenance = request.clock.every(MAINTENANCE_MS, () => this.maintain());
  }

  upsertAlert(alert: Alert, source: string = LIVE, trail?: AlertTrail): void {
    this.#alerts.set(alert.id, { alert, source });
    if (trail !== undefined) this.#trails.set(alert.id, trail);
    this.#schedule();
  }

  insertFinding(finding: Finding, alertId?: string): void {
    this.#findings.set(`${finding.detector}\n${finding.cause}\n${finding.firstSeenMs}`, [finding, alertId]);
    this.#schedule();
  }

  insertFlows(flows: Iterable<FlowRecord>): void {
    for (const flow of flows) {
      this.#flows.push(flow);
    }
    this.#schedule();
  }

  addTrafficMinute(minute: TrafficMinute): void {
    this.#fact((tables) => tables.traffic.add(minute));
  }

  addHosts(tallies: readonly HostTally[]): void {
    for (let start = 0; start < tallies.length; start += HOSTS_PER_FACT) {
      const some = tallies.slice(start, start + HOSTS_PER_FACT);
      this.#fact((tables) => {
        for (const tally of some) tables.hosts.add(tally);
      });
    }
  }

  appendJournal(entry: JournalInput): void {
    const nowMs = this.#now();
    this.#fact((tables) => tables.journal.append(entry, nowMs));
  }

  setSetting(path: string, value: unknown, actor: string): void {
    const nowMs = this.#now();
    this.#fact((tables) => {
      tables.setSetting(path, value, nowMs);
      tables.journal.append({ actor, action: 'setting-changed', subject: path, detail: { value } }, nowMs);
    });
  }

  getAlert(id: string): StoredAlert | undefined {
    const { value } = this.#read((tables) => tables.alerts.get(id), undefined);
    const waiting = this.#alerts.get(id);
    if (waiting === undefined) return value;
    return { state: 'open', review: null, updatedMs: waiting.alert.lastSeenMs, ...value, ...waiting };
  }

  listAlerts(filter: AlertFilter = {}): Page<StoredAlert> {
    const limit = pageLimit(filter.limit);
    return this.#page(
      (tables) => tables.alerts.list(filter, limit),
      () => pageOfWaiting(this.#alerts.values(), filter, limit),
    );
  }

  listFindings(filter: FindingFilter = {}): Page<Finding> {
    return this.#page((tables) => tables.alerts.listFindings(filter, pageLimit(filter.limit)));
  }

  listFlows(filter: FlowFilter = {}): Page<StoredFlow> {
    return this.#page((tables) => tables.flows.list(filter, pageLimit(filter.limit)));
  }

  getFlow(id: number): StoredFlow | undefined {
    return this.#read((tables) => tables.flows.get(id), undefined).value;
  }

  trafficPoints(sinceMs: number, stepMinutes: number, count: number): Page<TrafficPoint> {
    return this.#page((tables) => ({ rows: tables.traffic.points(sinceMs, stepMinutes, count) }));
  }

  listHosts(filter: HostFilter): HostList {
    const nothing: HostList = { rows: [], total: 0, rememberedSinceMs: Number.POSITIVE_INFINITY };
    const { value, failure } = this.#read((tables) => tables.hosts.list(filter), nothing);
    return { ...value, failure };
  }

  listJournal(filter: JournalFilter = {}): Page<JournalEntry> {
    return this.#page((tables) => tables.journal.list(filter, pageLimit(filter.limit)));
  }

  listSettings(): Page<StoredSetting> {
    return this.#page((tables) => ({ rows: tables.listSettings() }));
  }

  verifyJournal(): JournalVerdict {
    let step = this.control.verifyJournalStep(undefined);
    while (!isVerdict(step)) step = this.control.verifyJournalStep(step);
    return step;
  }

  statistics(): StoreStatistics {
    const empty = { alerts: 0, findings: 0, flows: 0, journal: 0, usedBytes: 0, fileBytes: 0 };
    const { value } = this.#read((tables) => tables.statistics(), empty);
    const { pendingRows, droppedRows, rejectedRows } = this.#counters();
    return { ...value, pendingRows, droppedRows, rejectedRows };
  }

  configure(settings: StoreSettings): void {
    const { queueRows, busyMs } = this.#request.settings;
    this.#request = { ...this.#request, settings: { ...settings, queueRows, busyMs } };
    this.#attempt((_tables, database) => {
      this.#tables = prepareTables(database, this.#request.settings);
    });
  }

  flush(): boolean {
    while (this.#pending() > 0) {
      if (!this.#attempt((tables, database) => this.#commit(tables, database))) {
        return false;
      }
    }
    return true;
  }

  maintain(): void {
    // In trouble, the retry of the commit finds out when it is over.
    if (this.#trouble === undefined && !this.#closed) {
      this.#leaveRemovedFile();
      this.#attempt((tables) => {
        if (tables.retain(this.#now()).more) {
          this.#request.clock.after(MORE_MAINTENANCE_MS, () => this.maintain());
        }
      });
    }
  }

  close(): void {
    if (this.#closed) {
      return;
    }
    this.flush();
    this.#closed = true;
    this.#commitTimer?.cancel();
    this.#maintenance.cancel();
    void this.hunt.close();
    this.#disconnect();
    const lost = this.#pending();
    this.#part.off(lost === 0 ? 'Closed.' : `Closed; ${lost} rows could not be stored.`);
  }

  /** SQLite would go on writing to a file that has no name any more, and all of it would be lost. */
  #leaveRemovedFile(): void {
    const { path } = this.#request;
    if (this.#database !== undefined && fileIdentity(path) !== this.#identity) {
      this.#disconnect();
      this.#asideNote = `The database ${path} was removed or replaced while in use; what it held is not shown any more.`;
    }
  }

  #now(): number {
    return this.#request.clock.nowMs();
  }

  #pending(): number {
    return this.#alerts.size + this.#trails.size + this.#findings.size + this.#facts.length + this.#flows.length;
  }

  #counters() {
    const dropped = this.#alerts.dropped + this.#findings.dropped + this.#facts.dropped + this.#flows.dropped;
    return {
      pendingRows: this.#pending(),
      droppedRows: dropped,
      rejectedRows: this.#rejected,
      commits: this.#commits,
      lastCommitMs: this.#lastCommitMs,
    };
  }

  #fact(fact: Fact): void {
    this.#facts.push(fact);
    this.#schedule();
  }

  /** Sees to it that what waits is committed in time; at once (but not inside the caller) when a batch is full. */
  #schedule(): void {
    if (this.#trouble === undefined) {
      const { batchRows, commitMs } = this.#request.settings;
      this.#commitWithin(this.#flows.length >= batchRows ? 0 : commitMs);
    }
  }

  #commitWithin(delayMs: number): void {
    const dueMs = this.#request.clock.monotonicMs() + delayMs;
    if (this.#closed || dueMs >= this.#commitDueMs) {
      return;
    }
    this.#commitTimer?.cancel();
    this.#commitDueMs = dueMs;
    this.#commitTimer = this.#request.clock.after(delayMs, () => {
      this.#clearTimer();
      const done = this.#attempt((tables, database) => this.#commit(tables, database));
      if (done && this.#pending() > 0) {
        // One batch a turn: others want the thread as well.
        this.#commitWithin(0);
      }
    });
  }

  #clearTimer(): void {
    this.#commitTimer?.cancel();
    this.#commitTimer = undefined;
    this.#commitDueMs = Number.POSITIVE_INFINITY;
  }

  /** Writes one batch of everything that waits in one transaction. */
  #commit(tables: Tables, database: Database): void {
    const { batchRows } = this.#request.settings;
    const nowMs = this.#now();
    const startMs = this.#request.clock.monotonicMs();
    const alerts = this.#alerts.peek(batchRows);
    const trails = this.#trails.peek(batchRows);
    const findings = this.#findings.peek(batchRows);
    const facts = this.#facts.peek(batchRows);
    const flows = this.#flows.peek(batchRows);
    let rejected = 0;
    const write = <T>(rows: readonly T[], one: (row: T) => void): void => {
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
    };
    const transaction = database.transaction(() => {
      write(alerts, ([, alert]) => tables.alerts.upsert(alert, nowMs));
      write(trails, ([id, trail]) => tables.reviews.setTrail(id, trail));
      write(findings, ([, [finding, alertId]]) => tables.alerts.upsertFinding(finding, alertId, nowMs));
      write(facts, (fact) => fact(tables));
      write(flows, (flow) => tables.flows.insert(flow, nowMs));
    });
    transaction.immediate();
    this.#alerts.discard(alerts);
    this.#trails.discard(trails);
    this.#findings.discard(findings);
    this.#facts.discard(facts.length);
    this.#flows.discard(flows.length);
    this.#rejected += rejected;
    this.#commits += 1;
    this.#lastCommitMs = this.#request.clock.monotonicMs() - startMs;
  }

  #access(): StoreAccess {
    return {
      nowMs: () => this.#now(),
      read: (ask, otherwise) => this.#read(ask, otherwise),
      peek: (ask, otherwise) => this.#peek(ask, otherwise),
      write: (work) => this.#write(work),
      later: (fact) => this.#fact(fact),
    };
  }

  #peek<T>(ask: (tables: Tables) => T, otherwise: T): T {
    try {
      return this.#tables === undefined ? otherwise : ask(this.#tables);
    } catch (error) {
      this.#handle(error);
      return otherwise;
    }
  }

  /** @throws FailureError when the database is in trouble */
  #write<T>(work: (tables: Tables) => T): T {
    const done: { value: T }[] = [];
    if (this.flush()) {
      this.#attempt((tables, database) => {
        done.push({ value: database.transaction(() => work(tables)).immediate() });
      });
    }
    const [result] = done;
    if (result !== undefined) return result.value;
    throw new FailureError(this.#failure());
  }

  #failure(): Failure {
    const { detail, hint } = TROUBLES[this.#trouble ?? 'unreachable'];
    return { code: `store-${this.#trouble ?? 'closed'}`, message: detail, hint };
  }

  /** Commits first, so that a reader sees what was written before; then asks. Never throws. */
  #read<T>(ask: (tables: Tables) => T, otherwise: T): { value: T; failure?: Failure } {
    if (this.#trouble === undefined && !this.#closed) {
      this.flush();
    }
    const tables = this.#tables;
    if (tables !== undefined) {
      try {
        return { value: ask(tables) };
      } catch (error) {
        this.#handle(error);
      }
    }
    return { value: otherwise, failure: this.#failure() };
  }

  #page<T>(ask: (tables: Tables) => Page<T>, waiting: () => T[] = () => []): Page<T> {
    const { value, failure } = this.#read<Page<T> | undefined>(ask, undefined);
    return value ?? { rows: waiting(), failure };
  }

  /** Does some writing; false, with Health told and a retry arranged, when the database is in trouble. */
  #attempt(work: (tables: Tables, database: Database) => void): boolean {
    if (this.#closed) {
      return false;
    }
    try {
      if (this.#database === undefined && !this.#connect()) {
        return false;
      }
      work(this.#tables as Tables, this.#database as Database);
      this.#works();
      return true;
    } catch (error) {
      this.#handle(error);
      return false;
    }
  }

  /** Throws only what is no trouble of the database (a newer schema, an unsafe file). */
  #connect(): boolean {
    const { path, settings } = this.#request;
    for (const attempt of ['as it is', 'afresh']) {
      try {
        this.#database = openDatabase(this.#sqlite, path, settings.busyMs, this.#now());
        this.#tables = prepareTables(this.#database, settings);
        this.#identity = fileIdentity(path);
        return true;
      } catch (error) {
        this.#disconnect();
        const trouble = troubleOf(error) ?? (error instanceof FailureError ? directoryTrouble(error) : undefined);
        if (trouble === undefined) {
          throw error;
        }
        if (trouble !== 'corrupt' || attempt === 'afresh' || !this.#putAside(error)) {
          this.#fail(trouble);
          return false;
        }
      }
    }
    return false;
  }

  #handle(error: unknown): void {
    const trouble = troubleOf(error);
    if (trouble === undefined) {
      // Nothing that the disk did: a mistake in this program. Said, and tried again like the rest.
      this.#fail('unreachable', messageOf(error));
      return;
    }
    // A full disk or a lock passes by itself; after anything else the connection is not to be relied on.
    if (trouble !== 'full' && trouble !== 'locked') {
      this.#disconnect();
    }
    if (trouble === 'corrupt' && this.#putAside(error)) {
      this.#reconnect();
    } else {
      this.#fail(trouble);
    }
  }

  #reconnect(): void {
    try {
      if (this.#connect()) {
        this.#works();
        this.#schedule();
      }
    } catch (error) {
      this.#fail('unreachable', messageOf(error));
    }
  }

  #putAside(cause: unknown): boolean {
    try {
      const aside = putAside(this.#request.path, this.#now());
      this.#asideNote = `The database was damaged (${messageOf(cause)}) and is kept as ${aside}; a fresh one was begun.`;
      return true;
    } catch {
      // Health then says that it could not be put aside, and how to do it by hand.
      return false;
    }
  }

  #works(): void {
    this.#trouble = undefined;
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#asideNote === undefined) {
      this.#part.ok('Everything is stored.');
    } else {
      this.#part.degraded(
        this.#asideNote,
        'Find out why (the disk, another program); restart the engine to clear this notice.',
      );
    }
  }

  #fail(trouble: Trouble, detail?: string): void {
    this.#trouble = trouble;
    const row = TROUBLES[trouble];
    this.#part.degraded(detail === undefined ? row.detail : `${row.detail} (${detail})`, row.hint);
    this.#clearTimer();
    this.#commitWithin(this.#retryMs);
    this.#retryMs = Math.min(LAST_RETRY_MS, this.#retryMs * 2);
  }

  #disconnect(): void {
    try {
      this.#database?.close();
    } catch {
      // Closing checkpoints; what that meets (a full disk) is known already, and the log keeps the rows.
    }
    this.#database = undefined;
    this.#tables = undefined;
  }
}

/** A directory that cannot be made may be possible later; one that is unsafe stays unsafe. */
function directoryTrouble(error: FailureError): Trouble | undefined {
  return error.failure.code === 'no-directory' ? (troubleOf(error.cause) ?? 'unreachable') : undefined;
}

function pageLimit(limit: number | undefined): number {
  return Math.max(1, Math.min(MAX_PAGE, Math.trunc(limit ?? DEFAULT_PAGE) || DEFAULT_PAGE));
}
