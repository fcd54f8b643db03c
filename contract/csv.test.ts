import { describe, expect, it } from 'vitest';
import { csvLine } from './csv.ts';

describe('csvLine', () => {
  it('quotes what needs it', () => {
    expect(csvLine(['a', 1, null, 'b,c', 'say "x"', 'two\nlines', ' edge'])).toBe(
      'a,1,,"b,c","say ""x""","two\nlines"," edge"',
    );
  });

  it.each(['=1+1', '+1-cmd', '-2+3', '@SUM(A1)', '\t=1', ' =1', '|calc', '＝1'])('lets %j run nowhere', (text) => {
    expect(csvLine([text]).replace(/^"/, '')).toMatch(/^'/);
  });

  it('leaves numbers alone', () => {
    expect(csvLine(['-5', '3.25', -7])).toBe('-5,3.25,-7');
  });
});
