/**
 * Looks at paths that others control without ever waiting for them. Whoever serves a file system (FUSE, a server on the
 * network that is gone) decides when a look at it returns, if ever: a thread that events pass through looks at none, and
 * whoever owns a folder can lead there by a link. So every part of a path is held open, is no link unless links are
 * followed here, and is looked up in the table of mounts before it is touched.
 *
 * The table is read again after FRESH_MS, and at once where a part of a path lies on a mount that it does not have: the
 * kernel tells on which one what is held lies, without asking whoever serves it.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { codeOf } from './failure.ts';
import { isForeign, MountTree, parseMountinfo } from './mountinfo.ts';
import { openRegularFile } from './open-regular.ts';

/** Names a folder without opening it: an automounter mounts nothing for it. See open-regular.ts. */
const O_PATH = 0o10000000;
const HOLD = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const NAME = O_PATH | constants.O_NOFOLLOW;
const FRESH_MS = 250;
/** Below these only root mounts and makes links. */
const STEADY_MS = 10_000;
const STEADY = /^\/(?:usr|bin|sbin|lib|lib64|etc|boot|opt|snap|proc|sys)\//;
/** As many as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;
const MAX_PARTS = 512;

const OTHERS_MAY_WRITE = 0o022;
const MAX_FIXED = 4_096;

/** A folder that is held open on the way to an entry. */
interface Held {
  readonly descriptor: number;
  /** Its path without links; empty for "/". */
  readonly at: string;
  /** Whether only root makes and removes entries in it, and in all above it. */
  readonly isFixed: boolean;
}

interface Way {
  /** What is left to go. */
  parts: string[];
  linksLeft: number;
  held: Held;
}

/** Thrown instead of touching a file system that others serve. */
export class ForeignFileSystemError extends Error {
  /** Where it begins on the way there, without links. */
  readonly place: string;

  constructor(path: string, place = path) {
    super(`${path} lies on a file system that others serve, and is not looked at.`);
    this.name = 'ForeignFileSystemError';
    this.place = place;
  }
}

export interface LocalFilesOptions {
  /** For tests: the text of mountinfo. @throws where it cannot be read */
  readMounts?(): string;
  monotonicMs?(): number;
}

/** `folders`: links on the way are followed, one at the end is not. */
export type FollowedLinks = 'none' | 'folders' | 'all';

export class LocalFiles {
  readonly #readMounts: () => string;
  readonly #monotonicMs: () => number;
  #text = '';
  #tree = new MountTree([]);
  #readMs = Number.NEGATIVE_INFINITY;
  /** Folders that only root can move, and whether the same holds for what is in them. */
  readonly #fixed = new Map<string, boolean>();
  #fixedSinceMs = Number.NEGATIVE_INFINITY;

