/** Hashes many files in some threads. */
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { FailureError } from '../runtime/failure.ts';
import { workerEnvironment } from '../runtime/worker-environment.ts';
import { type Digests, hashFile } from './hash-file.ts';
import type { HashReply, HashTask, HashWorkerData } from './hash-messages.ts';

export interface HashJob {
  readonly path: string;
  /** For sharing the work evenly, in bytes. */
  readonly size: number;
}

export interface HashOptions {
  readonly threads: number;
  readonly wantsMd5: boolean;
  readonly signal: AbortSignal;
  /** Told some times a second. */
  onProgress(files: number, bytes: number): void;
}

/** One message's work: enough that messages cost nothing beside it, little enough that the threads end together. */
const BATCH_FILES = 200;
const BATCH_BYTES = 16 * 1024 * 1024;
const LITTLE_FILES = 64;
const LITTLE_BYTES = 1024 * 1024;
const PROGRESS_MS = 200;
const HEAP_MEBIBYTES = 64;

/** Digests by path. @throws FailureError `integrity-hash`; the signal's reason once it is aborted */
export async function hashFiles(jobs: readonly HashJob[], options: HashOptions): Promise<ReadonlyMap<string, Digests>> {
  const { signal, wantsMd5, onProgress } = options;
  signal.throwIfAborted();
  const digests = new Map<string, Digests>();
  if (isLittle(jobs)) {
    await hashHere(jobs, options, digests);
    return digests;
  }
  const stop = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
  const bytes = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  const batches = batchesOf(jobs);
  const workers: Worker[] = [];
  const abort = (): void => void Atomics.store(new Int32Array(stop), 0, 1);
  signal.addEventListener('abort', abort, { once: true });
  const timer = setInterval(
    () => onProgress(digests.size, Number(Atomics.load(new BigInt64Array(bytes), 0))),
    PROGRESS_MS,
  );
  try {
    const threads = Math.min(options.threads, batches.length);
    await Promise.all(
      Array.from({ length: threads }, () => {
        const worker = startWorker({ stop, bytes });
        workers.push(worker);
        return serve(worker, batches, wantsMd5, digests, signal);
      }),
    );
    onProgress(digests.size, Number(Atomics.load(new BigInt64Array(bytes), 0)));
    return digests;
  } finally {
    abort();
    clearInterval(timer);
    signal.removeEventListener('abort', abort);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Done sooner than a thread is started. */
function isLittle(jobs: readonly HashJob[]): boolean {
  return jobs.length <= LITTLE_FILES && jobs.reduce((sum, { size }) => sum + size, 0) <= LITTLE_BYTES;
}

async function hashHere(
  jobs: readonly HashJob[],
  { wantsMd5, signal, onProgress }: HashOptions,
  digests: Map<string, Digests>,
): Promise<void> {
  let bytes = 0;
  for (const { path } of jobs) {
    signal.throwIfAborted();
    // Somebody may have made it larger since it was looked at: what is too much for this thread is not read on.
    let read = 0;
    const found = hashFile(path, wantsMd5, (count) => {
      read += count;
      return read <= LITTLE_BYTES;
    });
    bytes += read;
    digests.set(path, found);
    onProgress(digests.size, bytes);
    await setImmediate();
  }
}

function startWorker(workerData: HashWorkerData): Worker {
  return new Worker(new URL('./hash-worker.ts', import.meta.url), {
    workerData,
    env: workerEnvironment(),
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEBIBYTES },
  });
}

/** Gives one thread batch after batch until there are no more. */
function serve(
  worker: Worker,
  batches: (readonly HashJob[])[],
  wantsMd5: boolean,
  digests: Map<string, Digests>,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let current: readonly HashJob[] = [];
  const next = (): void => {
    const batch = batches.pop();
    if (signal.aborted) reject(signal.reason);
    else if (batch === undefined) resolve();
    else {
      current = batch;
      worker.postMessage({ paths: batch.map(({ path }) => path), wantsMd5 } satisfies HashTask);
    }
  };
  worker.on('message', (reply: HashReply) => {
    for (const [index, { path }] of current.entries()) {
      const found = reply.digests[index];
      if (found !== undefined) digests.set(path, found);
    }
    next();
  });
  worker.on('error', (error) => reject(crashed(error)));
  worker.on('exit', () => reject(crashed()));
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  next();
  return promise;
}

function crashed(cause?: unknown): FailureError {
  const hint = 'Try again; the memory of the computer may be full.';
  return new FailureError({ code: 'integrity-hash', message: 'The thread that reads files ended.', hint }, cause);
}

/** Large files last in the list, so that they are taken first and no thread is left with one at the end. */
function batchesOf(jobs: readonly HashJob[]): (readonly HashJob[])[] {
  const batches: HashJob[][] = [];
  let batch: HashJob[] = [];
  let bytes = 0;
  for (const job of [...jobs].sort((a, b) => a.size - b.size)) {
    if (batch.length >= BATCH_FILES || (batch.length > 0 && bytes + job.size > BATCH_BYTES)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(job);
    bytes += job.size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
