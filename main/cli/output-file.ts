import { closeSync, constants, fstatSync, fsyncSync, openSync, renameSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { cannotWrite } from './failure.ts';
import { OutputClosed, writeAll } from './terminal/output.ts';

/** A file that is there whole, or not at all. */
export interface OutputFile {
  write(data: string | Uint8Array): void;
  /** Puts the file in its place. */
  finish(): void;
  /** Takes away what was written. Does nothing after `finish`. */
  discard(): void;
}

/** Readable by all who may read the folder, as far as the umask lets: it is the user's own document. */
const DOCUMENT_MODE = 0o666;

/**
 * Writes beside the target and renames, so that a reader never sees half a file and an old one stays until
 * the new one is complete. What is there and is no ordinary file (/dev/stdout, a named pipe) is written directly.
 * @throws CommandError `cannot-write`
 */
export function createOutputFile(path: string): OutputFile {
  const existing = attempt(path, () => statSync(path, { throwIfNoEntry: false }));
  if (existing?.isDirectory()) throw cannotWrite(path, { code: 'EISDIR' });
  const isDirect = existing !== undefined && !existing.isFile();
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  const fd = attempt(path, () => (isDirect ? openExisting(path) : openSync(temporary, 'wx', DOCUMENT_MODE)));
  let isOpen = true;
  const discard = (): void => {
    if (!isOpen) return;
    isOpen = false;
    closeSync(fd);
    if (!isDirect) unlinkSync(temporary);
  };
  return {
    write: (data) => {
      attempt(path, () => writeAll(fd, data), discard);
    },
    finish: () => {
      attempt(
        path,
        () => {
          if (fstatSync(fd).isFile()) fsyncSync(fd);
          if (!isDirect) renameSync(temporary, path);
        },
        discard,
      );
      isOpen = false;
      closeSync(fd);
    },
    discard,
  };
}

/** Neither makes nor empties it: a link to a file that was put in its place since it was looked at costs nothing. */
function openExisting(path: string): number {
  const fd = openSync(path, constants.O_WRONLY);
  if (!fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error('it was replaced just now');
}

/** Writes a whole document. */
export function writeFileWhole(path: string, data: string | Uint8Array): void {
  const file = createOutputFile(path);
  file.write(data);
  file.finish();
}

function attempt<T>(path: string, work: () => T, cleanUp?: () => void): T {
  try {
    return work();
  } catch (error) {
    cleanUp?.();
    throw error instanceof OutputClosed ? error : cannotWrite(path, error);
  }
}
