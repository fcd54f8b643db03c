/** The alerts a day as a slider has them: few steps where few are asked for, wide ones above. Pure. */
import { MAX_ALERTS_A_DAY } from '../../../contract/models.ts';

const STOPS = [0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, MAX_ALERTS_A_DAY] as const;

export interface Limits {
  readonly minimum?: number;
  readonly maximum?: number;
}

/** What can be chosen: the usual numbers within the limits, and what is set now, whatever it is. */
export function stopsWith(
  current: number,
  { minimum = 0, maximum = MAX_ALERTS_A_DAY }: Limits = {},
): readonly number[] {
  const within = STOPS.filter((stop) => stop >= minimum && stop <= maximum);
  return [...new Set([...within, current])].sort((a, b) => a - b);
}

const HOURS_PER_DAY = 24;

/** What a preview looked at, in hours where it is little. @param days of which there is something to look at */
export function spanOf(days: number): { readonly count: number; readonly unit: 'days' | 'hours' } {
  return days >= 2
    ? { count: Math.round(days), unit: 'days' }
    : { count: Math.max(1, Math.round(days * HOURS_PER_DAY)), unit: 'hours' };
}
