/** A scanning thread that answers, and is replaced where it does not. */
import { Worker } from 'node:worker_threads';
import { FailureError, messageOf } from '../../runtime/failure.ts';
import { workerEnvironment } from '../../runtime/worker-environment.ts';
import type {
  FileIdentity,
  FileVerdict,
  RuleProblemOfScan,
  ScanAnswer,
  ScanRequest,
  ScanWorkerData,
} from './scan-messages.ts';

/** What became of a file: looked at, or not, with the reason in words. */
export type ScanOutcome =
  /** `isChanged`: it is not what was to be looked at only, or not any more. */
  { readonly verdict: FileVerdict; readonly isChanged?: boolean } | { readonly path: string; readonly reason: string };

export interface LoadedYara {
  readonly rules: number;
  readonly problems: readonly RuleProblemOfScan[];
}

/** Beyond the time that a rule may take: unpacking, hashing, a slow disk. */
const PATIENCE_MS = 60_000;
/** The first time it ends it is begun anew at once; then after pauses that double, as each begin compiles all rules. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** One that ran for so long may end as if it were the first time. */
const STEADY_MS = 60_000;

interface Waiting {
  readonly path: string;
  readonly openAt: string | Uint8Array | undefined;
  readonly only: FileIdentity | undefined;
  readonly resolve: (outcome: ScanOutcome) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * One thread with compiled rules. A file that it does not come back from within a minute, or that ends it, is told as
 * not looked at, and the thread is begun anew for the others. `close` ends it.
 */
export class ScanThread {
  readonly #data: ScanWorkerData;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker;
  #ready: Promise<LoadedYara>;
  #nextId = 1;
  #isClosed = false;
  #failuresInARow = 0;
  #begunMs = performance.now();

  constructor(data: ScanWorkerData) {
    this.#data = data;
    [this.#worker, this.#ready] = this.#begin();
  }

  /** Rules that are loaded. @throws FailureError where the thread cannot begin */
  ready(): Promise<LoadedYara> {
    return this.#ready;
  }

  /**
   * Never throws. One file at a time is looked at; more of them wait.
   *
   * @param openAt what opens it where `path` does not: links of /proc are followed, or bytes that are not UTF-8
   * @param only no other file is looked at
   */
  async scan(path: string, openAt?: string | Uint8Array, only?: FileIdentity): Promise<ScanOutcome> {
    const isReady = await this.#ready.then(
      () => true,
      () => false,
    );
    if (!isReady || this.#isClosed) return { path, reason: 'the scanner does not run' };
    return new Promise((resolve) => {
      const id = this.#nextId++;
      const timer = setTimeout(() => this.#giveUp(id), this.#data.timeoutMs + PATIENCE_MS);
      this.#waiting.set(id, { path, openAt, only, resolve, timer });
      const request: ScanRequest = { id, path, ...(openAt !== undefined && { openAt }), ...(only && { only }) };
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker.terminate();
    this.#tellAll('stopped');
  }

  #begin(): [Worker, Promise<LoadedYara>] {
    const worker = new Worker(new URL('./scan-worker.ts', import.meta.url), {
      workerData: this.#data,
      env: workerEnvironment(),
    });
    const ready = new Promise<LoadedYara>((resolve, reject) => {
      worker.on('message', (answer: ScanAnswer) => {
        if (answer.type === 'ready') resolve(answer);
        else this.#answer(answer);
      });
      worker.on('error', (error) => {
        const hint = 'Rules may be too many for the memory there is: name fewer of them with --rules.';
        reject(new FailureError({ code: 'scanner-failed', message: `The scanner ended: ${messageOf(error)}.`, hint }));
      });
      worker.on('exit', () => {
        reject(new FailureError({ code: 'scanner-failed', message: 'The scanner ended.', hint: 'Try it again.' }));
        if (worker === this.#worker && !this.#isClosed) this.#replace('the scanner ended at it');
      });
    });
    // Whoever asks hears of it; nobody needs to.
    ready.catch(() => {});
    return [worker, ready];
  }

  #answer(answer: Exclude<ScanAnswer, { readonly type: 'ready' }>): void {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id);
    clearTimeout(waiting.timer);
    waiting.resolve(
      answer.type === 'verdict'
        ? { verdict: answer.verdict, isChanged: answer.isChanged }
        : { path: waiting.path, reason: answer.reason },
    );
  }

  #giveUp(id: number): void {
    if (!this.#waiting.has(id)) return;
    const hanging = this.#worker;
    this.#replace('it took too long');
    void hanging.terminate();
  }

  /** The first of those that wait is the one that it was at; the others are asked again. */
  #replace(reason: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#beginAgain();
    for (const [index, { path, openAt, only, resolve, timer }] of waiting.entries()) {
      clearTimeout(timer);
      if (index === 0) resolve({ path, reason });
      else void this.scan(path, openAt, only).then(resolve);
    }
  }

  #beginAgain(): void {
    const isSteady = performance.now() - this.#begunMs >= STEADY_MS;
    this.#failuresInARow = isSteady ? 1 : this.#failuresInARow + 1;
    const begin = (): Promise<LoadedYara> => {
      this.#begunMs = performance.now();
      [this.#worker, this.#ready] = this.#begin();
      return this.#ready;
    };
    if (this.#failuresInARow === 1) {
      void begin();
      return;
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failuresInARow - 2), LONGEST_PAUSE_MS);
    this.#ready = new Promise((resolve, reject) => {
      setTimeout(() => {
        if (this.#isClosed) reject(new Error('the scanner was closed'));
        else begin().then(resolve, reject);
      }, pauseMs).unref();
    });
    this.#ready.catch(() => {});
  }

  #tellAll(reason: string): void {
    for (const { path, resolve, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      resolve({ path, reason });
    }
    this.#waiting.clear();
  }
}
