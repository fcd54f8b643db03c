/** Names in folders that are looked at again and again: read anew only when the folder is another one than before. */
import { type AutostartRow, isWantedName } from '../../../runtime/autostart/index.ts';
import type { HostFiles } from '../host-files.ts';

interface Listing {
  readonly stamp: string;
  readonly names: readonly string[];
}

/**
 * A folder's change time has steps of some milliseconds: what is put into it in the same step as it was read would not
 * be seen. A folder that was changed this lately is read again.
 */
const UNSETTLED_MS = 2_000;

export class FolderNames {
  #listings = new Map<AutostartRow, Map<string, Listing>>();
  #used = new Map<AutostartRow, Map<string, Listing>>();

  /**
   * Names of a folder that matter to a row: of files that start something and of folders that are read as well. Empty
   * where it cannot be read. @param within as in ReadLimits
   */
  of(row: AutostartRow, folder: string, files: HostFiles, within: string | undefined): readonly string[] {
    const stats = within === undefined ? files.stat(folder) : files.lstat(folder);
    if (!stats?.isDirectory()) return [];
    const stamp = `${stats.dev}:${stats.ino}:${stats.ctimeMs}:${stats.mtimeMs}:${stats.mode}:${stats.uid}`;
    const known = this.#listings.get(row)?.get(folder);
    if (known?.stamp === stamp && row.isOfKernel !== true) {
      this.#keep(row, folder, known);
      return known.names;
    }
    const readMs = Date.now();
    const names = files
      .list(folder, within)
      .filter((name) => isWantedName(name, row) || row.subfolders?.some((ending) => name.endsWith(ending)));
    if (readMs - stats.ctimeMs > UNSETTLED_MS) this.#keep(row, folder, { stamp, names });
    return names;
  }

  /** Folders that were not asked for since the last time are forgotten. */
  endRound(): void {
    this.#listings = this.#used;
    this.#used = new Map();
  }

  #keep(row: AutostartRow, folder: string, listing: Listing): void {
    const folders = this.#used.get(row) ?? new Map<string, Listing>();
    folders.set(folder, listing);
    this.#used.set(row, folders);
  }
}
