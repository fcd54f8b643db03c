/** What lies below the paths of the baseline, without its content. */
import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { messageOf } from '../runtime/failure.ts';
import { ForeignFileSystemError, localFiles } from '../runtime/local-files.ts';
import { UNKNOWN_ATTRIBUTES } from './attributes.ts';
import type { Entry, EntryKind } from './entry.ts';

export interface WalkResult {
  /** In no order; files have no digest yet. */
  readonly entries: readonly Entry[];
  /** Folders that could not be read, and what was beyond a limit or is served by others: it is not whole then. */
  readonly problems: readonly string[];
  /** What others serve: nothing at or below it was looked at. */
  readonly foreign: readonly string[];
}

/** A system with all of /usr has some hundred thousand. */
export const MAX_ENTRIES = 1_000_000;
const MAX_DEPTH = 64;
const MAX_PROBLEMS = 100;
const MODE_BITS = 0o7777;
/** Looked at before others get their turn: a few milliseconds. */
const ENTRIES_A_TURN = 200;

/** Some entries of one folder. */
interface Batch {
  readonly folder: string;
  readonly names: readonly string[];
  readonly depth: number;
}

/**
 * Pauses (yields) every few entries. Follows no links but those in the paths themselves, which are as the
 * administrator gave them: "/bin" is looked at as "/usr/bin". Touches no file system that others serve, nor one that
 * somebody puts in the place of a folder meanwhile: a look at it could wait for ever.
 */
export function* walkPaths(paths: readonly string[], excluded: readonly string[]): Generator<void, WalkResult, void> {
  const walk = new Walk(new Set(excluded.map(withoutSlash)));
  for (const path of paths) walk.begin(withoutSlash(path));
  while (walk.step()) yield;
  return walk;
}

class Walk implements WalkResult {
  readonly #entries = new Map<string, Entry>();
  readonly #excluded: ReadonlySet<string>;
  readonly #waiting: Batch[] = [];
  readonly problems: string[] = [];
  readonly foreign: string[] = [];
  #isFull = false;

  constructor(excluded: ReadonlySet<string>) {
    this.#excluded = excluded;
  }

  get entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  begin(path: string): void {
    try {
      const real = localFiles.reach(path, 'all', (_entry, reached) => reached);
      // Not there on this computer.
      if (real === undefined) return;
      const slash = real.lastIndexOf('/');
      this.#waiting.push({ folder: real.slice(0, slash) || '/', names: [real.slice(slash + 1)], depth: 0 });
    } catch (error) {
      this.#failed(path, error);
    }
  }

  /** Looks at the next few; false when there are none. */
  step(): boolean {
    const batch = this.#waiting.pop();
    if (batch === undefined || this.#isFull) return false;
    const later = batch.names.slice(ENTRIES_A_TURN);
    if (later.length > 0) this.#waiting.push({ ...batch, names: later });
    try {
      inFolder(batch.folder, (held) => {
        for (const name of batch.names.slice(0, ENTRIES_A_TURN)) this.#look(held, name, batch);
      });
    } catch (error) {
      this.#failed(batch.folder, error);
    }
    return true;
  }

  #look(held: string, name: string, { folder, depth }: Batch): void {
    const path = join(folder, name);
    if (this.#isFull || this.#excluded.has(path) || this.#entries.has(path)) return;
    if (this.#entries.size >= MAX_ENTRIES) {
      this.#isFull = true;
      this.#tell(`There are more than ${MAX_ENTRIES} entries; the rest is not covered.`);
      return;
    }
    try {
      if (localFiles.isForeign(path)) throw new ForeignFileSystemError(path);
      const at = join(held, name);
      const stats = lstatSync(at, { throwIfNoEntry: false });
      if (stats === undefined) return;
      const entry = entryOf(path, at, stats);
      this.#entries.set(path, entry);
      if (entry.kind !== 'directory') return;
      if (depth >= MAX_DEPTH) this.#tell(`${path} is nested too deep; what is below it is not covered.`);
      else this.#waiting.push({ folder: path, names: namesOf(path), depth: depth + 1 });
    } catch (error) {
      this.#failed(path, error);
    }
  }

  #failed(path: string, error: unknown): void {
    if (!(error instanceof ForeignFileSystemError)) this.#tell(`${path} cannot be looked at: ${messageOf(error)}.`);
    else if (!this.foreign.includes(error.place)) {
      this.foreign.push(error.place);
      this.#tell(error.message);
    }
  }

  #tell(problem: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push(problem);
  }
}

/** Calls with a path that leads into this very folder. @throws ForeignFileSystemError, or what the kernel says */
function inFolder<T>(folder: string, use: (held: string) => T): T | undefined {
  return localFiles.reach(folder === '/' ? '/' : `${folder}/.`, 'none', use);
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function join(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

function namesOf(folder: string): readonly string[] {
  return inFolder(folder, (held) => readdirSync(held)) ?? [];
}

/** @param at where it is reached */
function entryOf(path: string, at: string, stats: Stats): Entry {
  const kind = kindOf(stats);
  return {
    path,
    kind,
    mode: kind === 'link' ? 0 : stats.mode & MODE_BITS,
    uid: stats.uid,
    gid: stats.gid,
    size: kind === 'file' ? stats.size : 0,
    digest: '',
    target: kind === 'link' ? readlinkSync(at) : '',
    attributes: UNKNOWN_ATTRIBUTES,
    stamp: kind === 'file' ? stampOf(stats) : '',
  };
}

export function stampOf({ dev, ino, ctimeMs, size }: Pick<Stats, 'dev' | 'ino' | 'ctimeMs' | 'size'>): string {
  return `${dev}:${ino}:${ctimeMs}:${size}`;
}

function kindOf(stats: Stats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'link' : 'other';
}
