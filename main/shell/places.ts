/** Where the app's own files are, and what it may keep. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project, or the archive of a package: this file is in its dist/shell when it runs. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export const PRELOAD = join(ROOT, 'dist', 'preload', 'preload.cjs');
export const RENDERER = join(ROOT, 'dist', 'renderer');
export const TRAY_ICONS = join(ROOT, 'assets', 'icons', 'tray');

/** The window's icon where the system takes it from no desktop entry. */
export function windowIcon(): string | undefined {
  const path = join(ROOT, 'assets', 'icons', 'holdfast-256.png');
  return existsSync(path) ? path : undefined;
}

/**
 * The app's own folder: preferences, and what Chromium keeps. Not the engine's data folder, which is closed to all
 * that is not the engine's, nor the folder of its configuration.
 *
 * @param appData the user's folder for settings of apps
 */
export function userDataFolder(dataDirectory: string | undefined, appData: string): string {
  if (dataDirectory === undefined) return join(appData, 'holdfast-desktop');
  // As the engine would make it, which may come second.
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  return join(dataDirectory, 'desktop');
}
