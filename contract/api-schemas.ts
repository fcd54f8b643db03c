/** Shapes of what goes over the API. Loading this file loads zod: for a fast start, import it when needed. */
import { z } from 'zod';
import { count, rate, sourceInput, strings, timeMs } from './api-table.ts';
import { ALERT_KINDS, type Alert, type Failure, HEALTH_STATES, type HealthEntry, SEVERITIES } from './domain.ts';

/** Far above what is shown anywhere; an answer stays below MAX_MESSAGE_BYTES. */
const MAX_ALERTS_LISTED = 500;
const DEFAULT_ALERTS_LISTED = 50;

const alertId = z.string().min(1).max(100);

export const failureSchema = z
  .object({ code: z.string(), message: z.string(), hint: z.string() })
  .readonly() satisfies z.ZodType<Failure>;

export const healthEntrySchema = z
  .object({
    part: z.string(),
    state: z.enum(HEALTH_STATES),
    detail: z.string(),
    hint: z.string().optional(),
    counters: z.record(z.string(), z.number()).readonly(),
  })
  .readonly() satisfies z.ZodType<HealthEntry>;

const evidenceSchema = z
  .object({
    name: z.string(),
    value: z.union([z.number(), z.string()]),
    unit: z.string().optional(),
    usual: z.string().optional(),
    usualRange: z.object({ low: z.number(), high: z.number() }).readonly().optional(),
    meaning: z.string(),
  })
  .readonly();

const stageSchema = z
  .object({
    kind: z.enum(ALERT_KINDS),
    title: z.string(),
    severity: z.enum(SEVERITIES),
    techniques: strings,
    firstSeenMs: timeMs,
    lastSeenMs: timeMs,
  })
  .readonly();

const processRecordSchema = z
  .object({
    pid: count,
    startedMs: timeMs.optional(),
    parentPid: count.optional(),
    image: z.string(),
    commandLine: z.string(),
    user: z.string().optional(),
  })
  .readonly();

const fileRecordSchema = z.object({ path: z.string() }).readonly();

export const alertSchema = z
  .object({
    id: z.string(),
    kind: z.enum(ALERT_KINDS),
    title: z.string(),
    severity: z.enum(SEVERITIES),
    confidence: z.number().min(0).max(1),
    techniques: strings,
    attackers: strings,
    victims: strings,
    attackerCount: count,
    victimCount: count,
    firstSeenMs: timeMs,
    lastSeenMs: timeMs,
    findings: count,
    explanation: z.string(),
    evidence: z.array(evidenceSchema).readonly(),
    detectors: strings,
    related: strings,
    stages: z.array(stageSchema).readonly().optional(),
    processes: z.array(processRecordSchema).readonly().optional(),
    files: z.array(fileRecordSchema).readonly().optional(),
  })
  .readonly() satisfies z.ZodType<Alert>;

/** What a person can make of an alert. `acknowledged`: somebody has it in hand. */
export const REVIEW_STATES = ['open', 'acknowledged', 'dismissed'] as const;
/** Why an alert was dismissed. `allowed`: by an entry of the allow-list. */
export const DISMISS_REASONS = ['expected', 'false-alarm', 'fixed', 'allowed'] as const;

/** An alert with what became of it. */
export const alertRecordSchema = alertSchema
  .unwrap()
  .extend({
    /** `withdrawn`: it turned out to be part of another alert, the first of its `related`. */
    state: z.enum([...REVIEW_STATES, 'withdrawn']),
    /** Who brought it into this state, and why; null where nobody did. */
    review: z
      .object({ actor: z.string(), timeMs, reason: z.enum(DISMISS_REASONS).nullable(), note: z.string() })
      .readonly()
      .nullable(),
    /** "live", or the id of the capture. */
    source: z.string(),
  })
  .readonly();

/** One network interface that is or should be watched; counts are totals since the engine started. */
const interfaceSchema = z
  .object({
    name: z.string(),
    state: z.enum(['up', 'down', 'missing', 'failed']),
    /** Why it is not up, in a few words; empty when it is. */
    detail: z.string(),
    packetsPerSecond: rate,
    bytesPerSecond: rate,
    received: count,
    /** Packets that the kernel lost because its ring was full. */
    dropped: count,
    bytes: count,
  })
  .readonly();

export const statusSchema = z
  .object({
    version: z.string(),
    startedMs: timeMs,
    uptimeSeconds: z.number().nonnegative(),
    /** `observe`: tells and does nothing. `simulate`: also says what it would have done. `act`: does it. */
    mode: z.enum(['observe', 'simulate', 'act']),
    health: z.array(healthEntrySchema).readonly(),
    interfaces: z.array(interfaceSchema).readonly(),
    traffic: z.object({ packetsPerSecond: rate, bytesPerSecond: rate, openFlows: count }).readonly(),
    /** Watching was paused by a person; null when it was not. */
    pause: z.object({ untilMs: timeMs, sinceMs: timeMs, reason: z.string(), actor: z.string() }).readonly().nullable(),
    /** What a person may expect to be able to do, and why it cannot be done where it cannot. */
    abilities: z
      .array(z.object({ id: z.enum(['isolate']), isAvailable: z.boolean(), why: z.string() }).readonly())
      .readonly(),
    /** Alerts that are open, by severity. */
    alerts: z.object({ info: count, low: count, medium: count, high: count, critical: count }).readonly(),
    /** What Holdfast itself costs: the engine with its helpers. */
    cost: z
      .object({
        pid: count,
        /** Of one core, over the last seconds: 100 is one core kept busy. */
        cpuPercent: z.number().nonnegative(),
        memoryBytes: count,
      })
      .readonly(),
  })
  .readonly();

