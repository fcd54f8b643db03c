/**
 * Opens log files as root without being led elsewhere: only regular files in allowed directories. A symlink is
 * followed where it stays in them. What the kernel has really opened is looked at before a byte is read, so that
 * exchanging a directory in between gives nothing away. Nothing is looked at that others serve: it could wait for ever.
 */
import { closeSync, fstatSync, lstatSync, readlinkSync, type Stats } from 'node:fs';
import { sep } from 'node:path';
import { codeOf, messageOf } from '../../runtime/failure.ts';
import { ForeignFileSystemError, localFiles } from '../../runtime/local-files.ts';
import { openRegularFile } from '../../runtime/open-regular.ts';

export interface OpenedLog {
  readonly fd: number;
  readonly stats: Stats;
}

export type OpenResult =
  | { readonly state: 'open'; readonly log: OpenedLog }
  | { readonly state: 'absent' }
  /** Not a file, outside, no rights, or on a file system that others serve. `detail` is a plain sentence. */
  | { readonly state: 'refused'; readonly detail: string; readonly isForeign: boolean };

function isWithin(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => path.startsWith(directory.endsWith(sep) ? directory : directory + sep));
}

/** `directories` are real paths, with no symlink in them. Never throws. */
export function openLog(path: string, directories: readonly string[]): OpenResult {
  let fd: number | undefined;
  try {
    const found = localFiles.reach(path, 'all', (entry, real) => {
      if (!isWithin(real, directories)) return refused(`${path} leads out of the directories of logs (${real}).`);
      if (!lstatSync(entry).isFile()) return refused(`${path} is not a file.`);
      return openRegularFile(entry);
    });
    if (found === undefined) return { state: 'absent' };
    if (typeof found !== 'number') return found;
    fd = found;
    const stats = fstatSync(fd);
    const opened = readlinkSync(`/proc/self/fd/${fd}`);
    if (!stats.isFile() || !isWithin(opened, directories)) {
      closeSync(fd);
      return refused(`${path} was exchanged while it was opened.`);
    }
    return { state: 'open', log: { fd, stats } };
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return { state: 'absent' };
    if (error instanceof ForeignFileSystemError) return refused(error.message, true);
    return refused(`${path} cannot be read: ${messageOf(error)}.`);
  }
}

function refused(detail: string, isForeign = false): Exclude<OpenResult, { state: 'open' | 'absent' }> {
  return { state: 'refused', detail, isForeign };
}
