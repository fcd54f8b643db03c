import { spawn } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProcessRow } from '../../../../contract/api-processes.ts';
import type { Alert } from '../../../../contract/domain.ts';
import { ManualClock, systemClock } from '../../runtime/clock.ts';
import type { Store } from '../../store/index.ts';
import { ProcessDesk, processLimits } from './process-desk.ts';
import { ProcessSnapshots, type SeenProcess } from './process-snapshot.ts';

const START = Date.UTC(2026, 6, 1);
const seen = (pid: number, parentPid: number, facts: Partial<SeenProcess> = {}): SeenProcess => ({
  process: { pid, image: `/usr/bin/p${pid}`, name: `p${pid}`, commandLine: `p${pid} --now`, user: 'ada', uid: 1_000 },
  startedMs: START + pid,
  parentPid,
  name: `p${pid}`,
  uid: 1_000,
  isKernelThread: false,
  cpu: null,
  memoryBytes: 4_096,
  session: 1,
  ...facts,
});

const NO_STORE = {
  events: {
    process: async () => null,
    children: async () => [],
    list: async () => ({ events: [], next: null }),
  },
} as unknown as Store;

const alert = (pid: number, severity: Alert['severity']): Alert =>
  ({
    id: `a-${pid}`,
    title: 't',
    severity,
    lastSeenMs: START,
    processes: [
      { pid, startedMs: START + pid, parentPid: 1, image: '', commandLine: '' },
      { pid: 1, startedMs: START + 1, image: '', commandLine: '' },
    ],
  }) as unknown as Alert;

function setup(rows: () => readonly SeenProcess[], alerts: readonly Alert[] = []) {
  const clock = new ManualClock();
  const desk = new ProcessDesk({
    clock,
    store: () => NO_STORE,
    snapshot: async () => rows(),
    alerts: () => alerts,
    limits: () => [],
  });
  return { clock, desk };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the desk of processes', () => {
  it('lists who fits, with the risk of those that acted', async () => {
    const { desk } = setup(() => [seen(1, 0), seen(20, 1), seen(21, 1)], [alert(20, 'high'), alert(20, 'low')]);
    const all = await desk.list({ search: '', onlyRisky: false, limit: 2 });
    expect(all).toMatchObject({
      total: 3,
      processes: [
        { pid: 1, risk: null },
        { pid: 20, risk: 'high' },
      ],
    });
    expect(
      (await desk.list({ search: 'P21 ada', onlyRisky: false, limit: 9 })).processes.map(({ pid }) => pid),
    ).toEqual([21]);
    expect((await desk.list({ search: '', onlyRisky: true, limit: 9 })).processes.map(({ pid }) => pid)).toEqual([20]);
  });

  it('tells watchers all, then what begins, changes and ends', async () => {
    let rows = [seen(1, 0), seen(20, 1, { cpu: 0.1 })];
    const { clock, desk } = setup(() => rows);
    const told: { first: boolean; changed: number[]; ended: number[] }[] = [];
    const end = desk.watch(({ isFirst, changed, ended }) => {
      told.push({ first: isFirst, changed: changed.map(({ pid }) => pid), ended: ended.map(({ pid }) => pid) });
    });
    await settled();
    rows = [seen(1, 0), seen(20, 1, { cpu: 0.9 }), seen(30, 20)];
    clock.advance(1_000);
    await settled();
    clock.advance(1_000);
    await settled();
    rows = [seen(1, 0)];
    clock.advance(1_000);
    await settled();
    end();
    clock.advance(5_000);
    expect(told).toEqual([
      { first: true, changed: [1, 20], ended: [] },
      { first: false, changed: [20, 30], ended: [] },
      { first: false, changed: [], ended: [20, 30] },
    ]);
  });

  it('tells one watcher what changed just before another one came', async () => {
    let rows = [seen(1, 0), seen(20, 1)];
    const { clock, desk } = setup(() => rows);
    const ended: number[] = [];
    const changed: number[] = [];
    desk.watch((news) => {
      for (const { pid } of news.ended) ended.push(pid);
      if (!news.isFirst) for (const { pid } of news.changed) changed.push(pid);
    });
    await settled();
    rows = [seen(1, 0), seen(30, 1)];
    clock.advance(900);
    desk.watch(() => {});
    await settled();
    clock.advance(1_000);
    await settled();
    expect({ ended, changed }).toEqual({ ended: [20], changed: [30] });
  });

  it('goes on after looks that fail', async () => {
    let isBroken = true;
    const { clock, desk } = setup(() => {
      if (isBroken) throw new Error('broken');
      return [seen(1, 0)];
    });
    const told: number[] = [];
    desk.watch(({ changed }) => void told.push(...changed.map(({ pid }) => pid)));
    await settled();
    isBroken = false;
    clock.advance(1_000);
    await settled();
    isBroken = true;
    clock.advance(1_000);
    await settled();
    expect(told).toEqual([1]);
  });

  it('gives one in full with those above and below it, and says what there is not', async () => {
    const { desk } = setup(() => [seen(1, 0), seen(20, 1), seen(30, 20), seen(31, 20)], [alert(20, 'medium')]);
    const detail = await desk.get(20, undefined, new AbortController().signal);
    expect(detail.lineage.map(({ pid }: ProcessRow) => pid)).toEqual([1]);
    expect(detail.children.map(({ pid }) => pid)).toEqual([31, 30]);
    expect(detail).toMatchObject({ endedMs: null, alerts: [{ id: 'a-20' }], commandLine: 'p20 --now' });
    const none = desk.get(99, undefined, new AbortController().signal);
    await expect(none).rejects.toMatchObject({ failure: { code: 'no-such-process' } });
    // The number is another process's now.
    await expect(desk.get(20, START - 60_000, new AbortController().signal)).rejects.toMatchObject({
      failure: { code: 'no-such-process' },
    });
  });
});

it('says which sensors are missing', () => {
  const entry = (part: string, state: 'ok' | 'failed') => ({
    part,
    state,
    detail: `${part} is ${state}.`,
    counters: {},
  });
  expect(processLimits([entry('processes', 'ok'), entry('files', 'ok'), entry('sockets', 'failed')])).toEqual([
    'Connections: sockets is failed.',
  ]);
  expect(processLimits([])).toEqual(['The sensors of this computer do not run at the moment.']);
});

describe('a snapshot of this computer', () => {
  const child = spawn('sleep', ['30'], { stdio: 'ignore' });
  afterEach(() => child.kill());

  it('has who runs, and what it costs from the second look on', () => {
    const snapshots = new ProcessSnapshots({ clock: systemClock, living: () => undefined, userName: () => 'somebody' });
    const first = snapshots.take().find(({ process }) => process.pid === child.pid);
    expect(first).toMatchObject({ parentPid: process.pid, name: 'sleep', cpu: null, isKernelThread: false });
    expect(first?.process).toMatchObject({ commandLine: 'sleep 30', user: 'somebody' });
    expect(Math.abs((first?.startedMs ?? 0) - Date.now())).toBeLessThan(60_000);
    const second = snapshots.take();
    expect(second.find(({ process }) => process.pid === child.pid)?.cpu).toBeGreaterThanOrEqual(0);
    const own = second.find((each) => each.process.pid === process.pid);
    expect(own?.memoryBytes).toBeGreaterThan(10_000_000);
  });
});
