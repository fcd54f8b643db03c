/**
 * The console as a person uses it who has no desktop app: `holdfast serve` on a computer that is watched (a network
 * namespace), and a browser on that computer.
 */
import type { ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { vi } from 'vitest';
import { HOLDFAST, type Run, runProgram } from '../holdfast.ts';
import { CHROMIUM, launchBrowser } from './browser.ts';
import { LiveNetwork } from './live-network.ts';

/** In a namespace of its own nobody else has it, and an engine that comes back has the same. */
const PORT = 7_470;
const START_LIMIT = { timeout: 40_000, interval: 50 };

export interface ServedAppOptions {
  /** Overrides the settings' file, as `KEY=VALUE` in the environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

export class ServedApp {
  readonly network = new LiveNetwork();
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-app-'));
  readonly url = `http://127.0.0.1:${PORT}`;
  readonly #options: ServedAppOptions;
  #process: ChildProcess | undefined;
  #ended: Promise<Run> | undefined;
  #browser: Browser | undefined;
  #text = '';

  private constructor(options: ServedAppOptions) {
    this.#options = options;
  }

  /** Serves, and has a browser ready. */
  static async start(options: ServedAppOptions = {}): Promise<ServedApp> {
    const app = new ServedApp(options);
    try {
      await app.network.serve();
      app.serve();
      await app.link();
      app.#browser = await launchBrowser(app.#chromiumInside());
    } catch (error) {
      await app.remove();
      throw error;
    }
    return app;
  }

  get browser(): Browser {
    if (this.#browser === undefined) throw new Error('the browser was not started');
    return this.#browser;
  }

  /** The process that serves, which is the engine's own. */
  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('nothing is served');
    return pid;
  }

  /** Starts `holdfast serve`. */
  serve(): void {
    this.#text = '';
    const { inside, pair } = this.network;
    const words = ['--data-dir', this.folder, 'serve', '--port', String(PORT), '--interface', pair.nearInterface];
    this.#ended = runProgram([...inside, HOLDFAST, ...words], {
      environment: this.#options.environment,
      onStart: (child) => {
        this.#process = child;
        child.stdout?.on('data', (text: string) => {
          this.#text += text;
        });
      },
    });
  }

  /** The link that was printed last, once it is served. */
  async link(): Promise<string> {
    let end: Run | undefined;
    void this.#ended?.then((run) => {
      end = run;
    });
    return vi.waitUntil(() => {
      if (end !== undefined) throw new Error(`serving ended: ${JSON.stringify(end)}`);
      return this.#text.includes('Ctrl-C') ? this.#text.match(/http:\S+\/enter\?token=\S+/g)?.at(-1) : undefined;
    }, START_LIMIT);
  }

  /** A link for another browser. */
  async nextLink(): Promise<string> {
    const before = this.#text.length;
    process.kill(this.pid, 'SIGUSR2');
    return vi.waitUntil(() => this.#text.slice(before).match(/http:\S+\/enter\?token=\S+/)?.[0], START_LIMIT);
  }

  /** Runs a program on the watched computer. */
  run(...command: string[]): Promise<Run> {
    return runProgram([...this.network.inside, ...command]);
  }

  /** Pulls the plug of the engine. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#ended;
  }

  /** Ends it as Ctrl-C does. */
  async interrupt(): Promise<void> {
    this.#process?.kill('SIGINT');
    await this.#ended;
  }

  async remove(): Promise<void> {
    await this.#browser?.close();
    await this.kill();
    this.network.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A program that is Chromium, inside of the namespace: Playwright takes one path and no words before it. */
  #chromiumInside(): string {
    const path = join(this.folder, 'chromium-inside');
    writeFileSync(path, `#!/bin/sh\nexec ${this.network.inside.join(' ')} ${CHROMIUM} "$@"\n`);
    chmodSync(path, 0o755);
    return path;
  }
}
