import { wrongInput } from './failure.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const SPAN = /^(\d{1,6}(?:\.\d{1,3})?)\s*(s|m|min|h|d|w)$/;

/**
 * A span of time as people give it: "30m", "2h", "1d".
 * @returns milliseconds
 * @throws CommandError `bad-duration`
 */
export function parseDuration(text: string): number {
  const span = SPAN.exec(text.trim());
  if (span !== null) return Number(span[1]) * UNIT_MS[span[2]];
  throw wrongInput(
    'bad-duration',
    `"${text}" is no span of time.`,
    'Give a number with its unit, such as 30m, 2h or 1d.',
  );
}

/**
 * A moment as people give it: "30m", "2h", "1d" ago, or a date ("2026-11-21", "2026-11-21T09:00").
 * @returns milliseconds since the epoch
 * @throws CommandError `bad-time`
 */
export function parseSince(text: string, nowMs: number): number {
  const ago = SPAN.exec(text.trim());
  if (ago !== null) return nowMs - Number(ago[1]) * UNIT_MS[ago[2]];
  const moment = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(moment)) return moment;
  throw wrongInput(
    'bad-time',
    `"${text}" is no time.`,
    'Give an age such as 30m, 2h or 1d, or a date such as 2026-11-21.',
  );
}
