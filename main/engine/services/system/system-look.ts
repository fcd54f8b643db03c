/** Looks at the computer in a process of its own; see system-child.ts. */
import { fork } from 'node:child_process';
import module from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FailureError } from '../../runtime/failure.ts';
import type { SystemReply, SystemTask } from './system-messages.ts';

/** Tools that hang are given up inside after 15 s; this is for the process itself. */
const LONGEST_MS = 60_000;
const HEAP_MEBIBYTES = 256;
const LAST_WORDS_CHARACTERS = 1_000;
const WEEK_MS = 7 * 86_400_000;

/** What came within a week is new: as long as somebody on holiday does not look. */
export function newSince(nowMs: number): number {
  return nowMs - WEEK_MS;
}

/** @throws FailureError `system-look`; the signal's reason once it is aborted */
export async function lookAtSystem<L extends SystemTask['look']>(
  task: SystemTask & { readonly look: L },
  signal?: AbortSignal,
): Promise<Extract<SystemReply, { readonly type: L }>> {
  signal?.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<Extract<SystemReply, { readonly type: L }>>();
  const child = fork(fileURLToPath(new URL('./system-child.ts', import.meta.url)), [], {
    // The signal would open a debugger to every user of this computer.
    execArgv: [`--max-old-space-size=${HEAP_MEBIBYTES}`, '--disable-sigusr1'],
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_CHARACTERS);
  });
  child.on('message', (reply: SystemReply) => {
    if (reply.type === task.look) resolve(reply as Extract<SystemReply, { readonly type: L }>);
    else reject(failed(reply.type === 'failed' ? reply.message : 'it answered something else'));
  });
  child.on('error', (error) => reject(failed(error.message)));
  child.on('close', (code, killer) => reject(failed(lastWords || `it ended with ${killer ?? code}`)));
  const timer = setTimeout(() => reject(failed(`it took longer than ${LONGEST_MS / 1_000} s`)), LONGEST_MS);
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  try {
    child.send(task, () => {});
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
    child.kill('SIGKILL');
  }
}

/** Nothing of the engine's own, and only programs of the system. */
function environment(): NodeJS.ProcessEnv {
  const cache = module.getCompileCacheDir();
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LC_ALL: 'C.UTF-8',
    // The directory has a part for the version of Node at its end, which Node appends itself.
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) }),
  };
}

function failed(why: string): FailureError {
  const hint = 'Try again; the log says more where the engine runs.';
  return new FailureError({ code: 'system-look', message: `The computer could not be looked at: ${why}.`, hint });
}
