/** A running engine, started as people start it and looked at from outside. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Status } from '../contract/api-schemas.ts';
import { BenchmarkError } from './benchmark-error.ts';
import { HOLDFAST } from './measure.ts';
import { makeScratch, removeScratch } from './scratch.ts';

const run = promisify(execFile);

/** Linux counts CPU time for user space in hundredths of a second (USER_HZ) on every architecture we support. */
const TICKS_PER_SECOND = 100;
/** Places of utime and stime among the fields that follow the name in parentheses (proc_pid_stat(5)). */
const USER_TICKS = 11;
const SYSTEM_TICKS = 12;
/** On a machine that does other things; on one that does not, a second is enough. */
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 10_000;
const LOOK_INTERVAL_MS = 200;
const PATIENT_ATTEMPTS = 5;

export class Daemon {
  readonly dataDirectory = makeScratch();
  readonly #command: string;
  readonly #child: ChildProcess;
  /** For an end of this process without a stop. */
  readonly #end = (): void => void this.#child.kill('SIGKILL');
  #errors = '';

  /**
   * @param prefix the command before it, such as ['ip', 'netns', 'exec', 'name']
   * @param command the one of the checkout, where left out
   * @param settings as --set takes them: "scan.beforeRun=yes"
   */
  constructor(
    interfaces: readonly string[],
    prefix: readonly string[] = [],
    command = HOLDFAST,
    settings: readonly string[] = [],
  ) {
    this.#command = command;
    const set = settings.flatMap((setting) => ['--set', setting]);
    const args = ['--data-dir', this.dataDirectory, ...set, 'daemon', '--interface', ...interfaces];
    const [file, ...rest] = [...prefix, command, ...args];
    this.#child = spawn(file, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    process.once('exit', this.#end);
  }

  /** The command with which its state is asked for. */
  statusCommand(): readonly string[] {
    return [this.#command, '--data-dir', this.dataDirectory, 'status', '--json'];
  }

  async status(): Promise<Status> {
    const [file, ...args] = this.statusCommand();
    return JSON.parse((await run(file, args)).stdout) as Status;
  }

  /** The same of an engine that is known to run: one that is too busy to answer is asked again. */
  async patientStatus(): Promise<Status> {
    for (let left = PATIENT_ATTEMPTS; left > 1; left--) {
      const status = await this.status().catch(() => undefined);
      if (status !== undefined) return status;
    }
    return this.status();
  }

  /** Waits until it answers and `isReady` is content. */
  async ready(isReady: (status: Status) => boolean = () => true, limitMs = START_LIMIT_MS): Promise<Status> {
    const begun = performance.now();
    for (;;) {
      const status = await this.status().catch(() => undefined);
      if (status !== undefined && isReady(status)) return status;
      if (this.#child.exitCode !== null || performance.now() - begun > limitMs) {
        throw new BenchmarkError(`the engine did not come up: ${this.#errors.trim() || 'no answer'}`);
      }
      await sleep(LOOK_INTERVAL_MS);
    }
  }

  /** User and system time so far of the engine with all its threads, and of its helpers. */
  cpuSeconds(): number {
    const { pid } = this.#child;
    if (pid === undefined) return 0;
    return [pid, ...childrenOf(pid)].reduce((sum, id) => sum + ticksOf(id), 0) / TICKS_PER_SECOND;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#child.once('exit', () => resolve());
      this.#child.kill('SIGTERM');
      const limit = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS);
      await promise.finally(() => clearTimeout(limit));
    }
    process.off('exit', this.#end);
    removeScratch(this.dataDirectory);
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
      return []; // The thread has just ended.
    }
  });
}

function ticksOf(pid: number): number {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return 0; // A child that has just ended.
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[USER_TICKS]) + Number(fields[SYSTEM_TICKS]);
}
