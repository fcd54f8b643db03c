import type { CallOutput, ParsedInput } from '../../../../contract/api.ts';
import type { Learning } from '../../../../contract/api-models.ts';
import type { Finding } from '../../../../contract/domain.ts';
import { MODEL_KINDS, MODEL_TABLES, type ModelKind, type ModelTable } from '../../../../contract/models.ts';
import { fitProfile, TABLE_COLUMNS } from '../../models/index.ts';
import type { RecordedFlow } from '../../network/index.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/failure.ts';
import type { HealthPart, HealthRegistry } from '../../runtime/health.ts';
import type { Store } from '../../store/index.ts';
import type { HostActivity, ProgramHour, SeenByHost } from '../host/host-activity.ts';
import { ModelAnswers } from './model-answers.ts';
import { ModelBudget } from './model-budget.ts';
import { type Conditions, readConditions } from './model-conditions.ts';
import { DriftWatch } from './model-drift-watch.ts';
import { FirstLook } from './model-first-look.ts';
import { HostWindow } from './model-host-window.ts';
import { ModelJudge } from './model-judge.ts';
import { learningOf, tellLearningHealth } from './model-learning.ts';
import { ModelRegistry } from './model-registry.ts';
import { ModelSamples } from './model-samples.ts';
import { type ScheduleVerdict, scheduleOf } from './model-schedule.ts';
import type { ModelSettings } from './model-settings.ts';
import type { Judging } from './model-teller.ts';
import { ModelTraining, type Trainer } from './model-training.ts';
import { ModelTransfer, type ProfilePiece } from './model-transfer.ts';
import { ModelWatchers, type WatchedLearning } from './model-watchers.ts';

export interface ModelDeskOptions {
  readonly clock: Clock;
  readonly health: HealthRegistry;
  /** Throws before the start and after the stop of the store. */
  readonly store: () => Store;
  readonly settings: () => ModelSettings;
  /** Of the alerts: silence after which rows of a cause are another alert. */
  readonly joinGapMs: () => number;
  /** Random. */
  readonly seed: number;
  /** For the key of this install; need not exist. */
  readonly directory: string;
  readonly trainer: Trainer;
  readonly onFinding: (finding: Finding) => void;
  readonly onProblem: (message: string) => void;
  /** The addresses of this computer. */
  readonly ownAddresses: () => ReadonlySet<string>;
  /** For tests. */
  readonly conditions?: () => Conditions;
  readonly procDirectory?: string;
}

const MINUTE_MS = 60_000;
const ENGINE = 'engine';
const WATCHED_MARK = 'models.watched';
const TRIED_MARK = 'models.tried';
const RUNNING_MARK = 'models.training';
/** Tables that are always filled. */
const ALWAYS_FILLED: readonly ModelTable[] = ['flow', 'host'];

/** What is learnt of this computer, and the one place where it changes. Start and stop once. */
export class ModelDesk {
  readonly name = 'models';
  readonly answers: ModelAnswers;
  readonly #options: ModelDeskOptions;
  readonly #samples: ModelSamples;
  readonly #registry: ModelRegistry;
  readonly #training: ModelTraining;
  readonly #budget: ModelBudget;
  readonly #judge: ModelJudge;
  readonly #firstLook: FirstLook;
  readonly #drift: DriftWatch;
  readonly #transfer: ModelTransfer;
  readonly #hostWindow: HostWindow;
  readonly #health: HealthPart;
  readonly #watchers: ModelWatchers;
  readonly #conditions: () => Conditions;
  #minutes: Timer | undefined;
  #isStarted = false;
  #isWatching = true;
  /** Programs have been watched for an hour, now or before. */
  #hasPrograms = false;
  /** Until when the time that was watched is counted; undefined before the start. */
  #countedMs: number | undefined;
  #watchedMs = 0;
  #tried: Partial<Record<ModelTable, number>> = {};
  #floodMs: number | null = null;
  /** When judging last failed; monotonic. */
  #failedMs = Number.NEGATIVE_INFINITY;

