import { describe, expect, it } from 'vitest';
import { SEVERITIES, type Severity } from '../../../contract/domain.ts';
import { filterOf } from './filters.ts';
import { countTermsOf, questionsOf } from './questions.ts';

const termsFor = (query: Record<string, string>) =>
  countTermsOf(filterOf(query, 0)).map(({ question, sign }) => [sign, question.minimumSeverity, question.kind]);

describe('questionsOf', () => {
  it('asks once, from the mildest severity that was chosen, or once for each kind', () => {
    expect(questionsOf(filterOf({}, 0))).toEqual([
      { minimumSeverity: 'info', states: ['open', 'acknowledged'], source: 'live', search: '' },
    ]);
    const questions = questionsOf(filterOf({ severity: 'high,medium', kind: 'exploit,tunnel' }, 0));
    expect(questions).toMatchObject([
      { minimumSeverity: 'medium', kind: 'tunnel' },
      { minimumSeverity: 'medium', kind: 'exploit' },
    ]);
  });
});

describe('countTermsOf', () => {
  it('counts from a severity on, and takes away what is worse than those that were chosen', () => {
    expect(termsFor({})).toEqual([[1, 'info', undefined]]);
    expect(termsFor({ severity: 'high,critical' })).toEqual([[1, 'high', undefined]]);
    expect(termsFor({ severity: 'medium' })).toEqual([
      [1, 'medium', undefined],
      [-1, 'high', undefined],
    ]);
    expect(termsFor({ severity: 'info,high', kind: 'exploit' })).toEqual([
      [1, 'info', 'exploit'],
      [-1, 'low', 'exploit'],
      [1, 'high', 'exploit'],
      [-1, 'critical', 'exploit'],
    ]);
  });

  it('comes to the right number for every choice', () => {
    const perSeverity = { info: 1, low: 20, medium: 300, high: 4_000, critical: 50_000 };
    const atLeast = (least: Severity | undefined) =>
      SEVERITIES.slice(SEVERITIES.indexOf(least ?? 'info')).reduce((sum, severity) => sum + perSeverity[severity], 0);
    for (let choice = 1; choice < 2 ** SEVERITIES.length; choice += 1) {
      const chosen = SEVERITIES.filter((_, index) => (choice >> index) % 2 === 1);
      const terms = countTermsOf(filterOf({ severity: chosen.join(',') }, 0));
      const total = terms.reduce((sum, { question, sign }) => sum + sign * atLeast(question.minimumSeverity), 0);
      expect(total, chosen.join()).toBe(chosen.reduce((sum, severity) => sum + perSeverity[severity], 0));
    }
  });
});
