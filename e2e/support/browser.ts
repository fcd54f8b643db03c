/** A real Chromium for tests of what people see: pages of any size and theme, screenshots, and axe. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where screenshots are kept, as output of the tests. */
export const SCREENSHOTS = join(ROOT, 'test-output/screenshots');

export const CHROMIUM = process.env.HOLDFAST_TEST_CHROMIUM ?? '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a browser of its own; `close` ends it. @param executablePath another program that is Chromium */
export function launchBrowser(executablePath: string = CHROMIUM): Promise<Browser> {
  return chromium.launch({ executablePath, headless: true, args: FLAGS });
}

export const SIZES = {
  wide: { width: 1440, height: 900 },
  laptop: { width: 1100, height: 760 },
  desk: { width: 1280, height: 800 },
  narrow: { width: 400, height: 800 },
  phone: { width: 420, height: 800 },
} as const;

export interface OpenOptions {
  readonly theme?: 'light' | 'dark';
  readonly size?: keyof typeof SIZES;
  /** 2: as a page that is zoomed to 200 % is laid out. */
  readonly zoom?: number;
  /** The system's own few colours, as people with low vision choose them. */
  readonly hasForcedColors?: boolean;
}

/** A page that remembers what went wrong in it. */
export interface OpenedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors thrown, errors logged, and what the CSP refused. */
  readonly problems: readonly string[];
  readonly close: () => Promise<void>;
}

/** What a page takes on a machine with much else to do; seconds on a quiet one. */
const BUSY_MS = 60_000;

/** Opens an address in a fresh session. */
export async function openPage(browser: Browser, url: string, options: OpenOptions = {}): Promise<OpenedPage> {
  const { theme = 'light', size = 'wide', zoom = 1, hasForcedColors = false } = options;
  const { width, height } = SIZES[size];
  const context = await browser.newContext({
    viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
    deviceScaleFactor: zoom,
    colorScheme: theme,
    reducedMotion: 'reduce',
    forcedColors: hasForcedColors ? 'active' : 'none',
    // Screenshots of any machine show the same times.
    timezoneId: 'UTC',
    locale: 'en-US',
  });
  context.setDefaultTimeout(BUSY_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  return { page, context, problems, close: () => context.close() };
}

/** Keeps what is seen as `test-output/screenshots/<name>.png`; gives its path. */
export async function screenshot(page: Page, name: string): Promise<string> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const path = join(SCREENSHOTS, `${name}.png`);
  await page.screenshot({ path });
  return path;
}

/** One rule of axe that is broken, with the places. */
export interface AxeViolation {
  readonly id: string;
  readonly impact: string;
  readonly help: string;
  readonly places: readonly string[];
}

let axeSource: string | undefined;

/** What axe finds wrong on the page as it is now (WCAG 2.2 A and AA), the serious and the critical. */
export async function axeViolations(page: Page): Promise<readonly AxeViolation[]> {
  axeSource ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  // Evaluated by the browser's debugger, so that the page's CSP stays as it is.
  await page.evaluate(axeSource);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const found = (await page.evaluate(
    `axe.run(document, { runOnly: { type: 'tag', values: ${JSON.stringify(tags)} }, resultTypes: ['violations'] })
      .then(({ violations }) => violations.map(({ id, impact, help, nodes }) =>
        ({ id, impact: impact ?? '', help, places: nodes.slice(0, 5).map(({ html, failureSummary }) => html.slice(0, 160) + ' ' + failureSummary) })))`,
  )) as readonly AxeViolation[];
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical');
}

/** How smooth something was: what each frame took while `action` ran, in milliseconds. */
export async function frameTimes(page: Page, action: () => Promise<void>): Promise<readonly number[]> {
  await page.evaluate(
    `window.__frames = []; window.__watching = true;
     (function next(before) { requestAnimationFrame((now) => {
       if (before) window.__frames.push(now - before);
       if (window.__watching) next(now);
     }); })(0);`,
  );
  await action();
  return (await page.evaluate('window.__watching = false; window.__frames')) as number[];
}
