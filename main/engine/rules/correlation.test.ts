import { describe, expect, it } from 'vitest';
import type { LogLineEvent } from '../../../contract/events.ts';
import { SigmaRuleSet } from './rule-set.ts';

const BASE = ['failed', 'success', 'change']
  .map(
    (word) =>
      `title: ${word}\nname: ${word}\nlogsource: { service: sshd }\ndetection: { k: [${word}], condition: k }\n`,
  )
  .join('---\n');

function rules(correlation: string): SigmaRuleSet {
  const text = `${BASE}---\ntitle: C\nid: c\nlevel: high\ncorrelation:\n${correlation.replaceAll(/^/gm, '  ')}`;
  return SigmaRuleSet.load([{ path: 'c.yml', text }]);
}

function line(seconds: number, message: string, fields: Readonly<Record<string, string>> = {}): LogLineEvent {
  return { type: 'log-line', timeMs: seconds * 1_000, service: 'sshd', message, fields };
}

/** Seconds at which the correlation was reached. */
function reached(set: SigmaRuleSet, lines: readonly LogLineEvent[], endSeconds?: number): readonly number[] {
  expect(set.problems).toEqual([]);
  const hits = lines.flatMap((each) => set.match(each));
  if (endSeconds !== undefined) hits.push(...set.advance(endSeconds * 1_000));
  return hits.filter(({ rule }) => rule.id === 'c').map(({ timeMs }) => timeMs / 1_000);
}

describe('event_count', () => {
  const set = (): SigmaRuleSet =>
    rules('type: event_count\nrules: [failed]\ngroup-by: [src]\ntimespan: 1m\ncondition: { gte: 3 }');

  it('counts within the timespan, by group, and begins anew after a hit', () => {
    const from = (src: string) => (seconds: number) => line(seconds, 'failed', { src });
    expect(reached(set(), [0, 10, 20, 30, 40, 50].map(from('a')))).toEqual([20, 50]);
    expect(reached(set(), [0, 50, 100, 150].map(from('a')))).toEqual([]);
    expect(reached(set(), [from('a')(0), from('b')(1), from('a')(2), from('b')(3)])).toEqual([]);
  });

  it('leaves out events that lack a field of the group', () => {
    expect(reached(set(), [line(0, 'failed'), line(1, 'failed'), line(2, 'failed')])).toEqual([]);
  });

  it('tells what was counted, and keeps the rules silent that it counts', () => {
    const hits = [0, 1, 2].flatMap((seconds) => set().match(line(seconds, 'failed', { src: 'a' })));
    expect(hits).toEqual([]);
    const one = set();
    const [hit] = [0, 1, 2].flatMap((seconds) => one.match(line(seconds, 'failed', { src: 'a' })));
    expect(hit).toMatchObject({
      rule: { severity: 'high' },
      correlation: { count: 3, firstMs: 0, group: { src: 'a' } },
    });
  });

  it('lets its rules speak where it says so', () => {
    const text = 'type: event_count\nrules: [failed]\ntimespan: 1m\ngenerate: true\ncondition: { gte: 2 }';
    expect(
      rules(text)
        .match(line(0, 'failed'))
        .map(({ rule }) => rule.id),
    ).toEqual(['failed']);
  });

  it('judges upper bounds when the timespan is over', () => {
    const few = (): SigmaRuleSet => rules('type: event_count\nrules: [failed]\ntimespan: 1m\ncondition: { lt: 3 }');
    expect(reached(few(), [line(0, 'failed'), line(1, 'failed')], 100)).toEqual([60]);
    expect(reached(few(), [line(0, 'failed'), line(1, 'failed'), line(2, 'failed')], 100)).toEqual([]);
  });
});

describe('values of a field', () => {
  const ofValues = (type: string, condition: string, values: readonly (string | number)[]): number => {
    const set = rules(`type: ${type}\nrules: [failed]\ntimespan: 1m\ncondition: { field: user, ${condition} }`);
    return reached(
      set,
      values.map((user, index) => line(index, 'failed', { user: String(user) })),
    ).length;
  };

  it.each([
    ['value_count', 'gte: 3', ['a', 'b', 'a', 'b'], 0],
    ['value_count', 'gte: 3', ['a', 'b', 'a', 'c'], 1],
    ['value_sum', 'gt: 10', [5, 5, 1], 1],
    ['value_sum', 'gt: 10', [5, 'x', 5], 0],
    ['value_avg', 'gt: 10', [10, 9], 0],
    ['value_avg', 'gt: 10', [10, 11], 1],
    ['value_median', 'gte: 5', [1, 2, 100], 0],
    ['value_median', 'gte: 5', [1, 9], 1],
    ['value_percentile', 'percentile: 90, gte: 50', [1, 40], 0],
    ['value_percentile', 'percentile: 90, gte: 50', [1, 60], 1],
  ])('%s %s of %j: %i', (type, condition, values, expected) => {
    expect(ofValues(type, condition, values)).toBe(expected);
  });

  it('cannot be pushed out by one value that comes again and again', () => {
    const values = ['a', 'b', ...Array.from({ length: 2_000 }, () => 'a'), 'c'];
    const set = rules('type: value_count\nrules: [failed]\ntimespan: 1h\ncondition: { field: user, gte: 3 }');
    expect(
      reached(
        set,
        values.map((user) => line(1, 'failed', { user })),
      ),
    ).toEqual([1]);
  });
});

