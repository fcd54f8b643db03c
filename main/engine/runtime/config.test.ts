import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installedProfiles, loadConfig, PROFILES, problemText, readConfig, type Section } from './config.ts';
import { parseConfigText } from './config-file.ts';
import { closest, editDistance, environmentNameOf } from './config-names.ts';
import { toZodSchema } from './config-schema.ts';
import { configDefaults, configExample, configShow, shownSettings } from './config-text.ts';
import { logSettings } from './log.ts';
import type { SettingTable } from './settings.ts';

const portScan = {
  windowSeconds: { type: 'number', default: 60, min: 1, max: 3600, unit: 's', reason: 'A window.' },
  ports: { type: 'number', default: 20, min: 2, max: 65_535, integer: true, unit: 'ports', reason: 'Few: # of ports.' },
  enabled: { type: 'boolean', default: true, reason: 'On.' },
} as const satisfies SettingTable;

const capture = {
  interfaces: {
    type: 'list',
    default: [],
    pattern: /^[a-z0-9]+$/,
    patternMeaning: 'an interface name',
    reason: 'None: all.',
  },
  mode: { type: 'choice', choices: ['live', 'off'], default: 'live', reason: 'Live.' },
  label: { type: 'string', default: 'a: "b"', reason: 'Text.' },
} as const satisfies SettingTable;

const sections: readonly Section[] = [
  { path: 'detect.port-scan', table: portScan },
  { path: 'capture', table: capture },
  { path: 'log', table: logSettings },
];

let place: string;
let file: string;

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
  file = join(place, 'config.yaml');
});

afterEach(() => {
  rmSync(place, { recursive: true });
});

