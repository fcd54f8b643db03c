/** Parts of dates for the modifiers minute to year: of texts as they are written, of numbers in UTC. */
import type { FieldValue, TimePart } from './types.ts';

/** ISO 8601 and its many relatives: "2026-11-21T21:05:00Z", "2026-11-21 21:05". */
const DATE = /^(\d{4})[-/](\d{2})[-/](\d{2})(?:[T ](\d{2}):(\d{2}))?/;
/** Numbers below this are seconds, those above milliseconds: the year 5138 in seconds, 1973 in milliseconds. */
const LEAST_MILLISECONDS = 1e11;
const MS_PER_DAY = 86_400_000;

/** NaN where the value is no date. */
export function timePartOf(value: FieldValue, part: TimePart): number {
  const date = dateOf(value);
  return date === undefined ? Number.NaN : PARTS[part](date);
}

function dateOf(value: FieldValue): Date | undefined {
  if (typeof value === 'number') return new Date(Math.abs(value) < LEAST_MILLISECONDS ? value * 1_000 : value);
  if (typeof value !== 'string') return undefined;
  const found = DATE.exec(value);
  if (found === null) return undefined;
  const [year, month, day, hour, minute] = found.slice(1).map((text) => Number(text ?? 0));
  return new Date(Date.UTC(year, month - 1, day, hour, minute));
}

const PARTS: Readonly<Record<TimePart, (date: Date) => number>> = {
  minute: (date) => date.getUTCMinutes(),
  hour: (date) => date.getUTCHours(),
  day: (date) => date.getUTCDate(),
  week: weekOf,
  month: (date) => date.getUTCMonth() + 1,
  year: (date) => date.getUTCFullYear(),
};

/** Week of ISO 8601: that of its Thursday. */
function weekOf(date: Date): number {
  const weekday = (date.getUTCDay() + 6) % 7;
  const thursday = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() - weekday + 3);
  const firstDay = Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1);
  return 1 + Math.floor((thursday - firstDay) / MS_PER_DAY / 7);
}
