import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { axeViolations, screenshot } from './support/browser.ts';
import { sampleFlow, sampleScript } from './support/sample-app.ts';
import { sampleStatus } from './support/sample-status.ts';
import { type Script, SILENCE } from './support/scripted-console.ts';
import { type Opening, ScriptedPages } from './support/scripted-pages.ts';

const EMPTY: Script = {
  'hosts.list': () => ({ hosts: [], total: 0 }),
  'flows.watch': () => [{ timeMs: Date.now(), open: 0, isComplete: true, flows: [], gone: [] }],
  'traffic.history': () => ({ stepMs: 60_000, points: [] }),
  'journal.list': () => ({ entries: [], next: null }),
  'traffic.watch': () => [
    {
      timeMs: Date.now(),
      packetsPerSecond: 0,
      bytesPerSecond: 0,
      openFlows: 0,
      history: [],
      windowSeconds: 60,
      talkers: [],
      protocols: [],
      recentFlows: [],
    },
  ],
};

const BROKEN = { failure: { code: 'store-failed', message: 'The database cannot be read.', hint: 'Look at Health.' } };

/** The calls that the pages are made of. */
const ASKED = [
  'status',
  'alerts.list',
  'traffic.history',
  'hosts.list',
  'journal.list',
  'log.recent',
  'tokens.list',
  'config.describe',
] as const;
const everyAnswer = (answer: typeof BROKEN | typeof SILENCE): Script =>
  Object.fromEntries(ASKED.map((name) => [name, () => answer]));

const PAGES = ['overview', 'network?by=host', 'settings', 'settings/tokens', 'activity', 'health'] as const;

/** Breaks out of markup, turns the direction of text, and is long. */
const HOSTILE = `<img src=x onerror="window.pwned=1">\u202Egpj.exe${'A'.repeat(300)}`;

/** Nothing within the page is wider than it: what is long is broken or cut. */
const IS_MAIN_WIDE_ENOUGH = `[...document.querySelectorAll('main, main aside, main section')].every(
  ({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth + 1)`;

const pages = new ScriptedPages();

async function open(hash: string, { script = {}, ...options }: Opening = {}): Promise<Page> {
  const page = await pages.open(`#/${hash}`, { script: sampleScript(script), ...options });
  await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor();
  return page;
}

const nameOf = (hash: string): string => hash.replaceAll(/\W+/g, '-');

describe('where there is nothing', () => {
  it.each([
    { hash: 'overview', says: 'No conversation has ended yet' },
    { hash: 'network', says: 'No conversation is open right now' },
    { hash: 'network?by=host', says: 'No host was seen yet' },
    { hash: 'network?by=destination', says: 'No conversation is open right now' },
    { hash: 'network?by=protocol', says: 'No traffic yet' },
    { hash: 'settings/tokens', says: 'No tokens yet' },
    { hash: 'activity', says: 'Nothing was done yet' },
    { hash: 'health', says: 'Nothing went wrong since the engine started.' },
  ])(
    '$hash says what would be there, in both themes and narrow',
    async ({ hash, says }) => {
      const page = await open(hash, { script: EMPTY });
      await page.getByText(says).first().waitFor();
      await screenshot(page, `empty-${nameOf(hash)}-light-1280`);
      await page.emulateMedia({ colorScheme: 'dark' });
      await page.setViewportSize({ width: 420, height: 800 });
      const words = await page.getByText(says).first().boundingBox();
      expect((words?.x ?? -1) >= 0 && (words?.x ?? 0) + (words?.width ?? 0) <= 420).toBe(true);
      await screenshot(page, `empty-${nameOf(hash)}-dark-420`);
      expect(await axeViolations(page)).toEqual([]);
      expect(pages.opened?.problems).toEqual([]);
    },
    40_000,
  );
});

describe('where the engine has not answered yet', () => {
  it.each(PAGES)(
    '%s shows where things will be',
    async (hash) => {
      const page = await open(hash, { script: everyAnswer(SILENCE) });
      await page.getByText('Loading…').first().waitFor({ state: 'attached' });
      await page.waitForTimeout(300);
      await screenshot(page, `loading-${nameOf(hash)}-light-1280`);
      expect(await axeViolations(page)).toEqual([]);
    },
    90_000,
  );
});

describe('where the engine answers with an error', () => {
  it.each(PAGES)(
    '%s says what happened and what to do, and asks again when told to',
    async (hash) => {
      const page = await open(hash, { script: everyAnswer(BROKEN) });
      await page.getByText(BROKEN.failure.message).first().waitFor();
      await page.getByText(BROKEN.failure.hint).first().waitFor();
      await screenshot(page, `error-${nameOf(hash)}-light-1280`);
      expect(await axeViolations(page)).toEqual([]);
      const before = pages.engine?.calls.length ?? 0;
      await page.getByRole('main').getByRole('button', { name: 'Try again' }).first().click();
      await page.waitForTimeout(200);
      expect(pages.engine?.calls.length).toBeGreaterThan(before);
    },
    90_000,
  );
});

