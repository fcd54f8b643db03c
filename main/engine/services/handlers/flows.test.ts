import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallContext, CallInput, CallOutput } from '../../../../contract/api.ts';
import { FLOW_CALLS } from '../../../../contract/api-flows.ts';
import type { Alert } from '../../../../contract/domain.ts';
import { FEATURES, FEATURES_VERSION, LIVE_ROW_WORDS, type RecordedFlow } from '../../network/index.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import { defaultsOf } from '../../runtime/settings.ts';
import { type FlowRecord, openStore, type Store, storeSettings } from '../../store/index.ts';
import { FlowPrograms } from '../traffic/flow-programs.ts';
import type { FlowAnswer } from '../traffic/flow-questions.ts';
import { LiveFlowView } from '../traffic/live-flows.ts';
import { TrafficMemory } from '../traffic/traffic-memory.ts';
import { flowHandlers } from './flows.ts';

const START_MS = Date.UTC(2026, 0, 1, 12);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

type Name = Exclude<keyof typeof FLOW_CALLS, 'flows.watch' | 'traffic.watch'>;

let folder: string;
let clock: ManualClock;
let store: Store;
let memory: TrafficMemory;
let liveFlows: LiveFlowView;
let programs: FlowPrograms;
let answer: FlowAnswer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-flows-'));
  clock = new ManualClock(START_MS);
  const health = new HealthRegistry();
  store = await openStore({ path: join(folder, 'holdfast.db'), clock, health, settings: defaultsOf(storeSettings) });
  memory = new TrafficMemory({ clock, health, store: () => store, helperPid: () => undefined });
  liveFlows = new LiveFlowView(() => {}, clock);
  answer = 'gone';
  programs = new FlowPrograms({
    ownAddresses: () => new Set(['10.0.0.5']),
    obstacle: () => 'Sockets are not watched.',
    monotonicMs: () => clock.monotonicMs(),
  });
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

/** Asks as the dispatcher does: what goes in and what comes out has the shape of the table. */
async function ask<N extends Name>(name: N, input: CallInput<N>): Promise<CallOutput<N>> {
  const handlers = flowHandlers({
    store: () => store,
    nowMs: () => clock.nowMs(),
    traffic: () => {
      throw new Error('not asked for here');
    },
    onTraffic: () => () => {},
    liveFlows,
    programs,
    memory,
    askFlow: async () => answer,
  });
  const context: CallContext = { role: 'view', actor: 'test', signal: new AbortController().signal };
  const handler = handlers[name] as (input: unknown, context: CallContext) => unknown;
  const given = await handler(FLOW_CALLS[name].input.parse(input), context);
  return FLOW_CALLS[name].output.parse(given) as CallOutput<N>;
}

function flow(changes: Partial<FlowRecord> = {}): FlowRecord {
  return {
    firstUs: START_MS * 1_000,
    lastUs: (START_MS + 1_000) * 1_000,
    protocol: 6,
    initiator: '10.0.0.5',
    initiatorPort: 40_000,
    responder: '10.0.0.9',
    responderPort: 443,
    vlan: 0,
    tunnel: 0,
    initiatorPackets: 3,
    responderPackets: 2,
    initiatorBytes: 300,
    responderBytes: 5_000,
    service: 'tls',
    endReason: 0,
    features: { version: FEATURES_VERSION, values: new Float32Array(FEATURES.length) },
    ...changes,
  };
}

const NOTE = { application: 'tls', name: 'example.org', said: ['certificate of example.org'] } as const;

function recorded(number: number, changes: Partial<FlowRecord> = {}): RecordedFlow {
  return {
    ...flow(changes),
    number,
    note: NOTE,
    features: { version: FEATURES_VERSION, values: new Float32Array(FEATURES.length) },
  };
}

function alert(id: string, changes: Partial<Alert> = {}): Alert {
  return {
    id,
    kind: 'port-scan',
    title: `Alert ${id}`,
    severity: 'medium',
    confidence: 0.9,
    techniques: [],
    attackers: ['10.0.0.5'],
    victims: ['10.0.0.9'],
    attackerCount: 1,
    victimCount: 1,
    firstSeenMs: START_MS,
    lastSeenMs: START_MS + 1_000,
    findings: 1,
    explanation: '',
    evidence: [],
    detectors: [],
    related: [],
    ...changes,
  };
}

