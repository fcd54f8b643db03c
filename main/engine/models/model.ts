/** What every anomaly model can do. */
import type { ModelKind } from '../../../contract/models.ts';
import type { ModelDocument } from './document.ts';
import type { Matrix } from './matrix.ts';

export { MODEL_KINDS, type ModelKind } from '../../../contract/models.ts';

/** Kinds that are fitted at once, where they are asked to be; the others take a training run of their own. */
export type DirectModelKind = Exclude<ModelKind, 'autoencoder'>;

/**
 * A fitted model. It works in memory of its own, so scoring allocates nothing; one model is for one thread. Rows are
 * finite numbers of the same columns and scale as those that it was fitted on.
 */
export interface AnomalyModel {
  readonly kind: ModelKind;
  readonly columns: number;
  /**
   * How unusual a row is: the higher, the more. Comparable within one model only.
   *
   * @param values holds the row from `offset` on, `columns` values long
   */
  score(values: Float64Array, offset?: number): number;
  /** The scores of all rows into `scores`, the same as one by one, where that is quicker at once. */
  scoreMany?(rows: Matrix, scores: Float64Array): void;
  /**
   * What each column adds to how unusual the row is, in columns' order. Positive makes it more unusual, negative less;
   * comparable within one row and model only.
   */
  explain(values: Float64Array, offset?: number): Float64Array;
  toJSON(): ModelDocument;
}

/** How models of one kind come to be. */
export interface ModelFamily<Settings extends object> {
  readonly kind: DirectModelKind;
  /** @throws RangeError for rows that are not finite, fewer than two, or settings out of range */
  readonly fit: (rows: Matrix, settings?: Partial<Settings>) => AnomalyModel;
  /** @throws ModelDocumentError for anything but a sound document of this kind */
  readonly fromJSON: (document: unknown) => AnomalyModel;
}

/** Scores of all rows, in their order. */
export function scoreRows(model: AnomalyModel, rows: Matrix): Float64Array {
  if (rows.columns !== model.columns) {
    throw new RangeError(`the rows have ${rows.columns} columns, the model has ${model.columns}`);
  }
  const scores = new Float64Array(rows.rows);
  if (model.scoreMany !== undefined) model.scoreMany(rows, scores);
  else for (let row = 0; row < rows.rows; row++) scores[row] = model.score(rows.data, row * rows.columns);
  return scores;
}

/** @throws RangeError naming the setting */
export function checkSetting(name: string, value: number, min: number, max: number, isWhole: boolean): void {
  if (!(value >= min && value <= max) || (isWhole && !Number.isInteger(value))) {
    throw new RangeError(`${name} is ${value}, not ${isWhole ? 'a whole number ' : ''}from ${min} to ${max}`);
  }
}

/** Shares of a whole that add up to 1; all zero where there is nothing to share. */
export function normalise(parts: Float64Array): Float64Array {
  let total = 0;
  for (const part of parts) total += part;
  return total > 0 && Number.isFinite(total) ? parts.map((part) => part / total) : parts.fill(0);
}
