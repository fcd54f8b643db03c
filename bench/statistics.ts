/** Smallest, middle and largest of a series of measurements. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @throws RangeError for an empty series */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('there is no median of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { min: sorted[0], median, max: sorted[sorted.length - 1] };
}

/** Quotients of measurements that were taken in the same round, so that what slows both cancels out. */
export function ratiosOf(values: readonly number[], references: readonly number[]): number[] {
  if (values.length !== references.length) {
    throw new RangeError(`${values.length} measurements cannot be set against ${references.length}`);
  }
  return values.map((value, round) => value / references[round]);
}

/**
 * The steepest growth from one element to any later one, as a factor; 1 or less when it never grows. Of costs
 * per packet in the order of capture sizes it says how far from flat they are.
 */
export function steepestGrowth(values: readonly number[]): number {
  let lowest = Number.POSITIVE_INFINITY;
  let steepest = 0;
  for (const value of values) {
    if (lowest !== Number.POSITIVE_INFINITY) steepest = Math.max(steepest, value / lowest);
    lowest = Math.min(lowest, value);
  }
  return steepest;
}
