import { describe, expect, it } from 'vitest';
import { latin1Source } from './latin1.ts';

/** Of an expression. */
const resultOf = (code: string): unknown => new Function(`return ${code}`)();

describe('latin1Source', () => {
  it('means the same in texts, templates, expressions and names', () => {
    for (const code of [
      `'10 – 20 → 𝒳…'`,
      '`Σ\\n≥`',
      '/^[–—]𝒳+$/u.test("—𝒳𝒳")',
      '((σ) => σ + 1)(1)',
      '"\\\\–".length',
    ]) {
      const narrow = latin1Source(code);
      expect(narrow).toMatch(/^[\0-\u00FF]*$/);
      expect(narrow).toContain('\\u');
      expect(resultOf(narrow)).toEqual(resultOf(code));
    }
  });

  it('leaves what is of one byte as it is', () => {
    expect(latin1Source("'µs × ½'")).toBe("'µs × ½'");
  });

  it('refuses what it would change', () => {
    expect(() => latin1Source('/\\–/')).toThrow('without its backslash');
  });
});