function write(text: string): string {
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

async function problemsOf(text: string): Promise<string[]> {
  const { problems } = await readConfig({ sections, file: write(text) });
  return problems.map((problem) => problemText(problem).replace(place, ''));
}

describe('layers', () => {
  const path = 'detect.port-scan.windowSeconds';
  const variable = 'HOLDFAST_DETECT__PORT_SCAN__WINDOW_SECONDS';

  it('lets the later layer win and remembers who set a value', async () => {
    write('# mine\ndetect:\n  port-scan:\n    windowSeconds: 30\n    ports: 15\n');
    const config = await loadConfig({
      sections,
      file,
      profile: 'development',
      environment: { [variable]: '45', PATH: '/bin', HOLDFAST_DATA: 'x' },
      flags: { 'capture.mode': 'off', 'capture.interfaces': 'eth0, lo' },
    });
    expect(config.section('detect.port-scan', portScan)).toEqual({ windowSeconds: 45, ports: 15, enabled: true });
    expect(config.section('capture', capture)).toMatchObject({ mode: 'off', interfaces: ['eth0', 'lo'] });
    expect(config.origin(path)).toBe(`environment ${variable}`);
    expect(config.origin('detect.port-scan.ports')).toBe(`file ${file}:5`);
    expect(config.origin('detect.port-scan.enabled')).toBe('default');
    expect(config.origin('capture.mode')).toBe('flag --set capture.mode');
    expect(config.origin('log.level')).toMatch(/^profile .*development\.yaml:3$/);
    expect(() => config.value('detect.nothing')).toThrow('no setting');
  });

  it('takes for every set of layers the value of the last one', async () => {
    const layer = fc.option(fc.integer({ min: 1, max: 3600 }), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(layer, layer, layer, async (inFile, inEnvironment, inFlag) => {
        write(inFile === undefined ? '' : `detect:\n  port-scan:\n    windowSeconds: ${inFile}\n`);
        const environment = inEnvironment === undefined ? {} : { [variable]: String(inEnvironment) };
        const flags = inFlag === undefined ? {} : { [path]: inFlag };
        const config = await loadConfig({ sections, file, environment, flags });
        expect(config.value(path)).toBe(inFlag ?? inEnvironment ?? inFile ?? 60);
      }),
      { numRuns: 30 },
    );
  });

  it('does not mind that the usual file is missing, but that a named one is', async () => {
    const usual = await readConfig({ sections, usualFile: join(place, 'none.yaml') });
    expect(usual.problems).toEqual([]);
    await expect(loadConfig({ sections, file: join(place, 'none.yaml') })).rejects.toThrow('does not exist');
  });

  it('accepts every installed profile, and names a mistyped one', async () => {
    expect(installedProfiles()).toEqual([...PROFILES]);
    for (const profile of PROFILES) {
      expect((await readConfig({ sections, profile })).problems).toEqual([]);
    }
    await expect(loadConfig({ sections, profile: 'prodution' })).rejects.toThrow('Did you mean production?');
  });
});

describe('problems', () => {
  it('name the line, the column and what would be right, all at once', async () => {
    const text = [
      'detect:',
      '  port-scan:',
      '    windowSecond: 30',
      '    ports: 1.5',
      '  port-skan: { ports: 3 }',
      'capture:',
      '  mode: lve',
      '  interfaces: [eth0, "e th"]',
      '  label:',
      '    deep: 1',
      'log: 7',
    ].join('\n');
    expect(await problemsOf(text)).toEqual([
      '/config.yaml:3:5: detect.port-scan.windowSecond: there is no such setting. Did you mean detect.port-scan.windowSeconds?',
      '/config.yaml:4:12: detect.port-scan.ports: must be a whole number from 2 to 65535 (ports), not 1.5. The default is 20.',
      '/config.yaml:5:16: detect.port-skan.ports: there is no such setting. Did you mean detect.port-scan.ports?',
      '/config.yaml:7:9: capture.mode: must be one of live, off, not "lve". Did you mean live?',
      '/config.yaml:8:15: capture.interfaces: must be a list, each item an interface name, not ["eth0","e th"]. The default is [].',
      '/config.yaml:10:5: capture.label.deep: there is no such setting. Did you mean capture.label?',
      '/config.yaml:11:1: log: is a section, not a setting. Write its keys below it, indented.',
    ]);
  });

  it('find the line of any wrong value', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.nat(40), async (before, between) => {
        const text = `${'# note\n'.repeat(before)}detect:\n${'\n'.repeat(between)}  port-scan:\n    ports: none\n`;
        const { problems } = await readConfig({ sections, file: write(text) });
        expect(problems).toMatchObject([{ line: before + between + 3, column: 12, path: 'detect.port-scan.ports' }]);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['a key twice', 'log:\n  level: info\n  level: warn\n', '/config.yaml:3:3:'],
    ['an alias', 'capture:\n  label: &x hello\n  mode: *x\n', 'anchors and aliases are not allowed'],
    ['a custom tag', 'capture:\n  label: !secret abc\n', 'config.yaml:2:'],
    ['a list at the top', '- 1\n', 'the file must be sections with keys'],
    ['an open bracket', 'capture: [\n', '/config.yaml:'],
    ['a tab as indentation', 'capture:\n\tmode: live\n', '/config.yaml:2:'],
    ['nesting without end', '['.repeat(100_000), 'nested too deeply'],
    ['two documents', 'log:\n  level: info\n---\nlog:\n', '/config.yaml:3:'],
    ['no number at all', 'detect:\n  port-scan:\n    windowSeconds: .nan\n', 'must be a number from 1 to 3600 (s)'],
  ])('refuse %s', async (_name, text, expected) => {
    expect((await problemsOf(text)).join('\n')).toContain(expected);
  });

  it('come from variables and flags as well', async () => {
    const { problems, config } = await readConfig({
      sections,
      environment: {
        HOLDFAST_DETECT__PORT_SCAN__PORTS: '0x10',
        HOLDFAST_LOG_LEVEL: 'debug',
        HOLDFAST_CAPTURE__MODUS: 'live',
      },
      flags: { 'detect.port-scan.port': 3 },
    });
    expect(problems.map(problemText)).toEqual([
      'HOLDFAST_DETECT__PORT_SCAN__PORTS: detect.port-scan.ports: must be a whole number from 2 to 65535 (ports), not "0x10". The default is 20.',
      'HOLDFAST_LOG_LEVEL: no setting has this variable. Did you mean HOLDFAST_LOG__LEVEL?',
      'HOLDFAST_CAPTURE__MODUS: no setting has this variable. Did you mean HOLDFAST_CAPTURE__MODE?',
      '--set detect.port-scan.port: detect.port-scan.port: there is no such setting. Did you mean detect.port-scan.ports?',
    ]);
    expect(config.value('detect.port-scan.ports')).toBe(20);
  });

  it('never become exceptions, whatever the text is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (text) => {
        const { values, problems } = await parseConfigText(text);
        expect(Array.isArray(values) && Array.isArray(problems)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('files', () => {
  it('are refused when anybody could write them, when too large, and when not files', async () => {
    write('log:\n  level: warn\n');
    chmodSync(file, 0o666);
    await expect(loadConfig({ sections, file })).rejects.toThrow('can be written by everybody');
    chmodSync(file, 0o600);
    write(`# ${'x'.repeat(300_000)}`);
    await expect(loadConfig({ sections, file })).rejects.toThrow('at most 262144 are read');
    await expect(loadConfig({ sections, file: place })).rejects.toThrow('is not a regular file');
  });

  it.runIf(process.geteuid?.() === 0)('of others count for root only when root named them', async () => {
    write('log:\n  level: warn\n');
    chownSync(file, 65_534, 0);
    await expect(loadConfig({ sections, usualFile: file })).rejects.toThrow('belongs to user 65534');
    const named = await readConfig({ sections, file });
    expect(named.config.value('log.level')).toBe('warn');
    expect(named.problems).toMatchObject([{ level: 'warning' }]);
  });
});

describe('texts', () => {
  it('the example changes nothing, and in force says exactly the defaults', async () => {
    const asItIs = await readConfig({ sections, file: write(configExample(sections)) });
    expect(asItIs.problems).toEqual([]);
    const inForce = await readConfig({ sections, file: write(configDefaults(sections)) });
    expect(inForce.problems).toEqual([]);
    for (const { path, value, origin } of shownSettings(inForce.config)) {
      expect(value).toEqual(asItIs.config.value(path));
      expect(origin).toMatch(/^file /);
    }
  });

  it('show every value with its origin', async () => {
    const config = await loadConfig({ sections, flags: { 'detect.port-scan.ports': '7' } });
    const text = configShow(config);
    expect(text).toMatch(/^detect\.port-scan\.ports = 7 ports +\(flag --set detect\.port-scan\.ports\)$/m);
    expect(text).toMatch(/^capture\.label = "a: \\"b\\"" +\(default\)$/m);
  });
});

describe('names', () => {
  it('map to variables and back to what was meant', () => {
    expect(environmentNameOf('detect.port-scan.windowSeconds')).toBe('HOLDFAST_DETECT__PORT_SCAN__WINDOW_SECONDS');
    expect(editDistance('kitten', 'sitting')).toBe(3);
    expect(closest('zzzzzz', ['ports', 'mode'])).toBeUndefined();
  });

  it('must be stated once', async () => {
    const twice = [sections[0], sections[0]];
    await expect(readConfig({ sections: twice })).rejects.toThrow('stated twice');
  });
});

describe('toZodSchema', () => {
  it('judges as the file does', async () => {
    const schema = await toZodSchema(sections);
    expect(schema.safeParse({ detect: { 'port-scan': { ports: 7 } } }).success).toBe(true);
    expect(schema.safeParse({ detect: { 'port-scan': { ports: 1 } } }).success).toBe(false);
    expect(schema.safeParse({ capture: { mode: 'x' } }).success).toBe(false);
    expect(schema.safeParse({ captur: {} }).success).toBe(false);
  });
});
