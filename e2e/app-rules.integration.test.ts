/**
 * The page "Rules" in a real browser with a real engine: what is loaded, a file of rules taken in with its errors by
 * line, read, switched off and on again and removed; a text checked; a list of indicators.
 */
import { execFileSync } from 'node:child_process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RuleRow } from '../contract/api-rules.ts';
import { PARTS } from '../scripts/lib/build.mjs';
import { ROOT } from '../scripts/lib/node24.mjs';
import { axeViolations, launchBrowser, type OpenedPage, openPage, SIZES, screenshot } from './support/browser.ts';
import { QuietApp } from './support/quiet-app.ts';

/** A loaded machine answers late. */
const SOON = { timeout: 45_000 };
const ID = '6a4c1f0e-9f5b-4a8e-8d5f-2c0d4f6f0b11';
/** Right-to-left override: what follows would be read backwards. */
const OVERRIDE = '\u202e';
const FILE = 'house-rules.yml';
const SIGMA = `title: Kettle was boiled
id: ${ID}
description: Somebody boiled the <b>kettle</b>. ${OVERRIDE}
level: high
tags: [attack.t1059.004]
logsource: { category: process_creation, product: linux }
detection:
  selection: { Image|endswith: /kettle }
  condition: selection
---
title: Broken
logsource: { category: process_creation, product: linux }
detection:
  selection: { Image|endswiths: /pot }
  condition: selection
`;
const LIST = 'tea.txt';
const VALUES = '203.0.113.77\nbad.example.net\nwhat is this supposed to be\n';
const YARA = 'rule Fine { condition: true }\nrule Broken {\n  condition: nonsense\n}\n';

