/** Times of certificates (RFC 5280 4.1.2.5). */
import { latin1 } from '../bytes.ts';
import { type Element, TAG } from './der.ts';

/** Two digits of year: 1950 to 2049 (RFC 5280 4.1.2.5.1). */
const FIRST_YEAR_OF_CENTURY = 50;
/** "YYYYMMDDHHMMSS.ffffff+hhmm" and some more. */
const MAX_TIME_TEXT = 32;

/**
 * UTCTime or GeneralizedTime as milliseconds since the epoch; undefined where it is none. Seconds may be left out and
 * an offset may be given, as in old certificates.
 */
export function certificateTime(element: Element): number | undefined {
  const isUtcTime = element.tag === TAG.utcTime;
  if (!isUtcTime && element.tag !== TAG.generalizedTime) return undefined;
  const text = latin1(element.content, 0, element.content.length, MAX_TIME_TEXT);
  const yearDigits = isUtcTime ? 2 : 4;
  const digits = digitsAtStart(text);
  if (digits !== yearDigits + 8 && digits !== yearDigits + 10) return undefined;
  const part = (at: number): number => (at < digits ? Number(text.slice(at, at + 2)) : 0);
  const yearPart = Number(text.slice(0, yearDigits));
  const year = isUtcTime ? yearPart + (yearPart < FIRST_YEAR_OF_CENTURY ? 2000 : 1900) : yearPart;
  const [month, day] = [part(yearDigits), part(yearDigits + 2)];
  const [hour, minute, second] = [part(yearDigits + 4), part(yearDigits + 6), part(yearDigits + 8)];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
  const offset = offsetMinutes(withoutFraction(text.slice(digits)));
  if (offset === undefined) return undefined;
  // setUTCFullYear, because Date.UTC takes the years 0 to 99 for 1900 to 1999.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // 30 February is no day.
  if (date.getUTCDate() !== day) return undefined;
  return date.setUTCHours(hour, minute - offset, second);
}

function digitsAtStart(text: string): number {
  let count = 0;
  while (count < text.length && text[count] >= '0' && text[count] <= '9') count++;
  return count;
}

function withoutFraction(zone: string): string {
  if (zone[0] !== '.' && zone[0] !== ',') return zone;
  return zone.slice(1 + digitsAtStart(zone.slice(1)));
}

/** "Z", "+0100"; nothing counts as Z. Undefined for anything else. */
function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === '') return 0;
  const sign = zone[0] === '+' ? 1 : zone[0] === '-' ? -1 : 0;
  if (sign === 0 || zone.length !== 5 || digitsAtStart(zone.slice(1)) !== 4) return undefined;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3)));
}
