/**
 * The page "Captures" in a real browser with a real engine: files that are dropped and chosen, refused, cancelled in the
 * middle, and sent on after the link was lost.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Browser, Page, WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CAPTURE_PIECE_BYTES, type Capture } from '../contract/api-captures.ts';
import { PARTS } from '../scripts/lib/build.mjs';
import { ROOT } from '../scripts/lib/node24.mjs';
import { quietCapture, scanCapture } from './captures.ts';
import { axeViolations, launchBrowser, type OpenedPage, openPage, SIZES, screenshot } from './support/browser.ts';
import { QuietApp } from './support/quiet-app.ts';
import { startScriptedConsole } from './support/scripted-console.ts';

const DATA = process.env.HOLDFAST_TEST_DATA ?? join(ROOT, '../shared/data');
const ATTACK = join(DATA, 'attacks/brute_force/bruteforce-ssh-nmap.pcap');
if (!existsSync(ATTACK)) console.warn(`A capture of a real attack is not dropped: there is no ${ATTACK}.`);

const MEBIBYTE = 1024 * 1024;
const MAX_MEBIBYTES = 8;
/** A loaded machine analyses slowly. */
const SOON = { timeout: 45_000 };
/** A name that breaks out of markup and turns the direction of text. */
const HOSTILE_NAME = '<img src=x onerror=alert(1)>\u202Egpj.pcap';

const VIEWS = [
  { theme: 'light', size: 'wide' },
  { theme: 'dark', size: 'wide' },
  { theme: 'light', size: 'narrow' },
  { theme: 'dark', size: 'narrow' },
] as const;

let browser: Browser;
let app: QuietApp;
let opened: OpenedPage;
let page: Page;

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/build.mjs', PARTS[0].name], { cwd: ROOT, stdio: 'pipe' });
  [browser, app] = await Promise.all([
    launchBrowser(),
    QuietApp.start({ HOLDFAST_CAPTURES__MAX_MEBIBYTES: String(MAX_MEBIBYTES) }),
  ]);
  opened = await openPage(browser, await app.link());
  page = opened.page;
  await go('#/captures');
}, 180_000);

afterAll(async () => {
  await opened?.close();
  await browser?.close();
  await app?.remove();
});

async function go(hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.getByRole('main').getByRole('heading', { level: 1 }).first().waitFor(SOON);
}

/** Each view is seen, kept as a picture, and has no barriers. */
async function look(name: string): Promise<void> {
  for (const { theme, size } of VIEWS) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(SIZES[size]);
    await page.waitForTimeout(150);
    await screenshot(page, `${name}-${theme}-${size}`);
    const found = await axeViolations(page);
    // The rail scrolls sideways in a narrow window; its links are the frame's to judge.
    expect(found.filter(({ places }) => places.some((place) => !place.includes('href="#/')))).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(SIZES.wide);
}

/** What a person does who drags a file onto the window. */
async function drop(name: string, bytes: Uint8Array): Promise<void> {
  const base64 = Buffer.from(bytes).toString('base64');
  await page.evaluate(
    `(async () => {
      const binary = atob(${JSON.stringify(base64)});
      const file = new File([Uint8Array.from(binary, (c) => c.charCodeAt(0))], ${JSON.stringify(name)});
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(file);
      const tell = (type) => document.querySelector('main').dispatchEvent(
        new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
      tell('dragenter');
      tell('dragover');
      await new Promise((resolve) => setTimeout(resolve, 300));
      window.__overlay = document.body.textContent.includes('Drop to analyse');
      tell('drop');
    })()`,
  );
}

const choose = (...files: readonly { readonly name: string; readonly buffer: Buffer }[]): Promise<void> =>
  page
    .getByLabel('Captures to analyse')
    .setInputFiles(files.map((file) => ({ ...file, mimeType: 'application/octet-stream' })));

const captures = async (): Promise<readonly Capture[]> => (await app.client.request('captures.list', {})).captures;

const captureNamed = (name: string, state: Capture['state'] = 'done'): Promise<Capture> =>
  vi.waitUntil(async () => (await captures()).find((one) => one.name === name && one.state === state), SOON);

const drawer = () => page.getByRole('complementary');
const row = (name: string) => page.getByRole('grid', { name: 'Captures' }).getByRole('row').filter({ hasText: name });

