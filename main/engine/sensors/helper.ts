/** The capture helper `sense`: where it is, whether it may capture, and the pipe between it and a reader. */
import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where `make` puts it. */
export const DEFAULT_HELPER_PATH = fileURLToPath(new URL('../../../native-helpers/sense/build/sense', import.meta.url));

/** Exit codes of sense (native-helpers/sense/src/capture.h). */
export const HELPER_EXIT = { usage: 64, system: 71, output: 74, noRights: 77 } as const;

/** Its short jobs take milliseconds; this is for a machine that swaps. */
const SHORT_JOB_TIMEOUT_MS = 5_000;

export interface CaptureAbility {
  readonly ok: boolean;
  /** One plain sentence. */
  readonly detail: string;
  /** What the person can do; empty when ok. */
  readonly hint: string;
}

export const RIGHTS_HINT = 'Start Holdfast as root, or give the helper this one right: sudo setcap cap_net_raw+ep ';

interface JobResult {
  readonly code: number | null;
  readonly stderr: string;
}

function runHelper(helperPath: string, args: readonly string[]): JobResult {
  const result = spawnSync(helperPath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    timeout: SHORT_JOB_TIMEOUT_MS,
    env: {},
  });
  return { code: result.status, stderr: result.error?.message ?? result.stderr.trim() };
}

/** Whether live capture can begin, and if not, why. Asks the helper itself: it may have rights of its own. */
export function canCapture(helperPath: string = DEFAULT_HELPER_PATH): CaptureAbility {
  try {
    accessSync(helperPath, constants.X_OK);
  } catch {
    return {
      ok: false,
      detail: `The network cannot be watched: the capture helper is not there (${helperPath}).`,
      hint: 'Build it with "make -C native-helpers/sense"; that needs a C compiler and make (Debian: build-essential).',
    };
  }
  const { code, stderr } = runHelper(helperPath, ['check']);
  if (code === 0) return { ok: true, detail: 'The network can be watched.', hint: '' };
  if (code === HELPER_EXIT.noRights) {
    return {
      ok: false,
      detail: 'The network cannot be watched: permission denied.',
      hint: `${RIGHTS_HINT}${helperPath}`,
    };
  }
  return {
    ok: false,
    detail: `The network cannot be watched: ${stderr || `the capture helper ended with code ${code}`}.`,
    hint: 'Build the helper anew with "make -C native-helpers/sense clean all".',
  };
}

/** Both ends of a pipe. Whoever gets an end closes it. */
export interface CapturePipe {
  /** For blocking reads. */
  readonly readFd: number;
  readonly writeFd: number;
}

/**
 * Makes a pipe. Node gives children socket pairs, which hold a fifth of what a pipe can and cost three times as much,
 * and whose reading end belongs to the event loop; see docs/decisions/0002-capture-helper.md. So: a named pipe in a
 * private folder, opened from both sides, and its name removed at once. From then on nothing is left
 * on disk, whatever ends the engine. Throws when the helper is missing or the folder for temporary files cannot be written.
 */
export function openCapturePipe(helperPath: string): CapturePipe {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-capture-'));
  const path = join(folder, 'pipe');
  const opened: number[] = [];
  const open = (flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  try {
    const { code, stderr } = runHelper(helperPath, ['fifo', path]);
    if (code !== 0) throw new Error(stderr || `${helperPath} fifo ended with code ${code}`);
    // Opening one side waits for the other. Only a reader may say that it does not want to wait, but it would
    // then not wait in its reads either: it makes way for one that does.
    const placeholder = open(constants.O_RDONLY | constants.O_NONBLOCK);
    const writeFd = open(constants.O_WRONLY);
    const readFd = open(constants.O_RDONLY);
    closeSync(placeholder);
    opened.length = 0;
    return { readFd, writeFd };
  } finally {
    for (const fd of opened) closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  }
}
