/** What was learnt of one group of rows: its scaler, its models, what is usual, and examples of it. */
import type { AnomalyJudgement, ModelGroup, ModelTable } from '../../../contract/models.ts';
import { DOCUMENT_VERSION, DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { Ensemble } from './ensemble.ts';
import { readModel } from './families.ts';
import { copyRow, type Matrix, type Sample } from './matrix.ts';
import { nearestExamples } from './nearest-examples.ts';
import { anomalyProbability } from './probability.ts';
import type { ColumnUsual, GroupDetail } from './profile-types.ts';
import { reasonsOf, type UsualColumn } from './reasons.ts';
import { Scaler } from './scaler.ts';
import { columnOf, quantile } from './spread.ts';
import { TABLE_COLUMNS } from './tables.ts';

/** Usual rows that are kept to be shown beside an unusual one. */
export const EXAMPLES = 512;
const NEIGHBOURS = 3;
/** Stored as 32-bit numbers: seven digits have meaning. */
const DIGITS = 7;
const DECILES = 11;
/** Numbers that say what is usual in a column: lowest and highest of 98 of 100, and the deciles between. */
const QUANTILES = DECILES + 2;
const LOW = 0.01;
const HIGH = 0.99;
/** Held-back rows by their p-values: so much of −log10 p is one step. */
export const DISTRIBUTION_STEP = 0.25;
/** Up to a p-value of 10⁻¹², the least there is. */
export const DISTRIBUTION_STEPS = 49;
const MAX_ROWS = 1 << 24;
const KIND = 'group';

interface Parts {
  readonly table: ModelTable;
  readonly group: ModelGroup;
  /** Rows that the models were fitted on. */
  readonly rows: number;
  readonly scaler: Scaler;
  readonly ensemble: Ensemble;
  /** QUANTILES of each column. */
  readonly quantiles: Float64Array;
  /** Raw rows. */
  readonly examples: Sample;
  /** Of p-values of rows that were held back, in steps of DISTRIBUTION_STEP. */
  readonly distribution: Int32Array;
}

/** Works in memory of its own; one is for one thread. */
export class GroupProfile {
  private readonly parts: Parts;
  private readonly columns: readonly UsualColumn[];
  private readonly usuals: readonly ColumnUsual[];
  private readonly scaledExamples: Sample;
  /** Columns of names, each with the name that stands in for a missing one. */
  private readonly names: readonly { readonly column: number; readonly usual: number }[];
  private readonly raw: Float64Array;
  private readonly scaled: Float64Array;
  private readonly query: Float32Array;

  constructor(parts: Parts) {
    this.parts = parts;
    const { scaler, examples, quantiles } = parts;
    const columns = TABLE_COLUMNS[parts.table];
    this.usuals = columns.map((column, index) => usualOf(column, quantiles, index));
    this.columns = columns.map((column, index) => ({
      ...this.usuals[index]!,
      column,
      names: column.names === undefined ? [] : commonNames(examples, index),
    }));
    this.names = this.columns.flatMap(({ column, names }, index) =>
      column.names === undefined ? [] : [{ column: index, usual: names[0] ?? 0 }],
    );
    this.raw = new Float64Array(scaler.columns);
    this.scaled = new Float64Array(scaler.outputs);
    this.query = new Float32Array(scaler.outputs);
    this.scaledExamples = scaledSample(scaler, examples);
  }

  /** @throws ModelDocumentError for anything but a sound document */
  static fromJSON(document: unknown, table: ModelTable, group: ModelGroup): GroupProfile {
    const reader = new DocumentReader(document, KIND);
    reader.header(KIND);
    const columns = TABLE_COLUMNS[table].length;
    const rows = reader.integer('rows', 1, MAX_ROWS);
    const scaler = Scaler.fromJSON(reader.field('scaler'));
    const ensemble = Ensemble.fromJSON(reader.field('ensemble'), readModel);
    const quantiles = reader.float64('quantiles', columns * QUANTILES);
    const count = reader.integer('examples', 1, EXAMPLES);
    const data = reader.float32('exampleRows', count * columns);
    const distribution = reader.int32('distribution', DISTRIBUTION_STEPS, { min: 0, max: MAX_ROWS });
    reader.choice('group', [group]);
    reader.finish();
    if (scaler.columns !== columns) throw reader.wrong('scaler', `is not of ${columns} columns`);
    if (ensemble.columns !== scaler.outputs) throw reader.wrong('ensemble', `is not of ${scaler.outputs} columns`);
    for (let i = 1; i < quantiles.length; i++) {
      const isInside = i % QUANTILES > 1 && i % QUANTILES < QUANTILES - 1;
      if (isInside && quantiles[i]! < quantiles[i - 1]!) throw reader.wrong('quantiles', 'do not rise');
    }
    const examples = { rows: count, columns, data };
    return new GroupProfile({ table, group, rows, scaler, ensemble, quantiles, examples, distribution });
  }

  get kinds() {
    return this.parts.ensemble.kinds;
  }

  /** Allocates nothing. */
  pValue(values: Float64Array, offset: number): number {
    this.scale(values, offset);
    return this.parts.ensemble.pValue(this.scaled);
  }

  judge(values: Float64Array, offset: number): AnomalyJudgement {
    this.scale(values, offset);
    const { table, group, scaler, ensemble } = this.parts;
    const pValue = ensemble.pValue(this.scaled);
    return {
      table,
      group,
      pValue,
      probability: anomalyProbability(pValue),
      models: ensemble.verdicts(this.scaled),
      reasons: reasonsOf(this.columns, scaler.gather(ensemble.explain(this.scaled)), values, offset),
      neighbours: this.neighbours(),
      missing: this.columns.flatMap(({ column }, index) =>
        Number.isFinite(values[offset + index]!) ? [] : [column.name],
      ),
    };
  }

  usual(): readonly ColumnUsual[] {
    return this.usuals;
  }

  detail(): GroupDetail {
    const { group, rows, distribution, ensemble } = this.parts;
    return {
      group,
      rows,
      distribution: { step: DISTRIBUTION_STEP, counts: [...distribution] },
      models: ensemble.models().map(({ model, weight }) => {
        const document = model.toJSON();
        return { kind: model.kind, weight, bytes: JSON.stringify(document).length, parameters: parametersOf(document) };
      }),
    };
  }

  toJSON(): ModelDocument {
    const { group, rows, scaler, ensemble, quantiles, examples, distribution } = this.parts;
    return {
      kind: KIND,
      version: DOCUMENT_VERSION,
      group,
      rows,
      scaler: scaler.toJSON(),
      ensemble: ensemble.toJSON(),
      quantiles: encodeNumbers(quantiles),
      examples: examples.rows,
      exampleRows: encodeNumbers(examples.data),
      distribution: encodeNumbers(distribution),
    };
  }

  private scale(values: Float64Array, offset: number): void {
    const { scaler } = this.parts;
    for (let i = 0; i < this.names.length; i++) {
      if (Number.isFinite(values[offset + this.names[i]!.column]!)) continue;
      this.fillNames(values, offset);
      scaler.transform(this.raw, 0, this.scaled, 0);
      return;
    }
    scaler.transform(values, offset, this.scaled, 0);
  }

  /** A missing name counts as the most usual one, as missing amounts do. */
  private fillNames(values: Float64Array, offset: number): void {
    const { raw } = this;
    for (let column = 0; column < raw.length; column++) raw[column] = values[offset + column]!;
    for (const { column, usual } of this.names) if (!Number.isFinite(raw[column]!)) raw[column] = usual;
  }

  /** Of the row that was scaled last. */
  private neighbours(): number[][] {
    const { columns, data } = this.parts.examples;
    copyRow(this.scaled, 0, this.query);
    return nearestExamples(this.scaledExamples, this.query, NEIGHBOURS).map((row) =>
      Array.from(data.subarray(row * columns, (row + 1) * columns), (value) => Number(value.toPrecision(DIGITS))),
    );
  }
}

function scaledSample(scaler: Scaler, examples: Sample): Sample {
  const { rows, columns, data } = scaler.transformRows({ ...examples, data: Float64Array.from(examples.data) });
  const scaled = new Float32Array(rows * columns);
  copyRow(data, 0, scaled);
  return { rows, columns, data: scaled };
}

/** Quantiles of each column of raw rows; of a column without any value, zeros. */
export function quantilesOf(matrix: Matrix): Float64Array {
  const quantiles = new Float64Array(matrix.columns * QUANTILES);
  for (let column = 0; column < matrix.columns; column++) {
    const sorted = columnOf(matrix, column).filter(Number.isFinite).sort();
    if (sorted.length === 0) continue;
    const start = column * QUANTILES;
    quantiles[start] = quantile(sorted, LOW);
    for (let tenth = 0; tenth < DECILES; tenth++) {
      quantiles[start + 1 + tenth] = quantile(sorted, tenth / (DECILES - 1));
    }
    quantiles[start + QUANTILES - 1] = quantile(sorted, HIGH);
  }
  return quantiles;
}

function usualOf(column: ColumnUsual['column'], quantiles: Float64Array, index: number): ColumnUsual {
  const start = index * QUANTILES;
  const deciles = quantiles.slice(start + 1, start + 1 + DECILES);
  const { name, label, unit } = column;
  return {
    column: { name, label, unit },
    low: quantiles[start]!,
    median: deciles[(DECILES - 1) / 2]!,
    high: quantiles[start + QUANTILES - 1]!,
    deciles,
  };
}

function commonNames({ rows, columns, data }: Sample, column: number): number[] {
  const counts = new Map<number, number>();
  for (let row = 0; row < rows; row++) {
    const name = data[row * columns + column]!;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([a, first], [b, second]) => second - first || a - b).map(([name]) => name);
}

/** Longest text and shortest list of numbers in a model's document that is no parameter. */
const MAX_PARAMETER_TEXT = 32;
const NO_PARAMETERS = new Set(['kind', 'version', 'columns']);

/** What of a model's document are single numbers and words. */
function parametersOf(document: ModelDocument): Readonly<Record<string, number | string>> {
  const parameters: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(document)) {
    if (NO_PARAMETERS.has(name)) continue;
    if (typeof value === 'number') parameters[name] = value;
    else if (typeof value === 'string' && value.length <= MAX_PARAMETER_TEXT && !value.endsWith('=')) {
      parameters[name] = value;
    }
  }
  return parameters;
}

/** The step of DISTRIBUTION_STEPS that a p-value falls into. */
export function distributionStep(pValue: number): number {
  return Math.min(DISTRIBUTION_STEPS - 1, Math.max(0, Math.floor(-Math.log10(pValue) / DISTRIBUTION_STEP)));
}
