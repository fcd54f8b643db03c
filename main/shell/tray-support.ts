/**
 * Whether this desktop shows tray icons. On Linux they are StatusNotifierItems: shown where somebody owns the name of
 * their watcher on the session bus (freedesktop.org, StatusNotifierItem); Electron does not tell.
 */
import { execFile } from 'node:child_process';

const WATCHER = 'org.kde.StatusNotifierWatcher';
/** A bus that does not answer is none. */
const TIMEOUT_MS = 2_000;

export async function hasTray(platform: string): Promise<boolean> {
  if (platform !== 'linux') return true;
  const words = ['call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path', '/org/freedesktop/DBus'];
  const answer = await run('gdbus', [...words, '--method', 'org.freedesktop.DBus.NameHasOwner', WATCHER]);
  return isTrue(answer);
}

/** "(true,)", as gdbus writes a tuple. */
export function isTrue(answer: string): boolean {
  return answer.trim() === '(true,)';
}

function run(program: string, args: readonly string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(program, args, { timeout: TIMEOUT_MS }, (error, stdout) => resolve(error === null ? stdout : ''));
  return promise;
}