export const alertListInputSchema = z.strictObject({
  minimumSeverity: z.enum(SEVERITIES).default('info'),
  /** Any of these, and at least the minimum; every one when none is named. */
  severities: z.array(z.enum(SEVERITIES)).max(SEVERITIES.length).readonly().default([]),
  /** Beside `kinds`: one more. */
  kind: z.enum(ALERT_KINDS).optional(),
  /** Any of these; every kind when neither these nor `kind` is named. */
  kinds: z.array(z.enum(ALERT_KINDS)).max(ALERT_KINDS.length).readonly().default([]),
  /** Open ones and those in hand, if not said otherwise. */
  states: z.array(z.enum(REVIEW_STATES)).readonly().default(['open', 'acknowledged']),
  source: sourceInput,
  /** In titles and addresses, without regard to case. */
  search: z.string().max(100).default(''),
  untilMs: timeMs.optional(),
  /** Alerts whose last moment is at or after this one. */
  sinceMs: timeMs.optional(),
  limit: count.min(1).max(MAX_ALERTS_LISTED).default(DEFAULT_ALERTS_LISTED),
  /** `next` of the answer before, to go on where it ended. */
  cursor: z.string().max(256).optional(),
});

export const alertListSchema = z
  .object({
    /** The latest first. */
    alerts: z.array(alertRecordSchema).readonly(),
    /** All that fit, this page and beyond; at most 100,000 are counted. */
    total: count,
    /** For `cursor`; null when there are no more. */
    next: z.string().nullable(),
  })
  .readonly();

export const alertGetInputSchema = z.strictObject({ id: alertId });

export const alertChangeSchema = z
  .object({
    /** `withdrawn`: it turned out to be part of another alert, the first of its `related`. */
    change: z.enum(['opened', 'changed', 'withdrawn', 'reviewed']),
    alert: alertRecordSchema,
  })
  .readonly();

export const alertWatchInputSchema = z.strictObject({
  minimumSeverity: z.enum(SEVERITIES).default('info'),
  source: sourceInput,
});

export const noInputSchema = z.strictObject({});

const settingSchema = z
  .object({
    /** Dotted: "detect.port-scan.windowSeconds". */
    path: z.string(),
    value: z.union([z.number(), z.boolean(), z.string(), strings]),
    unit: z.string().optional(),
    /** Who set it, in words: "default", "file /etc/holdfast/config.yaml:12". */
    origin: z.string(),
  })
  .readonly();

export const configSchema = z.object({ profile: z.string(), settings: z.array(settingSchema).readonly() }).readonly();

const talkerSchema = z
  .object({ address: z.string(), sentBytes: count, receivedBytes: count, packets: count })
  .readonly();

const protocolSchema = z.object({ name: z.string(), flows: count, bytes: count }).readonly();

const recentFlowSchema = z
  .object({
    startMs: timeMs,
    lastMs: timeMs,
    initiator: z.string(),
    /** 0 where the protocol has no ports. */
    initiatorPort: count,
    responder: z.string(),
    responderPort: count,
    /** "tcp", "udp", "icmp", or the number of the protocol. */
    transport: z.string(),
    /** "ssh", "dns", …; "unknown" where neither port nor bytes tell. */
    service: z.string(),
    packets: count,
    /** On the wire, both directions. */
    bytes: count,
  })
  .readonly();

/** The traffic of this moment. */
export const trafficSchema = z
  .object({
    timeMs,
    packetsPerSecond: rate,
    bytesPerSecond: rate,
    openFlows: count,
    /** The last minute, one point a second, the oldest first. */
    history: z.array(z.object({ packets: count, bytes: count }).readonly()).readonly(),
    /** What talkers and protocols are measured over: the last so many seconds. */
    windowSeconds: z.number().nonnegative(),
    /** The busiest first. */
    talkers: z.array(talkerSchema).readonly(),
    /** Most bytes first. */
    protocols: z.array(protocolSchema).readonly(),
    /** Flows that ended last, the newest first. */
    recentFlows: z.array(recentFlowSchema).readonly(),
  })
  .readonly();

export type Status = z.infer<typeof statusSchema>;
export type InterfaceStatus = Status['interfaces'][number];
export type Traffic = z.infer<typeof trafficSchema>;
export type RecentFlow = Traffic['recentFlows'][number];
export type AlertRecord = z.infer<typeof alertRecordSchema>;
export type ReviewState = (typeof REVIEW_STATES)[number];
export type DismissReason = (typeof DISMISS_REASONS)[number];
