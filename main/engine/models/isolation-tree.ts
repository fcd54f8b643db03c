/** Growing isolation trees into flat arrays. */
import type { Matrix } from './matrix.ts';
import { type Random, Urn } from './random.ts';

const EULER = 0.577_215_664_901_532_9;

/**
 * Mean depth of an unsuccessful search in a binary search tree of `count` entries: what is still to come below a leaf
 * that holds more than one row (Liu 2008, equation 1).
 */
export function meanSearchDepth(count: number): number {
  if (count <= 1) return 0;
  if (count === 2) return 1;
  return 2 * (Math.log(count - 1) + EULER) - (2 * (count - 1)) / count;
}

/**
 * The nodes of all trees, one tree after another. The two children of a node stand beside each other and after it.
 * A node sends a row to its second child when the weighted sum of its `terms` columns is above its threshold.
 */
export interface Grove {
  /** Columns that one split looks at: 1, or more in an extended forest. */
  readonly terms: number;
  /** Number of the first node of each tree. */
  readonly roots: Int32Array;
  /** First child of each node; 0 for a leaf. */
  readonly children: Int32Array;
  /** `terms` columns for each node. */
  readonly features: Uint16Array;
  /** `terms` weights for each node; empty where splits look at one column, whose weight is 1. */
  readonly weights: Float64Array;
  readonly thresholds: Float64Array;
  /** Training rows that came to each node. */
  readonly counts: Uint16Array;
}

export interface GrowSettings {
  readonly trees: number;
  /** Rows for each tree. */
  readonly sampleRows: number;
  readonly terms: number;
}

export function growTrees(matrix: Matrix, settings: GrowSettings, random: Random): Grove {
  const grower = new Grower(matrix, settings, random);
  for (let tree = 0; tree < settings.trees; tree++) grower.grow(tree);
  return grower.grove();
}

/** Depth at which trees stop: that of a balanced tree, as what is still together there is not unusual. */
export function depthLimit(sampleRows: number): number {
  return Math.max(1, Math.ceil(Math.log2(sampleRows)));
}

class Grower {
  private readonly matrix: Matrix;
  private readonly random: Random;
  private readonly urn: Urn;
  private readonly terms: number;
  private readonly sampleRows: number;
  private readonly depthLimit: number;
  private readonly roots: Int32Array;
  private readonly children: Int32Array;
  private readonly features: Uint16Array;
  private readonly weights: Float64Array;
  private readonly thresholds: Float64Array;
  private readonly counts: Uint16Array;
  private readonly isExtended: boolean;
  /** Columns in random order, of which the constant ones of a node are passed over. */
  private readonly order: Uint16Array;
  /** Where each row of the tree at hand begins, the rows of a node one after another. */
  private readonly starts: Int32Array;
  /** What the cut at hand compares of each of them. */
  private readonly compared: Float64Array;
  private nodes = 0;
  /** Ends of the column that was looked at last. */
  private low = 0;
  private high = 0;

  constructor(matrix: Matrix, { trees, sampleRows, terms }: GrowSettings, random: Random) {
    const most = trees * (2 * sampleRows - 1);
    this.matrix = matrix;
    this.random = random;
    this.urn = new Urn(matrix.rows);
    this.terms = terms;
    this.isExtended = terms > 1;
    this.sampleRows = sampleRows;
    this.depthLimit = depthLimit(sampleRows);
    this.roots = new Int32Array(trees);
    this.children = new Int32Array(most);
    this.features = new Uint16Array(most * terms);
    this.weights = new Float64Array(this.isExtended ? most * terms : 0);
    this.thresholds = new Float64Array(most);
    this.counts = new Uint16Array(most);
    this.order = new Uint16Array(matrix.columns);
    for (let column = 0; column < matrix.columns; column++) this.order[column] = column;
    this.starts = new Int32Array(sampleRows);
    this.compared = new Float64Array(sampleRows);
  }

