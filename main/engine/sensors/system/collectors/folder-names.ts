/** What is in folders that are looked at again and again: read anew only when the folder is another one than before. */
import { type AutostartRow, isWantedName } from '../../../runtime/autostart/index.ts';
import type { HostFiles } from '../host-files.ts';

interface Listing {
  readonly stamp: string;
  readonly names: readonly string[];
}

interface Folder {
  readonly stamp: string;
  /** Long enough unchanged that everything that was put into it since would be seen by its stamp. */
  readonly isSettled: boolean;
}

/**
 * A folder's change time has steps of some milliseconds: what is put into it in the same step as it was read would not
 * be seen. A folder that was changed this lately is read again.
 */
const UNSETTLED_MS = 2_000;

/** One place's memory of its folders. */
export class FolderNames {
  #listings = new Map<AutostartRow | string, Map<string, Listing>>();
  #usedListings = new Map<AutostartRow | string, Map<string, Listing>>();
  #absent = new Map<string, string>();
  #usedAbsent = new Map<string, string>();
  /** Of this round: many files have the same folder. */
  readonly #folders = new Map<string, Folder | undefined>();

  /**
   * Names of a folder that matter to a row: of files that start something and of folders that are read as well. Empty
   * where it cannot be read. @param within as in ReadLimits
   */
  of(row: AutostartRow, folder: string, files: HostFiles, within: string | undefined): readonly string[] {
    const isWanted = (name: string): boolean =>
      isWantedName(name, row) || row.subfolders?.some((ending) => name.endsWith(ending)) === true;
    return this.#list(row, folder, files, within, isWanted, row.isOfKernel !== true);
  }

  /** Names of a folder that are like one in which "*" stands for any part: "python3*". */
  alike(name: string, folder: string, files: HostFiles, within: string | undefined): readonly string[] {
    const [start = '', end = ''] = name.split('*');
    const isAlike = (other: string): boolean =>
      other.length >= start.length + end.length && other.startsWith(start) && other.endsWith(end);
    return this.#list(name, folder, files, within, isAlike, true);
  }

  /** Whether a file was not there and cannot have come, as its folder is the one of then. */
  isAbsent(path: string, files: HostFiles): boolean {
    const folder = this.#folder(path.slice(0, path.lastIndexOf('/')) || '/', files);
    if (folder === undefined) return true;
    if (this.#absent.get(path) !== folder.stamp) return false;
    this.#usedAbsent.set(path, folder.stamp);
    return true;
  }

  /** To be told of a file that is not there after `isAbsent` did not know it. */
  noteAbsent(path: string, files: HostFiles): void {
    const folder = this.#folder(path.slice(0, path.lastIndexOf('/')) || '/', files);
    if (folder?.isSettled === true) this.#usedAbsent.set(path, folder.stamp);
  }

  /** Before everything is asked for again: what the last round did not ask for is forgotten. */
  startRound(): void {
    this.#listings = this.#usedListings;
    this.#usedListings = new Map();
    this.#absent = this.#usedAbsent;
    this.#usedAbsent = new Map();
    this.#folders.clear();
  }

  #list(
    key: AutostartRow | string,
    path: string,
    files: HostFiles,
    within: string | undefined,
    isWanted: (name: string) => boolean,
    mayBeKept: boolean,
  ): readonly string[] {
    const folder = this.#folder(path, files);
    if (folder === undefined) return [];
    const known = this.#listings.get(key)?.get(path);
    const isKnown = mayBeKept && known?.stamp === folder.stamp;
    const names = isKnown ? known.names : files.list(path, within).filter(isWanted);
    if (mayBeKept && folder.isSettled) {
      const listings = this.#usedListings.get(key) ?? new Map<string, Listing>();
      listings.set(path, { stamp: folder.stamp, names });
      this.#usedListings.set(key, listings);
    }
    return names;
  }

  /** As it was when this round asked for it first, so before anything in it was looked at. */
  #folder(path: string, files: HostFiles): Folder | undefined {
    if (this.#folders.has(path)) return this.#folders.get(path);
    const readMs = Date.now();
    const stats = files.stat(path);
    const folder = stats?.isDirectory()
      ? {
          stamp: `${stats.dev}:${stats.ino}:${stats.ctimeMs}:${stats.mtimeMs}:${stats.mode}:${stats.uid}`,
          isSettled: readMs - stats.ctimeMs > UNSETTLED_MS,
        }
      : undefined;
    this.#folders.set(path, folder);
    return folder;
  }
}
