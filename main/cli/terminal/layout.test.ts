import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { columnsOf, cut, hanging, pad, sparkline, table, wrap } from './layout.ts';
import { paintFor } from './paint.ts';

describe('columnsOf', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['Grüße', 5],
    ['日本', 4],
    ['🙂', 2],
    ['e\u0301', 1],
    ['■ ▲ ◆', 5],
    [paintFor(true)('critical', 'abc'), 3],
  ])('%o is %i wide', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });
});

describe('wrap', () => {
  it('breaks between words, and inside of words that are too long', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('abcdefgh ij', 3)).toEqual(['abc', 'def', 'gh', 'ij']);
    expect(wrap('  ', 10)).toEqual([]);
  });

  it('keeps every character and the width, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.integer({ min: 2, max: 60 }), (text, width) => {
        const lines = wrap(text, width);
        for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(width);
        expect(lines.join('').replace(/\s+/g, '')).toBe(text.replace(/\s+/g, ''));
      }),
    );
  });

  it('indents what follows the first line', () => {
    expect(hanging('- ', 'one two', 6)).toEqual(['- one', '  two']);
  });
});

describe('cut and pad', () => {
  it('fit a text to columns', () => {
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('日本語', 4)).toBe('日…');
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('abc', 0)).toBe('');
    expect(pad('日', 4)).toBe('日  ');
    expect(pad('7', 3, 'right')).toBe('  7');
    expect(pad('long', 2)).toBe('long');
  });
});

describe('table', () => {
  const columns = [{ title: 'name' }, { title: 'bytes', align: 'right' as const }, { title: 'more' }];

  it('aligns numbers right', () => {
    expect(table(columns, [['a', '1,000', 'x']], 80)).toEqual(['name  bytes  more', 'a     1,000  x']);
  });

  it('leaves columns out that have no room', () => {
    expect(table(columns, [['a', '1,000', 'x']], 12)).toEqual(['name  bytes', 'a     1,000']);
  });
});

describe('sparkline', () => {
  it('draws the highest value as a full bar and nothing as nothing', () => {
    expect(sparkline([0, 1, 4, 8])).toBe(' ▂▅█');
    expect(sparkline([0, 0])).toBe('  ');
    expect(sparkline([])).toBe('');
  });
});