describe('temporal', () => {
  const TEMPORAL = 'type: temporal\nrules: [failed, success]\ngroup-by: [src]\ntimespan: 1m';
  const ORDERED = TEMPORAL.replace('temporal', 'temporal_ordered');
  const at = (seconds: number, word: string, src = 'a'): LogLineEvent => line(seconds, word, { src });

  it('wants every rule within the timespan', () => {
    expect(reached(rules(TEMPORAL), [at(0, 'success'), at(5, 'failed')])).toEqual([5]);
    expect(reached(rules(TEMPORAL), [at(0, 'success'), at(65, 'failed')])).toEqual([]);
    expect(reached(rules(TEMPORAL), [at(0, 'success'), at(5, 'failed', 'b')])).toEqual([]);
  });

  it('wants them in order where it says so', () => {
    expect(reached(rules(ORDERED), [at(0, 'success'), at(5, 'failed')])).toEqual([]);
    expect(reached(rules(ORDERED), [at(0, 'success'), at(5, 'failed'), at(9, 'success')])).toEqual([9]);
    const flood = Array.from({ length: 500 }, (_, index) => at(1 + index / 100, 'failed'));
    expect(reached(rules(ORDERED), [at(0, 'failed'), ...flood, at(30, 'success')])).toEqual([30]);
  });

  it('takes a number or a combination of rules', () => {
    const two = 'type: temporal\nrules: [failed, success, change]\ntimespan: 1m\ncondition: { gte: 2 }';
    expect(reached(rules(two), [at(0, 'change'), at(5, 'failed')])).toEqual([5]);
    const combined = 'type: temporal_extended\ntimespan: 1m\ncondition: change and (failed or success)';
    expect(reached(rules(combined), [at(0, 'failed'), at(1, 'success'), at(2, 'change')])).toEqual([2]);
  });

  it('knows fields by other names, and correlations by theirs', () => {
    const alias = `type: temporal\nrules: [failed, success]\ngroup-by: [who]\ntimespan: 1m
aliases: { who: { failed: user, success: account } }`;
    const events = [line(0, 'failed', { user: 'eve' }), line(1, 'success', { account: 'eve' })];
    expect(reached(rules(alias), events)).toEqual([1]);
    const many = `${BASE}---\ntitle: many\nname: many\ncorrelation: { type: event_count, rules: [failed], group-by: [src], timespan: 1m, condition: { gte: 2 } }\n`;
    const chain = `${many}---\ntitle: C\nid: c\ncorrelation: { type: temporal_ordered, rules: [many, success], group-by: [src], timespan: 1m }`;
    const set = SigmaRuleSet.load([{ path: 'c.yml', text: chain }]);
    expect(reached(set, [at(0, 'failed'), at(1, 'failed'), at(2, 'success')])).toEqual([2]);
  });
});

describe('correlations that cannot be used', () => {
  it.each([
    ['type: counting\nrules: [failed]\ntimespan: 1m', 20, '"counting"'],
    ['type: event_count\nrules: [failed]\ntimespan: soon\ncondition: { gte: 2 }', 22, '"soon"'],
    ['type: event_count\nrules: [failed]\ntimespan: 1m', 20, 'needs a condition'],
    ['type: event_count\nrules: [failed]\ntimespan: 1m\ncondition: { above: 2 }', 23, '"above"'],
    ['type: event_count\nrules: [failed]\ntimespan: 1m\ncondition: { gte: 20000 }', 23, '10000'],
    ['type: value_count\nrules: [failed]\ntimespan: 1m\ncondition: { gte: 2 }', 23, 'no field'],
    ['type: temporal\nrules: [failed, nobody]\ntimespan: 1m', 16, '"nobody"'],
    ['type: temporal\nrules: [c]\ntimespan: 1m', 16, 'names itself'],
  ])('%j: line %i, %s', (text, line, words) => {
    expect(rules(text).problems).toMatchObject([{ line, reason: expect.stringContaining(words) }]);
  });

  it('keep no more than their bounds', () => {
    const set = rules('type: event_count\nrules: [failed]\ngroup-by: [src]\ntimespan: 1d\ncondition: { gte: 9 }');
    for (let index = 0; index < 10_100; index++) set.match(line(index / 1_000, 'failed', { src: String(index) }));
    expect(set.correlationLoad).toEqual({ groups: 10_000, forgotten: 100 });
    set.advance(1e12);
    expect(set.correlationLoad.groups).toBe(0);
  });
});
