import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../../contract/domain.ts';
import type { AnomalyJudgement, ModelTable } from '../../../../contract/models.ts';
import {
  type BudgetVerdict,
  FLOW_COLUMNS,
  FLOW_FEATURE_NAMES,
  type JudgedRow,
  type Profile,
} from '../../models/index.ts';
import { FEATURES_VERSION, type RecordedFlow } from '../../network/index.ts';
import { ManualClock, type Timer } from '../../runtime/clock.ts';
import type { StoredAnomaly } from '../../store/index.ts';
import type { ProgramHour } from '../host/host-activity.ts';
import { ModelJudge } from './model-judge.ts';
import type { IncomingRow } from './model-samples.ts';

const START_MS = 1_700_000_000_000;
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** As many as the traffic thread hands on at once. */
const BATCH = 2_000;
/** Of all the time, see ModelJudge: of judging, and of telling. */
const SHARE = 0.25 + 0.05;
const SAVED_MS = 2 * 50;
const TURN_MS = 15;

/** A clock by which work takes time: what has to be done later comes as much later. */
class WorkClock extends ManualClock {
  workedMs = 0;
  /** Work of each time in which the thread was not given back. */
  readonly turnsMs: number[] = [];

  work(ms: number): void {
    this.workedMs += ms;
  }

  turn(work: () => void): void {
    const before = this.workedMs;
    work();
    this.turnsMs.push(this.workedMs - before);
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.workedMs;
  }

  override after(delayMs: number, task: () => void): Timer {
    return super.after(delayMs, () => this.turn(task));
  }
}

interface SceneOptions {
  readonly decide?: (row: JudgedRow) => BudgetVerdict;
  /** Milliseconds that a row takes to be judged, and to be explained. */
  readonly judgingMs?: number;
  readonly explainingMs?: number;
  readonly pValueOf?: (value: number) => number;
}

/** Rows whose first value is their number, and usually their p-value too. */
class Scene {
  readonly clock = new WorkClock(START_MS);
  readonly findings: Finding[] = [];
  readonly remembered: StoredAnomaly[] = [];
  readonly problems: unknown[] = [];
  readonly learnt: { readonly table: ModelTable; readonly value: number; readonly isUnusual: boolean }[] = [];
  /** Who judged: "flow-1 7", in order. */
  readonly asked: string[] = [];
  readonly judge: ModelJudge;
  id = 'flow-1';

  constructor({ decide = () => 'usual', judgingMs = 0, explainingMs = 0, pValueOf = (value) => value }: SceneOptions) {
    const judgement = (table: ModelTable, value: number): AnomalyJudgement => ({
      table,
      group: table === 'flow' ? 'tcp' : 'all',
      pValue: pValueOf(value),
      probability: 1 - pValueOf(value),
      models: [],
      reasons: [],
      neighbours: [],
      missing: [],
    });
    const profile = (table: ModelTable, id: string): Profile => ({
      table,
      columns: [],
      groups: [table === 'flow' ? 'tcp' : 'all'],
      kinds: ['baseline'],
      pValue: (_group, values) => {
        this.clock.work(judgingMs);
        this.asked.push(`${id} ${values[0]}`);
        return pValueOf(values[0]!);
      },
      judge: (_group, values) => {
        this.clock.work(explainingMs);
        return judgement(table, values[0]!);
      },
      usual: () => [],
      detail: () => undefined,
      toJSON: () => ({}),
    });
    this.judge = new ModelJudge({
      clock: this.clock,
      judging: (table) => ({ id: this.id, profile: profile(table, this.id) }),
      decide,
      learn: ({ table, values, isUnusual }: IncomingRow) => this.learnt.push({ table, value: values[0]!, isUnusual }),
      onFinding: (finding) => this.findings.push(finding),
      onAnomaly: (anomaly) => this.remembered.push(anomaly),
      onProblem: (error) => this.problems.push(error),
    });
  }

  /** Rows of the computer, a second apart. */
  see(pValue: number, times = 1): void {
    for (let time = 0; time < times; time++) {
      this.judge.takeHost(this.clock.nowMs(), Float64Array.of(pValue), []);
      this.clock.advance(SECOND_MS);
    }
  }

