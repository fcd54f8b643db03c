/**
 * Every place from which programs are started without anybody asking, and which of them a path belongs to. What looks
 * at the files and what judges their writes read the same rows.
 */
import { BOOT_PLACES } from './boot-places.ts';
import { LOGIN_PLACES } from './login-places.ts';
import { PROGRAM_PLACES } from './program-places.ts';
import type { AutostartRow } from './row.ts';

export { type AutostartRow, CONTENT_FORMS, type ContentForm } from './row.ts';

/** The first row that fits is the place of a file. */
export const AUTOSTART_ROWS: readonly AutostartRow[] = [...PROGRAM_PLACES, ...BOOT_PLACES, ...LOGIN_PLACES];

/** Editors and installers write beside the file and rename: these names start nothing, and cron and others skip them. */
export const UNFINISHED = /(?:~|\.(?:swp|swx|swpx|tmp|bak|dpkg-[a-z]+|ucf-[a-z]+|rpmnew|rpmsave|lock|placeholder))$/;

/** A row with its paths made ready to be compared. */
interface Matcher {
  readonly row: AutostartRow;
  /** The folder with a slash at its end, or the file, as far as it has no "*". */
  readonly start: string;
  readonly isFolder: boolean;
  /** Of folders with a "*": each stands for a part of one name, so nothing is tried twice. */
  readonly pattern?: RegExp;
}

/** The row of a file of the system. @param path absolute */
export function systemRowOf(path: string): AutostartRow | undefined {
  return firstMatch(SYSTEM.get(pathBeginning(path, SYSTEM_PARTS)), path);
}

/** The row of a file in a home. @param rest what stands behind the home and its slash */
export function homeRowOf(rest: string): AutostartRow | undefined {
  return firstMatch(HOME.get(pathBeginning(rest, 0)), rest);
}

/** Whether any row has a path that begins like this one: tells quickly of most paths that none does. */
export function mayBeSystemRow(path: string): boolean {
  return SYSTEM.has(pathBeginning(path, SYSTEM_PARTS));
}

/** The same for what stands behind a home and its slash. */
export function mayBeHomeRow(rest: string): boolean {
  return HOME.has(pathBeginning(rest, 0));
}

/** Whether a name in a folder of the row starts something. */
export function isWantedName(name: string, { endings, ignored }: AutostartRow): boolean {
  if (UNFINISHED.test(name) || ignored?.test(name)) return false;
  return endings?.some((ending) => name.endsWith(ending)) ?? true;
}

function firstMatch(matchers: readonly Matcher[] | undefined, path: string): AutostartRow | undefined {
  return matchers?.find((matcher) => isMatch(matcher, path))?.row;
}

function isMatch({ row, start, isFolder, pattern }: Matcher, path: string): boolean {
  if (!isFolder) return path === start;
  if (!path.startsWith(start)) return false;
  const folderEnd = pattern === undefined ? start.length : (pattern.exec(path)?.[0].length ?? -1);
  const nameStart = path.lastIndexOf('/') + 1;
  if (folderEnd === -1 || nameStart < folderEnd || (row.isFlat === true && nameStart !== folderEnd)) return false;
  const name = path.slice(nameStart);
  // A folder that is moved here brings what is in it.
  return isWantedName(name, row) || row.subfolders?.some((ending) => name.endsWith(ending)) === true;
}

/** Names from the top by which paths are told apart: "/etc/cron.d", "/usr/lib". */
const SYSTEM_PARTS = 2;

/** "/etc/cron.d" of "/etc/cron.d/x" with 2 slashes to pass; ".config" of ".config/x" with none. */
function pathBeginning(path: string, parts: number): string {
  let end = path.indexOf('/', parts === 0 ? 0 : 1);
  for (let part = 1; part < parts && end !== -1; part++) end = path.indexOf('/', end + 1);
  return end === -1 ? path : path.slice(0, end);
}

const SYSTEM = indexed(({ files, folders }) => ({ files, folders }), SYSTEM_PARTS);
const HOME = indexed(({ homeFiles, homeFolders }) => ({ files: homeFiles, folders: homeFolders }), 0);

interface Paths {
  readonly files: readonly string[] | undefined;
  readonly folders: readonly string[] | undefined;
}

function indexed(pathsOf: (row: AutostartRow) => Paths, parts: number): ReadonlyMap<string, readonly Matcher[]> {
  const index = new Map<string, Matcher[]>();
  const add = (path: string, matcher: Matcher): void => {
    const key = pathBeginning(path, parts);
    if (key.includes('*')) throw new RangeError(`${path} has a * where paths are told apart.`);
    const known = index.get(key);
    if (known === undefined) index.set(key, [matcher]);
    else known.push(matcher);
  };
  for (const row of AUTOSTART_ROWS) {
    const { files = [], folders = [] } = pathsOf(row);
    for (const start of files) add(start, { row, start, isFolder: false });
    for (const folder of folders) add(`${folder}/x`, folderMatcher(row, `${folder}/`));
  }
  return index;
}

function folderMatcher(row: AutostartRow, folder: string): Matcher {
  const star = folder.indexOf('*');
  if (star === -1) return { row, start: folder, isFolder: true };
  const pattern = new RegExp(`^${folder.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}`);
  return { row, start: folder.slice(0, star), isFolder: true, pattern };
}
