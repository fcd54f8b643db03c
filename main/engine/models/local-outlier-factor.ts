/**
 * Local outlier factor: how much sparser it is around a row than around its nearest neighbours.
 *
 * M. M. Breunig, H.-P. Kriegel, R. T. Ng, J. Sander: "LOF: Identifying Density-Based Local Outliers", SIGMOD 2000; new
 * rows are judged by a reference sample that does not change ("novelty").
 */
import { DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { checkTrainable, drawSample, MAX_COLUMNS, type Matrix, type Sample } from './matrix.ts';
import { type AnomalyModel, checkSetting, type ModelFamily, normalise } from './model.ts';
import { ownRows, searchMatrix, searchOwnRows } from './neighbour-batches.ts';
import { NeighbourIndex } from './neighbour-index.ts';
import { Random } from './random.ts';
import { comparePairs, searchOthers } from './surroundings.ts';

export interface LocalOutlierFactorSettings {
  /** Neighbours that make up the surroundings of a row; the paper advises 10 to 50. */
  readonly neighbours: number;
  /** Rows that are kept to compare with; time for one score and memory grow with it. */
  readonly referenceRows: number;
  /**
   * What is added to every mean reach distance, in mean distances of a row to its last neighbour; 0 for the factor of
   * the paper. Of many equal rows the density has no bounds, and whatever is beside them, however near, would be more
   * unusual than anything else (L. J. Latecki, A. Lazarevic, D. Pokrajac: "Outlier Detection with Kernel Density
   * Functions", MLDM 2007, bound the factor in the same way).
   */
  readonly smoothing: number;
  readonly seed: number;
}

const DEFAULTS: LocalOutlierFactorSettings = { neighbours: 20, referenceRows: 2_048, smoothing: 1, seed: 1 };
const MAX_NEIGHBOURS = 200;
const MAX_REFERENCE_ROWS = 1 << 17;
const MAX_SMOOTHING = 100;
const KIND = 'local-outlier-factor';
/** Since 2 with what is added to reach distances; before, that was always the least. */
const VERSION = 2;
/** Added at least, so that a density is never infinite. */
const LEAST_REACH = 1e-10;
/** Above any distance of 32-bit numbers. */
const MOST_REACH = 1e50;

/**
 * Up to so many rows comparing every pair of them once takes no more time than ordering them and ruling pairs out, and
 * where nothing can be ruled out half of it.
 */
const PAIRED_ROWS = 2_048;

/** In the order of the index. */
interface Reference {
  readonly index: NeighbourIndex;
  readonly reaches: Float64Array;
  readonly densities: Float64Array;
}

export class LocalOutlierFactor implements AnomalyModel {
  readonly kind = KIND;
  readonly columns: number;
  private readonly sample: Sample;
  private readonly neighbours: number;
  /** Of each row of the sample: distance to its last neighbour, and local reachability density. */
  private readonly reaches: Float64Array;
  private readonly densities: Float64Array;
  /** Added to mean reach distances. */
  private readonly floor: number;
  /** Of a model that was fitted, made when it scores for the first time: many are only stored. */
  private prepared: Reference | undefined;

  private constructor(
    sample: Sample,
    neighbours: number,
    reaches: Float64Array,
    densities: Float64Array,
    floor: number,
    index?: NeighbourIndex,
  ) {
    this.columns = sample.columns;
    this.sample = sample;
    this.neighbours = neighbours;
    this.reaches = reaches;
    this.densities = densities;
    this.floor = floor;
    if (index !== undefined) this.prepared = this.referenceBy(index);
  }

  static fit(matrix: Matrix, settings: Partial<LocalOutlierFactorSettings> = {}): LocalOutlierFactor {
    const { neighbours, referenceRows, smoothing, seed } = { ...DEFAULTS, ...settings };
    checkTrainable(matrix);
    checkSetting('neighbours', neighbours, 1, MAX_NEIGHBOURS, true);
    checkSetting('referenceRows', referenceRows, 2, MAX_REFERENCE_ROWS, true);
    checkSetting('smoothing', smoothing, 0, MAX_SMOOTHING, false);
    const sample = drawSample(matrix, referenceRows, new Random(seed));
    const used = Math.min(neighbours, sample.rows - 1);
    const index = sample.rows > PAIRED_ROWS ? new NeighbourIndex(sample, used) : undefined;
    const { reaches, sums } = index === undefined ? comparePairs(sample, used) : searchOthers(index, used);
    const meanReach = reaches.reduce((sum, reach) => sum + reach / reaches.length, 0);
    const floor = LEAST_REACH + smoothing * meanReach;
    const densities = sums.map((sum) => 1 / (sum / used + floor));
    return new LocalOutlierFactor(sample, used, reaches, densities, floor, index);
  }

  static fromJSON(document: unknown): LocalOutlierFactor {
    const reader = new DocumentReader(document);
    const version = reader.header(KIND, VERSION);
    const columns = reader.integer('columns', 1, MAX_COLUMNS);
    const rows = reader.integer('rows', 2, MAX_REFERENCE_ROWS);
    const neighbours = reader.integer('neighbours', 1, Math.min(MAX_NEIGHBOURS, rows - 1));
    const sample: Sample = { rows, columns, data: reader.float32('reference', rows * columns) };
    const floor = version === 1 ? LEAST_REACH : reader.number('floor', LEAST_REACH, MOST_REACH);
    const reaches = reader.float64('reaches', rows, { min: 0 });
    const densities = reader.float64('densities', rows, { min: Number.MIN_VALUE, max: 1 / LEAST_REACH });
    reader.finish();
    // What is read is for scoring, and the first row must not wait longer than others.
    return new LocalOutlierFactor(
      sample,
      neighbours,
      reaches,
      densities,
      floor,
      new NeighbourIndex(sample, neighbours),
    );
  }

  /** About 1 amid its like; the larger above, the sparser than around its neighbours. */
  score(values: Float64Array, offset = 0): number {
    const reference = this.reference();
    reference.index.setQuery(0, values, offset);
    reference.index.search(1, { wanted: this.neighbours });
    return this.factor(reference, 0);
  }

  scoreMany(rows: Matrix, scores: Float64Array): void {
    const reference = this.reference();
    searchMatrix(reference.index, rows, { wanted: this.neighbours }, (row, query) => {
      scores[row] = this.factor(reference, query);
    });
  }

  /** Of the squared distances to the nearest neighbours, each column's share. */
  explain(values: Float64Array, offset = 0): Float64Array {
    const { index } = this.reference();
    index.setQuery(0, values, offset);
    index.search(1, { wanted: this.neighbours });
    const query = index.queryValues(0);
    const parts = new Float64Array(this.columns);
    for (let i = 0; i < index.nearest.counts[0]!; i++) {
      const neighbour = index.rowValues(index.nearest.found[i]!);
      for (let column = 0; column < this.columns; column++)
        parts[column]! += (query[column]! - neighbour[column]!) ** 2;
    }
    return normalise(parts);
  }

  /**
   * The factor of each row of the reference sample among the others, as the paper has it for a closed set; where the
   * whole training table was kept, in its order.
   */
  referenceScores(): Float64Array {
    const reference = this.reference();
    const { index } = reference;
    const scores = new Float64Array(index.rows);
    searchOwnRows(index, ownRows(index), { wanted: this.neighbours, isLeftOut: true }, (row, query) => {
      scores[index.positions[row]!] = this.factor(reference, query);
    });
    return scores;
  }

  toJSON(): ModelDocument {
    return {
      kind: KIND,
      version: VERSION,
      columns: this.columns,
      rows: this.sample.rows,
      neighbours: this.neighbours,
      floor: this.floor,
      reference: encodeNumbers(this.sample.data),
      reaches: encodeNumbers(this.reaches),
      densities: encodeNumbers(this.densities),
    };
  }

  private reference(): Reference {
    this.prepared ??= this.referenceBy(new NeighbourIndex(this.sample, this.neighbours));
    return this.prepared;
  }

  private referenceBy(index: NeighbourIndex): Reference {
    return { index, reaches: index.indexOrder(this.reaches), densities: index.indexOrder(this.densities) };
  }

  /** Of a query of the last search. */
  private factor({ index, reaches, densities }: Reference, query: number): number {
    const { found, squares, counts } = index.nearest;
    const first = query * this.neighbours;
    const count = counts[query]!;
    let reach = 0;
    let density = 0;
    for (let i = first; i < first + count; i++) {
      const neighbour = found[i]!;
      reach += Math.max(reaches[neighbour]!, Math.sqrt(squares[i]!));
      density += densities[neighbour]!;
    }
    return (density / count) * (reach / count + this.floor);
  }
}

export const localOutlierFactor: ModelFamily<LocalOutlierFactorSettings> = {
  kind: KIND,
  fit: LocalOutlierFactor.fit,
  fromJSON: LocalOutlierFactor.fromJSON,
};
