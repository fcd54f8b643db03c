/** What the signs come to, and what rhythm and signs are worth together. */
import type { Evidence } from '../../../../contract/domain.ts';
import { SIGNS, type Sign, type Suspect } from './signs.ts';

/** A sign of so many points is one that ordinary programs rarely show. */
const STRONG_POINTS = 1;
/** In a ranking a perfect rhythm without any sign is worth this much, and with so many points all of it. */
const RHYTHM_ALONE = 0.4;
const FULL_POINTS = 2;

export interface Suspicion {
  /** Sum of the signs' points; below 0 for what is surely ordinary. */
  readonly points: number;
  readonly evidence: readonly Evidence[];
  readonly signs: readonly string[];
  /** Among the signs is one that ordinary programs rarely show, and not only several that some do. */
  readonly isStrong: boolean;
}

export function suspicionOf(suspect: Suspect): Suspicion {
  let points = 0;
  let isStrong = false;
  const seen: Sign[] = [];
  for (const sign of SIGNS) {
    const given = sign.points(suspect);
    if (given === 0) continue;
    points += given;
    isStrong ||= given >= STRONG_POINTS;
    seen.push(sign);
  }
  return { points, evidence: seen.map((sign) => sign.evidence(suspect)), signs: seen.map(({ id }) => id), isStrong };
}

/** Rhythm and suspicion in one number from 0 to 1, to rank pairs by. Rhythm alone is worth less than half. */
export function standingOf(score: number, points: number): number {
  return score * (RHYTHM_ALONE + (1 - RHYTHM_ALONE) * Math.min(Math.max(points / FULL_POINTS, 0), 1));
}
