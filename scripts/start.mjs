/**
 * `npm start`: makes a fresh clone ready, builds what people see, and shows it: the desktop app where it can run, else
 * the console in a browser. Both with the live engine.
 */
import { join } from 'node:path';
import { isUpToDate, PARTS } from './lib/build.mjs';
import { desktopCommand, whyNoElectron } from './lib/electron.mjs';
import { become, becomeNode24, needNode24, ROOT } from './lib/node24.mjs';
import { runQuietly } from './lib/programs.mjs';
import { reportTo, SetupError } from './lib/report.mjs';
import { setUpOrExit } from './lib/setup.mjs';

const report = reportTo('setup', process.stderr);
setUpOrExit(report);
const args = process.argv.slice(2);
const whyNot = whyNoElectron();
const parts = whyNot === undefined ? ['renderer', 'shell'] : ['renderer'];
for (const part of PARTS.filter(({ name }) => parts.includes(name))) {
  if (isUpToDate(ROOT, part)) continue;
  try {
    report.step(`building the ${part.name}`, () =>
      runQuietly(needNode24(), [join(ROOT, 'scripts/build.mjs'), part.name]),
    );
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    report.say(error.message);
    process.exit(1);
  }
}
if (whyNot === undefined) {
  const [program, ...words] = desktopCommand(args);
  await become(program, words);
}
process.stderr.write(`${whyNot} So this is the console, in a browser.\n\n`);
const command = join(ROOT, 'bin/holdfast');
// The launcher knows how the engine needs least memory.
if (process.platform === 'linux') await become(command, ['serve', ...args]);
await becomeNode24([command, 'serve', ...args]);
