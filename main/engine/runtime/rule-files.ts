/** Text files of folders whose content is trusted, read without following links. */
import { closeSync, constants, type Dirent, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './failure.ts';

/** Six times as many as the largest public collection holds. */
const MAX_FILES = 20_000;
const MAX_DEPTH = 12;
const WRITABLE_BY_OTHERS = 0o022;

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export interface ReadFiles {
  readonly files: readonly TextFile[];
  /** Files and folders that could not be read, with the reason in words. */
  readonly problems: readonly { readonly file: string; readonly reason: string }[];
}

export interface ReadFilesOptions {
  /** Names of files that are taken out of folders; a file that is named itself is always read. */
  readonly name: RegExp;
  readonly maxBytes: number;
  /** Effective user; root is pickier about files. */
  readonly userId: number;
}

/**
 * All files at and below the paths, in the order of their names. Links inside of folders are left out. Root reads
 * nothing that others could change: whoever writes rules says whom Holdfast accuses. Never throws.
 */
export function readTrustedFiles(paths: readonly string[], options: ReadFilesOptions): ReadFiles {
  const files: TextFile[] = [];
  const problems: { file: string; reason: string }[] = [];
  const refuse = (file: string, reason: string): void => {
    problems.push({ file, reason });
  };
  let isFull = false;
  const visit = (path: string, depth: number): void => {
    let entries: Dirent[];
    try {
      entries = readdirSync(path, { withFileTypes: true });
    } catch (error) {
      if (codeOf(error) === 'ENOTDIR') take(path);
      else refuse(path, `It cannot be read (${codeOf(error)}).`);
      return;
    }
    if (depth > MAX_DEPTH) {
      refuse(path, `Folders nest deeper than ${MAX_DEPTH}.`);
      return;
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child, depth + 1);
      else if (entry.isFile() && options.name.test(entry.name)) take(child);
    }
  };
  const take = (path: string): void => {
    if (files.length >= MAX_FILES) {
      if (!isFull) refuse(path, `There are more than ${MAX_FILES} files; this and the rest is left out.`);
      isFull = true;
      return;
    }
    const read = readTrustedFile(path, options);
    if (typeof read === 'string') files.push({ path, text: read });
    else refuse(path, read.reason);
  };
  for (const path of paths) visit(path, 0);
  return { files, problems };
}

/** The text of a file, or why it is not read. */
function readTrustedFile(path: string, { maxBytes, userId }: ReadFilesOptions): string | { readonly reason: string } {
  const isRoot = userId === 0;
  let descriptor: number;
  try {
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | (isRoot ? constants.O_NOFOLLOW : 0);
    descriptor = openSync(path, flags);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') return { reason: 'It is a symbolic link; name the file itself.' };
    return { reason: `It cannot be read (${codeOf(error)}).` };
  }
  try {
    const entry = fstatSync(descriptor);
    if (!entry.isFile()) return { reason: 'It is no regular file.' };
    if (isRoot && entry.uid !== 0)
      return { reason: `It belongs to user ${entry.uid}, so root does not read it: chown root.` };
    if (isRoot && (entry.mode & WRITABLE_BY_OTHERS) !== 0) {
      return { reason: 'Others can write it, so root does not read it: chmod go-w.' };
    }
    const bytes = Buffer.alloc(Math.min(entry.size, maxBytes) + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length < bytes.length; length += count) {
      count = readSync(descriptor, bytes, length, bytes.length - length, null);
    }
    if (length > maxBytes) return { reason: `It is larger than ${maxBytes / 1024} KiB.` };
    return bytes.toString('utf8', 0, length);
  } catch (error) {
    return { reason: `It cannot be read (${codeOf(error)}).` };
  } finally {
    closeSync(descriptor);
  }
}
