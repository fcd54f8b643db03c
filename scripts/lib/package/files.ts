/** Placing files so that the same input gives the same package: modes and times do not depend on who builds. */
import {
  chmodSync,
  copyFileSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
const PROGRAM_MODE = 0o755;

export interface PlaceOptions {
  readonly executable?: boolean;
}

export function makeFolder(path: string): void {
  mkdirSync(path, { recursive: true });
}

export function writePlaced(path: string, content: string | Uint8Array, { executable }: PlaceOptions = {}): void {
  makeFolder(dirname(path));
  writeFileSync(path, content);
  chmodSync(path, executable ? PROGRAM_MODE : FILE_MODE);
}

export function copyPlaced(from: string, to: string, { executable }: PlaceOptions = {}): void {
  makeFolder(dirname(to));
  copyFileSync(from, to);
  chmodSync(to, executable ? PROGRAM_MODE : FILE_MODE);
}

/** Copies a folder or a file; of a folder only what `wants` says yes to, by its path below. Links are refused. */
export function copyTree(from: string, to: string, wants: (place: string) => boolean = () => true): void {
  if (lstatSync(from).isFile()) {
    copyPlaced(from, to);
    return;
  }
  for (const place of filesBelow(from)) {
    if (wants(place)) copyPlaced(join(from, place), join(to, place));
  }
}

/** The same files once more, without their bytes: both are on the same disk and neither is changed afterwards. */
export function linkTree(from: string, to: string): void {
  for (const place of filesBelow(from)) {
    const target = join(to, place);
    makeFolder(dirname(target));
    linkSync(join(from, place), target);
  }
}

export function placeLink(path: string, target: string): void {
  makeFolder(dirname(path));
  symlinkSync(target, path);
}

/** Relative paths of all files, sorted. @throws Error for anything that is neither a file nor a folder nor wanted */
export function filesBelow(folder: string, takesLinks = false): readonly string[] {
  const walk = (place: string): string[] =>
    readdirSync(join(folder, place), { withFileTypes: true }).flatMap((entry) => {
      const inner = place === '' ? entry.name : `${place}/${entry.name}`;
      if (entry.isDirectory()) return walk(inner);
      if (!entry.isFile() && !(takesLinks && entry.isSymbolicLink()))
        throw new Error(`${join(folder, inner)} is no plain file`);
      return [inner];
    });
  return walk('').sort();
}

/** Gives everything the same time, and folders the same mode, whatever the umask is. */
export function settle(folder: string, epoch: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) settle(path, epoch);
    else lutimesSync(path, epoch, epoch);
  }
  chmodSync(folder, FOLDER_MODE);
  lutimesSync(folder, epoch, epoch);
}
