/** The set-up step with which every command of a fresh clone begins. Does nothing when there is nothing to do. */
import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { installModules, whyModulesStale } from './modules.mjs';
import { ROOT } from './node24.mjs';
import { SetupError } from './report.mjs';
import { buildSense, isSenseOutdated, SENSE_BUILD_FAILED, whySenseCannotBuild } from './sense.mjs';
import { canInstallPackages, installCommand, installPackages, missingPackages } from './system-packages.mjs';

const LOCK = join(ROOT, '.cache/setup.lock');

/**
 * @param {import('./report.mjs').Report} report
 * @param {{ forTests?: boolean }} [options]
 * @throws {SetupError} when the node modules cannot be installed: nothing works without them
 */
export function setUp(report, { forTests = false } = {}) {
  const stale = whyModulesStale() !== undefined;
  const packages = forTests && missingPackages().length > 0;
  const unbuildable = whySenseCannotBuild();
  const outdated = unbuildable === undefined && isSenseOutdated();
  if (stale || packages || outdated) {
    withLock(
      LOCK,
      () => {
        // The packages come first: the compiler is one of them.
        if (packages) provideSystemPackages(report);
        provideModules(report);
        provideSense(report);
      },
      (owner) => report.say(`waiting for the set-up that process ${owner} is doing here`),
    );
  } else if (unbuildable !== undefined) {
    report.say(unbuildable);
  }
}

/** @param {import('./report.mjs').Report} report */
function provideModules(report) {
  const reason = whyModulesStale();
  if (reason !== undefined) report.step(`installing the node modules with npm ci (${reason})`, installModules);
}

/** @param {import('./report.mjs').Report} report */
function provideSense(report) {
  const unbuildable = whySenseCannotBuild();
  if (unbuildable !== undefined) {
    report.say(unbuildable);
  } else if (isSenseOutdated()) {
    attempt(report, 'building native-helpers/sense with make', buildSense, SENSE_BUILD_FAILED);
  }
}

/** @param {import('./report.mjs').Report} report */
function provideSystemPackages(report) {
  const missing = missingPackages();
  if (missing.length === 0) return;
  if (canInstallPackages()) {
    const names = missing.map(({ name }) => name).join(' ');
    attempt(
      report,
      `installing ${names} with apt-get`,
      () => installPackages(missing),
      'not all packages could be installed',
    );
  } else {
    report.say(`the tests use system packages that are missing; to install them, as root: ${installCommand(missing)}`);
  }
  for (const { name, usedFor } of missingPackages()) {
    report.say(`without ${name} these tests are skipped: ${usedFor}`);
  }
}

/**
 * A step that much can be done without: its failure is said and the set-up goes on.
 * @param {import('./report.mjs').Report} report
 * @param {string} what
 * @param {() => void} work
 * @param {string} consequence
 */
function attempt(report, what, work, consequence) {
  try {
    report.step(what, work);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    report.say(`${consequence}\n${error.message}`);
  }
}

/**
 * {@link setUp} for a command: a failure is said and ends the process with exit code 1.
 * @param {import('./report.mjs').Report} report
 * @param {{ forTests?: boolean }} [options]
 */
export function setUpOrExit(report, options) {
  try {
    setUp(report, options);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    report.say(error.message);
    process.exit(1);
  }
}
