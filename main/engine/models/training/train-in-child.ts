/**
 * Fits a profile in a process of its own: what training takes (TensorFlow.js, hundreds of megabytes, all of a core)
 * comes and goes with it, and whatever happens there harms nobody else.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import module from 'node:module';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Failure } from '../../../../contract/domain.ts';
import { FailureError } from '../../runtime/failure.ts';
import { MAX_COLUMNS } from '../matrix.ts';
import type { TrainingGroup, TrainingHooks, TrainingJob, TrainingResult } from '../profile-types.ts';
import { type ChildMessage, type JobHead, ROWS_DESCRIPTOR } from './training-messages.ts';

export interface TrainingChildOptions {
  /** Nice value: 19 lets everything else go first; 10 where a person waits for it. */
  readonly priority?: number;
  /** Milliseconds that a run may take. */
  readonly limitMs?: number;
  /** Of physical memory that the process may take. */
  readonly memoryBytes?: number;
  /** Of JavaScript's heap; rows and weights are outside of it. */
  readonly heapMebibytes?: number;
  /** For tests. */
  readonly entry?: URL;
  readonly onStart?: (pid: number) => void;
}

const LOWEST_PRIORITY = 19;
/** Several times what all models take on the most rows on a slow computer that is busy. */
const LONGEST_MS = 2 * 3_600_000;
/** All six models on 200,000 rows of 90 columns stay below half of it. */
const MOST_MEMORY_BYTES = 3_000_000_000;
/** What all models of 20,000 rows leave in it is a tenth. */
const HEAP_MEBIBYTES = 1_024;
const MEMORY_CHECK_MS = 1_000;
/** Between asking the child to end (SIGTERM) and ending it (SIGKILL). */
const GRACE_MS = 1_000;
/** Sent at a time, so that little waits in memory besides the rows themselves. */
const CHUNK_BYTES = 1 << 20;
/** 200,000 rows of 90 columns several times over. */
const MOST_VALUES = 1 << 26;
const LAST_WORDS_CHARACTERS = 2_000;

/**
 * @throws FailureError `training-rows` (they do not do), `training-memory`, `training-too-long`, `training-crashed`;
 *   the signal's reason when it was aborted
 */
export async function trainProfileInChild(
  job: TrainingJob,
  { onProgress, signal }: TrainingHooks,
  options: TrainingChildOptions = {},
): Promise<TrainingResult> {
  signal.throwIfAborted();
  checkSize(job.groups);
  const { entry = new URL('./training-child.ts', import.meta.url) } = options;
  const { promise, resolve, reject } = Promise.withResolvers<TrainingResult>();
  const child = fork(fileURLToPath(entry), [], {
    // The signal would open a debugger to every user of this computer.
    execArgv: [`--max-old-space-size=${options.heapMebibytes ?? HEAP_MEBIBYTES}`, '--disable-sigusr1'],
    env: environment(),
    // A group of its own: Ctrl-C in a terminal reaches the engine, which ends it.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc', 'pipe'],
  });
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARACTERS);
  });
  child.on('message', (message: ChildMessage) => {
    if (message.type === 'progress') onProgress(message.progress);
    else if (message.type === 'done') resolve(message.result);
    else reject(failed(message.isOfRows ? rowsFailure(message.message) : CRASHED, lastWords));
  });
  child.on('error', (error) => reject(failed(CRASHED, error)));
  const { promise: gone, resolve: ended } = Promise.withResolvers<void>();
  child.on('close', (code, killer) => {
    // Node ends itself with SIGABRT where its heap is full; the kernel ends whom it finds with SIGKILL.
    const isMemory = killer === 'SIGABRT' || killer === 'SIGKILL';
    reject(failed(isMemory ? OUT_OF_MEMORY : CRASHED, lastWords || `ended with ${killer ?? code}`));
    ended();
  });
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort);
  const limit = setTimeout(() => reject(failed(TOO_LONG)), options.limitMs ?? LONGEST_MS);
  const watch = setInterval(() => {
    void residentBytes(child.pid).then((bytes) => {
      if (bytes > (options.memoryBytes ?? MOST_MEMORY_BYTES)) reject(failed(OUT_OF_MEMORY));
    });
  }, MEMORY_CHECK_MS);
  try {
    if (child.pid !== undefined) {
      options.onStart?.(child.pid);
      send(child, job, options.priority ?? LOWEST_PRIORITY, reject);
    }
    return await promise;
  } finally {
    clearTimeout(limit);
    clearInterval(watch);
    signal.removeEventListener('abort', abort);
    await end(child, gone);
  }
}

