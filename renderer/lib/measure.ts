/** A measured value as it is read: the number and its unit apart, so that the unit can be quiet. Pure. */
import { formatNumber, unitFor } from '../../contract/format.ts';
import { bytesParts, formatDuration } from './format.ts';

export interface Measure {
  readonly value: string;
  /** Empty: none. */
  readonly unit: string;
}

/** Below this three significant digits are more zeroes than digits. */
const LEAST_WRITTEN = 1e-4;

/** @param unit as the engine names it: "B", "s", "packets"; empty for a plain number */
export function measureOf(value: number, unit: string): Measure {
  if (unit === 'B') return bytesParts(value);
  const isTiny = value !== 0 && Math.abs(value) < LEAST_WRITTEN;
  return { value: isTiny ? value.toExponential(1) : formatNumber(value), unit: unitFor(value, unit) };
}

const MS_PER_SECOND = 1_000;
const MICROSECONDS_PER_SECOND = 1_000_000;
/** From here on seconds are not what people count in. */
const MANY_SECONDS = 120;

/** "2.1 MB", "14 packets", "3 min 5 s", "0.42". */
export function measureText(value: number, unit: string): string {
  if (!Number.isFinite(value)) return '–';
  // Features of flows count in millionths of a second, people do not.
  if (unit === 'µs') return measureText(value / MICROSECONDS_PER_SECOND, 's');
  if (unit === 's' && Math.abs(value) >= MANY_SECONDS) return formatDuration(value * MS_PER_SECOND);
  const measure = measureOf(value, unit);
  return measure.unit === '' ? measure.value : `${measure.value} ${measure.unit}`;
}
