import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentMap } from './recent-map.ts';

describe('a map of what was used lately', () => {
  it('forgets what nobody asked for, and keeps what somebody did', () => {
    const map = new RecentMap<number>(20);
    map.set('asked for', 1);
    map.set('not asked for', 2);
    for (let stranger = 0; stranger < 100; stranger++) {
      map.set(`stranger ${stranger}`, stranger);
      expect(map.get('asked for')).toBe(1);
    }
    expect(map.get('not asked for')).toBeUndefined();
    expect(map.get('stranger 99')).toBe(99);
  });

  it('holds no more than its capacity, and gives what was set last', () => {
    const step = fc.tuple(fc.constantFrom('set', 'get', 'delete'), fc.integer({ min: 0, max: 40 }), fc.integer());
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const map = new RecentMap<number>(16);
        const truth = new Map<string, number>();
        for (const [what, number, value] of steps) {
          const key = String(number);
          if (what === 'set') {
            map.set(key, value);
            truth.set(key, value);
          } else if (what === 'delete') {
            map.delete(key);
            truth.delete(key);
          } else {
            const found = map.get(key);
            if (found !== undefined) expect(found).toBe(truth.get(key));
          }
          expect(map.size).toBeLessThanOrEqual(16);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('makes an entry once', () => {
    const map = new RecentMap<number[]>(8);
    map.getOrInsert('a', () => []).push(1);
    map.getOrInsert('a', () => []).push(2);
    expect(map.get('a')).toEqual([1, 2]);
    map.clear();
    expect(map.size).toBe(0);
  });
});
