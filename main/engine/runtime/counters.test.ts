import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DecayingCounters, DistinctCounters, TopKeys } from './counters.ts';

describe('DistinctCounters', () => {
  it.each([0, 1, 5, 20, 100, 1000, 20_000])('counts %d distinct things, however often they come', (distinct) => {
    const counters = new DistinctCounters(3);
    for (let round = 0; round < 3; round++) for (let thing = 0; thing < distinct; thing++) counters.add(1, thing);
    expect(Math.abs(counters.estimate(1) - distinct)).toBeLessThanOrEqual(Math.max(1, distinct * 0.2));
    expect(counters.estimate(0)).toBe(0);
    expect(counters.estimate(2)).toBe(0);
    counters.clear(1);
    expect(counters.estimate(1)).toBe(0);
  });

  it('says that a thing is new at most once', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (things) => {
        const counters = new DistinctCounters(1, 4);
        const claimedNew = things.filter((thing) => counters.add(0, thing));
        expect(new Set(claimedNew).size).toBe(claimedNew.length);
      }),
    );
  });
});

describe('DecayingCounters', () => {
  it('halves in a half-life', () => {
    const counters = new DecayingCounters(2, 10);
    counters.add(1, 5e6, 8);
    expect(counters.value(1, 15e6)).toBeCloseTo(4);
    expect(counters.add(1, 25e6)).toBeCloseTo(3);
    expect(counters.value(0, 25e6)).toBe(0);
  });

  it('takes a time in the past as now', () => {
    const counters = new DecayingCounters(1, 10);
    counters.add(0, 20e6);
    expect(counters.add(0, 1e6)).toBe(2);
    counters.clearAll();
    expect(counters.value(0, 30e6)).toBe(0);
  });
});

describe('TopKeys', () => {
  it('is exact while the keys fit', () => {
    const top = new TopKeys(3);
    for (const key of ['b', 'a', 'a', 'c', 'a', 'b']) top.add(key);
    expect(top.top()).toEqual([
      ['a', 3],
      ['b', 2],
      ['c', 1],
    ]);
    expect(top.top(1)).toEqual([['a', 3]]);
  });

  it('holds every key with more than its share and never too low a count', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }).map(String)),
        fc.integer({ min: 1, max: 8 }),
        (keys, capacity) => {
          const top = new TopKeys(capacity);
          const exact = new Map<string, number>();
          for (const key of keys) {
            top.add(key);
            exact.set(key, (exact.get(key) ?? 0) + 1);
          }
          expect(top.size).toBeLessThanOrEqual(capacity);
          for (const [key, count] of exact) {
            if (count > keys.length / capacity) expect(top.count(key)).toBeGreaterThanOrEqual(count);
          }
        },
      ),
    );
  });
});
