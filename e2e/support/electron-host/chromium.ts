/** Chromium for the host: started with the first window, one page for each. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { app } from './app.ts';
import { record } from './record.ts';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Nothing of a person's browser, and nothing that calls home. */
const SWITCHES = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-port=0',
];

/** The path of a Chromium; undefined where there is none. */
export function findChromium(): string | undefined {
  return PROGRAMS.find((path) => existsSync(path));
}

let started: Promise<BrowserContext> | undefined;

export function browserContext(): Promise<BrowserContext> {
  started ??= start();
  return started;
}

async function start(): Promise<BrowserContext> {
  const folder = join(app.getPath('userData'), 'chromium');
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: findChromium(),
    headless: true,
    args: SWITCHES,
    viewport: null,
    acceptDownloads: true,
    // The app ends by its own signals; Playwright would close the browser under it.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
  record.debuggingPort = Number(readFileSync(join(folder, 'DevToolsActivePort'), 'utf8').split('\n')[0]);
  return context;
}

export async function closeBrowser(): Promise<void> {
  await (await started)?.close();
}
