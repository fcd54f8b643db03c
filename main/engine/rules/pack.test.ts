/** The rules that come with Holdfast: each hits what it is about, and not what nearly looks like it. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { HostEvent } from '../../../contract/events.ts';
import { OWN_RULES, readRuleFiles } from './folder.ts';
import { SigmaRuleSet } from './rule-set.ts';
import { hostEventOf, readRuns, testData } from './testing.ts';

const TESTS = join(OWN_RULES, '../tests');
const { files, problems } = readRuleFiles([OWN_RULES], -1);
const rules = SigmaRuleSet.load(files);
const EVENTS = testData('host-events');

interface RuleTest {
  readonly matches: readonly HostEvent[];
  readonly near: readonly HostEvent[];
}

describe('rule pack', () => {
  it('loads whole: at least 80 rules about at least 60 techniques', () => {
    expect([...problems, ...rules.problems]).toEqual([]);
    expect(rules.detections.length).toBeGreaterThanOrEqual(80);
    expect(new Set(rules.detections.flatMap(({ techniques }) => techniques)).size).toBeGreaterThanOrEqual(60);
  });

  it('says of each rule whose it is, what it means, and has a test beside it', () => {
    for (const { path, text } of files) expect(text, path).toMatch(/^# SPDX-License-Identifier: Apache-2\.0\n/);
    for (const { title, description, license, tactics, techniques } of rules.detections) {
      expect(description.length, title).toBeGreaterThan(20);
      expect(license, title).toBe('Apache-2.0');
      expect(Math.min(tactics.length, techniques.length), title).toBeGreaterThan(0);
    }
    const names = (folder: string, ending: string): readonly string[] =>
      readdirSync(folder).map((name) => basename(name, ending));
    expect(names(TESTS, '.json')).toEqual(names(OWN_RULES, '.yml'));
  });

  it.each(readdirSync(TESTS))('%s', (name) => {
    const { matches, near } = JSON.parse(readFileSync(join(TESTS, name), 'utf8')) as RuleTest;
    const file = join(OWN_RULES, name.replace(/\.json$/, '.yml'));
    const hits = (event: HostEvent): boolean => rules.match(event).some(({ rule }) => rule.file === file);
    expect(Math.min(matches.length, near.length)).toBeGreaterThan(0);
    for (const event of matches) expect(hits(event), JSON.stringify(event)).toBe(true);
    for (const event of near) expect(hits(event), JSON.stringify(event)).toBe(false);
  });

  it.skipIf(EVENTS === undefined)('is quiet about ordinary work (skipped without ../shared/data/host-events)', () => {
    const events = readRuns(join(EVENTS ?? '', 'benign-linux.json.gz')).flatMap((run) => run.events);
    const hits = events.flatMap((event) => rules.match(hostEventOf(event)).map(({ rule }) => rule));
    expect(hits.filter(({ level }) => level === 'high' || level === 'critical').map(({ title }) => title)).toEqual([]);
    expect(hits.filter(({ level }) => level === 'medium').length).toBeLessThanOrEqual(events.length / 500);
  });
});
