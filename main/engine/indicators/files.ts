/** Lists as files: read without trusting who put them there, taken in and removed. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf, FailureError } from '../runtime/failure.ts';
import {
  listTakenFiles,
  removeTakenFile,
  type TakenFiles,
  type TakenFileWords,
  writeTakenFile,
} from '../runtime/taken-files.ts';

/** Lists that were taken in. */
export const MAX_LISTS = 64;
const OWN_LIST = /^[A-Za-z0-9][\w.-]{0,99}\.(txt|csv|json)$/;
const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;
const MEBIBYTE = 1024 * 1024;

/** Below the data directory of the engine. */
export function indicatorsDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'indicators');
}

/** Paths of the lists that were taken in, by name. None where there is no folder. @throws FailureError `list-not-readable` */
export function listFiles(directory: string): readonly string[] {
  return listTakenFiles(ownLists(directory)).map((name) => join(directory, name));
}

/**
 * The text of a list. Root reads no symbolic links and nothing that others could change or put in its place: whoever
 * writes the list says whom Holdfast accuses.
 *
 * @throws FailureError `list-not-readable`, `unsafe-list`, `list-too-large`
 */
export function readListFile(path: string, maximumMebibytes: number, userId: number): string {
  const isRoot = userId === 0;
  let descriptor: number;
  try {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | (isRoot ? constants.O_NOFOLLOW : 0);
    descriptor = openSync(path, flags);
  } catch (error) {
    if (isRoot && codeOf(error) === 'ELOOP') throw unsafe(path, 'is a symbolic link', 'Name the file itself.');
    throw notReadable(path, error);
  }
  try {
    const entry = fstatSync(descriptor);
    if (!entry.isFile()) throw unsafe(path, 'is not a regular file', 'Name a file.');
    if (isRoot && entry.uid !== 0) throw unsafe(path, `belongs to user ${entry.uid}`, `chown root ${path}`);
    if ((entry.mode & WRITABLE_BY_ALL) !== 0) throw unsafe(path, 'can be written by everybody', `chmod o-w ${path}`);
    if (isRoot && entry.gid !== 0 && (entry.mode & WRITABLE_BY_GROUP) !== 0) {
      throw unsafe(path, `can be written by group ${entry.gid}`, `chmod g-w ${path}`);
    }
    if (entry.size > maximumMebibytes * MEBIBYTE) throw tooLarge(path, maximumMebibytes);
    const bytes = readAtMost(descriptor, entry.size, maximumMebibytes * MEBIBYTE);
    if (bytes === undefined) throw tooLarge(path, maximumMebibytes);
    return bytes.toString('utf8');
  } catch (error) {
    throw error instanceof FailureError ? error : notReadable(path, error);
  } finally {
    closeSync(descriptor);
  }
}

const READ_PIECE_BYTES = 64 * 1024;

/**
 * To its end, whatever its size was said to be: files of /proc say 0, and others grow meanwhile. Undefined where it is
 * longer than `maximum`.
 */
function readAtMost(descriptor: number, expected: number, maximum: number): Buffer | undefined {
  let bytes = Buffer.allocUnsafe(Math.min(expected, maximum) + READ_PIECE_BYTES);
  let length = 0;
  for (;;) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, null);
    if (count === 0) return bytes.subarray(0, length);
    length += count;
    if (length > maximum) return undefined;
    if (length < bytes.length) continue;
    const larger = Buffer.allocUnsafe(bytes.length * 2);
    bytes.copy(larger);
    bytes = larger;
  }
}

/** The name that a list gets when it is taken in: that of its file, with one of the three endings. */
export function ownListName(path: string): string {
  const name = basename(path)
    .replaceAll(/[^\w.-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  const ended = /\.(txt|csv|json)$/.test(name) ? name : `${name}.txt`;
  const short = ended.length > 100 ? ended.slice(-100).replace(/^[^A-Za-z0-9]+/, '') : ended;
  return OWN_LIST.test(short) ? short : 'list.txt';
}

/**
 * Takes a list in, or puts it in the place of one of its name.
 *
 * @throws FailureError `bad-list-name`, `too-many-lists`, `list-not-written`, `list-not-readable`
 */
export function writeOwnList(directory: string, name: string, text: string): void {
  writeTakenFile(ownLists(directory), name, text);
}

/** @throws FailureError `no-such-list`, `bad-list-name`, `list-not-readable` */
export function removeOwnList(directory: string, name: string): void {
  removeTakenFile(ownLists(directory), name);
}

function ownLists(directory: string): TakenFiles {
  return { directory, endings: ['.txt', '.csv', '.json'], most: MAX_LISTS, words: LISTS };
}

const LISTS: TakenFileWords = {
  one: 'list',
  many: 'lists',
  listHint: '"holdfast indicators list" names them. Lists of the setting indicators.files are removed there.',
  codes: {
    badName: 'bad-list-name',
    tooMany: 'too-many-lists',
    none: 'no-such-list',
    notWritten: 'list-not-written',
    notReadable: 'list-not-readable',
  },
};

function notReadable(path: string, error: unknown): FailureError {
  const message = `${path} cannot be read (${codeOf(error) || String(error)}).`;
  return new FailureError({ code: 'list-not-readable', message, hint: 'Check the path and its permissions.' }, error);
}

function unsafe(path: string, why: string, hint: string): FailureError {
  return new FailureError({ code: 'unsafe-list', message: `${path} ${why}, so it is not read.`, hint });
}

function tooLarge(path: string, maximumMebibytes: number): FailureError {
  const message = `${path} is larger than ${maximumMebibytes} MiB, the most that is read.`;
  return new FailureError({ code: 'list-too-large', message, hint: 'Raise indicators.maximumMebibytes, or split it.' });
}
