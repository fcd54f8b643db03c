/**
 * How far each column is from its median, in robust deviations: right from the first minutes, blind to how columns
 * belong together.
 *
 * Modified z-scores with median and MAD: B. Iglewicz, D. C. Hoaglin, "How to Detect and Handle Outliers", ASQC 1993.
 */
import { DOCUMENT_VERSION, DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { checkTrainable, MAX_COLUMNS, type Matrix } from './matrix.ts';
import { type AnomalyModel, checkSetting, type ModelFamily, normalise } from './model.ts';
import { columnOf, type Spread, spreadOf } from './spread.ts';

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

  /** Root of the mean squared z-score of the columns: about 1 for what is usual. */
  score(values: Float64Array, offset = 0): number {
    let sum = 0;
    for (let column = 0; column < this.columns; column++) {
      const z = this.zScore(values[offset + column]!, column);
      sum += z * z;
    }
    return Math.sqrt(sum / this.columns);
  }

  /** Each column's share of the squared z-scores. */
  explain(values: Float64Array, offset = 0): Float64Array {
    return normalise(
      new Float64Array(this.columns).map((_, column) => this.zScore(values[offset + column]!, column) ** 2),
    );
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

  private zScore(value: number, column: number): number {
    return Math.min(Math.abs(value - this.medians[column]!) / this.deviations[column]!, this.most);
  }
}

function fit(matrix: Matrix, settings: Partial<BaselineSettings> = {}): Baseline {
  const { mostDeviations } = { ...DEFAULTS, ...settings };
  checkTrainable(matrix);
  checkSetting('mostDeviations', mostDeviations, 1, MAX_DEVIATIONS, false);
  const spreads: Spread[] = [];
  for (let column = 0; column < matrix.columns; column++) spreads.push(spreadOf(columnOf(matrix, column)));
  return new Baseline(
    Float64Array.from(spreads, ({ median }) => median),
    Float64Array.from(spreads, ({ deviation }) => deviation),
    mostDeviations,
  );
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
