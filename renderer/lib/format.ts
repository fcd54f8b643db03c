/** Numbers, sizes, rates and times in words. Pure, but for the language of the window. */

const LOCALE = 'en';

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const decimals = [0, 1, 2, 3].map(
  (digits) => new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);
const compact = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 });
const plurals = new Intl.PluralRules(LOCALE);

/** "1,234". */
export function formatCount(value: number): string {
  return Number.isFinite(value) ? whole.format(value) : '–';
}

/** "1.2K", where there is no room for all of it. */
export function formatCompact(value: number): string {
  return Number.isFinite(value) ? compact.format(value) : '–';
}

export function formatNumber(value: number, digits: 0 | 1 | 2 | 3 = 1): string {
  return Number.isFinite(value) ? decimals[digits].format(value) : '–';
}

/** "63 %", "0.4 %". @param value of 100 */
export function formatPercent(value: number): string {
  return Number.isFinite(value) ? `${decimals[value !== 0 && Math.abs(value) < 10 ? 1 : 0].format(value)} %` : '–';
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

/** A number and its unit, apart, so that the unit can be quiet: 1.5, "MB". Decimal units: 1 kB is 1,000 B. */
export function bytesParts(bytes: number): { readonly value: string; readonly unit: string } {
  if (!Number.isFinite(bytes)) return { value: '–', unit: 'B' };
  let value = Math.abs(bytes);
  let step = 0;
  // 999.95 would be shown as 1,000.0 of the smaller unit.
  while (value >= 999.5 && step < BYTE_UNITS.length - 1) {
    value /= 1000;
    step += 1;
  }
  const signed = bytes < 0 ? -value : value;
  const digits = step === 0 || value >= 99.95 ? 0 : 1;
  return { value: decimals[digits].format(signed), unit: BYTE_UNITS[step] };
}

/** "1.5 MB". */
export function formatBytes(bytes: number): string {
  const { value, unit } = bytesParts(bytes);
  return `${value} ${unit}`;
}

/** "1.5 MB/s". */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The two largest units: "850 ms", "4.2 s", "3 min 5 s", "2 h 10 min", "3 d 4 h". */
export function formatDuration(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return '–';
  const ms = Math.abs(milliseconds);
  const sign = milliseconds < 0 ? '−' : '';
  if (ms < SECOND) return `${sign}${whole.format(ms)} ms`;
  if (ms < MINUTE) return `${sign}${decimals[ms < 10 * SECOND ? 1 : 0].format(ms / SECOND)} s`;
  const two = (large: number, largeUnit: string, small: number, smallUnit: string): string => {
    const larges = Math.floor(ms / large);
    const smalls = Math.floor((ms % large) / small);
    return `${sign}${larges} ${largeUnit}${smalls === 0 ? '' : ` ${smalls} ${smallUnit}`}`;
  };
  if (ms < HOUR) return two(MINUTE, 'min', SECOND, 's');
  if (ms < DAY) return two(HOUR, 'h', MINUTE, 'min');
  return two(DAY, 'd', HOUR, 'h');
}

/** "just now", "25 s ago", "5 min ago", "3 h ago", "2 d ago", "in 5 min". */
export function formatRelative(timeMs: number, nowMs: number): string {
  const ago = nowMs - timeMs;
  const size = Math.abs(ago);
  if (size < 5 * SECOND) return 'just now';
  const [unitMs, unit] =
    size < MINUTE ? [SECOND, 's'] : size < HOUR ? [MINUTE, 'min'] : size < DAY ? [HOUR, 'h'] : [DAY, 'd'];
  const text = `${whole.format(Math.floor(size / (unitMs as number)))} ${unit}`;
  return ago < 0 ? `in ${text}` : `${text} ago`;
}

const time = new Intl.DateTimeFormat(LOCALE, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const shortTime = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', year: 'numeric' });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: 'long', day: 'numeric', month: 'short', year: 'numeric' });

function dated(format: Intl.DateTimeFormat, timeMs: number): string {
  // Outside what a Date can hold, Intl throws.
  return Math.abs(timeMs) <= 8.64e15 ? format.format(timeMs) : '–';
}

/** "09:42:05". */
export const formatTime = (timeMs: number): string => dated(time, timeMs);
/** "09:42". */
export const formatShortTime = (timeMs: number): string => dated(shortTime, timeMs);
/** "Nov 21, 2026". */
export const formatDay = (timeMs: number): string => dated(day, timeMs);
/** "Saturday, Nov 21, 2026, 09:42:05". */
export const formatExact = (timeMs: number): string => `${dated(weekday, timeMs)}, ${formatTime(timeMs)}`;

/** "09:42–09:47 today", "Nov 20, 2026, 09:42–09:47". */
export function formatSpan(fromMs: number, toMs: number, nowMs: number): string {
  const sameDay = formatDay(fromMs) === formatDay(toMs);
  const clock =
    formatShortTime(fromMs) === formatShortTime(toMs) && sameDay
      ? formatShortTime(fromMs)
      : `${formatShortTime(fromMs)}–${formatShortTime(toMs)}`;
  if (sameDay && formatDay(fromMs) === formatDay(nowMs)) return `${clock} today`;
  if (sameDay) return `${formatDay(fromMs)}, ${clock}`;
  return `${formatDay(fromMs)}, ${formatShortTime(fromMs)} – ${formatDay(toMs)}, ${formatShortTime(toMs)}`;
}

/** Word forms by the rules of the language: `{ one: 'alert', other: 'alerts' }`. */
export interface PluralForms {
  readonly one: string;
  readonly other: string;
}

/** The right form, without the number. */
export function plural(count: number, forms: PluralForms): string {
  return plurals.select(count) === 'one' ? forms.one : forms.other;
}

/** "1 alert", "1,234 alerts". */
export function counted(count: number, forms: PluralForms): string {
  return `${formatCount(count)} ${plural(count, forms)}`;
}
