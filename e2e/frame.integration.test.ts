/** The frame of the app in a real browser: themes, sizes, keyboard, the lost engine, and what axe says. */
import { execFileSync } from 'node:child_process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { PARTS } from '../scripts/lib/build.mjs';
import { ROOT } from '../scripts/lib/node24.mjs';
import {
  axeViolations,
  launchBrowser,
  type OpenedPage,
  type OpenOptions,
  openPage,
  screenshot,
} from './support/browser.ts';
import { sampleStatus } from './support/sample-status.ts';
import { type ScriptedConsole, startScriptedConsole } from './support/scripted-console.ts';

const ONE_HIGH = { info: 0, low: 2, medium: 0, high: 1, critical: 0 };

let browser: Browser;
let engine: ScriptedConsole;
let opened: OpenedPage | undefined;

beforeAll(async () => {
  execFileSync(process.execPath, ['scripts/build.mjs', PARTS[0].name], { cwd: ROOT, stdio: 'pipe' });
  browser = await launchBrowser();
  engine = await startScriptedConsole({ script: { status: () => sampleStatus({ alerts: ONE_HIGH }) } });
}, 120_000);

afterEach(async () => {
  await opened?.close();
  opened = undefined;
  engine.comeBack();
});

afterAll(async () => {
  await browser?.close();
  await engine?.close();
});

async function open(options?: OpenOptions, hash = ''): Promise<Page> {
  opened = await openPage(browser, `${engine.url}${hash}`, options);
  await opened.page.getByRole('status').filter({ hasText: 'Needs attention' }).first().waitFor({ state: 'attached' });
  return opened.page;
}

/** What a test has not answered is no problem of the frame. */
const problems = (): readonly string[] => opened?.problems ?? [];

describe('the frame', () => {
  it.each([
    { theme: 'light', size: 'wide' },
    { theme: 'dark', size: 'wide' },
    { theme: 'light', size: 'narrow' },
    { theme: 'dark', size: 'narrow' },
    { theme: 'light', size: 'laptop', zoom: 2 },
  ] as const)('is whole and without barriers: $theme, $size, zoom $zoom', async (options) => {
    const page = await open(options);
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Overview' }).waitFor();
    await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
    await screenshot(page, `frame-${options.theme}-${options.size}`);
    expect(await axeViolations(page)).toEqual([]);
    // Nothing is cut off to the right.
    expect(await page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    expect(problems()).toEqual([]);
  });

  it('needs nothing that the CSP forbids', async () => {
    const page = await open();
    expect(await page.evaluate("document.querySelectorAll('style, script:not([src])').length")).toBe(0);
    expect(problems()).toEqual([]);
  });

  it('is used by keyboard: palette, help, jumps, back', async () => {
    const page = await open({}, '#/overview');
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Commands' });
    await palette.getByRole('combobox').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.keyboard.type('theme dark');
    await page.keyboard.press('Enter');
    await palette.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');

    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await help.getByText('Open the command palette').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'frame-shortcuts');
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });

    await page.evaluate("location.hash = '#/nowhere'");
    await page.getByText('There is no such page').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await page.waitForFunction("location.hash === '#/overview'");
    await page.goBack();
    await page.getByText('There is no such page').waitFor();
    expect(problems()).toEqual([]);
  });

  it('skips to the page, and says at every place where the focus is', async () => {
    const page = await open();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN');
  });

  it('says that the engine is gone and why, keeps the page, and comes back by itself', async () => {
    const page = await open({ theme: 'dark' });
    engine.drop({ isAway: true });
    const bar = page.getByRole('alert');
    await bar.getByText(/connection to the engine ended|engine does not answer/).waitFor();
    await page.getByRole('status').filter({ hasText: 'No contact' }).first().waitFor();
    await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
    await screenshot(page, 'frame-engine-lost');
    expect(await axeViolations(page)).toEqual([]);
    // Pressed while it is away: once it is back, the bar may go by itself before it is pressed.
    const before = engine.refused;
    await bar.getByRole('button', { name: 'Try again' }).click();
    await vi.waitFor(() => expect(engine.refused).toBeGreaterThan(before), { timeout: 45_000 });
    engine.comeBack();
    await bar.waitFor({ state: 'detached' });
    await page.getByRole('status').filter({ hasText: 'Needs attention' }).first().waitFor();
    expect(engine.calls.filter(({ call }) => call === 'alerts.watch').length).toBeGreaterThanOrEqual(2);
  });
});
