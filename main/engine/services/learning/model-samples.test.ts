import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TABLE_COLUMNS } from '../../models/index.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { openStore, type Store, storeSettings } from '../../store/index.ts';
import { ModelSamples } from './model-samples.ts';
import { modelSettings } from './model-settings.ts';

const START_MS = 1_700_000_000_000;
const ROWS = 3_000;
const COLUMNS = TABLE_COLUMNS.flow.length;

let folder: string;
let store: Store;
let samples: ModelSamples;
const clock = new ManualClock(START_MS);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-samples-'));
  const path = join(folder, 'data', 'holdfast.db');
  store = await openStore({ path, clock, health: new HealthRegistry(), settings: defaultsOf(storeSettings) });
  const settings = { ...defaultsOf(modelSettings), holdMinutes: 0 };
  samples = new ModelSamples({ store: () => store.models, clock, seed: 5, settings: () => settings });
  samples.start();
  const values = new Float64Array(COLUMNS);
  for (let row = 0; row < ROWS; row++) {
    values[0] = row;
    const timeMs = START_MS - ROWS + row;
    const ends = { initiator: '10.0.0.5', responder: '192.0.2.1', firstMs: timeMs, lastMs: timeMs };
    samples.add({ table: 'flow', group: 'tcp', values, isUnusual: false, ...ends });
  }
});
afterAll(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const firstColumn = (data: Float64Array) =>
  Array.from({ length: data.length / COLUMNS }, (_, row) => data[row * COLUMNS]);

describe('the sample', () => {
  it('gives every row once, in the order of time, either to train on or to check by', async () => {
    const { groups, rows, fromMs, untilMs, digest } = await samples.training('flow');
    const [check] = await samples.check('flow');
    const trained = firstColumn(groups[0]!.rows.data);
    const checked = firstColumn(check!.rows.data);
    expect(rows).toBe(trained.length);
    expect(trained).toEqual([...trained].sort((a, b) => a! - b!));
    expect([...trained, ...checked].sort((a, b) => a! - b!)).toEqual(Array.from({ length: ROWS }, (_, row) => row));
    expect(fromMs).toBe(START_MS - ROWS + trained[0]!);
    expect(untilMs).toBe(START_MS - ROWS + trained[trained.length - 1]!);
    expect((await samples.training('flow')).digest).toBe(digest);
  });

  it('gives what came since a moment, and the latest', async () => {
    const [recent] = await samples.since('flow', START_MS - 100);
    expect(firstColumn(recent!.rows.data)).toEqual(Array.from({ length: 100 }, (_, row) => ROWS - 100 + row));
    const [latest] = await samples.latest('flow', 50);
    expect(latest?.rows.rows).toBe(50);
    expect(await samples.since('flow', START_MS + 1)).toEqual([]);
  });
});
