import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoundedMap } from './bounded-map.ts';

describe('BoundedMap', () => {
  it('lets the least recently used go, and says so', () => {
    const gone: [string, number][] = [];
    const map = new BoundedMap<string, number>(2, (key, value) => gone.push([key, value]));
    map.set('a', 1);
    map.set('b', 2);
    expect(map.get('a')).toBe(1);
    expect(map.peek('b')).toBe(2);
    map.set('c', 3);
    expect(gone).toEqual([['b', 2]]);
    expect([...map.entries()]).toEqual([
      ['a', 1],
      ['c', 3],
    ]);
  });

  it('never holds more than it may', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(fc.integer({ min: 0, max: 20 })), (capacity, keys) => {
        const map = new BoundedMap<number, number>(capacity);
        for (const key of keys) map.getOrInsert(key, () => key * 2);
        expect(map.size).toBe(Math.min(capacity, new Set(keys).size));
        for (const [key, value] of map.entries()) expect(value).toBe(key * 2);
      }),
    );
  });
});
