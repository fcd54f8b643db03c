/** The native helper `sense`: is its build newer than its sources, and how it is built. */
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './node24.mjs';
import { findProgram, runQuietly } from './programs.mjs';
import { SetupError } from './report.mjs';

const FOLDER = join(ROOT, 'native-helpers/sense');
const BINARY = join(FOLDER, 'build/sense');

/** What cannot be done without it, for the person who reads the line. */
const CONSEQUENCE = 'live capture will not work; analysing capture files does';

/**
 * @param {number | undefined} builtAtMs when the product was built
 * @param {readonly number[]} changedAtMs when each source was last changed
 */
export function isOutdated(builtAtMs, changedAtMs) {
  return builtAtMs === undefined || changedAtMs.some((time) => time > builtAtMs);
}

/** @returns {string | undefined} in words, why the helper cannot be built here */
export function whySenseCannotBuild() {
  if (!existsSync(join(FOLDER, 'Makefile'))) return `native-helpers/sense is not in this tree: ${CONSEQUENCE}`;
  const missing = ['cc', 'make'].filter((name) => findProgram(name) === undefined);
  if (missing.length === 0) return undefined;
  return (
    `native-helpers/sense needs ${missing.join(' and ')}: ${CONSEQUENCE} ` +
    '(Debian or Ubuntu: apt-get install gcc make libc6-dev)'
  );
}

export function isSenseOutdated() {
  const builtAtMs = statSync(BINARY, { throwIfNoEntry: false })?.mtimeMs;
  return isOutdated(builtAtMs, changeTimes(FOLDER));
}

/** @throws {SetupError} with the compiler's words */
export function buildSense() {
  runQuietly('make', ['--silent', '-C', FOLDER]);
  if (!existsSync(BINARY)) throw new SetupError(`make did not build ${BINARY}`);
  // make leaves the binary as it is when only a file changed that does not go into it, such as a test.
  const now = new Date();
  utimesSync(BINARY, now, now);
}

/** The line for a build that failed. */
export const SENSE_BUILD_FAILED = `native-helpers/sense could not be built: ${CONSEQUENCE}`;

/**
 * @param {string} folder
 * @returns {number[]}
 */
function changeTimes(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'build' ? [] : changeTimes(path);
    return /(^Makefile|\.[chS]|\.mk)$/.test(entry.name) ? [statSync(path).mtimeMs] : [];
  });
}
