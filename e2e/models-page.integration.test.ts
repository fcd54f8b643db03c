import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PROFILE_PIECE_BYTES } from '../contract/capture-pieces.ts';
import { anomalyStory } from './support/alert-scripts.ts';
import { axeViolations, screenshot } from './support/browser.ts';
import { walkByTab } from './support/keyboard.ts';
import {
  type Moment,
  modelScript,
  modelsAt,
  runningTraining,
  sampleVersion,
  VERSIONS,
} from './support/model-scripts.ts';
import { QuietApp } from './support/quiet-app.ts';
import { sampleScript } from './support/sample-app.ts';
import { SILENCE } from './support/scripted-console.ts';
import { type Opening, ScriptedPages } from './support/scripted-pages.ts';

/** A loaded machine answers late. */
const SOON = { timeout: 45_000 };
const BROKEN = { failure: { code: 'store-failed', message: 'The database cannot be read.', hint: 'Look at Health.' } };
/** Nothing within the page is wider than it. */
const IS_WIDE_ENOUGH = `[...document.querySelectorAll('main, main aside, main section')].every(
  ({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth + 1)`;

const pages = new ScriptedPages();

async function open(
  moment: Moment,
  { hash = 'models', script = {}, ...options }: Opening & { readonly hash?: string } = {},
): Promise<Page> {
  const whole = sampleScript({ ...modelScript(moment), ...script });
  const page = await pages.open(`#/${hash}`, { script: whole, ...options });
  await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
  return page;
}

const inputsOf = (call: string): readonly unknown[] =>
  (pages.engine?.calls ?? []).filter((one) => one.call === call).map(({ input }) => input);
const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const drawer = (page: Page) => page.getByRole('complementary');

/** Both themes and a narrow window: seen, kept as a picture, without barriers, and nothing is cut off. */
async function look(page: Page, name: string): Promise<void> {
  for (const { theme, width } of [
    { theme: 'light', width: 1280 },
    { theme: 'dark', width: 1280 },
    { theme: 'dark', width: 400 },
  ] as const) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 800 });
    await page.waitForTimeout(200);
    await screenshot(page, `${name}-${theme}-${width}`);
    expect(await page.evaluate(IS_WIDE_ENOUGH)).toBe(true);
    const found = await axeViolations(page);
    // The rail scrolls sideways in a narrow window; its links are the frame's to judge.
    expect(found.filter(({ places }) => places.some((place) => !place.includes('href="#/')))).toEqual([]);
  }
  expect(pages.opened?.problems).toEqual([]);
}

describe('each moment of the life of models', () => {
  it.each([
    { moment: 'learning', says: ['63 % of a week has been seen', 'No version yet', 'No version is in use yet'] },
    { moment: 'training', says: ['Fitting: Autoencoder, pass 22 of 50', '1 min 52 s left'] },
    { moment: 'ready', says: ['The last training is done', 'What is seen is like what was learnt.'] },
    { moment: 'drifted', says: ['What is seen is no longer like what was learnt. Train again.', 'bytes received'] },
    { moment: 'failed', says: ['The last training did not work', 'Look at the log, and train again.'] },
  ] as const)('$moment is said in words, in both themes and narrow', async ({ moment, says }) => {
    const page = await open(moment);
    for (const text of says) await page.getByText(text).first().waitFor(SOON);
    await look(page, `models-${moment}`);
  });

  it('shows where things will be, and what went wrong', async () => {
    const waiting = await open('ready', { script: { 'models.list': () => SILENCE } });
    await waiting.getByText('Loading…').first().waitFor({ state: 'attached' });
    await pages.close();
    const page = await open('ready', { script: { 'models.list': () => BROKEN } });
    await page.getByText(BROKEN.failure.message).waitFor();
    await page.getByText(BROKEN.failure.hint).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    const before = inputsOf('models.list').length;
    await page.getByRole('button', { name: 'Try again' }).click();
    await vi.waitFor(() => expect(inputsOf('models.list').length).toBeGreaterThan(before), SOON);
  });

  it('is walked by keyboard, and the focus is always seen', async () => {
    const page = await open('drifted');
    await page.getByRole('figure').first().waitFor(SOON);
    const stops = await walkByTab(page);
    expect(stops.filter(({ isSeen }) => !isSeen)).toEqual([]);
    const names = stops.map(({ what }) => what);
    for (const wanted of ['button Train now…', 'input Anomaly alerts a day', 'table Versions', 'button version 3']) {
      expect(
        names.some((what) => what.startsWith(wanted)),
        `${wanted} in ${names.join(' | ')}`,
      ).toBe(true);
    }
  });

  it('shows hostile text as text', async () => {
    const hostile = `<img src=x onerror="window.pwned=1">\u202Egpj.exe${'A'.repeat(300)}`;
    const version = sampleVersion(3, {
      state: 'active',
      reason: hostile,
      source: hostile,
      digest: hostile,
      groups: [hostile],
    });
    const page = await open('ready', {
      hash: 'models/flow-3',
      script: modelScript('ready', [version]),
    });
    await drawer(page).getByText('<img src=x onerror="window.pwned=1">\\u{202e}gpj.exe').first().waitFor(SOON);
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.evaluate(IS_WIDE_ENOUGH)).toBe(true);
  });
});

