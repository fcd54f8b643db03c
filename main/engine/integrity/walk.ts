/** What lies below the paths of the baseline, without its content. */
import { lstatSync, opendirSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { UNKNOWN_ATTRIBUTES } from './attributes.ts';
import type { Entry, EntryKind } from './entry.ts';

export interface WalkResult {
  /** In no order; files have no digest yet. */
  readonly entries: readonly Entry[];
  /** Folders that could not be read, and what was beyond a limit: the result is not whole then. */
  readonly problems: readonly string[];
}

/** A system with all of /usr has some hundred thousand. */
export const MAX_ENTRIES = 1_000_000;
const MAX_DEPTH = 64;
const MAX_PROBLEMS = 100;
const MODE_BITS = 0o7777;
/** Looked at before others get their turn: a few milliseconds. */
const ENTRIES_A_TURN = 200;

/**
 * Pauses (yields) every few entries. Follows no links but those in the paths themselves, which are as the
 * administrator gave them: "/bin" is looked at as "/usr/bin".
 */
export function* walkPaths(paths: readonly string[], excluded: readonly string[]): Generator<void, WalkResult, void> {
  const entries = new Map<string, Entry>();
  const problems: string[] = [];
  const told = (problem: string): void => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
  };
  const left = new Set(excluded.map(withoutSlash));
  const waiting: { readonly path: string; readonly depth: number }[] = [];
  for (const path of paths) {
    const real = realPath(withoutSlash(path));
    if (real !== undefined) waiting.push({ path: real, depth: 0 });
  }
  let seen = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, depth } = next;
    if (left.has(path) || entries.has(path)) continue;
    if (entries.size >= MAX_ENTRIES) {
      told(`There are more than ${MAX_ENTRIES} entries; the rest is not covered.`);
      break;
    }
    if (++seen % ENTRIES_A_TURN === 0) yield;
    try {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) continue;
      const entry = entryOf(path, stats);
      entries.set(path, entry);
      if (entry.kind !== 'directory') continue;
      if (depth >= MAX_DEPTH) told(`${path} is nested too deep; what is below it is not covered.`);
      else for (const name of namesOf(path)) waiting.push({ path: join(path, name), depth: depth + 1 });
    } catch (error) {
      told(`${path} cannot be looked at: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }
  return { entries: [...entries.values()], problems };
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function join(folder: string, name: string): string {
  return folder === '/' ? `/${name}` : `${folder}/${name}`;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    // Not there on this computer.
    return undefined;
  }
}

function* namesOf(folder: string): Generator<string> {
  const directory = opendirSync(folder);
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) yield entry.name;
  } finally {
    directory.closeSync();
  }
}

function entryOf(path: string, stats: Stats): Entry {
  const kind = kindOf(stats);
  return {
    path,
    kind,
    mode: kind === 'link' ? 0 : stats.mode & MODE_BITS,
    uid: stats.uid,
    gid: stats.gid,
    size: kind === 'file' ? stats.size : 0,
    digest: '',
    target: kind === 'link' ? readlinkSync(path) : '',
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
