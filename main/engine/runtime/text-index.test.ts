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
