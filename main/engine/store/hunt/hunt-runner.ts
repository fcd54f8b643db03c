import { Worker } from 'node:worker_threads';
import { FailureError } from '../../runtime/failure.ts';
import { workerEnvironment } from '../../runtime/worker-environment.ts';
import type { DamagedRow } from '../damaged-rows.ts';
import type { HuntReply, HuntTask } from './messages.ts';
import { LONGEST_SEARCH_MS } from './pace.ts';

/** Searches that wait for the one before them. */
const MAX_WAITING = 16;
/** A thread that has not answered then never will. */
const LONGEST_ANSWER_MS = LONGEST_SEARCH_MS + 10_000;
/** Without work the thread and its memory are given back. */
const IDLE_MS = 60_000;
const HEAP_MEBIBYTES = 256;

interface Job {
  readonly task: HuntTask['task'];
  readonly stop: SharedArrayBuffer;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (reply: Exclude<HuntReply, { readonly type: 'failed' }>) => void;
  readonly reject: (error: FailureError) => void;
}

/** Hands searches to a thread, one at a time. Close it once. */
export class HuntRunner {
  readonly #path: string;
  readonly #onDamaged: (row: DamagedRow) => void;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param path of the database
   * @param onDamaged is told of rows that the thread could not read
   */
  constructor(path: string, onDamaged: (row: DamagedRow) => void) {
    this.#path = path;
    this.#onDamaged = onDamaged;
  }

  /** @throws FailureError; `cancelled` once the signal is aborted */
  run(task: HuntTask['task'], signal?: AbortSignal): Promise<Exclude<HuntReply, { readonly type: 'failed' }>> {
    return new Promise((resolve, reject) => {
      const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
      const job: Job = { task, stop, signal, resolve, reject };
      if (this.#isClosed || signal?.aborted) reject(CANCELLED());
      else if (this.#waiting.length >= MAX_WAITING) reject(BUSY());
      else {
        signal?.addEventListener('abort', () => this.#cancel(job), { once: true });
        this.#waiting.push(job);
        this.#next();
      }
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const job of this.#waiting.splice(0)) job.reject(CANCELLED());
    this.#current?.reject(CANCELLED());
    this.#current = undefined;
    await this.#endWorker();
  }

  #next(): void {
    if (this.#current !== undefined || this.#isClosed) return;
    const job = this.#waiting.shift();
    clearTimeout(this.#timer);
    if (job === undefined) {
      this.#timer = setTimeout(() => void this.#endWorker(), IDLE_MS).unref();
      return;
    }
    this.#current = job;
    this.#timer = setTimeout(() => this.#died(), LONGEST_ANSWER_MS).unref();
    this.#worker ??= this.#startWorker();
    this.#worker.postMessage({ task: job.task, stop: job.stop } satisfies HuntTask);
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL('./hunt-worker.ts', import.meta.url), {
      workerData: { path: this.#path },
      env: workerEnvironment(),
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEBIBYTES },
    });
    worker.unref();
    worker.on('message', (reply: HuntReply) => this.#replied(worker, reply));
    worker.on('error', () => this.#died(worker));
    worker.on('exit', () => this.#died(worker));
    return worker;
  }

  #replied(worker: Worker, reply: HuntReply): void {
    if (worker !== this.#worker) return;
    if (reply.type === 'events') for (const row of reply.damaged) this.#onDamaged(row);
    const job = this.#current;
    this.#current = undefined;
    if (reply.type === 'failed') job?.reject(new FailureError(reply.failure));
    else job?.resolve(reply);
    this.#next();
  }

  /** What was asked of it fails; the next search gets a new one. */
  #died(worker: Worker | undefined = this.#worker): void {
    if (worker !== this.#worker) return;
    void this.#endWorker();
    const job = this.#current;
    this.#current = undefined;
    job?.reject(DIED());
    this.#next();
  }

  async #endWorker(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    clearTimeout(this.#timer);
    await worker?.terminate();
  }

  #cancel(job: Job): void {
    const at = this.#waiting.indexOf(job);
    if (at >= 0) this.#waiting.splice(at, 1);
    // The thread stops at its next piece, and what it then says is for nobody.
    Atomics.store(new Int32Array(job.stop), 0, 1);
    job.reject(CANCELLED());
  }
}

const CANCELLED = () =>
  new FailureError({ code: 'cancelled', message: 'The search was given up.', hint: 'Run it again if it is wanted.' });
const BUSY = () =>
  new FailureError({
    code: 'hunt-busy',
    message: `${MAX_WAITING} searches wait already.`,
    hint: 'Wait a moment, then run it again.',
  });
const DIED = () =>
  new FailureError({
    code: 'hunt-failed',
    message: 'The search failed and was stopped. Watching was not touched by it.',
    hint: 'Narrow the query down, for example with "since 24h", and run it again.',
  });
