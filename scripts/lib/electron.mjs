/**
 * Where Electron is, and why the desktop app cannot be shown here. Its binary comes lazily, so an installed package
 * says nothing. Plain JavaScript for any Node from 18 on, without dependencies.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './node24.mjs';

/** Where the `electron` package puts its binary, and the file in which it says its name. */
const PACKAGE = join(ROOT, 'node_modules/electron');

/** What the app is started with, from the folder of the project. */
export const DESKTOP_MAIN = join(ROOT, 'dist/shell/main.js');

/** @returns {string | undefined} the path of Electron's binary, where it has been fetched */
export function findElectron() {
  try {
    const name = readFileSync(join(PACKAGE, 'path.txt'), 'utf8').trim();
    const path = join(process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(PACKAGE, 'dist'), name);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {{ environment?: Readonly<Record<string, string | undefined>>, platform?: string, userId?: number, binary?: string }} [machine]
 * @returns {string | undefined} in words; undefined when the desktop app can be started
 */
export function whyNoElectron({
  environment = process.env,
  platform = process.platform,
  userId = process.geteuid?.() ?? -1,
  binary = findElectron(),
} = {}) {
  if (binary === undefined) return 'Electron has not been fetched; "npx install-electron" fetches it.';
  if (platform !== 'linux') return undefined;
  if (!environment.DISPLAY && !environment.WAYLAND_DISPLAY) return 'There is no display here.';
  if (userId === 0) return 'Electron does not run as root: its sandbox needs a user of its own.';
  return undefined;
}

/**
 * The words that start the desktop app.
 * @param {readonly string[]} [args] of the app, such as `--hidden`
 * @returns {readonly string[]}
 */
export function desktopCommand(args = []) {
  const binary = findElectron();
  if (binary === undefined) throw new Error('Electron has not been fetched.');
  return [binary, DESKTOP_MAIN, ...args];
}
