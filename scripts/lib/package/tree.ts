/** The program as it is installed: the layout of a checkout, with what runs and nothing else. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RENDERER_FOLDER, readContents, rendererPackages } from './build.ts';
import { BUNDLE_FOLDER } from './bundle-plugin.ts';
import { EXTERNAL, externalPackages } from './external.ts';
import { copyPlaced, copyTree, settle, writePlaced } from './files.ts';
import { carried, noticesText, withDependencies } from './licences.ts';
import type { Plan } from './plan.ts';

/** Files that must be executable; all others must not. */
const EXECUTABLE: ReadonlySet<string> = new Set(['native-helpers/sense/build/sense']);

/** The only part of Holdfast that a computer without a compiler lacks; everything else must be there. */
const OPTIONAL = 'native-helpers/sense/build/sense';

/**
 * Makes plan.tree anew from the built parts.
 *
 * @returns what is not in it, one sentence each
 */
export function stageTree(plan: Plan): readonly string[] {
  const { root, tree, manifest, version } = plan;
  rmSync(tree, { recursive: true, force: true });
  const contents = readContents(root);
  const missing: string[] = [];

  copyTree(join(root, BUNDLE_FOLDER), join(tree, BUNDLE_FOLDER), (place) => place.endsWith('.js'));
  for (const file of contents.files) {
    const from = join(root, file);
    if (file === 'package.json' || file.startsWith(`${RENDERER_FOLDER}`)) continue;
    if (file === OPTIONAL && !existsSync(from)) {
      missing.push('The capture helper could not be built here: the package analyses captures and watches nothing.');
    } else if (EXECUTABLE.has(file)) copyPlaced(from, join(tree, file), { executable: true });
    else copyTree(from, join(tree, file));
  }
  if (existsSync(join(root, RENDERER_FOLDER, 'index.html'))) {
    copyTree(join(root, RENDERER_FOLDER), join(tree, RENDERER_FOLDER), (place) => !place.endsWith('.map'));
  } else {
    missing.push('The page of the console is not built: the package has the command line only.');
  }
  for (const folder of contents.packageFolders) copyTree(join(root, folder), join(tree, folder));
  for (const name of externalPackages(contents.external)) copyExternal(plan, name);

  const runtime = process.platform === 'win32' ? 'node.exe' : 'node';
  copyPlaced(join(root, 'node_modules/node/bin', runtime), join(tree, runtime), { executable: true });
  copyPlaced(join(root, 'assets/linux/launcher.sh'), join(tree, 'holdfast'), { executable: true });
  const { name, description, license } = manifest;
  writePlaced(
    join(tree, 'package.json'),
    `${JSON.stringify({ name, version, description, license, type: 'module' })}\n`,
  );
  copyPlaced(join(root, 'LICENSE'), join(tree, 'LICENSE'));
  writePlaced(join(tree, 'THIRD-PARTY-NOTICES.txt'), notices(plan));
  settle(tree, plan.epoch);
  return missing;
}

function copyExternal({ root, tree, arch }: Plan, name: string): void {
  const external = EXTERNAL[name];
  if (external === undefined) throw new Error(`the bundle leaves ${name} outside: say in EXTERNAL what of it to carry`);
  const place = `node_modules/${name}`;
  copyTree(join(root, place), join(tree, place), (file) => external.wants(file, `${process.platform}-${arch}`));
}

/** Of a place in node_modules. */
const PACKAGE_NAME = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//;

function notices({ root }: Plan): string {
  const modules = join(root, 'node_modules');
  const { packages, external, packageFolders, files } = readContents(root);
  const folders = [...packageFolders, ...files].flatMap((place) => PACKAGE_NAME.exec(place)?.[1] ?? []);
  const page = withDependencies(modules, rendererPackages(root));
  const outside = externalPackages(external).flatMap((name) => [name, ...(EXTERNAL[name]?.holds ?? [])]);
  const names = new Set([...packages, ...outside, ...folders, ...page]);
  return noticesText(
    [...names].map((name) => carried(modules, name)),
    readFileSync(join(root, 'assets/licences/node.txt'), 'utf8'),
  );
}
