/**
 * How far each column is from its median, in robust deviations: right from the first minutes, blind to how columns
 * belong together.
 *
 * Modified z-scores with median and MAD: B. Iglewicz, D. C. Hoaglin, "How to Detect and Handle Outliers", ASQC 1993,
 * with the tails of columns looked at (spread.ts), so that one that is often far out does not drown all others.
 */
import { DOCUMENT_VERSION, DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { checkTrainable, MAX_COLUMNS, type Matrix } from './matrix.ts';
import { type AnomalyModel, checkSetting, type ModelFamily, normalise } from './model.ts';
import { columnOf, spreadOf } from './spread.ts';

export interface BaselineSettings {
  /** Deviations from which on a column counts no more, so that one broken column does not hide all others. */
  readonly mostDeviations: number;
}

const DEFAULTS: BaselineSettings = { mostDeviations: 100 };
const MAX_DEVIATIONS = 1e6;
const KIND = 'baseline';

class Baseline implements AnomalyModel {
  readonly kind = KIND;
  readonly columns: number;
  private readonly most: number;
  private readonly medians: Float64Array;
  private readonly deviations: Float64Array;

  constructor(medians: Float64Array, deviations: Float64Array, most: number) {
    this.columns = medians.length;
    this.most = most;
    this.medians = medians;
    this.deviations = deviations;
  }

  /**
   * Mean of the columns' z-scores in the fourth power, and the fourth root of that: a single column far out counts, as
   * do many that are a little; in a mean of squares of a hundred columns one hardly shows. About 1 for what is usual.
   */
  score(values: Float64Array, offset = 0): number {
    let sum = 0;
    for (let column = 0; column < this.columns; column++) sum += this.weight(values[offset + column]!, column);
    return Math.sqrt(Math.sqrt(sum / this.columns));
  }

  /** Each column's share of the score's sum. */
  explain(values: Float64Array, offset = 0): Float64Array {
    return normalise(new Float64Array(this.columns).map((_, column) => this.weight(values[offset + column]!, column)));
  }

  toJSON(): ModelDocument {
    return {
      kind: KIND,
      version: DOCUMENT_VERSION,
      columns: this.columns,
      mostDeviations: this.most,
      medians: encodeNumbers(this.medians),
      deviations: encodeNumbers(this.deviations),
    };
  }

  /** Fourth power of the z-score. */
  private weight(value: number, column: number): number {
    const z = Math.min(Math.abs(value - this.medians[column]!) / this.deviations[column]!, this.most);
    return z * z * (z * z);
  }
}

/**
 * Of the scaled columns, the unit of which is a deviation already. What varies less is a name or a flag that was hardly
 * ever there, and how rare it was is known too badly to be the measure: a new service would be more unusual than
 * anything else can be.
 */
const LEAST_DEVIATION = 1;

function fit(matrix: Matrix, settings: Partial<BaselineSettings> = {}): Baseline {
  const { mostDeviations } = { ...DEFAULTS, ...settings };
  checkTrainable(matrix);
  checkSetting('mostDeviations', mostDeviations, 1, MAX_DEVIATIONS, false);
  const medians = new Float64Array(matrix.columns);
  const deviations = new Float64Array(matrix.columns);
  for (let column = 0; column < matrix.columns; column++) {
    const { median, deviation } = spreadOf(columnOf(matrix, column));
    medians[column] = median;
    deviations[column] = Math.max(deviation, LEAST_DEVIATION);
  }
  return new Baseline(medians, deviations, mostDeviations);
}

function fromJSON(document: unknown): Baseline {
  const reader = new DocumentReader(document);
  reader.header(KIND);
  const columns = reader.integer('columns', 1, MAX_COLUMNS);
  const most = reader.number('mostDeviations', 1, MAX_DEVIATIONS);
  const medians = reader.float64('medians', columns);
  const deviations = reader.float64('deviations', columns, { min: Number.MIN_VALUE });
  reader.finish();
  return new Baseline(medians, deviations, most);
}

export const baseline: ModelFamily<BaselineSettings> = { kind: KIND, fit, fromJSON };
