/** The built desktop app with a real engine of its own: in Electron where it is, else on the test host. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { statusSchema } from '../contract/api-schemas.ts';
import { shellInfoSchema } from '../contract/shell-schemas.ts';
import { ROOT } from '../scripts/lib/node24.mjs';
import { ask, listen, told } from './support/desktop-page.ts';
import { type Desktop, desktopRunner, startAgain, startDesktop } from './support/electron-host/launch.ts';
import { isRunning } from './support/processes.ts';

/** A name that no interface has: the engine runs, and nothing of this machine's traffic is looked at. */
const QUIET = { HOLDFAST_SENSORS__INTERFACES: 'hf-none' };
/** An engine starts within a second; this machine may have much else to do. */
const PATIENT = { timeout: 45_000, interval: 50 };

execFileSync(process.execPath, ['scripts/build.mjs', 'renderer', 'shell'], { cwd: ROOT, stdio: 'pipe' });
const { runsOn, why } = desktopRunner();
const onHost = runsOn === 'host';
process.stdout.write(`The desktop app runs ${onHost ? 'on the test host' : `in ${runsOn}`}: ${why}\n`);

let folder: string;
let desktop: Desktop;
let page: Page;
/** Of the engine that was seen last; should the app die, it must not stay. */
let lastEngine = 0;

async function enginePid(): Promise<number> {
  const pid = await vi.waitUntil(async () => {
    const answer = await ask(page, 'status');
    return 'result' in answer ? statusSchema.parse(answer.result).cost.pid : undefined;
  }, PATIENT);
  lastEngine = pid as number;
  return lastEngine;
}

