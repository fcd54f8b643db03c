/**
 * Isolation forest: what is unusual is separated from the rest by few random cuts.
 *
 * F. T. Liu, K. M. Ting, Z.-H. Zhou: "Isolation Forest", ICDM 2008. With `terms` above 1 the cuts are sloped: S. Hariri,
 * M. Carrasco Kind, R. J. Brunner: "Extended Isolation Forest", IEEE TKDE 33 (2021).
 */
import { DOCUMENT_VERSION, DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';
import { type ForestWalk, openForestWalk } from './forest-walk.ts';
import { depthLimit, type Grove, growTrees, meanSearchDepth } from './isolation-tree.ts';
import { checkTrainable, MAX_COLUMNS, type Matrix } from './matrix.ts';
import { type AnomalyModel, checkSetting, type ModelFamily } from './model.ts';
import { Random } from './random.ts';
import { growWithWasm } from './tree-growth.ts';

export interface IsolationForestSettings {
  readonly trees: number;
  /** Rows that each tree is grown from; small on purpose, as many normal rows hide unusual ones (Liu 2008, 4.2). */
  readonly sampleRows: number;
  /** Columns that a cut looks at: 1 for the plain forest, more (up to all) for the extended one. */
  readonly terms: number;
  readonly seed: number;
}

const DEFAULTS: IsolationForestSettings = { trees: 100, sampleRows: 256, terms: 1, seed: 1 };
const MAX_TREES = 1_000;
const MAX_SAMPLE_ROWS = 4_096;
const KIND = 'isolation-forest';

class IsolationForest implements AnomalyModel {
  readonly kind = KIND;
  readonly columns: number;
  private readonly sampleRows: number;
  private readonly grove: Grove;
  /** What rows are scored by is made when the first one is: many a forest is only fitted and saved. Null before. */
  private lengths: Float64Array | null = null;
  private walk: ForestWalk | undefined | null = null;
  /** Turns the sum of path lengths into the score. */
  private readonly exponent: number;

  constructor(columns: number, sampleRows: number, grove: Grove) {
    this.columns = columns;
    this.sampleRows = sampleRows;
    this.grove = grove;
    this.exponent = -1 / (grove.roots.length * meanSearchDepth(sampleRows));
  }

  /** 0 to 1: 2 to the power of minus the mean path length over the usual one (Liu 2008, equation 2). */
  score(values: Float64Array, offset = 0): number {
    return 2 ** (this.paths(values, offset) * this.exponent);
  }

  /**
   * How much shorter (positive) than usual the cuts by each column made the row's paths, in levels of a tree. The parts
   * add up to the mean training row's path length minus the row's: each step of a path is put down to the column of its
   * cut (A. Saabas, "Interpreting random forests", 2014); of a sloped cut, to its columns by what they put into it.
   */
  explain(values: Float64Array, offset = 0): Float64Array {
    const { pathLengths } = this;
    const { terms, roots, children, features, weights } = this.grove;
    const parts = new Float64Array(this.columns);
    for (const root of roots) {
      let node = root;
      while (children[node] !== 0) {
        const next = this.nextNode(node, values, offset);
        const step = (pathLengths[node]! - pathLengths[next]!) / roots.length;
        const first = node * terms;
        if (terms === 1) parts[features[node]!]! += step;
        else {
          let whole = 0;
          for (let term = first; term < first + terms; term++) {
            whole += Math.abs(weights[term]! * values[offset + features[term]!]!);
          }
          for (let term = first; term < first + terms; term++) {
            const part = Math.abs(weights[term]! * values[offset + features[term]!]!);
            parts[features[term]!]! += whole > 0 ? (step * part) / whole : step / terms;
          }
        }
        node = next;
      }
    }
    return parts;
  }

  toJSON(): ModelDocument {
    const { terms, roots, children, features, weights, thresholds, counts } = this.grove;
    return {
      kind: KIND,
      version: DOCUMENT_VERSION,
      columns: this.columns,
      sampleRows: this.sampleRows,
      terms,
      trees: roots.length,
      nodes: children.length,
      roots: encodeNumbers(roots),
      children: encodeNumbers(children),
      features: encodeNumbers(features),
      weights: encodeNumbers(weights),
      thresholds: encodeNumbers(thresholds),
      counts: encodeNumbers(counts),
    };
  }

  /** Of each node the mean path length of the training rows below it; of a leaf, that of its rows. */
  private get pathLengths(): Float64Array {
    this.lengths ??= meanPathLengths(this.grove, this.sampleRows);
    return this.lengths;
  }

  /** The path lengths of a row, added up. */
  private paths(values: Float64Array, offset: number): number {
    if (this.walk === null) {
      this.walk = openForestWalk(this.columns, this.grove, this.pathLengths, depthLimit(this.sampleRows));
    }
    if (this.walk !== undefined) {
      const { row } = this.walk;
      for (let column = 0; column < row.length; column++) row[column] = values[offset + column]!;
      return this.walk.sum();
    }
    const { pathLengths } = this;
    const { roots, children } = this.grove;
    let sum = 0;
    for (let tree = 0; tree < roots.length; tree++) {
      let node = roots[tree]!;
      while (children[node] !== 0) node = this.nextNode(node, values, offset);
      sum += pathLengths[node]!;
    }
    return sum;
  }

  private nextNode(node: number, row: Float64Array, offset: number): number {
    const { terms, children, features, weights, thresholds } = this.grove;
    const first = node * terms;
    let sum = 0;
    if (terms === 1) sum = row[offset + features[node]!]!;
    else for (let term = first; term < first + terms; term++) sum += weights[term]! * row[offset + features[term]!]!;
    return sum > thresholds[node]! ? children[node]! + 1 : children[node]!;
  }
}

function meanPathLengths({ roots, children, counts }: Grove, sampleRows: number): Float64Array {
  const lengths = new Float64Array(children.length);
  const depths = new Float64Array(sampleRows + 1);
  for (let count = 0; count <= sampleRows; count++) depths[count] = meanSearchDepth(count);
  for (const root of roots) lengths[root] = 0;
  // Children stand after their parent: depths forwards, means backwards.
  for (let node = 0; node < children.length; node++) {
    const child = children[node]!;
    if (child === 0) continue;
    lengths[child] = lengths[node]! + 1;
    lengths[child + 1] = lengths[node]! + 1;
  }
  for (let node = children.length - 1; node >= 0; node--) {
    const child = children[node]!;
    const count = counts[node]!;
    lengths[node] =
      child === 0
        ? lengths[node]! + depths[count]!
        : (lengths[child]! * counts[child]! + lengths[child + 1]! * counts[child + 1]!) / count;
  }
  return lengths;
}

function fit(matrix: Matrix, settings: Partial<IsolationForestSettings> = {}): IsolationForest {
  const { trees, sampleRows, terms, seed } = { ...DEFAULTS, ...settings };
  checkTrainable(matrix);
  checkSetting('trees', trees, 1, MAX_TREES, true);
  checkSetting('sampleRows', sampleRows, 2, MAX_SAMPLE_ROWS, true);
  checkSetting('terms', terms, 1, matrix.columns, true);
  const perTree = Math.min(sampleRows, matrix.rows);
  const growth = { trees, sampleRows: perTree, terms };
  const grove = growWithWasm(matrix, growth, seed) ?? growTrees(matrix, growth, new Random(seed));
  return new IsolationForest(matrix.columns, perTree, grove);
}

function fromJSON(document: unknown): IsolationForest {
  const reader = new DocumentReader(document);
  reader.header(KIND);
  const columns = reader.integer('columns', 1, MAX_COLUMNS);
  const sampleRows = reader.integer('sampleRows', 2, MAX_SAMPLE_ROWS);
  const terms = reader.integer('terms', 1, columns);
  const trees = reader.integer('trees', 1, MAX_TREES);
  const nodes = reader.integer('nodes', trees, trees * (2 * sampleRows - 1));
  const grove: Grove = {
    terms,
    roots: reader.int32('roots', trees, { min: 0, max: nodes - 1 }),
    children: reader.int32('children', nodes, { min: 0, max: Math.max(0, nodes - 2) }),
    features: reader.uint16('features', nodes * terms, { max: columns - 1 }),
    weights: reader.float64('weights', terms === 1 ? 0 : nodes * terms),
    thresholds: reader.float64('thresholds', nodes),
    counts: reader.uint16('counts', nodes, { min: 1, max: sampleRows }),
  };
  reader.finish();
  const problem = treeProblem(grove, sampleRows);
  if (problem !== undefined) throw reader.wrong('children', problem);
  return new IsolationForest(columns, sampleRows, grove);
}

/** That every node has one parent before it, no path is too long, and rows neither come nor go on the way. */
function treeProblem({ roots, children, counts }: Grove, sampleRows: number): string | undefined {
  const UNSEEN = -1;
  const depths = new Int8Array(children.length).fill(UNSEEN);
  for (const root of roots) {
    if (depths[root] !== UNSEEN) return 'has one root for two trees';
    if (counts[root] !== sampleRows) return `has a tree that was not grown from ${sampleRows} rows`;
    depths[root] = 0;
  }
  const limit = depthLimit(sampleRows);
  for (let node = 0; node < children.length; node++) {
    if (depths[node] === UNSEEN) return `has no way to node ${node}`;
    const child = children[node]!;
    if (child === 0) continue;
    if (child <= node || depths[child] !== UNSEEN || depths[child + 1] !== UNSEEN) return `has a loop at node ${node}`;
    if (depths[node]! >= limit) return `goes deeper than ${limit} levels`;
    if (counts[child]! + counts[child + 1]! !== counts[node]) return `loses rows at node ${node}`;
    depths[child] = depths[node]! + 1;
    depths[child + 1] = depths[node]! + 1;
  }
  return undefined;
}

export const isolationForest: ModelFamily<IsolationForestSettings> = { kind: KIND, fit, fromJSON };