describe('the page of rules', { timeout: 90_000 }, () => {
  let browser: Browser;
  let app: QuietApp;
  let opened: OpenedPage;
  let page: Page;

  beforeAll(async () => {
    execFileSync(process.execPath, ['scripts/build.mjs', PARTS[0].name], { cwd: ROOT, stdio: 'pipe' });
    [browser, app] = await Promise.all([launchBrowser(), QuietApp.start()]);
    opened = await openPage(browser, await app.link());
    page = opened.page;
  }, 240_000);

  afterAll(async () => {
    await opened?.close();
    await browser?.close();
    await app?.remove();
  });

  const grid = (name: string) => page.getByRole('grid', { name, exact: true });
  const drawer = () => page.getByRole('complementary');
  const search = () => page.getByRole('searchbox', { name: 'Search title, file, technique' });
  const loaded = async (): Promise<readonly RuleRow[]> => (await app.client.request('rules.list', {})).rules;
  const kettle = async () => (await loaded()).find(({ id }) => id === ID);

  async function go(hash: string): Promise<void> {
    await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
    await page.getByRole('main').getByRole('heading', { level: 1, name: 'Rules' }).waitFor(SOON);
  }

  const give = (name: string, text: string): Promise<void> =>
    page
      .getByLabel('Files of rules or lists of indicators')
      .setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });

  /** Each view is seen, kept as a picture, and has no barriers. */
  async function look(name: string): Promise<void> {
    for (const theme of ['light', 'dark'] as const) {
      for (const size of ['wide', 'narrow'] as const) {
        await page.emulateMedia({ colorScheme: theme });
        await page.setViewportSize(SIZES[size]);
        await page.waitForTimeout(150);
        await screenshot(page, `${name}-${theme}-${size}`);
      }
      const found = await axeViolations(page);
      // The rail scrolls sideways in a narrow window; its links are the frame's to judge.
      expect(found.filter(({ places }) => places.some((place) => !place.includes('href="#/')))).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize(SIZES.wide);
  }

  it('lists the rules of Holdfast, found by their words', async () => {
    await go('#/rules');
    const own = (await loaded()).filter(({ engine }) => engine === 'sigma').length;
    expect(own).toBeGreaterThan(80);
    await vi.waitFor(
      async () => expect(await grid('Sigma rules').getAttribute('aria-rowcount')).toBe(`${own + 1}`),
      SOON,
    );
    await look('rules-sigma');
    await search().fill('T1548.003 sudo');
    await grid('Sigma rules').getByRole('row').filter({ hasText: 'T1548.003' }).first().waitFor(SOON);
    await vi.waitFor(
      async () => expect(Number(await grid('Sigma rules').getAttribute('aria-rowcount'))).toBeLessThan(own / 2),
      SOON,
    );
  });

  it('takes a file in, and says by line what of it cannot be used', async () => {
    await go('#/rules');
    await give(FILE, SIGMA);
    const card = page.getByRole('region', { name: 'Importing' });
    await card.getByText('1 rule in force, 1 problem:').waitFor(SOON);
    await card.getByText(/Line 1[0-9]/).waitFor(SOON);
    expect(await kettle()).toMatchObject({ isOwn: false, isEnabled: true, file: FILE, severity: 'high' });
    await look('rules-import');
    await card.getByRole('button', { name: `Take ${FILE} off the list` }).click();
    await card.waitFor({ state: 'detached' });
    await page.getByText('1 problem in files of rules.').waitFor(SOON);
    await page.getByRole('button', { name: 'Show by file and line' }).click();
    await drawer()
      .getByText(new RegExp(`${FILE}:1[0-9]`))
      .waitFor(SOON);
  });

  it('shows the text of a rule as text, whatever is in it', async () => {
    await go(`#/rules/sigma:${ID}`);
    await drawer().getByRole('heading', { name: 'Kettle was boiled' }).waitFor(SOON);
    const text = drawer().getByRole('region', { name: `Text of ${FILE}` });
    await text.getByText(`id: ${ID}`).waitFor(SOON);
    const seen = await drawer().innerText();
    expect(seen).toContain('boiled the <b>kettle</b>. \\u{202e}');
    expect(seen).not.toContain(OVERRIDE);
    expect(await text.innerText()).not.toContain('Broken');
    await drawer().getByRole('button', { name: 'Show the whole file' }).click();
    await text.getByText('title: Broken').waitFor();
    await look('rules-rule');
  });

  it('switches it off with a way back', async () => {
    await go(`#/rules?q=kettle`);
    const row = grid('Sigma rules').getByRole('row').filter({ hasText: 'Kettle was boiled' });
    const toggle = row.getByRole('switch', { name: 'Kettle was boiled is on' });
    await toggle.click();
    await page.getByText('“Kettle was boiled” is off.').waitFor(SOON);
    expect((await kettle())?.isEnabled).toBe(false);
    await page.getByRole('button', { name: 'Undo' }).last().click();
    await page.getByText('“Kettle was boiled” is on.').waitFor(SOON);
    await vi.waitFor(async () => expect((await kettle())?.isEnabled).toBe(true), SOON);
  });

  it('runs it over history', async () => {
    await go(`#/rules/sigma:${ID}`);
    await drawer().getByRole('button', { name: 'Run over history' }).click();
    await page.getByRole('main').getByRole('heading', { level: 1, name: 'Hunt' }).waitFor(SOON);
    const rule = page.getByRole('textbox', { name: 'Rule' });
    await vi.waitFor(async () => expect(await rule.inputValue()).toContain(ID), SOON);
  });

  it('removes its file after a question that names it', async () => {
    await go(`#/rules/sigma:${ID}`);
    await drawer().getByRole('button', { name: 'Remove its file…' }).click();
    const question = page.getByRole('alertdialog');
    await question.getByText(`Remove ${FILE}?`).waitFor(SOON);
    await question.getByRole('button', { name: 'Remove it' }).click();
    await page.getByText(`${FILE} was removed.`).waitFor(SOON);
    expect(await kettle()).toBeUndefined();
    await drawer().waitFor({ state: 'detached' });
  });

  it('refuses a file without a good rule, with the line', async () => {
    await go('#/rules?tab=yara');
    await give('broken.yar', 'rule Broken {\n  condition: nonsense\n}\n');
    const card = page.getByRole('region', { name: 'Importing' });
    await card.getByRole('alert').filter({ hasText: 'Line 2' }).waitFor(SOON);
    await card.getByRole('button', { name: 'Take broken.yar off the list' }).click();
  });

  it('checks a text without keeping it', async () => {
    await go('#/rules/check?tab=yara');
    const before = (await loaded()).length;
    await drawer().getByRole('textbox', { name: 'Rule' }).fill(YARA);
    await drawer().getByRole('button', { name: 'Check' }).click();
    await drawer()
      .getByText(/Line 3/)
      .waitFor(SOON);
    await look('rules-check');
    await drawer().getByRole('textbox', { name: 'Rule' }).fill('rule Fine { condition: true }');
    await drawer().getByRole('button', { name: 'Check' }).click();
    await drawer().getByText('1 rule can be used.').waitFor(SOON);
    expect((await loaded()).length).toBe(before);
  });

  it('takes a list of indicators in, knows its values, and removes it', async () => {
    await go('#/rules?tab=indicators');
    await grid('Lists of indicators').getByRole('row').filter({ hasText: 'Built in' }).first().waitFor(SOON);
    await give(LIST, VALUES);
    const card = page.getByRole('region', { name: 'Importing' });
    await card.getByText('2 indicators in force, 1 line that is none:').waitFor(SOON);
    await card.getByRole('button', { name: `Take ${LIST} off the list` }).click();
    await page.getByRole('textbox', { name: 'Check a value' }).fill('203.0.113.77');
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await grid('What the lists know').getByRole('row').filter({ hasText: 'tea' }).waitFor(SOON);
    await look('rules-indicators');
    await grid('Lists of indicators').getByRole('row').filter({ hasText: 'tea' }).getByText('tea').first().click();
    await drawer().getByRole('button', { name: 'Remove…' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove it' }).click();
    await page.getByText(/The list tea.* was removed\./).waitFor(SOON);
    const { lists } = await app.client.request('indicators.list', {});
    expect(lists.filter(({ isOwn }) => isOwn)).toEqual([]);
    expect(opened.problems).toEqual([]);
  });
});
