/** Alerts for tests. */
import type { AlertRecord } from '../../../contract/api-schemas.ts';
import { type AlertRow, rowOf } from './rows.ts';

export function alertRecord(change: Partial<AlertRecord> = {}): AlertRecord {
  return {
    id: 'a-1',
    kind: 'port-scan',
    title: '10.0.0.5 scanned 1,000 ports of 10.0.0.9',
    severity: 'medium',
    confidence: 0.9,
    techniques: ['T1046'],
    attackers: ['10.0.0.5'],
    victims: ['10.0.0.9'],
    attackerCount: 1,
    victimCount: 1,
    firstSeenMs: 1_000,
    lastSeenMs: 2_000,
    findings: 1,
    explanation: 'It tried 1,000 ports in a second.',
    evidence: [],
    detectors: ['port-scan'],
    related: [],
    state: 'open',
    review: null,
    source: 'live',
    ...change,
  };
}

export function alertRow(change: Partial<AlertRecord> = {}): AlertRow {
  return rowOf(alertRecord(change));
}
