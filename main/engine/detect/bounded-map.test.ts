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

  it('does as a map that is kept in the order of use', () => {
    const steps = fc.array(
      fc.tuple(fc.constantFrom('get', 'set', 'peek', 'delete'), fc.integer({ min: 0, max: 6 }), fc.nat()),
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), steps, (capacity, all) => {
        const map = new BoundedMap<number, number>(capacity);
        let model: (readonly [number, number])[] = [];
        for (const [step, key, value] of all) {
          const known = model.find(([other]) => other === key);
          const others = model.filter(([other]) => other !== key);
          if (step === 'get') expect(map.get(key)).toBe(known?.[1]);
          if (step === 'peek') expect(map.peek(key)).toBe(known?.[1]);
          if (step === 'set') map.set(key, value);
          if (step === 'delete') expect(map.delete(key)).toBe(known !== undefined);
          if (step === 'set') model = [...others, [key, value] as const].slice(-capacity);
          else if (step === 'get' && known) model = [...others, known];
          else if (step === 'delete') model = others;
          expect([...map.entries()]).toEqual(model);
          expect(map.size).toBe(model.length);
        }
      }),
    );
  });

  it('finds numbers of every size, and none that is gone', () => {
    const map = new BoundedMap<number, number>(100);
    const keys = Array.from({ length: 60 }, (_, n) => n * 2 ** 20 + (n % 3) * 2 ** 44 + (n % 2));
    for (const key of keys) map.set(key, key);
    expect(keys.every((key) => map.get(key) === key)).toBe(true);
    expect(keys.slice(0, 30).every((key) => map.delete(key))).toBe(true);
    expect(keys.slice(0, 30).some((key) => map.peek(key) !== undefined || map.delete(key))).toBe(false);
    expect(keys.slice(30).every((key) => map.peek(key) === key)).toBe(true);
    map.clear();
    expect(keys.some((key) => map.get(key) !== undefined)).toBe(false);
  });

  it('goes on while entries are deleted and used', () => {
    const map = new BoundedMap<string, number>(4);
    for (const [at, key] of ['a', 'b', 'c', 'd'].entries()) map.set(key, at);
    const seen: string[] = [];
    for (const [key] of map.entries()) {
      seen.push(key);
      if (key !== 'a') continue;
      map.delete('b');
      map.get('c');
    }
    expect(seen).toEqual(['a', 'c', 'd']);
    map.clear();
    expect([...map.entries()]).toEqual([]);
  });
});
