/** The node modules: are they what the lock file says, and how they get there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGED_NODE, ROOT } from './node24.mjs';
import { environmentWithoutModules, findProgram, runQuietly } from './programs.mjs';
import { SetupError } from './report.mjs';

/**
 * The part of a lock file that matters here. npm keeps the same shape in node_modules/.package-lock.json for
 * what it installed (https://docs.npmjs.com/cli/configuring-npm/package-lock-json).
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} LockFile
 */

/**
 * Contents are compared rather than times: a checkout gives every file a new time and changes nothing.
 * @param {LockFile} wanted package-lock.json
 * @param {LockFile | undefined} installed node_modules/.package-lock.json
 * @returns {string | undefined} in words, why the modules must be installed
 */
export function whyStale(wanted, installed) {
  if (installed === undefined) return 'none are installed';
  for (const [path, locked] of Object.entries(wanted.packages)) {
    if (path === '') continue; // The project itself.
    const present = installed.packages[path];
    const name = path.replace(/^.*node_modules\//, '');
    if (present === undefined) {
      if (locked.optional) continue; // For another platform.
      return `${name} is missing`;
    }
    if (present.version !== locked.version || present.integrity !== locked.integrity) {
      return `${name} is ${present.version}, the lock file says ${locked.version}`;
    }
  }
  const extra = Object.keys(installed.packages).find((path) => wanted.packages[path] === undefined);
  return extra === undefined ? undefined : `${extra.replace(/^.*node_modules\//, '')} is no longer in the lock file`;
}

/** @returns {string | undefined} in words, why the modules of this tree must be installed */
export function whyModulesStale() {
  const reason = whyStale(
    readLock(join(ROOT, 'package-lock.json')) ?? { packages: {} },
    readLock(join(ROOT, 'node_modules/.package-lock.json')),
  );
  return reason ?? (existsSync(PACKAGED_NODE) ? undefined : 'the packaged Node is missing');
}

/** @throws {SetupError} */
export function installModules() {
  if (findProgram('npm') === undefined) {
    throw new SetupError('there is no npm here; install Node 18 or later with npm (Debian: apt-get install npm)');
  }
  const env = environmentWithoutModules();
  // Development packages too, whatever NODE_ENV says: the right Node is one of them.
  runQuietly('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], env);
  if (!existsSync(PACKAGED_NODE)) {
    // The binary comes by the install script of the `node` package, which a user's npm settings may forbid.
    runQuietly('npm', ['rebuild', 'node', '--ignore-scripts=false', '--loglevel=error'], env);
  }
}

/**
 * @param {string} path
 * @returns {LockFile | undefined} nothing when there is no such file or it was left half written
 */
function readLock(path) {
  try {
    const lock = JSON.parse(readFileSync(path, 'utf8'));
    return typeof lock?.packages === 'object' && lock.packages !== null ? lock : undefined;
  } catch {
    return undefined;
  }
}
