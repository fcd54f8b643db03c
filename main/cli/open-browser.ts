/** Opens a page in the browser of this desktop. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** By then a browser has read the file. */
const KEEP_MS = 30_000;

/**
 * Everybody on this computer can read the arguments of a process, so the link, which is a secret, is put into a page
 * that only this user can read, and that page is opened.
 *
 * @param say told in one sentence where it cannot be done
 */
export async function openBrowser(url: string, say: (text: string) => void): Promise<void> {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (process.geteuid?.() === 0) return say('No browser is opened as root: open the link in one of your own.');
  if (!DISPLAY && !WAYLAND_DISPLAY) return say('There is no desktop here: open the link in a browser of your own.');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-open-'));
  const path = join(folder, 'console.html');
  const page = `<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url=${url}">`;
  writeFileSync(path, page, { mode: 0o600 });
  const clean = (): void => rmSync(folder, { recursive: true, force: true });
  setTimeout(clean, KEEP_MS).unref();
  process.once('exit', clean);
  const child = spawn('xdg-open', [pathToFileURL(path).href], { stdio: 'ignore', detached: true });
  child.on('error', () => say('xdg-open is not installed: open the link in a browser of your own.'));
  child.unref();
}