  grow(tree: number): void {
    const { starts, matrix } = this;
    const rows = this.urn.draw(this.sampleRows, this.random);
    for (let i = 0; i < rows.length; i++) starts[i] = rows[i]! * matrix.columns;
    this.roots[tree] = this.nodes++;
    this.split(this.roots[tree]!, 0, rows.length, 0);
  }

  grove(): Grove {
    const { nodes, terms } = this;
    return {
      terms,
      roots: this.roots,
      children: this.children.slice(0, nodes),
      features: this.features.slice(0, nodes * terms),
      weights: this.weights.slice(0, this.isExtended ? nodes * terms : 0),
      thresholds: this.thresholds.slice(0, nodes),
      counts: this.counts.slice(0, nodes),
    };
  }

  /** At most `depthLimit` calls deep. */
  private split(node: number, start: number, end: number, depth: number): void {
    this.counts[node] = end - start;
    if (end - start < 2 || depth >= this.depthLimit) return;
    if (!(this.isExtended ? this.chooseSlope(node, start, end) : this.chooseColumn(node, start, end))) return;
    const middle = this.partition(start, end, this.thresholds[node]!);
    // Rounding can put all rows on one side; such a split would separate nothing.
    if (middle === start || middle === end) return;
    const child = this.nodes;
    this.nodes += 2;
    this.children[node] = child;
    this.split(child, start, middle, depth + 1);
    this.split(child + 1, middle, end, depth + 1);
  }

  /** A random one of the columns in which the rows differ, cut anywhere between its ends. */
  private chooseColumn(node: number, start: number, end: number): boolean {
    for (let tried = 0; tried < this.order.length; tried++) {
      const column = this.drawColumn(tried);
      this.lookAt(column, start, end);
      if (this.low === this.high) continue;
      this.features[node] = column;
      this.thresholds[node] = this.low + this.random.next() * (this.high - this.low);
      return true;
    }
    return false;
  }

  /** A random direction in `terms` columns in which the rows differ, through a random point of their box. */
  private chooseSlope(node: number, start: number, end: number): boolean {
    const first = node * this.terms;
    let found = 0;
    let threshold = 0;
    for (let tried = 0; tried < this.order.length && found < this.terms; tried++) {
      const column = this.drawColumn(tried);
      this.lookAt(column, start, end);
      if (this.low === this.high) continue;
      const weight = this.random.normal();
      this.features[first + found] = column;
      this.weights[first + found] = weight;
      threshold += weight * (this.low + this.random.next() * (this.high - this.low));
      found++;
    }
    for (let unused = found; unused < this.terms; unused++) {
      this.features[first + unused] = 0;
      this.weights[first + unused] = 0;
    }
    this.thresholds[node] = threshold;
    for (let i = start; i < end; i++) this.compared[i] = this.project(node, this.starts[i]!);
    return found > 0;
  }

  private drawColumn(drawn: number): number {
    const other = drawn + this.random.below(this.order.length - drawn);
    const column = this.order[other]!;
    this.order[other] = this.order[drawn]!;
    this.order[drawn] = column;
    return column;
  }

  /** Reads a column of the rows, and where it ends. */
  private lookAt(column: number, start: number, end: number): void {
    const { starts, compared } = this;
    const { data } = this.matrix;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = start; i < end; i++) {
      const value = data[starts[i]! + column]!;
      compared[i] = value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    this.low = low;
    this.high = high;
  }

  /** Rows for the first child to the front. @returns where those for the second begin */
  private partition(start: number, end: number, threshold: number): number {
    const { starts, compared } = this;
    let middle = start;
    for (let i = start; i < end; i++) {
      if (compared[i]! > threshold) continue;
      const row = starts[i]!;
      starts[i] = starts[middle]!;
      starts[middle++] = row;
    }
    return middle;
  }

  private project(node: number, start: number): number {
    const { data } = this.matrix;
    let sum = 0;
    const first = node * this.terms;
    for (let term = first; term < first + this.terms; term++) {
      sum += this.weights[term]! * data[start + this.features[term]!]!;
    }
    return sum;
  }
}
