/** Calls about what has been learnt of this computer. Loading this file loads zod. */
import { z } from 'zod';
import { failureSchema, noInputSchema } from './api-schemas.ts';
import { type ApiTable, count, nothingSchema, rate, strings, timeMs } from './api-table.ts';
import { PROFILE_PIECE_BYTES } from './capture-pieces.ts';
import {
  LEARNING_STATES,
  MAX_ALERTS_A_DAY,
  MODEL_KINDS,
  MODEL_TABLES,
  PROFILE_STATES,
  TRAINING_STATES,
  TRAINING_STEPS,
} from './models.ts';

export { MAX_ALERTS_A_DAY, PROFILE_PIECE_BYTES };

const MAX_PIECE_TEXT = Math.ceil(PROFILE_PIECE_BYTES / 3) * 4;
/** Rows of one `detect`. */
export const MAX_DETECT_ROWS = 1_000;
const MAX_FEATURES = 1_000;
const DAYS_PREVIEWED = 90;

const share = z.number().min(0).max(1);
const kind = z.enum(MODEL_KINDS);
const table = z.enum(MODEL_TABLES);
const kinds = z.array(kind).min(1).max(MODEL_KINDS.length);
/** "flow-3": the table and its version. */
const profileId = z.string().regex(/^(flow|host|process)-[1-9][0-9]{0,8}$/);

/** A feature whose values have moved since the profile was trained. */
const movedFeatureSchema = z
  .object({
    feature: z.string(),
    label: z.string(),
    unit: z.string(),
    /** Population stability index: below 0.1 hardly moved, above 0.25 much. */
    stability: rate,
    /** Medians when it was trained, and now. */
    before: z.number(),
    now: z.number(),
  })
  .readonly();

const driftSchema = z
  .object({
    isDrifted: z.boolean(),
    checkedMs: timeMs,
    /** Rows that were compared. */
    rows: count,
    /** Population stability index of the scores. */
    scoreStability: rate,
    /** Most moved first, at most ten. */
    moved: z.array(movedFeatureSchema).readonly(),
  })
  .readonly();

/** How well a profile does on rows that it was not fitted on. */
const metricsSchema = z
  .object({
    /** Rows held back to calibrate and to validate by. */
    calibrationRows: count,
    validationRows: count,
    /** Share of validation rows with a p-value of at most 0.01: 0.01 when calibration holds. */
    onePercent: share,
    /** The same for 0.001. */
    oneInThousand: share,
    /** Seconds of training. */
    seconds: rate,
    /** Final mean squared error of the autoencoder on held-back rows; null without one. */
    loss: z.number().nullable(),
  })
  .readonly();

/** A version of what was learnt of one table. */
export const profileSchema = z
  .object({
    id: profileId,
    table,
    version: count,
    state: z.enum(PROFILE_STATES),
    /** Why it is not in use, or why it is: one sentence. */
    reason: z.string(),
    trainedMs: timeMs,
    /** "this computer", "capture office.pcap", "imported from file.hfmodel". */
    source: z.string(),
    kinds: z.array(kind).readonly(),
    groups: strings,
    /** Rows that it was fitted on, and the span of time that they are from. */
    rows: count,
    fromMs: timeMs.nullable(),
    untilMs: timeMs.nullable(),
    /** SHA-256 of the training rows, hexadecimal. */
    digest: z.string(),
    /** The version that was in use when it was trained; null for the first. */
    parent: profileId.nullable(),
    bytes: count,
    metrics: metricsSchema,
  })
  .readonly();

/** How far a table has got. */
export const learningSchema = z
  .object({
    table,
    state: z.enum(LEARNING_STATES),
    /** The state in one or two plain sentences. */
    detail: z.string(),
    /** Of the learning period, 0 to 1; null outside of it. */
    progress: share.nullable(),
    /** Rows in the sample, and rows that are wanted before training begins. */
    rows: count,
    rowsWanted: count,
    /** When the learning period is over at the earliest; null outside of it. */
    readyMs: timeMs.nullable(),
    activeId: profileId.nullable(),
    drift: driftSchema.nullable(),
    /** Rows that were judged since the engine started, for programs that plot them; left out while none was. */
    judged: z
      .object({
        rows: count,
        /** How many of them had a p-value of at most 0.1, 0.01, 0.001 and so on. */
        byDecade: z.array(count).readonly(),
      })
      .readonly()
      .optional(),
  })
  .readonly();

export const trainingSchema = z
  .object({
    id: z.string(),
    state: z.enum(TRAINING_STATES),
    startedMs: timeMs,
    endedMs: timeMs.nullable(),
    /** Who or what began it. */
    actor: z.string(),
    tables: z.array(table).readonly(),
    kinds: z.array(kind).readonly(),
    now: z
      .object({
        table,
        step: z.enum(TRAINING_STEPS),
        group: z.string(),
        model: kind.nullable(),
        epoch: count,
        epochs: count,
        losses: z.array(z.object({ training: z.number(), heldBack: z.number() }).readonly()).readonly(),
        progress: share,
        secondsLeft: rate.nullable(),
      })
      .readonly()
      .nullable(),
    /** Versions that came of it, and what became of them. */
    made: z.array(profileSchema).readonly(),
    failure: failureSchema.nullable(),
  })
  .readonly();

