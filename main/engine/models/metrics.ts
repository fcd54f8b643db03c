/** How well scores tell unusual rows from usual ones, where it is known which are which. */

export interface Ranking {
  /** Chance that an unusual row scores above a usual one, ties counted half (Hanley and McNeil 1982). */
  readonly auc: number;
  /** Mean share of unusual rows among those scored as high as each unusual row. */
  readonly averagePrecision: number;
  /** Share of unusual rows above the score that 1 % of the usual rows pass. */
  readonly truePositivesAt1Percent: number;
}

/** @returns null where there are not rows of both kinds, so that nothing can be told */
export function rankingOf(scores: Float64Array, isUnusual: (row: number) => boolean): Ranking | null {
  const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!);
  const unusual = order.reduce((count, row) => count + (isUnusual(row) ? 1 : 0), 0);
  const usual = order.length - unusual;
  if (unusual === 0 || usual === 0) return null;
  let area = 0;
  let precision = 0;
  let atOnePercent = 0;
  let hits = 0;
  let misses = 0;
  for (let start = 0; start < order.length; ) {
    // Rows of equal score come together: none of them is above another.
    let end = start;
    let tiedHits = 0;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) {
      if (isUnusual(order[end]!)) tiedHits++;
      end++;
    }
    const tiedMisses = end - start - tiedHits;
    area += tiedMisses * (hits + tiedHits / 2);
    hits += tiedHits;
    misses += tiedMisses;
    precision += tiedHits * (hits / (hits + misses));
    if (misses <= usual / 100) atOnePercent = hits;
    start = end;
  }
  return {
    auc: area / (unusual * usual),
    averagePrecision: precision / unusual,
    truePositivesAt1Percent: atOnePercent / unusual,
  };
}
