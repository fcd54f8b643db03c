/**
 * DBSCAN: rows amid enough others are cores of what is usual; a new row is the more unusual the farther it is from the
 * nearest core.
 *
 * M. Ester, H.-P. Kriegel, J. Sander, X. Xu: "A Density-Based Algorithm for Discovering Clusters in Large Spatial
 * Databases with Noise", KDD 1996; the radius is read off the sorted distances to the k-th neighbour as in its 4.2.
 */
import { DOCUMENT_VERSION, DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { checkTrainable, drawSample, MAX_COLUMNS, type Matrix, type Sample } from './matrix.ts';
import { type AnomalyModel, checkSetting, type ModelFamily, normalise } from './model.ts';
import { ownRows, searchMatrix, searchOwnRows } from './neighbour-batches.ts';
import { NeighbourIndex } from './neighbour-index.ts';
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
/** Rows that the radius is read off: the noise is then what was asked for but for half a percent. */
const RADIUS_ROWS = 2_048;
/** Squared distances are below the limit also where they are equal to the radius but for the last digit. */
const INCLUSIVE = 1 + 1e-12;

class Dbscan implements AnomalyModel {
  readonly kind = KIND;
  readonly columns: number;
  private readonly index: NeighbourIndex;
  private readonly radius: number;

  constructor(cores: Sample, radius: number) {
    this.columns = cores.columns;
    this.index = new NeighbourIndex(cores, 1);
    this.radius = radius;
  }

  /** Distance to the nearest core in radii: above 1 the row would be noise. */
  score(values: Float64Array, offset = 0): number {
    this.findNearest(values, offset);
    return this.inRadii(0);
  }

  scoreMany(rows: Matrix, scores: Float64Array): void {
    searchMatrix(this.index, rows, { wanted: 1 }, (row, query) => {
      scores[row] = this.inRadii(query);
    });
  }

  /** Of the squared distance to the nearest core, each column's share. */
  explain(values: Float64Array, offset = 0): Float64Array {
    this.findNearest(values, offset);
    const query = this.index.queryValues(0);
    const core = this.index.rowValues(this.index.nearest.found[0]!);
    return normalise(new Float64Array(this.columns).map((_, column) => (query[column]! - core[column]!) ** 2));
  }

  toJSON(): ModelDocument {
    return {
      kind: KIND,
      version: DOCUMENT_VERSION,
      columns: this.columns,
      rows: this.index.rows,
      radius: this.radius,
      cores: encodeNumbers(this.index.sampleRows()),
    };
  }

  private findNearest(values: Float64Array, offset: number): void {
    this.index.setQuery(0, values, offset);
    this.index.search(1, { wanted: 1 });
  }

  private inRadii(query: number): number {
    return Math.sqrt(this.index.nearest.squares[query]!) / this.radius;
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
  const index = new NeighbourIndex(sample, minimum);
  const used = radius > 0 ? radius : radiusFor(index, minimum, noise, seed);
  const cores = coresOf(index, minimum, used);
  // A radius below every distance leaves no core; the rows in the densest place are then what is usual.
  if (cores.length === 0) cores.push(densestRow(index, minimum));
  return new Dbscan(rowsOf(sample, cores), used);
}

/** What all but the share of `noise` have `minimum` rows within, read off some of the rows where there are many. */
function radiusFor(index: NeighbourIndex, minimum: number, noise: number, seed: number): number {
  const rows = index.rows <= RADIUS_ROWS ? ownRows(index) : new Random(seed).choose(index.rows, RADIUS_ROWS).sort();
  const sorted = distancesToNeighbour(index, rows, minimum).sort();
  const found = sorted[Math.min(sorted.length - 1, Math.floor((1 - noise) * sorted.length))]!;
  // Where most rows are equal, the radius of none of them says how far is far: the smallest that separates anything.
  return found > 0 ? found : (sorted.find((reach) => reach > 0) ?? 1);
}

/** Distance of each of the rows to the row that makes its surroundings `minimum` rows, itself counted. */
function distancesToNeighbour(index: NeighbourIndex, rows: Int32Array, minimum: number): Float64Array {
  const distances = new Float64Array(rows.length);
  searchOwnRows(index, rows, { wanted: minimum, isLeftOut: false }, (place, query) => {
    distances[place] = Math.sqrt(index.nearest.squares[query * minimum + minimum - 1]!);
  });
  return distances;
}

/** Places in the sample of the rows that have `minimum` rows within the radius. */
function coresOf(index: NeighbourIndex, minimum: number, radius: number): number[] {
  const cores: number[] = [];
  const limit = radius * radius * INCLUSIVE;
  const search = { wanted: minimum, limit, isAnyEnough: true, isLeftOut: false };
  searchOwnRows(index, ownRows(index), search, (row, query) => {
    if (index.nearest.counts[query] === minimum) cores.push(index.positions[row]!);
  });
  return cores.sort((a, b) => a - b);
}

function densestRow(index: NeighbourIndex, minimum: number): number {
  const reaches = distancesToNeighbour(index, ownRows(index), minimum);
  const least = reaches.reduce((a, b) => Math.min(a, b));
  return reaches.reduce(
    (first, reach, row) => (reach === least ? Math.min(first, index.positions[row]!) : first),
    Number.POSITIVE_INFINITY,
  );
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
