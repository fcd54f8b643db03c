/**
 * `npm test`: makes a fresh clone ready and proves it, step by step, under Node 24. Ends with one line that says
 * how much passed. `npm test -- NAME...` runs only the vitest files whose path contains a name.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needNode24, ROOT } from './lib/node24.mjs';
import { environmentOfNode24, findProgram } from './lib/programs.mjs';
import { reportTo, SetupError, seconds } from './lib/report.mjs';
import { setUp } from './lib/setup.mjs';
import { failed, failuresText, lastLine, PASSED, SKIPPED, sum, tallyVitest } from './lib/tally.mjs';

/** @typedef {import('./lib/tally.mjs').Tally} Tally */

/** A step that hangs is ended and counts as failed; the longest takes some fifteen minutes on two slow cores, and thrice that on busy ones. */
const STEP_LIMIT_MS = 60 * 60 * 1000;

const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {() => string | undefined} [whySkipped] in words, why it cannot run here
 * @property {() => Tally} run
 */

/** @type {readonly Step[]} */
const STEPS = [
  { title: 'lint and format', run: () => runScript('node_modules/@biomejs/biome/bin/biome', ['check', '.']) },
  { title: 'types', run: () => runScript('node_modules/typescript/bin/tsc', ['--noEmit']) },
  {
    title: 'types of the renderer',
    run: () => runScript('node_modules/typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.renderer.json']),
  },
  { title: 'import rules', run: () => runScript('scripts/check-imports.ts', []) },
  // What people see is tested as it was built.
  { title: 'build', run: () => runScript('scripts/build.mjs', []) },
  { title: 'unit and property tests', run: () => runVitest(['--passWithNoTests', '--project', 'unit']) },
  {
    title: 'integration tests',
    whySkipped: whyNoNamespaces,
    // One file after the other: they share the machine's namespaces, ports and helpers.
    run: () => runVitest(['--passWithNoTests', '--project', 'integration', '--no-file-parallelism']),
  },
  {
    title: 'native helper tests',
    whySkipped: whyNoNativeTests,
    run: () => tallyProgram('make', ['--no-print-directory', '-C', 'native-helpers/sense', 'test']),
  },
];

process.chdir(ROOT);
const filters = process.argv.slice(2);
try {
  setUp(reportTo('setup', process.stdout), { forTests: true });
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  finish([failed('setup')], error.message);
}
finish(filters.length > 0 ? [runVitest(filters)] : STEPS.map(runStep));

/**
 * Goes on whatever a step says: a person wants to see all that is wrong at once.
 * @param {Step} step
 * @returns {Tally}
 */
function runStep({ title, whySkipped, run }) {
  const reason = whySkipped?.();
  if (reason !== undefined) {
    process.stdout.write(`\n== ${title}: skipped: ${reason}\n`);
    return SKIPPED;
  }
  process.stdout.write(`\n== ${title}\n`);
  const start = Date.now();
  const tally = run();
  process.stdout.write(`== ${title}: ${tally.failed === 0 ? 'passed' : 'FAILED'} in ${seconds(Date.now() - start)}\n`);
  return tally;
}

/**
 * @param {readonly Tally[]} tallies
 * @param {string} [message]
 * @returns {never}
 */
function finish(tallies, message = '') {
  const total = sum(tallies);
  process.stdout.write(`${message}\n${failuresText(total)}${lastLine(total)}\n`);
  process.exit(total.failed === 0 ? 0 : 1);
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {boolean} whether it ended well
 */
function runProgram(program, args) {
  const { status, error } = spawnSync(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: environmentOfNode24(),
    timeout: STEP_LIMIT_MS,
  });
  if (error !== undefined) process.stdout.write(`${program}: ${error.message}\n`);
  return status === 0;
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 */
function tallyProgram(program, args) {
  return runProgram(program, args) ? PASSED : failed([program, ...args].join(' '));
}

/**
 * @param {string} script
 * @param {readonly string[]} args
 */
function runScript(script, args) {
  return tallyProgram(needNode24(), [join(ROOT, script), ...args]);
}

/**
 * @param {readonly string[]} args
 * @returns {Tally}
 */
function runVitest(args) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  try {
    const file = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const exitedWell = runProgram(needNode24(), [VITEST, 'run', ...reporters, ...args]);
    return tallyVitest(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined, exitedWell);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns {string | undefined} */
function whyNoNamespaces() {
  if (process.getuid?.() !== 0) return 'they need root, for network namespaces and raw sockets';
  const { status } = spawnSync('unshare', ['--net', 'true'], { stdio: 'ignore' });
  return status === 0 ? undefined : 'network namespaces cannot be made here';
}

/** @returns {string | undefined} */
function whyNoNativeTests() {
  if (!existsSync('native-helpers/sense/Makefile')) return 'native-helpers/sense is not in this tree';
  const missing = ['cc', 'make'].filter((name) => findProgram(name) === undefined);
  return missing.length === 0 ? undefined : `there is no ${missing.join(' and no ')} here`;
}
