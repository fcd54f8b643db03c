/**
 * Several models as one: their p-values combined, and the combination calibrated again.
 *
 * P-values are combined by the weighted sum of their logarithms (R. A. Fisher: "Statistical Methods for Research
 * Workers", 1925; weights by I. J. Good, JRSS B 17, 1955). Fisher's own distribution of the sum holds for independent
 * tests, and models that look at the same row are not: so the sum is ranked among held-back rows instead, which is
 * right for any dependence. Decision 0013 has the figures and the alternatives. Beyond the held-back rows, where ranks
 * say nothing, e times the weighted geometric mean of the p-values is a p-value whatever their dependence (V. Vovk,
 * R. Wang: "Combining p-values via averaging", Biometrika 107, 2020), and the tail is held below it: that few rows were
 * held back must not make an extreme that a model is sure of an ordinary one.
 *
 * Quick models are asked of every row. The thorough ones are asked only of those that the quick ones find unusual: of
 * a row whose common p-value p is at most the gate g, all are combined, and ranked among the held-back rows that came
 * through the same gate. The share q of these times g is then the p-value: usual rows come through with probability g,
 * and are uniform behind it.
 */
import { MODEL_KINDS, type ModelKind, type ModelVerdict } from '../../../contract/models.ts';
import { Calibration } from './calibration.ts';
import { DOCUMENT_VERSION, DocumentReader, type ModelDocument } from './document.ts';
import type { Matrix } from './matrix.ts';
import { type AnomalyModel, scoreRows } from './model.ts';

/** One model with what makes its scores comparable. */
interface Voter {
  readonly model: AnomalyModel;
  readonly calibration: Calibration;
  /** Before all of an ensemble are made to add up to 1. */
  readonly weight: number;
}

/** By how much each kind counts. The baseline is blind to how columns belong together, so that it has half a voice. */
export const MODEL_WEIGHTS: Readonly<Record<ModelKind, number>> = {
  baseline: 0.5,
  'isolation-forest': 1,
  autoencoder: 1,
  'local-outlier-factor': 1,
  dbscan: 0.5,
  'one-class-svm': 0.5,
};

/** Kinds that cost microseconds a row. */
const QUICK_KINDS: ReadonlySet<ModelKind> = new Set(['baseline', 'isolation-forest', 'autoencoder']);

/** Share of usual rows that thorough models are asked about. */
const GATE = 0.05;
/** Held-back rows that must come through the gate, so that ranks behind it mean something. */
const LEAST_GATED = 50;
const KIND = 'ensemble';
const MAX_WEIGHT = 1_000;

interface Stages {
  readonly quick: readonly Voter[];
  readonly thorough: readonly Voter[];
  /** Of the combination of the quick ones. */
  readonly quickJoint: Calibration;
  /** Of the combination of all behind the gate; none without thorough models. */
  readonly allJoint: Calibration | undefined;
  readonly gate: number;
}

/** Works in memory of its own; one is for one thread. */
export class Ensemble {
  readonly columns: number;
  readonly kinds: readonly ModelKind[];
  private readonly stages: Stages;
  private readonly quickWeights: Float64Array;
  private readonly thoroughWeights: Float64Array;
  /** What of all weight the quick ones have together. */
  private readonly quickShare: number;

  private constructor(stages: Stages) {
    const { quick, thorough } = stages;
    const voters = [...quick, ...thorough];
    this.columns = voters[0]!.model.columns;
    this.kinds = voters.map(({ model }) => model.kind);
    this.stages = stages;
    const quickTotal = quick.reduce((sum, { weight }) => sum + weight, 0);
    const total = voters.reduce((sum, { weight }) => sum + weight, 0);
    this.quickWeights = Float64Array.from(quick, ({ weight }) => weight / quickTotal);
    this.thoroughWeights = Float64Array.from(thorough, ({ weight }) => weight / total);
    this.quickShare = quickTotal / total;
  }

