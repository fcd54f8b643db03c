/** `node scripts/build.mjs [PART…] [--force]`: builds the named parts, or all, where they are not up to date. */
import { fileURLToPath } from 'node:url';
import { buildPart, PARTS } from './lib/build.mjs';
import { becomeNode24, isNewEnough, ROOT } from './lib/node24.mjs';
import { seconds } from './lib/report.mjs';

const args = process.argv.slice(2);
if (!isNewEnough(process.versions.node)) await becomeNode24([fileURLToPath(import.meta.url), ...args]);

const names = args.filter((arg) => arg !== '--force');
const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  process.stderr.write(`There is no part "${unknown.join('", "')}": ${PARTS.map(({ name }) => name).join(', ')}.\n`);
  process.exit(2);
}

const WORDS = { built: 'built', 'up-to-date': 'up to date', 'not-configured': 'left out, it has no vite config yet' };

for (const part of PARTS.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const start = Date.now();
  try {
    const outcome = await buildPart(ROOT, part, { isForced: args.includes('--force') });
    const time = outcome === 'built' ? ` in ${seconds(Date.now() - start)}` : '';
    process.stdout.write(`build: ${part.name}: ${WORDS[outcome]}${time}\n`);
  } catch (error) {
    process.stderr.write(`build: ${part.name}: failed\n${error instanceof Error ? error.message : error}\n`);
    process.exitCode = 1;
  }
}
