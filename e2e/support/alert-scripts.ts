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

/** An anomaly: what it found unusual is above, below, far off and near what is usual. */
export function anomalyStory(): AlertStory {
  const timeMs = NOW - 9 * MINUTE_MS;
  const evidence: AlertRecord['evidence'] = [
    {
      name: 'bytes sent',
      value: 214_000_000,
      unit: 'B',
      usual: 'under 2 MB',
      usualRange: { low: 60, high: 2_000_000 },
      meaning: 'Nothing on this computer has sent so much to one address before.',
    },
    {
      name: 'time it lasted',
      value: 184,
      unit: 's',
      usual: '0.01–120 s',
      usualRange: { low: 0.01, high: 120 },
      meaning: 'Conversations of this kind end sooner.',
    },
    {
      name: 'bytes received',
      value: 900,
      unit: 'B',
      usual: '20 kB–61 MB',
      usualRange: { low: 20_000, high: 61_000_000 },
      meaning: 'Hardly anything came back.',
    },
    {
      name: 'resets',
      value: 3,
      unit: 'packets',
      usual: 'none',
      usualRange: { low: 0, high: 0 },
      meaning: 'Usually nobody breaks off.',
    },
    {
      name: 'packets a second',
      value: 420,
      usual: '1–900',
      usualRange: { low: 1, high: 900 },
      meaning: 'This alone would be usual.',
    },
  ];
  const alert = sampleAlert(9, {
    kind: 'anomaly',
    severity: 'medium',
    title: '10.0.0.5 sent unusually much to 203.0.113.80',
    explanation:
      '10.0.0.5 sent 214 MB to 203.0.113.80 in 3 minutes; usual is under 2 MB. Of the conversations of this computer about one in 40,000 is as unusual.',
    techniques: [],
    attackers: ['10.0.0.5'],
    victims: ['203.0.113.80'],
    detectors: ['anomaly'],
    evidence,
  });
  return {
    alert,
    timeline: [{ timeMs, who: 'activity', text: 'A conversation of 3 minutes with 203.0.113.80 ended.' }],
    series: [],
    traffic: { bucketMs: 10_000, points: [{ timeMs, flows: 1, bytes: 9e6 }], flows: 1, isPartial: false },
    techniques: [],
    detectors: [{ id: 'anomaly', summary: 'Finds what this computer never does', section: 'models' }],
    decisions: [],
    nextSteps: ['Ask who uses 203.0.113.80.'],
    related: [],
    huntQuery: 'flows where host = 10.0.0.5',
  };
}
