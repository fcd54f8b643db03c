import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell, csvLine, csvText } from './csv.ts';

describe('CSV', () => {
  it('makes formulas texts', () => {
    const starts = ['=1+1', '+1-cmd', '-2+3', '@SUM(A1)', '\t=1', ' =1', '＝1', ' ＝1', '|calc', '%0A', '\r=1', '\n=1'];
    for (const text of starts) expect(csvCell(text).replace(/^"/, '')).toMatch(/^'/);
  });

  it('leaves numbers and plain texts as they are', () => {
    expect([-5, 1.5, true, null, undefined].map(csvCell)).toEqual(['-5', '1.5', 'true', '', '']);
    expect(['-5', '3.25', '10.0.0.5', 'ssh', '1e3'].map(csvCell)).toEqual(['-5', '3.25', '10.0.0.5', 'ssh', '1e3']);
  });

  it('parts cells by commas, and quotes what needs it', () => {
    expect(csvLine(['a', 1, null, 'b,c', 'say "x"', 'two\nlines', ' edge'])).toBe(
      'a,1,,"b,c","say ""x""","two\nlines"," edge"',
    );
  });

  it('quotes what would break a line', () => {
    const columns = [
      { header: 'name, "quoted"', value: (row: readonly string[]) => row[0] },
      { header: 'b', value: (row: readonly string[]) => row[1] },
    ];
    expect(csvText(columns, [['a\nb', 'x,y']])).toBe('"name, ""quoted""",b\r\n"a\nb","x,y"\r\n');
  });

  it('is never a formula, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), (text) => {
        const cell = csvCell(text);
        const content = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
        expect(/^\s*[=+@|%＝＋＠]/u.test(content)).toBe(false);
        expect(content === text || content === `'${text}`).toBe(true);
      }),
    );
  });
});
