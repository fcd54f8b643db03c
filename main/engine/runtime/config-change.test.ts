import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, type ConfigRequest, readConfig, type Section } from './config.ts';
import { putAppFileAside, writeAppFile } from './config-app.ts';
import { planChanges, type SettingChange } from './config-change.ts';
import { FailureError } from './failure.ts';
import type { SettingTable } from './settings.ts';

const table = {
  count: { type: 'number', default: 5, min: 0, max: 100, integer: true, unit: 'ports', reason: 'r' },
  share: { type: 'number', default: 0.5, min: -1e30, max: 1e30, reason: 'r' },
  on: { type: 'boolean', default: true, reason: 'r' },
  name: { type: 'string', default: '', reason: 'r' },
  level: { type: 'choice', choices: ['info', 'warn', 'null'], default: 'info', reason: 'r' },
  items: { type: 'list', default: [], reason: 'r' },
  places: { type: 'list', default: ['auto'], minimumItems: 1, soleItems: ['auto', 'all'], reason: 'r' },
} as const satisfies SettingTable;
const sections: readonly Section[] = [
  { path: 'one', table },
  { path: 'detect.two-words', table },
];

let folder: string;
let appFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-settings-'));
  appFile = join(folder, 'settings.yaml');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function load(request: Partial<ConfigRequest> = {}): Promise<Config> {
  return (await readConfig({ sections, appFile, ...request })).config;
}

const plan = (config: Config, ...changes: SettingChange[]) => planChanges(config, changes, appFile);
const valuesOf = (config: Config) =>
  sections.flatMap(({ path }) => Object.keys(table).map((key) => config.value(`${path}.${key}`)));

describe('planChanges', () => {
  it('changes what is in force, and knows the way back', async () => {
    const config = await load();
    const { problems, config: next, differences, before } = plan(config, { path: 'one.count', value: 7 });
    expect(problems).toEqual([]);
    expect(next.value('one.count')).toBe(7);
    expect(next.origin('one.count')).toBe('changed in Holdfast');
    expect(config.value('one.count')).toBe(5);
    expect(differences).toEqual([{ path: 'one.count', from: 5, to: 7 }]);
    expect(before).toEqual([{ path: 'one.count', value: null }]);
    const back = plan(next, ...before);
    expect(valuesOf(back.config)).toEqual(valuesOf(config));
    expect(back.before).toEqual([{ path: 'one.count', value: 7 }]);
  });

  it('says what is wrong in the words of the files, and then changes nothing', async () => {
    const config = await load();
    const {
      problems,
      config: next,
      values,
    } = plan(
      config,
      { path: 'one.on', value: false },
      { path: 'one.count', value: 1.5 },
      { path: 'one.count', value: 2 },
      { path: 'one.leve', value: 'x' },
      { path: 'one.level', value: 'inf' },
      { path: 'one', value: 1 },
      { path: '__proto__.x', value: 1 },
      { path: 'one.places', value: ['auto', 'eth0'] },
      { path: 'detect.two-words.places', value: [] },
    );
    expect(problems.map(({ path, message, hint }) => `${path} ${message}. ${hint}`)).toEqual([
      'one.count must be a whole number from 0 to 100 (ports), not 1.5. The default is 5.',
      'one.count is named twice. Name each setting once.',
      'one.leve there is no such setting. Did you mean one.level?',
      'one.level must be one of info, warn, null, not "inf". Did you mean info?',
      'one is a section, not a setting. Write its keys below it, indented.',
      expect.stringMatching(/^__proto__\.x there is no such setting/),
      expect.stringMatching(/^one\.places must be a list of at least 1/),
      expect.stringMatching(/^detect\.two-words\.places must be a list of at least 1/),
    ]);
    expect(next).toBe(config);
    expect(values.size).toBe(0);
  });

  it('changes nothing that a stronger layer sets, and says which', async () => {
    const file = join(folder, 'config.yaml');
    writeFileSync(file, 'one:\n  count: 9\n');
    const environment = { HOLDFAST_ONE__ON: 'no' };
    const config = await load({ file, environment, flags: { 'one.share': 1 } });
    const { problems } = plan(
      config,
      { path: 'one.count', value: 1 },
      { path: 'one.on', value: true },
      { path: 'one.share', value: null },
      { path: 'one.name', value: 'free' },
    );
    expect(problems.map(({ message }) => message)).toEqual([
      `is set by file ${file}:2 and cannot be changed here`,
      'is set by environment HOLDFAST_ONE__ON and cannot be changed here',
      'is set by flag --set one.share and cannot be changed here',
    ]);
  });

  it('refuses what could not be read again', async () => {
    const items = Array.from({ length: 100 }, () => 'x'.repeat(4_000));
    const { problems } = plan(await load(), { path: 'one.items', value: items });
    expect(problems.map(({ message }) => message)).toEqual(['makes the settings too large to be kept']);
  });
});

