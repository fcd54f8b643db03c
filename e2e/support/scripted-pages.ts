/** Pages of the built app before an engine that says what a test tells it to: a browser for the file, a page for each test. */
import { execFileSync } from 'node:child_process';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { Role } from '../../contract/api-roles.ts';
import { PARTS } from '../../scripts/lib/build.mjs';
import { ROOT } from '../../scripts/lib/node24.mjs';
import { launchBrowser, type OpenedPage, type OpenOptions, openPage } from './browser.ts';
import { type Script, type ScriptedConsole, startScriptedConsole } from './scripted-console.ts';

const START_MS = 120_000;

export interface Opening extends OpenOptions {
  readonly script?: Script;
  readonly role?: Role;
}

export class ScriptedPages {
  /** Undefined before the test opened a page. */
  engine: ScriptedConsole | undefined;
  opened: OpenedPage | undefined;
  #browser: Browser | undefined;

  /** Once, where the tests of a file are described: what begins is ended with each test, and with the file. */
  constructor() {
    beforeAll(async () => {
      execFileSync(process.execPath, ['scripts/build.mjs', PARTS[0].name], { cwd: ROOT, stdio: 'pipe' });
      this.#browser = await launchBrowser();
    }, START_MS);
    afterEach(() => this.close());
    afterAll(() => this.#browser?.close());
  }

  /** @param path after the address, with its hash */
  async open(path: string, { script = {}, role, ...options }: Opening = {}): Promise<Page> {
    this.engine = await startScriptedConsole({ script, role });
    return this.openAt(`${this.engine.url}${path}`, options);
  }

  /** A page of somebody else: a real engine's. */
  async openAt(url: string, options: OpenOptions = {}): Promise<Page> {
    if (this.#browser === undefined) throw new Error('there is no browser before the tests begin');
    this.opened = await openPage(this.#browser, url, { size: 'desk', ...options });
    return this.opened.page;
  }

  /** Before another page in the same test. */
  async close(): Promise<void> {
    await this.opened?.close();
    await this.engine?.close();
    this.opened = undefined;
    this.engine = undefined;
  }
}
