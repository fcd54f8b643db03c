/** Finding and running the programs of the system. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { PACKAGED_NODE, ROOT } from './node24.mjs';
import { SetupError } from './report.mjs';

/** Where root's programs are; a plain user's PATH often lacks them, yet the tests may look for them there. */
const ADMIN_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/** How much of a failed program's output is shown: the last lines say what went wrong. */
const SHOWN_LINES = 20;

/** Room for what npm, apt-get and a compiler write; more than that ends them. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * @param {string} name
 * @returns {string | undefined} the path of the program
 */
export function findProgram(name) {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...ADMIN_FOLDERS]) {
    if (folder === '') continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/**
 * The environment without the project's own programs, for a step that replaces them: npm must not run on the
 * very Node that it is about to delete.
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentWithoutModules() {
  const inside = join(ROOT, 'node_modules');
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.startsWith(inside));
  return { ...process.env, PATH: folders.join(delimiter) };
}

/**
 * The environment in which `node` is the packaged one, for everything that a test may start.
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentOfNode24() {
  const folders = [dirname(PACKAGED_NODE), process.env.PATH ?? '', ...ADMIN_FOLDERS];
  return { ...process.env, PATH: folders.join(delimiter) };
}

/**
 * Runs a program to its end without showing what it writes.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @throws {SetupError} with the end of its output when it fails
 */
export function runQuietly(program, args, env = process.env) {
  const result = spawnSync(program, args, {
    cwd: ROOT,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (result.status === 0) return;
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}`.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');
  const end = result.error?.message ?? (result.signal ? `ended by ${result.signal}` : `exit code ${result.status}`);
  throw new SetupError(`${program} ${args.join(' ')}: ${end}\n${output}`);
}
