/**
 * The page "Alerts" in a real browser: with a real engine that was really attacked, and with one that says what no real
 * one says on a good day.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ApiClient } from '../contract/api.ts';
import { CAPTURE_PIECE_BYTES } from '../contract/api-captures.ts';
import { connectToEngine } from '../main/client/index.ts';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import packageFile from '../package.json' with { type: 'json' };
import { PARTS } from '../scripts/lib/build.mjs';
import { ROOT } from '../scripts/lib/node24.mjs';
import { HOSTILE_TEXT, hostileStory, manyAlerts, sampleAlert } from './support/alert-scripts.ts';
import {
  type AxeViolation,
  axeViolations,
  frameTimes,
  type OpenedPage,
  openPage,
  screenshot,
} from './support/browser.ts';
import { VICTIM } from './support/live-network.ts';
import { sampleStatus } from './support/sample-status.ts';
import type { Script } from './support/scripted-console.ts';
import { type Opening, ScriptedPages } from './support/scripted-pages.ts';
import { ServedApp } from './support/served-app.ts';

const reason = whyNoNamespaces();
if (reason !== undefined) console.warn(`The page of alerts is not tested with a real engine: ${reason}`);

const DATA = process.env.HOLDFAST_TEST_DATA ?? join(ROOT, '../shared/data');
const CAPTURE = join(DATA, 'attacks/brute_force/bruteforce-ssh-nmap.pcap');
if (!existsSync(CAPTURE)) console.warn(`Alerts of a capture are not tested: there is no ${CAPTURE}.`);

const VIEWS = [
  { theme: 'light', size: 'wide' },
  { theme: 'dark', size: 'wide' },
  { theme: 'light', size: 'narrow' },
  { theme: 'dark', size: 'narrow' },
] as const;

beforeAll(() => {
  // As it is released: with NODE_ENV "test" it would be React's own development build, which is many times slower.
  const env = { ...process.env, NODE_ENV: 'production' };
  execFileSync(process.execPath, ['scripts/build.mjs', PARTS[0].name], { cwd: ROOT, env, stdio: 'pipe' });
}, 120_000);

const hashHas = (page: Page, text: string) => page.waitForURL(({ hash }) => hash.includes(text));

/**
 * What axe finds, but for the rail of pages: in a narrow window it scrolls sideways, and what is half in sight there is
 * for the test of the frame to judge.
 */
async function violations(page: Page): Promise<readonly AxeViolation[]> {
  const found = await axeViolations(page);
  return found.filter(({ id, places }) => id !== 'target-size' || places.some((place) => !place.includes('href="#/')));
}

/** The list has its rows. */
async function rowsOf(page: Page): Promise<ReturnType<Page['locator']>> {
  const rows = page.getByRole('grid', { name: 'Alerts, the latest first' }).locator('tbody tr[aria-rowindex]');
  await rows.first().waitFor();
  return rows;
}

const story = (page: Page) => page.getByRole('complementary');
const toastOf = (page: Page, text: string | RegExp) =>
  page.getByRole('region', { name: 'Messages' }).locator('> div').filter({ hasText: text });

async function closeToasts(page: Page): Promise<void> {
  const close = page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Close' });
  while ((await close.count()) > 0) await close.first().click();
}

async function undo(page: Page, text: string | RegExp): Promise<void> {
  await toastOf(page, text).getByRole('button', { name: 'Undo' }).click();
  await toastOf(page, 'As it was before.').first().waitFor();
}

