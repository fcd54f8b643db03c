/** `npm run package`: makes a fresh clone ready and builds what people install; see scripts/lib/package/main.ts. */
import { join } from 'node:path';
import { becomeNode24, ROOT } from './lib/node24.mjs';
import { reportTo } from './lib/report.mjs';
import { setUpOrExit } from './lib/setup.mjs';

setUpOrExit(reportTo('setup', process.stderr));
await becomeNode24([join(ROOT, 'scripts/lib/package/main.ts'), ...process.argv.slice(2)]);
