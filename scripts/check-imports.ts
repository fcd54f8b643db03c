/** Checks who imports whom; says each wrong import with its place and what is allowed. */
import { checkTree } from './check-imports.check.ts';

const { checkedFiles, violations } = checkTree(process.cwd());
for (const { file, line, problem, allowed } of violations) {
  process.stdout.write(`${file}:${line}: ${problem}: ${allowed}\n`);
}
process.stdout.write(`Checked the imports of ${checkedFiles} files: ${violations.length} wrong.\n`);
process.exitCode = violations.length === 0 ? 0 : 1;
