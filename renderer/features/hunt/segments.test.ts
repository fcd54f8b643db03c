import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHunt } from '../../../contract/hunt-language.ts';
import { placeOf, segmentsOf, settledProblems } from './segments.ts';

describe('the colours of a query', () => {
  it('cover the text, each piece with its kind', () => {
    expect(segmentsOf('flows where port = 22', []).filter(({ kind }) => kind !== null)).toMatchObject([
      { text: 'flows', kind: 'table' },
      { text: 'where', kind: 'keyword' },
      { text: 'port', kind: 'field' },
      { text: '=', kind: 'operator' },
      { text: '22', kind: 'number' },
    ]);
  });

  it('underline what is wrong', () => {
    const text = 'flows where prot = 22';
    const { problems } = parseHunt(text);
    expect(segmentsOf(text, problems).filter(({ isWrong }) => isWrong)).toMatchObject([{ text: 'prot', start: 12 }]);
  });

  it('leave nothing out, whatever the text', () => {
    const words = fc.constantFrom(
      'flows',
      'where',
      ' ',
      '"',
      'port',
      '=',
      '22',
      '(',
      '\n',
      'since',
      '24h',
      '\u{1f600}',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(words).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const { problems } = parseHunt(text);
        expect(
          segmentsOf(text, problems)
            .map((segment) => segment.text)
            .join(''),
        ).toBe(text);
      }),
    );
  });
});

describe('what is wrong', () => {
  it('is not said of the word that is being written', () => {
    const text = 'flows where prot = 22 and ';
    const { problems } = parseHunt(text);
    expect(problems.length).toBeGreaterThan(0);
    expect(settledProblems(problems, text, text.length)).toMatchObject([{ start: 12 }]);
    expect(settledProblems(problems, text, 14)).toEqual([]);
  });

  it('has a place that people can count', () => {
    const problem = (start: number) => ({ start, end: start + 1, message: '', hint: '' });
    expect(placeOf('flows\nwhere x', problem(12))).toEqual({ line: 2, column: 7, isAtEnd: false });
    expect(placeOf('flows where ', problem(12))).toMatchObject({ isAtEnd: true });
  });
});
