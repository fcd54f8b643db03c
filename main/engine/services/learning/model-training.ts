import { randomBytes } from 'node:crypto';
import type { Profile as ProfileInfo, Training } from '../../../../contract/api-models.ts';
import type { Failure } from '../../../../contract/domain.ts';
import { formatNumber } from '../../../../contract/format.ts';
import { MODEL_KINDS, type ModelKind, type ModelTable, type TrainingProgress } from '../../../../contract/models.ts';
import { readProfile, type TrainingHooks, type TrainingJob, type TrainingResult } from '../../models/index.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Draft } from '../../runtime/draft.ts';
import { FailureError, failureOf } from '../../runtime/failure.ts';
import type { JournalInput } from '../../store/index.ts';
import { nothingTraining } from './model-failures.ts';
import { judgePromotion } from './model-promotion.ts';
import type { ModelRegistry } from './model-registry.ts';
import type { ModelSamples } from './model-samples.ts';

/**
 * Fits a profile, in a process of its own where it takes long.
 *
 * @param isAwaited whether a person waits for it: otherwise everything else on the computer goes first
 */
export type Trainer = (job: TrainingJob, hooks: TrainingHooks, isAwaited: boolean) => Promise<TrainingResult>;

export interface ModelTrainingOptions {
  readonly registry: ModelRegistry;
  readonly samples: ModelSamples;
  readonly trainer: Trainer;
  readonly clock: Clock;
  readonly journal: (entry: JournalInput) => void;
  /** Something of the run is another now. */
  readonly onChange: () => void;
}

export interface TrainingRequest {
  readonly tables: readonly ModelTable[];
  readonly kinds: readonly ModelKind[];
  readonly actor: string;
  readonly isAwaited: boolean;
}

type Running = Draft<Training>;

/** In a process of its own, of the lowest priority where nobody waits for it. */
export const trainInChild: Trainer = async (job, hooks, isAwaited) => {
  const { trainProfileInChild } = await import('../../models/index.ts');
  return trainProfileInChild(job, hooks, isAwaited ? { priority: AWAITED_PRIORITY } : {});
};

/** Nice value of a training that a person waits for: behind everything that is used at the same time. */
const AWAITED_PRIORITY = 10;
/** Rows of one table below which no training is begun: every group would be too small. */
export const LEAST_ROWS = 100;
const OWN_SOURCE = 'this computer';
const MS_PER_SECOND = 1_000;
const SEED_LIMIT = 2 ** 31;
const FAILED_HINT = 'The versions in use are as they were. "holdfast models train" tries again.';

/** Training runs, one at a time, and what comes of them. */
export class ModelTraining {
  readonly #options: ModelTrainingOptions;
  #latest: Running | undefined;
  #abort: AbortController | undefined;
  #isAwaited = false;
  #done: Promise<void> = Promise.resolve();

  constructor(options: ModelTrainingOptions) {
    this.#options = options;
  }

  /** The run that goes on, or the last one. */
  get latest(): Training | null {
    return this.#latest === undefined ? null : { ...this.#latest };
  }

  get isRunning(): boolean {
    return this.#latest?.state === 'running';
  }

  /** Whether a run goes on that nobody asked for. */
  get isByItself(): boolean {
    return this.isRunning && !this.#isAwaited;
  }

  /** When the run that goes on, or the last one, is over. Never fails. */
  get done(): Promise<void> {
    return this.#done;
  }

  /** @throws FailureError `training-goes-on`, `too-few-rows` */
  begin({ tables, kinds, actor, isAwaited }: TrainingRequest): Training {
    if (this.isRunning) {
      const hint = 'Wait for it, or end it with "holdfast models cancel".';
      throw new FailureError({ code: 'training-goes-on', message: 'Another training goes on.', hint });
    }
    const { samples, clock, journal } = this.#options;
    const poor = tables.filter((table) => samples.countUsable(table) < LEAST_ROWS);
    if (poor.length === tables.length)
      throw tooFewRows(tables, Math.max(...tables.map((table) => samples.countUsable(table))));
    const run: Running = {
      id: `t-${randomBytes(6).toString('hex')}`,
      state: 'running',
      startedMs: clock.nowMs(),
      endedMs: null,
      actor,
      tables: tables.filter((table) => !poor.includes(table)),
      kinds: MODEL_KINDS.filter((kind) => kinds.includes(kind)),
      now: null,
      made: [],
      failure: null,
    };
    this.#latest = run;
    this.#isAwaited = isAwaited;
    const abort = new AbortController();
    this.#abort = abort;
    const { tables: trained } = run;
    journal({ actor, action: 'training-begun', subject: run.id, detail: { tables: trained, kinds: run.kinds } });
    this.#done = this.#run(run, abort.signal);
    this.#options.onChange();
    return { ...run };
  }

