/** `npm start`: makes a fresh clone ready and runs the engine in the foreground, with a live view. */
import { join } from 'node:path';
import { becomeNode24, ROOT } from './lib/node24.mjs';
import { reportTo } from './lib/report.mjs';
import { setUpOrExit } from './lib/setup.mjs';

setUpOrExit(reportTo('setup', process.stderr));
await becomeNode24([join(ROOT, 'bin/holdfast'), 'daemon', '--live', ...process.argv.slice(2)]);
