/** What the desktop shows beside its window, on the test host: tray, notifications, preferences, a broken engine. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineLink } from '../contract/shell-schemas.ts';
import { ApiServer, apiSettings } from '../main/engine/api/index.ts';
import { TEST_STATUS, TestEngine, testAlert } from '../main/engine/api/testing.ts';
import { HealthRegistry } from '../main/engine/runtime/health.ts';
import { createQuietLogger } from '../main/engine/runtime/log.ts';
import { defaultsOf } from '../main/engine/runtime/settings.ts';
import { DEFAULT_PREFERENCES } from '../main/shell/preferences.ts';
import packageFile from '../package.json' with { type: 'json' };
import { ROOT } from '../scripts/lib/node24.mjs';
import { ask, listen, told } from './support/desktop-page.ts';
import { type Desktop, desktopRunner, startAgain, startDesktop } from './support/electron-host/launch.ts';

const PATIENT = { timeout: 45_000, interval: 50 };

execFileSync(process.execPath, ['scripts/build.mjs', 'renderer', 'shell'], { cwd: ROOT, stdio: 'pipe' });
const { runsOn } = desktopRunner();

let folder: string;
let engine: TestEngine;
let server: ApiServer;
let desktop: Desktop | undefined;
const calls: unknown[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-desktop-'));
  calls.length = 0;
});

afterEach(async () => {
  await desktop?.quit();
  desktop = undefined;
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A double of the engine at the place where the app looks for its own. */
async function startEngine(): Promise<void> {
  engine = new TestEngine();
  server = new ApiServer({
    handlers: {
      ...engine.handlers,
      'status.watch': (input, emit, context) => {
        emit(engine.status);
        return engine.handlers['status.watch'](input, emit, context);
      },
      'alerts.review': ({ ids, state }) => {
        calls.push({ ids, state });
        return { changed: [] };
      },
      'protection.pause': (input) => {
        calls.push(input);
        return { untilMs: 0 };
      },
    },
    directory: join(folder, 'run'),
    settings: defaultsOf(apiSettings),
    health: new HealthRegistry(),
    logger: createQuietLogger(),
    version: packageFile.version,
    checkAnswers: true,
  });
  await server.start();
}

/** A `gdbus` that says that this desktop has a tray. */
function environmentWithTray(): Record<string, string> {
  const programs = join(folder, 'bin');
  mkdirSync(programs);
  writeFileSync(join(programs, 'gdbus'), '#!/bin/sh\necho "(true,)"\n');
  chmodSync(join(programs, 'gdbus'), 0o755);
  return { PATH: `${programs}:${process.env.PATH}` };
}

async function start(options: { words?: string[]; environment?: Record<string, string> } = {}): Promise<Desktop> {
  desktop = await startDesktop({ dataDirectory: folder, ...options });
  return desktop;
}

function tray(app: Desktop) {
  return app.evaluate(({ host }) => {
    const icon = host.trays[0];
    if (icon === undefined) return undefined;
    const entries = icon.menu?.items ?? [];
    return {
      toolTip: icon.toolTip,
      image: icon.image,
      entries: entries.map(({ label = '-', enabled = true }) => (enabled ? label : `(${label})`)),
    };
  }, undefined);
}