describe('flows.get', () => {
  it('gives a stored flow with its features and the alerts of its time that name it', async () => {
    store.insertFlows([flow()]);
    store.upsertAlert(alert('a-1'));
    store.upsertAlert(alert('a-2', { attackers: ['10.0.0.77'] }));
    store.upsertAlert(alert('a-3', { attackers: ['10.0.0.77'], victims: ['10.0.0.78'] }));
    store.upsertAlert(alert('a-4', { firstSeenMs: START_MS + HOUR_MS, lastSeenMs: START_MS + HOUR_MS }));
    store.upsertAlert(alert('a-5', { firstSeenMs: START_MS - HOUR_MS, lastSeenMs: START_MS - HOUR_MS }));
    store.upsertAlert(alert('a-6'), 'c-1');
    const found = await ask('flows.get', { id: 's-1' });
    expect(found.flow).toMatchObject({ id: 's-1', initiator: '10.0.0.5', end: 'fin' });
    expect(found.features).toHaveLength(FEATURES.length);
    expect(found.alerts.map(({ id }) => id).sort()).toEqual(['a-1', 'a-2']);
    expect(found.alerts[0]).toMatchObject({ title: expect.stringMatching(/^Alert a-/), severity: 'medium' });
  });

  it('gives the program, or says in words why it is not known', async () => {
    const program = { path: '/usr/bin/curl', pid: 42, user: 'ada' };
    store.insertFlows([flow({ program }), flow(), flow({ source: 'c-1' })]);
    expect(await ask('flows.get', { id: 's-1' })).toMatchObject({ flow: { program }, whyNoProgram: '' });
    const unknown = await ask('flows.get', { id: 's-2' });
    expect(unknown.flow.program).toBeUndefined();
    expect(unknown.whyNoProgram).toBe('Sockets are not watched.');
    expect((await ask('flows.get', { id: 's-3' })).whyNoProgram).toContain('capture');
  });

  it('says why there are no features', async () => {
    store.insertFlows([
      flow({ features: undefined }),
      flow({ features: { version: 999, values: new Float32Array(3) } }),
    ]);
    const without = await ask('flows.get', { id: 's-1' });
    expect(without.features).toEqual([]);
    expect(without.whyNoFeatures).toMatch(/without/);
    expect((await ask('flows.get', { id: 's-2' })).whyNoFeatures).toMatch(/another version/);
  });

  it('gives an open flow as the traffic thread has it now', async () => {
    const row = new Float64Array(LIVE_ROW_WORDS);
    row[0] = 12;
    row[LIVE_ROW_WORDS - 1] = -1;
    answer = { row, features: new Float64Array(FEATURES.length).fill(1.5), note: NOTE };
    const found = await ask('flows.get', { id: 'o-12' });
    const flow = { id: 'o-12', end: null, application: 'tls', name: 'example.org' };
    expect(found).toMatchObject({ flow, said: NOTE.said, whyNoFeatures: '' });
    expect(found.features[0].value).toBe(1.5);
  });

  it('still knows by its old id a flow that has just ended', async () => {
    liveFlows.remember([recorded(12, { endReason: 1 })]);
    const found = await ask('flows.get', { id: 'o-12' });
    const flow = { id: 'o-12', end: 'idle', name: 'example.org' };
    expect(found).toMatchObject({ flow, said: NOTE.said, whyNoFeatures: '' });
    expect(found.features).toHaveLength(FEATURES.length);
  });

  it('shows what was seen last when the traffic thread does not answer, and says so', async () => {
    answer = 'silent';
    const leave = liveFlows.watch(() => {});
    const rows = new Float64Array(LIVE_ROW_WORDS);
    rows[0] = 12;
    rows[LIVE_ROW_WORDS - 1] = -1;
    liveFlows.take({
      nowUs: 1,
      open: 1,
      rows,
      ended: new Float64Array(0),
      names: [{ number: 12, application: 'ssh', name: 'box' }],
    });
    expect(await ask('flows.get', { id: 'o-12' })).toMatchObject({
      flow: { id: 'o-12', application: 'ssh', name: 'box' },
      features: [],
    });
    expect((await ask('flows.get', { id: 'o-12' })).whyNoFeatures).toMatch(/did not answer in time/);
    leave();
    await expect(ask('flows.get', { id: 'o-12' })).rejects.toMatchObject({ failure: { code: 'no-such-flow' } });
  });
});

describe('flows.list', () => {
  it('gives the flows of an alert: between its ends, in its time, from where it is', async () => {
    store.upsertAlert(alert('a-1'), 'c-1');
    const late = (START_MS + HOUR_MS) * 1_000;
    store.insertFlows([
      flow(),
      flow({ source: 'c-1', initiator: '10.0.0.9', responder: '10.0.0.5' }),
      flow({ source: 'c-1', responder: '10.0.0.10' }),
      flow({ source: 'c-1', firstUs: late, lastUs: late }),
    ]);
    const { flows, next } = await ask('flows.list', { alertId: 'a-1' });
    expect(flows.map(({ id }) => id)).toEqual(['s-2']);
    expect(next).toBeNull();
  });

  it('finds a host however its address is written, and goes on where it ended', async () => {
    store.insertFlows([flow({ initiator: 'fe80::1' }), flow(), flow({ responder: 'fe80::1' })]);
    const first = await ask('flows.list', { host: ' FE80:0:0::1 ', limit: 1 });
    expect(first.flows.map(({ id }) => id)).toEqual(['s-3']);
    const second = await ask('flows.list', { host: 'fe80::1', limit: 1, cursor: first.next ?? '' });
    expect(second.flows.map(({ id }) => id)).toEqual(['s-1']);
    expect((await ask('flows.list', { host: '%' })).flows).toEqual([]);
  });
});

