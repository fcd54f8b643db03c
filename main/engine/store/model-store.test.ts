import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Profile } from '../../../contract/api-models.ts';
import type { StoredAnomaly } from './anomaly-table.ts';
import type { SampleRow } from './sample-table.ts';
import { FlowStoreScene, HOUR_MS, START_MS } from './testing.ts';

let scene: FlowStoreScene;
beforeEach(async () => {
  scene = await FlowStoreScene.open();
});
afterEach(() => scene.close());

const journal = { actor: 'engine', action: 'model-trained', subject: 'flow-1' };

function profile(version: number, changes: Partial<Profile> = {}): Profile {
  return {
    id: `flow-${version}`,
    table: 'flow',
    version,
    state: 'candidate',
    reason: 'It is new.',
    trainedMs: START_MS + version,
    source: 'this computer',
    kinds: ['baseline'],
    groups: ['tcp'],
    rows: 100,
    fromMs: null,
    untilMs: null,
    digest: '00',
    parent: null,
    bytes: 3,
    metrics: {
      calibrationRows: 10,
      validationRows: 10,
      onePercent: 0.01,
      oneInThousand: 0.001,
      seconds: 1,
      loss: null,
    },
    ...changes,
  };
}

function add(version: number, retiredReason?: string, removed: readonly string[] = []): void {
  const document = Buffer.of(version, 2, 3);
  scene.store.models.add({ profile: profile(version), document, retiredReason, removed, journal });
}

const states = () => scene.store.models.profiles().map(({ profile: { id, state } }) => `${id} ${state}`);

function row(slot: number, changes: Partial<SampleRow> = {}): SampleRow {
  const values = Float32Array.of(slot, 0.5, Number.NaN);
  return { slot, timeMs: START_MS + slot, initiator: 'a', responder: 'b', isUnusual: false, values, ...changes };
}

function anomaly(timeMs: number, changes: Partial<StoredAnomaly> = {}): StoredAnomaly {
  return {
    timeMs,
    table: 'flow',
    group: 'tcp',
    profileId: 'flow-1',
    pValue: 0.0001,
    probability: 0.9,
    cause: 'anomaly/a/b',
    title: 'a sent much to b',
    reasons: ['sent 214 MB; usual is under 2 MB'],
    isShown: true,
    ...changes,
  };
}

describe('versions', () => {
  it('come back as they were, the latest first, with their documents', () => {
    add(1);
    add(2);
    expect(scene.store.models.profiles().map(({ profile: { id } }) => id)).toEqual(['flow-2', 'flow-1']);
    expect(scene.store.models.profiles()[1]).toEqual({ profile: profile(1), usedMs: null });
    expect([...(scene.store.models.document('flow-2') ?? [])]).toEqual([2, 2, 3]);
    expect(scene.store.models.document('flow-9')).toBeUndefined();
  });

  it('are in use one at a time', () => {
    add(1, '');
    add(2, 'flow-2 is newer.');
    expect(states()).toEqual(['flow-2 active', 'flow-1 retired']);
    expect(scene.store.models.profiles()[1].profile.reason).toBe('flow-2 is newer.');
    scene.store.models.use(profile(1), 'A person wants it.', 'flow-1 is back.', journal);
    expect(states()).toEqual(['flow-2 retired', 'flow-1 active']);
    expect(scene.store.models.profiles()[1]).toMatchObject({ usedMs: START_MS });
  });

  it('are kept whole or not at all, with what is written in the journal', () => {
    add(1, '');
    const entries = scene.store.listJournal().rows.length;
    // The id is taken, so the new one cannot be kept, and the old one stays in use.
    expect(() => add(1, 'replaced')).toThrow();
    expect(states()).toEqual(['flow-1 active']);
    expect(scene.store.listJournal().rows).toHaveLength(entries);
  });

  it('go when they are not in use, and their numbers do not come back', () => {
    add(1, '');
    add(2);
    expect(scene.store.models.remove('flow-1', journal)).toBe(false);
    expect(scene.store.models.remove('flow-2', journal)).toBe(true);
    expect(scene.store.models.remove('flow-2', journal)).toBe(false);
    expect(scene.store.models.nextVersion('flow')).toBe(3);
    expect(scene.store.models.nextVersion('host')).toBe(1);
    add(3, 'newer', ['flow-1']);
    expect(states()).toEqual(['flow-3 active', 'flow-1 retired']);
  });
});

describe('samples', () => {
  const state = { part: 'flow/tcp/long', layout: 'abc', seen: 3, weight: 2.5, lastMs: START_MS };

  it('change by slots', () => {
    const { models } = scene.store;
    models.changeSample({ state, rows: [row(2), row(0), row(1)], removed: [], isAnew: false });
    models.changeSample({ state, rows: [row(1, { isUnusual: true, timeMs: START_MS })], removed: [2], isAnew: false });
    expect(models.sampleState('flow/tcp/long')).toEqual(state);
    expect(models.sampleState('flow/udp/long')).toBeUndefined();
    const all = { from: 0, until: 100, sinceMs: 0 };
    expect(models.sampleRows('flow/tcp/long', all)).toEqual([row(0), row(1, { isUnusual: true, timeMs: START_MS })]);
    expect(models.sampleRows('flow/tcp/long', { ...all, from: 1, until: 1 })).toEqual([]);
    expect(models.sampleRows('flow/tcp/long', { ...all, until: 1 })).toEqual([row(0)]);
    expect(models.sampleRows('flow/tcp/long', { ...all, sinceMs: START_MS + 1 })).toEqual([]);
    expect(models.sampleSlots('flow/tcp/long').map(({ slot }) => slot)).toEqual([0, 1]);
    models.changeSample({ state: { ...state, layout: 'new' }, rows: [row(7)], removed: [], isAnew: true });
    expect(models.sampleSlots('flow/tcp/long').map(({ slot }) => slot)).toEqual([7]);
  });
});

describe('anomalies', () => {
  it('are counted, listed and forgotten in time', () => {
    const { models } = scene.store;
    models.addAnomaly(anomaly(START_MS));
    models.addAnomaly(anomaly(START_MS + HOUR_MS, { isShown: false, cause: 'other' }));
    expect(models.anomalyCounts(0)).toEqual({ shown: 1, heldBack: 1 });
    expect(models.anomalyCounts(START_MS + 1)).toEqual({ shown: 0, heldBack: 1 });
    expect(models.anomalies(0, 10).map(({ cause }) => cause)).toEqual(['other', 'anomaly/a/b']);
    const ids = models.anomalies(0, 10).map(({ id }) => id);
    expect(models.anomaliesById([...ids, 99])[1]).toEqual(anomaly(START_MS));
    expect(models.anomaliesById([...ids, 99])).toHaveLength(2);
    expect(models.oldestAnomalyMs()).toBe(START_MS);
    scene.wait(91);
    expect(models.oldestAnomalyMs()).toBeUndefined();
  });
});