describe('training', () => {
  it('asks what is to be learnt, and begins it', async () => {
    const page = await open('ready', { script: { 'models.train': () => runningTraining() } });
    await page.getByRole('button', { name: 'Train now…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Train now' });
    // Programs are not watched: there is nothing to learn from.
    expect(await dialog.getByRole('checkbox', { name: 'Programs' }).isDisabled()).toBe(true);
    await dialog.getByRole('checkbox', { name: 'This computer' }).uncheck();
    await dialog.getByRole('checkbox', { name: 'One-class SVM' }).check();
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'models-train-dialog-light-1280');
    await dialog.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByText('Training has begun.').waitFor(SOON);
    expect(inputsOf('models.train')).toEqual([
      { tables: ['flow'], kinds: ['baseline', 'isolation-forest', 'autoencoder', 'one-class-svm'] },
    ]);
  });

  it('is followed as it goes on, and its end is told', async () => {
    const page = await open('training');
    const card = region(page, 'Training');
    await card.getByText('pass 22 of 50').waitFor(SOON);
    const { learning, budget } = modelsAt('training');
    pages.engine?.emit('models.watch', { learning, budget, training: runningTraining(41) });
    await card.getByText('pass 41 of 50').waitFor(SOON);
    const plot = card.getByRole('figure', { name: 'Error of the autoencoder after each pass' });
    await plot.getByRole('button', { name: 'Show as table' }).click();
    expect(await plot.getByRole('grid').getAttribute('aria-rowcount')).toBe('42');
    const asked = inputsOf('models.list').length;
    pages.engine?.emit('models.watch', { ...modelsAt('ready') });
    await card.waitFor({ state: 'detached', ...SOON });
    await page.getByText('The last training is done').waitFor(SOON);
    // What came of it is in the list of versions, which the stream does not tell.
    await vi.waitFor(() => expect(inputsOf('models.list').length).toBeGreaterThan(asked), SOON);
  });

  it('is cancelled only when a person is sure', async () => {
    const page = await open('training', { script: { 'models.cancel': () => ({}) } });
    await region(page, 'Training').getByRole('button', { name: 'Cancel' }).click();
    const question = page.getByRole('alertdialog', { name: 'Cancel this training?' });
    await question.getByRole('button', { name: 'Cancel', exact: true }).click();
    expect(inputsOf('models.cancel')).toEqual([]);
    await region(page, 'Training').getByRole('button', { name: 'Cancel' }).click();
    await question.getByRole('button', { name: 'Cancel the training' }).click();
    await page.getByText('The training was cancelled. Nothing was changed.').waitFor(SOON);
    expect(inputsOf('models.cancel')).toEqual([{}]);
  });
});

