/**
 * The page "Hunt" in a real browser with a real engine: queries over an analysed capture, checked against the engine's
 * own answers and the command line; and the ATT&CK matrix of a computer that was scanned.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HuntResult } from '../contract/api-hunt.ts';
import { whyNoNamespaces } from '../main/engine/sensors/testing/namespace-pair.ts';
import { PARTS } from '../scripts/lib/build.mjs';
import { ROOT } from '../scripts/lib/node24.mjs';
import { findProgram } from '../scripts/lib/programs.mjs';
import { axeViolations, launchBrowser, type OpenedPage, openPage, SIZES, screenshot } from './support/browser.ts';
import { VICTIM } from './support/live-network.ts';
import { QuietApp } from './support/quiet-app.ts';
import { type ScriptedConsole, SILENCE, startScriptedConsole } from './support/scripted-console.ts';
import { ServedApp } from './support/served-app.ts';

const DATA = process.env.HOLDFAST_TEST_DATA ?? join(ROOT, '../shared/data');
const CAPTURE = join(DATA, 'attacks/port_scan/portscan-nmap-syn.pcapng');
const reason = existsSync(CAPTURE) ? undefined : `there is no ${CAPTURE}`;
if (reason !== undefined) console.warn(`Hunt is not tested with a real engine: ${reason}`);
const noScan = findProgram('nmap') === undefined ? 'needs nmap' : whyNoNamespaces();
if (noScan !== undefined) console.warn(`The ATT&CK matrix is not tested with a real attack: ${noScan}`);

const SOON = { timeout: 45_000 };
const VIEWS = [
  { theme: 'light', size: 'wide' },
  { theme: 'dark', size: 'wide' },
  { theme: 'light', size: 'narrow' },
  { theme: 'dark', size: 'narrow' },
] as const;

beforeAll(() => {
  execFileSync(process.execPath, ['scripts/build.mjs', PARTS[0].name], { cwd: ROOT, stdio: 'pipe' });
}, 120_000);

/** Each view is seen, kept as a picture, and has no barriers. */
async function look(page: Page, name: string): Promise<void> {
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

async function go(page: Page, hash: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  await page.getByRole('main').getByRole('heading', { level: 1, name: 'Hunt' }).waitFor(SOON);
}

const editorOf = (page: Page) => page.getByRole('textbox', { name: 'Query' });
const listOf = (page: Page) => page.getByRole('listbox', { name: 'Suggestions' });
const gridOf = (page: Page) => page.getByRole('grid', { name: 'Results' });
const drawerOf = (page: Page) => page.getByRole('complementary');

/** What the address asks for. */
const asked = (page: Page): string | null => new URLSearchParams(new URL(page.url()).hash.split('?')[1]).get('q');

describe.skipIf(reason !== undefined)('hunting in a capture', { timeout: 90_000 }, () => {
  let browser: Browser;
  let app: QuietApp;
  let opened: OpenedPage;
  let page: Page;
  let source: string;

  beforeAll(async () => {
    [browser, app] = await Promise.all([launchBrowser(), QuietApp.start()]);
    const added = await app.holdfast('captures', 'add', CAPTURE, '--json');
    source = (JSON.parse(added.stdout) as { id: string }).id;
    opened = await openPage(browser, await app.link());
    page = opened.page;
  }, 180_000);

  afterAll(async () => {
    await opened?.close();
    await browser?.close();
    await app?.remove();
  });

  const engineSays = (query: string, limit = 1_000): Promise<HuntResult> =>
    app.client.request('hunt.run', { query, source, limit });

  /** Shows a query and waits until so many rows are told. */
  async function show(query: string): Promise<void> {
    await go(page, `#/hunt?${new URLSearchParams({ q: query, source })}`);
    await vi.waitUntil(async () => (await page.getByText(/looked at [\d,]+ in/).count()) === 1, SOON);
  }

  it('begins with queries and the language in short', async () => {
    await go(page, '#/hunt');
    await page.getByText('Search everything that was stored').waitFor(SOON);
    await page.getByRole('button', { name: /Serious alerts of the last week/ }).waitFor(SOON);
    await look(page, 'hunt-start');
    await page.getByRole('button', { name: 'All fields and words' }).click();
    await drawerOf(page).getByText('responderPackets', { exact: true }).waitFor();
    await look(page, 'hunt-language');
    await page.keyboard.press('Escape');
    await drawerOf(page).waitFor({ state: 'detached' });
  });

  it('completes what is typed, by keyboard alone, and finds what the engine finds', async () => {
    await go(page, `#/hunt?source=${source}`);
    await editorOf(page).focus();
    await page.keyboard.type('fl');
    await listOf(page).getByRole('option', { name: 'flows' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.type('whe');
    await page.keyboard.press('Enter');
    await page.keyboard.type('responderP');
    await listOf(page).getByRole('option').nth(1).waitFor();
    expect(await listOf(page).getByRole('option', { selected: true }).textContent()).toContain('responderPort');
    await page.keyboard.press('ArrowDown');
    expect(await listOf(page).getByRole('option', { selected: true }).textContent()).toContain('responderPackets');
    const active = await editorOf(page).getAttribute('aria-activedescendant');
    expect(await listOf(page).getByRole('option', { selected: true }).getAttribute('id')).toBe(active);
    await look(page, 'hunt-completion');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Tab');
    await page.keyboard.type('<= 100 and initiator = ');
    // Values that were seen come from the engine.
    const [scanner] = (await app.client.request('hunt.values', { field: 'initiator', prefix: '', source })).values;
    await listOf(page).getByRole('option', { name: scanner }).waitFor(SOON);
    await page.keyboard.type(scanner.slice(0, 3));
    await listOf(page).getByRole('option', { name: scanner }).first().waitFor(SOON);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Escape');
    await listOf(page).waitFor({ state: 'detached' });
    const query = `flows where responderPort <= 100 and initiator = ${scanner}`;
    expect((await editorOf(page).inputValue()).trim()).toBe(query);
    await page.keyboard.press('Control+Enter');

    const { rows, scanned } = await engineSays(query);
    expect(rows.length).toBeGreaterThan(20);
    await page
      .getByText(new RegExp(`^${rows.length} rows · looked at ${scanned.toLocaleString('en')} in`))
      .waitFor(SOON);
    expect(asked(page)).toBe(query);
    const first = gridOf(page).getByRole('row').nth(1);
    expect(await first.textContent()).toContain(String(rows[0][2]));
    // Sorted here by the port that was spoken to, from the largest.
    await gridOf(page).getByRole('button', { name: 'To port' }).click();
    const largest = Math.max(...rows.map((row) => Number(row[3])));
    await first.getByText(String(largest), { exact: true }).waitFor();
    await look(page, 'hunt-results');
  });

  it('opens a row, and narrows the query down by its values, by keyboard', async () => {
    const query = 'flows where responderPort in (22, 80, 443)';
    await show(query);
    await gridOf(page).focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    const id = String((await engineSays(query)).rows[0].at(-1));
    await page.waitForURL(({ hash }) => hash.startsWith(`#/hunt/${id}?`));
    await drawerOf(page).getByText('Began').waitFor(SOON);
    await look(page, 'hunt-flow');
    await page.keyboard.press('Escape');
    await gridOf(page).focus();
    await page.keyboard.press('m');
    const menu = page.getByRole('menu', { name: 'Row actions' });
    await menu.waitFor();
    await screenshot(page, 'hunt-row-menu');
    await menu.getByRole('menuitem', { name: 'Only this' }).first().waitFor();
    const responder = String((await engineSays(query)).rows[0][2]);
    await page.keyboard.press('Escape');
    await gridOf(page).getByRole('row').nth(1).getByText(responder, { exact: true }).first().hover();
    await gridOf(page)
      .getByRole('row')
      .nth(1)
      .getByRole('button', { name: `Actions for ${responder}` })
      .first()
      .click();
    await menu.getByRole('menuitem', { name: 'All but this' }).click();
    await page.waitForURL(() => asked(page) === `${query} and responder != ${responder}`);
    await page.goBack();
    await page.waitForURL(() => asked(page) === query);
    expect(await editorOf(page).inputValue()).toBe(query);
  });

  it('says where a query is wrong, and runs nothing', async () => {
    await show('flows');
    await editorOf(page).fill('flows where prot = 22 since 24h');
    await page.keyboard.press('Control+Enter');
    await page.getByText('Character 13').waitFor();
    await page.getByText('Did you mean port?').waitFor();
    expect(await editorOf(page).getAttribute('aria-invalid')).toBe('true');
    expect(await page.evaluate("[...document.querySelectorAll('.decoration-wavy')].map((e) => e.textContent)")).toEqual(
      ['prot'],
    );
    expect(asked(page)).toBe('flows');
    await look(page, 'hunt-wrong');
    // The coloured text lies exactly where the field's own text is.
    const metrics = `(() => {
      const field = document.querySelector('textarea');
      const layer = field.previousElementSibling;
      const of = (element) => { const { font, lineHeight, padding, letterSpacing, whiteSpace, overflowWrap } = getComputedStyle(element);
        const { x, y, width } = element.getBoundingClientRect();
        return JSON.stringify({ font, lineHeight, padding, letterSpacing, whiteSpace, overflowWrap, x, y, width }); };
      return [of(field), of(layer)];
    })()`;
    const [field, layer] = (await page.evaluate(metrics)) as [string, string];
    expect(field).toBe(layer);
  });

  it('makes summaries, and shows the rows behind one', async () => {
    const query = 'flows | count by responder | sort by count desc';
    await show(query);
    const { rows } = await engineSays(query);
    await gridOf(page).getByRole('row').nth(1).click();
    await page.waitForURL(() => asked(page) === `flows where responder = ${rows[0][0]}`);
    const behind = await engineSays(`flows where responder = ${rows[0][0]}`);
    expect(rows[0][1]).toBe(behind.rows.length + (behind.next === null ? 0 : Number(rows[0][1]) - behind.rows.length));
    await look(page, 'hunt-behind');
  });

  it('narrows the time by dragging over the bar above the rows', async () => {
    await show('flows');
    const plot = page.getByRole('figure', { name: /^Rows over time/ }).locator('.u-over');
    const box = await plot.boundingBox();
    if (box === null) throw new Error('the plot is not seen');
    await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(() => /^flows since \S+Z until \S+Z$/.test(asked(page) ?? ''));
    const narrowed = asked(page) ?? '';
    const { rows, next } = await engineSays(narrowed);
    if (next === null) await page.getByText(new RegExp(`^${rows.length} rows?`)).waitFor(SOON);
  });

  it('writes all rows as CSV, as the command line does, and as JSON', async () => {
    const query = 'flows sort by responderPort asc';
    await show(query);
    const write = async (item: string): Promise<string> => {
      await page.getByRole('button', { name: 'Export' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: item }).click(),
      ]);
      return readFileSync(await download.path(), 'utf8');
    };
    const csv = await write('All rows as CSV');
    const { stdout } = await app.holdfast('hunt', query, '--source', source, '--csv');
    expect(csv.split('\r\n').length).toBeGreaterThan(1_000);
    expect(csv === stdout).toBe(true);
    const json = JSON.parse(await write('All rows as JSON')) as { rows: unknown[]; isComplete: boolean; query: string };
    expect([json.rows.length, json.isComplete, json.query]).toEqual([csv.split('\r\n').length - 2, true, query]);
  });

  it('keeps a query under a name, over a reload, forgets it, and brings it back', async () => {
    const query = 'flows where responderPort = 22';
    await show(query);
    await page.getByRole('button', { name: 'Save…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Save the query' });
    await dialog.getByRole('textbox', { name: 'Name' }).fill('SSH <b>here</b>');
    await page.keyboard.press('Enter');
    await page.getByText('Saved as “SSH <b>here</b>”.').waitFor(SOON);
    await page.reload();
    await page.getByRole('button', { name: 'Saved queries' }).click();
    await drawerOf(page)
      .getByRole('button', { name: /SSH <b>here<\/b>/ })
      .first()
      .waitFor(SOON);
    await look(page, 'hunt-saved');
    await drawerOf(page).getByRole('button', { name: 'Forget “SSH <b>here</b>”' }).click();
    await page.getByText('Nothing was saved yet.').waitFor(SOON);
    await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Undo' }).click();
    await drawerOf(page).getByRole('button', { name: /^SSH/ }).click();
    await page.waitForURL(() => asked(page) === query);
    const { queries } = await app.client.request('hunt.saved', {});
    expect(queries.filter(({ isBuiltIn }) => !isBuiltIn).map(({ name }) => name)).toEqual(['SSH <b>here</b>']);
  });

  it('remembers what was run', async () => {
    await show('flows where responderPort = 22');
    await page.getByRole('button', { name: 'Recent' }).click();
    const items = page.getByRole('menu', { name: 'Recent' }).getByRole('menuitem');
    await items.first().waitFor();
    expect(await items.first().textContent()).toBe('flows where responderPort = 22');
    await page.keyboard.press('Escape');
  });

  it('had no problem in the browser', () => {
    expect(opened.problems).toEqual([]);
  });
});

describe('an engine that takes its time', () => {
  it('is not waited for when stopped', async () => {
    const browser = await launchBrowser();
    let engine: ScriptedConsole | undefined;
    let opened: OpenedPage | undefined;
    try {
      engine = await startScriptedConsole({
        script: { 'hunt.run': () => SILENCE, 'captures.list': () => ({ captures: [], maximumBytes: 1 }) },
      });
      opened = await openPage(browser, `${engine.url}#/hunt?q=flows`);
      await opened.page.getByRole('button', { name: 'Stop' }).click(SOON);
      await opened.page.getByText('The engine does not go on with it').waitFor();
    } finally {
      await opened?.close();
      await engine?.close();
      await browser.close();
    }
  });
});

describe.skipIf(noScan !== undefined)('the ATT&CK matrix of a scanned computer', { timeout: 90_000 }, () => {
  let app: ServedApp;
  let opened: OpenedPage;
  let page: Page;

  beforeAll(async () => {
    app = await ServedApp.start();
    opened = await openPage(app.browser, await app.link());
    page = opened.page;
    app.network.nextHost();
    await app.network.run('nmap', '-n', '-Pn', '-sS', '-F', VICTIM);
  }, 180_000);

  afterAll(async () => {
    await opened?.close();
    await app?.remove();
  });

  it('shows what was seen, by keyboard, and leads to the alert', async () => {
    await go(page, '#/hunt/attack');
    const matrix = page.getByRole('grid', { name: 'ATT&CK matrix' });
    const scan = matrix.getByRole('button', { name: /T1046 (Low|Medium|High|Critical) \d+ alerts?$/ });
    await vi.waitUntil(async () => {
      await page.reload();
      await matrix.waitFor(SOON);
      return (await scan.count()) > 0;
    }, SOON);
    await look(page, 'hunt-attack');
    const covered = await matrix.getByRole('button').count();
    await page.getByRole('switch', { name: 'Show what no detector covers' }).click();
    await page.waitForURL(({ hash }) => hash.includes('all=1'));
    expect(await matrix.getByRole('button').count()).toBeGreaterThanOrEqual(covered);
    await screenshot(page, 'hunt-attack-all');
    await matrix.getByRole('button').first().focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Home');
    expect(await page.evaluate("document.activeElement.getAttribute('data-at')")).toBe('0,0');
    await scan.first().click();
    await drawerOf(page).getByRole('heading', { name: 'Network Service Discovery' }).waitFor();
    const reference = drawerOf(page).getByRole('link', { name: /attack\.mitre\.org/ });
    expect(await reference.getAttribute('href')).toBe('https://attack.mitre.org/techniques/T1046/');
    await look(page, 'hunt-technique');
    const alert = drawerOf(page).getByRole('listitem').getByRole('link').first();
    expect(await alert.getAttribute('href')).toMatch(/^#\/alerts\/a-/);
    await page.keyboard.press('Escape');
    await drawerOf(page).waitFor({ state: 'detached' });
    expect(opened.problems).toEqual([]);
  });
});
