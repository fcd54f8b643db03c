import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Config, readConfig } from '../../runtime/config.ts';
import { knownSettings } from '../../runtime/config-names.ts';
import { HealthRegistry } from '../../runtime/health.ts';
import type { JournalInput } from '../../store/index.ts';
import { CONFIG_SECTIONS } from './configuration.ts';
import { LIVE_SETTINGS, SettingsDesk } from './settings-desk.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-desk-'));
  file = join(folder, 'settings.yaml');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function open(apply?: (part: string) => void) {
  const { config } = await readConfig({ sections: CONFIG_SECTIONS, appFile: file });
  const journal: JournalInput[] = [];
  const applied: [string, Config][] = [];
  const health = new HealthRegistry();
  const desk = new SettingsDesk({
    config,
    file,
    health,
    nowMs: () => 1_700_000_000_000,
    journal: (entry) => journal.push(entry),
    apply: (part, next) => {
      apply?.(part);
      applied.push([part, next]);
    },
  });
  return { desk, journal, applied, line: () => health.report().entries[0] };
}

const PORTS = 'detect.port-scan.portsOfOneHost';

describe('SettingsDesk', () => {
  it('names settings that exist', () => {
    const known = [...knownSettings(CONFIG_SECTIONS).keys()];
    for (const { path } of LIVE_SETTINGS) {
      expect(known.some((each) => (path.endsWith('.') ? each.startsWith(path) : each === path)) ? '' : path).toBe('');
    }
  });

  it('puts a change in force, writes it down and keeps it', async () => {
    const { desk, journal, applied } = await open();
    const before = desk.config.value(PORTS);
    const changes = [
      { path: PORTS, value: 77 },
      { path: 'api.maxConnections', value: 5 },
      { path: 'log.level', value: 'warn' },
    ];
    expect(await desk.set(changes, false, 'user ada')).toEqual({
      problems: [],
      applied: [PORTS, 'log.level'],
      atRestart: ['api.maxConnections'],
      before: changes.map(({ path }) => ({ path, value: null })),
    });
    expect(applied.map(([part]) => part)).toEqual(['traffic', 'log']);
    expect(applied[0][1].value(PORTS)).toBe(77);
    expect(journal[0]).toEqual({
      actor: 'user ada',
      action: 'setting-changed',
      subject: PORTS,
      detail: { before, after: 77 },
    });
    expect(journal).toHaveLength(3);
    expect(desk.isWaiting('api.maxConnections')).toBe(true);
    expect(desk.isWaiting(PORTS)).toBe(false);
    const again = await open();
    expect(again.desk.config.value(PORTS)).toBe(77);
    expect(again.desk.isWaiting('api.maxConnections')).toBe(false);
    const back = await again.desk.set([{ path: PORTS, value: null }], false, 'user ada');
    expect(back.before).toEqual([{ path: PORTS, value: 77 }]);
    expect(again.desk.config.value(PORTS)).toBe(before);
  });

  it('changes nothing for a trial, for a mistake, or when it cannot be kept', async () => {
    const { desk, journal, applied } = await open();
    const good = { path: PORTS, value: 77 };
    expect((await desk.set([good], true, 'a')).applied).toEqual([PORTS]);
    const refused = await desk.set([good, { path: 'log.level', value: 'loud' }], false, 'a');
    expect(refused.problems.map(({ path }) => path)).toEqual(['log.level']);
    expect(refused.applied).toEqual([]);
    rmSync(folder, { recursive: true });
    await expect(desk.set([good], false, 'a')).rejects.toThrow('nothing was changed');
    expect([journal, applied, existsSync(file)]).toEqual([[], [], false]);
    expect(desk.config.value(PORTS)).not.toBe(77);
  });

  it('says that a part could not take them, lets the others take them, and goes on', async () => {
    const taken: string[] = [];
    const { desk } = await open((part) => {
      if (part === 'traffic') throw new Error('no thread');
      taken.push(part);
    });
    const changes = [
      { path: PORTS, value: 77 },
      { path: 'log.level', value: 'warn' },
    ];
    const failure = { code: 'settings-not-applied', message: expect.stringContaining('no thread') };
    await expect(desk.set(changes, false, 'a')).rejects.toMatchObject({ failure });
    expect(taken).toEqual(['log']);
    expect((await open()).desk.config.value(PORTS)).toBe(77);
    expect((await desk.set([{ path: 'log.level', value: 'error' }], false, 'a')).applied).toEqual(['log.level']);
  });

  it('loses no change of two that come together', async () => {
    const { desk } = await open();
    await Promise.all([
      desk.set([{ path: PORTS, value: 77 }], false, 'a'),
      desk.set([{ path: 'alerts.maxRelated', value: 3 }], false, 'b'),
    ]);
    expect(readFileSync(file, 'utf8')).toContain('portsOfOneHost: 77');
    expect(readFileSync(file, 'utf8')).toContain('maxRelated: 3');
  });

  it('says that its file is broken until it is written anew, and keeps the broken one', async () => {
    writeFileSync(file, 'log:\n  level: loud\n  keepFiles: 3\n', { mode: 0o600 });
    expect((await open()).line().state).toBe('degraded');
    const { desk, line, journal } = await open();
    expect(desk.config.value('log.keepFiles')).toBe(3);
    expect(line().detail).toContain('settings.yaml:2:10');
    await desk.set([{ path: PORTS, value: 77 }], false, 'a');
    expect(line().state).toBe('ok');
    const aside = readdirSync(folder).find((name) => name.includes('broken')) ?? '';
    expect(readFileSync(join(folder, aside), 'utf8')).toContain('loud');
    expect(readFileSync(file, 'utf8')).toContain('keepFiles: 3');
    expect(journal[0].action).toBe('settings-file-kept-aside');
    expect((await open()).line().state).toBe('ok');
  });
});