  /**
   * @param models fitted on other rows than these; at least one, each of another kind
   * @param calibrating usual rows that each model is calibrated by
   * @param joining other usual rows that their combination is calibrated by: p-values of rows that made a calibration
   *   are more even than those of others
   */
  static calibrate(models: readonly AnomalyModel[], calibrating: Matrix, joining: Matrix): Ensemble {
    const voters = models.map((model): Voter => {
      return {
        model,
        calibration: Calibration.fit(scoreRows(model, calibrating)),
        weight: MODEL_WEIGHTS[model.kind],
      };
    });
    const { quick, thorough } = parted(voters);
    // Until there is a calibration of the combination, an ensemble of nothing else gives the combination itself.
    const draft = new Ensemble({ quick, thorough, quickJoint: UNRANKED, allJoint: undefined, gate: 0 });
    const { rows, columns, data } = joining;
    const combined = new Float64Array(rows);
    for (let row = 0; row < rows; row++) combined[row] = draft.quickScore(data, row * columns);
    const quickJoint = Calibration.fit(combined);
    if (thorough.length === 0) return new Ensemble({ quick, thorough, quickJoint, allJoint: undefined, gate: 0 });
    const gate = gateFor(rows);
    const gated: number[] = [];
    for (let row = 0; row < rows; row++) {
      const p = quickJoint.pValue(combined[row]!, mostFor(combined[row]!));
      if (p <= gate) gated.push(draft.thoroughScore(p, data, row * columns));
    }
    // Where the scores of the quick ones hardly differ, nothing may come through; then all that do are unusual.
    const allJoint = gated.length === 0 ? undefined : Calibration.fit(Float64Array.from(gated));
    return new Ensemble({ quick, thorough, quickJoint, allJoint, gate });
  }

  /** @throws ModelDocumentError for anything but a sound document */
  static fromJSON(document: unknown, readModel: (document: unknown) => AnomalyModel): Ensemble {
    const reader = new DocumentReader(document, KIND);
    reader.header(KIND);
    const gate = reader.number('gate', 0, 1);
    const quick = reader.objects('quick', 1, MODEL_KINDS.length).map((entry) => readVoter(entry, readModel));
    const thorough = reader.objects('thorough', 0, MODEL_KINDS.length).map((entry) => readVoter(entry, readModel));
    const quickJoint = Calibration.fromJSON(reader.field('quickJoint'));
    const joint = reader.field('allJoint');
    const allJoint = joint === null ? undefined : Calibration.fromJSON(joint);
    reader.finish();
    if (thorough.length === 0 && allJoint !== undefined)
      throw reader.wrong('allJoint', 'ranks models that are not there');
    const voters = [...quick, ...thorough];
    if (new Set(voters.map(({ model }) => model.kind)).size < voters.length) {
      throw reader.wrong('quick', 'has two models of one kind');
    }
    if (voters.some(({ model }) => model.columns !== voters[0]!.model.columns)) {
      throw reader.wrong('quick', 'has models of different columns');
    }
    return new Ensemble({ quick, thorough, quickJoint, allJoint, gate });
  }

  /** @param values scaled, from `offset` on. Allocates nothing. */
  pValue(values: Float64Array, offset = 0): number {
    const { quickJoint, allJoint, gate } = this.stages;
    const score = this.quickScore(values, offset);
    const p = quickJoint.pValue(score, mostFor(score));
    if (allJoint === undefined || !(p <= gate)) return p;
    const all = this.thoroughScore(p, values, offset);
    return gate * allJoint.pValue(all, mostFor(all) / gate);
  }

  /** What every model says, whether the gate is passed or not. */
  verdicts(values: Float64Array, offset = 0): ModelVerdict[] {
    return this.voters().map(({ model, calibration, weight }) => {
      const score = model.score(values, offset);
      return { kind: model.kind, score, pValue: calibration.pValue(score), weight };
    });
  }

