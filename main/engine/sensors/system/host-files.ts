/**
 * Reads files of this computer as root without being led astray by who owns them: nothing but regular files is
 * opened, nothing waits (named pipes, terminals, file systems that others serve), no link leads out of a home, and
 * everything has a limit.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  opendirSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { type FollowedLinks, ForeignFileSystemError, type LocalFiles, localFiles } from '../../runtime/local-files.ts';
import { openRegularFile } from '../../runtime/open-regular.ts';

/** Of files that people and packages write by hand; what is longer is cut, and said to be. */
export const MAX_TEXT_BYTES = 256 * 1024;
/** Entries of one folder that are looked at: /etc of a large server has some hundred. */
export const MAX_FOLDER_ENTRIES = 4_096;
const MAX_NAME_BYTES = 255;
/** Paths on file systems of others that are told apart when they are counted. */
const MAX_FOREIGN = 1_000;
/** The kernel's own answers: nobody else's, whatever links are in them. */
const KERNEL_PLACE = /^\/(?:proc|sys)\//;
const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

export interface HostText {
  /** UTF-8; bytes that are none are replaced. */
  readonly text: string;
  /** Longer than the limit: `text` is its beginning. */
  readonly isCut: boolean;
  readonly stats: Stats;
}

export interface ReadLimits {
  readonly maxBytes?: number;
  /** A folder that a user owns: links are not followed, and what is opened must lie in it. */
  readonly within?: string;
}

/** All paths are absolute and as the computer knows them; `root` stands before them. */
export class HostFiles {
  readonly root: string;
  readonly #local: LocalFiles;
  readonly #foreign = new Set<string>();

  /** @param root another folder than "/" for tests @param local for tests: other mounts */
  constructor(root = '/', local: LocalFiles = localFiles) {
    this.root = root;
    this.#local = local;
  }

  /** Paths that were not looked at because others serve the file systems that they lie on. */
  get notLookedAt(): number {
    return this.#foreign.size;
  }

  /** Where a path of the computer is really found. */
  place(path: string): string {
    return this.root === '/' ? path : join(this.root, path);
  }

  /** Of the entry itself, link or not; undefined where there is none, or no right to see it. */
  lstat(path: string): Stats | undefined {
    return this.#quietly(path, 'folders', (entry) => lstatSync(entry, { throwIfNoEntry: false }));
  }

  /** The same of entries of one folder, which is reached once for all of them. */
  lstatAll(folder: string, names: readonly string[]): readonly (Stats | undefined)[] {
    const inside = (entry: string): readonly (Stats | undefined)[] => this.#lstatIn(entry, folder, names);
    return this.#quietly(folder === '' ? '/' : folder, this.#linksTo(folder), inside) ?? names.map(() => undefined);
  }

