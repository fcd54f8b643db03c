import { beforeAll, describe, expect, it } from 'vitest';
import type { Profile as ProfileInfo } from '../../../../contract/api-models.ts';
import {
  fitProfile,
  type Profile,
  Random,
  readProfile,
  TABLE_COLUMNS,
  type TrainingGroup,
} from '../../models/index.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { driftOf } from './model-drift.ts';
import { DriftWatch } from './model-drift-watch.ts';
import type { ModelRegistry } from './model-registry.ts';
import type { ModelSamples } from './model-samples.ts';

const COLUMNS = TABLE_COLUMNS.host.length;
const HOUR_MS = 3_600_000;

/** Rows of ten seconds; some columns are moved by so many deviations. */
function rowsOf(seed: number, count: number, moved: readonly number[] = [], by = 3): TrainingGroup[] {
  const random = new Random(seed);
  const data = new Float64Array(count * COLUMNS);
  for (let place = 0; place < data.length; place++) {
    const shift = moved.includes(place % COLUMNS) ? by : 0;
    data[place] = 20 + 3 * (random.normal() + shift);
  }
  return [{ group: 'all', rows: { rows: count, columns: COLUMNS, data } }];
}

let profile: Profile;
beforeAll(async () => {
  const hooks = { onProgress: () => {}, signal: new AbortController().signal };
  const job = { table: 'host', kinds: ['baseline'], groups: rowsOf(1, 3_000), seed: 1 } as const;
  profile = readProfile((await fitProfile(job, hooks)).document);
});

describe('drift', () => {
  it('is none in rows like those of the training, and cannot be told of a few', async () => {
    const drift = await driftOf(profile, rowsOf(2, 600), 7);
    expect(drift).toMatchObject({ isDrifted: false, checkedMs: 7, rows: 600, moved: [] });
    expect(await driftOf(profile, rowsOf(2, 100), 7)).toBeNull();
    expect(await driftOf(profile, [], 7)).toBeNull();
  });

  it('is told with the columns that moved, the most first, and where they were', async () => {
    const drift = await driftOf(profile, rowsOf(3, 600, [0, 1, 2, 3, 4, 5, 6]), 7);
    expect(drift?.isDrifted).toBe(true);
    expect(drift?.moved.map(({ feature }) => feature).sort()).toEqual(
      TABLE_COLUMNS.host
        .slice(0, 7)
        .map(({ name }) => name)
        .sort(),
    );
    const [first] = drift?.moved ?? [];
    expect(first.before).toBeCloseTo(20, 0);
    expect(first.now).toBeCloseTo(29, 0);
  });

  it('is not one column, which may be a new program', async () => {
    const drift = await driftOf(profile, rowsOf(3, 600, [4], 1.2), 7);
    expect(drift).toMatchObject({ isDrifted: false, moved: [{ feature: TABLE_COLUMNS.host[4].name }] });
  });
});

describe('the watch for drift', () => {
  it('looks once an hour, at what came after the training, and believes what it sees twice', async () => {
    const clock = new ManualClock(1_700_000_000_000);
    const asked: number[] = [];
    let now: readonly TrainingGroup[] = rowsOf(4, 400, [0, 1, 2, 3, 4, 5, 6, 7]);
    const info = { id: 'host-1', untilMs: clock.nowMs() - HOUR_MS } as ProfileInfo;
    const registry = { active: () => ({ info, profile }) } as unknown as ModelRegistry;
    const since = (_table: string, sinceMs: number) => {
      asked.push(sinceMs);
      return now;
    };
    const watch = new DriftWatch(registry, { since } as unknown as ModelSamples, clock);
    expect(watch.get('host')).toBeNull();
    await watch.look('host');
    expect(watch.get('host')).toMatchObject({ isDrifted: false });
    clock.advance(HOUR_MS / 2);
    await watch.look('host');
    expect(asked).toEqual([info.untilMs]);
    clock.advance(HOUR_MS / 2);
    await watch.look('host');
    expect(watch.get('host')).toMatchObject({ isDrifted: true });
    now = rowsOf(5, 400);
    clock.advance(HOUR_MS);
    await watch.look('host');
    expect(watch.get('host')).toMatchObject({ isDrifted: false, moved: [] });
  });
});
