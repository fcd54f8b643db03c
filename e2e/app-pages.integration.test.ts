/**
 * The pages Overview, Network, Settings, Activity and Health as a person uses them: `holdfast serve` on a computer in a
 * network namespace, a browser on that computer, and another computer that talks with it and scans it.
 */
import { execFileSync } from 'node:child_process';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { PARTS } from '../scripts/lib/build.mjs';
import { ROOT } from '../scripts/lib/node24.mjs';
import { findProgram } from '../scripts/lib/programs.mjs';
import { runProgram } from './holdfast.ts';
import { axeViolations, type OpenedPage, openPage, screenshot } from './support/browser.ts';
import { walkByTab } from './support/keyboard.ts';
import { HTTP_PORT, VICTIM } from './support/live-network.ts';
import { ServedApp } from './support/served-app.ts';

const missing = ['curl', 'nmap'].filter((tool) => findProgram(tool) === undefined);
const reason = missing.length > 0 ? `needs ${missing.join(', ')}` : whyNoNamespaces();
if (reason !== undefined) console.warn(`The pages are not tested with a real engine: ${reason}`);

/** Of the one conversation that goes on all the time. */
const CLIENT_PORT = 40_001;
/** Asks for the small page ten times a second over one connection, until it is ended. */
const STEADY_CLIENT = `
  const socket = require('node:net').connect({ host: '${VICTIM}', port: ${HTTP_PORT}, localPort: ${CLIENT_PORT} });
  setInterval(() => socket.write('GET / HTTP/1.1\\r\\nHost: small\\r\\n\\r\\n'), 100);
  socket.resume();`;
/** What the page with "/large" has. */
const LARGE_BYTES = 20_000_000;
/** A loaded machine answers late. */
const SOON = { timeout: 45_000 };

const PAGES = [
  { name: 'overview', hash: '#/overview', heading: 'Overview' },
  { name: 'network', hash: '#/network', heading: 'Network' },
  { name: 'network-hosts', hash: '#/network?by=host', heading: 'Network' },
  { name: 'network-destinations', hash: '#/network?by=destination', heading: 'Network' },
  { name: 'network-protocols', hash: '#/network?by=protocol', heading: 'Network' },
  { name: 'settings', hash: '#/settings', heading: 'Settings' },
  { name: 'settings-app', hash: '#/settings/app', heading: 'Settings' },
  { name: 'settings-access', hash: '#/settings/tokens', heading: 'Settings' },
  { name: 'settings-about', hash: '#/settings/about', heading: 'Settings' },
  { name: 'activity', hash: '#/activity', heading: 'Activity' },
  { name: 'health', hash: '#/health', heading: 'Health' },
] as const;

/** 640: a window of 1280 at 200 %. Axe takes its time: each theme and each layout once. */
const LOOKS = [
  { theme: 'light', width: 1280, isJudged: true },
  { theme: 'dark', width: 1280, isJudged: false },
  { theme: 'light', width: 640, isJudged: false },
  { theme: 'light', width: 420, isJudged: false },
  { theme: 'dark', width: 420, isJudged: true },
] as const;
const IS_MAIN_WIDE_ENOUGH = `(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)(document.querySelector('main'))`;

