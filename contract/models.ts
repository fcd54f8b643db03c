/**
 * What is learnt of a computer: the words that the engine, the command line and the app share. Types and tables of
 * words only.
 */

/** Kinds of anomaly models. */
export const MODEL_KINDS = [
  'baseline',
  'isolation-forest',
  'autoencoder',
  'local-outlier-factor',
  'dbscan',
  'one-class-svm',
] as const;
export type ModelKind = (typeof MODEL_KINDS)[number];

/** Kinds that a profile has unless told otherwise: quick to ask. The others are asked about what these find unusual. */
export const DEFAULT_MODEL_KINDS = ['baseline', 'isolation-forest', 'autoencoder'] as const satisfies ModelKind[];

/** What rows are about: a conversation, ten seconds of the whole computer, an hour of one program. */
export const MODEL_TABLES = ['flow', 'host', 'process'] as const;
export type ModelTable = (typeof MODEL_TABLES)[number];

/** Rows of a table that are comparable with one another; each group has models of its own. */
export const MODEL_GROUPS = {
  flow: ['tcp', 'udp', 'other'],
  host: ['all'],
  process: ['all'],
} as const satisfies Readonly<Record<ModelTable, readonly string[]>>;
export type ModelGroup = (typeof MODEL_GROUPS)[ModelTable][number];

/** What one feature adds to how unusual a row is. */
export interface AnomalyReason {
  /** Column of the table: "Total Length of Fwd Packets". */
  readonly feature: string;
  /** The same in plain words: "bytes sent". */
  readonly label: string;
  /** "B", "s", "packets"; empty for a plain number. */
  readonly unit: string;
  readonly value: number;
  /** Between which 98 of 100 usual rows of this computer are, in the unit of `value`. */
  readonly usual: { readonly low: number; readonly median: number; readonly high: number };
  /** 0 to 1; all reasons of a row, told or not, add up to 1. */
  readonly share: number;
  /** One sentence: "sent 214 MB; usual is under 2 MB". */
  readonly words: string;
}

/** What one model says of one row. */
export interface ModelVerdict {
  readonly kind: ModelKind;
  /** In the model's own measure; comparable within one model only. Null where it was not asked. */
  readonly score: number | null;
  /** Share of usual rows that are at least as unusual; null where it was not asked. */
  readonly pValue: number | null;
  /** Its weight in the common answer, 0 to 1. */
  readonly weight: number;
}

/** What a profile says of one row. */
export interface AnomalyJudgement {
  readonly table: ModelTable;
  readonly group: ModelGroup;
  /** Of all models together: share of usual rows that are at least as unusual. Above 0, at most 1. */
  readonly pValue: number;
  /** 0 (usual) to 1 (as unusual as can be told). Rises as the p-value falls; see the user guide. */
  readonly probability: number;
  readonly models: readonly ModelVerdict[];
  /** The strongest first, at most eight. */
  readonly reasons: readonly AnomalyReason[];
  /** Usual rows that are most like this one, nearest first, at most three; raw values in columns' order. */
  readonly neighbours: readonly (readonly number[])[];
  /** Names of columns that had no value, and were taken as usual. */
  readonly missing: readonly string[];
}

/** Where a version of a profile is in its life. */
export const PROFILE_STATES = ['active', 'candidate', 'retired'] as const;
export type ProfileState = (typeof PROFILE_STATES)[number];

/** How far a table has got. */
export const LEARNING_STATES = ['off', 'learning', 'training', 'ready', 'drifted'] as const;
export type LearningState = (typeof LEARNING_STATES)[number];

/** Steps of a training run, in order. */
export const TRAINING_STEPS = ['reading', 'fitting', 'calibrating', 'validating', 'saving'] as const;
export type TrainingStep = (typeof TRAINING_STEPS)[number];

/** The most alerts a day that can be asked for: more would not be read. */
export const MAX_ALERTS_A_DAY = 200;

/** How a training run ended, or that it goes on. */
export const TRAINING_STATES = ['running', 'done', 'cancelled', 'failed'] as const;
export type TrainingState = (typeof TRAINING_STATES)[number];

/** A moment of a training run. */
export interface TrainingProgress {
  readonly table: ModelTable;
  readonly step: TrainingStep;
  /** Group that is fitted; empty outside of `fitting` and `calibrating`. */
  readonly group: ModelGroup | '';
  /** Kind that is fitted; null outside of `fitting`. */
  readonly model: ModelKind | null;
  /** Of the autoencoder: how many times it has seen all rows, of how many; 0 of 0 otherwise. */
  readonly epoch: number;
  readonly epochs: number;
  /** Of the autoencoder, after each epoch so far: mean squared error of training and of held-back rows. */
  readonly losses: readonly { readonly training: number; readonly heldBack: number }[];
  /** Of the whole run, 0 to 1. */
  readonly progress: number;
  /** Null while it cannot be told. */
  readonly secondsLeft: number | null;
}