describe('where this window may only look', () => {
  it('there is nothing to press that would be refused, and it is said', async () => {
    const page = await open('settings', { role: 'view' });
    await page.getByText('This window may look at settings, but not change them.').waitFor();
    expect(await page.getByRole('switch').first().isDisabled()).toBe(true);
    await screenshot(page, 'view-only-settings-light-1280');
    await page.evaluate("location.hash = '#/settings/tokens'");
    await page.getByText('Only the role "admin" may see and make tokens.').waitFor();
    await page.evaluate("location.hash = '#/overview'");
    await page.getByText('Nothing needs you').first().waitFor();
    expect(await page.getByRole('button', { name: 'Pause…' }).count()).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
  });
});

describe('where the engine sees little', () => {
  const blind = sampleStatus({
    interfaces: [],
    health: [
      {
        part: 'capture',
        state: 'failed',
        detail: 'Cannot watch eth0: permission denied. Holdfast sees only its own connections.',
        hint: 'Start Holdfast as root, or install the service with "holdfast service install".',
        counters: {},
      },
    ],
  });

  it.each([
    { theme: 'light', size: 'desk' },
    { theme: 'dark', size: 'phone' },
  ] as const)(
    'Overview says what is missing and what to do: $theme, $size',
    async (options) => {
      const page = await open('overview', { script: { ...EMPTY, status: () => blind }, ...options });
      const main = page.getByRole('main');
      await main.getByText('Not protected', { exact: true }).waitFor();
      await main.getByText('Cannot watch eth0: permission denied.').waitFor();
      await main.getByText('Start Holdfast as root').waitFor();
      expect(await main.getByText('Nothing needs you').count()).toBe(0);
      await screenshot(page, `no-privilege-overview-${options.theme}-${options.size}`);
      await page.evaluate("location.hash = '#/network'");
      await main.getByText('No network is watched').waitFor();
      expect(await axeViolations(page)).toEqual([]);
    },
    90_000,
  );
});

describe('hostile text', () => {
  it('is text on every page, wherever it comes from', async () => {
    const status = sampleStatus({
      interfaces: [{ ...sampleStatus().interfaces[0], name: HOSTILE, detail: HOSTILE }],
      health: [{ part: HOSTILE, state: 'failed', detail: HOSTILE, hint: HOSTILE, counters: { [HOSTILE]: 3 } }],
      pause: null,
    });
    const entry = { id: 1, timeMs: Date.now(), hash: HOSTILE };
    const page = await open('overview', {
      script: {
        status: () => status,
        'hosts.list': () => ({
          hosts: [
            {
              address: HOSTILE,
              isOwn: false,
              sentBytes: 1,
              receivedBytes: 1,
              flows: 1,
              firstSeenMs: 1,
              lastSeenMs: 8.7e15,
              isNew: true,
              services: [HOSTILE],
            },
          ],
          total: 1,
        }),
        'flows.watch': () => [
          {
            timeMs: Date.now(),
            open: 1,
            isComplete: true,
            gone: [],
            flows: [
              {
                ...sampleFlow(1),
                id: HOSTILE,
                initiator: HOSTILE,
                responder: HOSTILE,
                service: HOSTILE,
                transport: HOSTILE,
              },
            ],
          },
        ],
        'journal.list': () => ({
          entries: [{ ...entry, actor: HOSTILE, action: HOSTILE, subject: HOSTILE, detail: { [HOSTILE]: HOSTILE } }],
          next: null,
        }),
        'log.recent': () => ({ entries: [{ timeMs: 0, level: 'warn', message: HOSTILE, detail: HOSTILE }] }),
        'tokens.list': () => ({
          tokens: [
            {
              id: HOSTILE,
              name: HOSTILE,
              role: 'view',
              createdMs: 1,
              createdBy: HOSTILE,
              expiresMs: 8.7e15,
              lastUsedMs: null,
            },
          ],
        }),
      },
    });
    for (const hash of [
      'overview',
      'network',
      'network?by=host',
      'network?by=destination',
      'activity',
      'activity/1',
      'health',
      'settings/tokens',
      HOSTILE,
    ]) {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/${hash}`)}`);
      await page.waitForTimeout(400);
      const text = String(await page.evaluate('document.body.textContent + document.title'));
      expect(text, hash).not.toContain('\u202E');
      expect(await page.evaluate("document.querySelectorAll('main img').length"), hash).toBe(0);
      expect(await page.getByText('This page stopped working').count(), hash).toBe(0);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), hash).toBe(true);
      expect(await page.evaluate(IS_MAIN_WIDE_ENOUGH), hash).toBe(true);
      await screenshot(page, `hostile-${nameOf(hash).slice(0, 30)}`);
    }
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(pages.opened?.problems).toEqual([]);
  });
});
