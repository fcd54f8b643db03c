/**
 * `npm run setup`: makes a fresh clone ready to run. With --for-tests also the system packages of the tests.
 */
import { reportTo } from './lib/report.mjs';
import { setUpOrExit } from './lib/setup.mjs';

setUpOrExit(reportTo('setup', process.stdout), { forTests: process.argv.includes('--for-tests') });
