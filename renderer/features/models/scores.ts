/** How rare things are, in words and as a histogram. Pure. */
import { formatCompact, formatCount } from '../../lib/format.ts';
import { strings } from '../../strings/index.ts';

const words = strings.models.scores;

/** As the contract gives it: counts in equal steps of -log10 of the p-value. */
export interface Distribution {
  readonly step: number;
  readonly counts: readonly number[];
  readonly threshold: number | null;
}

export interface Histogram {
  /** Middles of the bars, in -log10 of the p-value. */
  readonly places: readonly number[];
  readonly counts: readonly number[];
  /** How many there would be if p-values were even, as they are of rows like those that were learnt from. */
  readonly expected: readonly number[];
  readonly total: number;
  readonly span: readonly [from: number, until: number];
  /** Where what is shown begins; null: nothing is. */
  readonly limit: number | null;
}

/** Far more bars than can be told apart. */
const MOST_BARS = 200;
/** A little room beyond the line, so that it is seen. */
const BEYOND_LIMIT = 0.25;

export function histogramOf({ step, counts: all, threshold }: Distribution): Histogram {
  const width = Number.isFinite(step) && step > 0 ? step : 1;
  const counts = all.slice(0, MOST_BARS);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const limit = threshold === null || threshold <= 0 ? null : -Math.log10(threshold);
  // Bars at the end without anything in them only make the others narrow.
  const used = counts.findLastIndex((count) => count > 0) + 1;
  const shown = counts.slice(0, Math.min(counts.length, Math.max(used, Math.ceil(1 / width))));
  return {
    places: shown.map((_, index) => (index + 0.5) * width),
    counts: shown,
    expected: shown.map((_, index) => total * (10 ** (-index * width) - 10 ** (-(index + 1) * width))),
    total,
    span: [0, Math.max(shown.length * width, (limit ?? 0) + (limit === null ? 0 : BEYOND_LIMIT))],
    limit,
  };
}

/** From here on all digits are no easier to read. */
const COMPACT_FROM = 1e6;

/** "1 in 12,000", "1 in 2.3M"; "all" for 1. @param pValue 0 to 1 */
export function rarityOf(pValue: number): string {
  const times = 1 / pValue;
  if (!(times > 1)) return words.all;
  if (!Number.isFinite(times)) return words.oneIn('∞');
  if (times < 9.5) return words.oneIn(formatCount(Math.max(2, Math.round(times))));
  return words.oneIn(times >= COMPACT_FROM ? formatCompact(times) : formatCount(significant(times)));
}

/** Two digits: a p-value is not known better. */
function significant(value: number): number {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Math.round(value / unit) * unit;
}

/** The same of a place on the axis. @param exponent -log10 of a p-value */
export const rarityAt = (exponent: number): string => rarityOf(10 ** -exponent);

/** A bar in words: "1 in 10 to 1 in 18". @param place its middle */
export function barText(place: number, step: number): string {
  return words.between(rarityAt(place - step / 2), rarityAt(place + step / 2));
}
