/** `node scripts/run.mjs FILE.ts ...`: makes a fresh clone ready and runs one file of it under Node 24. */
import { becomeNode24 } from './lib/node24.mjs';
import { reportTo } from './lib/report.mjs';
import { setUpOrExit } from './lib/setup.mjs';

const args = process.argv.slice(2);
if (args.length === 0) {
  process.stderr.write('Usage: node scripts/run.mjs FILE.ts [arguments of the file]\n');
  process.exit(2);
}
// Standard output belongs to the file, which may print a document there.
setUpOrExit(reportTo('setup', process.stderr));
await becomeNode24(args);
