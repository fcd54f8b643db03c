/** Fits the anomaly models on labelled tables and compares how well they rank with what is published of others. */
import { z } from 'zod';
import type { AnomalyModels } from '../engine/index.ts';
import type { LabelledTable } from './evaluate-models-tables.ts';
import type { Gate } from './evaluate-score.ts';

type Matrix = LabelledTable['matrix'];
type Ranking = NonNullable<ReturnType<AnomalyModels['rankingOf']>>;
type ModelKind = AnomalyModels['MODEL_KINDS'][number];

/** Fitted and scored on all rows; fitted on 70 % of the usual rows and scored on the rest; on two given tables. */
export type Mode = 'everything' | 'normals' | 'given';

export interface ModelScore extends Ranking {
  readonly table: string;
  readonly mode: Mode;
  readonly model: ModelKind;
  /** ROC AUC of scikit-learn on the same table, where it is known. */
  readonly reference: number | null;
  /** False where the reference is of a random sample of the table that is not known, so that a miss may be its draw. */
  readonly isOfWhole: boolean;
  /** ROC AUC that PyOD publishes, where it does. */
  readonly published: number | null;
}

/** rows: how many it was fitted on and scored by, where that was said. */
const score = z.object({ auc: z.number(), rows: z.number().optional() });
type ReferenceScore = z.infer<typeof score>;
const entrySchema = z.object({
  A_unsupervised: z.object({ iforest_100x256: score, lof_k20: score, 'ocsvm_rbf_scale_nu0.5': score }).optional(),
  B_train_on_normals: z.object({
    iforest_100x256: score,
    lof_k20_novelty: score,
    'ocsvm_rbf_scale_nu0.1': score,
    dbscan_noise: z.object({ auc_by_core_distance: z.number() }).optional(),
  }),
  published_pyod: z.object({ IForest: z.number(), LOF: z.number(), OCSVM: z.number() }).optional(),
});
export const referenceSchema = z.record(z.string(), entrySchema);
export type ReferenceEntry = z.infer<typeof entrySchema>;

/** How far below the reference a model may rank; the local outlier factor hangs on which rows are left to compare. */
const TOLERANCE = 0.03;
const FACTOR_TOLERANCE = 0.05;
const FOREST_ON_CONNECTIONS = 0.98;
const TRAINING_SHARE = 0.7;
/** What hangs on chance is the mean of so many draws; of one where the table is large enough to be even. */
const DRAWS = 3;
const LARGE_TABLE = 10_000;
const FOREST_DRAWS = 5;
/** Rows that the local outlier factor compares with, as many as the reference took. */
const FACTOR_ROWS = 20_000;
/** No end to scaled values, as the reference has none. */
const NO_LIMIT = 1e9;

