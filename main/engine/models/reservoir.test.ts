import { describe, expect, it } from 'vitest';
import { Random } from './random.ts';
import { EMPTY_RESERVOIR, Reservoir } from './reservoir.ts';

const DAY = 86_400_000;

/** Offers rows numbered from `start` at even times; gives the number of the row in each slot. */
function run(reservoir: Reservoir, slots: number[], start: number, count: number, stepMs: number): number[] {
  for (let row = start; row < start + count; row++) {
    const slot = reservoir.offer(row * stepMs);
    if (slot >= 0) slots[slot] = row;
  }
  return slots;
}

describe('a reservoir', () => {
  it('takes everything until it is full, and never more than it holds', () => {
    const reservoir = new Reservoir(10, DAY, new Random(1));
    const slots = run(reservoir, [], 0, 10, 1);
    expect([...slots].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    run(reservoir, slots, 10, 10_000, 1);
    expect(slots).toHaveLength(10);
    expect(reservoir.size).toBe(10);
    expect(reservoir.state.seen).toBe(10_010);
  });

  it('gives every row of a short time the same chance (Vitter)', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let seed = 0; seed < 40; seed++) {
      const slots = run(new Reservoir(200, 1000 * DAY, new Random(seed)), [], 0, 5_000, 1);
      for (const row of slots) tenths[Math.floor(row / 500)]++;
    }
    // 800 expected in each; the deviation of a count is 27.
    for (const count of tenths) expect(Math.abs(count - 800)).toBeLessThan(135);
  });

  it('fades with age, whatever the rate', () => {
    for (const perDay of [2_000, 20_000]) {
      const slots = run(new Reservoir(1_000, 2 * DAY, new Random(3)), [], 0, 10 * perDay, DAY / perDay);
      const older = slots.filter((row) => row < 8 * perDay).length / slots.length;
      // What is more than two days old: 1/e of all.
      expect(older).toBeGreaterThan(0.3);
      expect(older).toBeLessThan(0.44);
    }
  });

  it('keeps its rows through a burst of a minute', () => {
    const reservoir = new Reservoir(1_000, 2 * DAY, new Random(3));
    const slots = run(reservoir, [], 0, 20_000, DAY / 2_000);
    const before = new Set(slots);
    for (let row = 0; row < 2_000; row++) {
      const slot = reservoir.offer(10 * DAY + row * 30);
      if (slot >= 0) slots[slot] = -1;
    }
    // 2,000 rows are half of the weight of two days at 2,000 a day, not all of it.
    const kept = slots.filter((row) => before.has(row)).length;
    expect(kept).toBeGreaterThan(550);
  });

  it('fills what was released first', () => {
    const reservoir = new Reservoir(3, DAY, new Random(1));
    run(reservoir, [], 0, 50, 1);
    reservoir.release(1);
    expect(reservoir.size).toBe(2);
    expect(reservoir.offer(60)).toBe(1);
  });

  it('goes on after a restart as if there had been none', () => {
    const whole = new Reservoir(50, DAY, new Random(9));
    run(whole, [], 0, 1_000, 60_000);
    const again = new Reservoir(50, DAY, new Random(9), whole.state, new Set(Array.from({ length: 50 }, (_, i) => i)));
    expect(again.state).toEqual(whole.state);
    expect(again.size).toBe(50);
    let taken = 0;
    for (let row = 0; row < 1_000; row++) if (again.offer(DAY + row) >= 0) taken++;
    // A fresh one would take 50 and more of the first hundred.
    expect(taken).toBeLessThan(120);
    expect(EMPTY_RESERVOIR.seen).toBe(0);
  });

  it('does not mind a clock that is set back', () => {
    const reservoir = new Reservoir(5, DAY, new Random(2));
    run(reservoir, [], 100, 100, DAY);
    const { weight, lastMs } = reservoir.state;
    reservoir.offer(0);
    expect(reservoir.state).toMatchObject({ weight: weight + 1, lastMs });
  });
});