  /** @throws FailureError `no-training` */
  async cancel(actor: string, why = ''): Promise<void> {
    const run = this.#latest;
    if (run?.state !== 'running') throw nothingTraining();
    this.#options.journal({
      actor,
      action: 'training-cancelled',
      subject: run.id,
      ...(why ? { detail: { why } } : {}),
    });
    await this.#end();
  }

  /** As `cancel`, where there is something to cancel. */
  async stop(): Promise<void> {
    if (this.isRunning) await this.#end();
  }

  async #end(): Promise<void> {
    this.#abort?.abort();
    await this.#done;
  }

  async #run(run: Running, signal: AbortSignal): Promise<void> {
    // The caller gets its answer before anything is read.
    await Promise.resolve();
    try {
      for (const [index, table] of run.tables.entries()) {
        signal.throwIfAborted();
        run.made = [...run.made, await this.#train(run, table, index, signal)];
      }
      run.state = 'done';
    } catch (error) {
      run.state = signal.aborted ? 'cancelled' : 'failed';
      run.failure = signal.aborted ? null : trainingFailure(error);
      if (!signal.aborted) {
        const { id: subject, actor, failure } = run;
        this.#options.journal({ actor, action: 'training-failed', subject, detail: { code: failure?.code } });
      }
    }
    run.now = null;
    run.endedMs = this.#options.clock.nowMs();
    this.#options.onChange();
  }

  async #train(run: Running, table: ModelTable, index: number, signal: AbortSignal): Promise<ProfileInfo> {
    const { samples, registry, trainer, clock } = this.#options;
    const startMs = clock.monotonicMs();
    const tell = (progress: TrainingProgress): void => {
      if (signal.aborted || run.state !== 'running') return;
      const whole = (index + progress.progress) / run.tables.length;
      run.now = { ...progress, losses: [...progress.losses], progress: Math.min(1, Math.max(0, whole)) };
      this.#options.onChange();
    };
    tell(stepOf(table, 'reading', 0));
    const rows = await samples.training(table);
    const check = await samples.check(table);
    signal.throwIfAborted();
    // The digest makes the seed, so that the same rows give the same models.
    const seed = Number.parseInt(rows.digest.slice(0, 8), 16) % SEED_LIMIT;
    const job: TrainingJob = { table, kinds: run.kinds, groups: rows.groups, seed };
    const { document, metrics } = await trainer(job, { onProgress: tell, signal }, this.#isAwaited);
    signal.throwIfAborted();
    tell(stepOf(table, 'saving', 1));
    const candidate = readProfile(document);
    const active = registry.active(table);
    const all = { ...metrics, seconds: (clock.monotonicMs() - startMs) / MS_PER_SECOND };
    const { isPromoted, reason } = await judgePromotion({
      candidate,
      active: active?.profile,
      activeId: active?.info.id ?? null,
      metrics: all,
      check,
      seed,
    });
    signal.throwIfAborted();
    return registry.add({
      info: {
        table,
        reason,
        trainedMs: clock.nowMs(),
        source: OWN_SOURCE,
        kinds: [...candidate.kinds],
        groups: [...candidate.groups],
        rows: rows.rows,
        fromMs: rows.fromMs,
        untilMs: rows.untilMs,
        digest: rows.digest,
        parent: active?.info.id ?? null,
        metrics: all,
      },
      document,
      isUsed: isPromoted,
      journal: {
        actor: run.actor,
        action: 'model-trained',
        detail: { run: run.id, rows: rows.rows, digest: rows.digest, isUsed: isPromoted, reason },
      },
    });
  }
}

function stepOf(table: ModelTable, step: TrainingProgress['step'], progress: number): TrainingProgress {
  return { table, step, group: '', model: null, epoch: 0, epochs: 0, losses: [], progress, secondsLeft: null };
}

function tooFewRows(tables: readonly ModelTable[], rows: number): FailureError {
  const what = tables.join(' and ');
  const message = `There are too few rows of ${what} to learn from: ${formatNumber(rows)}, not ${LEAST_ROWS} or more.`;
  const hint = 'Wait until more has been seen; "holdfast models list" says how far it is.';
  return new FailureError({ code: 'too-few-rows', message, hint });
}

function trainingFailure(error: unknown): Failure {
  return failureOf(error, 'training-failed', FAILED_HINT);
}