const budgetSchema = z
  .object({
    /** Setting models.alertsPerDay. */
    perDay: rate,
    /** Anomalies shown in the last 24 hours. */
    shown: count,
    /** Unusual enough, but beyond the number of the day, in the last 24 hours. */
    heldBack: count,
    /** Below this p-value an anomaly is shown at present; null while nothing is judged. */
    threshold: share.nullable(),
  })
  .readonly();

/** Scores of a sample in equal steps of -log10 of the p-value. */
const distributionSchema = z
  .object({ step: z.number(), counts: z.array(count).readonly(), threshold: share.nullable() })
  .readonly();

const columnSchema = z
  .object({
    feature: z.string(),
    label: z.string(),
    unit: z.string(),
    low: z.number(),
    median: z.number(),
    high: z.number(),
  })
  .readonly();

const profileDetailSchema = z
  .object({
    profile: profileSchema,
    groups: z
      .array(
        z
          .object({
            group: z.string(),
            rows: count,
            models: z
              .array(
                z
                  .object({
                    kind,
                    weight: share,
                    bytes: count,
                    parameters: z.record(z.string(), z.union([z.number(), z.string()])).readonly(),
                  })
                  .readonly(),
              )
              .readonly(),
            columns: z.array(columnSchema).readonly(),
            /** Of the rows that were held back. */
            distribution: distributionSchema,
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();

/** What a profile makes of the rows that are in the sample now. */
const evaluationSchema = z
  .object({
    id: profileId,
    rows: count,
    onePercent: share,
    oneInThousand: share,
    /** Median p-value: 0.5 when the rows are like those it was calibrated on. */
    medianPValue: share,
    distribution: distributionSchema,
  })
  .readonly();

const reasonSchema = z
  .object({
    feature: z.string(),
    label: z.string(),
    unit: z.string(),
    value: z.number(),
    usual: z.object({ low: z.number(), median: z.number(), high: z.number() }).readonly(),
    share,
    words: z.string(),
  })
  .readonly();

/** Features by name, of `value` each. */
function named<T extends z.ZodType>(value: T) {
  return z.record(z.string().max(100), value).refine((row) => Object.keys(row).length <= MAX_FEATURES, {
    message: `has more than ${MAX_FEATURES} features`,
  });
}

const featureValue = z.number().nullable();
/** Values in columns' order. */
const detectValues = z.array(featureValue).min(1).max(MAX_FEATURES);
/** One row to judge: what is left out is missing, and counts as usual. */
const detectRow = z.union([named(featureValue), detectValues]);
/** A feature of one row, or of each row of several: a single value is that of all rows. */
const columnValues = z.union([featureValue, z.array(featureValue).min(1).max(MAX_DETECT_ROWS)]);

export const detectInput = z.strictObject({
  table: table.default('flow'),
  /** Protocol group of a flow; told by its features where it is left out. */
  group: z.string().max(20).optional(),
  /**
   * One row, or several: features by name, or all in columns' order. By name, an array in place of a value holds those
   * of several rows.
   */
  features: z.union([named(columnValues), detectValues, z.array(detectRow).min(1).max(MAX_DETECT_ROWS)]),
  /** Version to ask; the one in use where it is left out. */
  id: profileId.optional(),
});

const judgementShape = {
  isAnomaly: z.boolean(),
  /** Anomaly probability: 0 usual, 1 as unusual as can be told. */
  probability: share,
  pValue: share,
  models: z
    .array(z.object({ kind, score: z.number().nullable(), pValue: share.nullable(), weight: share }).readonly())
    .readonly(),
  /** ATT&CK techniques that what is unusual may be a sign of. */
  techniques: strings,
  missing: strings,
} as const;

const judgementSchema = z.object(judgementShape).readonly();

/** An anomaly that would have been shown. */
const previewedSchema = z
  .object({ timeMs, title: z.string(), pValue: share, probability: share, reasons: strings })
  .readonly();

export const MODEL_CALLS = {
  'models.list': {
    kind: 'query',
    input: noInputSchema,
    output: z
      .object({
        learning: z.array(learningSchema).readonly(),
        /** Newest first. */
        profiles: z.array(profileSchema).readonly(),
        budget: budgetSchema,
        /** The run that goes on, or the last one. */
        training: trainingSchema.nullable(),
      })
      .readonly(),
    role: 'view',
    doc: 'What has been learnt of this computer, how far learning is, and every kept version.',
  },
  'models.watch': {
    kind: 'stream',
    input: noInputSchema,
    output: z
      .object({
        learning: z.array(learningSchema).readonly(),
        training: trainingSchema.nullable(),
        budget: budgetSchema,
      })
      .readonly(),
    role: 'view',
    doc: 'How learning and training go on: at once, then whenever something changes, at most twice a second.',
  },
  'models.get': {
    kind: 'query',
    input: z.strictObject({ id: profileId }),
    output: profileDetailSchema,
    role: 'view',
    doc: 'One version in full: its models, their parameters, and what is usual by it.',
  },
  'models.compare': {
    kind: 'query',
    input: z.strictObject({ first: profileId, second: profileId }),
    output: z
      .object({
        first: evaluationSchema,
        second: evaluationSchema,
        /** Of the p-values of both on the same rows (Spearman), -1 to 1. */
        rankCorrelation: z.number().min(-1).max(1),
        /** Share of the rows that one of them finds unusual (p at most 0.01) and the other does not. */
        disagreement: share,
      })
      .readonly(),
    role: 'view',
    doc: 'Two versions of a table on the same rows.',
  },
  'models.evaluate': {
    kind: 'query',
    input: z.strictObject({ id: profileId }),
    output: evaluationSchema,
    role: 'view',
    doc: 'What a version makes of the rows that are in the sample now.',
  },
  'models.preview': {
    kind: 'query',
    input: z.strictObject({
      perDay: z.number().min(0).max(MAX_ALERTS_A_DAY),
      days: count.min(1).max(DAYS_PREVIEWED).default(30),
    }),
    output: z
      .object({
        /** Days of which there is something to look at. */
        days: rate,
        /** All that would have been shown. */
        total: count,
        /** Latest first, at most 100. */
        anomalies: z.array(previewedSchema).readonly(),
      })
      .readonly(),
    role: 'view',
    doc: 'What would have been shown of the last days at so many alerts a day.',
  },
  'models.use': {
    kind: 'command',
    input: z.strictObject({ id: profileId }),
    output: profileSchema,
    role: 'admin',
    doc: 'Puts a version in use, whatever the checks said of it.',
  },
  'models.rollback': {
    kind: 'command',
    input: z.strictObject({ table }),
    output: profileSchema,
    role: 'admin',
    doc: 'Puts the version in use that was in use before.',
  },
  'models.remove': {
    kind: 'command',
    input: z.strictObject({ id: profileId }),
    output: nothingSchema,
    role: 'admin',
    doc: 'Removes a version that is not in use.',
  },
  'models.train': {
    kind: 'command',
    input: z.strictObject({
      tables: z.array(table).min(1).max(MODEL_TABLES.length).optional(),
      kinds: kinds.optional(),
    }),
    output: trainingSchema,
    role: 'admin',
    doc: 'Trains anew from the sample of this computer, in the background.',
  },
  'models.cancel': {
    kind: 'command',
    input: noInputSchema,
    output: nothingSchema,
    role: 'admin',
    doc: 'Ends the training that goes on; nothing is kept of it.',
  },
  'models.export': {
    kind: 'query',
    input: z.strictObject({ id: profileId, offset: count.default(0) }),
    output: z
      .object({ bytes: count, /** Base64 of at most PROFILE_PIECE_BYTES from `offset` on. */ data: z.base64() })
      .readonly(),
    role: 'view',
    doc: 'A version as a file, piece by piece (base64).',
  },
  'models.import': {
    kind: 'command',
    input: z.strictObject({
      name: z.string().min(1).max(100),
      offset: count,
      data: z.base64().max(MAX_PIECE_TEXT),
      /** With the last piece it is checked and kept, as a candidate. */ isLast: z.boolean(),
    }),
    output: z.object({ receivedBytes: count, /** Once it is kept. */ profile: profileSchema.nullable() }).readonly(),
    role: 'admin',
    doc: 'Takes a version in from a file, piece by piece (base64); it is not in use before "models.use".',
  },
  detect: {
    kind: 'command',
    input: detectInput,
    output: z.object({ id: profileId, results: z.array(judgementSchema).readonly() }).readonly(),
    role: 'view',
    doc: 'How unusual given features are by what was learnt of this computer.',
  },
  explain: {
    kind: 'command',
    input: detectInput,
    output: z
      .object({
        id: profileId,
        results: z
          .array(
            z
              .object({
                ...judgementShape,
                reasons: z.array(reasonSchema).readonly(),
                /** In plain words. */
                explanation: z.string(),
                /** Usual rows that are most like it; features by name. */
                neighbours: z.array(z.record(z.string(), z.number()).readonly()).readonly(),
              })
              .readonly(),
          )
          .readonly(),
      })
      .readonly(),
    role: 'view',
    doc: 'The same, with the features that make a row unusual and the usual rows that are most like it.',
  },
  predict: {
    kind: 'command',
    input: detectInput,
    output: z
      .object({ id: profileId, predictions: z.array(z.union([z.literal(0), z.literal(1)])).readonly() })
      .readonly(),
    role: 'view',
    doc: 'Only the answer for each row: 1 unusual, 0 usual.',
  },
} as const satisfies ApiTable;

export type Profile = z.infer<typeof profileSchema>;
export type ProfileDetail = z.infer<typeof profileDetailSchema>;
export type ProfileEvaluation = z.infer<typeof evaluationSchema>;
export type Learning = z.infer<typeof learningSchema>;
export type Training = z.infer<typeof trainingSchema>;
export type Drift = z.infer<typeof driftSchema>;
export type AlertBudget = z.infer<typeof budgetSchema>;
