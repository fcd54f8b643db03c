/** Fits the anomaly models on labelled tables and compares how well they rank with what is published of others. */
import { z } from 'zod';
import type { AnomalyModels } from '../engine/index.ts';
import { ownSplit, referenceDraw, SAMPLE_ROWS, type Split, usualRows } from './evaluate-models-splits.ts';
import type { LabelledTable } from './evaluate-models-tables.ts';
import type { Gate } from './evaluate-score.ts';

type Matrix = LabelledTable['matrix'];
type Ranking = NonNullable<ReturnType<AnomalyModels['rankingOf']>>;
type ModelKind = AnomalyModels['MODEL_KINDS'][number];

/**
 * Fitted and scored on all rows; fitted on 70 % of the usual rows and scored on the rest, of those that the reference drew
 * and of draws of our own; on two given tables.
 */
export type Mode = 'everything' | 'reference' | 'normals' | 'given';

export interface ModelScore extends Ranking {
  readonly table: string;
  readonly mode: Mode;
  readonly model: ModelKind | typeof ENSEMBLE;
  /** ROC AUC of scikit-learn on the same table, where it is known. */
  readonly reference: number | null;
  /** False where the reference is of another draw of rows, so that a miss may be the draw. */
  readonly isOfSameRows: boolean;
  /** ROC AUC that PyOD publishes, where it does. */
  readonly published: number | null;
}

/** Of the models that a profile has by default; see main/engine/models/ensemble.ts. */
const ENSEMBLE = 'ensemble';

const score = z.object({ auc: z.number() });
const entrySchema = z.object({
  A_unsupervised: z.object({ iforest_100x256: score, lof_k20: score, 'ocsvm_rbf_scale_nu0.5': score }).optional(),
  B_train_on_normals: z.object({
    iforest_100x256: score,
    lof_k20_novelty: score,
    'ocsvm_rbf_scale_nu0.1': score,
    autoencoder_mlp_75_40_75: score,
    dbscan_noise: z.object({ auc_by_core_distance: z.number() }).optional(),
  }),
  published_pyod: z.object({ IForest: z.number(), LOF: z.number(), OCSVM: z.number() }).optional(),
});
export const referenceSchema = z.record(z.string(), entrySchema);
export type ReferenceEntry = z.infer<typeof entrySchema>;

/** How far below the reference a model may rank; the local outlier factor hangs on which rows are left to compare. */
const TOLERANCE = 0.03;
const TOLERANCES: Readonly<Partial<Record<ModelScore['model'], number>>> = {
  'local-outlier-factor': 0.05,
  autoencoder: 0,
};
/** What is wanted of connections, whatever the reference is. */
const ON_CONNECTIONS: Readonly<Partial<Record<ModelScore['model'], number>>> = {
  'isolation-forest': 0.98,
  [ENSEMBLE]: 0.985,
};
/** Of the rows to learn from, those that the ensemble's models are fitted on; one half of the others calibrates each. */
const ENSEMBLE_FIT_SHARE = 0.8;
/** What hangs on chance is the mean of so many draws, the more the fewer rows a table has to be even. */
const DRAWS: readonly { readonly fromRows: number; readonly draws: number }[] = [
  { fromRows: 15_000, draws: 1 },
  { fromRows: 500, draws: 3 },
  { fromRows: 0, draws: 10 },
];
const FOREST_DRAWS = 5;
/** As the reference scales: to mean and deviation, without an end to scaled values. */
const REFERENCE_SCALING = { scaling: 'standard', limit: 1e9 } as const;

/** How the columns of the tables become comparable: as the reference did, or as in profiles by what they seem to hold. */
type Preparation = 'standard' | 'guessed';

type Model = ReturnType<AnomalyModels['readModel']>;
type Rankings = Map<ModelScore['model'], Ranking[]>;
type References = Partial<Record<ModelScore['model'], number | undefined>>;
type RankingArguments = [preparation: Preparation, seeds: readonly number[], into: Rankings];

export class ModelEvaluation {
  readonly scores: ModelScore[] = [];
  private readonly models: AnomalyModels;

  constructor(models: AnomalyModels) {
    this.models = models;
  }

