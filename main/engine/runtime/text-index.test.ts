import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextIndex } from './text-index.ts';

/** Few characters, so that texts share pieces and occur in one another; one lies beyond the first 256. */
const texts = (minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom('a', 'b', '/', 'š', 'a\u0100'), minLength, maxLength });

describe('TextIndex', () => {
  it('finds exactly the texts that occur', () => {
    fc.assert(
      fc.property(fc.uniqueArray(texts(1, 7), { maxLength: 40 }), texts(0, 60), (wanted, text) => {
        const index = new TextIndex();
        const numbers = new Map(wanted.map((each) => [index.add(each), each]));
        const found = index.search(text).map((number) => numbers.get(number));
        expect(found.toSorted()).toEqual(wanted.filter((each) => text.includes(each)).toSorted());
      }),
      { numRuns: 300 },
    );
  });

  it('finds them among more than the table of moves holds', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz0123456789-_./ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    let seed = 1;
    const next = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >>> 8) % below;
    };
    const wanted = Array.from({ length: 4_000 }, () =>
      Array.from({ length: 4 + next(24) }, () => letters[next(letters.length)]).join(''),
    );
    const index = new TextIndex();
    for (const each of wanted) index.add(each);
    for (let round = 0; round < 40; round++) {
      const text = Array.from({ length: 12 }, () => {
        const each = wanted[next(wanted.length)] ?? '';
        return each.slice(next(3), each.length - next(3));
      }).join(letters[next(letters.length)]);
      const expected = [...new Set(wanted)].flatMap((each, number) => (text.includes(each) ? [number] : []));
      expect([...index.search(text)].sort((a, b) => a - b)).toEqual(expected);
    }
  });

  it('takes as long for a text that is full of beginnings as for any other', () => {
    const index = new TextIndex();
    for (let length = 1; length < 200; length++) index.add(`${'a'.repeat(length)}b`);
    const cpuOf = (text: string): number => {
      const before = process.cpuUsage();
      for (let round = 0; round < 20; round++) index.search(text);
      return process.cpuUsage(before).user;
    };
    const [plain, full] = ['x'.repeat(100_000), 'a'.repeat(100_000)];
    cpuOf(full);
    expect(cpuOf(full) / cpuOf(plain)).toBeLessThan(10);
  });

  it('takes texts after it was asked, and gives the same number for the same text', () => {
    const index = new TextIndex();
    const first = index.add('passwd');
    expect(index.search('cat /etc/shadow /etc/passwd')).toEqual([first]);
    const second = index.add('shadow');
    expect(index.add('passwd')).toBe(first);
    expect(index.size).toBe(2);
    expect(index.search('cat /etc/shadow /etc/passwd').toSorted()).toEqual([first, second]);
  });
});