describe.skipIf(reason !== undefined)('the pages, with a real engine', () => {
  let app: ServedApp;
  let opened: OpenedPage;
  let page: Page;
  let host: string;
  let client: { kill(signal: 'SIGKILL'): boolean } | undefined;

  beforeAll(async () => {
    execFileSync(process.execPath, ['scripts/build.mjs', PARTS[0].name], { cwd: ROOT, stdio: 'pipe' });
    app = await ServedApp.start();
    host = app.network.nextHost();
    opened = await openPage(app.browser, await app.link(), { size: 'desk' });
    page = opened.page;
    const { pair } = app.network;
    void runProgram([...pair.inside(pair.far), process.execPath, '-e', STEADY_CLIENT], {
      onStart: (child) => {
        client = child;
      },
    });
    for (let turn = 0; turn < 3; turn++) await app.network.run('curl', '-s', `http://${VICTIM}/`);
    await app.network.run('curl', '-s', '-o', '/dev/null', `http://${VICTIM}/large`);
    await app.network.run('nmap', '-n', '-Pn', '-sS', '-F', VICTIM);
  }, 180_000);

  afterAll(async () => {
    client?.kill('SIGKILL');
    await app?.remove();
  });

  async function go(hash: string, heading: string, on: Page = page): Promise<void> {
    await on.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await on.getByRole('main').getByRole('heading', { level: 1, name: heading }).waitFor(SOON);
  }

  /** What the engine itself says, over REST, with the session of the browser or with a token. */
  async function rest(path: string, token?: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const options = token === undefined ? {} : { credentials: 'omit', headers: { authorization: `Bearer ${token}` } };
    return page.evaluate(
      `fetch(${JSON.stringify(path)}, ${JSON.stringify(options)}).then(async (answer) => ({ status: answer.status, body: await answer.json() }))`,
    );
  }

  const grid = (name: string) => page.getByRole('grid', { name, exact: true });
  const rowOf = (table: string, text: string) => grid(table).getByRole('row').filter({ hasText: text });
  const state = (word: string, on: Page = page) =>
    on
      .getByRole('banner')
      .getByRole('status')
      .filter({ hasText: word })
      .waitFor({ state: 'attached', ...SOON });

  it('Overview says what is so, what to decide, when it was, and who talked most', async () => {
    await go('#/overview', 'Overview');
    await state('Needs attention');
    const main = page.getByRole('main');
    for (const text of ['1 alert needs attention.', 'Protected: watching near0.']) {
      await main
        .getByText(text)
        .waitFor(SOON)
        .catch(async (error: Error) => {
          const { body } = await rest('/api/v1/status');
          throw new Error(`${error.message}\n${await main.innerText()}\n${JSON.stringify(body)}`);
        });
    }
    const decisions = page.getByRole('region', { name: 'Needs a decision' });
    await decisions.getByText(`${host} scanned`).waitFor(SOON);

    const day = page.getByRole('region', { name: 'Last 24 hours', exact: true });
    await day.getByRole('button', { name: 'Show as table' }).click();
    const measured = day.getByRole('row').filter({ hasText: /[1-9][\d.]* [kM]?B\/s/ });
    // What was measured is told when its minute is over.
    await measured.first().waitFor({ timeout: 75_000 });
    await day.getByRole('button', { name: 'Show as plot' }).click();
    await day.locator('canvas').waitFor(SOON);

    // A flow is counted when it has ended, and the page asks again every half minute only: it is loaded when it is there.
    const heard = async (): Promise<number> => {
      const { hosts } = (await rest('/api/v1/hosts')).body as { hosts: { address: string; receivedBytes: number }[] };
      return hosts.find(({ address }) => address === host)?.receivedBytes ?? 0;
    };
    await vi.waitFor(async () => expect(await heard()).toBeGreaterThan(LARGE_BYTES), {
      timeout: 45_000,
      interval: 500,
    });
    const talkers = 'Top talkers of the last 24 hours';
    await page.reload();
    const talker = rowOf(talkers, host);
    await talker.waitFor({ timeout: 45_000 });
    expect(await rowOf(talkers, VICTIM).innerText()).toContain('this computer');
    await vi.waitFor(async () => expect(await talker.innerText()).toMatch(/2\d\.\d MB/), SOON);
  }, 150_000);

  it('Network shows the flows with their ends and rates, sorted, found, and one in full', async () => {
    await go('#/network', 'Network');
    const own = `${host}:${CLIENT_PORT}`;
    const row = rowOf('Flows', own);
    // Under the flows of the scan it would be out of sight.
    await page
      .getByRole('searchbox', { name: 'Search addresses, names, ports, services' })
      .fill(`${host} ${CLIENT_PORT}`);
    await vi.waitFor(() => expect(page.url()).toContain(`q=${host}`), SOON);
    await vi.waitFor(async () => expect(await grid('Flows').getByRole('row').count()).toBe(2), SOON);
    await row.waitFor(SOON);
    await vi.waitFor(async () => expect(await row.innerText()).toMatch(/[1-9][\d.]* k?B\/s/), SOON);
    expect(await row.innerText()).toContain(`${VICTIM}:${HTTP_PORT}`);
    await grid('Flows').getByRole('button', { name: 'Rate' }).click();
    const header = grid('Flows').getByRole('columnheader', { name: 'Rate' });
    expect(await header.getAttribute('aria-sort')).toMatch(/ending$/);

    await row.click();
    const drawer = page.getByRole('complementary', { name: 'Flow' });
    await drawer.getByText('Open', { exact: true }).waitFor(SOON);
    await drawer.getByText(own).waitFor(SOON);
    const said = drawer.getByRole('region', { name: 'What was said' }).getByRole('listitem');
    await vi.waitFor(async () => expect(await said.first().innerText()).toMatch(/^GET \//), SOON);
    const features = drawer.getByRole('region', { name: 'Features' }).getByRole('listitem');
    await vi.waitFor(async () => expect(await features.count()).toBeGreaterThan(50), SOON);
    const all = await features.count();
    await drawer.getByRole('textbox', { name: 'Search features' }).fill('packet');
    await vi.waitFor(async () => expect(await features.count()).toBeLessThan(all), SOON);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'network-flow-light-1280');
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('tab', { name: 'Destinations' }).click();
    await rowOf('Destinations', `${VICTIM}:${HTTP_PORT}`).waitFor(SOON);
    await page.getByRole('tab', { name: 'Protocols' }).click();
    await rowOf('Protocols', 'http').first().waitFor(SOON);
    await page.getByRole('tab', { name: 'Hosts' }).click();
    await rowOf('Hosts', host).click();
    await page.getByRole('tab', { name: 'Flows', selected: true }).waitFor(SOON);
    await row.waitFor(SOON);
  });

  it('Settings are changed, in force, undone; a wrong one is refused at its place, a locked one stays', async () => {
    await go('#/settings', 'Settings');
    const inForce = async (path: string): Promise<unknown> => {
      const { sections } = (await rest('/api/v1/config/describe')).body as {
        sections: { settings: { path: string; value: unknown }[] }[];
      };
      return sections.flatMap(({ settings }) => settings).find((setting) => setting.path === path)?.value;
    };
    const path = 'detect.brute-force.failedLogins';
    const before = await inForce(path);
    const search = page.getByRole('searchbox', { name: 'Search settings' });
    await search.fill('failedLogins');
    const field = page.getByRole('spinbutton', { name: 'Failed logins', exact: true });
    await field.fill('-3');
    await page.getByText(/^It takes a whole number/).waitFor(SOON);
    const apply = page.getByRole('button', { name: 'Apply' });
    expect(await apply.isDisabled()).toBe(true);
    await field.fill('17');
    await apply.click();
    await page.getByText('1 change applied').waitFor(SOON);
    expect(await inForce(path)).toBe(17);
    await page.getByRole('button', { name: 'Undo' }).click();
    await vi.waitFor(async () => expect(await inForce(path)).toBe(before), SOON);

    await search.fill('tlsKey');
    await page.getByRole('textbox', { name: 'Key of the certificate' }).fill('not/absolute');
    await apply.click();
    await page.getByText('Nothing was changed · 1 change not yet in force').waitFor(SOON);
    const wrong = page.getByRole('textbox', { name: 'Key of the certificate' });
    expect(await wrong.getAttribute('aria-invalid')).toBe('true');
    expect(await wrong.locator('xpath=../..').innerText()).toMatch(/absolute path/);
    await screenshot(page, 'settings-refused-light-1280');
    await page.getByRole('button', { name: 'Discard' }).click();

    await search.fill('sensors.interfaces');
    const locked = page.getByRole('textbox', { name: 'Networks to watch' });
    await locked.waitFor(SOON);
    expect(await locked.isDisabled()).toBe(true);
    await page.getByText('flag --set sensors.interfaces').first().waitFor(SOON);
    await search.fill('no setting has these words');
    await page.getByText('No setting matches').waitFor(SOON);
    await search.fill('');
    await page.getByRole('navigation', { name: 'Sections' }).getByRole('heading', { name: 'Detectors' }).waitFor(SOON);
  });

  it('a token is made, lets in as far as its role allows, and is revoked', async () => {
    await go('#/settings/tokens', 'Settings');
    await page.getByText('No tokens yet').waitFor(SOON);
    await page.getByRole('button', { name: 'Make a token…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('a scraper');
    expect(await axeViolations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Make', exact: true }).click();
    const secret = await dialog.getByRole('textbox', { name: 'The token' }).inputValue();
    expect(secret).toMatch(/^hft_/);
    await dialog.getByRole('button', { name: 'Done' }).click();
    expect(await page.content()).not.toContain(secret);
    expect((await rest('/api/v1/status', secret)).status).toBe(200);
    expect((await rest('/api/v1/tokens', secret)).status).toBe(403);
    await rowOf('Access', 'a scraper').getByRole('button', { name: 'Revoke' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('No tokens yet').waitFor(SOON);
    expect((await rest('/api/v1/status', secret)).status).toBe(401);
  });

  it('Pause asks why, and is seen everywhere until it is ended', async () => {
    await go('#/overview', 'Overview');
    const other = await openPage(app.browser, await app.nextLink(), { size: 'phone' });
    await state('Needs attention', other.page);
    await page.getByRole('button', { name: 'Pause…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Pause watching' });
    const pause = dialog.getByRole('button', { name: 'Pause', exact: true });
    expect(await pause.isDisabled()).toBe(true);
    await dialog.getByRole('textbox', { name: 'Reason' }).fill('testing the printer');
    await pause.click();
    await state('Paused');
    await state('Paused', other.page);
    await page
      .getByRole('main')
      .getByText(/nothing is watched until \d\d:\d\d/)
      .waitFor(SOON);
    expect((await rest('/api/v1/status')).body.pause).toMatchObject({ reason: 'testing the printer' });
    await screenshot(page, 'overview-paused-light-1280');
    expect(await axeViolations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Watch again' }).click();
    await state('Needs attention');
    await state('Needs attention', other.page);
    expect(other.problems).toEqual([]);
    await other.close();
  });

  it('Activity has what was just done, by whom, and that nothing of it was changed', async () => {
    await go('#/activity', 'Activity');
    for (const done of [
      'Started the engine',
      'Changed a setting',
      'Made a token',
      'Revoked a token',
      'Paused watching',
    ]) {
      await rowOf('Journal', done).first().waitFor(SOON);
    }
    await page.getByRole('button', { name: 'Check the journal' }).click();
    await page.getByText(/^The journal is as it was written: \d+ entries\.$/).waitFor(SOON);
    await page.getByRole('searchbox', { name: 'Search the journal' }).fill('printer');
    await vi.waitFor(async () => expect(await grid('Journal').getByRole('row').count()).toBe(2), SOON);
    await rowOf('Journal', 'Paused watching').click();
    const drawer = page.getByRole('complementary', { name: 'Paused watching' });
    await drawer.getByText('testing the printer').waitFor(SOON);
    await drawer.getByText(/^[0-9a-f]{64}$/).waitFor(SOON);
    await screenshot(page, 'activity-entry-light-1280');
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export' }).click();
    expect((await download).suggestedFilename()).toBe('holdfast-journal.csv');
  });

  it('Health says how every part does, what it costs and what went wrong', async () => {
    await go('#/health', 'Health');
    const parts = page.getByRole('region', { name: 'Parts of the engine' });
    for (const part of ['Capture', 'Traffic', 'Store', 'Local interface', 'Web interface', 'Capture on near0']) {
      await parts.getByText(part, { exact: true }).waitFor(SOON);
    }
    await rowOf('Networks', 'near0').filter({ hasText: 'Watched' }).waitFor(SOON);
    const cost = page.getByRole('region', { name: 'What Holdfast itself costs' });
    expect(await cost.innerText()).toMatch(/[\d.]+ %[\s\S]*\d+(\.\d)? MB/);
    expect(await cost.innerText()).toContain(String(app.pid));
    await page.getByRole('region', { name: 'Warnings and errors of this run' }).waitFor(SOON);
  });

  it.each(PAGES)(
    '$name is without barriers in both themes and all widths',
    async ({ name, hash, heading }) => {
      for (const { theme, width, isJudged } of LOOKS) {
        await page.emulateMedia({ colorScheme: theme });
        await page.setViewportSize({ width, height: 800 });
        await go(hash, heading);
        await page.waitForTimeout(300);
        await screenshot(page, `${name}-${theme}-${width}`);
        expect([width, await page.evaluate('document.documentElement.scrollWidth')]).toEqual([width, width]);
        expect(await page.evaluate(IS_MAIN_WIDE_ENOUGH)).toBe(true);
        if (isJudged) expect(await axeViolations(page)).toEqual([]);
      }
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
      await screenshot(page, `${name}-forced-colors`);
      await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
      // What was refused to a token on purpose is logged by the browser.
      expect(opened.problems.filter((text) => !/40[13]/.test(text))).toEqual([]);
    },
    90_000,
  );

  it.each([
    { hash: '#/overview', heading: 'Overview', some: ['button Pause…', 'table Top talkers'] },
    { hash: '#/network', heading: 'Network', some: ['input Search', 'select Service', 'table Flows'] },
    { hash: '#/settings?q=flood', heading: 'Settings', some: ['input Search', 'input From many senders'] },
    { hash: '#/activity', heading: 'Activity', some: ['button Export', 'table Journal'] },
    { hash: '#/health', heading: 'Health', some: ['table Networks'] },
  ])(
    '$heading is walked by keyboard, and the focus is always seen',
    async ({ hash, heading, some }) => {
      await go(hash, heading);
      await page.waitForTimeout(500);
      const stops = await walkByTab(page);
      expect(stops.filter(({ isSeen }) => !isSeen)).toEqual([]);
      const names = stops.map(({ what }) => what);
      expect(names.filter((what) => /^\w+ $/.test(what))).toEqual([]);
      for (const wanted of ['a Skip to the page', 'a Overview', ...some]) {
        expect(
          names.some((what) => what.startsWith(wanted)),
          `${wanted} in ${names.join(' | ')}`,
        ).toBe(true);
      }
    },
    60_000,
  );

  it('moves nothing where people do not want motion', async () => {
    await go('#/network', 'Network');
    await rowOf('Flows', `${host}:${CLIENT_PORT}`).click();
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
    await page.keyboard.press('Escape');
  });

  it('says that the engine was killed, and goes on by itself when the new link was opened', async () => {
    await go('#/overview', 'Overview');
    await page.evaluate('window.neverReloaded = true');
    await app.kill();
    const bar = page.getByRole('alert');
    await bar.getByText(/connection to the engine ended|engine does not answer/).waitFor(SOON);
    await state('No contact');
    await page
      .getByText(/^Last known/)
      .first()
      .waitFor(SOON);
    await page.getByRole('region', { name: 'Needs a decision' }).getByText(`${host} scanned`).waitFor(SOON);
    await screenshot(page, 'overview-engine-killed-light-1280');
    expect(await axeViolations(page)).toEqual([]);

    app.serve();
    const link = await app.link();
    await bar.getByText('The engine was started again, and this browser is no longer signed in.').waitFor(SOON);
    await screenshot(page, 'overview-signed-out-light-1280');
    const beside = await opened.context.newPage();
    await beside.goto(link);
    await bar.waitFor({ state: 'detached', timeout: 45_000 });
    await page.getByRole('main').getByText('Protected: watching near0.').waitFor(SOON);
    await vi.waitFor(async () => expect(await page.getByText(/^Last known/).count()).toBe(0), SOON);
    expect(await page.evaluate('window.neverReloaded')).toBe(true);
    // What was open before the plug was pulled still is.
    await state('Needs attention');
    await go('#/network', 'Network');
    await rowOf('Flows', `${host}:${CLIENT_PORT}`).waitFor(SOON);
  }, 90_000);
});
