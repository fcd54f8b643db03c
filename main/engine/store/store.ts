import type Sqlite from 'better-sqlite3';
import type { AlertTrail } from '../../../contract/alert-trail.ts';
import type { Alert, Finding } from '../../../contract/domain.ts';
import type { HostEvent } from '../../../contract/events.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { HealthPart, HealthRegistry } from '../runtime/health.ts';
import { ActionStore } from './action-store.ts';
import { AlertStore } from './alert-store.ts';
import { LIVE, pageOfWaiting } from './alert-table.ts';
import { CaptureStore } from './capture-table.ts';
import { Committer } from './committer.ts';
import { ControlStore, isVerdict } from './control-store.ts';
import { DamagedRows } from './damaged-rows.ts';
import { DatabaseLink } from './database-link.ts';
import { EventStore } from './events/event-store.ts';
import { HuntRunner } from './hunt/hunt-runner.ts';
import { HuntStore } from './hunt/hunt-store.ts';
import { ModelStore } from './model-store.ts';
import { RowReader } from './row-reader.ts';
import type { RowShapes } from './row-shapes.ts';
import type { StoreSettings } from './store-settings.ts';
import type { Tables } from './tables.ts';
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
import { WaitingRows } from './waiting-rows.ts';

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
  const [{ default: sqlite }, { ROW_SHAPES }] = await Promise.all([
    import('better-sqlite3'),
    import('./row-shapes.ts'),
  ]);
  return new SqliteStore(request, sqlite, ROW_SHAPES);
}

const MAINTENANCE_MS = 60_000;
/** When a pass of retention left work, the next one comes soon, but lets the engine breathe. */
const MORE_MAINTENANCE_MS = 1_000;

/** Hosts in one fact: some milliseconds of a commit. */
const HOSTS_PER_FACT = 500;

/** The store as the engine sees it: what is written waits in memory, what is asked comes from the database. */
class SqliteStore implements Store {
  readonly actions: ActionStore;
  readonly alerts: AlertStore;
  readonly control: ControlStore;
  readonly captures: CaptureStore;
  readonly hunt: HuntStore;
  readonly events: EventStore;
  readonly models: ModelStore;
  readonly #clock: Clock;
  readonly #part: HealthPart;
  readonly #rows: WaitingRows;
  readonly #link: DatabaseLink;
  readonly #committer: Committer;
  readonly #maintenance: Timer;