/** How the columns of the tables become comparable: as the reference did, or by what they seem to hold. */
type Preparation = 'standard' | 'guessed';

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
    const add = (model: ModelKind, rankings: readonly Ranking[], its?: ReferenceScore, published?: number) =>
      this.scores.push({
        table: name,
        mode: 'everything',
        model,
        ...meanOf(rankings),
        reference: its?.auc ?? null,
        isOfWhole: its !== undefined && (its.rows ?? table.matrix.rows) >= table.matrix.rows,
        published: published ?? null,
      });
    const rank = (scores: Float64Array, isUnusual = table.isUnusual) => this.rank(scores, isUnusual);
    const pyod = entry.published_pyod;
    const forests = seeds(FOREST_DRAWS).map((seed) => models.scoreRows(models.isolationForest.fit(all, { seed }), all));
    add(
      'isolation-forest',
      forests.map((scores) => rank(scores)),
      reference.iforest_100x256,
      pyod?.IForest,
    );
    const bounded = boundedRows(table, new models.Random(1));
    const factor = models.LocalOutlierFactor.fit(models.pickRows(all, bounded), { referenceRows: FACTOR_ROWS });
    const boundedTruth = bounded.map((row) => table.isUnusual[row]!);
    add('local-outlier-factor', [rank(factor.referenceScores(), boundedTruth)], reference.lof_k20, pyod?.LOF);
    const machine = models.scoreRows(models.oneClassSvm.fit(all, { nu: 0.5 }), all);
    add('one-class-svm', [rank(machine)], reference['ocsvm_rbf_scale_nu0.5'], pyod?.OCSVM);
    add('baseline', [rank(models.scoreRows(models.baseline.fit(all), all))]);
  }

  /** Fitted on 70 % of the usual rows, scored on the other rows. */
  normals(name: string, table: LabelledTable, entry: ReferenceEntry, preparation: Preparation): void {
    const draws = table.matrix.rows > LARGE_TABLE ? 1 : DRAWS;
    const rankings = new Map<ModelKind, Ranking[]>();
    for (const seed of seeds(draws)) {
      const { train, test } = this.split(table, seed);
      this.rankAll(train, test, preparation, seed, rankings);
    }
    const reference = entry.B_train_on_normals;
    this.add(name, 'normals', rankings, {
      'isolation-forest': reference.iforest_100x256.auc,
      'local-outlier-factor': reference.lof_k20_novelty.auc,
      'one-class-svm': reference['ocsvm_rbf_scale_nu0.1'].auc,
      dbscan: reference.dbscan_noise?.auc_by_core_distance,
    });
  }

  /** Fitted on the usual rows of one table, scored on all of another. */
  given(name: string, train: LabelledTable, test: LabelledTable): void {
    const rankings = new Map<ModelKind, Ranking[]>();
    this.rankAll(this.rowsOf(train, usualRows(train)), test, 'guessed', 1, rankings);
    this.add(name, 'given', rankings, {});
  }

  gates(): Gate[] {
    return this.scores.flatMap(({ table, mode, model, auc, reference }): Gate[] => {
      if (reference === null) return [];
      const isFactor = model === 'local-outlier-factor';
      const isOfConnections = table.startsWith('NSL-KDD') && model === 'isolation-forest';
      const wanted = isOfConnections ? FOREST_ON_CONNECTIONS : reference - (isFactor ? FACTOR_TOLERANCE : TOLERANCE);
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

  private add(
    table: string,
    mode: Mode,
    rankings: ReadonlyMap<ModelKind, readonly Ranking[]>,
    reference: Partial<Record<ModelKind, number | undefined>>,
  ): void {
    for (const [model, drawn] of rankings) {
      const auc = reference[model] ?? null;
      this.scores.push({
        table,
        mode,
        model,
        ...meanOf(drawn),
        reference: auc,
        isOfWhole: auc !== null,
        published: null,
      });
    }
  }

  private rankAll(
    train: LabelledTable,
    test: LabelledTable,
    preparation: Preparation,
    seed: number,
    rankings: Map<ModelKind, Ranking[]>,
  ): void {
    const { models } = this;
    const scaler = this.fitScaler(train, train.matrix, preparation);
    const learnt = scaler.transformRows(train.matrix);
    const judged = scaler.transformRows(test.matrix);
    const keep = (model: ReturnType<AnomalyModels['readModel']>) => {
      const ranking = this.rank(models.scoreRows(model, judged), test.isUnusual);
      rankings.set(model.kind, [...(rankings.get(model.kind) ?? []), ranking]);
    };
    for (let draw = 0; draw < FOREST_DRAWS; draw++) {
      keep(models.isolationForest.fit(learnt, { seed: seed * FOREST_DRAWS + draw }));
    }
    keep(models.localOutlierFactor.fit(learnt, { referenceRows: FACTOR_ROWS, seed }));
    keep(models.oneClassSvm.fit(learnt, { seed }));
    keep(models.dbscan.fit(learnt, { seed }));
    keep(models.baseline.fit(learnt));
  }

  private fitScaler(table: LabelledTable, rows: Matrix, preparation: Preparation) {
    return this.models.Scaler.fit(rows, {
      meanings:
        preparation === 'standard' ? table.heads.map(() => 'amount') : this.models.guessMeanings(rows, table.heads),
      scaling: 'standard',
      limit: NO_LIMIT,
    });
  }

  private split(table: LabelledTable, seed: number): { train: LabelledTable; test: LabelledTable } {
    const usual = usualRows(table);
    const shuffled = Array.from(new this.models.Random(seed).choose(usual.length, usual.length), (row) => usual[row]!);
    const cut = Math.floor(usual.length * TRAINING_SHARE);
    return {
      train: this.rowsOf(table, shuffled.slice(0, cut)),
      test: this.rowsOf(table, [...shuffled.slice(cut), ...unusualRows(table)]),
    };
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

function usualRows({ isUnusual }: LabelledTable): number[] {
  return [...isUnusual.keys()].filter((row) => !isUnusual[row]);
}

function unusualRows({ isUnusual }: LabelledTable): number[] {
  return [...isUnusual.keys()].filter((row) => isUnusual[row]);
}

/** All unusual rows, and usual ones up to as many as the local outlier factor compares with. */
function boundedRows(table: LabelledTable, random: InstanceType<AnomalyModels['Random']>): number[] {
  if (table.isUnusual.length <= FACTOR_ROWS) return [...table.isUnusual.keys()];
  const usual = usualRows(table);
  const unusual = unusualRows(table);
  return [...Array.from(random.choose(usual.length, FACTOR_ROWS - unusual.length), (row) => usual[row]!), ...unusual];
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
