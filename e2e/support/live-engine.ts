/** The engine as a person starts it, in a network namespace, with everything that it says about alerts. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { vi } from 'vitest';
import type { ApiClient, CallOutput } from '../../contract/api.ts';
import type { Status } from '../../contract/api-schemas.ts';
import type { Alert, AlertKind, HealthEntry } from '../../contract/domain.ts';
import { connectToEngine } from '../../main/client/index.ts';
import packageFile from '../../package.json' with { type: 'json' };
import { HOLDFAST, type Run, runHoldfast, runProgram } from '../holdfast.ts';

export interface LiveEngineOptions {
  readonly dataDirectory: string;
  /** The words before `holdfast`: a namespace, another user. */
  readonly prefix: readonly string[];
  /** The command; that of this checkout, where left out. */
  readonly holdfast?: string;
  /** The words after `holdfast --data-dir DIR daemon`. */
  readonly daemonArguments?: readonly string[];
  /** The user that the engine runs as; whose socket it is. */
  readonly userId?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** What the stream of alerts said, and when. */
export interface HeardAlert {
  readonly change: CallOutput<'alerts.watch'>['change'];
  readonly alert: Alert;
  /** Milliseconds since the epoch. */
  readonly heardMs: number;
}

const START_LIMIT_MS = 60_000;
const OPEN_INTERVAL_MS = 20;
/** For what usually takes milliseconds, on a machine that has much else to do. */
const WAIT_LIMIT_MS = 45_000;

export class LiveEngine {
  readonly dataDirectory: string;
  readonly ended: Promise<Run>;
  readonly heard: HeardAlert[] = [];
  #process: ChildProcess | undefined;
  #client: ApiClient | undefined;

  private constructor(options: LiveEngineOptions) {
    const { dataDirectory, prefix, holdfast = HOLDFAST, daemonArguments = [], environment } = options;
    this.dataDirectory = dataDirectory;
    const command = [...prefix, holdfast, '--data-dir', dataDirectory, 'daemon', ...daemonArguments];
    this.ended = runProgram(command, {
      // Its own process group, so that a test can do what Ctrl-C does: signal all of it.
      detached: true,
      environment,
      onStart: (child) => {
        this.#process = child;
      },
    });
  }

  /** Resolves when the engine answers and every alert from now on will be heard. */
  static async start(options: LiveEngineOptions): Promise<LiveEngine> {
    const engine = new LiveEngine(options);
    try {
      await engine.#listen(options.userId ?? 0);
    } catch (error) {
      await engine.kill();
      throw error;
    }
    return engine;
  }

  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error('the engine was not started');
    return pid;
  }

  async #listen(userId: number): Promise<void> {
    const client = await this.#connect(userId);
    this.#client = client;
    void this.#follow(client);
    // Answered in order: what is asked for after the stream began comes after it.
    await client.request('status', {});
  }

  /** Tries until the engine listens; a killed one before it may have left its sockets. */
  async #connect(userId: number): Promise<ApiClient> {
    let end: Run | undefined;
    void this.ended.then((run) => {
      end = run;
    });
    const target = { directories: [join(this.dataDirectory, 'run')], userId, version: packageFile.version };
    const deadlineMs = Date.now() + START_LIMIT_MS;
    for (;;) {
      try {
        return await connectToEngine(target);
      } catch (error) {
        if (end !== undefined) throw new Error(`the engine ended: ${JSON.stringify(end)}`);
        if (Date.now() > deadlineMs) throw error;
        await sleep(OPEN_INTERVAL_MS);
      }
    }
  }

  async #follow(client: ApiClient): Promise<void> {
    try {
      for await (const { change, alert } of client.watch('alerts.watch', {})) {
        this.heard.push({ change, alert, heardMs: Date.now() });
      }
    } catch {
      // The engine has ended: `ended` tells how.
    }
  }

  async status(): Promise<Status> {
    return this.client.request('status', {});
  }

  /** What the engine can be asked by. */
  get client(): ApiClient {
    if (this.#client === undefined) throw new Error('the engine was not started');
    return this.#client;
  }

  /** A part's line of Health once it is as wanted; throws with the last one when that does not come. */
  async health(part: string, isWanted: (entry: HealthEntry) => boolean, timeout = WAIT_LIMIT_MS): Promise<HealthEntry> {
    let entries: readonly HealthEntry[] = [];
    let found: HealthEntry | undefined;
    const look = async (): Promise<boolean> => {
      entries = (await this.status()).health;
      found = entries.find((entry) => entry.part === part);
      return found !== undefined && isWanted(found);
    };
    try {
      await vi.waitUntil(look, { timeout, interval: 50 });
    } catch {
      throw new Error(`${part} did not become as wanted: ${JSON.stringify(entries)}`);
    }
    return found as HealthEntry;
  }

  /** The first time that an alert of this kind was opened or changed to satisfy, from the number `from` on. */
  async alert(kind: AlertKind, from: number, timeout = WAIT_LIMIT_MS): Promise<HeardAlert> {
    const find = (): HeardAlert | undefined =>
      this.heard.slice(from).find(({ change, alert }) => change === 'opened' && alert.kind === kind);
    try {
      return await vi.waitUntil(find, { timeout, interval: 10 });
    } catch {
      const told = this.heard.slice(from).map(({ change, alert }) => `${change} ${alert.kind} ${alert.title}`);
      throw new Error(`no ${kind} alert; heard: ${told.join('; ') || 'nothing'}`);
    }
  }

  /** The command line against this engine. */
  holdfast(...args: string[]): Promise<Run> {
    return runHoldfast(['--data-dir', this.dataDirectory, ...args]);
  }

  /** What Ctrl-C does: the whole process group gets the signal. Nothing where it has ended already. */
  async interrupt(): Promise<Run> {
    if (this.#process?.exitCode === null && this.#process.signalCode === null) process.kill(-this.pid, 'SIGINT');
    return this.ended;
  }

  /** Pulls the plug. */
  async kill(): Promise<Run> {
    this.#client?.close();
    this.#process?.kill('SIGKILL');
    return this.ended;
  }
}
