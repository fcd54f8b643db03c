import { describe, expect, it } from 'vitest';
import type { AlertStory } from '../../../contract/api-alerts.ts';
import { renderStories } from './index.ts';

const START_MS = Date.UTC(2026, 10, 21, 10);
const HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e';

function story(changes: Partial<AlertStory['alert']> = {}): AlertStory {
  return {
    alert: {
      id: 'a-0123456789ab',
      kind: 'port-scan',
      title: 'a scan',
      severity: 'medium',
      confidence: 0.9,
      techniques: ['T1046'],
      attackers: ['10.0.0.5'],
      victims: ['10.0.0.9'],
      attackerCount: 1,
      victimCount: 1,
      firstSeenMs: START_MS,
      lastSeenMs: START_MS + 5_000,
      findings: 1,
      explanation: 'It tried many ports.',
      evidence: [],
      detectors: ['port-scan'],
      related: [],
      state: 'open',
      review: null,
      source: 'live',
      ...changes,
    },
    timeline: [{ timeMs: START_MS, who: 'activity', text: 'The first of it was seen.' }],
    series: [
      { name: 'ports', usual: { low: 1, high: 5 }, points: [0, 1, 2].map((i) => ({ timeMs: START_MS + i, value: i })) },
      { name: 'still', usual: null, points: [{ timeMs: START_MS, value: 1 }] },
    ],
    traffic: { bucketMs: 1_000, points: [], flows: 3, isPartial: true },
    techniques: [],
    detectors: [],
    decisions: [{ timeMs: START_MS, text: 'Nothing was done.', setting: 'mode', value: 'observe' }],
    nextSteps: ['Look at it.'],
    related: [],
    huntQuery: 'flows',
  };
}

const CONTEXT = {
  version: '1.2.3',
  writtenMs: START_MS,
  catalogue: { attackVersion: '18.1', tactics: [], techniques: new Map() },
};

describe('renderStories', () => {
  it('tells state, timeline, growth, what was done and what can be done', () => {
    const page = renderStories([story()], CONTEXT);
    for (const text of [
      'Open: nobody has decided about it.',
      'The first of it was seen.',
      '<polyline points="0.0,32.0 120.0,25.6 240.0,19.2"/>',
      '<rect class="band"',
      '3 stored flows between them in that time; there may be more',
      '<b>Done so far:</b> Nothing was done. (mode: observe)',
      '<li>Look at it.</li>',
    ]) {
      expect(page).toContain(text);
    }
    expect(page.match(/<polyline/g)).toHaveLength(1);
  });

  it('links alerts of the same page that belong together', () => {
    const page = renderStories([story({ related: ['a-2', 'a-3'] }), story({ id: 'a-2', title: 'the other' })], CONTEXT);
    expect(page).toContain('<a href="#a-2">the other</a>');
    expect(page).not.toContain('#a-3');
  });

  it('lets no text out of its place', () => {
    const review = { actor: HOSTILE, timeMs: START_MS, reason: 'fixed', note: HOSTILE } as const;
    const hostile = {
      ...story({ id: HOSTILE, title: HOSTILE, attackers: [HOSTILE], review, state: 'dismissed', source: HOSTILE }),
      timeline: [{ timeMs: START_MS, who: 'person', text: HOSTILE }],
      nextSteps: [HOSTILE],
      decisions: [{ timeMs: START_MS, text: HOSTILE, setting: HOSTILE, value: HOSTILE }],
    } as const;
    const series = [{ ...hostile.series[0]!, name: HOSTILE }];
    const page = renderStories([{ ...hostile, series }], CONTEXT);
    expect(page).not.toMatch(/<script|<img|\u202e/);
    expect(page).not.toMatch(/id=""/);
    expect(page).toContain('&lt;script&gt;');
  });
});
