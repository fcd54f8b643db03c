/** Which files with passwords and keys there are on this computer now: those whose opening is told. */
import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CREDENTIAL_PLACES, holdsCredentials } from '../../behaviours/index.ts';
import { codeOf } from '../../runtime/failure.ts';
import { localFiles } from '../../runtime/local-files.ts';

/** Homes that are looked into; a workstation has a few. */
const MAX_HOMES = 64;
/** Folders that are read for one home: whoever makes a million of them in a browser's keeps nobody busy. */
const MAX_FOLDERS = 400;
const MAX_FILES = 2_000;

export interface CredentialPlaces {
  /** "/home": every folder in it is one's home. */
  readonly homes: string;
  readonly root: string;
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

const USUAL: CredentialPlaces = {
  homes: '/home',
  root: '/root',
  files: CREDENTIAL_PLACES.files,
  folders: CREDENTIAL_PLACES.folders,
};

/**
 * Paths, at most MAX_FILES. Symbolic links are neither followed nor told. What cannot be read has none.
 *
 * @param isWanted whether a path is one of them
 */
export async function credentialFiles(
  places: CredentialPlaces = USUAL,
  isWanted: (path: string) => boolean = holdsCredentials,
): Promise<readonly string[]> {
  const found = [...places.files];
  const budget = { folders: MAX_FOLDERS };
  for (const folder of places.folders) await collect(folder, 0, isWanted, found, budget);
  const homes = (await entriesOf(places.homes)).filter((entry) => entry.isDirectory()).slice(0, MAX_HOMES);
  for (const home of [places.root, ...homes.map(({ name }) => join(places.homes, name))]) {
    const ofHome = { folders: MAX_FOLDERS };
    for (const { folder, depth } of CREDENTIAL_PLACES.homeFolders) {
      if (await isOwnFolder(home, folder)) await collect(join(home, folder), depth, isWanted, found, ofHome);
    }
  }
  return found.slice(0, MAX_FILES);
}

async function collect(
  folder: string,
  depth: number,
  isWanted: (path: string) => boolean,
  found: string[],
  budget: { folders: number },
): Promise<void> {
  if (budget.folders-- <= 0 || found.length >= MAX_FILES) return;
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isFile() && isWanted(path)) found.push(path);
    else if (entry.isDirectory() && depth > 0) await collect(path, depth - 1, isWanted, found, budget);
  }
}

/** Whether no part of the way from `home` to `folder` leads elsewhere by a symbolic link. */
async function isOwnFolder(home: string, folder: string): Promise<boolean> {
  let path = home;
  for (const name of folder.split('/')) {
    path = join(path, name);
    if (localFiles.isForeign(path)) return false;
    try {
      if (!(await lstat(path)).isDirectory()) return false;
    } catch (error) {
      if (NOTHING_THERE.has(codeOf(error) ?? '')) return false;
      throw error;
    }
  }
  return true;
}

const NOTHING_THERE = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'EIO', 'ENOTCONN']);

/** None where there is no such folder, or somebody else's file system does not let us in. */
async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  // A look would last as long as whoever serves it likes.
  if (localFiles.isForeign(folder)) return [];
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (NOTHING_THERE.has(codeOf(error) ?? '')) return [];
    throw error;
  }
}
