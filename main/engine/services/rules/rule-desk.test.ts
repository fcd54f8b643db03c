import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RuleEngine } from '../../../../contract/api-rules.ts';
import { ManualClock } from '../../runtime/clock.ts';
import { RuleDesk, ruleLimits } from './rule-desk.ts';

const SIGMA = `title: A mark
id: 11111111-2222-3333-4444-555555555555
logsource: { product: linux, category: process_creation }
detection:
  selection: { Image|endswith: /mark }
  condition: selection
level: high
tags: [attack.t1059.004]
`;
const YARA = 'rule marked : shell { meta: description = "has a mark" strings: $a = "mark" condition: $a }';
const ID = '11111111-2222-3333-4444-555555555555';

it('says which rules are not at work, and nothing where all are', () => {
  const entry = { counters: {}, detail: 'why', hint: '' };
  const ok = { ...entry, state: 'ok' } as const;
  expect(ruleLimits([])).toBe('');
  expect(
    ruleLimits([
      { ...ok, part: 'host' },
      { ...ok, part: 'scanner', state: 'degraded' },
    ]),
  ).toBe('');
  expect(
    ruleLimits([
      { ...ok, part: 'host', state: 'degraded' },
      { ...ok, part: 'scanner', state: 'off' },
    ]),
  ).toBe('Sigma: why YARA: why');
});

describe('the desk of rules', () => {
  let dataDirectory: string;
  let marks: Map<string, string>;
  let changed: RuleEngine[];
  let journal: string[];
  let desk: RuleDesk;
  const clock = new ManualClock();
  const newDesk = (): RuleDesk => {
    const made = new RuleDesk({
      dataDirectory,
      userId: process.geteuid?.() ?? 0,
      clock,
      memory: () => ({ mark: (name) => marks.get(name), setMark: (name, text) => void marks.set(name, text) }),
      journal: ({ action, subject, actor }) => void journal.push(`${actor} ${action} ${subject}`),
      onChange: (engine) => void changed.push(engine),
      limits: () => '',
    });
    made.start();
    return made;
  };
  const send = (engine: RuleEngine, name: string, text: string) =>
    desk.importPiece(engine, name, { offset: 0, bytes: Buffer.from(text), isLast: true }, 'ada');

  beforeEach(() => {
    dataDirectory = mkdtempSync(join(tmpdir(), 'holdfast-rules-'));
    mkdirSync(dataDirectory, { recursive: true });
    [marks, changed, journal] = [new Map(), [], []];
    desk = newDesk();
  });
  afterEach(() => {
    desk.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  it('lists what comes with Holdfast and what was taken in, of both engines', async () => {
    await send('sigma', 'mark.yml', SIGMA);
    await send('yara', 'mark.yar', YARA);
    const { rules, problems } = await desk.list();
    expect(problems).toEqual([]);
    expect(rules.filter(({ isOwn, engine }) => isOwn && engine === 'sigma').length).toBeGreaterThan(80);
    expect(rules.filter(({ isOwn }) => !isOwn)).toMatchObject([
      {
        engine: 'sigma',
        id: ID,
        severity: 'high',
        techniques: ['T1059.004'],
        file: 'mark.yml',
        isEnabled: true,
        hits: 0,
      },
      { engine: 'yara', id: 'mark.yar#marked', description: 'has a mark', about: 'files · shell', file: 'mark.yar' },
    ]);
    expect(changed).toEqual(['sigma', 'yara']);
    expect((await desk.text('yara', 'mark.yar#marked')).text).toBe(YARA);
  });

  it('takes a file in by pieces, and says by line what is wrong with it', async () => {
    const bytes = Buffer.from(`${SIGMA}---\ntitle: broken\ndetection: 3\n`);
    const first = await desk.importPiece(
      'sigma',
      'two.yml',
      { offset: 0, bytes: bytes.subarray(0, 40), isLast: false },
      'ada',
    );
    expect(first).toEqual({ receivedBytes: 40, loaded: null });
    const rest = { offset: 40, bytes: bytes.subarray(40), isLast: true };
    const { loaded } = await desk.importPiece('sigma', 'two.yml', rest, 'ada');
    expect(loaded).toMatchObject({ rules: 1, problems: [{ file: 'two.yml', engine: 'sigma' }] });
    expect(readFileSync(join(dataDirectory, 'rules', 'two.yml'), 'utf8')).toBe(bytes.toString());
    await expect(desk.importPiece('sigma', 'two.yml', rest, 'ada')).rejects.toMatchObject({
      failure: { code: 'wrong-offset' },
    });
  });

  it('refuses what is no rule, and names that lead elsewhere', async () => {
    await expect(send('sigma', 'no.yml', 'hello: 1')).rejects.toMatchObject({ failure: { code: 'no-rule' } });
    await expect(send('yara', 'no.yar', 'rule x { condition: y }')).rejects.toMatchObject({
      failure: { code: 'no-rule', message: expect.stringContaining('Line 1') },
    });
    for (const name of ['../up.yml', '.hidden.yml', 'mark.txt', 'a/b.yml', `${'a'.repeat(200)}.yml`]) {
      await expect(send('sigma', name, SIGMA)).rejects.toMatchObject({ failure: { code: 'bad-name' } });
    }
    expect(changed).toEqual([]);
  });

  it('switches rules off and on, over a restart', async () => {
    await send('sigma', 'mark.yml', SIGMA);
    await desk.enable('sigma', ID, false, 'ada');
    expect(desk.disabled('sigma')).toEqual([ID]);
    desk.stop();
    desk = newDesk();
    expect((await desk.list()).rules.find(({ id }) => id === ID)?.isEnabled).toBe(false);
    await desk.enable('sigma', ID, true, 'ada');
    expect(desk.disabled('sigma')).toEqual([]);
    await expect(desk.enable('sigma', 'gone', false, 'ada')).rejects.toMatchObject({
      failure: { code: 'no-such-rule' },
    });
    expect(journal).toEqual(['ada rules-imported mark.yml', `ada rule-disabled ${ID}`, `ada rule-enabled ${ID}`]);
  });

  it('counts hits, over a restart', async () => {
    await send('sigma', 'mark.yml', SIGMA);
    desk.takeHits([{ ruleId: ID, count: 3, lastMs: 500 }]);
    desk.takeHits([{ ruleId: ID, count: 2, lastMs: 400 }]);
    desk.stop();
    desk = newDesk();
    expect((await desk.list()).rules.find(({ id }) => id === ID)).toMatchObject({ hits: 5, lastHitMs: 500 });
  });

  it('removes what was taken in, and nothing else', async () => {
    await send('sigma', 'mark.yml', SIGMA);
    desk.remove('sigma', 'mark.yml', 'ada');
    expect((await desk.list()).rules.some(({ id }) => id === ID)).toBe(false);
    expect(() => desk.remove('sigma', 'mark.yml', 'ada')).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ code: 'no-such-file' }) }),
    );
  });
});
