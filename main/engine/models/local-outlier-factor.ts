/**
 * Local outlier factor: how much sparser it is around a row than around its nearest neighbours.
 *
 * M. M. Breunig, H.-P. Kriegel, R. T. Ng, J. Sander: "LOF: Identifying Density-Based Local Outliers", SIGMOD 2000; new
 * rows are judged by a reference sample that does not change ("novelty").
 */
import { BallTree } from './ball-tree.ts';
import { DOCUMENT_VERSION, DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { checkTrainable, copyRow, drawSample, MAX_COLUMNS, type Matrix, type Sample } from './matrix.ts';
import { type AnomalyModel, checkSetting, type ModelFamily, normalise } from './model.ts';
import { Random } from './random.ts';

export interface LocalOutlierFactorSettings {
  /** Neighbours that make up the surroundings of a row; the paper advises 10 to 50. */
  readonly neighbours: number;
  /** Rows that are kept to compare with; time for one score and memory grow with it. */
  readonly referenceRows: number;
  readonly seed: number;
}

const DEFAULTS: LocalOutlierFactorSettings = { neighbours: 20, referenceRows: 2_048, seed: 1 };
const MAX_NEIGHBOURS = 200;
const MAX_REFERENCE_ROWS = 1 << 17;
const KIND = 'local-outlier-factor';
/** Added to reach distances, so that many equal rows have a density that is large and not infinite. */
const LEAST_REACH = 1e-10;

export class LocalOutlierFactor implements AnomalyModel {
  readonly kind = KIND;
  readonly columns: number;
  private readonly neighbours: number;
  private readonly tree: BallTree;
  /** Of each row of the tree: distance to its last neighbour, and local reachability density. */
  private readonly reaches: Float64Array;
  private readonly densities: Float64Array;
  private readonly query: Float32Array;

  private constructor(tree: BallTree, neighbours: number, reaches: Float64Array, densities: Float64Array) {
    this.columns = tree.columns;
    this.neighbours = neighbours;
    this.tree = tree;
    this.reaches = reaches;
    this.densities = densities;
    this.query = new Float32Array(tree.columns);
  }

  static fit(matrix: Matrix, settings: Partial<LocalOutlierFactorSettings> = {}): LocalOutlierFactor {
    const { neighbours, referenceRows, seed } = { ...DEFAULTS, ...settings };
    checkTrainable(matrix);
    checkSetting('neighbours', neighbours, 1, MAX_NEIGHBOURS, true);
    checkSetting('referenceRows', referenceRows, 2, MAX_REFERENCE_ROWS, true);
    const sample = drawSample(matrix, referenceRows, new Random(seed));
    const used = Math.min(neighbours, sample.rows - 1);
    const tree = new BallTree(sample, used);
    const reaches = new Float64Array(sample.rows);
    const squares = new Float64Array(sample.rows * used);
    const neighbourRows = new Int32Array(sample.rows * used);
    for (let row = 0; row < sample.rows; row++) {
      tree.search(tree.data, row * tree.columns, used, Number.POSITIVE_INFINITY, row);
      neighbourRows.set(tree.found, row * used);
      squares.set(tree.foundSquares, row * used);
      reaches[row] = Math.sqrt(tree.foundSquares[used - 1]!);
    }
    const densities = new Float64Array(sample.rows);
    for (let row = 0; row < sample.rows; row++) {
      let reach = 0;
      for (let i = row * used; i < (row + 1) * used; i++) {
        reach += Math.max(reaches[neighbourRows[i]!]!, Math.sqrt(squares[i]!));
      }
      densities[row] = 1 / (reach / used + LEAST_REACH);
    }
    return new LocalOutlierFactor(tree, used, reaches, densities);
  }

  static fromJSON(document: unknown): LocalOutlierFactor {
    const reader = new DocumentReader(document);
    reader.header(KIND);
    const columns = reader.integer('columns', 1, MAX_COLUMNS);
    const rows = reader.integer('rows', 2, MAX_REFERENCE_ROWS);
    const neighbours = reader.integer('neighbours', 1, Math.min(MAX_NEIGHBOURS, rows - 1));
    const sample: Sample = { rows, columns, data: reader.float32('reference', rows * columns) };
    const reaches = reader.float64('reaches', rows, { min: 0 });
    const densities = reader.float64('densities', rows, { min: Number.MIN_VALUE, max: 1 / LEAST_REACH });
    reader.finish();
    const tree = new BallTree(sample, neighbours);
    return new LocalOutlierFactor(tree, neighbours, tree.treeOrder(reaches), tree.treeOrder(densities));
  }

  /** About 1 amid its like; the larger above, the sparser than around its neighbours. */
  score(values: Float64Array, offset = 0): number {
    copyRow(values, offset, this.query);
    return this.factor(this.tree.search(this.query, 0, this.neighbours));
  }

  /** Of the squared distances to the nearest neighbours, each column's share. */
  explain(values: Float64Array, offset = 0): Float64Array {
    copyRow(values, offset, this.query);
    const found = this.tree.search(this.query, 0, this.neighbours);
    const parts = new Float64Array(this.columns);
    for (let i = 0; i < found; i++) {
      const start = this.tree.found[i]! * this.columns;
      for (let column = 0; column < this.columns; column++) {
        parts[column]! += (this.query[column]! - this.tree.data[start + column]!) ** 2;
      }
    }
    return normalise(parts);
  }

  /**
   * The factor of each row of the reference sample among the others, as the paper has it for a closed set; where the
   * whole training table was kept, in its order.
   */
  referenceScores(): Float64Array {
    const { tree, columns } = this;
    const scores = new Float64Array(tree.rows);
    for (let row = 0; row < tree.rows; row++) {
      const found = tree.search(tree.data, row * columns, this.neighbours, Number.POSITIVE_INFINITY, row);
      scores[tree.positions[row]!] = this.factor(found);
    }
    return scores;
  }

  toJSON(): ModelDocument {
    return {
      kind: KIND,
      version: DOCUMENT_VERSION,
      columns: this.columns,
      rows: this.tree.rows,
      neighbours: this.neighbours,
      reference: encodeNumbers(this.tree.sampleRows()),
      reaches: encodeNumbers(this.tree.sampleOrder(this.reaches)),
      densities: encodeNumbers(this.tree.sampleOrder(this.densities)),
    };
  }

  /** @param found neighbours of the last search */
  private factor(found: number): number {
    const { tree, reaches, densities } = this;
    let reach = 0;
    let density = 0;
    for (let i = 0; i < found; i++) {
      const neighbour = tree.found[i]!;
      reach += Math.max(reaches[neighbour]!, Math.sqrt(tree.foundSquares[i]!));
      density += densities[neighbour]!;
    }
    return (density / found) * (reach / found + LEAST_REACH);
  }
}

export const localOutlierFactor: ModelFamily<LocalOutlierFactorSettings> = {
  kind: KIND,
  fit: LocalOutlierFactor.fit,
  fromJSON: LocalOutlierFactor.fromJSON,
};
