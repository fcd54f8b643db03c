/**
 * Times of logs. RFC 3164 has neither year nor zone ("Jan  5 08:01:02"), RFC 3339 has both, dpkg has a year and no
 * zone, web servers have a form of their own. Times without a zone are this computer's: who wrote them runs here.
 */

/** Parts of a time as a calendar has them; `month` counts from 0. */
interface CalendarTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** 60 is a leap second. */
  readonly second: number;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MINUTE_MS = 60_000;
/** A clock may be ahead, or the zone have been changed: a line so far in the future is still one of now. */
const FUTURE_TOLERANCE_MS = 26 * 60 * MINUTE_MS;
/** The 29th of February is found in any of so many years, 1900 and its like included. */
const YEARS_BACK = 8;

/** A time that was read, and where the rest of the line begins. */
export interface ReadTime {
  readonly timeMs: number;
  readonly end: number;
}

/** `count` decimal digits at `at`, or NaN. A space may stand for the first one where `padded`. */
function digits(text: string, at: number, count: number, padded = false): number {
  let value = 0;
  for (let index = at; index < at + count; index += 1) {
    const code = text.charCodeAt(index);
    if (padded && index === at && code === 0x20) continue;
    if (!(code >= 0x30 && code <= 0x39)) return Number.NaN;
    value = value * 10 + code - 0x30;
  }
  return value;
}

/** "08:01:02" at `at`, in parts; undefined where it is none. */
function clockTime(text: string, at: number): Pick<CalendarTime, 'hour' | 'minute' | 'second'> | undefined {
  const hour = digits(text, at, 2);
  const minute = digits(text, at + 3, 2);
  const second = digits(text, at + 6, 2);
  if (text[at + 2] !== ':' || text[at + 5] !== ':') return undefined;
  return hour <= 23 && minute <= 59 && second <= 60 ? { hour, minute, second } : undefined;
}

function isDate({ year, month, day }: CalendarTime): boolean {
  return month >= 0 && month <= 11 && day >= 1 && day <= new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
}

function utcMs({ year, month, day, hour, minute, second }: CalendarTime): number {
  return Date.UTC(year, month, day, hour, minute, second);
}

/** As this computer's clock on the wall says it. */
function localMs({ year, month, day, hour, minute, second }: CalendarTime): number {
  return new Date(year, month, day, hour, minute, second).getTime();
}

/**
 * "Jan  5 08:01:02" (RFC 3164 4.1.2). The year is the latest in which the time would not be in the future: on the
 * first of January lines of December are of last year.
 */
export function readYearlessTime(text: string, nowMs: number): ReadTime | undefined {
  const month = MONTHS.indexOf(text.slice(0, 3));
  const clock = clockTime(text, 7);
  const day = digits(text, 4, 2, true);
  if (month < 0 || clock === undefined || Number.isNaN(day) || text[3] !== ' ' || text[6] !== ' ') return undefined;
  const thisYear = new Date(nowMs).getFullYear();
  for (let year = thisYear + 1; year >= thisYear - YEARS_BACK; year -= 1) {
    const time = { year, month, day, ...clock };
    if (!isDate(time)) continue;
    const timeMs = localMs(time);
    if (timeMs <= nowMs + FUTURE_TOLERANCE_MS) return { timeMs, end: 15 };
  }
  return undefined;
}

/** "2026-11-21T21:16:03.123456+01:00" (RFC 3339), also with a space and without a zone, as dpkg writes it. */
export function readDatedTime(text: string): ReadTime | undefined {
  const clock = clockTime(text, 11);
  const date = { year: digits(text, 0, 4), month: digits(text, 5, 2) - 1, day: digits(text, 8, 2) };
  if (clock === undefined || text[4] !== '-' || text[7] !== '-' || (text[10] !== 'T' && text[10] !== ' ')) {
    return undefined;
  }
  const time = { ...date, ...clock };
  if (!isDate(time)) return undefined;
  const fraction = readFraction(text, 19);
  const zone = readZone(text, fraction.end);
  const timeMs = zone === undefined ? localMs(time) : utcMs(time) - zone.offsetMinutes * MINUTE_MS;
  return { timeMs: timeMs + fraction.ms, end: zone?.end ?? fraction.end };
}

/** "[10/Oct/2000:13:55:36 -0700]" without its brackets, as web servers write it. */
export function readAccessTime(text: string): number | undefined {
  const clock = clockTime(text, 12);
  const month = MONTHS.indexOf(text.slice(3, 6));
  const zone = readZone(text, 21);
  if (clock === undefined || month < 0 || zone === undefined || text[20] !== ' ') return undefined;
  const time = { year: digits(text, 7, 4), month, day: digits(text, 0, 2), ...clock };
  return isDate(time) ? utcMs(time) - zone.offsetMinutes * MINUTE_MS : undefined;
}

/** No clock is finer than nanoseconds. */
const FRACTION_DIGITS = 9;

function readFraction(text: string, at: number): { readonly ms: number; readonly end: number } {
  if (text[at] !== '.' && text[at] !== ',') return { ms: 0, end: at };
  let end = at + 1;
  while (end <= at + FRACTION_DIGITS && !Number.isNaN(digits(text, end, 1))) end += 1;
  return end === at + 1 ? { ms: 0, end: at } : { ms: Number(`0.${text.slice(at + 1, end)}`) * 1000, end };
}

/** "Z", "+01:00" or "+0100". */
function readZone(text: string, at: number): { readonly offsetMinutes: number; readonly end: number } | undefined {
  const sign = text[at];
  if (sign === 'Z') return { offsetMinutes: 0, end: at + 1 };
  if (sign !== '+' && sign !== '-') return undefined;
  const colon = text[at + 3] === ':' ? 1 : 0;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 3 + colon, 2);
  if (!(hours <= 23 && minutes <= 59)) return undefined;
  return { offsetMinutes: (sign === '-' ? -1 : 1) * (hours * 60 + minutes), end: at + 5 + colon };
}
