/** Whether what is usual has moved since a version was trained. Pure, and in turns. */
import type { Drift } from '../../../../contract/api-models.ts';
import {
  columnStability,
  type Matrix,
  medianOf,
  type Profile,
  scoreStability,
  type TrainingGroup,
} from '../../models/index.ts';
import { pValuesOf } from './model-promotion.ts';
import { Turns } from './turns.ts';

/** Fewer rows of a group move by chance alone. */
const LEAST_ROWS = 200;
/** From here on a distribution is said to have moved much (Siddiqi 2006). */
const MOVED = 0.25;
/** Columns that have moved before a whole table has: one may be a new program. */
const MOVED_SHARE = 0.2;
const MOST_TOLD = 10;

/**
 * Compares recent rows with those that a profile was trained on. Null where there are too few.
 *
 * @param recent whatever came lately, unusual or not
 */
export async function driftOf(
  profile: Profile,
  recent: readonly TrainingGroup[],
  nowMs: number,
): Promise<Drift | null> {
  const turns = new Turns();
  const groups = recent.filter(({ group, rows }) => rows.rows >= LEAST_ROWS && profile.groups.includes(group));
  if (groups.length === 0) return null;
  const moved = new Map<string, Drift['moved'][number]>();
  let columns = 0;
  let movedColumns = 0;
  for (const { group, rows } of groups) {
    for (const [index, usual] of profile.usual(group).entries()) {
      if (turns.isOver) await turns.next();
      const values = columnOf(rows, index);
      const stability = columnStability(usual, values);
      if (Number.isNaN(stability)) continue;
      columns++;
      if (stability <= MOVED) continue;
      movedColumns++;
      const { name: feature, label, unit } = usual.column;
      const { stability: known = 0 } = moved.get(feature) ?? {};
      const told = { feature, label, unit, stability, before: usual.median, now: medianOf(values) };
      if (stability > known) moved.set(feature, told);
    }
  }
  let stability = 0;
  for (const group of groups) stability = Math.max(stability, await scoreMovement(profile, group));
  return {
    isDrifted: stability > MOVED || movedColumns > columns * MOVED_SHARE,
    checkedMs: nowMs,
    rows: groups.reduce((sum, { rows }) => sum + rows.rows, 0),
    scoreStability: stability,
    moved: [...moved.values()].sort((first, second) => second.stability - first.stability).slice(0, MOST_TOLD),
  };
}

async function scoreMovement(profile: Profile, group: TrainingGroup): Promise<number> {
  const then = profile.detail(group.group)?.distribution;
  return then === undefined ? 0 : scoreStability((await pValuesOf(profile, [group])).filter(Number.isFinite), then);
}

function columnOf({ rows, columns, data }: Matrix, column: number): Float64Array {
  const values = new Float64Array(rows);
  for (let row = 0; row < rows; row++) values[row] = data[row * columns + column];
  return values;
}
