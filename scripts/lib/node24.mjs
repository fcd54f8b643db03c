/**
 * The Node that the project runs on. better-sqlite3 crashes on Node 20 and TypeScript runs as it is from
 * Node 24 on, so an entry point that was started by an older Node goes on under the right one.
 * Plain JavaScript for any Node from 18 on, without dependencies.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Where the `node` package puts its binary. */
export const PACKAGED_NODE = join(ROOT, 'node_modules/node/bin/node');

const OLDEST_MAJOR = 24;

/**
 * Signals that a person or a supervisor sends to the program that was started, which they believe to be the
 * engine itself.
 * @type {readonly NodeJS.Signals[]}
 */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** @param {string} version as in `process.versions.node` */
export function isNewEnough(version) {
  return Number.parseInt(version, 10) >= OLDEST_MAJOR;
}

/** @returns {string | undefined} the path of a Node 24 or later */
export function findNode24() {
  if (existsSync(PACKAGED_NODE)) return PACKAGED_NODE;
  return isNewEnough(process.versions.node) ? process.execPath : undefined;
}

/** @returns {string} like {@link findNode24}, or says what to do and ends with exit code 1 */
export function needNode24() {
  const node = findNode24();
  if (node !== undefined) return node;
  process.stderr.write(
    `Holdfast needs Node ${OLDEST_MAJOR} and this is Node ${process.versions.node}: ` +
      `run "npm run setup" in ${ROOT}, which installs the right one beside the project.\n`,
  );
  process.exit(1);
}

/**
 * Goes on as `node ...args` under Node 24, in the same terminal, with the same input and output. Where the
 * process cannot be replaced it waits and ends as its child ends: with the same exit code, or by the same signal.
 * @param {readonly string[]} args
 * @returns {Promise<never>}
 */
export async function becomeNode24(args) {
  return become(needNode24(), args);
}

/**
 * Goes on as another program; see {@link becomeNode24}.
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<never>}
 */
export async function become(program, args) {
  // npm repeats a Ctrl-C that the terminal has already delivered; staying in between keeps the second one away.
  const underNpm = process.env.npm_lifecycle_event !== undefined;
  if (!underNpm && typeof process.execve === 'function') {
    process.execve(program, [program, ...args], process.env);
  }
  const { code, signal } = await runForeground(program, args);
  if (signal !== null) {
    for (const name of FORWARDED_SIGNALS) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  }
  process.exit(code ?? 128 + constants.signals[signal ?? 'SIGTERM']);
}

/**
 * Runs a program in the foreground and waits for its end.
 *
 * Ctrl-C reaches every process of the terminal's foreground group, the child too, and npm repeats it: then only
 * waiting is right. Without a terminal the signal was meant for this process alone and is handed on.
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
function runForeground(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit' });
    const hasTerminal = Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
    for (const name of FORWARDED_SIGNALS) {
      process.on(name, () => {
        if (name !== 'SIGINT' || !hasTerminal) child.kill(name);
      });
    }
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}
