/** Measures whole processes from outside, as a person with a watch would. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findProgram } from '../scripts/lib/programs.mjs';
import { BenchmarkError } from './benchmark-error.ts';
import { makeScratch, removeScratch } from './scratch.ts';

export interface Usage {
  readonly wallSeconds: number;
  /** User and system time of all its threads and of the children that it waited for. */
  readonly cpuSeconds: number;
  /** Largest resident set. */
  readonly memoryBytes: number;
}

export interface Run {
  readonly usage: Usage;
  /** Standard output, where it was asked for. */
  readonly output: string;
}

export interface RunOptions {
  /** Standard output is thrown away unless this is set. */
  readonly keepOutput?: boolean;
  /** A program that takes longer is ended, and the run fails. */
  readonly limitSeconds?: number;
}

/** The command under test, as people start it. */
export const HOLDFAST = resolve(import.meta.dirname, '../bin/holdfast');

/** Nothing measured here takes a tenth of it on a machine that the project supports. */
const LIMIT_SECONDS = 300;
const KIBIBYTE = 1024;
/** How much of what a failed program said is repeated. */
const SHOWN_CHARACTERS = 500;

/**
 * Runs a command under GNU time, whose child it is: the kernel then accounts for it alone, and not for the
 * memory of the Node that measures.
 *
 * @throws BenchmarkError when it cannot be started, fails, or takes too long
 */
export async function measure(command: readonly string[], options: RunOptions = {}): Promise<Run> {
  const time = findProgram('time');
  if (time === undefined) throw new BenchmarkError('GNU time is not installed (package "time")');
  const { keepOutput = false, limitSeconds = LIMIT_SECONDS } = options;
  const scratch = makeScratch();
  try {
    const usageFile = join(scratch, 'usage');
    const begun = performance.now();
    const child = spawn(time, ['--format=%U %S %M', `--output=${usageFile}`, ...command], {
      stdio: ['ignore', keepOutput ? 'pipe' : 'ignore', 'pipe'],
      // A group of its own, so that ending it ends the program below GNU time too.
      detached: true,
    });
    const group = child.pid === undefined ? undefined : -child.pid;
    const end = (): void => {
      try {
        if (group !== undefined) process.kill(group, 'SIGKILL');
      } catch {
        // Has ended in this very moment.
      }
    };
    const limit = setTimeout(end, limitSeconds * 1000);
    process.once('exit', end);
    let output = '';
    let errors = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors = `${errors}${text}`.slice(-SHOWN_CHARACTERS);
    });
    const { promise, resolve: ended, reject } = Promise.withResolvers<{ code: number | null; wallMs: number }>();
    child.once('error', reject);
    let wallMs = 0;
    child.once('exit', () => {
      wallMs = performance.now() - begun;
    });
    child.once('close', (code) => ended({ code, wallMs }));
    const result = await promise.finally(() => {
      clearTimeout(limit);
      process.off('exit', end);
    });
    if (result.code === null) {
      throw new BenchmarkError(`${command.join(' ')} was ended after ${limitSeconds} s`);
    }
    if (result.code !== 0) {
      throw new BenchmarkError(`${command.join(' ')} failed with code ${result.code}: ${errors.trim()}`);
    }
    const [user, system, kibibytes] = readFileSync(usageFile, 'utf8').trim().split(' ').map(Number);
    return {
      usage: { wallSeconds: result.wallMs / 1000, cpuSeconds: user + system, memoryBytes: kibibytes * KIBIBYTE },
      output,
    };
  } finally {
    removeScratch(scratch);
  }
}
