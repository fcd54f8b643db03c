/**
 * The console with an engine of its own that watches nothing: for what is done with captures and stored rows. Needs
 * neither root nor a network.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { ApiClient } from '../../contract/api.ts';
import { connectToEngine } from '../../main/client/index.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { type Run, runHoldfast } from '../holdfast.ts';

const START_LIMIT = { timeout: 40_000, interval: 50 };
/** A name that no interface has: nothing of this machine's traffic is looked at. */
const NO_INTERFACE = 'hf-none';

export class QuietApp {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-quiet-'));
  readonly #ended: Promise<Run>;
  #process: ChildProcess | undefined;
  #client: ApiClient | undefined;
  #text = '';

  private constructor(environment: Readonly<Record<string, string>>) {
    this.#ended = runHoldfast(['--data-dir', this.folder, 'serve', '--port', '0', '--interface', NO_INTERFACE], {
      environment,
      onStart: (child) => {
        this.#process = child;
        child.stdout?.on('data', (text: string) => {
          this.#text += text;
        });
      },
    });
  }

  /** @param environment settings as `HOLDFAST_SECTION__KEY` */
  static async start(environment: Readonly<Record<string, string>> = {}): Promise<QuietApp> {
    const app = new QuietApp(environment);
    try {
      await app.link();
      app.#client = await connectToEngine({
        directories: [join(app.folder, 'run')],
        userId: process.getuid?.() ?? 0,
        version: packageFile.version,
      });
    } catch (error) {
      await app.remove();
      throw error;
    }
    return app;
  }

  /** Straight to the engine, past the console. */
  get client(): ApiClient {
    if (this.#client === undefined) throw new Error('the engine was not started');
    return this.#client;
  }

  /** The printed link, once it is served; it is good once. */
  async link(): Promise<string> {
    let end: Run | undefined;
    void this.#ended.then((run) => {
      end = run;
    });
    return vi.waitUntil(() => {
      if (end !== undefined) throw new Error(`serving ended: ${JSON.stringify(end)}`);
      return this.#text.includes('Ctrl-C') ? this.#text.match(/http:\S+\/enter\?token=\S+/g)?.at(-1) : undefined;
    }, START_LIMIT);
  }

  /** The command line against this engine. */
  holdfast(...args: string[]): Promise<Run> {
    return runHoldfast(['--data-dir', this.folder, ...args]);
  }

  async remove(): Promise<void> {
    this.#client?.close();
    this.#process?.kill('SIGKILL');
    await this.#ended;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