describe.skipIf(runsOn !== 'host')('the desktop app on the test host', () => {
  it('says in its tray how it stands, and pauses from there', async () => {
    await startEngine();
    const app = await start({ words: ['--hidden'], environment: environmentWithTray() });
    await vi.waitUntil(async () => (await tray(app))?.toolTip.includes('Protected: watching eth0'), PATIENT);
    expect((await tray(app))?.entries).toEqual([
      '(Protected: watching eth0.)',
      '-',
      'Alerts',
      'Pause for 15 minutes',
      '(Isolate this computer (this version cannot yet))',
      '-',
      'Open Holdfast',
      'Quit (protection goes on)',
    ]);
    // Started hidden: nothing but the tray.
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length, undefined)).toBe(0);
    await app.evaluate(({ host }) => host.trays[0].menu?.press('Pause for 15 minutes'), undefined);
    await vi.waitUntil(() => calls.length > 0, PATIENT);
    expect(calls).toEqual([{ minutes: 15, reason: 'Paused from the tray.' }]);
    engine.status = { ...TEST_STATUS, pause: { untilMs: 0, sinceMs: 0, reason: 'x', actor: 'user x' } };
    engine.emit('status.watch', engine.status);
    await vi.waitUntil(async () => (await tray(app))?.entries.includes('Watch again now'), PATIENT);
    expect((await tray(app))?.toolTip).toMatch(/^Holdfast – Paused until /);
  });

  it('pauses for a launcher’s action, without a window', async () => {
    await startEngine();
    const app = await start({ words: ['--hidden'] });
    await vi.waitUntil(() => engine.watchers['status.watch'].size > 0, PATIENT);
    await startAgain({ dataDirectory: folder, words: ['--pause=30'] });
    await vi.waitUntil(() => calls.length > 0, PATIENT);
    expect(calls).toEqual([{ minutes: 30, reason: 'Paused from the launcher.' }]);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length, undefined)).toBe(0);
  });

  it('notifies of an alert once, shows it when it is pressed, and acknowledges it', async () => {
    await startEngine();
    const app = await start({ words: ['--hidden'] });
    await vi.waitUntil(() => engine.watchers['alerts.watch'].size > 0, PATIENT);
    const alert = testAlert(1, { severity: 'high', title: 'A \u202escan\u202c of <b>1,000</b> ports' });
    engine.emit('alerts.watch', { change: 'opened', alert });
    engine.emit('alerts.watch', { change: 'changed', alert });
    const shown = () =>
      app.evaluate(({ host }) => host.notifications.map(({ title, body }) => ({ title, body })), undefined);
    await vi.waitUntil(async () => (await shown()).length > 0, PATIENT);
    engine.emit('alerts.watch', { change: 'changed', alert });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await shown()).toEqual([
      {
        title: 'A \\u{202e}scan\\u{202c} of <b>1,000</b> ports',
        body: 'High. It tried 1,000 ports within 5 seconds; a computer usually uses a handful.',
      },
    ]);
    await app.evaluate(({ host }) => {
      host.notifications[0].emit('click');
      host.notifications[0].emit('action', { actionIndex: 1 });
    }, undefined);
    const page = await app.page();
    await vi.waitUntil(() => page.url().endsWith(`#/alerts/${alert.id}`), PATIENT);
    await vi.waitUntil(() => calls.length > 0, PATIENT);
    expect(calls).toEqual([{ ids: [alert.id], state: 'acknowledged' }]);
  });

  it('keeps what a person chose, and keeps a broken file aside', async () => {
    await startEngine();
    const userData = join(folder, 'desktop');
    mkdirSync(userData);
    writeFileSync(join(userData, 'preferences.json'), '{"theme":"pink"');
    const app = await start();
    const page = await app.page();
    expect(await ask(page, 'shell.preferences')).toEqual({ result: DEFAULT_PREFERENCES });
    expect(readFileSync(join(userData, 'preferences.json.broken'), 'utf8')).toContain('pink');
    const wrong = { ...DEFAULT_PREFERENCES, theme: 'pink' };
    expect(await ask(page, 'shell.preferences.set', wrong)).toMatchObject({ error: { code: 'bad-input' } });
    const dark = { ...DEFAULT_PREFERENCES, theme: 'dark' };
    expect(await ask(page, 'shell.preferences.set', dark)).toEqual({ result: dark });
    expect(await app.evaluate(({ nativeTheme }) => nativeTheme.themeSource, undefined)).toBe('dark');
    expect(JSON.parse(readFileSync(join(userData, 'preferences.json'), 'utf8'))).toEqual(dark);
  });

  it('opens known pages only, by their names', async () => {
    await startEngine();
    const app = await start();
    const page = await app.page();
    expect(await ask(page, 'shell.links.open', { link: 'attack-technique', id: 'T1110.001' })).toEqual({ result: {} });
    const external = await app.evaluate(({ host }) => host.external, undefined);
    expect(external).toEqual(['https://attack.mitre.org/techniques/T1110/001/']);
  });

  it('says why its engine does not run', async () => {
    const app = await start({ environment: { HOLDFAST_SENSORS__INTERFACES: 'not an interface' } });
    const page = await app.page();
    await listen(page, 'link', 'shell.engine.watch');
    const latest = async (): Promise<EngineLink | undefined> => {
      const message = (await told(page, 'link')).at(-1);
      return message?.type === 'item' ? (message.item as EngineLink) : undefined;
    };
    await vi.waitUntil(async () => (await latest())?.state === 'failed', PATIENT);
    expect((await latest())?.failure).toMatchObject({
      code: 'engine-ended',
      message: expect.stringContaining('sensors.interfaces'),
    });
    expect(await ask(page, 'status')).toMatchObject({ error: { code: 'engine-not-running' } });
    // Pressing the button tries again, and fails for the same reason.
    expect(await ask(page, 'shell.engine.start')).toEqual({ result: {} });
    await vi.waitUntil(async () => (await told(page, 'link')).length >= 2, PATIENT);
  });
});