describe.skipIf(reason !== undefined)('alerts of a computer that is attacked', { timeout: 90_000 }, () => {
  let app: ServedApp;
  let client: ApiClient;
  let opened: OpenedPage;
  let page: Page;
  let scanner: string;

  beforeAll(async () => {
    app = await ServedApp.start();
    client = await connectToEngine({
      directories: [join(app.folder, 'run')],
      userId: 0,
      version: packageFile.version,
    });
    await vi.waitUntil(
      async () => (await client.request('status', {})).interfaces.some(({ state }) => state === 'up'),
      { timeout: 45_000, interval: 50 },
    );
    scanner = app.network.nextHost();
    await app.network.run('nmap', '-n', '-Pn', '-sS', '-F', VICTIM);
    await heard('port-scan', 1);
    // What two hosts do to one address at one time is one attack.
    app.network.addVictim('10.66.1.3');
    app.network.nextHost();
    await app.network.run('nmap', '-n', '-Pn', '-sS', '-F', '10.66.1.3');
    await heard('port-scan', 2);
    app.network.addVictim('10.66.1.4');
    app.network.nextHost();
    const passwords = join(app.folder, 'passwords');
    writeFileSync(passwords, Array.from({ length: 30 }, (_, index) => `wrong-${index}\n`).join(''));
    await app.network.run('medusa', '-h', '10.66.1.4', '-u', 'root', '-P', passwords, '-M', 'ftp', '-t', '2');
    await heard('brute-force', 1);
    opened = await openPage(app.browser, await app.link(), {});
    page = opened.page;
  }, 180_000);

  afterEach(async () => {
    // What a test left open is in nobody's way.
    await page?.keyboard.press('Escape');
    await page?.keyboard.press('Escape');
    await page?.keyboard.press('Escape');
  });

  afterAll(async () => {
    client?.close();
    await app?.remove();
  });

  /** Waits until there are so many alerts of a kind; the page comes later. */
  const heard = (kind: string, count: number): Promise<unknown> =>
    vi.waitUntil(
      async () => {
        const { alerts } = await client.request('alerts.list', { states: ['open', 'acknowledged', 'dismissed'] });
        return alerts.filter((alert) => alert.kind === kind).length >= count;
      },
      { timeout: 45_000, interval: 100 },
    );

  async function show(address: string): Promise<void> {
    await page.evaluate(`location.hash = ${JSON.stringify(address)}`);
  }

  const alertOf = async (kind: string) =>
    (await client.request('alerts.list', { states: ['open', 'acknowledged', 'dismissed'] })).alerts.find(
      (alert) => alert.kind === kind,
    );
  const stateOf = async (id: string) => (await client.request('alerts.get', { id })).state;
  const becomes = (id: string, state: string) =>
    vi.waitUntil(async () => (await stateOf(id)) === state, { timeout: 45_000 });

  it('lists them, and narrows the list by search, kind, severity and state, all in the address', async () => {
    await show('#/alerts');
    const rows = await rowsOf(page);
    expect(await rows.count()).toBeGreaterThanOrEqual(3);
    await page.getByRole('searchbox', { name: 'Search titles and addresses' }).fill(scanner);
    await hashHas(page, scanner);
    await vi.waitUntil(async () => (await rows.allInnerTexts()).every((text) => text.includes(scanner)), {
      timeout: 45_000,
    });
    await page.getByRole('button', { name: 'Clear filters' }).click();

    await page.getByRole('button', { name: 'Kind' }).click();
    await page.getByRole('checkbox', { name: 'Port scan' }).check();
    await page.keyboard.press('Escape');
    await hashHas(page, 'kind=port-scan');
    await vi.waitUntil(async () => (await rows.count()) === 2, { timeout: 45_000 });
    await page.getByRole('button', { name: 'Severity' }).click();
    await page.getByRole('checkbox', { name: 'Info' }).check();
    await page.keyboard.press('Escape');
    await page.getByText('No alert matches these filters').waitFor();
    await page.getByRole('main').getByRole('button', { name: 'Clear filters' }).last().click();
    await rows.first().waitFor();
    await page.getByRole('combobox', { name: 'State' }).selectOption({ label: 'Dismissed' });
    await page.getByText('No alert matches these filters').waitFor();
    await page.goBack();
    await show('#/alerts');
    await rows.first().waitFor();
    expect(opened.problems).toEqual([]);
  });

  it('tells one as a story', async () => {
    const alert = await alertOf('brute-force');
    await show('#/alerts');
    const rows = await rowsOf(page);
    await rows.filter({ hasText: alert?.title }).first().click();
    const drawer = story(page);
    await drawer.getByRole('heading', { name: alert?.title }).waitFor();
    await drawer.getByText(alert?.explanation.slice(0, 60) ?? '').waitFor();
    for (const heading of [
      'What happened when',
      'Traffic between them',
      'Evidence beside what is usual',
      'Techniques (MITRE ATT&CK)',
      'Attackers',
      'Victims',
      'Done so far',
      'What you can do',
      'Flows',
      'Review',
    ]) {
      await drawer.getByRole('heading', { name: heading, exact: true }).waitFor();
    }
    const technique = drawer.getByRole('link', { name: /on attack\.mitre\.org/ }).first();
    expect(await technique.getAttribute('href')).toMatch(/^https:\/\/attack\.mitre\.org\/techniques\/T\d{4}/);
    expect(await technique.getAttribute('rel')).toBe('noreferrer');
    const isolate = drawer.getByRole('button', { name: 'Isolate this computer' });
    expect(await isolate.getAttribute('aria-disabled')).toBe('true');
    expect(await isolate.getAttribute('aria-description')).not.toBe('');
    expect(await drawer.getByRole('link', { name: 'Settings' }).getAttribute('href')).toBe(
      '#/settings/engine?q=detect.brute-force',
    );
    await drawer.getByRole('grid', { name: 'Flows' }).waitFor();
    expect(await drawer.getByRole('link', { name: 'Open in Hunt' }).getAttribute('href')).toContain('#/hunt?q=flows');
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement?.getAttribute("role")')).toBe('grid');
    expect(opened.problems).toEqual([]);
  });

  it('acknowledges, dismisses and reopens with the keyboard, and takes it back', async () => {
    const alert = await alertOf('brute-force');
    const id = alert?.id ?? '';
    await show(`#/alerts/${id}`);
    const drawer = story(page);
    await drawer.getByRole('button', { name: 'Acknowledge' }).waitFor();
    await page.keyboard.press('a');
    await becomes(id, 'acknowledged');
    await undo(page, /^Acknowledged/);
    await becomes(id, 'open');
    await drawer.getByRole('button', { name: 'Acknowledge' }).click();
    await becomes(id, 'acknowledged');
    await drawer.getByRole('button', { name: 'Reopen' }).click();
    await becomes(id, 'open');

    // Closing the window decides nothing.
    await drawer.getByRole('button', { name: 'Dismiss…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /False alarm/ }).check();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(await stateOf(id)).toBe('open');

    await page.keyboard.press('d');
    await dialog.getByRole('radio', { name: /Fixed/ }).check();
    await dialog.getByRole('textbox', { name: 'Note' }).fill('The password was changed.');
    await dialog.getByRole('button', { name: 'Dismiss', exact: true }).click();
    await becomes(id, 'dismissed');
    await drawer.getByText('The password was changed.', { exact: true }).waitFor();
    await closeToasts(page);
    await page.keyboard.press('u');
    await becomes(id, 'open');
    // What a reopening takes back is the dismissal with its reason and note.
    await undo(page, /^Reopened/);
    await becomes(id, 'dismissed');
    expect((await client.request('alerts.get', { id })).review).toMatchObject({
      reason: 'fixed',
      note: 'The password was changed.',
    });
    await drawer.getByRole('button', { name: 'Reopen' }).click();
    await becomes(id, 'open');
    expect(opened.problems).toEqual([]);
  });

  it('allows what is like it, after showing what that would have hidden, and takes it back', async () => {
    const alert = await alertOf('port-scan');
    const id = alert?.id ?? '';
    await show(`#/alerts/${id}`);
    await story(page).getByRole('button', { name: 'Dismiss…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('checkbox', { name: /Also dismiss what is like it/ }).check();
    const preview = dialog.getByRole('region', { name: /would have hidden/ });
    await preview.getByText('Only what is being dismissed.').waitFor();
    await screenshot(page, 'alerts-dismiss-light');
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('textbox', { name: 'Attacker' }).fill('10.66.1.0/33');
    await preview.getByText(/no address and no network/).waitFor();
    await dialog.getByRole('textbox', { name: 'Attacker' }).fill('10.66.1.0/24');
    await preview.getByText('2 alerts in all').waitFor();
    await dialog.getByRole('textbox', { name: 'Note' }).fill('We test the network today.');
    await dialog.getByRole('button', { name: 'Dismiss and allow' }).click();
    await becomes(id, 'dismissed');
    await toastOf(page, '1 alert was dismissed with it').waitFor();
    expect((await client.request('allow.list', {})).entries).toMatchObject([
      { match: { kind: 'port-scan', attacker: '10.66.1.0/24' }, reason: 'We test the network today.', hidden: 1 },
    ]);

    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Allowed…' }).click();
    await dialog.getByText('We test the network today.').waitFor();
    await screenshot(page, 'alerts-allowed-light');
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: /^Remove/ }).click();
    await dialog.getByText('Nothing is allowed').waitFor();
    await dialog.getByRole('button', { name: 'Close' }).click();
    await toastOf(page, 'Removed from the allow-list').getByRole('button', { name: 'Undo' }).click();
    await vi.waitUntil(async () => (await client.request('allow.list', {})).entries.length === 1, { timeout: 45_000 });
    for (const entry of (await client.request('allow.list', {})).entries) {
      await client.request('allow.remove', { id: entry.id });
    }
    const { alerts } = await client.request('alerts.list', { states: ['dismissed'] });
    await client.request('alerts.review', { ids: alerts.map((each) => each.id), state: 'open' });
    expect(opened.problems).toEqual([]);
  });

  it('groups them, selects a group, and reviews and exports all of it at once', async () => {
    await show('#/alerts?group=kind');
    const rows = await rowsOf(page);
    const heading = rows.filter({ hasText: 'Port scan' }).filter({ hasText: '2 alerts' });
    await heading.waitFor();
    const before = await rows.count();
    await page.getByRole('grid', { name: 'Alerts, the latest first' }).focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    await vi.waitUntil(async () => (await rows.count()) < before, { timeout: 45_000 });
    await page.keyboard.press('Enter');
    await vi.waitUntil(async () => (await rows.count()) === before, { timeout: 45_000 });
    await heading.getByRole('checkbox').click();
    const bar = page.getByRole('toolbar', { name: 'Selected alerts' });
    await bar.getByText('2 selected').waitFor();
    await screenshot(page, 'alerts-grouped-light');
    expect(await violations(page)).toEqual([]);
    await bar.getByRole('button', { name: 'Acknowledge' }).click();
    await toastOf(page, 'Acknowledged 2 alerts').waitFor();
    await undo(page, 'Acknowledged 2 alerts');

    await heading.getByRole('checkbox').click();
    await bar.getByRole('button', { name: 'Export' }).click();
    const [json] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'As data (JSON)' }).click(),
    ]);
    const exported = JSON.parse(readFileSync(await json.path(), 'utf8')) as { alerts: { alert: { kind: string } }[] };
    expect(exported.alerts.map(({ alert }) => alert.kind)).toEqual(['port-scan', 'port-scan']);
    await page.keyboard.press('Escape');
    await bar.waitFor({ state: 'detached' });

    const alert = await alertOf('brute-force');
    await show(`#/alerts/${alert?.id}`);
    await story(page).getByRole('button', { name: 'Export' }).waitFor();
    const [html] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('e')]);
    expect(html.suggestedFilename()).toMatch(/^holdfast-.*\.html$/);
    expect(readFileSync(await html.path(), 'utf8')).toContain(alert?.title ?? 'no title');
    expect(opened.problems).toEqual([]);
  });

  it.skipIf(!existsSync(CAPTURE))('shows the alerts of a capture, says whose they are, and leads back', async () => {
    const bytes = readFileSync(CAPTURE);
    const { id } = await client.request('captures.begin', { name: 'ssh guesses.pcap', sizeBytes: bytes.length });
    for (let offset = 0; offset < bytes.length; offset += CAPTURE_PIECE_BYTES) {
      const data = bytes.subarray(offset, offset + CAPTURE_PIECE_BYTES).toString('base64');
      await client.request('captures.append', { id, offset, data });
    }
    await vi.waitUntil(async () => (await client.request('captures.get', { id })).state === 'done', {
      timeout: 60_000,
      interval: 100,
    });
    await show(`#/alerts?source=${id}`);
    await page.getByText('Alerts of the capture ssh guesses.pcap').waitFor();
    const rows = await rowsOf(page);
    await rows.first().click();
    const drawer = story(page);
    await drawer.getByText(/this is a recorded capture/).waitFor();
    await drawer.getByRole('grid', { name: 'Flows' }).waitFor();
    await screenshot(page, 'alerts-capture-light');
    await drawer.getByRole('button', { name: 'Dismiss…' }).click();
    await page.getByText(/Alerts of a capture are dismissed one by one/).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Alerts of this computer' }).click();
    await page.waitForURL(({ hash }) => hash === '#/alerts');
    expect(opened.problems).toEqual([]);
  });

  it('is whole and without barriers in every theme and size', async () => {
    const alert = await alertOf('brute-force');
    for (const view of VIEWS) {
      const other = await openPage(app.browser, await app.nextLink(), view);
      await other.page.evaluate("location.hash = '#/alerts'");
      await rowsOf(other.page);
      await screenshot(other.page, `alerts-list-${view.theme}-${view.size}`);
      expect(await violations(other.page)).toEqual([]);
      await other.page.evaluate(`location.hash = '#/alerts/${alert?.id}'`);
      const drawer = story(other.page);
      await drawer.getByRole('grid', { name: 'Flows' }).waitFor();
      await sleep(300);
      await screenshot(other.page, `alerts-story-${view.theme}-${view.size}`);
      expect(await violations(other.page)).toEqual([]);
      expect(await other.page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      const body = drawer.locator('> div').last();
      for (const part of [2, 3]) {
        await body.evaluate((element) => element.scrollBy(0, element.clientHeight - 60));
        await sleep(100);
        await screenshot(other.page, `alerts-story-${view.theme}-${view.size}-${part}`);
      }
      expect(other.problems).toEqual([]);
      await other.close();
    }
  });
});

