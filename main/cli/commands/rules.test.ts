import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { wrongInput } from '../failure.ts';
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

  it('lists what the running engine has, with hits, and says what is off', async () => {
    const { context, written } = contextOf();
    const rule = {
      title: 'Curl',
      description: '',
      severity: 'medium',
      techniques: ['T1105'],
      about: 'linux',
      file: 'a',
    };
    const counted = { hits: 1_234, lastHitMs: 1, isEnabled: false, isOwn: true };
    const rules = [
      { engine: 'sigma', id: 'curl', ...rule, ...counted },
      {
        engine: 'yara',
        id: 'a#Miner',
        ...rule,
        ...counted,
        title: 'Miner',
        isEnabled: true,
        hits: 0,
        severity: 'high',
      },
    ];
    const problem = { engine: 'yara', file: 'b.yar', line: 3, rule: '', reason: 'unknown word', isOwn: false };
    const request = async () => ({ rules, problems: [problem], limits: 'Host sensors are off.' });
    const running = { ...context, connect: async () => ({ request, close: () => {} }) } as unknown as CommandContext;
    expect(await listRules([], { minSeverity: 'info' }, running)).toBe(EXIT.wrongInput);
    expect(written.out).toMatch(
      /medium +Sigma +Curl +T1105 +linux +no +1,234\nhigh +YARA +Miner +T1105 +linux +yes +0\n/,
    );
    expect(written.out).toContain('2 rules about 1 technique, 1 off.');
    expect(written.err).toContain('b.yar:3: unknown word\n');
    expect(written.err).toContain('Host sensors are off.');

    const { context: other, written: document } = contextOf();
    const json = { ...running, out: other.out, err: other.err };
    expect(await listRules([], { minSeverity: 'high', engine: 'sigma', json: true }, json)).toBe(EXIT.fine);
    expect(JSON.parse(document.out)).toMatchObject({ isRunning: true, rules: [], problems: [] });
  });

  it('lists rules of both kinds where no engine runs', async () => {
    const { context, written } = contextOf();
    const failure = wrongInput('engine-not-running', 'No engine is running.', 'Start it.');
    const alone: CommandContext = { ...context, connect: () => Promise.reject(failure) };
    expect(await listRules([], { minSeverity: 'info', json: true }, alone)).toBe(EXIT.fine);
    const { isRunning, rules } = JSON.parse(written.out) as { isRunning: boolean; rules: { engine: string }[] };
    expect(isRunning).toBe(false);
    expect(new Set(rules.map(({ engine }) => engine))).toEqual(new Set(['sigma', 'yara']));
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
