/** Numbers that stand under each other: fixed width, units quiet. */

import { useNow } from '../lib/clock.ts';
import { bytesParts, formatCompact, formatCount, formatExact, formatPercent, formatRelative } from '../lib/format.ts';

function Measure({ value, unit, title }: { readonly value: string; readonly unit: string; readonly title?: string }) {
  return (
    <span className="font-mono whitespace-nowrap" title={title}>
      {value} <span className="inline-block min-w-[2ch] text-left text-ink-quiet">{unit}</span>
    </span>
  );
}

export function Bytes({ value }: { readonly value: number }) {
  const { value: number, unit } = bytesParts(value);
  return <Measure value={number} unit={unit} title={`${formatCount(value)} B`} />;
}

/** Bytes in a second. */
export function Rate({ value }: { readonly value: number }) {
  const { value: number, unit } = bytesParts(value);
  return <Measure value={number} unit={`${unit}/s`} title={`${formatCount(value)} B/s`} />;
}

export function Count({ value, isCompact = false }: { readonly value: number; readonly isCompact?: boolean }) {
  return (
    <span className="font-mono" title={isCompact ? formatCount(value) : undefined}>
      {isCompact ? formatCompact(value) : formatCount(value)}
    </span>
  );
}

/** @param value of 100 */
export function Percent({ value }: { readonly value: number }) {
  return <span className="font-mono whitespace-nowrap">{formatPercent(value)}</span>;
}

/** "5 min ago", kept up to date; the exact time when pointed at. */
export function RelativeTime({ timeMs }: { readonly timeMs: number }) {
  const now = useNow();
  const isDate = Math.abs(timeMs) <= 8.64e15;
  return (
    <time
      dateTime={isDate ? new Date(timeMs).toISOString() : undefined}
      title={formatExact(timeMs)}
      className="whitespace-nowrap"
    >
      {formatRelative(timeMs, Math.max(now, Math.min(timeMs, now + 2_000)))}
    </time>
  );
}
