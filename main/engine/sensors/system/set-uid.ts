/**
 * Looks for files that run with the rights of their owner or group: a walk over this computer's own file systems, a
 * few files at a time, so that it costs others nothing. What changes in between is told by whoever watches files.
 */
import type { Stats } from 'node:fs';
import { isForeign, type Mount } from '../../runtime/mountinfo.ts';
import type { Fact } from './collector.ts';
import type { HostFiles } from './host-files.ts';

export type SetUidFact = {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly changedMs: number;
};

export const SET_UID_SHAPE = {
  mode: 'number',
  uid: 'number',
  gid: 'number',
  inode: 'number',
  sizeBytes: 'number',
  changedMs: 'number',
} as const;

const SET_UID_OR_GID = 0o6000;
const EXECUTABLE = 0o111;
const MODE_BITS = 0o7777;
/** Looked at in one turn: 1 or 2 ms. */
const ENTRIES_A_TURN = 200;
/** A developer's disk has some million files; beyond this a walk says that it was not complete. */
const MAX_ENTRIES = 5_000_000;
const MAX_FOUND = 10_000;
const MAX_DEPTH = 64;
const MAX_WAITING_FOLDERS = 200_000;
const MAX_FOLDER_ENTRIES = 200_000;
/** The kernel's own: no files of anybody. Set-uid bits on a file system that does not mind them mean nothing. */
const VIRTUAL =
  /^(?:proc|sysfs|devtmpfs|devpts|cgroup2?|securityfs|debugfs|tracefs|pstore|bpf|configfs|fusectl|mqueue|hugetlbfs|efivarfs|nsfs|binfmt_misc|rpc_pipefs|selinuxfs|squashfs|iso9660|erofs)$/;

export interface SetUidResult {
  readonly found: ReadonlyMap<string, SetUidFact>;
  readonly entries: number;
  /** Left out for lack of room; 0 when everything was seen. */
  readonly left: number;
}

/**
 * Goes through everything below "/" step by step: the generator pauses after ENTRIES_A_TURN. Follows no links, and
 * goes into no file system that is virtual, read-only by nature, or served by others.
 */
export function* walkSetUid(files: HostFiles, mounts: readonly Mount[]): Generator<void, SetUidResult, void> {
  const found = new Map<string, SetUidFact>();
  const closed = new Set(mounts.filter((mount) => !isWalked(mount)).map(({ path }) => path));
  const folders: { readonly path: string; readonly depth: number }[] = [{ path: '', depth: 0 }];
  let entries = 0;
  let left = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const { names, first } = files.listed(folder.path, MAX_FOLDER_ENTRIES, ENTRIES_A_TURN);
    for (let from = 0; from < names.length; from += ENTRIES_A_TURN) {
      const some = names.slice(from, from + ENTRIES_A_TURN);
      const facts = from === 0 ? first : files.lstatAll(folder.path, some);
      for (const [index, name] of some.entries()) {
        const path = `${folder.path}/${name}`;
        if (closed.has(path)) continue;
        if (entries >= MAX_ENTRIES) {
          left++;
          continue;
        }
        if (++entries % ENTRIES_A_TURN === 0) yield;
        const stats = facts[index];
        if (stats?.isDirectory()) {
          if (folder.depth < MAX_DEPTH && folders.length < MAX_WAITING_FOLDERS)
            folders.push({ path, depth: folder.depth + 1 });
          else left++;
        } else if (stats !== undefined && isSetUid(stats)) {
          if (found.size < MAX_FOUND) found.set(path, factOf(stats));
          else left++;
        }
      }
    }
  }
  return { found, entries, left };
}

function isWalked({ path, fileSystem, options }: Mount): boolean {
  if (path === '/') return true;
  return !VIRTUAL.test(fileSystem) && !isForeign(fileSystem) && !options.split(',').includes('nosuid');
}

function isSetUid(stats: Stats): boolean {
  return stats.isFile() && (stats.mode & SET_UID_OR_GID) !== 0 && (stats.mode & EXECUTABLE) !== 0;
}

function factOf({ mode, uid, gid, ino, size, ctimeMs }: Stats): SetUidFact {
  return {
    mode: mode & MODE_BITS,
    uid,
    gid,
    inode: ino,
    sizeBytes: size,
    changedMs: Math.trunc(ctimeMs),
  } satisfies Fact;
}
