/** Where a value and its usual range are on a line of its own: the geometry of a small plot. Pure. */

export type Side = 'below' | 'within' | 'above';

/** Positions are shares of the line's width, 0 to 1. */
export interface UsualScale {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly side: Side;
  /** Each mark is ten times the one before: the value is too far away to be drawn otherwise. */
  readonly isLogarithmic: boolean;
  /** The powers of ten on such a line; empty on a plain one. */
  readonly ticks: readonly number[];
  /** How many times the nearer end of what is usual; null where that says nothing. */
  readonly times: number | null;
}

/** The line goes on a little beyond what is on it. */
const MARGIN = 0.06;
/** So many times the width of the usual range away, the range itself would be a hairline. */
const FAR = 6;
/** Up to a tenth of the greatest usual value, of what is too little of the least, a logarithmic line is nearly even, so that 0 has a place on it. */
const EVEN_SHARE = 0.1;
/** More marks would be a grey bar. */
const MOST_TICKS = 12;
/** Below, "1.2 times" says less than the numbers themselves. */
const LEAST_TIMES = 1.5;

/** Undefined where nothing can be drawn: numbers that are none, a range that is upside down. */
export function usualScale(
  value: number,
  { low, high }: { readonly low: number; readonly high: number },
): UsualScale | undefined {
  if (![value, low, high].every(isDrawable) || low > high) return undefined;
  const side: Side = value < low ? 'below' : value > high ? 'above' : 'within';
  const even = EVEN_SHARE * (side === 'below' && low > 0 ? low : Math.max(Math.abs(low), Math.abs(high)));
  // Where only 0 is usual there is nothing to be times of, and both kinds of line would look alike.
  const isLogarithmic = even > SMALLEST && (isFar(value, low, high, even) || isSquashed(value, low, high));
  // The inverse hyperbolic sine: a logarithm far from 0, even near it, and good for negative numbers, too.
  const on = (number: number): number => (isLogarithmic ? Math.asinh(number / even) : number);
  // A line of amounts begins at 0: a part of it would make much of little.
  const from = on(value >= 0 && low >= 0 ? 0 : Math.min(value, low));
  const until = on(Math.max(value, high));
  const span = until - from;
  const place = (number: number): number =>
    span > 0 ? MARGIN + ((on(number) - from) / span) * (1 - 2 * MARGIN) : 1 / 2;
  return {
    value: place(value),
    low: place(low),
    high: place(high),
    side,
    isLogarithmic,
    ticks: isLogarithmic ? ticksOf(value, low, high, even).map(place).filter(isOnLine) : [],
    times: timesOf(value, low, high, side),
  };
}

/** The usual range would be a hairline. */
function isFar(value: number, low: number, high: number, even: number): boolean {
  return Math.max(low - value, value - high) > FAR * Math.max(high - low, even);
}

/** Too little, yet drawn at the very edge of the range, as that reaches so far up. */
function isSquashed(value: number, low: number, high: number): boolean {
  return value >= 0 && value * LEAST_TIMES <= low && low < high * EVEN_SHARE;
}

/** Far beyond anything that is measured; differences of such numbers are still numbers. */
const LARGEST = 1e100;
/** The same the other way: quotients of such numbers are still numbers. */
const SMALLEST = 1e-100;
const isDrawable = (number: number): boolean => Math.abs(number) <= LARGEST;
const isOnLine = (place: number): boolean => place >= MARGIN && place <= 1 - MARGIN;

function ticksOf(value: number, low: number, high: number, nearest: number): readonly number[] {
  const farthest = [value, low, high].reduce((far, number) => (Math.abs(number) > Math.abs(far) ? number : far));
  const ticks: number[] = [];
  for (let exponent = Math.floor(Math.log10(Math.abs(farthest))); ticks.length < MOST_TICKS; exponent--) {
    const tick = 10 ** exponent;
    if (tick < nearest) break;
    ticks.unshift(Math.sign(farthest) * tick);
  }
  return ticks;
}

function timesOf(value: number, low: number, high: number, side: Side): number | null {
  const times = side === 'above' && high > 0 ? value / high : side === 'below' && value > 0 ? low / value : 0;
  return times >= LEAST_TIMES && Number.isFinite(times) ? times : null;
}