  constructor({ path, clock, health, settings }: StoreRequest, sqlite: typeof Sqlite, shapes: RowShapes) {
    this.#clock = clock;
    this.#rows = new WaitingRows(settings.queueRows, settings.queueEvents, clock);
    const damaged = new DamagedRows(() => this.#link.tellDamage());
    this.#part = health.part('store', () => ({ ...this.#rows.counters(), damagedRows: damaged.count }));
    this.#link = new DatabaseLink({
      sqlite,
      path,
      settings,
      clock,
      part: this.#part,
      reader: new RowReader(shapes, damaged),
      damaged,
      onTrouble: (retryMs) => this.#committer.retryAfter(retryMs),
      onReturn: () => this.#committer.schedule(),
    });
    this.#committer = new Committer(this.#rows, this.#link, clock, settings);
    this.actions = new ActionStore(this.#committer);
    this.alerts = new AlertStore(this.#committer);
    this.control = new ControlStore(this.#committer);
    this.captures = new CaptureStore(this.#committer);
    // One thread for both: it is given back when nobody asks.
    const runner = new HuntRunner(path, (row) => damaged.note(row));
    this.hunt = new HuntStore(this.#committer, runner);
    this.events = new EventStore(this.#committer, runner, path);
    this.models = new ModelStore(this.#committer);
    try {
      this.#link.open();
    } catch (error) {
      this.#part.remove();
      throw error;
    }
    this.#maintenance = clock.every(MAINTENANCE_MS, () => this.maintain());
  }

  upsertAlert(alert: Alert, source: string = LIVE, trail?: AlertTrail): void {
    this.#rows.addAlert(alert, source, trail);
    this.#committer.schedule();
  }

  insertFinding(finding: Finding, alertId?: string): void {
    this.#rows.addFinding(finding, alertId);
    this.#committer.schedule();
  }

  insertFlows(flows: Iterable<FlowRecord>): void {
    this.#rows.addFlows(flows);
    this.#committer.schedule();
  }

  insertEvents(events: readonly HostEvent[]): void {
    this.#rows.addEvents(events);
    this.#committer.schedule();
  }

  addTrafficMinute(minute: TrafficMinute): void {
    this.#committer.later((tables) => tables.traffic.add(minute));
  }

  addHosts(tallies: readonly HostTally[]): void {
    for (let start = 0; start < tallies.length; start += HOSTS_PER_FACT) {
      const some = tallies.slice(start, start + HOSTS_PER_FACT);
      this.#committer.later((tables) => {
        for (const tally of some) tables.hosts.add(tally);
      });
    }
  }

  appendJournal(entry: JournalInput): void {
    const nowMs = this.#clock.nowMs();
    this.#committer.later((tables) => tables.journal.append(entry, nowMs));
  }

  setSetting(path: string, value: unknown, actor: string): void {
    const nowMs = this.#clock.nowMs();
    this.#committer.later((tables) => {
      tables.setSetting(path, value, nowMs);
      tables.journal.append({ actor, action: 'setting-changed', subject: path, detail: { value } }, nowMs);
    });
  }

  getAlert(id: string): StoredAlert | undefined {
    const { value } = this.#committer.read((tables) => tables.alerts.get(id), undefined);
    const waiting = this.#rows.alert(id);
    if (waiting === undefined) return value;
    return { state: 'open', review: null, updatedMs: waiting.alert.lastSeenMs, ...value, ...waiting };
  }

  listAlerts(filter: AlertFilter = {}): Page<StoredAlert> {
    const limit = pageLimit(filter.limit);
    return this.#page(
      (tables) => tables.alerts.list(filter, limit),
      () => pageOfWaiting(this.#rows.alerts(), filter, limit),
    );
  }

  listFindings(filter: FindingFilter = {}): Page<Finding> {
    return this.#page((tables) => tables.alerts.listFindings(filter, pageLimit(filter.limit)));
  }

  listFlows(filter: FlowFilter = {}): Page<StoredFlow> {
    return this.#page((tables) => tables.flows.list(filter, pageLimit(filter.limit)));
  }

  getFlow(id: number): StoredFlow | undefined {
    return this.#committer.read((tables) => tables.flows.get(id), undefined).value;
  }

  trafficPoints(sinceMs: number, stepMinutes: number, count: number): Page<TrafficPoint> {
    return this.#page((tables) => ({ rows: tables.traffic.points(sinceMs, stepMinutes, count) }));
  }

  listHosts(filter: HostFilter): HostList {
    const nothing: HostList = { rows: [], total: 0, rememberedSinceMs: Number.POSITIVE_INFINITY };
    const { value, failure } = this.#committer.read((tables) => tables.hosts.list(filter), nothing);
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
    const empty = { alerts: 0, findings: 0, flows: 0, events: 0, journal: 0, usedBytes: 0, fileBytes: 0 };
    const { value } = this.#committer.read((tables) => tables.statistics(), empty);
    const { pendingRows, droppedRows, rejectedRows, droppedEvents, storedEvents } = this.#rows.counters();
    return { ...value, pendingRows, droppedRows, rejectedRows, droppedEvents, storedEvents };
  }

  configure(settings: StoreSettings): void {
    this.#committer.configure(settings);
    this.#link.configure(settings);
  }

  flush(): boolean {
    return this.#committer.flush();
  }

  maintain(): void {
    // In trouble, the retry of the commit finds out when it is over.
    if (this.#link.isUsable) {
      this.#link.leaveRemovedFile();
      this.#link.attempt((tables) => {
        if (tables.retain(this.#clock.nowMs()).more) {
          this.#clock.after(MORE_MAINTENANCE_MS, () => this.maintain());
        }
      });
    }
  }

  close(): void {
    if (this.#link.isClosed) {
      return;
    }
    this.flush();
    this.#committer.cancel();
    this.#maintenance.cancel();
    void this.hunt.close();
    this.#link.close();
    const lost = this.#rows.pending;
    this.#part.off(lost === 0 ? 'Closed.' : `Closed; ${lost} rows could not be stored.`);
  }

  #page<T>(ask: (tables: Tables) => Page<T>, waiting: () => T[] = () => []): Page<T> {
    const { value, failure } = this.#committer.read<Page<T> | undefined>(ask, undefined);
    return value ?? { rows: waiting(), failure };
  }
}

function pageLimit(limit: number | undefined): number {
  return Math.max(1, Math.min(MAX_PAGE, Math.trunc(limit ?? DEFAULT_PAGE) || DEFAULT_PAGE));
}
