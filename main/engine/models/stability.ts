/** How much values have moved since a profile was trained: the population stability index. */
import type { ColumnUsual } from './profile-types.ts';

/** What a share of nothing counts as, so that logarithms stay finite: half a row of the smallest sample compared. */
const LEAST_SHARE = 0.002;
const TENTHS = 10;

/**
 * Population stability index, sum of (now − then) · ln(now / then) over bins (Siddiqi, "Credit Risk Scorecards", 2006):
 * below 0.1 nothing moved, above 0.25 much did.
 *
 * @param expected shares of the bins then, adding up to 1
 * @param actual and now
 */
export function stabilityIndex(expected: readonly number[], actual: readonly number[]): number {
  let sum = 0;
  for (let bin = 0; bin < expected.length; bin++) {
    const then = Math.max(LEAST_SHARE, expected[bin]!);
    const now = Math.max(LEAST_SHARE, actual[bin]!);
    sum += (now - then) * Math.log(now / then);
  }
  return sum;
}

/**
 * How much a column has moved. Deciles are the bins. Where many values are the same, several deciles fall together and
 * leave open how many exactly there were: then the share that fits the values of now best is taken, so that nothing
 * counts as moved that need not have.
 *
 * @param values of now; what is not finite is left out
 * @returns NaN where there is no value
 */
export function columnStability({ deciles }: ColumnUsual, values: Float64Array): number {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return Number.NaN;
  const then: number[] = [];
  const now: number[] = [];
  let last = 0;
  let lastNow = 0;
  const cut = (actual: number, least: number, most: number): void => {
    const expected = Math.max(last, Math.min(most, Math.max(least, actual)));
    then.push(expected - last);
    now.push(actual - lastNow);
    last = expected;
    lastNow = actual;
  };
  for (let i = 0; i <= TENTHS; ) {
    let j = i;
    while (j < TENTHS && deciles[j + 1] === deciles[i]) j++;
    const below = countBelow(sorted, deciles[i]!, false) / sorted.length;
    const upTo = countBelow(sorted, deciles[i]!, true) / sorted.length;
    if (i === j) {
      // The smallest and the greatest are no bounds: what lies a little beyond them is nothing new by itself.
      if (i > 0 && i < TENTHS) cut((below + upTo) / 2, i / TENTHS, i / TENTHS);
    } else {
      cut(below, i === 0 ? 0 : (i - 1) / TENTHS, i / TENTHS);
      cut(upTo, j / TENTHS, Math.min(1, (j + 1) / TENTHS));
    }
    i = j + 1;
  }
  then.push(1 - last);
  now.push(1 - lastNow);
  return stabilityIndex(then, now);
}

/** A bin that usual rows seldom fall into says little: such are joined with the next. */
const LEAST_BIN_SHARE = 0.05;

/**
 * How much p-values have moved from those of the rows that were held back when the profile was trained.
 *
 * @param then how many of those had which −log10 of their p-values, in equal steps from 0 on
 */
export function scoreStability(
  pValues: Float64Array,
  then: { readonly step: number; readonly counts: readonly number[] },
): number {
  const total = then.counts.reduce((sum, count) => sum + count, 0);
  if (pValues.length === 0 || total === 0) return 0;
  const counts = new Float64Array(then.counts.length);
  for (const p of pValues) {
    const place = Math.floor(-Math.log10(Math.max(p, Number.MIN_VALUE)) / then.step);
    counts[Math.max(0, Math.min(counts.length - 1, place))]! += 1;
  }
  const expected: number[] = [];
  const actual: number[] = [];
  let wasOpen = false;
  for (const [place, count] of then.counts.entries()) {
    if (!wasOpen) {
      expected.push(0);
      actual.push(0);
    }
    expected[expected.length - 1]! += count / total;
    actual[actual.length - 1]! += counts[place]! / pValues.length;
    wasOpen = expected[expected.length - 1]! < LEAST_BIN_SHARE;
  }
  return stabilityIndex(expected, actual);
}

/** How many of sorted values are below a bound, or at it. */
function countBelow(sorted: Float64Array, bound: number, isIncluded: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < bound || (isIncluded && sorted[middle] === bound)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The middle of some values; NaN without any. */
export function medianOf(values: Float64Array): number {
  const sorted = values.filter(Number.isFinite).sort();
  if (sorted.length === 0) return Number.NaN;
  const middle = sorted.length >>> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * How alike two orders of the same rows are: Spearman's rank correlation, ties sharing the mean of their ranks; 1 is
 * the same order, 0 none in common. 1 where there is nothing to order.
 */
export function rankCorrelation(first: Float64Array, second: Float64Array): number {
  const a = ranksOf(first);
  const b = ranksOf(second);
  const mean = (a.length - 1) / 2;
  let both = 0;
  let ofFirst = 0;
  let ofSecond = 0;
  for (let i = 0; i < a.length; i++) {
    both += (a[i]! - mean) * (b[i]! - mean);
    ofFirst += (a[i]! - mean) ** 2;
    ofSecond += (b[i]! - mean) ** 2;
  }
  return ofFirst === 0 || ofSecond === 0 ? 1 : both / Math.sqrt(ofFirst * ofSecond);
}

function ranksOf(values: Float64Array): Float64Array {
  const order = [...values.keys()].sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let i = start; i < end; i++) ranks[order[i]!] = (start + end - 1) / 2;
    start = end;
  }
  return ranks;
}
