/** Builds the parts that packages carry, and tells what is in them. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildPart, PARTS } from '../build.mjs';
import { BUNDLE_FOLDER, type BundleContents, CONTENTS_FILE } from './bundle-plugin.ts';

/** The page of the console, and what the app's window shows. */
export const RENDERER_FOLDER = 'dist/renderer';

/** Parts of scripts/lib/build.mjs that every package carries, and those of the desktop app. */
const CARRIED = ['renderer', 'engine'];
const DESKTOP = ['shell'];

/** @throws Error when a part cannot be built */
export async function buildParts(root: string, { forDesktop }: { readonly forDesktop: boolean }): Promise<void> {
  const names = [...CARRIED, ...(forDesktop ? DESKTOP : [])];
  for (const part of PARTS.filter(({ name }) => names.includes(name))) {
    await buildPart(root, part);
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
