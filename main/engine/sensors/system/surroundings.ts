/** What several collectors need to know of the computer, read once a round: whose homes there are, and where. */

import { type Mount, MountTree, parseMountinfo } from '../../runtime/mountinfo.ts';
import type { HostFiles } from './host-files.ts';
import { type PasswdUser, parseUsers } from './parse/accounts.ts';

export interface Home {
  readonly user: string;
  readonly uid: number;
  readonly path: string;
  /** Device and inode: another one where an encrypted or removable home is there or not. */
  readonly id: string;
}

export interface Surroundings {
  readonly files: HostFiles;
  readonly users: readonly PasswdUser[];
  /** Homes that can be looked into. */
  readonly homes: readonly Home[];
  /** Users whose home lies on a file system that others serve; it is not looked into. */
  readonly foreignHomes: readonly string[];
  readonly mounts: readonly Mount[];
}

/** /etc/passwd of a computer with ten thousand users is of 1 MB. */
export const MAX_ACCOUNT_BYTES = 4 * 1024 * 1024;
const MAX_MOUNT_BYTES = 4 * 1024 * 1024;
/** More homes are on servers, which others watch. */
const MAX_HOMES = 256;
/** What stands for "no home" in passwd, and folders of the system, which have places of their own. */
const NO_HOMES: ReadonlySet<string> = new Set(['', '/', '/nonexistent', '/dev/null', '/bin', '/sbin', '/dev', '/proc']);
const SYSTEM_FOLDERS = ['/usr/', '/proc/', '/sys/', '/dev/', '/run/'];

export function lookAround(files: HostFiles): Surroundings {
  const users = parseUsers(files.read('/etc/passwd', { maxBytes: MAX_ACCOUNT_BYTES })?.text ?? '');
  const mounts = readMounts(files);
  const tree = new MountTree(mounts);
  const homes = new Map<string, Home>();
  const foreignHomes: string[] = [];
  for (const { name, uid, home } of users) {
    const path = home.length > 1 && home.endsWith('/') ? home.slice(0, -1) : home;
    if (homes.size >= MAX_HOMES || homes.has(path) || !isHome(path)) continue;
    if (tree.isForeign(path)) {
      foreignHomes.push(name);
      continue;
    }
    const stats = files.stat(path);
    if (stats?.isDirectory()) homes.set(path, { user: name, uid, path, id: `${stats.dev}:${stats.ino}` });
  }
  return { files, users, homes: [...homes.values()], foreignHomes, mounts };
}

/** What was read last: most looks find the same. */
let lastMounts: { readonly text: string; readonly mounts: readonly Mount[] } = { text: '', mounts: [] };

/**
 * Those of the first process where they may be seen: the engine's own service may live among others. The same list again
 * where they are the same as at the last look.
 */
export function readMounts(files: HostFiles): readonly Mount[] {
  const limits = { maxBytes: MAX_MOUNT_BYTES };
  const text = (files.read('/proc/1/mountinfo', limits) ?? files.read('/proc/self/mountinfo', limits))?.text ?? '';
  if (text !== lastMounts.text) lastMounts = { text, mounts: parseMountinfo(text) };
  return lastMounts.mounts;
}

function isHome(path: string): boolean {
  if (!path.startsWith('/') || path.includes('/../') || path.endsWith('/..')) return false;
  return !NO_HOMES.has(path) && !SYSTEM_FOLDERS.some((folder) => path.startsWith(folder));
}
