/** Share of rows that is taken to be unusual, where a probability is asked for. */
const PRIOR = 0.01;

/**
 * A p-value as the probability that a row is unusual: 0 for p = 1, about a half for p = 0.01, 0.91 for 0.001, 0.99 for
 * 0.0001, towards 1 as p falls to 0.
 *
 * By Bayes' rule, as if one row of a hundred were unusual and had such a p-value for certain: usual rows have it with
 * probability p, so that the row is unusual with probability π / (π + (1 − π) p). What is more than the π that nothing
 * had to be seen for is brought to 0 to 1.
 */
export function anomalyProbability(pValue: number): number {
  return (PRIOR * (1 - pValue)) / (PRIOR + (1 - PRIOR) * pValue);
}