describe('versions', () => {
  const menu = async (page: Page, version: number, item: string): Promise<void> => {
    await page
      .getByRole('button', { name: `Actions for Network traffic, version ${version}` })
      .first()
      .click();
    await page.getByRole('menuitem', { name: item }).click();
  };

  it('are shown in full', async () => {
    const page = await open('ready');
    await page.getByRole('grid', { name: 'Versions: Network traffic' }).getByText('Version 4').click();
    await page.waitForURL(({ hash }) => hash === '#/models/flow-4');
    await drawer(page).getByText('3.1 % of usual rows').first().waitFor(SOON);
    await drawer(page).getByRole('grid', { name: 'Models of TCP' }).getByText('trees 100, sample 256').waitFor(SOON);
    await drawer(page).getByRole('grid', { name: 'What is usual: UDP' }).getByText('5 min 18 s').waitFor(SOON);
    await look(page, 'models-version');
    await page.keyboard.press('Escape');
    await drawer(page).waitFor({ state: 'detached' });
  });

  it('are compared, two of them', async () => {
    const page = await open('ready');
    const grid = page.getByRole('grid', { name: 'Versions: Network traffic' });
    const box = (text: string) =>
      grid
        .getByRole('row')
        .filter({ has: page.getByText(text, { exact: true }) })
        .getByRole('checkbox');
    await box('Version 4').check();
    expect(await page.getByRole('button', { name: 'Select exactly two' }).isDisabled()).toBe(true);
    await box('Version 2').check();
    await page.getByRole('button', { name: 'Compare these two' }).click();
    await drawer(page).getByText('Of 18,000 conversations, 2.1 % are unusual to one of them').waitFor(SOON);
    expect(inputsOf('models.compare')).toEqual([{ first: 'flow-4', second: 'flow-2' }]);
    await look(page, 'models-compare');
  });

  it('are put in use and taken back', async () => {
    const used = (input: { id: string }) => VERSIONS.find(({ id }) => id === input.id) ?? VERSIONS[0];
    const page = await open('ready', { script: { 'models.use': used, 'models.rollback': () => VERSIONS[2] } });
    await menu(page, 4, 'Use…');
    const question = page.getByRole('alertdialog', { name: 'Use Network traffic, version 4?' });
    await question.getByText('whatever the checks said').waitFor();
    await question.getByRole('button', { name: 'Use it' }).click();
    await page.getByText('Network traffic, version 4 is in use.').waitFor(SOON);
    await page.getByRole('button', { name: 'Undo' }).click();
    await vi.waitFor(() => expect(inputsOf('models.use')).toEqual([{ id: 'flow-4' }, { id: 'flow-3' }]), SOON);
    await page.getByRole('button', { name: 'Back to the one before…' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Go back' }).click();
    await page.getByText('Network traffic, version 2 is in use.').waitFor(SOON);
    expect(inputsOf('models.rollback')).toEqual([{ table: 'flow' }]);
  });

  it('are removed after asking, but not the one in use', async () => {
    const page = await open('ready', { script: { 'models.remove': () => ({}) } });
    await page.getByRole('button', { name: 'Actions for Network traffic, version 3' }).click();
    const remove = page.getByRole('menuitem', { name: 'Remove…' });
    expect(await remove.getAttribute('aria-disabled')).toBe('true');
    await page.keyboard.press('Escape');
    await menu(page, 1, 'Remove…');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove it' }).click();
    await vi.waitFor(() => expect(inputsOf('models.remove')).toEqual([{ id: 'flow-1' }]), SOON);
  });

  it('go out as files and come in from files, piece by piece', async () => {
    const bytes = Buffer.alloc(PROFILE_PIECE_BYTES + 4_321, 'profile ');
    const page = await open('ready', {
      script: {
        'models.export': ({ offset }) => ({
          bytes: bytes.length,
          data: bytes.subarray(offset, offset + PROFILE_PIECE_BYTES).toString('base64'),
        }),
        'models.import': ({ offset, data, isLast }) => ({
          receivedBytes: offset + Buffer.from(data, 'base64').length,
          profile: isLast ? VERSIONS[0] : null,
        }),
      },
    });
    const download = page.waitForEvent('download');
    await menu(page, 3, 'Save as a file');
    expect((await download).suggestedFilename()).toBe('holdfast-flow-3.hfmodel');
    expect(readFileSync(await (await download).path()).equals(bytes)).toBe(true);
    await page
      .getByLabel('A file with a version')
      .setInputFiles({ name: 'office.hfmodel', mimeType: 'application/octet-stream', buffer: bytes });
    await page.getByText('It is not in use until you say so.').waitFor(SOON);
    await page.waitForURL(({ hash }) => hash === '#/models/flow-4');
    const sent = inputsOf('models.import') as readonly { offset: number; data: string; isLast: boolean }[];
    expect(sent.map(({ offset, isLast }) => [offset, isLast])).toEqual([
      [0, false],
      [PROFILE_PIECE_BYTES, true],
    ]);
    expect(Buffer.concat(sent.map(({ data }) => Buffer.from(data, 'base64'))).equals(bytes)).toBe(true);
  });

  it('say why a file was refused', async () => {
    const refused = { failure: { code: 'bad-profile', message: 'This is no version.', hint: 'Give another file.' } };
    const page = await open('ready', { script: { 'models.import': () => refused } });
    await page
      .getByLabel('A file with a version')
      .setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no version') });
    await page.getByText('Give another file.').waitFor(SOON);
  });
});

describe('the alerts a day', () => {
  it('are chosen with a preview, set, and set back', async () => {
    const before = [{ path: 'models.alertsPerDay', value: 5 }];
    const page = await open('ready', {
      script: { 'config.set': () => ({ problems: [], applied: ['models.alertsPerDay'], atRestart: [], before }) },
    });
    const card = region(page, 'Alerts a day');
    await card.getByText('At 5 a day, 135 anomalies of the last 30 days would have been shown:').waitFor(SOON);
    const slider = card.getByRole('slider', { name: 'Anomaly alerts a day' });
    await slider.focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    expect(await slider.getAttribute('aria-valuetext')).toBe('3 a day');
    await card.getByText('At 3 a day, 81 anomalies of the last 30 days would have been shown:').waitFor(SOON);
    // What lies between is not asked for.
    expect(inputsOf('models.preview')).not.toContainEqual({ perDay: 4, days: 30 });
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'models-alerts-a-day-light-1280');
    await card.getByRole('button', { name: 'Set to 3 a day' }).click();
    await page.getByText('Set to 3 a day.').waitFor(SOON);
    await page.getByRole('button', { name: 'Undo' }).click();
    await vi.waitFor(
      () =>
        expect(inputsOf('config.set')).toEqual([
          { changes: [{ path: 'models.alertsPerDay', value: 3 }] },
          { changes: before },
        ]),
      SOON,
    );
  });

  it('say why they cannot be changed', async () => {
    const page = await open('ready', { role: 'view' });
    expect(await page.getByRole('slider').isDisabled()).toBe(true);
    for (const name of ['Train now…', 'Back to the one before…', 'Import…']) {
      const button = page.getByRole('button', { name });
      expect(await button.getAttribute('aria-disabled')).toBe('true');
      expect(await button.getAttribute('aria-description')).toContain('needs the role "admin"');
    }
    await page.getByRole('button', { name: 'Train now…' }).click({ force: true });
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
    await screenshot(page, 'models-view-role-light-1280');
  });
});

describe('other pages', () => {
  it('Overview says what has been learnt, with a link', async () => {
    const page = await open('learning', { hash: 'overview' });
    const main = page.getByRole('main');
    await main.getByRole('link', { name: 'learning 20 %', exact: true }).waitFor(SOON);
    await region(page, 'Learnt').getByText('63 %').waitFor(SOON);
    await look(page, 'overview-learning');
    await region(page, 'Learnt').getByRole('link', { name: 'This computer' }).click();
    await page.getByRole('tab', { name: 'This computer', selected: true }).waitFor(SOON);
  });

  it('the story of an anomaly draws each unusual number against what is usual', async () => {
    const story = anomalyStory();
    const page = await open('ready', {
      hash: `alerts/${story.alert.id}`,
      script: {
        'alerts.story': () => story,
        'alerts.list': () => ({ alerts: [story.alert], total: 1, next: null }),
        'flows.list': () => ({ flows: [], next: null }),
      },
    });
    const evidence = drawer(page).getByRole('region', { name: 'Evidence beside what is usual' });
    const plot = (name: RegExp) => evidence.getByRole('img', { name }).waitFor(SOON);
    await plot(
      /^bytes sent: 214 MB, above what is usual, 60 B to 2\.0 MB; 107 times the most .*; drawn in steps of ten$/,
    );
    await plot(
      /^bytes received: 900 B, below what is usual, 20\.0 kB to 61\.0 MB; the least that is usual is 22 times/,
    );
    await plot(/^resets: 3 packets, above what is usual, 0 packets$/);
    await plot(/^packets a second: 420, within what is usual, 1 to 900$/);
    await evidence.scrollIntoViewIfNeeded();
    await look(page, 'alerts-anomaly');
  });
});

describe('a real engine that has only begun', () => {
  let app: QuietApp;
  beforeAll(async () => {
    app = await QuietApp.start();
  }, 90_000);
  afterAll(() => app?.remove());

  it('says what it waits for, and keeps the alerts a day that were chosen', async () => {
    const page = await pages.openAt(await app.link());
    await page.evaluate("location.hash = '#/models'");
    const { learning, budget } = await app.client.request('models.list', {});
    expect(learning.map(({ table }) => table)).toEqual(['flow', 'host', 'process']);
    await region(page, 'Network traffic').getByText(learning[0].detail).waitFor(SOON);
    await page.getByText('No version yet').waitFor(SOON);
    const slider = page.getByRole('slider', { name: 'Anomaly alerts a day' });
    expect(await slider.getAttribute('aria-valuetext')).toBe(`${budget.perDay} a day`);
    await slider.focus();
    await page.keyboard.press('ArrowRight');
    const set = page.getByRole('button', { name: /^Set to / });
    await set.click();
    const perDay = async () => (await app.client.request('models.list', {})).budget.perDay;
    await vi.waitFor(async () => expect(await perDay()).toBeGreaterThan(budget.perDay), SOON);
    await set.waitFor({ state: 'detached', ...SOON });
    await page.getByRole('button', { name: 'Undo' }).click();
    await vi.waitFor(async () => expect(await perDay()).toBe(budget.perDay), SOON);
    await look(page, 'models-real');
  }, 90_000);
});
