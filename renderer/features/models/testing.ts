/** What tests of this page are made of. */
import type { Learning, Profile, Training } from '../../../contract/api-models.ts';

export const DAY_MS = 86_400_000;

export function sampleProfile(change: Partial<Profile> = {}): Profile {
  return {
    id: 'flow-3',
    table: 'flow',
    version: 3,
    state: 'active',
    reason: 'It is not worse than version 2 and moved little.',
    trainedMs: 20 * DAY_MS,
    source: 'this computer',
    kinds: ['baseline', 'isolation-forest', 'autoencoder'],
    groups: ['tcp', 'udp'],
    rows: 20_000,
    fromMs: 10 * DAY_MS,
    untilMs: 20 * DAY_MS,
    digest: 'c0ffee'.padEnd(64, '0'),
    parent: 'flow-2',
    bytes: 3_400_000,
    metrics: {
      calibrationRows: 5_000,
      validationRows: 2_500,
      onePercent: 0.011,
      oneInThousand: 0.0012,
      seconds: 41,
      loss: 0.021,
    },
    ...change,
  };
}

export function sampleLearning(change: Partial<Learning> = {}): Learning {
  return {
    table: 'flow',
    state: 'ready',
    detail: 'What this computer usually says to others is known.',
    progress: null,
    rows: 20_000,
    rowsWanted: 2_000,
    readyMs: null,
    activeId: 'flow-3',
    drift: null,
    ...change,
  };
}

export function sampleTraining(change: Partial<Training> = {}): Training {
  return {
    id: 't-1',
    state: 'running',
    startedMs: 0,
    endedMs: null,
    actor: 'ada (uid 1000)',
    tables: ['flow'],
    kinds: ['baseline', 'isolation-forest', 'autoencoder'],
    now: null,
    made: [],
    failure: null,
    ...change,
  };
}