  constructor(options: LocalFilesOptions = {}) {
    this.#readMounts = options.readMounts ?? (() => readFileSync('/proc/self/mountinfo', 'utf8'));
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /** Whether somebody else answers for a path, which must have no links in it. */
  isForeign(path: string): boolean {
    return this.#mounts(STEADY.test(path) ? STEADY_MS : FRESH_MS).isForeign(path);
  }

  /**
   * Whether the folder of a path is known to lead nowhere else, and only root puts anything into it or mounts anything
   * below: it need not be held to look at what is in it, and what was no link a moment ago still is none.
   */
  isInSteadyFolder(path: string): boolean {
    if (!STEADY.test(path) || this.#monotonicMs() - this.#fixedSinceMs >= STEADY_MS) return false;
    return this.#fixed.get(path.slice(0, path.lastIndexOf('/'))) === true;
  }

  /** Where a path lies, as MountTree.placeOf says. */
  placeOf(path: string): string | undefined {
    return this.#mounts(STEADY.test(path) ? STEADY_MS : FRESH_MS).placeOf(path);
  }

  /** The next look reads what is mounted anew: a program that mounts things was run. */
  forget(): void {
    this.#readMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Calls `use` with a path that leads to the very entry that was reached, while it is held, and with its path without
   * links. Folders of the system that only root makes links in are taken as they are.
   *
   * @returns undefined where there is nothing, or a link that is not to be followed
   * @throws ForeignFileSystemError, or what else the kernel says
   */
  reach<T>(path: string, links: FollowedLinks, use: (entry: string, real: string) => T): T | undefined {
    // Only root makes links there.
    if (STEADY.test(path) && links !== 'all') {
      if (this.isForeign(path)) throw new ForeignFileSystemError(path);
      return use(path, path);
    }
    const way: Way = { parts: path.split('/'), linksLeft: MAX_LINKS, held: this.#begin(path) };
    if (way.held.at !== '') way.parts = path.slice(way.held.at.length).split('/');
    try {
      const entry = this.#go(way, path, links);
      return entry && use(entry.path, entry.real);
    } finally {
      closeSync(way.held.descriptor);
    }
  }

  /** Of the entry itself, link or not; undefined where there is none. @throws as `reach` */
  lstat(path: string, links: 'none' | 'folders' = 'none'): Stats | undefined {
    return this.reach(path, links, (entry) => lstatSync(entry, { throwIfNoEntry: false }));
  }

  /** Of what links lead to; undefined where there is nothing. @throws as `reach` */
  stat(path: string): Stats | undefined {
    return this.reach(path, 'all', (entry) => statSync(entry, { throwIfNoEntry: false }));
  }

  /** A descriptor of a regular file to read from. @throws as `reach`, and an Error where it is no regular file */
  open(path: string, links: FollowedLinks = 'none'): number {
    const file = this.reach(path, links, (entry) => openRegularFile(entry));
    if (file === undefined) throw Object.assign(new Error(`${path} is not there.`), { code: 'ENOENT' });
    return file;
  }

  /** Goes on from what is held to the folder of the last part. */
  #go(way: Way, path: string, links: FollowedLinks): { readonly path: string; readonly real: string } | undefined {
    while (way.parts.length > 0) {
      const name = way.parts.shift() as string;
      if (name === '' || name === '.') continue;
      const { descriptor, at, isFixed } = way.held;
      const real = name === '..' ? at.slice(0, Math.max(0, at.lastIndexOf('/'))) : `${at}/${name}`;
      if (this.isForeign(real === '' ? '/' : real)) throw new ForeignFileSystemError(path, real);
      const entry = `/proc/self/fd/${descriptor}/${name}`;
      const isLast = way.parts.every((part) => part === '');
      const named = nameEntry(entry);
      if (named === undefined) return isLast && links !== 'all' ? { path: entry, real } : undefined;
      try {
        if (this.#isOnForeignMount(named)) throw new ForeignFileSystemError(path, real);
        if (isLast && links !== 'all') return { path: entry, real };
        const stats = fstatSync(named);
        if (stats.isSymbolicLink()) {
          if (links === 'none') return undefined;
          this.#follow(way, readlinkSync(entry), path);
          continue;
        }
        if (isLast) return { path: entry, real };
        // Whoever owns a folder may put another entry into this one's place: what was looked at is gone on from.
        const next = openSync(`/proc/self/fd/${named}/.`, HOLD);
        this.#hold(way, { descriptor: next, at: real, isFixed: isFixed && isRootsOwn(stats) });
        if (isFixed && name !== '..') this.#fixed.set(real, isRootsOwn(stats));
      } finally {
        closeSync(named);
      }
    }
    return { path: `/proc/self/fd/${way.held.descriptor}/.`, real: way.held.at === '' ? '/' : way.held.at };
  }

  /** Whether what is named is on a mount of others, also on one that is newer than the table. */
  #isOnForeignMount(named: number): boolean {
    const id = mountIdOf(named);
    if (id === undefined) return false;
    const known = this.#tree.mountOf(id) ?? this.#readAnew().mountOf(id);
    return known !== undefined && known.path !== '/' && isForeign(known.fileSystem);
  }

  #readAnew(): MountTree {
    this.forget();
    return this.#mounts(0);
  }

  #follow(way: Way, target: string, path: string): void {
    if (way.linksLeft-- === 0 || way.parts.length > MAX_PARTS) throw new Error(`${path} has too many links.`);
    way.parts.unshift(...target.split('/'));
    if (target.startsWith('/')) this.#hold(way, { descriptor: openSync('/', HOLD), at: '', isFixed: true });
  }

  #hold(way: Way, next: Held): void {
    closeSync(way.held.descriptor);
    way.held = next;
  }

  /** The last folder on the way that nobody but root can have put another one in the place of. */
  #begin(path: string): Held {
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#fixedSinceMs >= STEADY_MS || this.#fixed.size >= MAX_FIXED) {
      this.#fixed.clear();
      this.#fixedSinceMs = nowMs;
    }
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const at = path.slice(0, end);
      const isFixed = this.#fixed.get(at);
      if (isFixed === undefined) continue;
      if (this.isForeign(at)) throw new ForeignFileSystemError(path, at);
      return { descriptor: openSync(at, HOLD), at, isFixed };
    }
    return { descriptor: openSync('/', HOLD), at: '', isFixed: true };
  }

  #mounts(maxAgeMs: number): MountTree {
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#readMs < maxAgeMs) return this.#tree;
    this.#readMs = nowMs;
    let text = '';
    try {
      text = this.#readMounts();
    } catch {
      // Without /proc nobody knows; what was known stays.
      return this.#tree;
    }
    if (text === this.#text) return this.#tree;
    this.#text = text;
    this.#tree = new MountTree(parseMountinfo(text));
    return this.#tree;
  }
}

/**
 * A descriptor that names an entry; undefined where there is none. It asks the folder that the entry is in, which was
 * looked at before, and nobody who serves what is mounted on it.
 */
function nameEntry(entry: string): number | undefined {
  try {
    return openSync(entry, NAME);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** One for all looks of a thread; longer than what the kernel tells of a named entry. */
const INFO = Buffer.alloc(512);
const MOUNT_ID = 'mnt_id:';

/** The number of the mount that a descriptor is on (proc_pid_fdinfo(5)); undefined without /proc. */
function mountIdOf(descriptor: number): number | undefined {
  let info: number;
  try {
    info = openSync(`/proc/self/fdinfo/${descriptor}`, constants.O_RDONLY);
  } catch {
    return undefined;
  }
  try {
    const text = INFO.toString('latin1', 0, readSync(info, INFO));
    const at = text.indexOf(MOUNT_ID);
    return at === -1 ? undefined : Number.parseInt(text.slice(at + MOUNT_ID.length), 10);
  } finally {
    closeSync(info);
  }
}

/** Whether nobody but root makes and removes entries in a folder. */
function isRootsOwn({ uid, mode }: Stats): boolean {
  return uid === 0 && (mode & OTHERS_MAY_WRITE) === 0;
}

/** One table for all of a thread. */
export const localFiles = new LocalFiles();