function checkSize(groups: readonly TrainingGroup[]): void {
  let values = 0;
  for (const { rows } of groups) {
    if (rows.data.length !== rows.rows * rows.columns || rows.columns > MAX_COLUMNS) {
      throw new RangeError(`${rows.data.length} values for ${rows.rows} × ${rows.columns}`);
    }
    values += rows.data.length;
  }
  if (values > MOST_VALUES) throw new RangeError(`${values} values to learn from, more than ${MOST_VALUES}`);
}

/** Nothing of the engine's own, which may hold tokens. With the cache of compiled code the child starts sooner. */
function environment(): NodeJS.ProcessEnv {
  const cache = module.getCompileCacheDir();
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    // The directory has a part for the version of Node at its end, which Node appends itself.
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) }),
  };
}

function send(child: ChildProcess, job: TrainingJob, priority: number, onError: (error: unknown) => void): void {
  const { groups, ...rest } = job;
  const head: JobHead = {
    ...rest,
    groups: groups.map(({ group, rows }) => ({ group, rows: rows.rows, columns: rows.columns })),
    priority,
  };
  // What cannot be sent has nobody to take it: how the child ended says more.
  child.send(head, () => {});
  const pipe = child.stdio[ROWS_DESCRIPTOR] as Writable;
  pipe.on('error', () => {});
  void sendRows(pipe, groups).catch(onError);
}

async function sendRows(pipe: Writable, groups: readonly TrainingGroup[]): Promise<void> {
  for (const { rows } of groups) {
    const { buffer, byteOffset, byteLength } = rows.data;
    for (let at = 0; at < byteLength && !pipe.destroyed; at += CHUNK_BYTES) {
      const chunk = new Uint8Array(buffer, byteOffset + at, Math.min(CHUNK_BYTES, byteLength - at));
      await new Promise<void>((written) => pipe.write(chunk, () => written()));
    }
  }
  pipe.end();
}

/** 0 where it cannot be told. */
async function residentBytes(pid: number | undefined): Promise<number> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0; // Ended just now, or a system without /proc: Node's own limit of its heap is left.
  }
}

async function end(child: ChildProcess, gone: Promise<void>): Promise<void> {
  if (child.pid === undefined) return;
  signalGroup(child.pid, 'SIGTERM');
  const kill = setTimeout(() => signalGroup(child.pid!, 'SIGKILL'), GRACE_MS);
  await gone;
  clearTimeout(kill);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}

function failed(failure: Failure, cause?: unknown): FailureError {
  return new FailureError(failure, cause === undefined || cause === '' ? undefined : cause);
}

function rowsFailure(message: string): Failure {
  return {
    code: 'training-rows',
    message: `Nothing can be learnt from these rows: ${message}.`,
    hint: 'Let it watch for longer, or train on more captures.',
  };
}

const OUT_OF_MEMORY: Failure = {
  code: 'training-memory',
  message: 'The training needed more memory than it may have, and was stopped. The models in use are as they were.',
  hint: 'Train fewer kinds of models, or on fewer rows.',
};

const TOO_LONG: Failure = {
  code: 'training-too-long',
  message: 'The training took too long and was stopped. The models in use are as they were.',
  hint: 'Train fewer kinds of models, or on fewer rows, or when the computer has less to do.',
};

const CRASHED: Failure = {
  code: 'training-crashed',
  message: 'The training failed and was stopped. The models in use are as they were.',
  hint: "The engine's log says more; please report this.",
};
