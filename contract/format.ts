/** Numbers and times as people read them. Times are UTC: a capture does not say where its reader sits. */

const COUNT = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const DECIMAL = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** "1,234"; fractions with three significant digits. */
export function formatNumber(value: number): string {
  return Number.isInteger(value) || Math.abs(value) >= 1000 ? COUNT.format(value) : DECIMAL.format(value);
}

/** "1 packet", "1,234 packets". */
export function formatCount(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`;
}

/** Units in the plural whose singular is not the plural without its "s". */
const SINGULARS: Readonly<Record<string, string>> = { addresses: 'address', tries: 'try' };

/** The unit as it stands behind a number: detectors give it in the plural. "1 host", "2 hosts", "1 packet/s". */
export function unitFor(value: number, unit: string): string {
  if (value !== 1) return unit;
  const [noun, per] = unit.split('/', 2);
  const one = SINGULARS[noun] ?? (/[a-z]{3,}s$/.test(noun) ? noun.slice(0, -1) : noun);
  return per === undefined ? one : `${one}/${per}`;
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const BYTE_STEP = 1000;

/** "812 B", "1.21 MB": decimal units, three significant digits. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 would be written as 1,000.
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= BYTE_STEP;
    unit += 1;
  }
  return `${DECIMAL.format(value)} ${BYTE_UNITS[unit]}`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "40 ms", "6.3 s", "4 min 12 s", "2 h 5 min", "3 d 4 h". */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < SECOND) return `${DECIMAL.format(Math.max(milliseconds, 0))} ms`;
  if (milliseconds < MINUTE) return `${DECIMAL.format(milliseconds / SECOND)} s`;
  const [large, small, largeUnit, smallUnit] =
    milliseconds < HOUR
      ? ([MINUTE, SECOND, 'min', 's'] as const)
      : milliseconds < DAY
        ? ([HOUR, MINUTE, 'h', 'min'] as const)
        : ([DAY, HOUR, 'd', 'h'] as const);
  const smalls = Math.floor(milliseconds / small);
  const rest = smalls % (large / small);
  return `${COUNT.format(Math.floor(milliseconds / large))} ${largeUnit}${rest === 0 ? '' : ` ${rest} ${smallUnit}`}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** "21 Sep 2021". */
export function formatDate(milliseconds: number): string {
  const date = new Date(milliseconds);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()}`;
}

/** "08:57:30", or with milliseconds "08:57:30.471". */
export function formatTime(milliseconds: number, fraction = false): string {
  const iso = new Date(milliseconds).toISOString();
  const start = iso.indexOf('T') + 1;
  return iso.slice(start, start + (fraction ? 'hh:mm:ss.sss' : 'hh:mm:ss').length);
}

/** "21 Sep 2021, 08:57:30–08:57:36"; the second date only where it is another. */
export function formatSpan(firstMs: number, lastMs: number): string {
  const sameDay = formatDate(firstMs) === formatDate(lastMs);
  const fraction = lastMs - firstMs < SECOND;
  const from = `${formatDate(firstMs)}, ${formatTime(firstMs, fraction)}`;
  if (firstMs === lastMs) return from;
  return `${from}–${sameDay ? '' : `${formatDate(lastMs)}, `}${formatTime(lastMs, fraction)}`;
}

/** A tick of a time axis, as exact as the span needs. */
export function formatTick(milliseconds: number, spanMs: number): string {
  if (spanMs < 5 * SECOND) return formatTime(milliseconds, true);
  if (spanMs < 10 * MINUTE) return formatTime(milliseconds);
  const minutes = formatTime(milliseconds).slice(0, 'hh:mm'.length);
  return spanMs < DAY ? minutes : `${formatDate(milliseconds).replace(/ \d+$/, '')} ${minutes}`;
}
