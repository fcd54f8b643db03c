/** Files that start programs by themselves, place by place. */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { AutostartPlace, HostEvent } from '../../../../../contract/events.ts';
import { type AutostartRow, homeRowOf, isWantedName, systemRowOf } from '../../../runtime/autostart/index.ts';
import type { Change, ChangeContext, Collected, Collector, Known } from '../collector.ts';
import { MAX_TEXT_BYTES } from '../host-files.ts';
import { PARSERS, PLACE_ROWS } from '../places.ts';
import type { Home, Surroundings } from '../surroundings.ts';
import { FolderNames } from './folder-names.ts';

/** One file of a place; its key is the path. */
export type PlaceFact = {
  readonly digest: string;
  /** What it starts. */
  readonly items: readonly string[];
  /** Whom each of them runs as; empty where the file does not say. */
  readonly users: readonly string[];
  /** More than `items` tells: the file is longer, or holds no text. */
  readonly isMore: boolean;
  /** Where a link leads to; empty for files. */
  readonly target: string;
  readonly uid: number;
  /** Permission bits. */
  readonly mode: number;
  /** When its content was changed, as the file system says, which whoever may write it can set. */
  readonly changedMs: number;
  /** Home.id; empty outside of homes. */
  readonly home: string;
};

const SHAPE = {
  digest: 'string',
  items: 'list',
  users: 'list',
  isMore: 'boolean',
  target: 'string',
  uid: 'number',
  mode: 'number',
  changedMs: 'number',
  home: 'string',
} as const;

/** Files of one place: a desktop has some thousand udev rules and units in all. */
const MAX_FILES = 4_000;
/** Things that one file starts which are kept; more is `isMore`. */
const MAX_ITEMS = 200;
const MODE_BITS = 0o7777;
/** Text of an event: what an alert shows is shorter. */
const MAX_CONTENT = 4_096;
const DEFAULT_INTERVAL_MS = 10_000;
const SEEN_INTERVAL_MS = 30_000;
/** Places with many files or in many homes: events of the file sensor tell of them at once anyway. */
const LARGE_INTERVAL_MS = 60_000;
const LARGE: ReadonlySet<AutostartPlace> = new Set([
  ...(['systemd-unit', 'systemd-timer', 'udev', 'd-bus', 'polkit', 'network-hook', 'kernel-helper'] as const),
  ...([
    'interpreter-startup',
    'git-settings',
    'ssh-server',
    'ssh-client',
    'log-rotation',
    'desktop-autostart',
  ] as const),
]);
/** Folders that one "*" stands for: a computer has a handful of versions of a program. */
const MAX_ALIKE = 256;

interface Candidate {
  readonly path: string;
  readonly row: AutostartRow;
  readonly home: Home | undefined;
}

/** The collector of one place. Keeps what it read of a file until the file is another one. */
export function placeCollector(place: AutostartPlace): Collector<PlaceFact> {
  const rows = PLACE_ROWS.filter((row) => row.place === place);
  // Nobody sees what is written into the kernel's own files.
  const areSeen = !LARGE.has(place) && rows.every(({ isOfKernel }) => isOfKernel !== true);
  const memory = new Map<string, { readonly stamp: string; readonly fact: PlaceFact }>();
  const names = new FolderNames();
  return {
    name: place,
    title: place,
    keeping: 'always',
    intervalMs: LARGE.has(place) ? LARGE_INTERVAL_MS : DEFAULT_INTERVAL_MS,
    ...(areSeen && { seenIntervalMs: SEEN_INTERVAL_MS }),
    shape: SHAPE,
    concerns: (path, around) => isOfPlace(path, place, around.homes),
    collect(around, known) {
      const facts = new Map<string, PlaceFact>();
      let left = 0;
      names.startRound();
      for (const candidate of candidates(rows, around, names)) {
        if (facts.has(candidate.path)) continue;
        if (facts.size >= MAX_FILES) {
          left++;
          continue;
        }
        const isRemembered = candidate.row.isOfKernel !== true;
        if (isRemembered && names.isAbsent(candidate.path, around.files)) continue;
        const stats = around.files.lstat(candidate.path);
        if (stats === undefined && isRemembered) names.noteAbsent(candidate.path, around.files);
        if (stats === undefined || !(stats.isFile() || stats.isSymbolicLink())) continue;
        const target = stats.isSymbolicLink() ? around.files.stat(candidate.path) : undefined;
        const stamp = stampOf(stats) + (target === undefined ? '' : stampOf(target));
        const remembered = memory.get(candidate.path);
        const isKnown = remembered?.stamp === stamp && isRemembered;
        const fact = isKnown ? remembered.fact : read(candidate, stats, around);
        if (fact === undefined) continue;
        memory.set(candidate.path, { stamp, fact });
        facts.set(candidate.path, fact);
      }
      for (const path of memory.keys()) if (!facts.has(path)) memory.delete(path);
      keepUnseen(rows, known, facts, around);
      return { facts, left } satisfies Collected<PlaceFact>;
    },
    tell: (change, about) => tell(place, change, about),
  };
}

function stampOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}:${stats.ctimeMs}:${stats.mtimeMs}:${stats.size}:${stats.mode}:${stats.uid};`;
}

function* candidates(rows: readonly AutostartRow[], around: Surroundings, names: FolderNames): Generator<Candidate> {
  for (const row of rows) {
    for (const path of row.files ?? []) yield { path, row, home: undefined };
    for (const folder of row.folders ?? []) {
      if (isMounted(row, folder, around)) yield* inFolders(folder, row, undefined, around, names);
    }
    if (row.homeFiles === undefined && row.homeFolders === undefined) continue;
    for (const home of around.homes) {
      for (const name of row.homeFiles ?? []) yield { path: `${home.path}/${name}`, row, home };
      for (const folder of row.homeFolders ?? []) yield* inFolders(`${home.path}/${folder}`, row, home, around, names);
    }
  }
}

function isMounted({ onFileSystem }: AutostartRow, folder: string, { mounts }: Surroundings): boolean {
  return onFileSystem === undefined || mounts.some((each) => each.path === folder && each.fileSystem === onFileSystem);
}

function* inFolders(
  folder: string,
  row: AutostartRow,
  home: Home | undefined,
  around: Surroundings,
  names: FolderNames,
): Generator<Candidate> {
  // Only the row has stars: a home may be called so.
  const above = home === undefined ? '' : home.path;
  const parts = folder.slice(above.length + 1).split('/');
  for (const each of foldersAlike(above, parts, home?.path, around, names))
    yield* inFolder(each, row, home, around, names);
}

/** Folders that are there for a path in which "*" stands for any part of a name. */
function foldersAlike(
  above: string,
  parts: readonly string[],
  within: string | undefined,
  around: Surroundings,
  names: FolderNames,
): readonly string[] {
  const index = parts.findIndex((part) => part.includes('*'));
  if (index === -1) return [[above, ...parts].join('/')];
  const parent = [above, ...parts.slice(0, index)].join('/');
  return names
    .alike(parts[index]!, parent, around.files, within)
    .slice(0, MAX_ALIKE)
    .flatMap((name) => foldersAlike(`${parent}/${name}`, parts.slice(index + 1), within, around, names));
}

function* inFolder(
  folder: string,
  row: AutostartRow,
  home: Home | undefined,
  { files }: Surroundings,
  names: FolderNames,
): Generator<Candidate> {
  const within = home?.path ?? (row.isOpen ? folder : undefined);
  for (const name of names.of(row, folder, files, within)) {
    const path = `${folder}/${name}`;
    if (row.subfolders?.some((ending) => name.endsWith(ending)) && files.stat(path)?.isDirectory()) {
      for (const inner of names.of(row, path, files, within))
        if (isWantedName(inner, row)) yield { path: `${path}/${inner}`, row, home };
    } else if (isWantedName(name, row)) yield { path, row, home };
  }
}

function read({ path, row, home }: Candidate, stats: Stats, { files }: Surroundings): PlaceFact {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const within = home?.path ?? (row.isOpen ? folder : undefined);
  const target = stats.isSymbolicLink() ? (files.link(path) ?? '') : '';
  const bytes = files.readBytes(path, MAX_TEXT_BYTES, within);
  const isText = bytes !== undefined && !bytes.content.includes(0);
  const owner = ownerOf(row, path, home);
  const items = isText ? PARSERS[row.form](bytes.content.toString('utf8'), owner) : [];
  const shown = items.slice(0, MAX_ITEMS);
  return {
    digest: bytes === undefined ? '' : digestOf(bytes),
    items: shown.map(({ content }) => content),
    users: shown.map(({ user }) => user ?? ''),
    isMore: bytes !== undefined && (!isText || bytes.isCut || items.length > MAX_ITEMS),
    target,
    uid: stats.uid,
    mode: stats.mode & MODE_BITS,
    // The kernel gives its files the time at which somebody looked first.
    changedMs: row.isOfKernel === true ? 0 : Math.trunc((bytes?.stats ?? stats).mtimeMs),
    home: home?.id ?? '',
  };
}

/** What is behind the part that is read is known by its length and by when it changed, which only the kernel sets. */
function digestOf({ content, isCut, stats }: { content: Buffer; isCut: boolean; stats: Stats }): string {
  const hash = createHash('sha256').update(content);
  return (isCut ? hash.update(`${stats.size}:${stats.ctimeMs}`) : hash).digest('hex');
}

function ownerOf(row: AutostartRow, path: string, home: Home | undefined): string | undefined {
  if (row.owner === 'root') return 'root';
  if (row.owner === 'home') return home?.user;
  return row.owner === 'file-name' ? path.slice(path.lastIndexOf('/') + 1) : undefined;
}

/**
 * Of homes that are away (encrypted, on a stick) and of file systems that are not mounted yet what was known stays
 * known: nothing of it was removed.
 */
function keepUnseen(
  rows: readonly AutostartRow[],
  known: Known<PlaceFact>,
  facts: Map<string, PlaceFact>,
  around: Surroundings,
): void {
  const present = new Set(around.homes.map(({ id }) => id));
  const away = rows.flatMap((row) => (row.folders ?? []).filter((folder) => !isMounted(row, folder, around)));
  for (const [path, fact] of known) {
    const isAway = fact.home !== '' ? !present.has(fact.home) : away.some((folder) => path.startsWith(`${folder}/`));
    if (isAway && !facts.has(path)) facts.set(path, fact);
  }
}

function isOfPlace(path: string, place: AutostartPlace, homes: readonly Home[]): boolean {
  if (systemRowOf(path)?.place === place) return true;
  return homes.some(
    (home) => path.startsWith(`${home.path}/`) && homeRowOf(path.slice(home.path.length + 1))?.place === place,
  );
}

function tell(
  place: AutostartPlace,
  { key, before, after }: Change<PlaceFact>,
  { timeMs, isNewHome }: ChangeContext,
): readonly HostEvent[] {
  const event = (action: 'added' | 'changed' | 'removed', fact: PlaceFact, items: readonly string[]): HostEvent => {
    const users = new Set(fact.users.filter((user, index) => user !== '' && items.includes(fact.items[index] ?? '')));
    const [user] = users;
    const content = (items.length > 0 ? items.join('\n') : fact.target).slice(0, MAX_CONTENT);
    return {
      type: 'autostart-change',
      timeMs,
      place,
      action,
      path: key,
      ...(content !== '' && { content }),
      ...(users.size === 1 && user !== undefined && { user }),
    };
  };
  if (after === undefined) return before === undefined ? [] : [event('removed', before, before.items)];
  if (before === undefined) {
    // A file that starts nothing is told of when a line comes into it that does.
    const isEmpty = after.items.length === 0 && !after.isMore && after.target === '';
    return isEmpty || isNewHome(after.home) ? [] : [event('added', after, after.items)];
  }
  const added = startsNotIn(before, after);
  if (added.length > 0 || after.target !== before.target) return [event('changed', after, added)];
  const removed = startsNotIn(after, before);
  if (removed.length > 0) return [event('removed', before, removed)];
  // What changed is beyond what is kept of the file; a file that cannot be read at the moment says nothing.
  const isUnseenChange = after.isMore && after.digest !== before.digest && after.digest !== '' && before.digest !== '';
  return isUnseenChange ? [event('changed', after, [])] : [];
}

/** What a file starts now and did not before, or not as the same user. */
function startsNotIn(before: PlaceFact, after: PlaceFact): readonly string[] {
  const known = new Set(before.items.map((item, index) => `${before.users[index] ?? ''}\0${item}`));
  return after.items.filter((item, index) => !known.has(`${after.users[index] ?? ''}\0${item}`));
}
