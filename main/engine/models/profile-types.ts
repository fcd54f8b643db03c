/**
 * What a profile is: everything that was learnt of one table of rows. Written down before its parts, so that those who
 * fit it, keep it and ask it agree.
 */
import type {
  AnomalyJudgement,
  ModelGroup,
  ModelKind,
  ModelTable,
  TrainingProgress,
} from '../../../contract/models.ts';
import type { ModelDocument } from './document.ts';
import type { Matrix } from './matrix.ts';

/** A column of a table. */
export interface TableColumn {
  /** Name of the feature, as `flows --csv`, `/detect` and documents have it. */
  readonly name: string;
  /** In plain words, to be followed by a value: "bytes sent". */
  readonly label: string;
  readonly unit: string;
}

/** A fitted profile, ready to be asked. It works in memory of its own; one is for one thread. */
export interface Profile {
  readonly table: ModelTable;
  readonly columns: readonly TableColumn[];
  /** Groups that it has models of; rows of others cannot be judged. */
  readonly groups: readonly ModelGroup[];
  readonly kinds: readonly ModelKind[];
  /**
   * P-value of a row by the models that are quick to ask, and by all where these find it unusual. Allocates nothing.
   *
   * @param values raw values of all columns from `offset` on; what is not finite is missing
   * @returns NaN where there are no models of the group
   */
  pValue(group: ModelGroup, values: Float64Array, offset?: number): number;
  /** The same in full. Undefined where there are no models of the group. */
  judge(group: ModelGroup, values: Float64Array, offset?: number): AnomalyJudgement | undefined;
  /** Usual values of the group's columns, for drift and for people. */
  usual(group: ModelGroup): readonly ColumnUsual[];
  /** What a group's models are; undefined where there are none. */
  detail(group: ModelGroup): GroupDetail | undefined;
  toJSON(): ModelDocument;
}

/** What is usual in a column. */
export interface ColumnUsual {
  readonly column: TableColumn;
  /** Quantiles of 1, 50 and 99 of 100. */
  readonly low: number;
  readonly median: number;
  readonly high: number;
  /** Values at every tenth, from the smallest to the greatest: 11 of them, rising. */
  readonly deciles: Float64Array;
}

/** What people want to know of a group's models. */
export interface GroupDetail {
  readonly group: ModelGroup;
  /** Rows that the models were fitted on. */
  readonly rows: number;
  /** Rows that were held back, by −log10 of their p-values in equal steps from 0 on. */
  readonly distribution: { readonly step: number; readonly counts: readonly number[] };
  readonly models: readonly {
    readonly kind: ModelKind;
    /** All together 1. */
    readonly weight: number;
    /** Of its document. */
    readonly bytes: number;
    readonly parameters: Readonly<Record<string, number | string>>;
  }[];
}

/** Rows of one group to learn from, in the order of time. */
export interface TrainingGroup {
  readonly group: ModelGroup;
  /** Raw values; what is not finite is missing. */
  readonly rows: Matrix;
}

/** What is to be learnt. */
export interface TrainingJob {
  readonly table: ModelTable;
  readonly kinds: readonly ModelKind[];
  readonly groups: readonly TrainingGroup[];
  readonly seed: number;
  /** By kind; defaults where left out. */
  readonly parameters?: Readonly<Partial<Record<ModelKind, Readonly<Record<string, number | readonly number[]>>>>>;
}

/** How well a profile does on rows that it was not fitted on. */
export interface TrainingMetrics {
  readonly calibrationRows: number;
  readonly validationRows: number;
  /** Shares of validation rows with p-values of at most 0.01 and 0.001. */
  readonly onePercent: number;
  readonly oneInThousand: number;
  /** Of the autoencoder on held-back rows; null without one. */
  readonly loss: number | null;
}

export interface TrainingHooks {
  readonly onProgress: (progress: TrainingProgress) => void;
  /** Aborted when nobody wants the result any more; looked at between steps and epochs. */
  readonly signal: AbortSignal;
  /** Milliseconds of a clock that never jumps, for the time left; null is told without one. */
  readonly clock?: () => number;
}

export interface TrainingResult {
  readonly document: ModelDocument;
  readonly metrics: TrainingMetrics;
}

/**
 * Fits a profile: the rows of each group are split into those to fit, to calibrate and to validate by; groups with too
 * few rows are left out.
 *
 * @throws RangeError where no group has enough rows, DOMException AbortError when it was aborted
 */
export type FitProfile = (job: TrainingJob, hooks: TrainingHooks) => Promise<TrainingResult>;

/** @throws ModelDocumentError for anything but a sound document */
export type ReadProfile = (document: unknown) => Profile;
