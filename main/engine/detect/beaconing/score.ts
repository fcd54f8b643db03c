/**
 * How much like a beacon the calls of one host to one destination are, from their times and sizes alone.
 *
 * A beacon sleeps, calls, sleeps. Its pauses lie around one length: exactly, or spread evenly over a band whose width
 * is the "jitter" that its owner has set: base ± jitter with PoshC2 and Empire, base − jitter with Cobalt Strike, base +
 * jitter with Sliver (R. van Luijk, "Hunting for beacons", Fox-IT 2020; the documentation of these tools). People and
 * most programs pause without a common length; arrivals by chance (a Poisson process) have exponential pauses.
 *
 * The parts are those of RITA's authors (Active Countermeasures, "beacon scoring"): symmetry of the pauses by Bowley's
 * skewness, their median absolute deviation, the same of the sizes, and how evenly calls fill the time. Ours besides:
 * the median deviation and the width of the band are taken relative to the pause, so that a beacon of a day is measured
 * like one of a second; calls that were missed count as such; and few calls prove little.
 */
import {
  bowleySkewness,
  clamp01,
  dispersionIndex,
  distanceFromUniform,
  median,
  medianDeviation,
  quantile,
  sorted,
} from './statistics.ts';

/**
 * Calls so close together are one: a page with its pictures, a question with the answer to the last one, an attempt that
 * the system makes again, as Windows does half a second after a refusal.
 */
export const BURST_SECONDS = 0.75;
/** ... and calls that follow within this share of the long pauses: what an order has brought is delivered at once. */
const FOLLOW_UP_SHARE = 1 / 8;
/** Below so many calls there is nothing to measure. */
const LEAST_CALLS = 6;

/** A pause of so many usual ones is at least one call that failed or was not seen. */
const MISSED_FROM = 1.75;
/** Multiples mean something only where the single pauses are alike: jitter up to about two thirds. */
const MISSED_UP_TO_DEVIATION = 0.35;
/** A pause of so many usual ones: the computer slept. Up to this share of the pauses are left out for it. */
const BREAK_FROM = 10;
const MOST_BREAKS = 0.05;
/** A missed call in seven is a bad network; more speak against a beacon. With chance it is three in ten. */
const MISSED_FREE = 0.15;
const MISSED_COST = 2.5;

/** A band so wide, against the usual pause, is none: ±90 % is 1.4 wide, chance is 3.2 wide. */
const WIDEST_BAND = 2.4;
/** The band is measured between these quantiles; a uniform one of ±j is (2 × 0.8 × j) wide there. */
const BAND_QUANTILES = [0.1, 0.9] as const;
const BAND_OF_UNIFORM = 1.6;

/** Calls in one bin of the histogram, and most bins. */
const CALLS_PER_BIN = 5;
const MOST_BINS = 24;
const LEAST_BINS = 3;

/** What the parts of the rhythm weigh, together 1. Evenness most: chance has none of it, however lucky. */
const RHYTHM_WEIGHTS = { deviation: 0.3, skew: 0.1, band: 0.25, evenness: 0.35 } as const;
/** What sizes that are never the same cost. They are a hint only: commands come and go. */
const SIZES_WEIGHT = 0.25;
/** What unknown sizes are taken for: neither alike nor different. */
const UNKNOWN_SIZES = 0.5;
/** What is sent against what is answered: a beacon says the same each time, its master does not. */
const SENT_WEIGHT = 0.7;

/** With the fewest calls a perfect rhythm is worth this much; with FULL_SUPPORT_CALLS all of it. */
const LEAST_SUPPORT = 0.72;
const FULL_SUPPORT_CALLS = 32;

/** Pauses drawn from a band: at least so many of them, and the band so wide against the pause. */
const LEAST_BAND_PAUSES = 16;
const DRAWN_BAND = { narrowest: 0.12, widest: 1.9 } as const;
/** Of either end so many are left out: the first call of a program, or one that had to wait. */
const DRAWN_TRIM = 0.04;
/** Limit of the distance from an even spread times √n. Stricter than 1.36, because the edges are the sample's own. */
const DRAWN_DISTANCE = 1.0;

