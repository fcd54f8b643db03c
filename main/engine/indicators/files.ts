/** Lists as files: read without trusting who put them there, taken in and removed. */
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { codeOf, FailureError } from '../runtime/failure.ts';
import { ensureOwnDirectory } from '../runtime/paths.ts';

/** Lists that were taken in. */
export const MAX_LISTS = 64;
const OWN_LIST = /^[A-Za-z0-9][\w.-]{0,99}\.(txt|csv|json)$/;
const PRIVATE_FILE = 0o600;
const WRITABLE_BY_GROUP = 0o020;
const WRITABLE_BY_ALL = 0o002;
const MEBIBYTE = 1024 * 1024;

/** Below the data directory of the engine. */
export function indicatorsDirectory(dataDirectory: string): string {
  return join(dataDirectory, 'indicators');
}

/** Paths of the lists that were taken in, by name. None where there is no folder. @throws FailureError */
export function listFiles(directory: string): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw notReadable(directory, error);
  }
  return names
    .filter((name) => OWN_LIST.test(name))
    .sort()
    .slice(0, MAX_LISTS)
    .map((name) => join(directory, name));
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

/** Takes a list in, or puts it in the place of one of its name. @throws FailureError */
export function writeOwnList(directory: string, name: string, text: string): void {
  assertName(name);
  ensureOwnDirectory(directory);
  const path = join(directory, name);
  const files = listFiles(directory);
  if (!files.includes(path) && files.length >= MAX_LISTS) {
    const message = `There are ${MAX_LISTS} lists already.`;
    throw new FailureError({ code: 'too-many-lists', message, hint: 'Remove one, or join several into one file.' });
  }
  const temporary = join(directory, `.${name}.new`);
  try {
    rmSync(temporary, { force: true });
    writeFileSync(temporary, text, { flag: 'wx', mode: PRIVATE_FILE });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    const message = `The list could not be written: ${codeOf(error)}.`;
    throw new FailureError({ code: 'list-not-written', message, hint: 'See whether the disk has room.' }, error);
  }
}

/** @throws FailureError `no-such-list` */
export function removeOwnList(directory: string, name: string): void {
  assertName(name);
  const path = join(directory, name);
  if (!listFiles(directory).includes(path)) {
    const hint = '"holdfast indicators list" names them. Lists of the setting indicators.files are removed there.';
    throw new FailureError({ code: 'no-such-list', message: `No list ${name} was taken in.`, hint });
  }
  rmSync(path, { force: true });
}

function assertName(name: string): void {
  if (OWN_LIST.test(name)) return;
  const hint = 'Letters, digits, dots, dashes; .txt, .csv or .json at its end.';
  throw new FailureError({ code: 'bad-list-name', message: 'A list cannot have this name.', hint });
}

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
