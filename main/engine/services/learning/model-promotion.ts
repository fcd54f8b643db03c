/** Whether a new version may replace the one in use: what both make of the same rows. Pure, and in turns. */
import type { Profile as ProfileInfo } from '../../../../contract/api-models.ts';
import { formatNumber } from '../../../../contract/format.ts';
import {
  type Matrix,
  type Profile,
  Random,
  rankCorrelation,
  TABLE_COLUMNS,
  type TrainingGroup,
} from '../../models/index.ts';
import { Turns } from './turns.ts';

export interface PromotionRequest {
  readonly candidate: Profile;
  /** The version in use; undefined where there is none. */
  readonly active: Profile | undefined;
  readonly activeId: string | null;
  /** Of the candidate's training, on rows that it was not fitted on. */
  readonly metrics: ProfileInfo['metrics'];
  /** Rows that neither was fitted on. */
  readonly check: readonly TrainingGroup[];
  readonly seed: number;
}

export interface Promotion {
  readonly isPromoted: boolean;
  /** One sentence. */
  readonly reason: string;
}

/** What two versions make of the same rows. */
export interface Agreement {
  /** Spearman, of their p-values. */
  readonly rankCorrelation: number;
  /** Share of the rows that one finds unusual and the other does not. */
  readonly disagreement: number;
}

/** From here on a row counts as unusual in all of this. */
const UNUSUAL = 0.01;
const VERY_UNUSUAL = 0.001;
/** Usual rows that may be found unusual, for each that should be: calibration on few rows is not exact. */
const MOST_TIMES = 3;
/** And so many standard deviations of the count, for few rows. */
const DEVIATIONS = 4;
/** Strange rows that must be found: fewer, and the model tells little apart. */
const LEAST_FOUND = 0.5;
/** How many fewer of them than the version in use finds. */
const WORSE_BY = 0.1;
/** How much of what is unusual to one may be usual to the other: more is no slow change. */
const MOST_DISAGREEMENT = 0.05;
/** Orders of usual rows are mostly chance; two fits on the same habits have well above this in common. */
const LEAST_CORRELATION = 0.2;
/** Fewer rows in common say nothing. */
const LEAST_COMPARED = 50;
/** Columns of a usual row that are moved to make a strange one, and how far: so many times their range. */
const MOVED_COLUMNS = 5;
const MOVED_BY = 10;

/** P-values of all rows whose group a profile knows; NaN for the others. */
export async function pValuesOf(profile: Profile, groups: readonly TrainingGroup[]): Promise<Float64Array> {
  const turns = new Turns();
  const values = new Float64Array(groups.reduce((sum, { rows }) => sum + rows.rows, 0));
  let at = 0;
  for (const { group, rows } of groups) {
    for (let row = 0; row < rows.rows; row++) {
      values[at++] = profile.pValue(group, rows.data, row * rows.columns);
      if (turns.isOver) await turns.next();
    }
  }
  return values;
}

export function agreementOf(first: Float64Array, second: Float64Array): Agreement {
  const common = [...first.keys()].filter((row) => Number.isFinite(first[row]) && Number.isFinite(second[row]));
  const a = Float64Array.from(common, (row) => first[row]);
  const b = Float64Array.from(common, (row) => second[row]);
  const differing = a.reduce((count, p, row) => count + (p <= UNUSUAL === b[row] <= UNUSUAL ? 0 : 1), 0);
  return { rankCorrelation: rankCorrelation(a, b), disagreement: common.length === 0 ? 0 : differing / common.length };
}

/** Share of known p-values that are at most so much; 0 without any. */
export function shareUpTo(pValues: Float64Array, limit: number): number {
  const known = pValues.filter(Number.isFinite);
  return known.length === 0 ? 0 : known.filter((p) => p <= limit).length / known.length;
}

