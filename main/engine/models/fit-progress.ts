/** How far a training run is, and how long it will take. */
import type { ModelGroup, ModelKind, ModelTable, TrainingProgress } from '../../../contract/models.ts';
import type { TrainingHooks } from './profile-types.ts';

/**
 * Time that a kind takes, in parts of an isolation forest of the same rows: measured on 20,000 rows of 80 columns. Of
 * those of which the rows are bounded it is a rough guess, and good enough for a bar.
 */
const COSTS: Readonly<Record<ModelKind, number>> = {
  baseline: 1,
  'isolation-forest': 1,
  autoencoder: 80,
  'local-outlier-factor': 6,
  dbscan: 6,
  'one-class-svm': 20,
};
/** Scoring held-back rows by all models. */
const CALIBRATION_COST = 6;
/** Before so much is done, the time left would be a guess about a guess. */
const TOLD_FROM = 0.03;
const MS_PER_SECOND = 1_000;

/** A group with the rows that it will be fitted on, for what that will cost. */
export interface PlannedGroup {
  readonly group: ModelGroup;
  readonly rows: number;
}

type Losses = TrainingProgress['losses'];

/** Tells a run's hooks about it; also where a run that was aborted ends. */
export class FitProgress {
  private readonly table: ModelTable;
  private readonly hooks: TrainingHooks;
  private readonly startedMs: number;
  private readonly total: number;
  private done = 0;

  constructor(table: ModelTable, kinds: readonly ModelKind[], groups: readonly PlannedGroup[], hooks: TrainingHooks) {
    this.table = table;
    this.hooks = hooks;
    this.startedMs = hooks.clock?.() ?? 0;
    const perRow = kinds.reduce((sum, kind) => sum + COSTS[kind], 0) + CALIBRATION_COST;
    this.total = groups.reduce((sum, { rows }) => sum + rows * perRow, 0);
  }

  get signal(): AbortSignal {
    return this.hooks.signal;
  }

  /** A model begins to be fitted. @throws the reason of the abort */
  async fitting(group: ModelGroup, model: ModelKind): Promise<void> {
    this.tell({ step: 'fitting', group, model });
    await this.breathe();
  }

  /** Of a model that sees the rows many times. @throws the reason of the abort */
  epoch({ group, rows }: PlannedGroup, model: ModelKind, epoch: number, epochs: number, losses: Losses): void {
    const part = epochs > 0 ? (rows * COSTS[model] * epoch) / epochs : 0;
    this.tell({ step: 'fitting', group, model, epoch, epochs, losses }, part);
    this.hooks.signal.throwIfAborted();
  }

  fitted({ rows }: PlannedGroup, model: ModelKind): void {
    this.done += rows * COSTS[model];
  }

  /** @throws the reason of the abort */
  async calibrating(group: ModelGroup): Promise<void> {
    this.tell({ step: 'calibrating', group });
    await this.breathe();
  }

  /** @throws the reason of the abort */
  async validating({ rows }: PlannedGroup): Promise<void> {
    this.done += (rows * CALIBRATION_COST) / 2;
    this.tell({ step: 'validating' });
    await this.breathe();
  }

  validated({ rows }: PlannedGroup): void {
    this.done += (rows * CALIBRATION_COST) / 2;
  }

  private tell(
    now: Pick<TrainingProgress, 'step'> &
      Partial<Pick<TrainingProgress, 'group' | 'model' | 'epoch' | 'epochs' | 'losses'>>,
    part = 0,
  ): void {
    const progress = this.total > 0 ? Math.min(1, (this.done + part) / this.total) : 0;
    this.hooks.onProgress({
      table: this.table,
      group: '',
      model: null,
      epoch: 0,
      epochs: 0,
      losses: [],
      ...now,
      progress,
      secondsLeft: this.secondsLeft(progress),
    });
  }

  private secondsLeft(progress: number): number | null {
    const { clock } = this.hooks;
    if (clock === undefined || progress < TOLD_FROM) return null;
    return (((clock() - this.startedMs) / MS_PER_SECOND) * (1 - progress)) / progress;
  }

  /** Lets messages in, so that an abort is heard between two steps. */
  private async breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.hooks.signal.throwIfAborted();
  }
}
