/** Learns what is usual from the rows of a table. */
import { MODEL_GROUPS, MODEL_KINDS, type ModelKind } from '../../../contract/models.ts';
import type { Autoencoder } from './autoencoder.ts';
import { Ensemble } from './ensemble.ts';
import { MODEL_FAMILIES } from './families.ts';
import { FitProgress, type PlannedGroup } from './fit-progress.ts';
import { DISTRIBUTION_STEPS, distributionStep, EXAMPLES, GroupProfile, quantilesOf } from './group-profile.ts';
import { copyRow, type Matrix, pickRows, type Sample } from './matrix.ts';
import type { AnomalyModel } from './model.ts';
import { LearntProfile } from './profile.ts';
import type { FitProfile, TrainingGroup, TrainingJob } from './profile-types.ts';
import { Random } from './random.ts';
import { splitRows } from './row-split.ts';
import { PROFILE_SCALING, Scaler } from './scaler.ts';
import { TABLE_COLUMNS } from './tables.ts';

/** Rows of a group below which nothing is learnt of it: 60 to fit and 15 to rank by are the least that say anything. */
export const LEAST_GROUP_ROWS = 100;
/** Most rows that models are fitted on: more teach them nothing that they could tell apart, and cost minutes. */
export const MOST_FIT_ROWS = 20_000;
/** Most rows of each of the other parts: ranks among so many tell p-values down to 0.001 by counting alone. */
const MOST_HELD_BACK_ROWS = 20_000;
const ONE_PERCENT = 0.01;
const ONE_IN_THOUSAND = 0.001;

interface Validation {
  readonly calibrationRows: number;
  /** P-values of rows that took no part in anything. */
  readonly pValues: Float64Array;
  readonly loss: number | null;
}

export const fitProfile: FitProfile = async (job, hooks) => {
  const kinds = MODEL_KINDS.filter((kind) => job.kinds.includes(kind));
  const groups = checkedGroups(job);
  if (kinds.length === 0) throw new RangeError('no kind of model to fit');
  if (groups.length === 0) {
    throw new RangeError(`no group of rows to learn from has at least ${LEAST_GROUP_ROWS} of them`);
  }
  const sizes = groups.map(({ group, rows }) => ({ group, rows: Math.min(rows.rows, MOST_FIT_ROWS) }));
  const progress = new FitProgress(job.table, kinds, sizes, hooks);
  const learnt = new Map<TrainingGroup['group'], GroupProfile>();
  const validations: Validation[] = [];
  for (const group of groups) {
    const { profile, validation } = await fitGroup(job, kinds, group, progress);
    learnt.set(group.group, profile);
    validations.push(validation);
  }
  const all = validations.flatMap(({ pValues }) => [...pValues]);
  const shareBelow = (limit: number) => all.filter((p) => p <= limit).length / all.length;
  const losses = validations.flatMap(({ loss }) => (loss === null ? [] : [loss]));
  return {
    document: new LearntProfile(job.table, learnt).toJSON(),
    metrics: {
      calibrationRows: validations.reduce((sum, { calibrationRows }) => sum + calibrationRows, 0),
      validationRows: all.length,
      onePercent: shareBelow(ONE_PERCENT),
      oneInThousand: shareBelow(ONE_IN_THOUSAND),
      // The worst of the groups: a mean would hide one that learnt nothing.
      loss: losses.length === 0 ? null : Math.max(...losses),
    },
  };
};

/** Those with enough rows. @throws RangeError for groups that the table does not have, or rows of other columns */
function checkedGroups({ table, groups }: TrainingJob): TrainingGroup[] {
  const known: readonly string[] = MODEL_GROUPS[table];
  const seen = new Set<string>();
  for (const { group, rows } of groups) {
    if (!known.includes(group)) throw new RangeError(`${table} rows have no group ${group}`);
    if (seen.has(group)) throw new RangeError(`the group ${group} is there twice`);
    seen.add(group);
    if (rows.columns !== TABLE_COLUMNS[table].length || rows.data.length !== rows.rows * rows.columns) {
      throw new RangeError(`${table} rows have ${TABLE_COLUMNS[table].length} columns, not ${rows.columns}`);
    }
  }
  return groups.filter(({ rows }) => rows.rows >= LEAST_GROUP_ROWS);
}

