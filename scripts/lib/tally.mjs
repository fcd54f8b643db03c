/**
 * Counting what passed: every test of vitest, and every other step as one.
 *
 * @typedef {{ passed: number, failed: number, skipped: number, failures: readonly string[] }} Tally `failures`: in
 *   words, what failed and what was said of it
 */
import { relative } from 'node:path';

/** What is repeated of one failure: its message, not the whole of a long difference or stack. */
const LINES_SHOWN = 12;
const CHARACTERS_SHOWN = 240;
/** A place in somebody else's code says nothing about what failed. */
const FOREIGN_FRAME = /^\s+at .*(node_modules|<anonymous>|node:)/;

/** @type {Readonly<Tally>} */
export const PASSED = { passed: 1, failed: 0, skipped: 0, failures: [] };
/** @type {Readonly<Tally>} */
export const SKIPPED = { passed: 0, failed: 0, skipped: 1, failures: [] };

/**
 * @param {string} what
 * @returns {Tally}
 */
export function failed(what) {
  return { passed: 0, failed: 1, skipped: 0, failures: [what] };
}

/** @param {readonly Readonly<Tally>[]} tallies */
export function sum(tallies) {
  return tallies.reduce(
    (total, { passed, failed, skipped, failures }) => ({
      passed: total.passed + passed,
      failed: total.failed + failed,
      skipped: total.skipped + skipped,
      failures: [...total.failures, ...failures],
    }),
    { passed: 0, failed: 0, skipped: 0, failures: [] },
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
  if (typeof report !== 'object' || report === null) return exitedWell ? sum([]) : failed('vitest did not start');
  /** @type {Record<string, unknown>} */
  const fields = { ...report };
  const files = Array.isArray(fields.testResults) ? fields.testResults : [];
  const unloadable = files.filter((file) => file?.status === 'failed' && file?.assertionResults?.length === 0);
  const count = countOf(fields.numFailedTests) + unloadable.length;
  const outside = count === 0 && !exitedWell;
  const failures = files.flatMap(failuresIn);
  return {
    passed: countOf(fields.numPassedTests),
    failed: outside ? 1 : count,
    skipped: countOf(fields.numPendingTests) + countOf(fields.numTodoTests),
    failures: outside && failures.length === 0 ? ['an error outside of the tests'] : failures,
  };
}

/** @param {Tally} tally */
export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/**
 * What failed, for the end of the output: of a log of thousands of lines people see the end.
 * @param {Tally} tally
 * @returns {string} empty when nothing failed
 */
export function failuresText({ failures }) {
  return failures.map((failure) => `FAILED: ${failure}\n`).join('');
}

/**
 * @param {any} file one of the reporter's `testResults`
 * @returns {string[]}
 */
function failuresIn(file) {
  const name = relative(process.cwd(), String(file?.name ?? ''));
  const tests = Array.isArray(file?.assertionResults) ? file.assertionResults : [];
  const failed = tests.filter((/** @type {any} */ test) => test?.status === 'failed');
  // It could not be loaded, or failed before or after its tests.
  if (file?.status === 'failed' && failed.length === 0) return [`${name}${said(file?.message)}`];
  return failed.map(
    (/** @type {any} */ test) => `${name} > ${test?.fullName}${said(test?.failureMessages?.join('\n'))}`,
  );
}

/** @param {unknown} message */
function said(message) {
  if (typeof message !== 'string') return '';
  const lines = message.split('\n').filter((line) => line.trim() !== '' && !FOREIGN_FRAME.test(line));
  return lines
    .slice(0, LINES_SHOWN)
    .map((line) => `\n    ${line.slice(0, CHARACTERS_SHOWN)}`)
    .join('');
}

/** @param {unknown} value */
function countOf(value) {
  return typeof value === 'number' ? value : 0;
}
