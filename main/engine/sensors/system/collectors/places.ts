/** Files that start programs by themselves, place by place. */
import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import type { AutostartPlace, HostEvent } from '../../../../../contract/events.ts';
import type { Change, ChangeContext, Collected, Collector, Known } from '../collector.ts';
import { MAX_TEXT_BYTES } from '../host-files.ts';
import { PLACE_ROWS, type PlaceRow, UNFINISHED } from '../places.ts';
import type { Home, Surroundings } from '../surroundings.ts';

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
/** Places with many files, which package managers fill: FileSensor's events tell of them at once anyway. */
const LARGE_INTERVAL_MS = 60_000;
const LARGE: ReadonlySet<AutostartPlace> = new Set(['systemd-unit', 'systemd-timer', 'udev']);

interface Candidate {
  readonly path: string;
  readonly row: PlaceRow;
  readonly home: Home | undefined;
}

/** The collector of one place. Keeps what it read of a file until the file is another one. */
export function placeCollector(place: AutostartPlace): Collector<PlaceFact> {
  const rows = PLACE_ROWS.filter((row) => row.place === place);
  const memory = new Map<string, { readonly stamp: string; readonly fact: PlaceFact }>();
  return {
    name: place,
    title: place,
    keeping: 'always',
    intervalMs: LARGE.has(place) ? LARGE_INTERVAL_MS : DEFAULT_INTERVAL_MS,
    shape: SHAPE,
    concerns: (path, around) => rows.some((row) => isOfRow(path, row, around.homes)),
    collect(around, known) {
      const facts = new Map<string, PlaceFact>();
      let left = 0;
      for (const candidate of candidates(rows, around)) {
        if (facts.has(candidate.path)) continue;
        if (facts.size >= MAX_FILES) {
          left++;
          continue;
        }
        const stats = around.files.lstat(candidate.path);
        if (stats === undefined || !(stats.isFile() || stats.isSymbolicLink())) continue;
        const target = stats.isSymbolicLink() ? around.files.stat(candidate.path) : undefined;
        const stamp = stampOf(stats) + (target === undefined ? '' : stampOf(target));
        const remembered = memory.get(candidate.path);
        const fact = remembered?.stamp === stamp ? remembered.fact : read(candidate, stats, around);
        if (fact === undefined) continue;
        memory.set(candidate.path, { stamp, fact });
        facts.set(candidate.path, fact);
      }
      for (const path of memory.keys()) if (!facts.has(path)) memory.delete(path);
      keepUnseen(known, facts, around);
      return { facts, left } satisfies Collected<PlaceFact>;
    },
    tell: (change, about) => tell(place, change, about),
  };
}

function stampOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}:${stats.ctimeMs}:${stats.mtimeMs}:${stats.size}:${stats.mode}:${stats.uid};`;
}

function* candidates(rows: readonly PlaceRow[], around: Surroundings): Generator<Candidate> {
  for (const row of rows) {
    for (const path of row.files ?? []) yield { path, row, home: undefined };
    for (const folder of row.folders ?? []) yield* inFolder(folder, row, undefined, around);
    if (row.homeFiles === undefined && row.homeFolders === undefined) continue;
    for (const home of around.homes) {
      for (const name of row.homeFiles ?? []) yield { path: `${home.path}/${name}`, row, home };
      for (const folder of row.homeFolders ?? []) yield* inFolder(`${home.path}/${folder}`, row, home, around);
    }
  }
}

function* inFolder(
  folder: string,
  row: PlaceRow,
  home: Home | undefined,
  { files }: Surroundings,
): Generator<Candidate> {
  const within = home?.path ?? (row.isOpen ? folder : undefined);
  for (const name of files.list(folder, within)) {
    const path = `${folder}/${name}`;
    if (row.subfolders?.some((ending) => name.endsWith(ending))) {
      for (const inner of files.list(path, within))
        if (isWanted(inner, row)) yield { path: `${path}/${inner}`, row, home };
    } else if (isWanted(name, row)) yield { path, row, home };
  }
}

function isWanted(name: string, row: PlaceRow): boolean {
  return !UNFINISHED.test(name) && (row.endings?.some((ending) => name.endsWith(ending)) ?? true);
}

function read({ path, row, home }: Candidate, stats: Stats, { files }: Surroundings): PlaceFact {
  const folder = path.slice(0, path.lastIndexOf('/'));
  const within = home?.path ?? (row.isOpen ? folder : undefined);
  const target = stats.isSymbolicLink() ? (files.link(path) ?? '') : '';
  const bytes = files.readBytes(path, MAX_TEXT_BYTES, within);
  const isText = bytes !== undefined && !bytes.content.includes(0);
  const owner = ownerOf(row, path, home);
  const items = isText ? row.parse(bytes.content.toString('utf8'), owner) : [];
  const shown = items.slice(0, MAX_ITEMS);
  return {
    digest: bytes === undefined ? '' : createHash('sha256').update(bytes.content).digest('hex'),
    items: shown.map(({ content }) => content),
    users: shown.map(({ user }) => user ?? ''),
    isMore: bytes !== undefined && (!isText || bytes.isCut || items.length > MAX_ITEMS),
    target,
    uid: stats.uid,
    mode: stats.mode & MODE_BITS,
    changedMs: Math.trunc((bytes?.stats ?? stats).mtimeMs),
    home: home?.id ?? '',
  };
}

function ownerOf(row: PlaceRow, path: string, home: Home | undefined): string | undefined {
  if (row.owner === 'root') return 'root';
  if (row.owner === 'home') return home?.user;
  return row.owner === 'file-name' ? path.slice(path.lastIndexOf('/') + 1) : undefined;
}

/** Of homes that are away (encrypted, on a stick) what was known stays known: nothing of it was removed. */
function keepUnseen(known: Known<PlaceFact>, facts: Map<string, PlaceFact>, { homes }: Surroundings): void {
  const present = new Set(homes.map(({ id }) => id));
  for (const [path, fact] of known)
    if (fact.home !== '' && !present.has(fact.home) && !facts.has(path)) facts.set(path, fact);
}

function isOfRow(path: string, row: PlaceRow, homes: readonly Home[]): boolean {
  if (row.files?.includes(path) || row.folders?.some((folder) => path.startsWith(`${folder}/`))) return true;
  if (row.homeFiles === undefined && row.homeFolders === undefined) return false;
  return homes.some((home) => {
    if (!path.startsWith(`${home.path}/`)) return false;
    const rest = path.slice(home.path.length + 1);
    return row.homeFiles?.includes(rest) || row.homeFolders?.some((folder) => rest.startsWith(`${folder}/`));
  });
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
  if (before === undefined) return isNewHome(after.home) ? [] : [event('added', after, after.items)];
  const known = new Set(before.items);
  const added = after.items.filter((item) => !known.has(item));
  if (added.length > 0 || after.target !== before.target) return [event('changed', after, added)];
  const kept = new Set(after.items);
  const removed = before.items.filter((item) => !kept.has(item));
  if (removed.length > 0) return [event('removed', before, removed)];
  // What changed is beyond what is kept of the file; a file that cannot be read at the moment says nothing.
  const isUnseenChange = after.isMore && after.digest !== before.digest && after.digest !== '' && before.digest !== '';
  return isUnseenChange ? [event('changed', after, [])] : [];
}