describe('alerts that an engine tells of', () => {
  const pages = new ScriptedPages();
  const open = (script: Script, hash: string, options: Opening = {}) =>
    pages.open(hash, { script: { status: () => sampleStatus(), ...script }, ...options });

  it.each(VIEWS)('is not fooled by what an attacker wrote: $theme, $size', async (view) => {
    const hostile = hostileStory();
    const page = await open(
      {
        'alerts.list': () => ({ alerts: [hostile.alert], total: 1, next: null }),
        'alerts.story': () => hostile,
        'flows.list': () => ({ flows: [], next: null }),
      },
      '#/alerts',
      view,
    );
    const rows = await rowsOf(page);
    await rows.first().click();
    await story(page).getByRole('heading', { name: 'Review' }).waitFor();
    const text = (await page.evaluate('document.body.innerText')) as string;
    for (const control of ['\u202e', '\u200b', '\u0007', '\u001b']) expect(text).not.toContain(control);
    expect(text).toContain('\\u{202e}');
    expect(text).toContain('<img src=x');
    expect(await page.evaluate('document.querySelectorAll("img, main script, main iframe").length')).toBe(0);
    expect(await page.evaluate('window.__owned')).toBeUndefined();
    expect(await page.locator('a[href^="javascript:"]').count()).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    expect(await violations(page)).toEqual([]);
    await screenshot(page, `alerts-hostile-${view.theme}-${view.size}`);
    expect(HOSTILE_TEXT.length).toBeGreaterThan(0);
  });

  it('holds what is new back while the list is read', async () => {
    const first = Array.from({ length: 100 }, (_, index) => sampleAlert(index));
    const page = await open(
      { 'alerts.list': () => ({ alerts: first, total: first.length, next: null }), 'alerts.watch': () => [] },
      '#/alerts',
    );
    const rows = await rowsOf(page);
    await page.getByText('100 alerts').waitFor();
    pages.engine?.emit('alerts.watch', { change: 'opened', alert: sampleAlert(-1, { title: 'Shown at once' }) });
    await rows.first().getByText('Shown at once').waitFor();
    const list = page.getByRole('grid', { name: 'Alerts, the latest first' }).locator('..');
    await list.evaluate((element) => element.scrollBy(0, 400));
    for (const index of [-2, -3]) {
      pages.engine?.emit('alerts.watch', { change: 'opened', alert: sampleAlert(index, { title: `Waits ${index}` }) });
    }
    const banner = page.getByRole('button', { name: '2 new' });
    await banner.waitFor();
    expect(await page.getByText('Waits -3').count()).toBe(0);
    await banner.click();
    await list.evaluate((element) => element.scrollTo(0, 0));
    await rows.first().getByText('Waits -3').waitFor();
    expect(pages.opened?.problems).toEqual([]);
  });

  it('says why there is nothing: never, not now, not like this, not reachable', async () => {
    const counts = { openBySeverity: { info: 0, low: 0, medium: 0, high: 0, critical: 0 }, openByKind: {} };
    const none = { alerts: [], total: 0, next: null };
    let byState: Record<string, number> = { open: 0, acknowledged: 0, dismissed: 0 };
    const page = await open({ 'alerts.list': () => none, 'alerts.counts': () => ({ byState, ...counts }) }, '#/alerts');
    await page.getByText('There was no alert yet').waitFor();
    await screenshot(page, 'alerts-empty-light');
    await page.evaluate("location.hash = '#/alerts?q=x'");
    await page.getByText('No alert matches these filters').waitFor();
    byState = { open: 0, acknowledged: 0, dismissed: 4 };
    await page.reload();
    await page.evaluate("location.hash = '#/alerts'");
    await page.getByText('Nothing needs you').waitFor();
    await page.getByRole('button', { name: 'Show all alerts' }).click();
    await hashHas(page, 'state=all');
    expect(await violations(page)).toEqual([]);
  });

  it('says that the engine failed, and keeps the last list while the engine is away', async () => {
    let isBroken = true;
    const page = await open(
      {
        'alerts.list': () =>
          isBroken
            ? { failure: { code: 'store-failed', message: 'The store does not answer.', hint: 'Look at the disk.' } }
            : { alerts: [sampleAlert(1)], total: 1, next: null },
      },
      '#/alerts',
    );
    await page.getByText('The store does not answer.').waitFor();
    isBroken = false;
    await page.getByRole('main').getByRole('button', { name: 'Try again' }).click();
    const rows = await rowsOf(page);
    pages.engine?.drop({ isAway: true });
    await page.getByText(/Last known/).waitFor();
    expect(await rows.count()).toBe(1);
    pages.engine?.comeBack();
    await page.getByText(/Last known/).waitFor({ state: 'detached', timeout: 45_000 });
  });

  it('offers nothing to do to who may only look, and says so', async () => {
    const page = await open(
      {
        'alerts.list': () => ({ alerts: [sampleAlert(1)], total: 1, next: null }),
        'alerts.story': () => ({ ...hostileStory(), alert: sampleAlert(1) }),
        'flows.list': () => ({ flows: [], next: null }),
      },
      '#/alerts',
      { role: 'view' },
    );
    const rows = await rowsOf(page);
    await page
      .getByText(/You can look, but not review/)
      .first()
      .waitFor();
    await rows.first().click();
    await story(page).getByRole('button', { name: 'Export' }).waitFor();
    for (const name of ['Acknowledge', 'Dismiss…', 'Reopen', 'Isolate this computer']) {
      expect(await page.getByRole('button', { name }).count()).toBe(0);
    }
    await page.keyboard.press('a');
    await page.keyboard.press('d');
    await sleep(100);
    expect(pages.engine?.calls.some(({ call }) => call === 'alerts.review')).toBe(false);
  });

  it('stays smooth with 100,000 alerts, with news coming in', { timeout: 240_000 }, async () => {
    const page = await open({ 'alerts.list': manyAlerts(100_000), 'alerts.watch': () => [] }, '#/alerts');
    await rowsOf(page);
    await page.getByText('100,000 or more').waitFor({ timeout: 200_000 });
    const list = page.getByRole('grid', { name: 'Alerts, the latest first' }).locator('..');
    let told = 0;
    const scroll = async (): Promise<void> => {
      const news = setInterval(() => {
        told += 1;
        pages.engine?.emit('alerts.watch', { change: 'opened', alert: sampleAlert(-told) });
      }, 200);
      // Within the page: looking for the list from outside at every step costs more than the list itself.
      await page.evaluate(`new Promise((done) => {
        const list = document.querySelector('[role=grid]').parentElement;
        let step = 0;
        (function next() {
          list.scrollBy(0, 300);
          step += 1;
          if (step < 360) requestAnimationFrame(next);
          else done();
        })();
      })`);
      clearInterval(news);
    };
    const times = [...(await frameTimes(page, scroll))].sort((a, b) => a - b);
    const at = (share: number): number => Math.round(times[Math.floor((times.length - 1) * share)]);
    const count = (await list.evaluate((element) => element.scrollHeight)) / 32;
    console.info(
      `100,000 alerts: ${times.length} frames while scrolling past ${Math.round(count)} rows, ` +
        `median ${at(0.5)} ms, 95 % ${at(0.95)} ms, worst ${at(1)} ms`,
    );
    expect(count).toBeGreaterThan(1_000);
    expect(told).toBeGreaterThan(0);
    // Nine rows come into sight with every frame. Far above what it takes alone: for a machine with much else to do.
    expect(at(0.5)).toBeLessThan(150);
    expect(at(1)).toBeLessThan(1_000);
    expect(pages.opened?.problems).toEqual([]);
  });
});
