import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinearRegex } from './regex.ts';
import { neededTexts } from './regex-needs.ts';
import { RegexError } from './regex-syntax.ts';

const PLAIN = { ignoreCase: false, multiLine: false, dotAll: false };

/** Pieces of expressions that mean the same here and in JavaScript. */
const piece = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\s',
  '\\b',
  '^',
  'ab',
  '1',
  ' ',
  '(?:a|bc)',
);
const repeated = fc
  .tuple(piece, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '*?'))
  .map(([atom, suffix]) =>
    /^(?:\\b|\^|ab)$/.test(atom) ? (atom === 'ab' ? `(${atom})${suffix}` : atom) : atom + suffix,
  );
const expression = fc
  .array(fc.array(repeated, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 })
  .map((branches) => branches.map((parts) => parts.join('')).join('|'));
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'A', '1', ' ', '\n', '_', 'é'), maxLength: 12 });

describe('LinearRegex', () => {
  it('matches what the backtracking matcher of JavaScript matches', () => {
    fc.assert(
      fc.property(expression, text, fc.boolean(), fc.boolean(), (source, given, ignoreCase, dotAll) => {
        const flags = { ignoreCase, multiLine: false, dotAll };
        const expected = new RegExp(source, `${ignoreCase ? 'i' : ''}${dotAll ? 's' : ''}`);
        expect(new LinearRegex(source, flags).test(given)).toBe(expected.test(given));
        const multiLine = new RegExp(source, `m${ignoreCase ? 'i' : ''}`);
        expect(new LinearRegex(source, { ...PLAIN, ignoreCase, multiLine: true }).test(given)).toBe(
          multiLine.test(given),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('names texts that every match holds', () => {
    fc.assert(
      fc.property(expression, text, (source, given) => {
        const needs = neededTexts(source, PLAIN);
        fc.pre(needs.length > 0 && new LinearRegex(source, PLAIN).test(given));
        expect(needs.some((need) => given.toLowerCase().includes(need))).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(neededTexts('https://[0-9]{1,3}', PLAIN)).toEqual(['https://']);
    expect(neededTexts('foo|ba+r', PLAIN)).toEqual(['foo', 'b']);
  });

  it.each([
    ['a$', 'a\n', true],
    ['a\\z', 'a\n', false],
    ['\\Aa', 'ba', false],
    ['(?i)ABC', 'xabc', true],
    ['a(?i:B)c', 'abc', true],
    ['a(?i:B)c', 'abC', false],
    ['[[:digit:]]+x', '12x', true],
    ['[^[:space:]]x', ' x', false],
    ['\\x41\\u0042\\x{43}', 'ABC', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['[a\\-z]', '-', true],
    ['[]a]', ']', true],
    ['a{,3}', 'a{,3}', true],
    ['(?P<name>a)b', 'ab', true],
    ['ö+', 'ÖÖ', false],
    ['(?i)ö+', 'ÖÖ', true],
    ['^.$', '😀', true],
    ['[^/]{100,}$', `/${'x'.repeat(100)}`, true],
    ['[^/]{100,}$', `/${'x'.repeat(99)}`, false],
  ])('%s of %j is %s', (source, given, expected) => {
    expect(new LinearRegex(source, PLAIN).test(given)).toBe(expected);
  });

  it.each([
    '(?=a)',
    '(?!a)',
    '(?<=a)',
    '(?<!a)',
    '(?>a)',
    '(a)\\1',
    'a++',
    '\\p{L}',
    '[',
    '(',
    ')',
    'a**b{9999}',
    '*a',
    '\\',
    '[z-a]',
    'a{3,2}',
    '(?x)a',
  ])('refuses %s', (source) => {
    expect(() => new LinearRegex(source, PLAIN)).toThrow(RegexError);
  });

  it('takes time in proportion where backtracking would not end', () => {
    const hostile = new LinearRegex('(a+)+(b|a*)*c$', PLAIN);
    const started = performance.now();
    expect(hostile.test('a'.repeat(30_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('refuses what would need too much memory, and lives with many sets of states', () => {
    expect(() => new LinearRegex('((a{99}){99}){99}', PLAIN)).toThrow(/states/);
    const exponential = new LinearRegex('(a|b)*a(a|b){14}c', PLAIN);
    const given = Array.from({ length: 3_000 }, (_, index) => ((index * 2_654_435_761) % 7 < 3 ? 'a' : 'b')).join('');
    expect(exponential.test(given)).toBe(false);
    expect(exponential.test(`${given}a${'b'.repeat(14)}c`)).toBe(true);
  });

  it('reads any expression without ending in anything but a RegexError', () => {
    const symbols = fc.string({ unit: fc.constantFrom(...'ab()[]{}|*+?^$\\.-,:<>=!1dwsQEx'), maxLength: 20 });
    fc.assert(
      fc.property(fc.oneof(symbols, fc.string()), fc.string(), (source, given) => {
        try {
          new LinearRegex(source, PLAIN).test(given);
        } catch (error) {
          expect(error).toBeInstanceOf(RegexError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