/** Usual rows with a few columns moved far beyond what any of them has. */
export function strangeRows(
  groups: readonly TrainingGroup[],
  columns: readonly number[],
  seed: number,
): TrainingGroup[] {
  const random = new Random(seed);
  return groups.flatMap(({ group, rows }) => {
    // What never varies says nothing, so that models leave it out: only what does is moved.
    const ranges = columns.map((column) => ({ column, ...rangeOf(rows, column) })).filter(({ width }) => width > 0);
    if (ranges.length === 0) return [];
    const data = rows.data.slice();
    for (let row = 0; row < rows.rows; row++) {
      for (const place of random.choose(ranges.length, MOVED_COLUMNS)) {
        const { column, most, width } = ranges[place];
        data[row * rows.columns + column] = most + MOVED_BY * width * (1 + random.next());
      }
    }
    return [{ group, rows: { ...rows, data } }];
  });
}

/** A new version against the one in use. */
export async function judgePromotion(request: PromotionRequest): Promise<Promotion> {
  const { candidate, active, activeId, metrics, check, seed } = request;
  const pValues = await pValuesOf(candidate, check);
  const compared = pValues.filter(Number.isFinite).length;
  const alarm =
    tooMany(metrics.onePercent, UNUSUAL, metrics.validationRows) ??
    tooMany(metrics.oneInThousand, VERY_UNUSUAL, metrics.validationRows) ??
    tooMany(shareUpTo(pValues, UNUSUAL), UNUSUAL, compared) ??
    tooMany(shareUpTo(pValues, VERY_UNUSUAL), VERY_UNUSUAL, compared);
  if (alarm !== undefined) return refused(alarm);
  const columns = amountColumns(candidate);
  const strange = strangeRows(check, columns, seed);
  const found = shareUpTo(await pValuesOf(candidate, strange), UNUSUAL);
  const least = active === undefined ? LEAST_FOUND : shareUpTo(await pValuesOf(active, strange), UNUSUAL) - WORSE_BY;
  if (strange.length > 0 && compared > 0 && found < least) {
    return refused(`of rows that were made strange it finds ${percent(found)}, which is too few`);
  }
  if (active === undefined)
    return { isPromoted: true, reason: 'It is the first, and it told usual rows from strange ones.' };
  const unknown = active.groups.filter((group) => !candidate.groups.includes(group));
  if (unknown.length > 0) return refused(`it knows nothing of ${unknown.join(' and ')}, of which ${activeId} does`);
  const agreement = agreementOf(pValues, await pValuesOf(active, check));
  if (compared >= LEAST_COMPARED) {
    if (agreement.disagreement > MOST_DISAGREEMENT) {
      return refused(`it judges ${percent(agreement.disagreement)} of the rows otherwise than ${activeId} does`);
    }
    if (agreement.rankCorrelation < LEAST_CORRELATION) {
      return refused(`what is more and what is less usual is not the same to it and to ${activeId}`);
    }
  }
  return { isPromoted: true, reason: `It is newer than ${activeId}, and judges as well.` };
}

function refused(why: string): Promotion {
  return { isPromoted: false, reason: `It is not in use because ${why}.` };
}

function tooMany(share: number, wanted: number, rows: number): string | undefined {
  if (rows === 0) return undefined;
  const most = MOST_TIMES * wanted + DEVIATIONS * Math.sqrt((wanted * (1 - wanted)) / rows);
  if (share <= most) return undefined;
  return `it finds ${percent(share)} of usual rows as unusual as ${percent(wanted)} should be`;
}

/** Names have no "far beyond". */
function amountColumns({ table }: Profile): number[] {
  const all = TABLE_COLUMNS[table];
  return [...all.keys()].filter((column) => all[column].meaning !== 'name');
}

function rangeOf({ rows, columns, data }: Matrix, column: number): { readonly most: number; readonly width: number } {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < rows; row++) {
    const value = data[row * columns + column];
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { most, width: Number.isFinite(most) ? most - least : 0 };
}

function percent(share: number): string {
  return `${formatNumber(share * 100)} %`;
}