  /** Conversations of these numbers, each with a peer of its own. */
  converse(from: number, count: number): void {
    this.clock.turn(() => this.judge.takeFlows(Array.from({ length: count }, (_, index) => flow(from + index))));
  }

  /** Milliseconds until nothing waits. */
  settle(): number {
    let waitedMs = 0;
    for (; this.judge.counts.waiting > 0 && waitedMs < 100_000; waitedMs++) this.clock.advance(1);
    return waitedMs;
  }

  get values(): number[] {
    return this.learnt.map(({ value }) => value);
  }
}

function flow(number: number): RecordedFlow {
  const values = new Float32Array(FLOW_FEATURE_NAMES.length);
  values[FLOW_FEATURE_NAMES.indexOf(FLOW_COLUMNS[0]!.name)] = number;
  return {
    number,
    firstUs: START_MS * 1_000,
    lastUs: (START_MS + number) * 1_000,
    protocol: 6,
    initiator: '10.0.0.5',
    initiatorPort: 40_000,
    responder: `10.1.${number >> 8}.${number & 255}`,
    responderPort: 443,
    vlan: 0,
    tunnel: 0,
    initiatorPackets: 4,
    responderPackets: 4,
    initiatorBytes: 400,
    responderBytes: 400,
    service: 'tls',
    endReason: 0,
    note: { application: '', name: '', said: [] },
    features: { version: FEATURES_VERSION, values },
  };
}

const upTo = (count: number, from = 0): number[] => Array.from({ length: count }, (_, index) => from + index);

describe('what is remembered of an hour', () => {
  it('has room for the very unusual, however much that is a little unusual came before', () => {
    const scene = new Scene({ decide: () => 'held' });
    scene.see(0.009, 500);
    const little = scene.remembered.length;
    expect(little).toBe(10);
    scene.see(1e-9, 3);
    expect(scene.remembered.slice(little).map(({ pValue }) => pValue)).toEqual([1e-9, 1e-9, 1e-9]);
    scene.see(1e-9, 500);
    expect(scene.remembered.length).toBe(2 * 10);
    scene.clock.advance(HOUR_MS);
    scene.see(0.009);
    expect(scene.remembered.at(-1)).toMatchObject({ pValue: 0.009, isShown: false });
  });

  it('is explained as time goes by, also where no conversation is ever seen', () => {
    const scene = new Scene({ decide: () => 'shown' });
    const held = new Scene({ decide: () => 'held' });
    for (let hour = 0; hour < 50; hour++) {
      held.see(1e-9);
      held.clock.advance(HOUR_MS);
    }
    expect(held.remembered).toHaveLength(50);
    scene.see(1e-9, 40);
    expect(scene.remembered).toHaveLength(40);
  });
});

