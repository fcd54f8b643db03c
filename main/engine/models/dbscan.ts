/**
 * DBSCAN: rows amid enough others are cores of what is usual; a new row is the more unusual the farther it is from the
 * nearest core.
 *
 * M. Ester, H.-P. Kriegel, J. Sander, X. Xu: "A Density-Based Algorithm for Discovering Clusters in Large Spatial
 * Databases with Noise", KDD 1996; the radius is read off the sorted distances to the k-th neighbour as in its 4.2.
 */
import { BallTree } from './ball-tree.ts';
import { DOCUMENT_VERSION, DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { checkTrainable, copyRow, drawSample, MAX_COLUMNS, type Matrix, type Sample } from './matrix.ts';
import { type AnomalyModel, checkSetting, type ModelFamily, normalise } from './model.ts';
import { Random } from './random.ts';

export interface DbscanSettings {
  /** Distance within which rows are neighbours; 0 finds it by `noise`. */
  readonly radius: number;
  /**
   * Rows, itself among them, that a core has within the radius; 0 takes twice the columns (Sander, Ester, Kriegel, Xu
   * 1998), from 5 to 30.
   */
  readonly minimumRows: number;
  /** Share of the rows that may be too far from others to be cores, where the radius is to be found. */
  readonly noise: number;
  /** Rows that are looked at and of which cores are kept. */
  readonly referenceRows: number;
  readonly seed: number;
}

const DEFAULTS: DbscanSettings = { radius: 0, minimumRows: 0, noise: 0.05, referenceRows: 5_000, seed: 1 };
const MAX_REFERENCE_ROWS = 1 << 17;
const MAX_MINIMUM_ROWS = 1_000;
const KIND = 'dbscan';

class Dbscan implements AnomalyModel {
  readonly kind = KIND;
  readonly columns: number;
  private readonly tree: BallTree;
  private readonly radius: number;
  private readonly query: Float32Array;

  constructor(cores: Sample, radius: number) {
    this.columns = cores.columns;
    this.tree = new BallTree(cores, 1);
    this.radius = radius;
    this.query = new Float32Array(cores.columns);
  }

  /** Distance to the nearest core in radii: above 1 the row would be noise. */
  score(values: Float64Array, offset = 0): number {
    this.findNearest(values, offset);
    return Math.sqrt(this.tree.foundSquares[0]!) / this.radius;
  }

  /** Of the squared distance to the nearest core, each column's share. */
  explain(values: Float64Array, offset = 0): Float64Array {
    this.findNearest(values, offset);
    const start = this.tree.found[0]! * this.columns;
    return normalise(
      new Float64Array(this.columns).map((_, column) => (this.query[column]! - this.tree.data[start + column]!) ** 2),
    );
  }

  toJSON(): ModelDocument {
    return {
      kind: KIND,
      version: DOCUMENT_VERSION,
      columns: this.columns,
      rows: this.tree.rows,
      radius: this.radius,
      cores: encodeNumbers(this.tree.sampleRows()),
    };
  }

  private findNearest(values: Float64Array, offset: number): void {
    copyRow(values, offset, this.query);
    this.tree.search(this.query, 0, 1);
  }
}

function fit(matrix: Matrix, settings: Partial<DbscanSettings> = {}): Dbscan {
  const { radius, minimumRows, noise, referenceRows, seed } = { ...DEFAULTS, ...settings };
  checkTrainable(matrix);
  checkSetting('radius', radius, 0, Number.MAX_VALUE, false);
  checkSetting('minimumRows', minimumRows, 0, MAX_MINIMUM_ROWS, true);
  checkSetting('noise', noise, 0, 1, false);
  checkSetting('referenceRows', referenceRows, 2, MAX_REFERENCE_ROWS, true);
  const sample = drawSample(matrix, referenceRows, new Random(seed));
  const minimum = Math.min(
    minimumRows === 0 ? Math.max(5, Math.min(2 * matrix.columns, 30)) : minimumRows,
    sample.rows,
  );
  const reaches = distancesToNeighbour(sample, minimum);
  // Where most rows are equal, the radius of none of them says how far is far: the smallest that separates anything.
  const sorted = reaches.slice().sort();
  const found = sorted[Math.min(sorted.length - 1, Math.floor((1 - noise) * sorted.length))]!;
  const used = radius > 0 ? radius : found > 0 ? found : (sorted.find((reach) => reach > 0) ?? 1);
  const cores: number[] = [];
  reaches.forEach((reach, row) => {
    if (reach <= used) cores.push(row);
  });
  // A radius below every distance leaves no core; the rows in the densest place are then what is usual.
  if (cores.length === 0) cores.push(reaches.indexOf(sorted[0]!));
  return new Dbscan(rowsOf(sample, cores), used);
}

/** Distance of each row to the row that makes its surroundings `minimum` rows, itself counted. */
function distancesToNeighbour(sample: Sample, minimum: number): Float64Array {
  const tree = new BallTree(sample, minimum);
  const distances = new Float64Array(sample.rows);
  for (let row = 0; row < sample.rows; row++) {
    tree.search(tree.data, row * sample.columns, minimum);
    distances[tree.positions[row]!] = Math.sqrt(tree.foundSquares[minimum - 1]!);
  }
  return distances;
}

function rowsOf({ columns, data }: Sample, rows: readonly number[]): Sample {
  const kept = new Float32Array(rows.length * columns);
  rows.forEach((row, index) => {
    kept.set(data.subarray(row * columns, (row + 1) * columns), index * columns);
  });
  return { rows: rows.length, columns, data: kept };
}

function fromJSON(document: unknown): Dbscan {
  const reader = new DocumentReader(document);
  reader.header(KIND);
  const columns = reader.integer('columns', 1, MAX_COLUMNS);
  const rows = reader.integer('rows', 1, MAX_REFERENCE_ROWS);
  const radius = reader.number('radius', Number.MIN_VALUE, Number.MAX_VALUE);
  const data = reader.float32('cores', rows * columns);
  reader.finish();
  return new Dbscan({ rows, columns, data }, radius);
}

export const dbscan: ModelFamily<DbscanSettings> = { kind: KIND, fit, fromJSON };