  /**
   * What each scaled column adds to how unusual a row is, in shares of 1: each model's shares, by its weight and by how
   * unusual the row is to it (−log p). All zero where no model has anything to say.
   */
  explain(values: Float64Array, offset = 0): Float64Array {
    const shares = new Float64Array(this.columns);
    let total = 0;
    for (const { model, calibration, weight } of this.voters()) {
      const voice = -Math.log(calibration.pValue(model.score(values, offset))) * weight;
      if (!(voice > 0)) continue;
      // What makes a row less unusual is no reason.
      const parts = model.explain(values, offset).map((part) => (part > 0 ? part : 0));
      const sum = parts.reduce((all, part) => all + part, 0);
      if (!(sum > 0 && Number.isFinite(sum))) continue;
      total += voice;
      parts.forEach((part, column) => {
        shares[column]! += (voice * part) / sum;
      });
    }
    return total > 0 ? shares.map((share) => share / total) : shares;
  }

  /** Every model with its weight of 1. */
  models(): readonly { readonly model: AnomalyModel; readonly weight: number }[] {
    return this.voters().map(({ model, weight }) => ({ model, weight }));
  }

  toJSON(): ModelDocument {
    const { quick, thorough, quickJoint, allJoint, gate } = this.stages;
    return {
      kind: KIND,
      version: DOCUMENT_VERSION,
      gate,
      quick: quick.map(writeVoter),
      thorough: thorough.map(writeVoter),
      quickJoint: quickJoint.toJSON(),
      allJoint: allJoint?.toJSON() ?? null,
    };
  }

  /** All, with weights that add up to 1. */
  private voters(): Voter[] {
    const { quick, thorough } = this.stages;
    return [
      ...quick.map((voter, index) => ({ ...voter, weight: this.quickWeights[index]! * this.quickShare })),
      ...thorough.map((voter, index) => ({ ...voter, weight: this.thoroughWeights[index]! })),
    ];
  }

  /** Minus the weighted sum of the logarithms of the quick ones' p-values. */
  private quickScore(values: Float64Array, offset: number): number {
    const { quick } = this.stages;
    let sum = 0;
    for (let i = 0; i < quick.length; i++) {
      const { model, calibration } = quick[i]!;
      sum -= this.quickWeights[i]! * Math.log(calibration.pValue(model.score(values, offset)));
    }
    return sum;
  }

  /** The same of all, where `p` is that of the quick ones together. */
  private thoroughScore(p: number, values: Float64Array, offset: number): number {
    const { thorough } = this.stages;
    let sum = -this.quickShare * Math.log(p);
    for (let i = 0; i < thorough.length; i++) {
      const { model, calibration } = thorough[i]!;
      sum -= this.thoroughWeights[i]! * Math.log(calibration.pValue(model.score(values, offset)));
    }
    return sum;
  }
}

/** e times the weighted geometric mean of p-values. @param score minus the weighted mean of their logarithms */
function mostFor(score: number): number {
  return Math.exp(1 - score);
}

/** Stands in where the combination is not ranked yet. */
const UNRANKED = Calibration.fit(Float64Array.of(0));

/** A profile of thorough kinds alone asks them of every row. */
function parted(voters: readonly Voter[]): { quick: readonly Voter[]; thorough: readonly Voter[] } {
  const quick = voters.filter(({ model }) => QUICK_KINDS.has(model.kind));
  if (quick.length === 0) return { quick: voters, thorough: [] };
  return { quick, thorough: voters.filter(({ model }) => !QUICK_KINDS.has(model.kind)) };
}

/** Wider where there are few held-back rows, up to all of them. */
function gateFor(rows: number): number {
  return Math.min(1, Math.max(GATE, LEAST_GATED / rows));
}

function writeVoter({ model, calibration, weight }: Voter): ModelDocument {
  return { weight, model: model.toJSON(), calibration: calibration.toJSON() };
}

function readVoter(reader: DocumentReader, readModel: (document: unknown) => AnomalyModel): Voter {
  const voter: Voter = {
    weight: reader.number('weight', 1 / MAX_WEIGHT, MAX_WEIGHT),
    model: readModel(reader.field('model')),
    calibration: Calibration.fromJSON(reader.field('calibration')),
  };
  reader.finish();
  return voter;
}
