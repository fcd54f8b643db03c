import { describe, expect, it } from 'vitest';
import type { RuleRow } from '../../../contract/api-rules.ts';
import { BY_TITLE, filterOf, isNarrowed, itemOf, listItem, ruleItem, shownRules, tabOf } from './rule-list.ts';

function ruleOf(changes: Partial<RuleRow>): RuleRow {
  return {
    engine: 'sigma',
    id: 'a',
    title: 'A rule',
    description: '',
    severity: 'medium',
    techniques: [],
    about: 'process_creation · linux',
    file: 'a.yml',
    isOwn: true,
    isEnabled: true,
    hits: 0,
    lastHitMs: null,
    ...changes,
  };
}

const RULES: readonly RuleRow[] = [
  ruleOf({ id: 'shell', title: 'Reverse shell', severity: 'high', techniques: ['T1059.004'], hits: 3, lastHitMs: 20 }),
  ruleOf({ id: 'cron', title: 'Cron job', severity: 'low', isEnabled: false, isOwn: false, file: 'mine.yml' }),
  ruleOf({ id: 'miner', title: 'a miner', hits: 40, lastHitMs: 10 }),
  ruleOf({ engine: 'yara', id: 'e.yar#Eicar', title: 'Eicar', file: 'e.yar', about: 'files' }),
];

const shown = (query: Readonly<Record<string, string>>, sort = BY_TITLE): readonly string[] =>
  shownRules(RULES, 'sigma', filterOf(query), sort).map(({ id }) => id);

describe('the list of rules', () => {
  it('shows one engine, by title whatever its case', () => {
    expect(shown({})).toEqual(['miner', 'cron', 'shell']);
    expect(shownRules(RULES, 'yara', filterOf({}), BY_TITLE).map(({ id }) => id)).toEqual(['e.yar#Eicar']);
  });

  it('finds words anywhere in a rule, all of them', () => {
    expect(shown({ q: 't1059 SHELL' })).toEqual(['shell']);
    expect(shown({ q: 'mine.yml' })).toEqual(['cron']);
    expect(shown({ q: 'shell cron' })).toEqual([]);
  });

  it('is narrowed by severity, state and origin', () => {
    expect(shown({ severity: 'high,low' })).toEqual(['cron', 'shell']);
    expect(shown({ state: 'off' })).toEqual(['cron']);
    expect(shown({ state: 'on' })).toEqual(['miner', 'shell']);
    expect(shown({ state: 'hit' })).toEqual(['miner', 'shell']);
    expect(shown({ state: 'silent' })).toEqual(['cron']);
    expect(shown({ origin: 'own' })).toEqual(['miner', 'shell']);
    expect(shown({ origin: 'imported' })).toEqual(['cron']);
  });

  it('leaves out what an address says and nobody knows', () => {
    expect(isNarrowed(filterOf({ severity: 'nonsense', state: 'x', origin: '__proto__', q: '  ' }))).toBe(false);
    expect(tabOf({ tab: 'constructor' })).toBe('sigma');
    expect(tabOf({ tab: 'yara' })).toBe('yara');
  });

  it('sorts by hits, severity and last hit, rules that never hit last', () => {
    expect(shown({}, { column: 'hits', direction: 'descending' })).toEqual(['miner', 'shell', 'cron']);
    expect(shown({}, { column: 'severity', direction: 'descending' })).toEqual(['shell', 'miner', 'cron']);
    expect(shown({}, { column: 'last', direction: 'ascending' })).toEqual(['miner', 'shell', 'cron']);
    expect(shown({}, { column: 'toString', direction: 'ascending' })).toEqual(['miner', 'cron', 'shell']);
  });
});

describe('what an address opens', () => {
  it('is a rule, a list, the problems or the check', () => {
    expect(itemOf(ruleItem(RULES[3]))).toEqual({ kind: 'rule', engine: 'yara', id: 'e.yar#Eicar' });
    expect(itemOf(listItem('sigma:x'))).toEqual({ kind: 'list', name: 'sigma:x' });
    expect(itemOf('problems')).toEqual({ kind: 'problems' });
    expect(itemOf('check')).toEqual({ kind: 'check' });
    expect(itemOf('nonsense')).toBeNull();
    expect(itemOf(null)).toBeNull();
  });
});
