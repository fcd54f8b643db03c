/** `npm run package`: the unpacked program, the headless deb, and where Electron is there the desktop packages. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../node24.mjs';
import { findProgram } from '../programs.mjs';
import { buildParts } from './build.ts';
import { buildDeb, COMPRESSIONS } from './deb.ts';
import { buildDesktop, whyNoDesktop } from './desktop.ts';
import { makePlan } from './plan.ts';
import { stageTree } from './tree.ts';

const USAGE = `Usage: npm run package -- [options]

  --desktop              also the desktop packages of this system, by electron-builder
  --compression <kind>   of the deb: ${COMPRESSIONS.join(', ')} (default xz)
  --version <version>    instead of the one in package.json
  --out <folder>         where packages go (default out)
  --no-build             package what is in dist/ already
`;

const MEGABYTE = 1_000_000;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      desktop: { type: 'boolean', default: false },
      compression: { type: 'string', default: 'xz' },
      version: { type: 'string' },
      out: { type: 'string', default: 'out' },
      'no-build': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const compression = COMPRESSIONS.find((known) => known === values.compression);
  if (compression === undefined) throw new Error(`--compression is one of ${COMPRESSIONS.join(', ')}`);
  const plan = makePlan(ROOT, values.version, resolve(ROOT, values.out));
  if (values.desktop) {
    const why = whyNoDesktop();
    if (why !== undefined) throw new Error(why);
  }
  mkdirSync(plan.out, { recursive: true });
  // Whatever the project's own list of ignored files says.
  writeFileSync(join(plan.out, '.gitignore'), '*\n');

  if (!values['no-build'])
    await step('building the parts', () => buildParts(plan.root, { forDesktop: values.desktop }));
  const missing = await step('laying out the program', () => stageTree(plan));
  for (const sentence of missing) say(sentence);
  say(`${relative(ROOT, plan.tree)}/`);

  if (plan.system !== 'linux') say('The headless package is for Linux only.');
  else if (findProgram('dpkg-deb') === undefined) say('There is no dpkg-deb here: no headless package (Debian: dpkg).');
  else {
    const file = await step('building the headless package', () => buildDeb(plan, compression));
    say(`${relative(ROOT, file)} (${(statSync(file).size / MEGABYTE).toFixed(1)} MB)`);
  }
  if (values.desktop) await step('building the desktop packages', () => buildDesktop(plan));
}

function say(line: string): void {
  process.stdout.write(`package: ${line}\n`);
}

async function step<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  const began = performance.now();
  say(`${what} …`);
  const result = await work();
  say(`${what}: ${((performance.now() - began) / 1_000).toFixed(1)} s`);
  return result;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`package: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
