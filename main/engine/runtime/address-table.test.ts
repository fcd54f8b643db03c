import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import { AddressTable } from './address-table.ts';

type Key = readonly [number, number, number, number, number];

const key = fc.tuple(
  fc.constantFrom(0, -1),
  fc.constant(0),
  fc.constantFrom(0, 0xffff),
  fc.integer({ min: 0, max: 40 }),
  fc.constantFrom(0, 7),
);
const step = fc.record({ action: fc.constantFrom('insert', 'insert', 'insert', 'find', 'delete'), key });

describe('AddressTable', () => {
  it('behaves like a Map that forgets when it is full', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 24 }), fc.array(step, { maxLength: 300 }), (capacity, steps) => {
        const model = new Map<string, number>();
        const table = new AddressTable(capacity, {
          onEvict: (slot) => expect(model.delete([...table.words(slot), table.extra(slot)].join())).toBe(true),
        });
        for (const { action, key: words } of steps) {
          const name = words.join();
          const known = model.get(name);
          if (action === 'find') {
            expect(table.find(...words)).toBe(known ?? -1);
          } else if (action === 'delete') {
            if (known !== undefined) table.delete(known);
            model.delete(name);
          } else {
            const slot = table.findOrInsert(...words);
            expect(table.inserted).toBe(known === undefined);
            if (known !== undefined) expect(slot).toBe(known);
            expect([...table.words(slot), table.extra(slot)]).toEqual(words);
            expect(slot).toBeGreaterThanOrEqual(0);
            expect(slot).toBeLessThan(capacity);
            model.set(name, slot);
          }
          expect(table.size).toBe(model.size);
          expect(new Set(model.values()).size).toBe(model.size);
        }
        for (const [name, slot] of model) {
          expect(table.find(...(name.split(',').map(Number) as unknown as Key))).toBe(slot);
          expect(table.isUsed(slot)).toBe(true);
        }
      }),
    );
  });

  it('keeps what is asked for again and lets strangers go', () => {
    const table = new AddressTable(64);
    for (let host = 0; host < 32; host++) {
      table.findOrInsert(0, 0, 0xffff, host);
      table.find(0, 0, 0xffff, host);
    }
    for (let stranger = 0; stranger < 10_000; stranger++) {
      table.findOrInsert(0, 0, 0xffff, 1000 + stranger);
      if (stranger % 16 === 0) for (let host = 0; host < 32; host++) table.find(0, 0, 0xffff, host);
    }
    for (let host = 0; host < 32; host++) expect(table.find(0, 0, 0xffff, host)).toBeGreaterThanOrEqual(0);
    expect(table.evictions).toBe(10_032 - 64);
  });

  it('forgets everything on clear', () => {
    const table = new AddressTable(4);
    const address = parseAddress('2001:db8::1')!;
    const slot = table.findOrInsert(...address, 443);
    expect(table.addressText(slot)).toBe('2001:db8::1');
    table.clear();
    expect(table.size).toBe(0);
    expect(table.find(...address, 443)).toBe(-1);
    expect(table.isUsed(slot)).toBe(false);
  });

  it('is like new after clear, however much of it was used', () => {
    for (const [used, deleted] of [
      [0, 0],
      [3, 1],
      [16, 16],
      [60, 7],
      [64, 0],
      [200, 5],
    ]) {
      const table = new AddressTable(64);
      const slots = Array.from({ length: used }, (_, host) => table.findOrInsert(0, 0, 0xffff, host));
      for (const slot of slots.slice(0, deleted)) table.delete(slot);
      table.clear();
      expect(table.size).toBe(0);
      for (let host = 0; host < used; host++) expect(table.find(0, 0, 0xffff, host)).toBe(-1);
      const again = Array.from({ length: 64 }, (_, host) => table.findOrInsert(0, 0, 0xffff, 1000 + host));
      expect(again).toEqual(Array.from({ length: 64 }, (_, slot) => slot));
      for (let host = 0; host < 64; host++) expect(table.find(0, 0, 0xffff, 1000 + host)).toBe(host);
    }
  });

  it('refuses a capacity that makes no sense', () => {
    for (const capacity of [0, -1, 1.5, Number.NaN, 2 ** 25])
      expect(() => new AddressTable(capacity)).toThrow(RangeError);
  });
});
