/**
 * Scores as p-values: which share of usual rows scores at least as high.
 *
 * Split-conformal: a score's p-value is its rank among the scores of usual rows that the model was not fitted on, so
 * that p-values of other usual rows are uniform whatever the scores' distribution (V. Vovk, A. Gammerman, G. Shafer:
 * "Algorithmic Learning in a Random World", 2005; H. Papadopoulos et al., ECML 2002). Ranks end where the held-back
 * rows end; beyond the highest few of them a generalised Pareto distribution of the excesses over a threshold goes on
 * (S. Coles: "An Introduction to Statistical Modeling of Extreme Values", 2001, chapter 4; for anomaly scores A. Siffer
 * et al.: "Anomaly Detection in Streams with Extreme Value Theory", KDD 2017), fitted by probability-weighted moments
 * (J. R. M. Hosking, J. R. Wallis, Technometrics 29, 1987), which have an answer for any sample.
 */
import { DOCUMENT_VERSION, DocumentReader, encodeNumbers, type ModelDocument } from './document.ts';

/** No p-value is below it: nobody can tell what is rarer from held-back rows, and logarithms stay finite. */
export const LEAST_P_VALUE = 1e-12;

/** Share of the scores above the threshold: the tail that is fitted (Siffer et al. use 2 to 10 %). */
const TAIL_SHARE = 0.1;
/** Scores above the threshold where that share is fewer and there are more: less says nothing of a shape. */
const LEAST_TAIL = 20;
/** Ranks down to this many rows are told by counting; their relative error is a fifth. */
const COUNTED = 20;
/** Between two knots at most this share of the rows above them is passed over. */
const KNOT_STEP = 1 / 128;
/** So many knots hold any number of rows that a document may have: each leaves a 128th less. */
const MAX_KNOTS = 4_096;
const MAX_ROWS = 1 << 24;
/** A distribution of a larger shape has no mean that could be measured. */
const MOST_SHAPE = 0.9;
/** Scale of a score that never varied, in parts of it: not unusual for a rounding error. */
const LEAST_SCALE = 1e-3;
/** A number that sums of scores still notice. */
const LEAST_SCALE_OF_ALL = 1e-12;
/** Scores beyond are taken as this: differences of scores stay numbers. */
const MOST_SCORE = 1e300;
const KIND = 'calibration';

interface Tail {
  /** Score that excesses are counted from. */
  readonly threshold: number;
  /** Of the generalised Pareto distribution: ξ, at least 0, and σ, above 0. */
  readonly shape: number;
  readonly scale: number;
}

export class Calibration {
  /** Scores that it was made from. */
  readonly rows: number;
  /** Rising; between two of them the p-value is interpolated, above the last one the tail goes on. */
  private readonly scores: Float64Array;
  /** Rows that score at least as high as each knot: falling, beginning with all. */
  private readonly counts: Int32Array;
  private readonly tail: Tail;
  /** P-value at the last knot over the tail's share above it: makes both ends meet. */
  private readonly joint: number;

  private constructor(rows: number, scores: Float64Array, counts: Int32Array, tail: Tail) {
    this.rows = rows;
    this.scores = scores;
    this.counts = counts;
    this.tail = tail;
    const last = scores.length - 1;
    this.joint = Math.log(pAt(counts[last]!, rows)) - tailLog(tail, scores[last]!);
  }

  /** @param scores of usual rows that the model was not fitted on; finite, at least one */
  static fit(scores: Float64Array): Calibration {
    if (scores.length === 0 || scores.length > MAX_ROWS)
      throw new RangeError(`${scores.length} scores to calibrate by`);
    if (!scores.every(Number.isFinite)) throw new RangeError('a score to calibrate by is not finite');
    const sorted = scores.map((score) => Math.min(Math.max(score, -MOST_SCORE), MOST_SCORE)).sort();
    const { knots, counts } = knotsOf(sorted);
    return new Calibration(sorted.length, knots, counts, fitTail(sorted, knots[knots.length - 1]!));
  }

  /** @throws ModelDocumentError for anything but a sound document */
  static fromJSON(document: unknown): Calibration {
    const reader = new DocumentReader(document, KIND);
    reader.header(KIND);
    const rows = reader.integer('rows', 1, MAX_ROWS);
    const knots = reader.integer('knots', 1, MAX_KNOTS);
    const scores = reader.float64('scores', knots, { min: -MOST_SCORE, max: MOST_SCORE });
    const counts = reader.int32('counts', knots, { min: 1, max: rows });
    const tail: Tail = {
      threshold: reader.number('threshold', -MOST_SCORE, MOST_SCORE),
      shape: reader.number('shape', 0, MOST_SHAPE),
      scale: reader.number('scale', LEAST_SCALE_OF_ALL, Number.MAX_VALUE),
    };
    reader.finish();
    if (counts[0] !== rows) throw reader.wrong('counts', `does not begin with ${rows}`);
    for (let knot = 1; knot < knots; knot++) {
      if (!(scores[knot]! > scores[knot - 1]!)) throw reader.wrong('scores', 'does not rise');
      if (counts[knot]! >= counts[knot - 1]!) throw reader.wrong('counts', 'does not fall');
    }
    // Nothing is left of a share so far out that its logarithm has no number.
    if (!(tail.threshold <= scores[knots - 1]! && Number.isFinite(tailLog(tail, scores[knots - 1]!)))) {
      throw reader.wrong('threshold', 'is not where the tail begins');
    }
    return new Calibration(rows, scores, counts, tail);
  }

