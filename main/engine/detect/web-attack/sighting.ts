import type { AttackId } from './attack-kinds.ts';

/**
 * How much a sign says by itself. `sure`: nobody sends this but to attack. `likely`: hardly ever anything else.
 * `weak`: seen in ordinary requests too; it counts with others, and with the answer.
 */
export type Certainty = 'weak' | 'likely' | 'sure';

/** One sign of an attack in one part of a request. */
export interface Sighting {
  readonly attack: AttackId;
  readonly certainty: Certainty;
  /** What it wants, in a few words: "reads tables of the database". */
  readonly aim: string;
}

const RANK: Readonly<Record<Certainty, number>> = { weak: 0, likely: 1, sure: 2 };

export function certaintyRank(certainty: Certainty): number {
  return RANK[certainty];
}

/** The surer of two; the first of equals. */
export function surer(first: Sighting | undefined, second: Sighting | undefined): Sighting | undefined {
  if (first === undefined || second === undefined) return first ?? second;
  return RANK[second.certainty] > RANK[first.certainty] ? second : first;
}
