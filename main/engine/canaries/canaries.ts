/**
 * Lays out canaries and takes them away. What is to be placed is written down before it is, so that an engine that dies
 * leaves none that nobody knows; only a file that is still what was placed is removed.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  futimesSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { codeOf, messageOf } from '../runtime/failure.ts';
import { ForeignFileSystemError } from '../runtime/local-files.ts';
import { openRegularFile } from '../runtime/open-regular.ts';
import { DECOYS, HOME_FOLDERS } from './decoys.ts';
import { type OpenFolder, openFolder } from './folders.ts';
import { homesOfPeople } from './homes.ts';

export interface Canary {
  readonly path: string;
  readonly placedMs: number;
  /** SHA-256 of its content, hexadecimal: by it is known what may be removed. */
  readonly sha256: string;
  /** Number of the file system that it was placed on; not of those that were placed before it was noted. */
  readonly device?: number;
}

/** `missing`: somebody removed it. `changed`: somebody wrote into it, or put something else in its place. */
export type CanaryState = 'placed' | 'missing' | 'changed';

export interface CanaryProblem {
  readonly path: string;
  readonly reason: string;
}

export interface CanaryOutcome {
  readonly done: readonly string[];
  readonly problems: readonly CanaryProblem[];
}

const LIST = 'canaries.json';
const MAX_CANARIES = 1_024;
const MAX_LIST_BYTES = 1_048_576;
const MARK_BYTES = 12;
const OWNER_ONLY = 0o600;
/** A document of today among old ones stands out. */
const AGE_SECONDS = 120 * 86_400;
const MS_PER_SECOND = 1_000;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export interface CanaryOptions {
  /** The engine's own. */
  readonly dataDirectory: string;
  nowMs(): number;
  /** For tests. */
  readonly homes?: () => readonly string[];
}

export class Canaries {
  readonly #options: CanaryOptions;
  readonly #list: string;
  #known: readonly Canary[];

  constructor(options: CanaryOptions) {
    this.#options = options;
    this.#list = join(options.dataDirectory, LIST);
    this.#known = readList(this.#list);
  }

  /** All that were placed and not removed, by this engine or one before it. */
  get all(): readonly Canary[] {
    return this.#known;
  }

  /** What cannot be looked at counts as changed. */
  state(canary: Canary): CanaryState {
    try {
      return stateOf(canary);
    } catch {
      return 'changed';
    }
  }

