/**
 * The document that `holdfast analyze FILE --json` prints: a promise to scripts and other programs.
 * Fields are added, never renamed, removed or given another meaning; whoever reads it skips what it does
 * not know. Importing this file at run time loads zod (over 100 ms): code on the way to a fast answer
 * imports its types only, and the converters of `analysis-document.ts`.
 */
import { z } from 'zod';
import { ALERT_KINDS, SEVERITIES } from './domain.ts';
import { MODEL_KINDS } from './models.ts';

/** ISO 8601 in UTC with milliseconds: "2021-09-21T08:24:10.471Z". The traffic's own time. */
const moment = z.iso.datetime({ precision: 3 });
const count = z.number().int().nonnegative();

/** Something about the capture that the reader should know: damage, what was skipped, what was evicted. */
const note = z
  .object({
    /** Stable, lower-case, dashed: "cut-off". */
    code: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
    /** One plain sentence. */
    message: z.string().min(1),
    /** Where in the uncompressed capture it was met first; null when it has no single place. */
    byteOffset: count.nullable(),
    /** Number of the packet, from 1, at which it was met first; null when it has no single place. */
    packetNumber: count.nullable(),
    /** How often it was met. */
    count: count.min(1),
  })
  .readonly();

const capture = z
  .object({
    /** As given on the command line; "-" for standard input. */
    path: z.string(),
    /** "pcap", "pcapng", with what it was packed in: "pcapng+gzip". */
    format: z.string(),
    /** Packets read. */
    packets: count,
    /** Bytes of those packets on the wire. */
    bytes: count,
    /** Time of the earliest and of the latest packet; null without packets. */
    firstSeen: moment.nullable(),
    lastSeen: moment.nullable(),
    /** Packets that could not be decoded. */
    malformed: count,
    notes: z.array(note).readonly(),
  })
  .readonly();

const evidence = z
  .object({
    name: z.string(),
    value: z.union([z.number(), z.string()]),
    unit: z.string().optional(),
    usual: z.string().optional(),
    usualRange: z.object({ low: z.number(), high: z.number() }).readonly().optional(),
    meaning: z.string(),
  })
  .readonly();

const stage = z
  .object({
    kind: z.enum(ALERT_KINDS),
    title: z.string(),
    severity: z.enum(SEVERITIES),
    techniques: z.array(z.string()).readonly(),
    firstSeen: moment,
    lastSeen: moment,
  })
  .readonly();

const alert = z
  .object({
    /** The same for the same traffic. */
    id: z.string().regex(/^a-[0-9a-f]{12}$/),
    kind: z.enum(ALERT_KINDS),
    title: z.string(),
    severity: z.enum(SEVERITIES),
    /** 0 (a guess) to 1 (certain). */
    confidence: z.number().min(0).max(1),
    /** MITRE ATT&CK ids, the most telling first. */
    techniques: z.array(z.string().regex(/^T\d{4}(\.\d{3})?$/)).readonly(),
    /** IP addresses, or MAC addresses where there is no IP; the most active first. */
    attackers: z.array(z.string()).readonly(),
    victims: z.array(z.string()).readonly(),
    firstSeen: moment,
    lastSeen: moment,
    /** How many findings were joined into this alert. */
    findings: count,
    explanation: z.string(),
    evidence: z.array(evidence).readonly(),
    /** Beyond the first promise: how many attackers and victims there were where not all are listed. */
    attackerCount: count.optional(),
    victimCount: count.optional(),
    /** Ids of other alerts of this document with an attacker or a victim in common at about the same time. */
    related: z.array(z.string()).readonly().optional(),
    /** The detectors that spoke: each is a section `detect.<id>` of the configuration. */
    detectors: z.array(z.string()).readonly().optional(),
    /** Where several kinds of findings tell one attack: its steps, in the order in which they began. */
    stages: z.array(stage).readonly().optional(),
  })
  .readonly();

/** What was judged by what had been learnt before, and what came of it. */
const anomalies = z
  .object({
    /** `off`: nothing was judged; `detail` says why. */
    state: z.enum(['on', 'off']),
    /** One or two plain sentences. */
    detail: z.string().min(1),
    /** What judged; null where nothing did. */
    model: z
      .object({
        /** "version flow-3 of the engine", "file office.hfmodel", "capture benign.pcap". */
        source: z.string(),
        trainedAt: moment,
        /** Rows that it has learnt from, and their SHA-256. */
        rows: count,
        digest: z.string(),
        kinds: z.array(z.enum(MODEL_KINDS)).readonly(),
      })
      .readonly()
      .nullable(),
    /** Conversations that were judged, and those of which nothing had been learnt. */
    judged: count,
    unjudged: count,
    /** Conversations that are too unusual to be chance among so many. */
    unusual: count,
    /** Causes that were shown as alerts or strengthened one, and those beyond the number of alerts a day. */
    shown: count,
    heldBack: count,
    /** P-value up to which a conversation was too unusual to be chance; null where none was. */
    threshold: z.number().min(0).max(1).nullable(),
  })
  .readonly();

export const analysisSchema = z
  .object({
    capture,
    /** Conversations seen. */
    flows: count,
    /** Different addresses seen. */
    hosts: count,
    /** Wall-clock time that the analysis took. */
    elapsedSeconds: z.number().nonnegative(),
    /** The most severe first, then the latest. */
    alerts: z.array(alert).readonly(),
    /** Beyond the first promise; always there since anomalies are looked for. */
    anomalies: anomalies.optional(),
  })
  .readonly();

export type AnalysisDocument = z.infer<typeof analysisSchema>;
export type AnalysisCapture = AnalysisDocument['capture'];
export type AnalysisNote = AnalysisCapture['notes'][number];
export type AnalysisAlert = AnalysisDocument['alerts'][number];
export type AnalysisAnomalies = NonNullable<AnalysisDocument['anomalies']>;
export type AnalysisStage = NonNullable<AnalysisAlert['stages']>[number];
