/**
 * Which package an executable belongs to: dpkg's lists of files, and the places that snaps, Flatpaks and AppImages run
 * from. dpkg's lists are read in the background, once, and again after an installation.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../runtime/clock.ts';
import { PathOwners } from './path-owners.ts';

const DPKG_FOLDER = '/var/lib/dpkg/info';
/** A workstation has some thousand packages; the index of a full desktop is of some ten thousand programs. */
const MAX_LISTS = 20_000;
const MAX_LIST_BYTES = 8 * 1024 * 1024;
const MAX_PATHS = 400_000;
/** How often it is looked whether packages were installed. */
const LOOK_INTERVAL_MS = 30_000;
/** After so many lists others get their turn. */
const LISTS_A_TURN = 20;

/** What nobody executes is left out of the index: it is nine tenths of all files. */
const NOT_EXECUTED_FOLDERS = /^\/usr\/(?:share\/(?:doc|man|locale|icons|fonts|help|info)|include|src)\//;
const NOT_EXECUTED_ENDINGS =
  /\.(?:py|pyc|h|hpp|html|mo|png|svg|gz|ko|xz|zst|a|o|js|json|txt|pm|rb|xml|so(?:\.[\d.]+)?)$/;

/** By its place alone: "snap:firefox", "flatpak:org.gimp.GIMP", "appimage:Name"; undefined elsewhere. */
export function packageByPlace(image: string): string | undefined {
  const snap = /^\/snap\/([^/]+)\/[^/]+\//.exec(image) ?? /^\/var\/lib\/snapd\/snap\/([^/]+)\/[^/]+\//.exec(image);
  if (snap !== null) return `snap:${snap[1]}`;
  const flatpak = /\/flatpak\/(?:app|runtime)\/([^/]+)\//.exec(image);
  if (flatpak !== null) return `flatpak:${flatpak[1]}`;
  // The run time of AppImages mounts itself as the first letters of its name and six random ones.
  const appImage = /^\/tmp\/\.mount_([^/]+?)[A-Za-z0-9]{6}\//.exec(image);
  return appImage === null ? undefined : `appimage:${appImage[1]}`;
}

/** Whether a path of a package's list belongs into the index. */
export function isWorthIndexing(path: string): boolean {
  return path.length > 2 && !NOT_EXECUTED_FOLDERS.test(path) && !NOT_EXECUTED_ENDINGS.test(path);
}

export class PackageIndex {
  readonly #folder: string;
  readonly #clock: Clock;
  #owners = new PathOwners();
  #stamp = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(clock: Clock, folder = DPKG_FOLDER) {
    this.#clock = clock;
    this.#folder = folder;
  }

  /** "dpkg:curl"; undefined when no package has the file, or that is not known yet. */
  ownerOf(image: string): string | undefined {
    const placed = packageByPlace(image);
    if (placed !== undefined) return placed;
    const nowMs = this.#clock.monotonicMs();
    if (this.#reading === undefined && nowMs - this.#lookedMs >= LOOK_INTERVAL_MS) {
      this.#lookedMs = nowMs;
      void this.refresh();
    }
    // Packages from before /bin became a link to /usr/bin still list their files below /bin.
    const owner =
      this.#owners.ownerOf(image) ?? (image.startsWith('/usr/') ? this.#owners.ownerOf(image.slice(4)) : undefined);
    return owner === undefined ? undefined : `dpkg:${owner}`;
  }

  /** Reads the lists where they changed. Never rejects. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #read(): Promise<void> {
    try {
      const { mtimeMs } = await stat(this.#folder);
      if (mtimeMs === this.#stamp) return;
      const owners = await readLists(this.#folder);
      this.#owners = owners;
      this.#stamp = mtimeMs;
    } catch {
      // No dpkg here, or it is at work at this moment: the next look tries again.
    }
  }
}

async function readLists(folder: string): Promise<PathOwners> {
  const owners = new PathOwners();
  const lists = (await readdir(folder)).filter((name) => name.endsWith('.list')).slice(0, MAX_LISTS);
  for (const [index, list] of lists.entries()) {
    if (index % LISTS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    if (owners.size >= MAX_PATHS) break;
    const path = join(folder, list);
    if ((await stat(path)).size > MAX_LIST_BYTES) continue;
    // "libc6:amd64.list"
    const owner = owners.owner(list.slice(0, -'.list'.length).replace(/:[a-z0-9]+$/, ''));
    const lines = (await readFile(path, 'utf8')).split('\n');
    for (const [at, line] of lines.entries()) {
      // The first file of a folder follows it.
      const isFolder = lines[at + 1]?.startsWith(`${line}/`) === true;
      if (!isFolder && isWorthIndexing(line)) owners.add(line, owner);
    }
  }
  owners.seal();
  return owners;
}
