/**
 * Counting what passed: every test of vitest, and every other step as one.
 *
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 */

/** @type {Readonly<Tally>} */
export const PASSED = { passed: 1, failed: 0, skipped: 0 };
/** @type {Readonly<Tally>} */
export const FAILED = { passed: 0, failed: 1, skipped: 0 };
/** @type {Readonly<Tally>} */
export const SKIPPED = { passed: 0, failed: 0, skipped: 1 };

/** @param {readonly Readonly<Tally>[]} tallies */
export function sum(tallies) {
  return tallies.reduce(
    (total, { passed, failed, skipped }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

/**
 * The tally of one run of vitest. A file that could not even be loaded has no tests that failed, and an error
 * outside of a test belongs to none: each still counts as a failure.
 * @param {unknown} report what vitest's JSON reporter wrote (https://vitest.dev/guide/reporters#json-reporter);
 *   anything else when it wrote nothing
 * @param {boolean} exitedWell
 * @returns {Tally}
 */
export function tallyVitest(report, exitedWell) {
  if (typeof report !== 'object' || report === null) return exitedWell ? sum([]) : FAILED;
  /** @type {Record<string, unknown>} */
  const fields = { ...report };
  const files = Array.isArray(fields.testResults) ? fields.testResults : [];
  const unloadable = files.filter((file) => file?.status === 'failed' && file?.assertionResults?.length === 0).length;
  const failed = count(fields.numFailedTests) + unloadable;
  return {
    passed: count(fields.numPassedTests),
    failed: failed === 0 && !exitedWell ? 1 : failed,
    skipped: count(fields.numPendingTests) + count(fields.numTodoTests),
  };
}

/** @param {Tally} tally */
export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/** @param {unknown} value */
function count(value) {
  return typeof value === 'number' ? value : 0;
}
