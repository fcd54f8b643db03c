/** Alerts for a scripted engine: many of them, and such as an attacker would like to have shown. */
import type { CallOutput, ParsedInput } from '../../contract/api.ts';
import type { AlertStory } from '../../contract/api-alerts.ts';
import type { AlertRecord } from '../../contract/api-schemas.ts';
import { ALERT_KINDS, SEVERITIES } from '../../contract/domain.ts';

const NOW = Date.now();
const MINUTE_MS = 60_000;

/** One of many. @param index how many minutes ago; negative: of what is to come */
export function sampleAlert(index: number, change: Partial<AlertRecord> = {}): AlertRecord {
  const attacker = `10.${Math.abs(index >> 16) % 256}.${Math.abs(index >> 8) % 256}.${Math.abs(index) % 256}`;
  return {
    id: `a-${index}`,
    kind: ALERT_KINDS[Math.abs(index) % ALERT_KINDS.length],
    title: `${attacker} scanned 1,000 ports of 192.0.2.9`,
    severity: SEVERITIES[Math.abs(index) % SEVERITIES.length],
    confidence: 0.9,
    techniques: ['T1046'],
    attackers: [attacker],
    victims: ['192.0.2.9'],
    attackerCount: 1,
    victimCount: 1,
    firstSeenMs: NOW - (index + 1) * MINUTE_MS,
    lastSeenMs: NOW - index * MINUTE_MS,
    findings: 3,
    explanation: 'It tried 1,000 ports in a second. Usually a computer uses a handful.',
    evidence: [{ name: 'ports tried', value: 1_000, unit: 'ports', usual: '1–5', meaning: 'Few programs use many.' }],
    detectors: ['port-scan'],
    related: [],
    state: 'open',
    review: null,
    source: 'live',
    ...change,
  };
}

/** An engine with so many alerts, a minute apart. */
export function manyAlerts(count: number): (input: ParsedInput<'alerts.list'>) => CallOutput<'alerts.list'> {
  return ({ limit, cursor }) => {
    const start = Number(cursor ?? 0);
    const end = Math.min(start + limit, count);
    const alerts = Array.from({ length: end - start }, (_, offset) => sampleAlert(start + offset));
    return { alerts, total: count, next: end < count ? String(end) : null };
  };
}

/** Markup, a bell, an escape, a change of direction, an invisible space, and a word that is too long for any line. */
export const HOSTILE_TEXT =
  `<img src=x onerror="window.__owned=1"><script>window.__owned=1</script>\u202egnp.exe\u200b\u0007\u001b[31m` +
  `javascript:alert(1) ${'W'.repeat(200)}`;

/** An alert whose every text is hostile. */
export function hostileStory(): AlertStory {
  const text = HOSTILE_TEXT;
  const timeMs = NOW - MINUTE_MS;
  const alert = sampleAlert(1, {
    title: text,
    explanation: text,
    attackers: [text, '10.0.0.5'],
    victims: [text],
    attackerCount: 2,
    techniques: [text, 'T1046'],
    detectors: [text],
    evidence: [{ name: text, value: text, unit: text, usual: text, meaning: text }],
    review: { actor: text, timeMs, reason: 'fixed', note: text },
    state: 'acknowledged',
  });
  const who = ['activity', 'engine', 'person', 'person'] as const;
  return {
    alert,
    timeline: who.map((each) => ({ timeMs, who: each, text })),
    series: [{ name: text, usual: null, points: [1, 2].map((value) => ({ timeMs, value })) }],
    traffic: { bucketMs: 1_000, points: [{ timeMs, flows: 1, bytes: 900 }], flows: 1, isPartial: false },
    techniques: [
      { id: text, name: text, meaning: text, tactics: [{ id: text, name: text }] },
      { id: 'T1046', name: text, meaning: text, tactics: [] },
    ],
    detectors: [{ id: text, summary: text, section: text }],
    decisions: [{ timeMs, text, setting: text, value: text }],
    nextSteps: [text],
    related: [{ id: text, title: text, severity: 'high', firstSeenMs: timeMs }],
    huntQuery: text,
  };
}