const WATCHED = { name: 'lo', linkType: 1, state: 'up', detail: '', dropped: 0 } as const;

describe('traffic.history', () => {
  const minute = (number: number, receivedBytes: number) => ({
    startMs: START_MS + number * MINUTE_MS,
    receivedBytes,
    sentBytes: 1,
    packets: 2,
    dropped: 0,
    watchedSeconds: 60,
  });

  it('has a point for every step, gaps included', async () => {
    for (const number of [0, 1, 5]) store.addTrafficMinute(minute(number, 10 ** number));
    const input = { sinceMs: START_MS + 1, untilMs: START_MS + 6 * MINUTE_MS, points: 3 };
    const { stepMs, points } = await ask('traffic.history', input);
    expect(stepMs).toBe(2 * MINUTE_MS);
    expect(points.map(({ timeMs }) => (timeMs - START_MS) / MINUTE_MS)).toEqual([0, 2, 4]);
    expect(points.map(({ receivedBytes }) => receivedBytes)).toEqual([11, 0, 100_000]);
    expect(points.map(({ watchedSeconds }) => watchedSeconds)).toEqual([120, 0, 60]);
  });

  it('has what the running minute has so far', async () => {
    memory.start();
    const look = async (received: number) => {
      clock.advance(1_000);
      memory.look([{ ...WATCHED, received, bytes: received * 100 }]);
      const { points } = await ask('traffic.history', { sinceMs: START_MS, untilMs: START_MS + 2 * MINUTE_MS });
      return points.map(({ packets, watchedSeconds }) => [packets, watchedSeconds]);
    };
    // Since when it is watched is not known at the first look.
    expect(await look(1)).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect((await look(5))[0]).toEqual([4, 1]);
    expect((await look(6))[0]).toEqual([5, 2]);
    clock.advance(MINUTE_MS - 4_000);
    memory.look([{ ...WATCHED, received: 6, bytes: 600 }]);
    expect(await look(8)).toEqual([
      [5, 2],
      [2, 1],
    ]);
  });

  it('gives no more points than asked for, over a month too', async () => {
    for (const points of [2, 288, 1_000, 1_500]) {
      const span = { sinceMs: START_MS - 31 * DAY_MS + 17, untilMs: START_MS, points };
      const found = await ask('traffic.history', span);
      expect(found.points.length).toBeLessThanOrEqual(points);
      expect(found.points.length * found.stepMs).toBeGreaterThanOrEqual(31 * DAY_MS);
    }
  });

  it('refuses what is no span', () => {
    const { input } = FLOW_CALLS['traffic.history'];
    expect(input.safeParse({ sinceMs: 5, untilMs: 5 }).success).toBe(false);
    expect(input.safeParse({ sinceMs: 0, untilMs: 32 * DAY_MS }).success).toBe(false);
    expect(input.safeParse({ sinceMs: Number.NaN, untilMs: 5 }).success).toBe(false);
  });
});

describe('hosts.list', () => {
  it('tells who is new, but not while everybody is', async () => {
    memory.add([recorded(1)]);
    expect((await ask('hosts.list', {})).hosts.map(({ address, isNew }) => [address, isNew])).toEqual([
      ['10.0.0.5', false],
      ['10.0.0.9', false],
    ]);
    clock.setWallClock(START_MS + 2 * DAY_MS);
    const times = { firstUs: (START_MS + 2 * DAY_MS) * 1_000, lastUs: (START_MS + 2 * DAY_MS) * 1_000 };
    memory.add([recorded(2, { ...times, responder: '10.0.0.66', responderBytes: 9_999 })]);
    const { hosts, total } = await ask('hosts.list', {});
    expect(total).toBe(2);
    expect(hosts.map(({ address, isNew, isOwn }) => [address, isNew, isOwn])).toEqual([
      ['10.0.0.5', false, false],
      ['10.0.0.66', true, false],
    ]);
    expect(hosts[1]).toMatchObject({ sentBytes: 9_999, receivedBytes: 300, flows: 1, services: ['tls'] });
    expect((await ask('hosts.list', { sinceMs: START_MS, search: '.9' })).hosts).toMatchObject([
      { address: '10.0.0.9' },
    ]);
  });

  it('knows the addresses of this computer', async () => {
    memory.add([recorded(1, { initiator: '127.0.0.1' })]);
    expect((await ask('hosts.list', { search: '127.' })).hosts).toMatchObject([{ isOwn: true }]);
  });
});