  /** Fitted and scored on all rows. */
  everything(name: string, table: LabelledTable, entry: ReferenceEntry): void {
    const { models } = this;
    const reference = entry.A_unsupervised;
    if (reference === undefined) return;
    const all = this.fitScaler(table, table.matrix, 'standard').transformRows(table.matrix);
    const add = (model: ModelKind, rankings: readonly Ranking[], its?: number, published?: number) =>
      this.scores.push({
        table: name,
        mode: 'everything',
        model,
        ...meanOf(rankings),
        reference: its ?? null,
        isOfSameRows: its !== undefined,
        published: published ?? null,
      });
    const pyod = entry.published_pyod;
    const forests = seeds(FOREST_DRAWS).map((seed) => models.scoreRows(models.isolationForest.fit(all, { seed }), all));
    add(
      'isolation-forest',
      forests.map((scores) => this.rank(scores, table.isUnusual)),
      reference.iforest_100x256.auc,
      pyod?.IForest,
    );
    const { sample } = referenceDraw(table.isUnusual);
    const rows = models.pickRows(all, sample);
    const isUnusual = sample.map((row) => table.isUnusual[row]!);
    const factors = models.LocalOutlierFactor.fit(rows, { referenceRows: SAMPLE_ROWS, smoothing: 0 }).referenceScores();
    add('local-outlier-factor', [this.rank(factors, isUnusual)], reference.lof_k20.auc, pyod?.LOF);
    const distances = models.scoreRows(models.oneClassSvm.fit(rows, { nu: 0.5 }), rows);
    add('one-class-svm', [this.rank(distances, isUnusual)], reference['ocsvm_rbf_scale_nu0.5'].auc, pyod?.OCSVM);
    add('baseline', [this.rank(models.scoreRows(models.baseline.fit(all), all), table.isUnusual)]);
  }

  /**
   * Fitted on 70 % of the usual rows, scored on the other rows: by the rows that the reference drew, where they are known,
   * and by draws of our own. Figures of the same rows compare best, as draws differ by more than what models are allowed
   * to; those of ours keep a model from being made for one draw.
   */
  async normals(name: string, table: LabelledTable, entry: ReferenceEntry, preparation: Preparation): Promise<void> {
    const { draws } = DRAWS.find(({ fromRows }) => table.matrix.rows >= fromRows)!;
    const { Random } = this.models;
    const reference = referencesOf(entry);
    const isKnown = preparation === 'standard';
    if (isKnown) {
      const same: Rankings = new Map();
      await this.rankSplit(table, referenceDraw(table.isUnusual).split, preparation, seeds(draws), same);
      this.add(name, 'reference', same, reference, true);
    }
    const own: Rankings = new Map();
    for (const seed of seeds(draws)) {
      await this.rankSplit(table, ownSplit(table.isUnusual, Random, seed), preparation, [seed], own);
    }
    this.add(name, 'normals', own, reference, false);
  }

  /** Fitted on the usual rows of one table, scored on all of another. */
  async given(name: string, train: LabelledTable, test: LabelledTable): Promise<void> {
    const rankings: Rankings = new Map();
    await this.rankAll(this.rowsOf(train, usualRows(train.isUnusual)), test, 'guessed', seeds(1), rankings);
    this.add(name, 'given', rankings, {}, true);
  }

  gates(): Gate[] {
    return this.scores.flatMap(({ table, mode, model, auc, reference }): Gate[] => {
      const ofConnections = table.startsWith('NSL-KDD') && mode === 'normals' ? ON_CONNECTIONS[model] : undefined;
      if (reference === null && ofConnections === undefined) return [];
      const wanted = ofConnections ?? (reference ?? 0) - (TOLERANCES[model] ?? TOLERANCE);
      return [
        {
          name: `${table}, ${mode}: ${model}`,
          value: auc,
          wanted: `at least ${wanted.toFixed(3)}`,
          isMet: auc >= wanted,
        },
      ];
    });
  }

  private add(table: string, mode: Mode, rankings: Rankings, reference: References, isOfSameRows: boolean): void {
    for (const [model, drawn] of rankings) {
      const auc = reference[model] ?? null;
      this.scores.push({ table, mode, model, ...meanOf(drawn), reference: auc, isOfSameRows, published: null });
    }
  }

  private rankSplit(table: LabelledTable, { train, test }: Split, ...rest: RankingArguments): Promise<void> {
    return this.rankAll(this.rowsOf(table, train), this.rowsOf(table, test), ...rest);
  }

