import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FlowIndex } from './flow-index.ts';
import { HEAD, HEAD_WORDS } from './flow-layout.ts';

const SLOTS = 64;

/** Slots found for a hash, by the probe that the flow table makes. */
function find(index: FlowIndex, hash: number): number[] {
  const found: number[] = [];
  for (let i = hash & index.mask; index.entries[2 * i + 1] !== 0; i = (i + 1) & index.mask) {
    if (index.entries[2 * i] === hash) found.push(index.entries[2 * i + 1] - 1);
  }
  return found.sort((a, b) => a - b);
}

/** Hashes that crowd a few places, those at the end of the table among them. */
const crowded = fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -2, max: 2 })).map(([place, high]) => {
  return (high << 24) | (place & 0xffffff) | 0;
});

it('finds what a map finds, whatever is inserted and removed', () => {
  const step = fc.record({ slot: fc.nat(SLOTS - 1), hash: fc.oneof(crowded, fc.integer()) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const head = new Int32Array(SLOTS * HEAD_WORDS);
      const index = new FlowIndex(head);
      const model = new Map<number, number>();
      for (const { slot, hash } of steps) {
        const known = model.get(slot);
        if (known !== undefined) {
          index.remove(known, slot);
          model.delete(slot);
          continue;
        }
        head[slot * HEAD_WORDS + HEAD.hash] = hash;
        index.insert(hash, slot);
        model.set(slot, hash);
      }
      for (const hash of new Set(steps.map((taken) => taken.hash))) {
        const expected = [...model].filter(([, of]) => of === hash).map(([slot]) => slot);
        expect(find(index, hash)).toEqual(expected.sort((a, b) => a - b));
      }
    }),
  );
});

it('keeps everything findable while it grows', () => {
  const count = 20_000;
  const head = new Int32Array(count * HEAD_WORDS);
  const index = new FlowIndex(head);
  for (let slot = 0; slot < count; slot++) {
    const hash = Math.imul(slot, 0x9e3779b1);
    head[slot * HEAD_WORDS + HEAD.hash] = hash;
    index.insert(hash, slot);
  }
  for (let slot = 0; slot < count; slot++) expect(find(index, Math.imul(slot, 0x9e3779b1))).toEqual([slot]);
  expect(index.mask + 1).toBeGreaterThanOrEqual(count * 2);
});

it('says which slot it lost', () => {
  expect(() => new FlowIndex(new Int32Array(HEAD_WORDS)).remove(7, 3)).toThrow('flow index lost slot 3');
});
