/** A scanning thread that answers, and is replaced where it does not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { FailureError, messageOf } from '../../runtime/failure.ts';
import { workerEnvironment } from '../../runtime/worker-environment.ts';
import type {
  FileIdentity,
  FileVerdict,
  RuleProblemOfScan,
  ScanAnswer,
  ScanEnd,
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

/** For the file that is being looked at, or for the rules that are being compiled. */
const END_MS = 1_000;

interface Waiting {
  readonly path: string;
  readonly openAt: string | Uint8Array | undefined;
  readonly only: FileIdentity | undefined;
  readonly resolve: (outcome: ScanOutcome) => void;
  readonly timer: NodeJS.Timeout;
  /** Who was asked. */
  readonly worker: Worker;
}

/**
 * One thread with compiled rules. A file that it does not come back from within a minute, or that ends it, is told as
 * not looked at, and the thread is begun anew for the others. One that is worn goes on until its successor is ready, and
 * ends by itself when it has answered. `close` ends it.
 */
export class ScanThread {
  readonly #data: ScanWorkerData;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker;
  #ready: Promise<LoadedYara>;
  /** All that have not ended: the one that is asked, its successor, and those that only answer what they were asked. */
  readonly #living = new Set<Worker>();
  /** Compiles its rules while the worn one still answers. */
  #successor: Worker | undefined;
  #begun = 0;
  #nextId = 1;
  #isClosed = false;
  #failuresInARow = 0;
  #begunMs = performance.now();

  constructor(data: ScanWorkerData) {
    this.#data = data;
    [this.#worker, this.#ready] = this.#begin();
  }

  /** Threads that it has had, the one of now among them. */
  get begun(): number {
    return this.#begun;
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
      this.#waiting.set(id, { path, openAt, only, resolve, timer, worker: this.#worker });
      const request: ScanRequest = { id, path, ...(openAt !== undefined && { openAt }), ...(only && { only }) };
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#tellAll('stopped');
    const ended = [...this.#living].map((worker) => {
      worker.postMessage('end' satisfies ScanEnd);
      return new Promise((resolve) => worker.once('exit', resolve));
    });
    await Promise.race([Promise.all(ended), sleep(END_MS, undefined, { ref: false })]);
    await Promise.all([...this.#living].map((worker) => worker.terminate()));
  }

  #begin(): [Worker, Promise<LoadedYara>] {
    this.#begun += 1;
    const worker = new Worker(new URL('./scan-worker.ts', import.meta.url), {
      workerData: this.#data,
      env: workerEnvironment(),
    });
    this.#living.add(worker);
    const ready = new Promise<LoadedYara>((resolve, reject) => {
      worker.on('message', (answer: ScanAnswer) => {
        if (answer.type === 'ready') resolve(answer);
        else if (answer.type === 'worn') this.#succeed(worker);
        else this.#answer(answer);
      });
      worker.on('error', (error) => {
        const hint = 'Rules may be too many for the memory there is: name fewer of them with --rules.';
        reject(new FailureError({ code: 'scanner-failed', message: `The scanner ended: ${messageOf(error)}.`, hint }));
      });
      worker.on('exit', () => {
        reject(new FailureError({ code: 'scanner-failed', message: 'The scanner ended.', hint: 'Try it again.' }));
        this.#living.delete(worker);
        if (!this.#isClosed) this.#lose(worker, 'the scanner ended at it');
      });
    });
    // Whoever asks hears of it; nobody needs to.
    ready.catch(() => {});
    return [worker, ready];
  }

  #answer(answer: Extract<ScanAnswer, { readonly id: number }>): void {
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
    const hanging = this.#waiting.get(id)?.worker;
    if (hanging === undefined) return;
    this.#lose(hanging, 'it took too long');
    void hanging.terminate();
  }

  /** Begins the thread that takes over; where it cannot begin, the worn one says so again after its next file. */
  #succeed(worn: Worker): void {
    if (worn !== this.#worker || this.#successor !== undefined || this.#isClosed) return;
    const [worker, ready] = this.#begin();
    this.#successor = worker;
    const takeOver = (): void => {
      this.#successor = undefined;
      // Where the worn one ended meanwhile, another one is asked already.
      const retired = worn === this.#worker ? worn : worker;
      if (retired === worn) [this.#worker, this.#ready, this.#begunMs] = [worker, ready, performance.now()];
      // It ends after what it was asked before. A thread that was ended while it worked took the process with it once.
      retired.postMessage('end' satisfies ScanEnd);
    };
    const giveUp = (): void => {
      this.#successor = undefined;
    };
    ready.then(takeOver, giveUp);
  }

  /** It does not answer any more. The first of those that wait for it is the one that it was at; others are asked again. */
  #lose(worker: Worker, reason: string): void {
    const [first, ...others] = this.#takeWaiting(worker);
    if (worker === this.#worker) this.#beginAgain();
    first?.resolve({ path: first.path, reason });
    this.#askAgain(others);
  }

  /** In the order in which they were asked. */
  #takeWaiting(worker: Worker): Waiting[] {
    const taken: Waiting[] = [];
    for (const [id, waiting] of this.#waiting) {
      if (waiting.worker !== worker) continue;
      this.#waiting.delete(id);
      clearTimeout(waiting.timer);
      taken.push(waiting);
    }
    return taken;
  }

  #askAgain(waiting: readonly Waiting[]): void {
    for (const { path, openAt, only, resolve } of waiting) void this.scan(path, openAt, only).then(resolve);
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
