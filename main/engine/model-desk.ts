import type { CallOutput, ParsedInput } from '../../contract/api.ts';
import type { AlertBudget, Learning } from '../../contract/api-models.ts';
import { formatCount } from '../../contract/format.ts';
import { MODEL_TABLES, type ModelTable } from '../../contract/models.ts';
import { noSuchVersion, nothingLearnt, nothingTraining } from './model-failures.ts';
import type { RecordedFlow } from './network/index.ts';
import type { Clock } from './runtime/clock.ts';
import { FailureError } from './runtime/failure.ts';

export interface ModelDeskOptions {
  readonly clock: Clock;
}

export interface ProfilePiece {
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

type Watched = CallOutput<'models.watch'>;

/** Rows of a table before the first training. */
const ROWS_WANTED = 2_000;
const DEFAULT_ALERTS_A_DAY = 3;
/** Watchers hear of progress so often at the most. */
const TELL_MS = 500;

/** What fills a table; undefined where it is filled. */
const UNFILLED: Readonly<Record<ModelTable, string | undefined>> = {
  flow: undefined,
  host: 'The state of the whole computer is not recorded yet.',
  process: 'Programs are not watched yet, so nothing can be learnt of them.',
};

/** What is learnt of this computer, and the one place where it changes. */
export class ModelDesk {
  readonly #options: ModelDeskOptions;
  readonly #watchers = new Set<(item: Watched) => void>();
  #flows = 0;

  constructor(options: ModelDeskOptions) {
    this.#options = options;
  }

  /** Ended flows, to learn from and to judge. */
  takeFlows(flows: readonly RecordedFlow[]): void {
    this.#flows += flows.length;
  }

  list(): CallOutput<'models.list'> {
    return { ...this.#watched(), profiles: [] };
  }

  watch(emit: (item: Watched) => void): () => void {
    this.#watchers.add(emit);
    emit(this.#watched());
    let told = this.#flows;
    const timer = this.#options.clock.every(TELL_MS, () => {
      if (told === this.#flows) return;
      told = this.#flows;
      emit(this.#watched());
    });
    return () => {
      timer.cancel();
      this.#watchers.delete(emit);
    };
  }

  detail(id: string): CallOutput<'models.get'> {
    throw noSuchVersion(id);
  }

  compare(first: string, _second: string): CallOutput<'models.compare'> {
    throw noSuchVersion(first);
  }

  evaluate(id: string): CallOutput<'models.evaluate'> {
    throw noSuchVersion(id);
  }

  preview(_input: ParsedInput<'models.preview'>): CallOutput<'models.preview'> {
    return { days: 0, total: 0, anomalies: [] };
  }

  use(id: string, _actor: string): CallOutput<'models.use'> {
    throw noSuchVersion(id);
  }

  rollback(table: ModelTable, _actor: string): CallOutput<'models.rollback'> {
    throw nothingLearnt(table);
  }

  remove(id: string, _actor: string): void {
    throw noSuchVersion(id);
  }

  train(_input: ParsedInput<'models.train'>, _actor: string): CallOutput<'models.train'> {
    const message = `There are ${formatCount(this.#flows, 'row')} to learn from; at least ${ROWS_WANTED} are needed.`;
    const hint = 'Wait until more has been seen; "holdfast models list" says how far it is.';
    throw new FailureError({ code: 'too-few-rows', message, hint });
  }

  cancel(_actor: string): Promise<void> {
    throw nothingTraining();
  }

  exportPiece(id: string, _offset: number): CallOutput<'models.export'> {
    throw noSuchVersion(id);
  }

  importPiece(name: string, _piece: ProfilePiece, _actor: string): CallOutput<'models.import'> {
    const message = `${JSON.stringify(name)} is not a profile that can be taken in.`;
    const hint = 'Give a file that "holdfast models export" wrote.';
    throw new FailureError({ code: 'bad-profile', message, hint });
  }

  detect(input: ParsedInput<'detect'>): CallOutput<'detect'> {
    throw this.#refusal(input);
  }

  explain(input: ParsedInput<'explain'>): CallOutput<'explain'> {
    throw this.#refusal(input);
  }

  predict(input: ParsedInput<'predict'>): CallOutput<'predict'> {
    throw this.#refusal(input);
  }

  #refusal({ id, table }: ParsedInput<'detect'>): FailureError {
    return id === undefined ? nothingLearnt(table) : noSuchVersion(id);
  }

  #watched(): Watched {
    const budget: AlertBudget = { perDay: DEFAULT_ALERTS_A_DAY, shown: 0, heldBack: 0, threshold: null };
    return { learning: MODEL_TABLES.map((table) => this.#learning(table)), training: null, budget };
  }

  #learning(table: ModelTable): Learning {
    const why = UNFILLED[table];
    const common = { table, readyMs: null, activeId: null, drift: null } as const;
    if (why !== undefined) {
      return { ...common, state: 'off', detail: why, progress: null, rows: 0, rowsWanted: 0 };
    }
    const rows = this.#flows;
    const detail = `Learning what is usual: ${formatCount(rows, 'row')} of at least ${ROWS_WANTED} so far.`;
    const progress = Math.min(1, rows / ROWS_WANTED);
    return { ...common, state: 'learning', detail, progress, rows, rowsWanted: ROWS_WANTED };
  }
}
