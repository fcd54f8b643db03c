import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixHash } from '../runtime/address.ts';
import { HeavySources } from './heavy-sources.ts';

function add(sources: HeavySources, host: number, times = 1): void {
  for (let count = 0; count < times; count++) sources.add(0, mixHash(7, host), 0, 0, 0xffff, host);
}

describe('HeavySources', () => {
  it('counts few sources exactly, and their answers', () => {
    const sources = new HeavySources(2);
    for (let host = 1; host <= 8; host++) add(sources, host, host * 10);
    sources.answer(0, mixHash(7, 8), 0, 0, 0xffff, 8);
    sources.answer(0, mixHash(7, 99), 0, 0, 0xffff, 99);
    const list = sources.list(0);
    expect(list.map(({ word3, packets }) => [word3, packets])).toEqual(
      [8, 7, 6, 5, 4, 3, 2, 1].map((n) => [n, n * 10]),
    );
    expect(list.map(({ answers }) => answers)).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
    expect(sources.list(1)).toEqual([]);
  });

  it('keeps a heavy source among a hundred thousand light ones', () => {
    const sources = new HeavySources(1);
    for (let stranger = 0; stranger < 100_000; stranger++) {
      add(sources, 1000 + stranger);
      if (stranger % 4 === 0) add(sources, 5);
    }
    const [heaviest] = sources.list(0);
    expect(heaviest?.word3).toBe(5);
    expect(heaviest?.packets).toBeGreaterThan(20_000);
  });

  it('never counts more than came, and forgets when told', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(300), { maxLength: 3000 }), (hosts) => {
        const sources = new HeavySources(1);
        const truth = new Map<number, number>();
        for (const host of hosts) {
          add(sources, host);
          truth.set(host, (truth.get(host) ?? 0) + 1);
        }
        for (const { word3, packets } of sources.list(0)) expect(packets).toBeLessThanOrEqual(truth.get(word3)!);
        sources.clear(0);
        expect(sources.list(0)).toEqual([]);
      }),
    );
  });
});
