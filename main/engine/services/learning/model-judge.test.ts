import { describe, expect, it } from 'vitest';
import type { AnomalyJudgement } from '../../../../contract/models.ts';
import type { BudgetVerdict, Profile } from '../../models/index.ts';
import { ManualClock } from '../../runtime/clock.ts';
import type { StoredAnomaly } from '../../store/index.ts';
import { ModelJudge } from './model-judge.ts';

const START_MS = 1_700_000_000_000;
const SECOND_MS = 1_000;

/** Rows of the computer whose only value is their p-value. */
class Scene {
  readonly clock = new ManualClock(START_MS);
  readonly remembered: StoredAnomaly[] = [];
  readonly judge: ModelJudge;

  constructor(verdict: BudgetVerdict) {
    const judgement = (pValue: number): AnomalyJudgement => ({
      table: 'host',
      group: 'all',
      pValue,
      probability: 1 - pValue,
      models: [],
      reasons: [],
      neighbours: [],
      missing: [],
    });
    const profile: Profile = {
      table: 'host',
      columns: [],
      groups: ['all'],
      kinds: ['baseline'],
      pValue: (_group, values) => values[0]!,
      judge: (_group, values) => judgement(values[0]!),
      usual: () => [],
      detail: () => undefined,
      toJSON: () => ({}),
    };
    this.judge = new ModelJudge({
      clock: this.clock,
      judging: () => ({ id: 'host-1', profile }),
      decide: () => verdict,
      learn: () => {},
      onFinding: () => {},
      onAnomaly: (anomaly) => this.remembered.push(anomaly),
    });
  }

  see(pValue: number, times = 1): void {
    for (let time = 0; time < times; time++) {
      this.judge.takeHost(this.clock.nowMs(), Float64Array.of(pValue), []);
      this.clock.advance(SECOND_MS);
    }
  }
}

describe('what is remembered of an hour', () => {
  it('has room for the very unusual, however much that is a little unusual came before', () => {
    const scene = new Scene('held');
    scene.see(0.009, 500);
    const little = scene.remembered.length;
    expect(little).toBe(10);
    scene.see(1e-9, 3);
    expect(scene.remembered.slice(little).map(({ pValue }) => pValue)).toEqual([1e-9, 1e-9, 1e-9]);
    scene.see(1e-9, 500);
    expect(scene.remembered.length).toBe(2 * 10);
    scene.clock.advance(3_600_000);
    scene.see(0.009);
    expect(scene.remembered.at(-1)).toMatchObject({ pValue: 0.009, isShown: false });
  });

  it('is explained as time goes by, also where no conversation is ever seen', () => {
    const scene = new Scene('shown');
    const held = new Scene('held');
    for (let hour = 0; hour < 50; hour++) {
      held.see(1e-9);
      held.clock.advance(3_600_000);
    }
    expect(held.remembered).toHaveLength(50);
    scene.see(1e-9, 40);
    expect(scene.remembered).toHaveLength(40);
  });
});
