import type { AlertBudget as BudgetShown } from '../../../../contract/api-models.ts';
import {
  AlertBudget,
  type BudgetVerdict,
  type JudgedRow,
  ModelDocumentError,
  previewBudget,
} from '../../models/index.ts';
import type { ControlStore, ModelStore } from '../../store/index.ts';

export interface ModelBudgetOptions {
  readonly perDay: () => number;
  /** Silence after which rows of a cause are another alert: of the alerts' settings. */
  readonly joinGapMs: () => number;
  readonly control: () => ControlStore;
  readonly store: () => ModelStore;
  readonly nowMs: () => number;
}

export interface Preview {
  readonly days: number;
  readonly total: number;
  readonly anomalies: readonly {
    readonly timeMs: number;
    readonly title: string;
    readonly pValue: number;
    readonly probability: number;
    readonly reasons: readonly string[];
  }[];
}

const MARK = 'models.budget';
const DAY_MS = 86_400_000;
/** Looked at for one preview, the latest; some tens of milliseconds. */
const MAX_PREVIEWED = 20_000;
const MAX_LISTED = 100;

/** How many anomalies a day are shown; outlasts a restart. Start once. */
export class ModelBudget {
  readonly #options: ModelBudgetOptions;
  #budget: AlertBudget;
  #written = '';

  constructor(options: ModelBudgetOptions) {
    this.#options = options;
    this.#budget = new AlertBudget(this.#settings());
  }

  /** Brings back what was shown before. */
  start(): void {
    const kept = this.#options.control().mark(MARK);
    if (kept === undefined) return;
    try {
      this.#budget = AlertBudget.fromJSON(JSON.parse(kept), this.#settings());
    } catch (error) {
      // Another version of Holdfast wrote it: the day begins anew.
      if (!(error instanceof ModelDocumentError || error instanceof SyntaxError)) throw error;
    }
  }

  /** Keeps what is to be known after a restart. */
  write(): void {
    const text = JSON.stringify(this.#budget.toJSON());
    if (text === this.#written) return;
    this.#written = text;
    this.#options.control().setMark(MARK, text);
  }

  /** Other settings from the next row on. */
  configure(): void {
    this.#budget.configure(this.#settings());
  }

  decide(row: JudgedRow): BudgetVerdict {
    return this.#budget.judge(row);
  }

  get state(): BudgetShown {
    const { perDay, shown, heldBack, threshold } = this.#budget.state(this.#options.nowMs());
    return { perDay, shown, heldBack, threshold };
  }

  /** What would have been shown of the last days at so many a day. */
  preview(perDay: number, days: number): Preview {
    const { store, nowMs } = this.#options;
    const sinceMs = nowMs() - days * DAY_MS;
    const rows = [...store().anomalies(sinceMs, MAX_PREVIEWED)].reverse();
    const shown = previewBudget(rows, { ...this.#settings(), perDay });
    const [first] = rows;
    // Of what is older than the rows that were looked at nothing can be said.
    const oldestMs = rows.length === MAX_PREVIEWED ? first?.timeMs : store().oldestAnomalyMs();
    const listed = shown.reverse().slice(0, MAX_LISTED);
    return {
      days: oldestMs === undefined ? 0 : Math.min(days, Math.max(0, nowMs() - oldestMs) / DAY_MS),
      total: shown.length,
      anomalies: store()
        .anomaliesById(listed.map(({ id }) => id))
        .map(({ timeMs, title, pValue, probability, reasons }) => ({ timeMs, title, pValue, probability, reasons })),
    };
  }

  #settings() {
    return { perDay: this.#options.perDay(), joinGapMs: this.#options.joinGapMs() };
  }
}