  /** Places those that are not there yet. A file that is there already stays what it is. @param folders besides homes */
  place(folders: readonly string[]): CanaryOutcome {
    const done: string[] = [];
    const problems: CanaryProblem[] = [];
    for (const folder of this.#foldersFor(folders)) {
      for (const { name, content } of DECOYS) {
        const path = join(folder.path, name);
        const known = this.#known.find((each) => each.path === path);
        if (known !== undefined && this.state(known) !== 'missing') continue;
        if (this.#known.length >= MAX_CANARIES && known === undefined) {
          problems.push({ path, reason: `There are ${MAX_CANARIES} canaries already.` });
          continue;
        }
        const text = content(randomBytes(MARK_BYTES).toString('hex'));
        const before = this.#known;
        const canary = { path, placedMs: this.#options.nowMs(), sha256: digestOf(text) };
        try {
          const held = openFolder(folder.path);
          try {
            const kept = before.filter((each) => each.path !== path);
            this.#keep([...kept, { ...canary, device: held.device }]);
            place(held, name, text, this.#options.nowMs());
          } finally {
            held.close();
          }
          done.push(path);
        } catch (error) {
          this.#forget(path);
          // Of homes most have not all of these folders; one that was named must be there.
          if (folder.isNamed || codeOf(error) !== 'ENOENT') problems.push({ path, reason: reasonOf(error) });
        }
      }
    }
    return { done, problems };
  }

  /**
   * Takes all away that are still what was placed. Others are left where they are, told, and forgotten; those whose folder
   * is not there are kept: it may be on a disk or in a home that is not mounted now, and comes back with them.
   */
  remove(): CanaryOutcome {
    const done: string[] = [];
    const problems: CanaryProblem[] = [];
    const left: Canary[] = [];
    for (const canary of this.#known) {
      const { path } = canary;
      try {
        const device = deviceOfFolder(path);
        if (device === 'none') {
          problems.push({ path, reason: FOLDER_AWAY });
          left.push(canary);
          continue;
        }
        const state = stateOf(canary);
        // What it is mounted on is there and empty.
        if (state === 'missing' && canary.device !== undefined && device !== canary.device) {
          problems.push({ path, reason: FOLDER_AWAY });
          left.push(canary);
          continue;
        }
        if (state === 'changed') problems.push({ path, reason: 'It was changed since, and is left as it is.' });
        if (state !== 'placed') continue;
        remove(path);
        done.push(path);
      } catch (error) {
        problems.push({ path, reason: reasonOf(error) });
        left.push(canary);
      }
    }
    this.#keep(left);
    return { done, problems };
  }

  #foldersFor(named: readonly string[]): readonly { readonly path: string; readonly isNamed: boolean }[] {
    const homes = (this.#options.homes ?? homesOfPeople)();
    const usual = homes.flatMap((home) => HOME_FOLDERS.map((folder) => join(home, folder)));
    return [
      ...usual.map((path) => ({ path, isNamed: false })),
      ...named.filter((path) => !usual.includes(path)).map((path) => ({ path, isNamed: true })),
    ];
  }

  /** A list that cannot be written names what is not there, which harms nobody. */
  #forget(path: string): void {
    const left = this.#known.filter((each) => each.path !== path);
    try {
      if (left.length < this.#known.length) this.#keep(left);
    } catch {
      this.#known = left;
    }
  }

  /** @throws where it cannot be written: then nothing is placed */
  #keep(canaries: readonly Canary[]): void {
    const draft = `${this.#list}.new`;
    const file = openSync(
      draft,
      constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
      OWNER_ONLY,
    );
    try {
      writeFileSync(file, JSON.stringify(canaries));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, this.#list);
    this.#known = canaries;
  }
}

function place(folder: OpenFolder, name: string, text: string, nowMs: number): void {
  const file = openSync(folder.entry(name), NEW_FILE, OWNER_ONLY);
  try {
    writeFileSync(file, text);
    // Whose folder it is may read it: a document of somebody else would stand out.
    fchownSync(file, folder.uid, folder.gid);
    fchmodSync(file, OWNER_ONLY);
    const seconds = nowMs / MS_PER_SECOND - AGE_SECONDS;
    futimesSync(file, seconds, seconds);
  } catch (error) {
    takeBack(folder.entry(name), file);
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Half a canary (the disk is full) must not stay; what has its name by now does. */
function takeBack(entry: string, file: number): void {
  const [made, there] = [fstatSync(file), lstatSync(entry, { throwIfNoEntry: false })];
  if (there !== undefined && there.dev === made.dev && there.ino === made.ino) unlinkSync(entry);
}

function remove(path: string): void {
  const slash = path.lastIndexOf('/');
  const folder = openFolder(path.slice(0, slash));
  try {
    unlinkSync(folder.entry(path.slice(slash + 1)));
  } finally {
    folder.close();
  }
}

const FOLDER_AWAY =
  'Its folder is not there now, as where it is not mounted. It is still known: remove it when the folder is back.';

/** Number of the file system that a canary's folder is on; undefined where a part of the way is no folder. */
function deviceOfFolder(path: string): number | 'none' | undefined {
  try {
    const folder = openFolder(path.slice(0, path.lastIndexOf('/')));
    folder.close();
    return folder.device;
  } catch (error) {
    if (error instanceof ForeignFileSystemError) throw error;
    return codeOf(error) === 'ENOENT' ? 'none' : undefined;
  }
}

/** @throws where it cannot be looked at */
function stateOf({ path, sha256 }: Canary): CanaryState {
  const found = digestAt(path);
  return found === undefined ? 'missing' : found === sha256 ? 'placed' : 'changed';
}

/**
 * Of the regular file at this path; undefined where there is nothing, empty where there is something else.
 *
 * @throws where it cannot be looked at
 */
function digestAt(path: string): string | undefined {
  const slash = path.lastIndexOf('/');
  try {
    const folder = openFolder(path.slice(0, slash));
    try {
      const file = openRegularFile(folder.entry(path.slice(slash + 1)));
      try {
        const buffer = Buffer.alloc(MAX_DECOY_BYTES);
        return digestOf(buffer.subarray(0, readUpTo(file, buffer)));
      } finally {
        closeSync(file);
      }
    } finally {
      folder.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return undefined;
    // No code: it is no regular file.
    if (code === '' || code === 'ENOTDIR' || code === 'ELOOP') return '';
    throw error;
  }
}

/** Several times the largest decoy; what is longer is none of ours. */
const MAX_DECOY_BYTES = 65_536;

function readUpTo(file: number, buffer: Buffer): number {
  let length = 0;
  for (;;) {
    const read = readSync(file, buffer, length, buffer.length - length, null);
    if (read === 0) return length;
    length += read;
  }
}

function digestOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function reasonOf(error: unknown): string {
  const code = codeOf(error);
  if (code === 'EEXIST') return 'There is a file of this name already; it is left as it is.';
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return 'Holdfast may not write here: its service sees homes, and changes nothing in them.';
  }
  return messageOf(error);
}

/** What an engine before this one wrote; a damaged list is as if there were none. */
function readList(path: string): readonly Canary[] {
  try {
    const given: unknown = JSON.parse(readFileSync(path, 'utf8').slice(0, MAX_LIST_BYTES));
    return Array.isArray(given) ? given.filter(isCanary).slice(0, MAX_CANARIES) : [];
  } catch {
    return [];
  }
}

function isCanary(given: unknown): given is Canary {
  if (typeof given !== 'object' || given === null) return false;
  const { path, placedMs, sha256, device } = given as Partial<Record<keyof Canary, unknown>>;
  return (
    typeof path === 'string' &&
    path.startsWith('/') &&
    typeof placedMs === 'number' &&
    typeof sha256 === 'string' &&
    ['undefined', 'number'].includes(typeof device)
  );
}
