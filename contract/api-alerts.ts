/** Calls about alerts: list, story, review, allow-list, export, ATT&CK. Loading this file loads zod. */
import { z } from 'zod';
import {
  alertChangeSchema,
  alertGetInputSchema,
  alertListInputSchema,
  alertListSchema,
  alertRecordSchema,
  alertWatchInputSchema,
  DISMISS_REASONS,
  noInputSchema,
  REVIEW_STATES,
} from './api-schemas.ts';
import { type ApiTable, count, noteInput, nothingSchema, sourceInput, strings, timeMs } from './api-table.ts';
import { ALERT_KINDS, SEVERITIES } from './domain.ts';

/** More are reviewed in several calls. */
const MAX_REVIEWED = 1_000;
const alertIds = z.array(z.string().min(1).max(100)).min(1).max(MAX_REVIEWED);

/** Which alerts an allow entry hides: all that is named must fit; at least one thing must be named. */
export const allowMatchSchema = z
  .strictObject({
    kind: z.enum(ALERT_KINDS).optional(),
    /** An address or a network ("10.0.0.0/8"). */
    attacker: z.string().max(100).optional(),
    victim: z.string().max(100).optional(),
    /** Path of the executable of the program that did it. */
    program: z.string().max(4_096).optional(),
    /** Its whole command line, where the program runs scripts and only one of them is meant. */
    command: z.string().max(2_000).optional(),
    /** Id of a detector. */
    detector: z.string().max(100).optional(),
  })
  .readonly();

export const allowEntrySchema = z
  .object({
    id: z.string(),
    match: allowMatchSchema,
    reason: z.string(),
    /** The most severe alert that is hidden; a worse one is shown all the same. */
    maximumSeverity: z.enum(SEVERITIES),
    createdMs: timeMs,
    createdBy: z.string(),
    /** Null: until it is taken away. */
    untilMs: timeMs.nullable(),
    /** Alerts that it has hidden. */
    hidden: count,
  })
  .readonly();

const techniqueSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    meaning: z.string(),
    tactics: z.array(z.object({ id: z.string(), name: z.string() }).readonly()).readonly(),
  })
  .readonly();

/** One moment of a story: in the time of the traffic, and reviews when they were made. */
const momentSchema = z
  .object({
    timeMs,
    /** `activity`: what was seen. `engine`: what Holdfast did or said. `person`: what somebody did with the alert. */
    who: z.enum(['activity', 'engine', 'person']),
    text: z.string(),
  })
  .readonly();

/** How a number of the evidence came to be, for a small plot. */
const evidenceSeriesSchema = z
  .object({
    /** `name` of the evidence. */
    name: z.string(),
    /** The usual range as numbers, where it is known. */
    usual: z.object({ low: z.number(), high: z.number() }).readonly().nullable(),
    points: z.array(z.object({ timeMs, value: z.number() }).readonly()).readonly(),
  })
  .readonly();

export const alertStorySchema = z
  .object({
    alert: alertRecordSchema,
    timeline: z.array(momentSchema).readonly(),
    series: z.array(evidenceSeriesSchema).readonly(),
    /** Traffic between its attackers and victims over its time and a little around it, from the stored flows. */
    traffic: z
      .object({
        bucketMs: z.number().positive(),
        points: z.array(z.object({ timeMs, flows: count, bytes: count }).readonly()).readonly(),
        /** Stored flows between them; more may have been too many to store. */
        flows: count,
        /** Not all flows could be looked at. */
        isPartial: z.boolean(),
      })
      .readonly(),
    techniques: z.array(techniqueSchema).readonly(),
    detectors: z
      .array(
        z
          .object({ id: z.string(), summary: z.string(), /** Section of the configuration. */ section: z.string() })
          .readonly(),
      )
      .readonly(),
    /** What was done and the setting that decided it; today that nothing is done, and why. */
    decisions: z
      .array(z.object({ timeMs, text: z.string(), setting: z.string(), value: z.string() }).readonly())
      .readonly(),
    /** What a person can do now, the most useful first. */
    nextSteps: strings,
    related: z
      .array(
        z.object({ id: z.string(), title: z.string(), severity: z.enum(SEVERITIES), firstSeenMs: timeMs }).readonly(),
      )
      .readonly(),
    /** The query that finds its flows in Hunt. */
    huntQuery: z.string(),
  })
  .readonly();