describe('conversations that there is no time for', () => {
  it('wait, and are all judged in their order', () => {
    const scene = new Scene({ judgingMs: 0.5, pValueOf: () => 0.5 });
    scene.converse(0, BATCH);
    // What was saved up is not used in one go.
    expect(scene.judge.counts).toMatchObject({ judged: 30, waiting: BATCH - 30, unjudged: 0 });
    const waitedMs = scene.settle();
    expect(scene.judge.counts).toMatchObject({ judged: BATCH, waiting: 0, unjudged: 0 });
    expect(scene.values).toEqual(upTo(BATCH));
    expect(scene.judge.judged('flow')?.rows).toBe(BATCH);
    // A second of work takes four, less what was saved.
    const allMs = waitedMs + scene.clock.workedMs;
    expect(scene.clock.workedMs).toBeLessThanOrEqual(0.25 * allMs + 50);
    expect(scene.clock.workedMs).toBeGreaterThan(0.9 * (0.25 * allMs));
    expect(Math.max(...scene.clock.turnsMs)).toBeLessThanOrEqual(TURN_MS + 0.5);
    expect(scene.clock.pending).toBe(0);
  });

  it('are judged at once where there is time', () => {
    const scene = new Scene({ judgingMs: 0.005, pValueOf: () => 0.5 });
    scene.converse(0, BATCH);
    expect(scene.judge.counts).toMatchObject({ judged: BATCH, waiting: 0, unjudged: 0 });
    expect(scene.clock.pending).toBe(0);
  });

  it('are counted where there is no room for them, and not learnt from', () => {
    const scene = new Scene({ judgingMs: 100, pValueOf: () => 0.5 });
    scene.converse(0, 3 * BATCH);
    // What comes at once finds room before any of it is judged.
    expect(scene.judge.counts).toMatchObject({ judged: 1, waiting: 4_095, unjudged: 3 * BATCH - 4_096 });
    scene.converse(10_000, 2);
    expect(scene.judge.counts.unjudged).toBe(3 * BATCH - 4_096 + 1);
    scene.judge.drop();
    expect(scene.judge.counts).toMatchObject({ waiting: 0, unjudged: 3 * BATCH + 2 - scene.values.length });
    scene.clock.advance(5_000);
    expect(scene.judge.counts.judged).toBe(scene.values.length);
    expect(scene.values).toEqual(upTo(scene.values.length));
  });

  it('are judged by the version that is in use when their turn comes', () => {
    const scene = new Scene({ judgingMs: 1, pValueOf: () => 0.5 });
    scene.converse(0, 100);
    const before = scene.asked.length;
    scene.id = 'flow-2';
    scene.settle();
    expect(scene.asked).toEqual(upTo(100).map((number) => `flow-${number < before ? 1 : 2} ${number}`));
    expect(before).toBe(TURN_MS);
  });

  it('keep neither the computer nor its programs waiting', () => {
    const scene = new Scene({ judgingMs: 1, pValueOf: () => 0.5 });
    scene.converse(0, BATCH);
    scene.judge.takeHost(START_MS, Float64Array.of(0.5), []);
    expect(scene.learnt.filter(({ table }) => table === 'host')).toHaveLength(1);
    const program = (number: number): ProgramHour => ({ program: `/usr/bin/${number}`, values: { processes: number } });
    scene.judge.takePrograms(START_MS, upTo(40).map(program));
    scene.clock.advance(SECOND_MS);
    expect(scene.learnt.filter(({ table }) => table === 'process')).toHaveLength(40);
    expect(scene.judge.counts.waiting).toBeGreaterThan(1_000);
  });

  it('fail one by one', () => {
    const scene = new Scene({
      judgingMs: 1,
      pValueOf: (value) => {
        if (value % 10 === 0) throw new RangeError(`bad ${value}`);
        return 0.5;
      },
    });
    scene.converse(0, 100);
    scene.settle();
    expect(scene.judge.counts).toMatchObject({ judged: 90, waiting: 0, unjudged: 10 });
    expect(scene.problems).toHaveLength(10);
  });
});

describe('the end', () => {
  it('judges what waits and shows what is to be shown, and plans nothing more', () => {
    const scene = new Scene({ judgingMs: 0.1, explainingMs: 20, pValueOf: () => 1e-5, decide: () => 'shown' });
    scene.converse(0, BATCH);
    scene.judge.stop();
    expect(scene.judge.counts).toMatchObject({ judged: BATCH, waiting: 0, unjudged: 0, shown: BATCH });
    expect(scene.findings).toHaveLength(BATCH);
    expect(scene.clock.pending).toBe(0);
  });

  it('does not take long', () => {
    const scene = new Scene({ judgingMs: 1, explainingMs: 20, pValueOf: () => 1e-5, decide: () => 'held' });
    scene.converse(0, BATCH);
    const before = scene.clock.workedMs;
    scene.judge.stop();
    expect(scene.clock.workedMs - before).toBeLessThanOrEqual(501);
    const { judged, unjudged } = scene.judge.counts;
    expect(judged).toBeGreaterThanOrEqual(500);
    expect(judged + unjudged).toBe(BATCH);
    expect(scene.clock.pending).toBe(0);
    scene.clock.advance(SECOND_MS);
    expect(scene.judge.counts.judged).toBe(judged);
  });
});