  constructor(options: ModelDeskOptions) {
    this.#options = options;
    const { clock, settings, seed } = options;
    const store = () => options.store().models;
    this.#conditions = options.conditions ?? readConditions;
    this.#samples = new ModelSamples({ store, clock, seed, settings });
    this.#registry = new ModelRegistry({ store, keptVersions: () => settings().keptVersions });
    this.#firstLook = new FirstLook(this.#samples, fitProfile);
    this.#drift = new DriftWatch(this.#registry, this.#samples, clock);
    this.#transfer = new ModelTransfer({ registry: this.#registry, directory: options.directory });
    this.#training = new ModelTraining({
      registry: this.#registry,
      samples: this.#samples,
      trainer: options.trainer,
      clock,
      journal: (entry) => options.store().appendJournal(entry),
      onChange: () => this.#trainingChanged(),
    });
    this.#budget = new ModelBudget({
      perDay: () => settings().alertsPerDay,
      joinGapMs: options.joinGapMs,
      control: () => options.store().control,
      store,
      nowMs: () => clock.nowMs(),
    });
    this.answers = new ModelAnswers({ registry: this.#registry, samples: this.#samples, budget: this.#budget });
    this.#watchers = new ModelWatchers(clock, () => this.#watched());
    this.#judge = new ModelJudge({
      clock,
      judging: (table) => this.#judging(table),
      decide: (row) => this.#budget.decide(row),
      learn: (row) => this.#samples.add(row),
      onFinding: options.onFinding,
      onAnomaly: (anomaly) => store().addAnomaly(anomaly),
      onProblem: (error) => this.#judgingFailed(error),
    });
    this.#hostWindow = new HostWindow({
      clock,
      columns: TABLE_COLUMNS.host.length,
      procDirectory: options.procDirectory,
      ownAddresses: options.ownAddresses,
      onRow: (timeMs, values) => {
        if (!this.#isLearning) return;
        this.#guarded(() => this.#judge.takeHost(timeMs, values, [...options.ownAddresses()]));
      },
    });
    this.#health = options.health.part('models', () => this.#counters());
  }

  /** Brings back what is kept. The store must be open. */
  start(): void {
    const { clock, store } = this.#options;
    this.#samples.start();
    this.#hasPrograms = this.#samples.size('process') > 0;
    this.#registry.start();
    this.#budget.start();
    const { control } = store();
    this.#watchedMs = Number(control.mark(WATCHED_MARK) ?? 0) || 0;
    this.#tried = triedIn(control.mark(TRIED_MARK));
    // A training that a stop of the engine ended is begun anew as soon as it may be.
    if (control.mark(RUNNING_MARK) !== undefined) this.#tried = {};
    control.setMark(RUNNING_MARK, null);
    this.#countedMs = clock.monotonicMs();
    this.#isStarted = true;
    this.#hostWindow.start();
    this.#minutes = clock.every(MINUTE_MS, () => this.#eachMinute());
    this.#tellHealth();
  }

  /** Ends training and writes what there is. The store must still be open. */
  async stop(): Promise<void> {
    if (!this.#isStarted) return;
    this.#isStarted = false;
    this.#minutes?.cancel();
    this.#watchers.stop();
    this.#hostWindow.stop();
    this.#judge.stop();
    const wasTraining = this.#training.isRunning;
    await this.#training.stop();
    if (wasTraining) this.#options.store().control.setMark(RUNNING_MARK, 'ended by a stop');
    this.#count();
    this.#samples.write();
    this.#budget.write();
    this.#health.off('Stopped.');
  }

  /** Ended flows, to judge and to learn from. */
  takeFlows(flows: readonly RecordedFlow[]): void {
    if (!this.#isLearning) return;
    this.#guarded(() => this.#judge.takeFlows(flows));
    this.#hostWindow.takeFlows(flows);
  }

  /** What happened on the host since the last call. */
  takeActivity(activity: HostActivity, seen: SeenByHost): void {
    if (this.#isLearning) this.#hostWindow.takeActivity(activity, seen);
  }

  /** What each program did in the last hour. */
  takePrograms(programs: readonly ProgramHour[]): void {
    if (!this.#isLearning) return;
    this.#hasPrograms = true;
    this.#guarded(() => this.#judge.takePrograms(this.#options.clock.nowMs(), programs));
  }

  /** What rules and indicators found: it is kept out of what is learnt. */
  hear(finding: Finding): void {
    if (finding.kind === 'anomaly' || !this.#isStarted) return;
    this.#samples.guard.hear(finding);
    if (finding.kind !== 'denial-of-service') return;
    this.#floodMs = this.#options.clock.nowMs();
    if (this.#training.isByItself) this.#endTraining('a flood of traffic began');
  }

  /** Whether the traffic is watched at present: time in which it is not teaches nothing. */
  setWatching(isWatching: boolean): void {
    this.#count();
    this.#isWatching = isWatching;
  }

  /** Other settings. */
  configure(): void {
    this.#budget.configure();
    if (!this.#options.settings().enabled) {
      this.#judge.drop();
      this.#endTraining('learning was switched off');
    }
    this.#tellHealth();
    this.#watchers.poke();
  }

  list(): CallOutput<'models.list'> {
    return { ...this.#watched(), profiles: [...this.#registry.list()] };
  }

  watch(emit: (item: WatchedLearning) => void): () => void {
    return this.#watchers.add(emit);
  }

  use(id: string, actor: string): CallOutput<'models.use'> {
    const reason = `${actor} put it in use.`;
    const used = this.#registry.use(id, reason, { actor, action: 'model-used', subject: id });
    this.#changed();
    return used;
  }

  rollback(table: ModelTable, actor: string): CallOutput<'models.rollback'> {
    const { id } = this.#registry.before(table);
    const from = this.#registry.active(table)?.info.id;
    const journal = { actor, action: 'model-rolled-back', subject: id, detail: { from } };
    const used = this.#registry.use(
      id,
      `${actor} went back to it${from === undefined ? '' : ` from ${from}`}.`,
      journal,
    );
    this.#changed();
    return used;
  }

  remove(id: string, actor: string): void {
    this.#registry.remove(id, { actor, action: 'model-removed', subject: id });
    this.#changed();
  }

  train({ tables, kinds }: ParsedInput<'models.train'>, actor: string): CallOutput<'models.train'> {
    return this.#train(tables ?? this.#filled, kinds ?? this.#kinds, actor, true);
  }

  async cancel(actor: string): Promise<void> {
    await this.#training.cancel(actor);
  }

  exportPiece(id: string, offset: number): CallOutput<'models.export'> {
    return this.#transfer.exportPiece(id, offset);
  }

  importPiece(name: string, piece: ProfilePiece, actor: string): CallOutput<'models.import'> {
    const received = this.#transfer.importPiece(name, piece, actor);
    if (received.profile !== null) this.#changed();
    return received;
  }

  get #isLearning(): boolean {
    return this.#isStarted && this.#options.settings().enabled;
  }

  /** Tables that something fills. */
  get #filled(): readonly ModelTable[] {
    return this.#hasPrograms ? [...ALWAYS_FILLED, 'process'] : ALWAYS_FILLED;
  }

  get #kinds(): readonly ModelKind[] {
    const { kinds } = this.#options.settings();
    return MODEL_KINDS.filter((kind) => kinds.includes(kind));
  }

  #judging(table: ModelTable): Judging | undefined {
    const active = this.#registry.active(table);
    if (active !== undefined) return { id: active.info.id, profile: active.profile };
    const profile = this.#firstLook.get(table);
    return profile === undefined ? undefined : { id: '', profile };
  }

  #train(tables: readonly ModelTable[], kinds: readonly ModelKind[], actor: string, isAwaited: boolean) {
    const training = this.#training.begin({ tables, kinds, actor, isAwaited });
    const { clock, store } = this.#options;
    for (const table of training.tables) this.#tried[table] = clock.nowMs();
    store().control.setMark(TRIED_MARK, JSON.stringify(this.#tried));
    store().control.setMark(RUNNING_MARK, training.id);
    return training;
  }

  #endTraining(why: string): void {
    if (!this.#training.isRunning) return;
    void this.#training.cancel(ENGINE, why).catch(() => {}); // It ended by itself meanwhile.
  }

  #eachMinute(): void {
    try {
      this.#count();
      this.#samples.write();
      this.#budget.write();
      if (!this.#isLearning) return;
      for (const table of this.#filled) {
        void this.#drift.look(table).catch((error: unknown) => this.#problem(error));
        if (this.#registry.active(table) !== undefined) this.#firstLook.forget(table);
        else void this.#firstLook.refresh(table).catch((error: unknown) => this.#problem(error));
      }
      this.#trainWhereDue();
      this.#tellHealth();
    } catch (error) {
      this.#problem(error);
    }
  }

  /** A model that fails must not take the engine with it; it is told once a minute at the most. */
  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#judgingFailed(error);
    }
  }

  #judgingFailed(error: unknown): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#failedMs < MINUTE_MS) return;
    this.#failedMs = nowMs;
    this.#problem(error);
  }

  #problem(error: unknown): void {
    // What was still being looked at when it ended has nobody to tell.
    if (!this.#isStarted) return;
    this.#options.onProblem(`Learning: ${messageOf(error)}`);
  }

  #trainWhereDue(): void {
    if (!this.#isStarted || this.#training.isRunning) return;
    const due = this.#filled.filter((table) => {
      const { isDue, waitsFor } = this.#schedule(table);
      return isDue && waitsFor === '';
    });
    if (due.length > 0) this.#train(due, this.#kinds, ENGINE, false);
  }

  #schedule(table: ModelTable): ScheduleVerdict {
    const { clock, settings } = this.#options;
    return scheduleOf({
      settings: settings(),
      nowMs: clock.nowMs(),
      rows: this.#samples.usable(table),
      watchedMs: this.#watchedMs,
      active: this.#registry.active(table)?.info,
      isDrifted: this.#drift.get(table)?.isDrifted ?? false,
      triedMs: this.#tried[table] ?? null,
      floodMs: this.#floodMs,
      conditions: this.#conditions,
    });
  }

  /** Counts the time that was watched since the last call. */
  #count(): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (this.#countedMs === undefined) return;
    if (this.#isWatching && this.#options.settings().enabled) this.#watchedMs += nowMs - this.#countedMs;
    this.#countedMs = nowMs;
    this.#options.store().control.setMark(WATCHED_MARK, String(Math.round(this.#watchedMs)));
  }

  #trainingChanged(): void {
    if (!this.#training.isRunning && this.#isStarted) {
      this.#options.store().control.setMark(RUNNING_MARK, null);
      this.#changed();
    } else this.#watchers.poke();
  }

  #changed(): void {
    this.#tellHealth();
    this.#watchers.poke();
  }

  #watched(): WatchedLearning {
    return {
      learning: MODEL_TABLES.map((table) => this.#learning(table)),
      training: this.#training.latest,
      budget: this.#budget.state,
    };
  }

  #learning(table: ModelTable): Learning {
    const { clock, settings } = this.#options;
    return learningOf({
      table,
      settings: settings(),
      nowMs: clock.nowMs(),
      isFilled: this.#filled.includes(table),
      size: this.#samples.size(table),
      rows: this.#samples.usable(table),
      heldOut: this.#samples.heldOutOf(table),
      judged: this.#judge.judged(table),
      activeId: this.#registry.active(table)?.info.id ?? null,
      drift: this.#drift.get(table),
      training: this.#training.latest,
      watchedMs: this.#watchedMs,
      hasFirstLook: this.#firstLook.get(table) !== undefined,
      problem: this.#registry.problem(table),
      waitsFor: () => this.#schedule(table).waitsFor,
    });
  }

  #counters(): Readonly<Record<string, number>> {
    const { judged, waiting, unjudged, shown, heldBack } = this.#judge.counts;
    const { heldOut, unusual } = this.#samples.counts;
    return {
      judged,
      waiting,
      unjudged,
      heldOut,
      unusual,
      shown,
      heldBack,
      rows: this.#isStarted ? this.#filled.reduce((sum, table) => sum + this.#samples.size(table), 0) : 0,
    };
  }

  #tellHealth(): void {
    if (!this.#isStarted) return;
    tellLearningHealth(this.#health, {
      isEnabled: this.#options.settings().enabled,
      problems: this.#filled.map((table) => this.#registry.problem(table)).filter((problem) => problem !== undefined),
      training: this.#training.latest,
      state: () => this.#learning('flow').state,
    });
  }
}

function triedIn(text: string | undefined): Partial<Record<ModelTable, number>> {
  try {
    const given: unknown = JSON.parse(text ?? '{}');
    if (typeof given !== 'object' || given === null) return {};
    const entries = Object.entries(given).filter(([table, ms]) => isTable(table) && typeof ms === 'number');
    return Object.fromEntries(entries);
  } catch {
    return {}; // Never tried, then.
  }
}

function isTable(name: string): name is ModelTable {
  return MODEL_TABLES.some((table) => table === name);
}
