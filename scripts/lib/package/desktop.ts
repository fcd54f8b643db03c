/** The desktop packages, by electron-builder from electron-builder.yml. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findElectron } from '../electron.mjs';
import { documents } from './documents.ts';
import { writePlaced } from './files.ts';
import type { Plan } from './plan.ts';

/** What the app's window shows and what opens it; built by scripts/build.mjs. */
const NEEDED = ['dist/shell/main.js', 'dist/preload/preload.cjs', 'dist/renderer/index.html'];

/** Where electron-builder.yml looks for them. */
const DOCUMENTS = 'out/documents';

/** Why the desktop packages cannot be built here, in words; undefined when they can. */
export function whyNoDesktop(electron: string | undefined = findElectron()): string | undefined {
  if (electron !== undefined) return undefined;
  return (
    'Electron’s own program is not here, so that no desktop package can be built: it is not part of its npm package. ' +
    '"npx install-electron" fetches it. The other packages need none of it.'
  );
}

/** @throws Error when a part is not built, or electron-builder fails; it says why itself */
export function buildDesktop(plan: Plan): void {
  const { root, version, arch, system } = plan;
  const missing = NEEDED.filter((file) => !existsSync(join(root, file)));
  if (missing.length > 0) throw new Error(`not built: ${missing.join(', ')}; "node scripts/build.mjs" builds them`);
  for (const { name, content } of documents(plan)) writePlaced(join(root, DOCUMENTS, name), content);
  const builder = join(root, 'node_modules/electron-builder/cli.js');
  const args = [builder, `--${system}`, `--${arch}`, '--publish', 'never', `-c.extraMetadata.version=${version}`];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error('electron-builder could not build the desktop packages');
}