describe('telling', () => {
  it('takes nothing of the time in which conversations are judged', () => {
    const busy = new Scene({ judgingMs: 0.1, explainingMs: 10, pValueOf: () => 1e-5, decide: () => 'shown' });
    const idle = new Scene({ judgingMs: 0.1, pValueOf: () => 0.5 });
    const [busyMs, idleMs] = [busy, idle].map((scene) => {
      scene.converse(0, BATCH);
      return scene.settle();
    });
    expect(idle.judge.counts.judged).toBe(BATCH);
    expect(busy.judge.counts.judged).toBe(BATCH);
    expect(busyMs).toBeLessThan(1.5 * idleMs!);
    expect(Math.max(...busy.clock.turnsMs)).toBeLessThanOrEqual(TURN_MS + 10);
  });

  it('of all that is shown happens in a storm too, in the order of time and within its share', () => {
    const decided: number[] = [];
    const scene = new Scene({
      judgingMs: 0.02,
      explainingMs: 10,
      pValueOf: () => 1e-5,
      decide: ({ timeMs }) => {
        decided.push(timeMs - START_MS);
        return (timeMs - START_MS) % 20 === 0 ? 'shown' : 'held';
      },
    });
    for (let second = 0; second < 30; second++) {
      scene.converse(second * BATCH, BATCH);
      scene.clock.advance(SECOND_MS);
    }
    expect(decided).toEqual(upTo(30 * BATCH));
    expect(scene.judge.counts).toMatchObject({ judged: 30 * BATCH, waiting: 0, unjudged: 0 });
    const allMs = 30 * SECOND_MS + scene.clock.workedMs;
    expect(scene.clock.workedMs).toBeLessThanOrEqual(SHARE * allMs + SAVED_MS);
    expect(Math.max(...scene.clock.turnsMs)).toBeLessThanOrEqual(TURN_MS + 10);
    // Of what is kept for the preview as much as there is room for; what is shown is shown first.
    const told = scene.findings.length;
    expect(told).toBeGreaterThan(100);
    scene.clock.advance(1_000_000);
    expect(scene.findings.map(({ firstSeenMs }) => firstSeenMs - START_MS)).toEqual(
      upTo(30 * BATCH).filter((number) => number % 20 === 0),
    );
    expect(scene.remembered.filter(({ isShown }) => isShown)).toHaveLength(scene.findings.length);
    expect(scene.remembered.slice(0, told).every(({ isShown }) => isShown)).toBe(true);
    expect(scene.remembered.filter(({ isShown }) => !isShown)).toHaveLength(10);
    expect(scene.clock.pending).toBe(0);
  });

  it('explains of many rows of one cause the first and the most unusual, and counts the others', () => {
    const scene = new Scene({
      explainingMs: 10,
      pValueOf: (value) => 10 ** -value,
      decide: ({ pValue }) => (pValue === 1e-3 ? 'shown' : 'joined'),
    });
    const rows = [3, 5, 4, 9, 6, 7].map((number) => ({ ...flow(number), responder: '192.0.2.1' }));
    scene.judge.takeFlows(rows);
    scene.clock.advance(5 * SECOND_MS);
    expect(scene.remembered.map(({ pValue }) => pValue)).toEqual([1e-3]);
    expect(scene.findings.map(({ firstSeenMs, lastSeenMs }) => [firstSeenMs, lastSeenMs])).toEqual([
      [START_MS + 3, START_MS + 9],
      [START_MS + 3, START_MS + 9],
    ]);
    expect(scene.findings.map(({ confidence }) => confidence)).toEqual([0.4995, (1 - 1e-9) / 2]);
    expect(scene.findings[1]!.evidence).toContainEqual(expect.objectContaining({ name: 'unusual rows', value: 6 }));
    expect(scene.clock.workedMs).toBe(20);
  });

  it('goes on with an alert of before a restart', () => {
    const scene = new Scene({ pValueOf: () => 1e-5, decide: () => 'joined' });
    const row = { ...flow(0), responder: '192.0.2.1' };
    scene.judge.takeFlows([row]);
    scene.judge.takeFlows([row]);
    // The second is no more unusual, and comes too soon to be told anew.
    expect(scene.findings).toHaveLength(1);
    scene.judge.takeFlows([{ ...row, lastUs: (START_MS + 20_000) * 1_000 }]);
    expect(scene.findings).toHaveLength(2);
    expect(scene.findings[1]!.evidence).toContainEqual(expect.objectContaining({ name: 'unusual rows', value: 3 }));
    expect(scene.remembered).toEqual([]);
  });
});