  /**
   * Above 0, at most 1; falls (or stays) as the score rises. NaN for NaN. Allocates nothing.
   *
   * @param most where ranks end and the tail is a guess, the p-value is no more than this; falls as the score rises
   */
  pValue(score: number, most = 1): number {
    const { scores, counts, rows } = this;
    if (score <= scores[0]!) return 1;
    let low = 0;
    let high = scores.length - 1;
    if (score >= scores[high]!) {
      const p = Math.min(Math.exp(this.joint + tailLog(this.tail, score)), most);
      return p < LEAST_P_VALUE ? LEAST_P_VALUE : p;
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (scores[middle]! <= score) low = middle;
      else high = middle;
    }
    const above = pAt(counts[high]!, rows);
    const share = (score - scores[low]!) / (scores[high]! - scores[low]!);
    const p = low === 0 ? 1 : pAt(counts[low]!, rows);
    return p + (above - p) * share;
  }

  toJSON(): ModelDocument {
    const { threshold, shape, scale } = this.tail;
    return {
      kind: KIND,
      version: DOCUMENT_VERSION,
      rows: this.rows,
      knots: this.scores.length,
      scores: encodeNumbers(this.scores),
      counts: encodeNumbers(this.counts),
      threshold,
      shape,
      scale,
    };
  }
}

/** The row itself counts as one of those that score at least as high. */
function pAt(count: number, rows: number): number {
  return count === rows ? 1 : (count + 1) / (rows + 1);
}

/** Logarithm of the share of the tail above a score. */
function tailLog({ threshold, shape, scale }: Tail, score: number): number {
  const y = (score - threshold) / scale;
  // Near 0 the formula loses its digits, and is the exponential distribution.
  return shape < 1e-6 ? -y : -Math.log1p(shape * y) / shape;
}

/** @param sorted rising */
function knotsOf(sorted: Float64Array): { knots: Float64Array; counts: Int32Array } {
  const rows = sorted.length;
  const knots: number[] = [];
  const counts: number[] = [];
  for (let row = 0; row < rows; ) {
    const score = sorted[row]!;
    let next = row + 1;
    while (next < rows && sorted[next] === score) next++;
    const count = rows - row;
    // Of equal scores there is a knot at the score and at the next one, so that none gets a share of the others.
    const isStep = row === 0 || counts[counts.length - 1]! - (rows - next) > count * KNOT_STEP;
    const isCounted = count >= COUNTED || row === 0;
    if (isStep && isCounted) {
      knots.push(score);
      counts.push(count);
    }
    row = next;
  }
  return { knots: Float64Array.from(knots), counts: Int32Array.from(counts) };
}

/**
 * A shape below 0 would mean that scores have an end, beyond which a row is impossible. No sample proves that, and
 * moments place it badly; so then the tail falls exponentially (shape 0), as fast as the counted rows above the last
 * knot do, and goes on so.
 *
 * @param sorted rising
 * @param last knot
 */
function fitTail(sorted: Float64Array, last: number): Tail {
  const rows = sorted.length;
  const most = sorted[rows - 1]!;
  const size = Math.min(rows, Math.max(Math.ceil(rows * TAIL_SHARE), LEAST_TAIL));
  const threshold = sorted[rows - size]!;
  const { mean, weighted } = excesses(sorted.subarray(rows - size));
  const shape = 2 - mean / (mean - 2 * weighted);
  if (shape > 0 && Number.isFinite(shape)) {
    const bounded = Math.min(shape, MOST_SHAPE);
    // The mean excess is σ / (1 − ξ), whatever the shape was limited to.
    return { threshold, shape: bounded, scale: Math.max(mean * (1 - bounded), LEAST_SCALE_OF_ALL) };
  }
  let first = rows - 1;
  while (first > 0 && sorted[first - 1]! >= last) first--;
  const local = excesses(sorted.subarray(first)).mean;
  const scale = local > 0 ? local : Math.max(Math.abs(most), 1) * LEAST_SCALE;
  return { threshold: last, shape: 0, scale: Math.max(scale, LEAST_SCALE_OF_ALL) };
}

/** Mean of the excesses over the first, and the same with each weighted by the share of those above it. */
function excesses(tail: Float64Array): { mean: number; weighted: number } {
  const size = tail.length;
  let mean = 0;
  let weighted = 0;
  for (let i = 0; i < size; i++) {
    const part = (tail[i]! - tail[0]!) / size;
    mean += part;
    // Plotting position of Hosking and Wallis.
    weighted += part * (1 - (i + 1 - 0.35) / size);
  }
  return { mean, weighted };
}
