import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descriptionOf, listRules, severityOf, techniquesOf } from './rule-list.ts';

describe('the rules of a text', () => {
  it('are listed with line, tags and meta', () => {
    const rules = listRules(
      'a.yar',
      [
        'import "elf" // rule not_this { condition: true }',
        '/* rule nor_this',
        ' { condition: true } */',
        'private rule first : T1059_004 shell {',
        '  meta: description = "says \\"rule x {\\"" score = 80',
        '  strings: $a = /rule re { \\/ }/ $b = { 41 42 [2-4] ( 43 | 44 ) }',
        '  condition: $a and filesize / 2 > 3 and #b > 1',
        '}',
        'global rule second { condition: true }',
      ].join('\n'),
    );
    expect(rules.map(({ name, line, tags }) => [name, line, tags])).toEqual([
      ['first', 4, ['T1059_004', 'shell']],
      ['second', 9, []],
    ]);
    expect(severityOf(rules[0]!)).toBe('high');
    expect(techniquesOf(rules[0]!)).toEqual(['T1059.004']);
    expect(descriptionOf(rules[0]!)).toContain('says');
  });

  it.each([
    [{}, 'high'],
    [{ severity: 'low' }, 'low'],
    [{ severity: '100' }, 'high'],
    [{ score: '60' }, 'medium'],
    [{ score: 'many' }, 'high'],
  ])('%j is %s', (meta, severity) => {
    expect(severityOf({ meta: new Map(Object.entries(meta)) })).toBe(severity);
  });

  it('never throws, and takes time in proportion', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 400, unit: fc.constantFrom(...'rule{}/*"\\ \n=meta:x') }),
        (text) => void listRules('', text),
      ),
    );
    expect(listRules('', '/'.repeat(500_000))).toEqual([]);
    expect(listRules('', '"\n'.repeat(300_000))).toEqual([]);
  });
});