export const attackMatrixSchema = z
  .object({
    attackVersion: z.string(),
    sinceMs: timeMs,
    tactics: z
      .array(
        z
          .object({
            id: z.string(),
            name: z.string(),
            meaning: z.string(),
            techniques: z
              .array(
                z
                  .object({
                    id: z.string(),
                    name: z.string(),
                    meaning: z.string(),
                    /** Ids of the detectors of the network and the behaviours of the host that can say so. */
                    detectors: strings,
                    /** Rules in Sigma and YARA that are on and can say so; 0 where a capture is looked at. */
                    rules: count,
                    /** Alerts that named it since then. */
                    alerts: count,
                    worst: z.enum(SEVERITIES).nullable(),
                    lastSeenMs: timeMs.nullable(),
                  })
                  .readonly(),
              )
              .readonly(),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();

export const ALERT_CALLS = {
  'alerts.list': {
    kind: 'query',
    input: alertListInputSchema,
    output: alertListSchema,
    role: 'view',
    doc: 'Alerts, the latest first, by severity, kind, state, text and time.',
  },
  'alerts.get': {
    kind: 'query',
    input: alertGetInputSchema,
    output: alertRecordSchema,
    role: 'view',
    doc: 'One alert by its id; the error "no-such-alert" where there is none.',
  },
  'alerts.story': {
    kind: 'query',
    input: alertGetInputSchema,
    output: alertStorySchema,
    role: 'view',
    doc: 'Everything that is known about one alert: timeline, evidence over time, techniques, what was done, next steps.',
  },
  'alerts.counts': {
    kind: 'query',
    input: z.strictObject({ source: sourceInput, sinceMs: timeMs.optional() }),
    output: z
      .object({
        byState: z.record(z.string(), count),
        openBySeverity: z.record(z.enum(SEVERITIES), count),
        openByKind: z.record(z.string(), count),
      })
      .readonly(),
    role: 'view',
    doc: 'How many alerts there are, by state, severity and kind.',
  },
  'alerts.review': {
    kind: 'command',
    input: z.strictObject({
      ids: alertIds,
      state: z.enum(REVIEW_STATES),
      reason: z.enum(DISMISS_REASONS).optional(),
      note: noteInput.default(''),
    }),
    output: z
      .object({ changed: z.array(z.object({ id: z.string(), before: z.enum(REVIEW_STATES) }).readonly()).readonly() })
      .readonly(),
    role: 'operate',
    doc: 'Acknowledges, dismisses (with a reason) or opens alerts again; what they were before comes back, for undo.',
  },
  'alerts.export': {
    kind: 'query',
    input: z.strictObject({ ids: alertIds, format: z.enum(['json', 'html']) }),
    output: z.object({ fileName: z.string(), mediaType: z.string(), text: z.string() }).readonly(),
    role: 'view',
    doc: 'Alerts with their stories as a JSON document or as a self-contained HTML report.',
  },
  'alerts.watch': {
    kind: 'stream',
    input: alertWatchInputSchema,
    output: alertChangeSchema,
    role: 'view',
    doc: 'Alerts as they are opened, change, are reviewed or withdrawn, from now on.',
  },
  'allow.list': {
    kind: 'query',
    input: noInputSchema,
    output: z.object({ entries: z.array(allowEntrySchema).readonly() }).readonly(),
    role: 'view',
    doc: 'What was allowed: alerts that fit are dismissed by themselves.',
  },
  'allow.preview': {
    kind: 'query',
    input: z.strictObject({
      match: allowMatchSchema,
      maximumSeverity: z.enum(SEVERITIES).default('medium'),
      sinceMs: timeMs.optional(),
    }),
    output: z
      .object({
        sinceMs: timeMs,
        total: count,
        alerts: z
          .array(
            z
              .object({ id: z.string(), title: z.string(), severity: z.enum(SEVERITIES), firstSeenMs: timeMs })
              .readonly(),
          )
          .readonly(),
      })
      .readonly(),
    role: 'view',
    doc: 'Which alerts of the past (30 days, if not said otherwise) an allow entry would have hidden.',
  },
  'allow.add': {
    kind: 'command',
    input: z.strictObject({
      match: allowMatchSchema,
      maximumSeverity: z.enum(SEVERITIES).default('medium'),
      reason: noteInput.min(1),
      untilMs: timeMs.nullable().default(null),
    }),
    output: allowEntrySchema,
    role: 'operate',
    doc: 'Allows what fits; open alerts that fit are dismissed.',
  },
  'allow.remove': {
    kind: 'command',
    input: z.strictObject({ id: z.string().max(64) }),
    output: nothingSchema,
    role: 'operate',
    doc: 'Takes an allow entry away; what it had hidden stays dismissed, until it becomes worse.',
  },
  'attack.matrix': {
    kind: 'query',
    input: z.strictObject({ sinceMs: timeMs.optional(), source: sourceInput }),
    output: attackMatrixSchema,
    role: 'view',
    doc:
      'The ATT&CK matrix: what the detectors can see, and what was seen (in 30 days, or in all of a capture, ' +
      'if not said otherwise).',
  },
} as const satisfies ApiTable;

export type AlertStory = z.infer<typeof alertStorySchema>;
export type AllowEntry = z.infer<typeof allowEntrySchema>;
export type AllowMatch = z.infer<typeof allowMatchSchema>;
export type AttackMatrix = z.infer<typeof attackMatrixSchema>;