  /**
   * Names in a folder, as `list` gives them, and of the first `count` of them what lstatAll says: the folder is reached
   * once for both.
   */
  listed(
    folder: string,
    limit: number,
    count: number,
  ): { readonly names: readonly string[]; readonly first: readonly (Stats | undefined)[] } {
    const listed = this.#quietly(folder === '' ? '/' : folder, this.#linksTo(folder), (entry) => {
      const names = firstNames(entry, limit);
      return { names, first: this.#lstatIn(entry, folder, names.slice(0, count)) };
    });
    return listed ?? { names: [], first: [] };
  }

  #lstatIn(entry: string, folder: string, names: readonly string[]): readonly (Stats | undefined)[] {
    return names.map((name) => {
      const path = this.place(`${folder}/${name}`);
      if (!this.#local.isForeign(path)) return quietly(() => lstatSync(`${entry}/${name}`, { throwIfNoEntry: false }));
      this.#note(path);
      return undefined;
    });
  }

  /**
   * How an entry is reached whose links are to be followed: where it is none, and nobody but root can make one of it, there
   * is nothing to follow, and nothing to hold on the way.
   */
  #linksTo(path: string): FollowedLinks {
    if (!this.#local.isInSteadyFolder(this.place(path))) return 'all';
    return this.lstat(path)?.isSymbolicLink() === false ? 'folders' : 'all';
  }

  /** Of what links lead to. */
  stat(path: string): Stats | undefined {
    if (this.#local.isInSteadyFolder(this.place(path))) {
      const stats = this.lstat(path);
      if (stats?.isSymbolicLink() !== true) return stats;
    }
    return this.#quietly(path, 'all', (entry) => statSync(entry, { throwIfNoEntry: false }));
  }

  link(path: string): string | undefined {
    return this.#quietly(path, 'folders', (entry) => readlinkSync(entry));
  }

  /** Names in a folder, sorted; empty where it cannot be read. @param within as in ReadLimits */
  list(folder: string, within?: string, limit: number = MAX_FOLDER_ENTRIES): readonly string[] {
    const names = this.#quietly(folder, within === undefined ? this.#linksTo(folder) : 'folders', (entry) => {
      if (within === undefined) return firstNames(entry, limit);
      const fd = openSync(entry, READ_FLAGS | constants.O_DIRECTORY | constants.O_NOFOLLOW);
      try {
        return this.#isWithin(fd, within) ? firstNames(`/proc/self/fd/${fd}`, limit) : [];
      } finally {
        closeSync(fd);
      }
    });
    return names ?? [];
  }

  /** Undefined for what is no regular file, is not there, may not be read, or lies elsewhere than it seems. */
  read(path: string, limits: ReadLimits = {}): HostText | undefined {
    const { maxBytes = MAX_TEXT_BYTES, within } = limits;
    const bytes = this.readBytes(path, maxBytes, within);
    if (bytes === undefined) return undefined;
    return { text: bytes.content.toString('utf8'), isCut: bytes.isCut, stats: bytes.stats };
  }

  /** The same as bytes. */
  readBytes(
    path: string,
    maxBytes: number,
    within?: string,
  ): { readonly content: Buffer; readonly isCut: boolean; readonly stats: Stats } | undefined {
    return this.#quietly(path, within === undefined ? this.#linksTo(path) : 'folders', (entry) => {
      const fd = openRegularFile(entry, within === undefined);
      try {
        const stats = fstatSync(fd);
        if (within !== undefined && !this.#isOwn(fd, stats, within)) return undefined;
        const content = readUpTo(fd, maxBytes + 1);
        const isCut = content.length > maxBytes;
        return { content: isCut ? content.subarray(0, maxBytes) : content, isCut, stats };
      } finally {
        closeSync(fd);
      }
    });
  }

  /** One line of sysfs or procfs; empty where there is none. */
  word(path: string): string {
    return this.read(path, { maxBytes: MAX_WORD_BYTES })?.text.trim() ?? '';
  }

  #isOwn(fd: number, stats: Stats, within: string): boolean {
    // A second name of a stranger's file would show its content as the user's own (protected_hardlinks may be off).
    if (stats.nlink > 1 && stats.uid !== this.stat(within)?.uid) return false;
    return this.#isWithin(fd, within);
  }

  #isWithin(fd: number, within: string): boolean {
    const real = this.#local.reach(this.place(within), 'all', (_entry, path) => path);
    const opened = readlinkSync(`/proc/self/fd/${fd}`);
    if (real === undefined) return false;
    return opened === real || opened.startsWith(real.endsWith('/') ? real : `${real}/`);
  }

  #quietly<T>(path: string, links: FollowedLinks, work: (entry: string) => T): T | undefined {
    const place = this.place(path);
    return quietly(() => {
      if (KERNEL_PLACE.test(place)) return work(place);
      try {
        return this.#local.reach(place, links, work);
      } catch (error) {
        if (error instanceof ForeignFileSystemError) this.#note(place);
        throw error;
      }
    });
  }

  #note(place: string): void {
    if (this.#foreign.size < MAX_FOREIGN) this.#foreign.add(place);
  }
}

const MAX_WORD_BYTES = 4_096;
const PIECE_BYTES = 64 * 1024;
/** One for all looks of a thread: nearly all files are much shorter. */
let piece: Buffer | undefined;

function readUpTo(fd: number, limit: number): Buffer {
  piece ??= Buffer.allocUnsafeSlow(PIECE_BYTES);
  const pieces: Buffer[] = [];
  let total = 0;
  // Files of procfs have the size 0: only reading tells.
  while (total < limit) {
    const read = readSync(fd, piece, 0, Math.min(PIECE_BYTES, limit - total), null);
    if (read === 0) break;
    pieces.push(Buffer.from(piece.subarray(0, read)));
    total += read;
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, total);
}

/**
 * Folders of so many bytes are read in one go, which costs half of reading them entry by entry: whatever the file system,
 * an entry takes a byte or more. Those that have no size (procfs) may be of any length.
 */
const SMALL_FOLDER_BYTES = 64 * 1024;

function firstNames(folder: string, limit: number): string[] {
  const { size } = statSync(folder);
  if (size > 0 && size <= SMALL_FOLDER_BYTES) {
    const names = readdirSync(folder).filter((name) => Buffer.byteLength(name) <= MAX_NAME_BYTES);
    return names.slice(0, limit).sort();
  }
  const directory = opendirSync(folder);
  const names: string[] = [];
  try {
    for (let entry = directory.readSync(); entry !== null && names.length < limit; entry = directory.readSync()) {
      if (Buffer.byteLength(entry.name) <= MAX_NAME_BYTES) names.push(entry.name);
    }
  } finally {
    directory.closeSync();
  }
  return names.sort();
}

/** What is not there or not allowed is not seen; that is no fault of the computer's. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
