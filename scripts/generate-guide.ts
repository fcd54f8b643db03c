/** `npm run guide`: writes the present tables of the code into docs/user-guide.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { GUIDE_PATH, withTables } from './guide-tables.ts';

const before = readFileSync(GUIDE_PATH, 'utf8');
const after = withTables(before);
if (after !== before) writeFileSync(GUIDE_PATH, after);
process.stdout.write(`docs/user-guide.md ${after === before ? 'was up to date' : 'is up to date now'}\n`);