  /** What hangs on chance is fitted anew for each seed. */
  private async rankAll(train: LabelledTable, test: LabelledTable, ...rest: RankingArguments): Promise<void> {
    const [preparation, drawn, rankings] = rest;
    const seed = drawn[0]!;
    const { models } = this;
    const scaler = this.fitScaler(train, train.matrix, preparation);
    const learnt = scaler.transformRows(train.matrix);
    const judged = scaler.transformRows(test.matrix);
    const add = (model: ModelScore['model'], scores: Float64Array) =>
      rankings.set(model, [...(rankings.get(model) ?? []), this.rank(scores, test.isUnusual)]);
    const keep = (model: Model) => add(model.kind, models.scoreRows(model, judged));
    for (const each of drawn) {
      for (let draw = 0; draw < FOREST_DRAWS; draw++) {
        keep(models.isolationForest.fit(learnt, { seed: each * FOREST_DRAWS + draw }));
      }
      keep(await models.trainAutoencoder(learnt, { seed: each }));
    }
    keep(models.localOutlierFactor.fit(learnt, { referenceRows: SAMPLE_ROWS, seed }));
    keep(models.oneClassSvm.fit(learnt, { seed }));
    keep(models.dbscan.fit(learnt, { seed }));
    keep(models.baseline.fit(learnt));
    // Where columns are amounts of which nothing more is known, the reference's way to scale is all there is to judge.
    if (preparation === 'guessed') add(ENSEMBLE, await this.askEnsemble(learnt, judged, seed));
  }

  /** The default kinds as a profile has them, fitted and calibrated by parts of the rows; the rarer, the higher. */
  private async askEnsemble(learnt: Matrix, judged: Matrix, seed: number): Promise<Float64Array> {
    const { models } = this;
    const order = new models.Random(seed).choose(learnt.rows, learnt.rows);
    const fitted = Math.floor(learnt.rows * ENSEMBLE_FIT_SHARE);
    const calibrated = fitted + Math.floor((learnt.rows - fitted) / 2);
    const part = (start: number, end?: number) => models.pickRows(learnt, order.subarray(start, end));
    const rows = part(0, fitted);
    const voters = [
      models.baseline.fit(rows),
      models.isolationForest.fit(rows, { seed }),
      await models.trainAutoencoder(rows, { seed }),
    ];
    const ensemble = models.Ensemble.calibrate(voters, part(fitted, calibrated), part(calibrated));
    return new Float64Array(judged.rows).map((_, row) => -Math.log(ensemble.pValue(judged.data, row * judged.columns)));
  }

  private fitScaler(table: LabelledTable, rows: Matrix, preparation: Preparation) {
    const { Scaler, guessMeanings, PROFILE_SCALING } = this.models;
    return preparation === 'standard'
      ? Scaler.fit(rows, { meanings: table.heads.map(() => 'amount'), ...REFERENCE_SCALING })
      : Scaler.fit(rows, { meanings: guessMeanings(rows, table.heads), ...PROFILE_SCALING });
  }

  private rowsOf(table: LabelledTable, rows: readonly number[]): LabelledTable {
    return {
      heads: table.heads,
      matrix: this.models.pickRows(table.matrix, rows),
      isUnusual: rows.map((row) => table.isUnusual[row]!),
    };
  }

  private rank(scores: Float64Array, isUnusual: readonly boolean[]): Ranking {
    const ranking = this.models.rankingOf(scores, (row) => isUnusual[row]!);
    if (ranking === null) throw new RangeError('a table needs usual and unusual rows to be judged by');
    return ranking;
  }
}

function referencesOf({ B_train_on_normals: reference }: ReferenceEntry): References {
  return {
    'isolation-forest': reference.iforest_100x256.auc,
    'local-outlier-factor': reference.lof_k20_novelty.auc,
    'one-class-svm': reference['ocsvm_rbf_scale_nu0.1'].auc,
    autoencoder: reference.autoencoder_mlp_75_40_75.auc,
    dbscan: reference.dbscan_noise?.auc_by_core_distance,
  };
}

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function meanOf(rankings: readonly Ranking[]): Ranking {
  const mean = (of: (ranking: Ranking) => number) =>
    rankings.reduce((sum, ranking) => sum + of(ranking), 0) / rankings.length;
  return {
    auc: mean(({ auc }) => auc),
    averagePrecision: mean(({ averagePrecision }) => averagePrecision),
    truePositivesAt1Percent: mean(({ truePositivesAt1Percent }) => truePositivesAt1Percent),
  };
}
