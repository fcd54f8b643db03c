/**
 * Holdfast as packages have it: the bundle, started by their launcher, by a Node of their own. A checkout keeps more
 * source texts in memory, and what it needs of a shared Node depends on how many other programs run that.
 */
import { constants, copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildPart, PARTS } from '../scripts/lib/build.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Builds the bundle where that is needed.
 *
 * @param folder empty, to lay it out in; all but Node only leads back to the checkout
 * @returns the command
 */
export async function layOutInstalled(folder: string): Promise<string> {
  for (const part of PARTS.filter(({ name }) => name === 'engine')) await buildPart(ROOT, part);
  copyFileSync(process.execPath, join(folder, 'node'), constants.COPYFILE_FICLONE);
  symlinkSync(join(ROOT, 'dist'), join(folder, 'dist'));
  const launcher = join(folder, 'holdfast');
  copyFileSync(join(ROOT, 'assets/linux/launcher.sh'), launcher);
  return launcher;
}