describe('the page of captures', { timeout: 90_000 }, () => {
  it('says what would be here', async () => {
    await page.getByText('No capture was analysed yet').waitFor(SOON);
    await page.getByText('pcap or pcapng, up to 8.4 MB each').waitFor();
    await look('captures-empty');
  });

  it.skipIf(!existsSync(ATTACK))('analyses what is dropped on any page, with its alerts', async () => {
    await go('#/overview');
    await drop(basename(ATTACK), readFileSync(ATTACK));
    expect(await page.evaluate('window.__overlay')).toBe(true);
    const { id, result } = await captureNamed(basename(ATTACK));
    await page.waitForURL(({ hash }) => hash === `#/captures/${id}`);
    const { alerts } = await app.client.request('alerts.list', { source: id });
    expect(alerts.length).toBeGreaterThan(0);
    const total = Object.values(result?.alerts ?? {}).reduce((sum, count) => sum + count, 0);
    await drawer()
      .getByText(new RegExp(`^${total} alerts?; the worst is`))
      .waitFor(SOON);
    for (const alert of alerts) {
      const link = drawer().getByRole('link', { name: alert.title });
      expect(await link.getAttribute('href')).toContain(`#/alerts/${alert.id}?source=${id}`);
    }
    await drawer().getByRole('figure', { name: 'Traffic over time' }).waitFor();
    await row(basename(ATTACK)).waitFor();
    await look('captures-open');
  });

  it.skipIf(!existsSync(ATTACK))('leads to its flows, and gives its alerts as a file', async () => {
    const { id } = await captureNamed(basename(ATTACK));
    await go(`#/captures/${id}`);
    await drawer().getByRole('button', { name: 'Export alerts' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Report (HTML)' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/\.html$/);
    const { alerts } = await app.client.request('alerts.list', { source: id });
    expect(readFileSync(await download.path(), 'utf8')).toContain(alerts[0].id);
    await drawer().getByRole('button', { name: 'Hunt in this capture' }).click();
    await page.waitForURL(({ hash }) => hash.startsWith('#/hunt?') && hash.includes(`source=${id}`));
    await page.getByRole('grid', { name: 'Results' }).getByRole('row').nth(1).waitFor(SOON);
    await go('#/captures');
  });

  it('takes several at once, whatever their names, and says which it does not take', async () => {
    const before = (await captures()).length;
    await choose(
      { name: 'scan.pcap', buffer: scanCapture() },
      { name: 'nothing.pcap', buffer: Buffer.alloc(0) },
      { name: HOSTILE_NAME, buffer: quietCapture() },
      { name: 'notes.txt', buffer: Buffer.from('This is no capture.\n'.repeat(20)) },
      { name: 'large.pcap', buffer: Buffer.alloc((MAX_MEBIBYTES + 1) * MEBIBYTE) },
    );
    const sending = page.getByRole('region', { name: 'Sending' });
    await sending.getByText('This file is empty.').waitFor(SOON);
    await sending.getByText('This file has 9.4 MB; at most 8.4 MB are taken.').waitFor(SOON);
    await captureNamed('scan.pcap');
    await captureNamed('notes.txt', 'failed');
    const plain = '<img src=x onerror=alert(1)>\\u{202e}gpj.pcap';
    const clean = await captureNamed(plain);
    // What was refused never reached the engine.
    expect((await captures()).length).toBe(before + 3);
    await row('scan.pcap').waitFor();
    await row('notes.txt').filter({ hasText: 'Failed' }).waitFor();
    await look('captures-list');
    for (const name of ['nothing.pcap', 'large.pcap']) {
      await sending.getByRole('button', { name: `Take ${name} off the list` }).click();
    }
    await sending.waitFor({ state: 'detached' });

    await page.getByRole('grid', { name: 'Captures' }).getByText(plain).click();
    await page.waitForURL(({ hash }) => hash.endsWith(clean.id));
    await drawer()
      .getByText(/^Nothing suspicious was found in 8 packets of 2 hosts\.$/)
      .waitFor();
    await row('notes.txt').click();
    await drawer()
      .getByText((await captureNamed('notes.txt', 'failed')).failure?.message ?? '')
      .waitFor();
    await look('captures-failed');
    await page.keyboard.press('Escape');
    await drawer().waitFor({ state: 'detached' });
  });

  it('removes one after asking, by keyboard', async () => {
    const { id } = await captureNamed('notes.txt', 'failed');
    await row('notes.txt').getByRole('button', { name: 'Actions for notes.txt' }).focus();
    await page.keyboard.press('Enter');
    // The menu takes the focus a moment after it is seen.
    await page.locator('[role="menuitem"][data-highlighted]').first().waitFor();
    await page.keyboard.press('End');
    await page.locator('[role="menuitem"][data-highlighted]').filter({ hasText: 'Remove…' }).waitFor();
    await page.keyboard.press('Enter');
    const question = page.getByRole('alertdialog', { name: 'Remove this capture?' });
    await question.getByText('notes.txt').waitFor();
    await page.keyboard.press('Enter');
    // The focus is on what changes nothing.
    await question.waitFor({ state: 'detached' });
    expect((await captures()).some((one) => one.id === id)).toBe(true);
    await row('notes.txt').getByRole('button', { name: 'Actions for notes.txt' }).click();
    await page.getByRole('menuitem', { name: 'Remove…' }).click();
    await question.getByRole('button', { name: 'Remove it' }).click();
    await row('notes.txt').waitFor({ state: 'detached', ...SOON });
    expect((await captures()).some((one) => one.id === id)).toBe(false);
  });

  describe('with a link that is held', () => {
    /** Pieces that wait until they are let go. */
    let held: (() => void)[] = [];
    let isHeld = false;
    /** Pieces that went through; after two of a capture they are held. */
    let passed = 0;
    let socket: WebSocketRoute | undefined;
    const PIECES = 6;

    beforeAll(async () => {
      await page.routeWebSocket(/\/ws$/, (route) => {
        socket = route;
        const server = route.connectToServer();
        route.onMessage((message) => {
          const isPiece = String(message).includes('"captures.append"');
          if (isPiece && isHeld && passed >= 2) {
            held.push(() => server.send(message));
            return;
          }
          if (isPiece) passed += 1;
          server.send(message);
        });
      });
      await page.reload();
      await go('#/captures');
      await row('scan.pcap').waitFor(SOON);
    });

    const hold = (): void => {
      [isHeld, passed, held] = [true, 0, []];
    };

    const release = (): void => {
      isHeld = false;
      for (const go of held.splice(0)) go();
    };

    /** A capture of several pieces: the scan, over and over in time. */
    const large = (): Buffer => {
      const bytes = Buffer.alloc(PIECES * CAPTURE_PIECE_BYTES - 7_000);
      scanCapture().copy(bytes);
      return bytes;
    };

    it('cancels in the middle, and nothing is kept', async () => {
      hold();
      await choose({ name: 'cancelled.pcap', buffer: large() });
      await vi.waitUntil(() => held.length > 0, SOON);
      const sending = page.getByRole('region', { name: 'Sending' });
      await sending.getByText(/^1\.0 MB of 3\.1 MB/).waitFor();
      const bar = sending.getByRole('progressbar', { name: 'Progress of cancelled.pcap' });
      expect(await bar.getAttribute('aria-valuenow')).toBe('33');
      await look('captures-sending');
      const { id } = await captureNamed('cancelled.pcap', 'receiving');
      await sending.getByRole('button', { name: 'Cancel cancelled.pcap' }).click();
      await sending.waitFor({ state: 'detached' });
      release();
      await captureNamed('cancelled.pcap', 'cancelled');
      await row('cancelled.pcap').filter({ hasText: 'Cancelled' }).waitFor(SOON);
      expect((await app.client.request('hunt.run', { query: 'flows', source: id })).rows).toEqual([]);
    });

    it('goes on where it was after the link was lost', async () => {
      hold();
      const bytes = large();
      await choose({ name: 'resumed.pcap', buffer: bytes });
      await vi.waitUntil(() => held.length > 0, SOON);
      const { id, progress } = await captureNamed('resumed.pcap', 'receiving');
      expect(progress).toBeGreaterThan(0);
      // The piece that waited is lost with the connection.
      held = [];
      isHeld = false;
      await socket?.close();
      const finished = await vi.waitUntil(async () => {
        const found = await app.client.request('captures.get', { id });
        return ['done', 'failed'].includes(found.state) ? found : undefined;
      }, SOON);
      // All of its packets came; the zeroes after them are noted as damage.
      expect([finished.state, finished.result?.packets]).toEqual(['done', 2_000]);
      await row('resumed.pcap').filter({ hasText: 'Done' }).waitFor(SOON);
      expect(await page.getByRole('region', { name: 'Sending' }).count()).toBe(0);
    });
  });

  it('lets a role that may only look see, and says what it may not', async () => {
    const engine = await startScriptedConsole({
      role: 'view',
      script: { 'captures.list': () => ({ captures: [], maximumBytes: MEBIBYTE }) },
    });
    const other = await openPage(browser, `${engine.url}#/captures`);
    try {
      await other.page.getByText('needs the role "operate"').waitFor(SOON);
      expect(await other.page.getByRole('button', { name: 'Choose files…' }).count()).toBe(0);
      await screenshot(other.page, 'captures-view-role');
    } finally {
      await other.close();
      await engine.close();
    }
  });

  it('had no problem in the browser', () => {
    // The connection that the test cut is told by the browser.
    expect(opened.problems.filter((text) => !text.includes('WebSocket'))).toEqual([]);
  });
});