async function fitGroup(
  job: TrainingJob,
  kinds: readonly ModelKind[],
  { group, rows }: TrainingGroup,
  progress: FitProgress,
): Promise<{ profile: GroupProfile; validation: Validation }> {
  const { table } = job;
  const random = new Random(job.seed);
  const split = splitRows(rows.rows, random);
  const take = (indices: Int32Array, most: number) => pickRows(rows, bounded(indices, most, random));
  const fitRows = take(split.fit, MOST_FIT_ROWS);
  const scaler = Scaler.fit(fitRows, {
    meanings: TABLE_COLUMNS[table].map(({ meaning }) => meaning),
    ...PROFILE_SCALING,
  });
  const scaled = scaler.transformRows(fitRows);
  const plan = { group, rows: Math.min(rows.rows, MOST_FIT_ROWS) };
  const models: AnomalyModel[] = [];
  let loss: number | null = null;
  for (const kind of kinds) {
    await progress.fitting(group, kind);
    const settings = { seed: job.seed, ...job.parameters?.[kind] };
    if (kind === 'autoencoder') {
      const autoencoder = await fitAutoencoder(scaled, settings, plan, progress);
      loss = autoencoder.loss;
      models.push(autoencoder);
    } else models.push(MODEL_FAMILIES[kind].fit(scaled, settings));
    progress.fitted(plan, kind);
  }
  await progress.calibrating(group);
  const held = (indices: Int32Array) => scaler.transformRows(take(indices, MOST_HELD_BACK_ROWS));
  const ensemble = Ensemble.calibrate(models, held(split.calibrate), held(split.join));
  await progress.validating(plan);
  const pValues = pValuesOf(ensemble, held(split.validate));
  const distribution = new Int32Array(DISTRIBUTION_STEPS);
  for (const p of pValues) distribution[distributionStep(p)]!++;
  progress.validated(plan);
  const profile = new GroupProfile({
    table,
    group,
    rows: fitRows.rows,
    scaler,
    ensemble,
    quantiles: quantilesOf(fitRows),
    examples: examplesOf(fitRows, random),
    distribution,
  });
  const calibrationRows = split.calibrate.length + split.join.length;
  return { profile, validation: { calibrationRows, pValues, loss } };
}

async function fitAutoencoder(
  rows: Matrix,
  settings: object,
  plan: PlannedGroup,
  progress: FitProgress,
): Promise<Autoencoder> {
  // What it is trained with takes long to load, and is not needed for other kinds.
  const { trainAutoencoder } = await import('./autoencoder-training.ts');
  const losses: { training: number; heldBack: number }[] = [];
  return trainAutoencoder(rows, settings, {
    signal: progress.signal,
    onEpoch: ({ epoch, epochs, training, heldBack }) => {
      losses.push({ training, heldBack });
      progress.epoch(plan, 'autoencoder', epoch, epochs, [...losses]);
    },
  });
}

/** At most so many, each as likely as any other, in their order. */
function bounded(indices: Int32Array, most: number, random: Random): Int32Array {
  if (indices.length <= most) return indices;
  return random
    .choose(indices.length, most)
    .sort()
    .map((place) => indices[place]!);
}

function pValuesOf(ensemble: Ensemble, { rows, columns, data }: Matrix): Float64Array {
  return new Float64Array(rows).map((_, row) => ensemble.pValue(data, row * columns));
}

/** Some of the rows, missing values filled in with the column's median. */
function examplesOf(rows: Matrix, random: Random): Sample {
  const { columns } = rows;
  const taken = pickRows(
    rows,
    bounded(
      Int32Array.from({ length: rows.rows }, (_, row) => row),
      EXAMPLES,
      random,
    ),
  );
  const medians = new Float64Array(columns).map((_, column) => medianOf(rows, column));
  const filled = taken.data.map((value, place) => (Number.isFinite(value) ? value : medians[place % columns]!));
  const data = new Float32Array(filled.length);
  copyRow(filled, 0, data);
  return { rows: taken.rows, columns, data };
}

/** A value that is there, not one between two: of names there is nothing between. */
function medianOf({ rows, columns, data }: Matrix, column: number): number {
  const present: number[] = [];
  for (let row = 0; row < rows; row++) {
    const value = data[row * columns + column]!;
    if (Number.isFinite(value)) present.push(value);
  }
  return Float64Array.from(present).sort()[present.length >> 1] ?? 0;
}
