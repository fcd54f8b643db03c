/** Where the values of one column are and how far they spread. */
import type { Matrix } from './matrix.ts';

export interface Spread {
  readonly mean: number;
  /** Above 0. */
  readonly standardDeviation: number;
  readonly median: number;
  /**
   * Robust, and comparable with a standard deviation. Of the median absolute deviation, but columns of traffic have
   * longer tails than it knows of: where 1 % of the values are further out than three deviations, a third of that
   * distance is the deviation; where even fewer values are not the median, a third of what is usual among those. Above 0.
   */
  readonly deviation: number;
}

/** Deviations of a normal distribution in its median absolute deviation, and in its interquartile range. */
const MAD_TO_DEVIATION = 1.482_602_218_505_602;
const RANGE_TO_DEVIATION = 0.741_301_109_252_801;
/** Share of the values that are within `TAIL_DEVIATIONS` deviations of the median, at least. */
const WITHIN = 0.99;
const TAIL_DEVIATIONS = 3;
/**
 * Deviation of a column that never varied, at least a share of its value: a flag that is set for the first time, or a
 * first thing that is counted, is three deviations away.
 */
const LEAST_SHARE = 1e-3;
const LEAST_DEVIATION = 1 / TAIL_DEVIATIONS;

export function columnOf({ rows, columns, data }: Matrix, column: number): Float64Array {
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) values[row] = data[row * columns + column]!;
  return values;
}

/** @param values finite, at least one */
export function spreadOf(values: Float64Array): Spread {
  const sorted = values.slice().sort();
  const median = quantile(sorted, 0.5);
  const { mean, standardDeviation } = moments(values);
  const distances = values.map((value) => Math.abs(value - median)).sort();
  const candidates = [
    quantile(distances, 0.5) * MAD_TO_DEVIATION,
    // Where more than half of the values are equal that is 0 and says nothing.
    (quantile(sorted, 0.75) - quantile(sorted, 0.25)) * RANGE_TO_DEVIATION,
  ];
  const tail = quantile(distances, WITHIN) / TAIL_DEVIATIONS;
  const others = distances.filter((distance) => distance > 0);
  const rare = others.length > 0 ? quantile(others, 0.5) / TAIL_DEVIATIONS : 0;
  const least = Math.max(Math.abs(median) * LEAST_SHARE, LEAST_DEVIATION);
  const isUsable = (deviation: number) => deviation > 0 && Number.isFinite(deviation);
  const central = candidates.find(isUsable) ?? 0;
  return {
    mean,
    standardDeviation: isUsable(standardDeviation) ? standardDeviation : least,
    median,
    deviation: [Math.max(central, isUsable(tail) ? tail : 0), rare, least].find(isUsable)!,
  };
}

/** @param sorted rising; between two values in proportion */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (place - below);
}

function moments(values: Float64Array): { mean: number; standardDeviation: number } {
  let mean = 0;
  let squares = 0;
  // B. P. Welford, "Note on a method for calculating corrected sums of squares and products", 1962.
  for (let i = 0; i < values.length; i++) {
    const difference = values[i]! - mean;
    mean += difference / (i + 1);
    squares += difference * (values[i]! - mean);
  }
  // What is left of equal values by rounding is no deviation.
  const deviation = Math.sqrt(squares / values.length);
  return { mean, standardDeviation: deviation > Math.abs(mean) * Number.EPSILON * 16 ? deviation : 0 };
}