export interface CallSample {
  /** Microseconds since the epoch, in any order. */
  readonly timesUs: ArrayLike<number>;
  /** Bytes that calls sent, and that were answered; of as many calls as are known, in any order. */
  readonly sentBytes: ArrayLike<number>;
  readonly answeredBytes: ArrayLike<number>;
}

export interface BeaconScore {
  /** 0 (no rhythm) to 1 (a clock that says the same each time). */
  readonly score: number;
  /** Calls, those close together as one. */
  readonly calls: number;
  /** The usual pause between two calls, in seconds: the median. */
  readonly pauseSeconds: number;
  /** Half the width of the band of pauses, as a share of the pause: 0.2 for ±20 %. */
  readonly jitter: number;
  /** From the first call to the last, in seconds. */
  readonly spanSeconds: number;
  /** Parts of the score, each 0 to 1. */
  readonly deviation: number;
  readonly skew: number;
  readonly band: number;
  readonly evenness: number;
  readonly sizes: number;
  /** Share of the pauses in which a call is missing. */
  readonly missed: number;
  /** The pauses lie evenly in a band with sharp edges: they are drawn at random, as a program does that hides. */
  readonly isDrawn: boolean;
}

const NO_BEACON: BeaconScore = {
  score: 0,
  calls: 0,
  pauseSeconds: 0,
  jitter: 0,
  spanSeconds: 0,
  deviation: 0,
  skew: 0,
  band: 0,
  evenness: 0,
  sizes: 0,
  missed: 0,
  isDrawn: false,
};

/** Measures some hundred calls in some ten microseconds. The same whenever all times are moved by the same amount. */
export function scoreBeacon(sample: CallSample): BeaconScore {
  const times = joinFollowUps(joinBursts(sample.timesUs));
  const calls = times.length;
  if (calls < LEAST_CALLS) return { ...NO_BEACON, calls };
  const pauses = pausesOf(times);
  const spanSeconds = (times[calls - 1]! - times[0]!) / 1e6;
  const { single, undivided, missed } = withoutMissed(pauses);
  const ascending = sorted(single);
  const pauseSeconds = median(ascending);
  const jitterWidth = (quantile(ascending, BAND_QUANTILES[1]) - quantile(ascending, BAND_QUANTILES[0])) / pauseSeconds;
  const deviation = clamp01(1 - medianDeviation(ascending) / pauseSeconds);
  const skew = 1 - Math.abs(bowleySkewness(ascending));
  const band = clamp01(1 - jitterWidth / WIDEST_BAND);
  const evenness = evennessOf(single);
  const sizes = sizeSteadiness(sample);
  const rhythm =
    (RHYTHM_WEIGHTS.deviation * deviation +
      RHYTHM_WEIGHTS.skew * skew +
      RHYTHM_WEIGHTS.band * band +
      RHYTHM_WEIGHTS.evenness * evenness) *
    clamp01(1 - MISSED_COST * Math.max(0, missed - MISSED_FREE));
  const size = sizes ?? UNKNOWN_SIZES;
  return {
    score: clamp01(rhythm * (1 - SIZES_WEIGHT * (1 - size)) * support(calls)),
    calls,
    pauseSeconds,
    jitter: jitterWidth / BAND_OF_UNIFORM,
    spanSeconds,
    deviation,
    skew,
    band,
    evenness,
    sizes: size,
    missed,
    isDrawn: isDrawnFromBand(undivided),
  };
}

/** Times in order, without those that come right after the beginning of a burst. */
function joinBursts(timesUs: ArrayLike<number>): Float64Array {
  return joinWithin(sorted(timesUs), BURST_SECONDS * 1e6);
}

/** Judged by the long pauses, because follow-ups make short ones as many as there are calls. */
function joinFollowUps(times: Float64Array): Float64Array {
  if (times.length < LEAST_CALLS) return times;
  const long = quantile(sorted(pausesOf(times)), 0.75) * 1e6;
  return joinWithin(times, long * FOLLOW_UP_SHARE);
}

