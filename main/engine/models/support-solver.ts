/**
 * The optimisation behind the one-class support vector machine: minimise ½ αᵀKα with 0 ≤ α ≤ 1 and the α adding up to
 * ν × rows, K the kernel of every pair of rows.
 *
 * Sequential minimal optimisation with second-order choice of the pair: R.-E. Fan, P.-H. Chen, C.-J. Lin, "Working Set
 * Selection Using Second Order Information for Training Support Vector Machines", JMLR 6 (2005).
 */
import { KernelSums } from './kernel-sums.ts';
import type { Sample } from './matrix.ts';

export interface SupportProblem {
  readonly sample: Sample;
  /** Of the kernel exp(−γ × squared distance). */
  readonly gamma: number;
  /** Share of the rows that may be outside, at most; and that are support vectors, at least. */
  readonly nu: number;
}

export interface SupportSolution {
  /** One for each row; most are 0. */
  readonly alphas: Float64Array;
  /** What the weighted sum of kernels is at the border. */
  readonly rho: number;
}

/** How far gradients may differ at the end: as in LIBSVM, far below what the score of a row shows. */
const TOLERANCE = 1e-3;
/** Steps for each row at most; ordinary tables need fewer than 10, and what is then left is small. */
const STEPS_PER_ROW = 100;
/** Memory for kernel rows: all of 4,096 rows, so that shrinking the problem would save nothing. */
const CACHE_BYTES = 1 << 26;
/** Stands for the curvature of a pair of equal rows. */
const LEAST_CURVATURE = 1e-12;

export function solveSupport({ sample, gamma, nu }: SupportProblem): SupportSolution {
  const { rows } = sample;
  const kernel = new KernelRows(sample, gamma);
  const alphas = startingAlphas(rows, nu);
  const gradient = new Float64Array(rows);
  for (let row = 0; row < rows && alphas[row]! > 0; row++) {
    const values = kernel.row(row);
    const alpha = alphas[row]!;
    for (let other = 0; other < rows; other++) gradient[other]! += alpha * values[other]!;
  }
  const nothing = new Float32Array(rows);
  let up = moved(gradient, alphas, 0, nothing, nothing);
  for (let step = Math.max(rows, 100) * STEPS_PER_ROW; step > 0 && up >= 0; step--) {
    const upRow = kernel.row(up);
    const down = bestPartner(gradient, alphas, upRow, gradient[up]!);
    if (down < 0) break;
    const curvature = Math.max(2 - 2 * upRow[down]!, LEAST_CURVATURE);
    const change = Math.min((gradient[down]! - gradient[up]!) / curvature, 1 - alphas[up]!, alphas[down]!);
    // Set, not added, at the ends: rounding must not leave a row between free and bound.
    alphas[up] = change === 1 - alphas[up]! ? 1 : alphas[up]! + change;
    alphas[down] = change === alphas[down]! ? 0 : alphas[down]! - change;
    up = moved(gradient, alphas, change, upRow, kernel.row(down));
  }
  return { alphas, rho: borderOf(gradient, alphas) };
}

/** The first rows as far as the sum reaches. */
function startingAlphas(rows: number, nu: number): Float64Array {
  const alphas = new Float64Array(rows);
  const total = nu * rows;
  const whole = Math.floor(total);
  alphas.fill(1, 0, whole);
  if (whole < rows) alphas[whole] = total - whole;
  return alphas;
}

/**
 * Adds change × (upRow − downRow) to the gradient.
 *
 * @returns the row that then gains most by a larger α; −1 where none has room for it
 */
function moved(
  gradient: Float64Array,
  alphas: Float64Array,
  change: number,
  upRow: Float32Array,
  downRow: Float32Array,
): number {
  let found = -1;
  let least = Number.POSITIVE_INFINITY;
  for (let row = 0; row < gradient.length; row++) {
    const slope = gradient[row]! + change * (upRow[row]! - downRow[row]!);
    gradient[row] = slope;
    if (slope < least && alphas[row]! < 1) {
      least = slope;
      found = row;
    }
  }
  return found;
}

/** The row with which the step gains most; −1 where none would gain more than the tolerance. */
function bestPartner(gradient: Float64Array, alphas: Float64Array, upRow: Float32Array, least: number): number {
  let found = -1;
  let best = 0;
  let widest = 0;
  for (let row = 0; row < gradient.length; row++) {
    const difference = gradient[row]! - least;
    if (difference <= 0 || alphas[row]! <= 0) continue;
    if (difference > widest) widest = difference;
    const gain = (difference * difference) / Math.max(2 - 2 * upRow[row]!, LEAST_CURVATURE);
    if (gain > best) {
      best = gain;
      found = row;
    }
  }
  return widest < TOLERANCE ? -1 : found;
}

/** Mean gradient of the rows on the border; between those inside and outside where none is on it. */
function borderOf(gradient: Float64Array, alphas: Float64Array): number {
  let sum = 0;
  let free = 0;
  let inside = Number.POSITIVE_INFINITY;
  let outside = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < gradient.length; row++) {
    if (alphas[row]! >= 1) outside = Math.max(outside, gradient[row]!);
    else if (alphas[row]! <= 0) inside = Math.min(inside, gradient[row]!);
    else {
      sum += gradient[row]!;
      free++;
    }
  }
  if (free > 0) return sum / free;
  if (!Number.isFinite(inside)) return outside;
  return Number.isFinite(outside) ? (inside + outside) / 2 : inside;
}

/** Rows of the kernel as they are needed; those not used for longest are forgotten first. */
class KernelRows {
  private readonly sample: Sample;
  private readonly gamma: number;
  private readonly capacity: number;
  private readonly sums: KernelSums;
  private readonly kept = new Map<number, Float32Array>();

  constructor(sample: Sample, gamma: number) {
    this.sample = sample;
    this.gamma = gamma;
    this.sums = new KernelSums(sample);
    // Two rows are in use at a time.
    this.capacity = Math.max(2, Math.floor(CACHE_BYTES / (4 * sample.rows)));
  }

  row(index: number): Float32Array {
    const known = this.kept.get(index);
    if (known !== undefined) {
      if (this.capacity < this.sample.rows) {
        this.kept.delete(index);
        this.kept.set(index, known);
      }
      return known;
    }
    const row = this.reuse() ?? new Float32Array(this.sample.rows);
    this.fill(row, index);
    this.kept.set(index, row);
    return row;
  }

  private reuse(): Float32Array | undefined {
    if (this.kept.size < this.capacity) return undefined;
    for (const [oldest, row] of this.kept) {
      this.kept.delete(oldest);
      return row;
    }
    return undefined;
  }

  private fill(row: Float32Array, index: number): void {
    const { columns, data } = this.sample;
    this.sums.fill(row, data.subarray(index * columns, (index + 1) * columns), this.gamma);
  }
}