describe('the file of changed settings', () => {
  it('gives after a restart what was in force before it, whatever was set', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: 0, max: 100 }),
      fc.boolean(),
      text,
      fc.constantFrom('null', 'true', '~', '1', '- a', 'a: b', '\u2028', '\ud800', '#', '*x'),
      fc.array(text, { maxLength: 5 }),
      fc.constant(null),
    );
    const paths = sections.flatMap(({ path }) => Object.keys(table).map((key) => `${path}.${key}`));
    const change = fc.record({ path: fc.constantFrom(...paths), value });
    const sets = fc.array(change, { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sets, async (changes) => {
        rmSync(appFile, { force: true });
        let config = await load();
        for (const each of changes) {
          const { problems, values, config: next } = plan(config, each);
          if (problems.length > 0) continue;
          writeAppFile(appFile, values);
          config = next;
        }
        const again = await load();
        expect(again.appProblems).toEqual([]);
        expect(valuesOf(again)).toEqual(valuesOf(config));
      }),
      { numRuns: 40 },
    );
  });

  it('is private, whole, and alone', async () => {
    writeAppFile(appFile, new Map([['one.count', 3]]));
    writeAppFile(appFile, new Map([['one.count', 4]]));
    expect(statSync(appFile).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['settings.yaml']);
    expect((await load()).value('one.count')).toBe(4);
  });

  it('never keeps the engine from starting, and its good values count', async () => {
    for (const [text, count] of [
      ['one:\n  count: 8\n  on: maybe\n  gone: 1\n', 8],
      ['{{{{', 5],
      ['one: &a [*a]', 5],
      ['\0\0', 5],
    ] as const) {
      writeFileSync(appFile, text, { mode: 0o600 });
      const report = await readConfig({ sections, appFile });
      expect(report.config.value('one.count')).toBe(count);
      expect(report.config.appProblems.length).toBeGreaterThan(0);
      expect(report.problems.every(({ level }) => level === 'warning')).toBe(true);
    }
    writeFileSync(appFile, 'one:\n  count: 8\n');
    chmodSync(appFile, 0o666);
    expect((await load()).value('one.count')).toBe(5);
  });

  it.skipIf(process.geteuid?.() !== 0)('is believed from nobody but this user and root', async () => {
    writeAppFile(appFile, new Map([['one.count', 3]]));
    expect((await load({ userId: 4_242 })).value('one.count')).toBe(3);
    chownSync(appFile, 4_242, 4_242);
    expect((await load({ userId: 4_242 })).value('one.count')).toBe(3);
    expect((await load({ userId: 4_243 })).value('one.count')).toBe(5);
    expect((await load({ userId: 0 })).value('one.count')).toBe(5);
  });

  it('is put aside when it has mistakes, and only the last few are kept', () => {
    expect(putAppFileAside(appFile, 0)).toBeUndefined();
    for (let day = 1; day <= 5; day++) {
      writeFileSync(appFile, `day ${day}`);
      putAppFileAside(appFile, day * 86_400_000);
    }
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(3);
    expect(readFileSync(join(folder, names[2]), 'utf8')).toBe('day 5');
  });

  it('stays where it is when the new one cannot take its place', () => {
    writeAppFile(appFile, new Map([['one.count', 3]]));
    const before = readFileSync(appFile, 'utf8');
    const replace = (error: Error) => () =>
      writeAppFile(appFile, new Map([['one.count', 4]]), () => {
        throw error;
      });
    expect(replace(new Error('no'))).toThrow('nothing was changed: no');
    const failure = { code: 'x', message: 'Said already.', hint: '' };
    expect(replace(new FailureError(failure))).toThrow(/^Said already\.$/);
    expect(readFileSync(appFile, 'utf8')).toBe(before);
    expect(readdirSync(folder).filter((name) => name.startsWith('.settings.'))).toEqual([]);
  });

  it('says so when it cannot be written', () => {
    expect(() => writeAppFile(join(folder, 'none/settings.yaml'), new Map())).toThrow(FailureError);
  });
});
