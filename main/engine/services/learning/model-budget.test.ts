import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ManualClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../../store/index.ts';
import { ModelBudget } from './model-budget.ts';

const START_MS = 1_700_000_000_000;
const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const MOST_LOOKED_AT = 20_000;

let folder: string;
let store: Store;
const clock = new ManualClock(START_MS);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-budget-'));
  const path = join(folder, 'data', 'holdfast.db');
  store = await openStore({ path, clock, health: new HealthRegistry(), settings: defaultsOf(storeSettings) });
});
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

function remember(minutesAgo: number): void {
  // Asking writes what waits, of which there is room for some thousand only.
  if (minutesAgo % 1_000 === 0) store.models.oldestAnomalyMs();
  store.models.addAnomaly({
    timeMs: START_MS - minutesAgo * MINUTE_MS,
    table: 'flow',
    group: 'tcp',
    profileId: 'flow-1',
    pValue: minutesAgo % 1_440 === 7 ? 1e-9 : 0.009,
    probability: 0.9,
    cause: `cause ${minutesAgo}`,
    title: `row ${minutesAgo}`,
    reasons: ['sent much'],
    isShown: false,
  });
}

it('previews what would have been shown, in full, and claims no days that it did not look at', () => {
  const budget = new ModelBudget({
    perDay: () => 3,
    joinGapMs: () => 10 * MINUTE_MS,
    control: () => store.control,
    store: () => store.models,
    nowMs: () => START_MS,
  });
  expect(budget.preview(1, 30)).toEqual({ days: 0, total: 0, anomalies: [] });
  for (let minutesAgo = 5 * 1_440; minutesAgo > 0; minutesAgo--) remember(minutesAgo);
  const preview = budget.preview(1, 30);
  expect(preview.days).toBeCloseTo(5);
  expect(preview.anomalies[0]).toMatchObject({ title: 'row 7', pValue: 1e-9, reasons: ['sent much'] });
  expect(preview.total).toBeGreaterThan(2);
  for (let minutesAgo = 5 * 1_440 + 1; minutesAgo <= MOST_LOOKED_AT + 5_000; minutesAgo++) remember(minutesAgo);
  expect(budget.preview(1, 30).days).toBeCloseTo((MOST_LOOKED_AT * MINUTE_MS) / DAY_MS);
});