function joinWithin(times: Float64Array, leastUs: number): Float64Array {
  let kept = 0;
  for (const time of times) {
    if (kept > 0 && time - times[kept - 1]! < leastUs) continue;
    times[kept++] = time;
  }
  return times.subarray(0, kept);
}

/** Seconds between neighbours. */
function pausesOf(times: Float64Array): Float64Array {
  const pauses = new Float64Array(Math.max(times.length - 1, 0));
  for (let index = 0; index < pauses.length; index++) pauses[index] = (times[index + 1]! - times[index]!) / 1e6;
  return pauses;
}

/** Pauses in order, each over which a call was missed divided, and the few in which the computer slept left out. */
function withoutMissed(pauses: Float64Array): {
  readonly single: Float64Array;
  /** Those that are as they were, smallest first. */
  readonly undivided: Float64Array;
  readonly missed: number;
} {
  const usual = median(sorted(pauses));
  const short = sorted(pauses.filter((pause) => pause <= usual * MISSED_FROM));
  const middle = median(short);
  const isDivisible = medianDeviation(short) <= middle * MISSED_UP_TO_DEVIATION;
  const longest = isDivisible ? middle * MISSED_FROM : usual * BREAK_FROM;
  let breaks = Math.max(1, Math.floor(pauses.length * MOST_BREAKS));
  const single = new Float64Array(pauses.length);
  let kept = 0;
  let missed = 0;
  for (const pause of pauses) {
    if (pause >= usual * BREAK_FROM && breaks-- > 0) continue;
    const calls = isDivisible && pause > longest ? Math.round(pause / middle) : 1;
    if (calls > 1) missed++;
    single[kept++] = pause / calls;
  }
  return {
    single: single.subarray(0, kept),
    undivided: sorted(pauses.filter((pause) => pause <= longest)),
    missed: missed / Math.max(kept, 1),
  };
}

/** How evenly calls fill the time between the first and the last: 1 like a clock, 0 like chance or worse. */
function evennessOf(pauses: Float64Array): number {
  const bins = Math.min(Math.max(Math.floor(pauses.length / CALLS_PER_BIN), LEAST_BINS), MOST_BINS);
  let total = 0;
  for (const pause of pauses) total += pause;
  if (total <= 0) return 0;
  const counts = new Float64Array(bins);
  let elapsed = 0;
  for (const pause of pauses) {
    counts[Math.min(Math.floor((elapsed / total) * bins), bins - 1)]!++;
    elapsed += pause;
  }
  return clamp01(1 - dispersionIndex(counts));
}

function sizeSteadiness({ sentBytes, answeredBytes }: CallSample): number | undefined {
  const sent = steadiness(sentBytes);
  const answered = steadiness(answeredBytes);
  if (sent === undefined || answered === undefined) return sent ?? answered;
  return SENT_WEIGHT * sent + (1 - SENT_WEIGHT) * answered;
}

/** 1 for sizes that are all the same. */
function steadiness(values: ArrayLike<number>): number | undefined {
  if (values.length < LEAST_CALLS) return undefined;
  const ascending = sorted(values);
  const deviation = medianDeviation(ascending);
  if (deviation === 0) return 1;
  return clamp01(1 - deviation / Math.max(median(ascending), 1));
}

function support(calls: number): number {
  const share = clamp01((calls - LEAST_CALLS) / (FULL_SUPPORT_CALLS - LEAST_CALLS));
  return LEAST_SUPPORT + (1 - LEAST_SUPPORT) * share;
}

/** Not a clock with noise, whose pauses heap up in the middle, and not chance, whose pauses have no upper edge. */
function isDrawnFromBand(pauses: Float64Array): boolean {
  const trim = Math.floor(pauses.length * DRAWN_TRIM);
  const ascending = pauses.subarray(trim, pauses.length - trim);
  const { length } = ascending;
  if (length < LEAST_BAND_PAUSES) return false;
  const low = ascending[0]!;
  const high = ascending[length - 1]!;
  const width = (high - low) / median(ascending);
  if (width < DRAWN_BAND.narrowest || width > DRAWN_BAND.widest) return false;
  return distanceFromUniform(ascending, low, high) * Math.sqrt(length) <= DRAWN_DISTANCE;
}
