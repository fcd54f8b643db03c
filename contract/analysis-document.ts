/** Turns the engine's own types into those of the `analyze --json` document. Loads nothing heavy. */
import type { AnalysisAlert, AnalysisStage } from './analysis.ts';
import type { Alert, AlertStage } from './domain.ts';

/** ISO 8601 with a year of four digits is what everybody reads; a damaged capture can claim any time. */
const EARLIEST_MS = Date.parse('0001-01-01T00:00:00.000Z');
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/**
 * Milliseconds since the epoch as "2021-09-21T08:24:10.471Z"; times outside of the years 1 to 9999 give
 * the nearest that can be written. Throws a RangeError for NaN.
 */
export function isoTime(milliseconds: number): string {
  return new Date(Math.min(Math.max(milliseconds, EARLIEST_MS), LATEST_MS)).toISOString();
}

/** An alert as it stands in the document. */
export function toAnalysisAlert(alert: Alert): AnalysisAlert {
  return {
    id: alert.id,
    kind: alert.kind,
    title: alert.title,
    severity: alert.severity,
    confidence: alert.confidence,
    techniques: alert.techniques,
    attackers: alert.attackers,
    victims: alert.victims,
    firstSeen: isoTime(alert.firstSeenMs),
    lastSeen: isoTime(alert.lastSeenMs),
    findings: alert.findings,
    explanation: alert.explanation,
    evidence: alert.evidence,
    attackerCount: alert.attackerCount,
    victimCount: alert.victimCount,
    related: alert.related,
    detectors: alert.detectors,
    ...(alert.stages === undefined ? {} : { stages: alert.stages.map(toAnalysisStage) }),
  };
}

function toAnalysisStage({ firstSeenMs, lastSeenMs, ...stage }: AlertStage): AnalysisStage {
  return { ...stage, firstSeen: isoTime(firstSeenMs), lastSeen: isoTime(lastSeenMs) };
}
