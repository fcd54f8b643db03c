/** Values of columns as people read them. */
import { formatBytes, formatDuration, formatNumber, unitFor } from '../../../contract/format.ts';
import type { Column } from './table-column.ts';

const MICROSECONDS_PER_MS = 1_000;
const MS_PER_SECOND = 1_000;

/** By unit; others are the number and the unit behind it. */
const FORMATS: Readonly<Record<string, (value: number) => string>> = {
  B: formatBytes,
  'B/s': (value) => `${formatBytes(value)}/s`,
  µs: (value) => formatDuration(value / MICROSECONDS_PER_MS),
  s: (value) => formatDuration(value * MS_PER_SECOND),
  '%': (value) => `${formatNumber(value)} %`,
  '': formatNumber,
};

/** Tenths are enough of a count that is no whole number, as a mean is. */
const rounded = (value: number) => (Number.isInteger(value) ? value : Number(value.toPrecision(3)));

/** "214 MB", "3 min 12 s", "1,234 packets", "tls". */
export function readableValue({ unit, names }: Column, value: number): string {
  if (names !== undefined) return names[value] ?? `number ${formatNumber(value)}`;
  const known = FORMATS[unit];
  // Most values are not below 0; those that are mean that there is none.
  if (known !== undefined) return value < 0 ? `−${known(-value)}` : known(value);
  return `${formatNumber(rounded(value))} ${unitFor(value, unit)}`;
}

/** "1 to 298 processes", "800 B to 2 MB". */
export function readableRange(column: Column, low: number, high: number): string {
  const isPlainCount = FORMATS[column.unit] === undefined;
  return `${isPlainCount ? formatNumber(rounded(low)) : readableValue(column, low)} to ${readableValue(column, high)}`;
}
