/** Shapes of what is kept as JSON. Loading this file loads zod: the store does it when it is opened. */
import { z } from 'zod';
import type { AlertTrail } from '../../../contract/alert-trail.ts';
import { actionRecordSchema } from '../../../contract/api-actions.ts';
import { allowMatchSchema } from '../../../contract/api-alerts.ts';
import { captureSchema } from '../../../contract/api-captures.ts';
import { profileSchema } from '../../../contract/api-models.ts';
import { ROLES } from '../../../contract/api-roles.ts';
import { alertSchema, DISMISS_REASONS } from '../../../contract/api-schemas.ts';
import { strings, timeMs } from '../../../contract/api-table.ts';
import { ALERT_KINDS, type Alert, type Finding, SEVERITIES } from '../../../contract/domain.ts';
import type { StoredReview } from './alert-store.ts';
import { ALERT_STATES } from './types.ts';

const { shape } = alertSchema.unwrap();

/** What somebody must see of an alert, whatever became of the rest of it: damage must not hide one. */
const salvagedAlert: z.ZodType<Alert> = alertSchema
  .unwrap()
  .extend({
    confidence: shape.confidence.catch(0),
    techniques: strings.catch([]),
    attackers: strings.catch([]),
    victims: strings.catch([]),
    attackerCount: shape.attackerCount.catch(0),
    victimCount: shape.victimCount.catch(0),
    findings: shape.findings.catch(0),
    explanation: z.string().catch(''),
    evidence: shape.evidence.catch([]),
    detectors: strings.catch([]),
    related: strings.catch([]),
    stages: shape.stages.catch(undefined),
    processes: shape.processes.catch(undefined),
    files: shape.files.catch(undefined),
  })
  .readonly();

const finding: z.ZodType<Finding> = z
  .object({
    origin: z.literal('host').optional(),
    detector: z.string(),
    kind: z.enum(ALERT_KINDS),
    cause: z.string(),
    firstSeenMs: timeMs,
    lastSeenMs: timeMs,
    severity: z.enum(SEVERITIES),
    confidence: shape.confidence,
    techniques: strings,
    attackers: strings,
    victims: strings,
    attackerCount: shape.attackerCount,
    victimCount: shape.victimCount,
    title: z.string(),
    explanation: z.string(),
    evidence: shape.evidence,
    processes: shape.processes,
    files: shape.files,
  })
  .readonly();

const review: z.ZodType<StoredReview> = z
  .object({
    actor: z.string(),
    timeMs,
    reason: z.enum(DISMISS_REASONS).nullable(),
    note: z.string(),
    severity: z.enum(SEVERITIES),
    allowedBy: z.string().optional(),
  })
  .readonly();

const trail: z.ZodType<AlertTrail> = z
  .object({
    moments: z.array(z.object({ timeMs, who: z.enum(['activity', 'engine']), text: z.string() }).readonly()).readonly(),
    series: z
      .array(
        z
          .object({
            name: z.string(),
            usual: z.object({ low: z.number(), high: z.number() }).readonly().nullable(),
            points: z.array(z.tuple([z.number(), z.number()]).readonly()).readonly(),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();

export const ROW_SHAPES = {
  action: actionRecordSchema,
  alert: alertSchema,
  salvagedAlert,
  alertState: z.enum(ALERT_STATES),
  finding,
  review,
  reviewReason: z.enum(DISMISS_REASONS).nullable(),
  trail,
  /** One that names nothing would hide everything: it cannot be made, and is not believed. */
  allowMatch: allowMatchSchema.refine((match) => Object.values(match).some((value) => value !== undefined)),
  capture: captureSchema,
  profile: profileSchema,
  role: z.enum(ROLES),
  severity: z.enum(SEVERITIES),
  strings,
  anything: z.unknown(),
} as const;

export type RowShapes = typeof ROW_SHAPES;
