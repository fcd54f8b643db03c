import { createHash } from 'node:crypto';
import {
  type Evidence,
  type FileRecord,
  type Finding,
  MAX_COMMAND_SHOWN,
  MAX_LISTED_FILES,
  MAX_LISTED_PROCESSES,
  type ProcessRecord,
} from '../../../contract/domain.ts';
import { plainText } from '../../../contract/text.ts';
import { isFoothold } from './chain.ts';
import { hostList } from './hosts.ts';
import { type Case, severityRank } from './rules.ts';
import { treeOf } from './trees.ts';

/** A finding made safe to keep and to show: plain text of bounded length, numbers that are numbers. */
export interface Statement extends Case {
  readonly detector: string;
  readonly cause: string;
  readonly techniques: readonly string[];
  readonly title: string;
  readonly explanation: string;
  readonly evidence: readonly Evidence[];
  /** Who did it, then whose child that is. */
  readonly processes: readonly ProcessRecord[];
  readonly files: readonly FileRecord[];
}

/**
 * Longest texts that are kept, in UTF-16 code units: what one line, one paragraph and one cell of a table
 * can show. Detectors write far less; names from the wire inside can be of any length.
 */
const TEXT_LENGTH = {
  title: 240,
  explanation: 1_600,
  evidenceName: 80,
  evidenceValue: 400,
  evidenceUnit: 32,
  evidenceUsual: 160,
  evidenceMeaning: 400,
  /** An IPv6 address with a zone, or a MAC address, and some. */
  host: 64,
  /** PATH_MAX. */
  path: 4_096,
  user: 64,
} as const;

/** Most lines of evidence that are kept of one finding. */
const MAX_EVIDENCE_OF_ONE = 64;

/** Most technique ids of one finding: no behaviour is more than a few. */
const MAX_TECHNIQUES = 16;

/** What the alert book keeps of a finding. Text from the wire is made plain here, once, for everybody after. */
export function statementOf(finding: Finding): Statement {
  const processes = (finding.processes ?? []).slice(0, MAX_LISTED_PROCESSES).map(plainProcess);
  return {
    detector: finding.detector,
    kind: finding.kind,
    kinds: [finding.kind],
    hasFoothold: isFoothold(finding),
    cause: boundedCause(finding.cause),
    firstSeenMs: finding.firstSeenMs,
    lastSeenMs: Math.max(finding.firstSeenMs, finding.lastSeenMs),
    severity: finding.severity,
    confidence: Math.min(Math.max(finding.confidence, 0), 1),
    techniques: finding.techniques.slice(0, MAX_TECHNIQUES),
    attackers: hostList(plainHosts(finding.attackers), finding.attackerCount),
    victims: hostList(plainHosts(finding.victims), finding.victimCount),
    title: plainText(finding.title, TEXT_LENGTH.title),
    explanation: plainText(finding.explanation, TEXT_LENGTH.explanation),
    evidence: finding.evidence.slice(0, MAX_EVIDENCE_OF_ONE).map(plainEvidence),
    isOnHost: finding.origin === 'host',
    tree: new Set(treeOf(processes)),
    processes,
    files: (finding.files ?? [])
      .slice(0, MAX_LISTED_FILES)
      .map(({ path }) => ({ path: plainText(path, TEXT_LENGTH.path) })),
  };
}

/** Longest cause that is kept as it is, in UTF-16 code units: a detector, two processes and a path of usual length. */
const MAX_CAUSE = 256;

/** Causes hold names and paths of any length, and an alert keeps hundreds of them: long ones are known by their digest. */
function boundedCause(cause: string): string {
  if (cause.length <= MAX_CAUSE) return cause;
  return `${cause.slice(0, MAX_CAUSE / 2)} ${createHash('sha256').update(cause).digest('hex')}`;
}

function plainHosts(hosts: readonly string[]): string[] {
  return hosts.map((host) => plainText(host, TEXT_LENGTH.host));
}

function plainProcess({ pid, startedMs, parentPid, image, commandLine, user }: ProcessRecord): ProcessRecord {
  return {
    pid,
    ...(startedMs === undefined ? {} : { startedMs }),
    ...(parentPid === undefined ? {} : { parentPid }),
    image: plainText(image, TEXT_LENGTH.path),
    commandLine: plainText(commandLine, MAX_COMMAND_SHOWN),
    ...(user === undefined ? {} : { user: plainText(user, TEXT_LENGTH.user) }),
  };
}

function plainEvidence(row: Evidence): Evidence {
  return {
    name: plainText(row.name, TEXT_LENGTH.evidenceName),
    // Infinity and NaN have no place in JSON.
    value: Number.isFinite(row.value) ? row.value : plainText(String(row.value), TEXT_LENGTH.evidenceValue),
    ...(row.unit === undefined ? {} : { unit: plainText(row.unit, TEXT_LENGTH.evidenceUnit) }),
    ...(row.usual === undefined ? {} : { usual: plainText(row.usual, TEXT_LENGTH.evidenceUsual) }),
    ...(row.usualRange !== undefined && isRange(row.usualRange) ? { usualRange: row.usualRange } : {}),
    meaning: plainText(row.meaning, TEXT_LENGTH.evidenceMeaning),
  };
}

function isRange({ low, high }: { readonly low: number; readonly high: number }): boolean {
  return Number.isFinite(low) && Number.isFinite(high) && low <= high;
}

/** Sorts the strongest statement first: the more severe, the surer, the earlier; then by name, so that no order is left to chance. */
export function byStrength(first: Statement, second: Statement): number {
  return (
    severityRank(second.severity) - severityRank(first.severity) ||
    second.confidence - first.confidence ||
    first.firstSeenMs - second.firstSeenMs ||
    compareText(first.detector, second.detector) ||
    compareText(first.cause, second.cause)
  );
}

function compareText(first: string, second: string): number {
  return first < second ? -1 : first > second ? 1 : 0;
}

/** As sure as several detectors together can make us; only a detector that says so itself is surer. */
const MOST_CONFIDENT_TOGETHER = 0.99;

/**
 * How sure all of them together are: noisy-or (Pearl 1988), 1 − ∏(1 − cᵢ), over one confidence for each
 * detector, its highest; one detector that speaks twice has not seen two things. Bounded by 0.99, since
 * detectors watch the same packets and so are not quite independent; never below the surest of them.
 */
export function combinedConfidence(statements: readonly Statement[]): number {
  const surest = new Map<string, number>();
  for (const { detector, confidence } of statements) {
    surest.set(detector, Math.max(confidence, surest.get(detector) ?? 0));
  }
  // Sorted, so that rounding does not depend on who spoke first.
  const confidences = [...surest.values()].sort((first, second) => second - first);
  const together = 1 - confidences.reduce((doubt, confidence) => doubt * (1 - confidence), 1);
  return Math.max(confidences[0] ?? 0, Math.min(together, MOST_CONFIDENT_TOGETHER));
}

/** How much surer an anomaly makes what a rule found: little, as unusual traffic is mostly harmless. */
const ANOMALY_SUPPORT = 0.05;

/** The confidence of an alert whose traffic is unusual as well; however many anomalies say so, they are one opinion. */
export function supportedConfidence(confidence: number): number {
  return Math.max(confidence, Math.min(confidence + ANOMALY_SUPPORT, MOST_CONFIDENT_TOGETHER));
}
