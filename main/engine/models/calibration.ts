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
/** Below it a distribution has an end so near that moments do not find it; above, no mean. */
const SHAPE = { least: -0.5, most: 0.9 } as const;
/** Least scale, in parts of the scores: a score that never varied is not unusual for a rounding error. */
const LEAST_SCALE = 1e-3;
const KIND = 'calibration';

interface Tail {
  /** Score that excesses are counted from. */
  readonly threshold: number;
  /** Of the generalised Pareto distribution: ξ, and σ above 0. */
  readonly shape: number;
  readonly scale: number;
  /** Highest score that was seen. */
  readonly most: number;
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
  /** For a tail with an end: logarithm of the tail's share above the highest score, and how fast it falls there. */
  private readonly endLog: number;
  private readonly endHazard: number;

  private constructor(rows: number, scores: Float64Array, counts: Int32Array, tail: Tail) {
    this.rows = rows;
    this.scores = scores;
    this.counts = counts;
    this.tail = tail;
    const excess = tail.most - tail.threshold;
    this.endLog = paretoLog(tail, excess);
    this.endHazard = 1 / (tail.scale + tail.shape * excess);
    const last = scores.length - 1;
    this.joint = Math.log(pAt(counts[last]!, rows)) - this.tailLog(scores[last]!);
  }

  /** @param scores of usual rows that the model was not fitted on; finite, at least one */
  static fit(scores: Float64Array): Calibration {
    if (scores.length === 0 || scores.length > MAX_ROWS)
      throw new RangeError(`${scores.length} scores to calibrate by`);
    const sorted = scores.slice().sort();
    if (!Number.isFinite(sorted[0]!) || !Number.isFinite(sorted[sorted.length - 1]!)) {
      throw new RangeError('a score to calibrate by is not finite');
    }
    const { knots, counts } = knotsOf(sorted);
    return new Calibration(sorted.length, knots, counts, fitTail(sorted));
  }

  /** @throws ModelDocumentError for anything but a sound document */
  static fromJSON(document: unknown): Calibration {
    const reader = new DocumentReader(document, KIND);
    reader.header(KIND);
    const rows = reader.integer('rows', 1, MAX_ROWS);
    const knots = reader.integer('knots', 1, MAX_KNOTS);
    const scores = reader.float64('scores', knots);
    const counts = reader.int32('counts', knots, { min: 1, max: rows });
    const tail: Tail = {
      threshold: reader.number('threshold', -Number.MAX_VALUE, Number.MAX_VALUE),
      shape: reader.number('shape', SHAPE.least, SHAPE.most),
      scale: reader.number('scale', Number.MIN_VALUE, Number.MAX_VALUE),
      most: reader.number('most', -Number.MAX_VALUE, Number.MAX_VALUE),
    };
    reader.finish();
    if (counts[0] !== rows) throw reader.wrong('counts', `does not begin with ${rows}`);
    for (let knot = 1; knot < knots; knot++) {
      if (!(scores[knot]! > scores[knot - 1]!)) throw reader.wrong('scores', 'does not rise');
      if (counts[knot]! >= counts[knot - 1]!) throw reader.wrong('counts', 'does not fall');
    }
    if (!(tail.threshold <= scores[knots - 1]! && tail.most >= scores[knots - 1]!)) {
      throw reader.wrong('threshold', 'is not where the tail begins');
    }
    const room = tail.scale + tail.shape * (tail.most - tail.threshold);
    if (!(room > 0 && Number.isFinite(room) && Number.isFinite(1 / room))) throw reader.wrong('scale', 'is too small');
    return new Calibration(rows, scores, counts, tail);
  }

  /** Above 0, at most 1; falls (or stays) as the score rises. NaN for NaN. Allocates nothing. */
  pValue(score: number): number {
    const { scores, counts, rows } = this;
    if (score <= scores[0]!) return 1;
    let low = 0;
    let high = scores.length - 1;
    if (score >= scores[high]!) {
      const p = Math.exp(this.joint + this.tailLog(score));
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
    // Numbers so far apart that their difference overflows are as good as at the lower knot.
    return share >= 0 ? p + (above - p) * share : Number.isNaN(score) ? score : p;
  }

  toJSON(): ModelDocument {
    const { threshold, shape, scale, most } = this.tail;
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
      most,
    };
  }

  /**
   * Logarithm of the tail's share above a score. A tail with an end is believed as far as scores were seen; beyond, it
   * falls as fast as it did there (exponentially), so that nothing is impossible and the more unusual stays so.
   */
  private tailLog(score: number): number {
    const { tail } = this;
    if (tail.shape < 0 && score > tail.most) return this.endLog - (score - tail.most) * this.endHazard;
    return paretoLog(tail, score - tail.threshold);
  }
}

/** The row itself counts as one of those that score at least as high. */
function pAt(count: number, rows: number): number {
  return count === rows ? 1 : (count + 1) / (rows + 1);
}

/** Logarithm of the share of a generalised Pareto distribution above an excess. */
function paretoLog({ shape, scale }: Tail, excess: number): number {
  const y = excess / scale;
  // Near 0 the formula loses its digits, and is the exponential distribution.
  return Math.abs(shape) < 1e-6 ? -y : -Math.log1p(shape * y) / shape;
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

/** @param sorted rising */
function fitTail(sorted: Float64Array): Tail {
  const rows = sorted.length;
  const size = Math.min(rows, Math.max(Math.ceil(rows * TAIL_SHARE), LEAST_TAIL));
  const threshold = sorted[rows - size]!;
  const most = sorted[rows - 1]!;
  let mean = 0;
  let weighted = 0;
  for (let i = 0; i < size; i++) {
    const excess = sorted[rows - size + i]! - threshold;
    mean += excess / size;
    // Plotting position of Hosking and Wallis.
    weighted += (excess * (1 - (i + 1 - 0.35) / size)) / size;
  }
  const least = Math.max(Math.abs(threshold), Math.abs(most)) * LEAST_SCALE || LEAST_SCALE;
  if (!(mean > 0 && Number.isFinite(mean))) return { threshold, shape: 0, scale: least, most };
  const found = 2 - mean / (mean - 2 * weighted);
  const shape = Number.isFinite(found) ? Math.min(Math.max(found, SHAPE.least), SHAPE.most) : 0;
  // The mean excess is σ / (1 − ξ), whatever the shape was limited to; a tail that would end too early is none.
  const scale = Math.max(mean * (1 - shape), least * LEAST_SCALE);
  const room = scale + shape * (most - threshold);
  return room > scale * LEAST_SCALE ? { threshold, shape, scale, most } : { threshold, shape: 0, scale: mean, most };
}
