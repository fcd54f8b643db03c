import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { listRules, testRules } from './rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

const RULE = `title: Curl
id: curl
level: medium
tags: [attack.t1105]
logsource: { category: process_creation, product: linux }
detection: { s: { Image|endswith: /curl }, condition: s }
`;
const EVENTS =
  '{"event":"process_creation","Image":"/usr/bin/curl"}\n{"event":"process_creation","Image":"/bin/ls"}\nno';

/** A context that keeps what is written. */
function contextOf(): { readonly context: CommandContext; readonly written: { out: string; err: string } } {
  const written = { out: '', err: '' };
  const output = (name: 'out' | 'err') => ({
    isTerminal: false,
    hasColor: false,
    columns: 200,
    rows: 24,
    write: (text: string | Uint8Array): void => {
      written[name] += text;
    },
  });
  const paint = (_style: string, text: string): string => text;
  const parts: Partial<CommandContext> = {
    out: output('out'),
    err: output('err'),
    paintOut: paint,
    engine: () => import('../../engine/index.ts'),
    paths: async () => ({ dataDirectory: folder }) as Awaited<ReturnType<CommandContext['paths']>>,
  };
  return { context: parts as CommandContext, written };
}

describe('holdfast rules', () => {
  it('lists rules, and names what is wrong by file and line', async () => {
    const good = file('good.yml', RULE);
    const bad = file('bad.yml', RULE.replace('condition: s', 'condition: t').replace('id: curl', 'id: other'));
    const { context, written } = contextOf();
    expect(await listRules([good, bad], { minSeverity: 'info' }, context)).toBe(EXIT.wrongInput);
    expect(written.out).toContain('medium  Curl  T1105       linux process_creation\n1 rule about 1 technique.');
    expect(written.err).toBe(`${bad}:6: Curl: The condition names "t", which the rule does not have.\n`);
    const { context: json, written: document } = contextOf();
    expect(await listRules([good], { minSeverity: 'high', json: true }, json)).toBe(EXIT.fine);
    expect(JSON.parse(document.out)).toEqual({ rules: [], filters: 0, problems: [] });
  });

  it('tries a rule on events', async () => {
    const { context, written } = contextOf();
    const options = { events: file('events.json', EVENTS), json: true };
    expect(await testRules(file('rule.yml', RULE), options, context)).toBe(EXIT.alertsFound);
    expect(JSON.parse(written.out)).toMatchObject({
      events: 2,
      unreadable: ['line 3'],
      hits: [{ event: 1, rule: { id: 'curl' }, matched: [{ search: 's', field: 'Image', value: '/usr/bin/curl' }] }],
    });
  });

  it('knows the rules that come with it by their id, and refuses what is neither rule nor events', async () => {
    const events = file('events.json', EVENTS);
    const { context } = contextOf();
    const { loadHostRules } = await context.engine();
    const { OWN_RULES, readRuleFiles } = await loadHostRules();
    const [first] = readRuleFiles([OWN_RULES], -1).files;
    const id = /^id: (.*)$/m.exec(first.text)?.[1] ?? '';
    expect(await testRules(id, { events }, context)).toBe(EXIT.fine);
    await expect(testRules('nobody', { events }, context)).rejects.toThrow('no rule nobody');
    await expect(testRules(file('x.yml', RULE), { events: file('e.json', '[]') }, context)).rejects.toThrow(
      'no events',
    );
    await expect(testRules(file('y.yml', 'a: 1'), { events }, context)).rejects.toThrow('y.yml:1: It has no detection');
  });
});