describe.skipIf(runsOn === 'nothing')(`the desktop app (${runsOn})`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-shell-'));
    desktop = await startDesktop({ dataDirectory: folder, environment: QUIET });
    page = await desktop.page();
    await page.waitForLoadState();
  });

  afterAll(async () => {
    await desktop?.quit();
    if (lastEngine > 1 && isRunning(lastEngine)) process.kill(lastEngine, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('shows its page with the bridge, and nothing of Node or Electron in it', async () => {
    await page.locator('#root > *').first().waitFor();
    const found = await page.evaluate(`({
      kind: window.holdfast.kind,
      names: Object.keys(window.holdfast).sort(),
      isFrozen: Object.isFrozen(window.holdfast),
      foreign: ['require', 'process', 'module', 'ipcRenderer', 'electron', 'hostSend'].filter((name) => name in window),
    })`);
    expect(found).toEqual({
      kind: 'desktop',
      names: ['cancel', 'kind', 'open', 'request', 'version'],
      isFrozen: true,
      foreign: [],
    });
  });

  it('answers for the engine and for itself', async () => {
    await enginePid();
    const info = await ask(page, 'shell.info');
    expect(shellInfoSchema.parse('result' in info ? info.result : undefined).platform).toBe(process.platform);
  });

  it('passes on what streams tell', async () => {
    await listen(page, 'traffic', 'traffic.watch');
    await vi.waitUntil(async () => (await told(page, 'traffic')).length >= 2, PATIENT);
    expect((await told(page, 'traffic'))[0]).toMatchObject({ type: 'item', dropped: 0 });
  });

  it('says that its engine was killed, and finds it again', async () => {
    const pid = await enginePid();
    await listen(page, 'link', 'shell.engine.watch');
    await listen(page, 'killed', 'traffic.watch');
    process.kill(pid, 'SIGKILL');
    const states = async (): Promise<unknown[]> =>
      (await told(page, 'link')).map((message) =>
        message.type === 'item' ? (message.item as { state: string }).state : '',
      );
    await vi.waitUntil(async () => (await states()).filter((state) => state === 'connected').length === 2, PATIENT);
    expect(await states()).toEqual(['connected', 'lost', 'connected']);
    expect((await told(page, 'killed')).at(-1)).toMatchObject({ type: 'end', error: { code: 'engine-lost' } });
    const next = await enginePid();
    expect(next).not.toBe(pid);
  });

  it.each([
    ['a call that is not there', 'no.such.call', {}, 'no-such-call'],
    ['the name of a method of objects', 'constructor', {}, 'no-such-call'],
    ['a prototype', '__proto__', {}, 'no-such-call'],
    ['a stream as a request', 'alerts.watch', {}, 'no-such-call'],
    [
      'an address for the browser',
      'shell.links.open',
      { link: 'documentation', url: 'file:///etc/passwd' },
      'bad-input',
    ],
    ['no technique', 'shell.links.open', { link: 'attack-technique', id: '../../x' }, 'bad-input'],
    ['too much', 'alerts.list', { search: 'x'.repeat(2_000_000) }, 'bad-input'],
    ['what the engine does not know', 'alerts.list', { sql: "';--" }, 'bad-input'],
  ])('refuses %s', async (_what, call, input, code) => {
    expect(await ask(page, call, input)).toMatchObject({ error: { code } });
  });

  it('bounds what a page can ask for at once', async () => {
    const codes = await page.evaluate(`Promise.all(
      Array.from({ length: 200 }, () => window.holdfast.request('shell.info', {})),
    ).then((answers) => answers.filter((answer) => answer.error?.code === 'too-busy').length)`);
    expect(codes).toBeLessThan(200);
    const ends = await page.evaluate(`new Promise((resolve) => {
      const ends = [];
      const closers = Array.from({ length: 60 }, () =>
        window.holdfast.open('shell.engine.watch', {}, (message) => {
          if (message.type === 'end') ends.push(message.error.code);
        }),
      );
      setTimeout(() => { for (const close of closers) close(); resolve(ends); }, 500);
    })`);
    expect(ends).toContain('too-busy');
    expect(await ask(page, 'shell.info')).toHaveProperty('result');
  });

  it('goes nowhere', async () => {
    for (const address of ['https://example.com/', 'file:///etc/passwd', 'app://other/', 'data:text/html,x']) {
      await page.evaluate(`{ location.href = ${JSON.stringify(address)}; }`);
    }
    await page.evaluate(
      `{ const form = document.createElement('form'); form.action = 'https://example.com/'; document.body.append(form); form.submit(); }`,
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await page.evaluate('typeof window.holdfast')).toBe('object');
    expect(page.url()).toMatch(/holdfast(\.invalid)?\/(#.*)?$/);
  });

  it('opens no window, and asks for nothing', async () => {
    const isGone = await page.evaluate(`new Promise((resolve) => {
      const opened = window.open('https://example.com/');
      const until = Date.now() + 20_000;
      (function look() {
        if (opened === null || opened.closed) resolve(true);
        else if (Date.now() > until) resolve(false);
        else setTimeout(look, 50);
      })();
    })`);
    expect(isGone).toBe(true);
    expect(await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length, undefined)).toBe(1);
    if (onHost) {
      const asked = await desktop.evaluate(({ host }) => host.windowOpens, undefined);
      expect(asked).toEqual([{ url: 'https://example.com/', action: 'deny' }]);
    }
    const states = await page.evaluate(`Promise.all(
      ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read'].map((name) =>
        navigator.permissions.query({ name }).then(({ state }) => state),
      ),
    )`);
    expect(states).toEqual(['denied', 'denied', 'denied', 'denied', 'denied']);
    const asked = await page.evaluate(
      `new Promise((resolve) => navigator.geolocation.getCurrentPosition(() => resolve('given'), ({ code }) => resolve(code)))`,
    );
    expect(asked).toBe(1);
  });

  it('loads nothing that is not its own, and runs nothing that is not in its files', async () => {
    const tried = await page.evaluate(`(async () => {
      const failed = (work) => work.then(() => 'loaded', () => 'refused');
      const image = (src) => new Promise((resolve, reject) => Object.assign(new Image(), { onload: resolve, onerror: reject, src }));
      const inline = document.createElement('script');
      inline.textContent = 'window.ranInline = true';
      document.body.append(inline);
      // Not in this call: the debugger may evaluate what the page may not.
      const evaluated = await new Promise((resolve) => setTimeout(() => {
        try { (0, eval)('1'); resolve('ran'); } catch { resolve('refused'); }
      }));
      return {
        fetched: await failed(fetch('https://example.com/')),
        own: await failed(fetch('./index.html')),
        image: await failed(image('https://example.com/x.png')),
        inline: window.ranInline ?? false,
        evaluated,
      };
    })()`);
    expect(tried).toEqual({
      fetched: 'refused',
      own: 'refused',
      image: 'refused',
      inline: false,
      evaluated: 'refused',
    });
  });

  it('gives the bridge to no frame', async () => {
    const found = await page.evaluate(`(() => {
      const frame = document.createElement('iframe');
      document.body.append(frame);
      const kind = typeof frame.contentWindow.holdfast;
      frame.remove();
      return kind;
    })()`);
    expect(found).toBe('undefined');
  });

  it.skipIf(!onHost)('lets the page save a file that it made', async () => {
    const saved = page.waitForEvent('download');
    await page.evaluate(`{
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob(['a report']));
      link.download = 'report.html';
      link.click();
    }`);
    expect(readFileSync(await (await saved).path(), 'utf8')).toBe('a report');
    const heard = () => desktop.evaluate(({ host }) => host.downloads, undefined);
    await vi.waitUntil(async () => (await heard()).length > 0, PATIENT);
    expect(await heard()).toEqual([{ isPrevented: false, url: expect.stringMatching(/^blob:app:\/\/holdfast\//) }]);
  });

  it.skipIf(!onHost)('hears no one but the main frame of its own window', async () => {
    const outcomes = await desktop.evaluate(async ({ BrowserWindow, ipcMain }) => {
      const own = BrowserWindow.getAllWindows()[0].webContents;
      const channel = 'holdfast:request';
      const call = async (event: object): Promise<unknown> =>
        ((await ipcMain.invoked(channel, event, ['shell.info', {}])) as { error?: { code: string } }).error?.code ??
        'ok';
      const copy = { url: own.mainFrame.url, origin: own.mainFrame.origin };
      return {
        own: await call({ sender: own, senderFrame: own.mainFrame }),
        subframe: await call({ sender: own, senderFrame: copy }),
        gone: await call({ sender: own, senderFrame: null }),
        otherContents: await call({ sender: {}, senderFrame: own.mainFrame }),
        nothing: await call({}),
      };
    }, undefined);
    const refused = 'not-allowed';
    expect(outcomes).toEqual({
      own: 'ok',
      subframe: refused,
      gone: refused,
      otherContents: refused,
      nothing: refused,
    });
    await vi.waitUntil(() => desktop.errors().includes('not the app’s was refused'), PATIENT);
  });

  it.skipIf(!onHost)(
    'is there once: a second start brings the window to the front, where it was asked to',
    async () => {
      await desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].close(), undefined);
      const isVisible = (): Promise<boolean> =>
        desktop.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0].isVisible(), undefined);
      expect(await isVisible()).toBe(false);
      const words = ['--address=/alerts/a-1'];
      expect(await startAgain({ dataDirectory: folder, words, environment: QUIET })).toBe(0);
      await vi.waitUntil(isVisible, PATIENT);
      await vi.waitUntil(() => page.url().endsWith('#/alerts/a-1'), PATIENT);
    },
  );

  it('ends its engine when it is quit', async () => {
    const pid = await enginePid();
    expect(await desktop.quit()).toBe(0);
    expect(isRunning(pid)).toBe(false);
  });
});
