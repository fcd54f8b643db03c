import { describe, expect, it } from 'vitest';
import {
  agreementOf,
  canTrain,
  degreeOf,
  hasEnough,
  isWorthAsking,
  isWorthTelling,
  type Learnt,
  pairOf,
  versionsKey,
  withHeard,
} from './learnt.ts';
import { DAY_MS, sampleLearning, sampleProfile, sampleTraining } from './testing.ts';

const budget = { perDay: 5, shown: 1, heldBack: 0, threshold: 0.001 };
const listed: Learnt = { learning: [sampleLearning()], profiles: [sampleProfile()], budget, training: null };
const item = { learning: [sampleLearning({ state: 'training' })], budget, training: sampleTraining() };

describe('withHeard', () => {
  it('takes what the stream said, unless the answer is newer', () => {
    expect(withHeard(listed, 10_000, { item, receivedMs: 10_500 }).learning[0].state).toBe('training');
    expect(withHeard(listed, 10_000, { item, receivedMs: 9_000 }).training?.id).toBe('t-1');
    expect(withHeard(listed, 10_000, { item, receivedMs: 5_000 })).toBe(listed);
    expect(withHeard(listed, 10_000, { item: undefined, receivedMs: null })).toBe(listed);
  });

  it('keeps the versions, which the stream does not tell', () => {
    expect(withHeard(listed, 0, { item, receivedMs: 1 }).profiles).toBe(listed.profiles);
  });
});

describe('versionsKey', () => {
  it('changes when versions may have, and not with every step of a training', () => {
    const key = versionsKey(item);
    const step = { ...item, training: sampleTraining({ startedMs: 7 }) };
    expect(versionsKey(step)).toBe(key);
    for (const other of [
      { ...item, training: sampleTraining({ state: 'done' }) },
      { ...item, training: sampleTraining({ made: [sampleProfile()] }) },
      { ...item, learning: [sampleLearning({ activeId: 'flow-4' })] },
    ]) {
      expect(versionsKey(other)).not.toBe(key);
    }
  });
});

describe('pairOf', () => {
  const versions = [3, 2, 1].map((version) => sampleProfile({ id: `flow-${version}`, version }));

  it('gives two of one table, the newer first', () => {
    expect(pairOf(versions, new Set(['flow-1', 'flow-3']))?.map(({ id }) => id)).toEqual(['flow-3', 'flow-1']);
  });

  it('gives nothing for one, for three, and for two of two tables', () => {
    expect(pairOf(versions, new Set(['flow-1']))).toBeNull();
    expect(pairOf(versions, new Set(['flow-1', 'flow-2', 'flow-3']))).toBeNull();
    const mixed = [...versions, sampleProfile({ id: 'host-1', table: 'host', version: 1 })];
    expect(pairOf(mixed, new Set(['flow-3', 'host-1']))).toBeNull();
  });
});

describe('words for numbers', () => {
  it('judges stability and agreement at their borders', () => {
    expect([0, 0.1, 0.25, 0.26].map(degreeOf)).toEqual(['little', 'some', 'some', 'much']);
    expect([1, 0.95, 0.7, 0.69, -1].map(agreementOf)).toEqual(['same', 'same', 'close', 'different', 'different']);
  });

  it('trains what there is anything of, by itself where there is enough', () => {
    const both = (change: Parameters<typeof sampleLearning>[0]) =>
      [canTrain, hasEnough].map((is) => is(sampleLearning(change)));
    expect(both({})).toEqual([true, true]);
    expect(both({ rows: 1_999 })).toEqual([true, false]);
    expect(both({ state: 'off' })).toEqual([false, false]);
    expect(both({ rows: 0, rowsWanted: 0 })).toEqual([false, false]);
  });

  it('speaks of how a run ended for a day, and of what failed until the next', () => {
    const ended = { state: 'done', endedMs: 0 } as const;
    expect(isWorthTelling(ended, DAY_MS - 1)).toBe(true);
    expect(isWorthTelling(ended, DAY_MS)).toBe(false);
    expect(isWorthTelling({ state: 'failed', endedMs: 0 }, 9 * DAY_MS)).toBe(true);
    expect(isWorthTelling({ state: 'running', endedMs: null }, 0)).toBe(false);
  });

  it('asks before work of some time is thrown away', () => {
    expect(isWorthAsking({ startedMs: 0 }, 9_999)).toBe(false);
    expect(isWorthAsking({ startedMs: 0 }, 10_000)).toBe(true);
  });
});
