/** A folder of the computer, held open and reached without following a link: whoever owns one on the way leads nowhere. */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { ForeignFileSystemError, localFiles } from '../runtime/local-files.ts';

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export interface OpenFolder {
  readonly descriptor: number;
  readonly uid: number;
  readonly gid: number;
  /** Number of the file system. */
  readonly device: number;
  /** The path by which the kernel reaches an entry of the very folder that is held, whatever its name leads to by now. */
  entry(name: string): string;
  close(): void;
}

/** @throws ForeignFileSystemError, and what the kernel says: ENOENT, ENOTDIR and ELOOP where a part of the path is no folder */
export function openFolder(path: string): OpenFolder {
  let held = openSync('/', FOLDER_FLAGS);
  let at = '';
  for (const name of path.split('/').filter((part) => part !== '')) {
    const before = held;
    try {
      if (name === '.' || name === '..') throw new Error(`${path} is no plain path`);
      at += `/${name}`;
      if (localFiles.isForeign(at)) throw new ForeignFileSystemError(path);
      held = openSync(`/proc/self/fd/${before}/${name}`, FOLDER_FLAGS);
    } finally {
      closeSync(before);
    }
  }
  const descriptor = held;
  const { uid, gid, dev: device } = fstatSync(descriptor);
  return {
    descriptor,
    uid,
    gid,
    device,
    entry: (name) => `/proc/self/fd/${descriptor}/${name}`,
    close: () => closeSync(descriptor),
  };
}
