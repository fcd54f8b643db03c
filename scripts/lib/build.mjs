/**
 * What is built, and whether it is up to date. A part is built from one vite config; it is up to date when it was built
 * after every file that it is made of was last changed.
 */
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * @typedef {object} Part
 * @property {string} name
 * @property {string} config of vite; where there is none the part is left out
 * @property {readonly string[]} outputs files that must be there
 * @property {readonly string[]} inputs files and folders; the config is one as well
 */

const COMMON_INPUTS = ['contract', 'package.json', 'package-lock.json', 'tsconfig.json'];

/** @type {readonly Part[]} */
export const PARTS = [
  {
    name: 'renderer',
    config: 'vite.renderer.config.ts',
    outputs: ['dist/renderer/index.html'],
    inputs: [...COMMON_INPUTS, 'tsconfig.renderer.json', 'renderer', 'assets'],
  },
  {
    name: 'shell',
    config: 'vite.shell.config.ts',
    outputs: ['dist/shell/main.js', 'dist/preload/preload.cjs'],
    inputs: [...COMMON_INPUTS, 'main/shell', 'main/client', 'main/engine', 'preload', 'assets'],
  },
  {
    name: 'engine',
    config: 'vite.engine.config.ts',
    outputs: ['dist/engine/contents.json'],
    inputs: [...COMMON_INPUTS, 'main/engine', 'main/cli', 'main/client', 'scripts/lib/package', 'assets'],
  },
];

/** Kept beside the outputs; its time is when the last build of the part that succeeded began. */
const stampOf = (/** @type {Part} */ part) => join('dist', `.built-${part.name}`);

/** Tests and words about the code change nothing that is built. */
const NOT_BUILT = /\.(test\.tsx?|md)$/;

/**
 * @param {string} root
 * @param {Part} part
 * @returns {boolean}
 */
export function isUpToDate(root, part) {
  const stamp = join(root, stampOf(part));
  if (!existsSync(stamp) || part.outputs.some((output) => !existsSync(join(root, output)))) return false;
  const builtMs = statSync(stamp).mtimeMs;
  return [part.config, ...part.inputs].every((input) => newestBelow(join(root, input)) <= builtMs);
}

/**
 * The latest change of a file, or of anything in a folder; a folder changes when something in it is added or removed.
 * @param {string} path
 * @returns {number} milliseconds since the epoch, 0 where there is nothing
 */
function newestBelow(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return NOT_BUILT.test(path) ? 0 : found.mtimeMs;
  return readdirSync(path).reduce((newest, name) => Math.max(newest, newestBelow(join(path, name))), found.mtimeMs);
}

/**
 * @typedef {'built' | 'up-to-date' | 'not-configured'} Outcome
 */

/**
 * Builds one part where that is needed. Runs under Node 24.
 * @param {string} root
 * @param {Part} part
 * @param {{ isForced?: boolean }} [options]
 * @returns {Promise<Outcome>}
 */
export async function buildPart(root, part, { isForced = false } = {}) {
  if (!existsSync(join(root, part.config))) return 'not-configured';
  if (!isForced && isUpToDate(root, part)) return 'up-to-date';
  const began = new Date();
  // Vite is loaded only where something is built.
  const { createBuilder } = await import('vite');
  const environment = process.env.NODE_ENV;
  // Whoever builds, also a test runner: React's development build is not what people get.
  process.env.NODE_ENV = 'production';
  try {
    // `null`: all environments of a config that names several, else the one that it is.
    const builder = await createBuilder({ configFile: join(root, part.config), logLevel: 'warn' }, null);
    await builder.buildApp();
  } finally {
    if (environment === undefined) delete process.env.NODE_ENV;
    else process.env.NODE_ENV = environment;
  }
  const stamp = join(root, stampOf(part));
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, '');
  // What was changed while it was being built is newer than that.
  utimesSync(stamp, began, began);
  return 'built';
}
