/** Which rows are for what. */
import type { Random } from './random.ts';

/** Parts of a hundred; the last one is what is left. */
const SHARES = { fit: 60, calibrate: 15, join: 15 } as const;
const BLOCKS = 100;

export interface RowSplit {
  /** To fit scaler and models on. */
  readonly fit: Int32Array;
  /** To calibrate each model by. */
  readonly calibrate: Int32Array;
  /** To calibrate the combination by. */
  readonly join: Int32Array;
  /** To tell how well it does. */
  readonly validate: Int32Array;
}

/**
 * Splits rows that are in the order of time. What happens at one moment is much alike: rows side by side in different
 * parts would make held-back rows look more usual than those of tomorrow will be. So time is cut into a hundred blocks
 * and whole blocks are drawn at random; every part has rows of all hours.
 */
export function splitRows(rows: number, random: Random): RowSplit {
  const order = random.choose(BLOCKS, BLOCKS);
  const parts: Record<keyof RowSplit, number[]> = { fit: [], calibrate: [], join: [], validate: [] };
  for (let row = 0; row < rows; row++) parts[partOf(order[Math.floor((row * BLOCKS) / rows)]!)].push(row);
  return {
    fit: Int32Array.from(parts.fit),
    calibrate: Int32Array.from(parts.calibrate),
    join: Int32Array.from(parts.join),
    validate: Int32Array.from(parts.validate),
  };
}

function partOf(place: number): keyof RowSplit {
  if (place < SHARES.fit) return 'fit';
  if (place < SHARES.fit + SHARES.calibrate) return 'calibrate';
  return place < SHARES.fit + SHARES.calibrate + SHARES.join ? 'join' : 'validate';
}
