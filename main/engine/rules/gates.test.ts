/** The rules that the field shares, and events that were recorded, where the test data is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matchFileEvent, readEvents } from './event-file.ts';
import { readRuleFiles } from './folder.ts';
import { SigmaRuleSet } from './rule-set.ts';
import { hostEventOf, readRuns, testData } from './testing.ts';

const SIGMA = testData('sigma');
const REGRESSION = testData('sigma-regression');
const EVENTS = testData('host-events');

describe.skipIf(SIGMA === undefined)('shared rules (skipped without ../shared/data/sigma)', () => {
  const { files } = readRuleFiles([SIGMA ?? ''], process.getuid?.() ?? 0);
  const rules = SigmaRuleSet.load(files);

  it('all load', () => {
    expect(rules.problems).toEqual([]);
    expect(rules.detections).toHaveLength(248);
  });

  it.skipIf(EVENTS === undefined)('hit what they are known to hit in recorded attacks, and nothing else', () => {
    for (const run of readRuns(join(EVENTS ?? '', 'atomic-linux.json'))) {
      const expected = [...run.sigma_hits, ...(run.sigma_hits_wrapper ?? [])].map(
        (hit) => `${hit.event_index} ${hit.rule_id}`,
      );
      const found = run.events.flatMap((event, index) =>
        rules.match(hostEventOf(event)).map(({ rule }) => `${index} ${rule.id}`),
      );
      expect(found.toSorted(), run.technique).toEqual(expected.toSorted());
    }
  });

  it.skipIf(EVENTS === undefined)('are quiet about ordinary work', () => {
    const events = readRuns(join(EVENTS ?? '', 'benign-linux.json.gz')).flatMap((run) => run.events);
    const levels = events.flatMap((event) => rules.match(hostEventOf(event)).map(({ rule }) => rule.level));
    expect(levels).not.toContain('high');
    expect(levels).not.toContain('critical');
    expect(levels.filter((level) => level === 'medium').length).toBeLessThanOrEqual(events.length / 500);
  });
});

describe.skipIf(REGRESSION === undefined)('regression pairs (skipped without ../shared/data/sigma-regression)', () => {
  it.each(REGRESSION === undefined ? [] : readdirSync(REGRESSION))('%s', (id) => {
    const read = (name: string): string => readFileSync(join(REGRESSION ?? '', id, name), 'utf8');
    const rules = SigmaRuleSet.load([{ path: id, text: read('rule.yml') }]);
    expect(rules.problems).toEqual([]);
    const { events, unreadable } = readEvents(read('event.json'));
    expect(unreadable).toEqual([]);
    expect(events.flatMap((event) => matchFileEvent(rules, event))).not.toEqual([]);
  });
});
