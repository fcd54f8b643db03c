/** Builds the parts that packages carry, always anew: what is shipped is what stands in the tree. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLE_FOLDER, type BundleContents, CONTENTS_FILE } from './bundle-plugin.ts';

/** The page of the console, and what the app's window shows. */
export const RENDERER_FOLDER = 'dist/renderer';

interface Part {
  readonly name: string;
  readonly config: string;
  readonly isDesktop?: boolean;
}

const PARTS: readonly Part[] = [
  { name: 'renderer', config: 'vite.renderer.config.ts' },
  { name: 'engine', config: 'vite.engine.config.ts' },
  { name: 'shell', config: 'vite.shell.config.ts', isDesktop: true },
  { name: 'preload', config: 'vite.preload.config.ts', isDesktop: true },
];

/** @throws Error when a part cannot be built */
export function buildParts(root: string, { forDesktop }: { readonly forDesktop: boolean }): void {
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  for (const { name, config, isDesktop } of PARTS) {
    if ((isDesktop && !forDesktop) || !existsSync(join(root, config))) continue;
    const { status } = spawnSync(process.execPath, [vite, 'build', '--config', config, '--logLevel', 'warn'], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    if (status !== 0) throw new Error(`the ${name} could not be built`);
  }
}

export function readContents(root: string): BundleContents {
  return JSON.parse(readFileSync(join(root, BUNDLE_FOLDER, CONTENTS_FILE), 'utf8')) as BundleContents;
}

/** Packages that the sources of the renderer import; its bundle holds no more than these and what they need. */
export function rendererPackages(root: string): readonly string[] {
  const folder = join(root, 'renderer');
  if (!existsSync(folder)) return [];
  const found = new Set<string>();
  for (const place of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(tsx?|css)$/.test(place) || /\.test\.tsx?$/.test(place)) continue;
    for (const [, name] of readFileSync(join(folder, place), 'utf8').matchAll(BARE_IMPORT)) found.add(name);
  }
  return [...found].sort();
}

const BARE_IMPORT = /(?:from|import|@import)\s*\(?\s*['"]((?:@[\w.-]+\/)?[\w][\w.-]*)(?:\/[^'"]*)?['"]/g;
