/** Where the values of one column are and how far they spread. */
import type { Matrix } from './matrix.ts';

export interface Spread {
  readonly mean: number;
  /** Above 0. */
  readonly standardDeviation: number;
  readonly median: number;
  /** Robust, and comparable with a standard deviation. Above 0. */
  readonly deviation: number;
}

/** Deviations of a normal distribution in its median absolute deviation, and in its interquartile range. */
const MAD_TO_DEVIATION = 1.482_602_218_505_602;
const RANGE_TO_DEVIATION = 0.741_301_109_252_801;
/** Deviation of a column that never varied: any other value is far, but not infinitely. */
const LEAST_SHARE = 1e-3;

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
  const mad = quantile(values.map((value) => Math.abs(value - median)).sort(), 0.5);
  // Where more than half of the values are equal the robust measures are 0 and say nothing.
  const candidates = [
    mad * MAD_TO_DEVIATION,
    (quantile(sorted, 0.75) - quantile(sorted, 0.25)) * RANGE_TO_DEVIATION,
    standardDeviation,
  ];
  const least = Math.max(Math.abs(median) * LEAST_SHARE, LEAST_SHARE);
  const isUsable = (deviation: number) => deviation > 0 && Number.isFinite(deviation);
  return {
    mean,
    standardDeviation: isUsable(standardDeviation) ? standardDeviation : least,
    median,
    deviation: candidates.find(isUsable) ?? least,
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
