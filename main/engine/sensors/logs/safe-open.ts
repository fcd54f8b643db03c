/**
 * Opens log files as root without being led elsewhere: only regular files in allowed directories. A symlink is
 * followed where it stays in them. What the kernel has really opened is looked at before a byte is read, so that
 * exchanging a directory in between gives nothing away.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { sep } from 'node:path';
import { codeOf, messageOf } from '../../runtime/failure.ts';

export interface OpenedLog {
  readonly fd: number;
  readonly stats: Stats;
}

export type OpenResult =
  | { readonly state: 'open'; readonly log: OpenedLog }
  | { readonly state: 'absent' }
  /** Not a file, outside, or no rights. `detail` is a plain sentence. */
  | { readonly state: 'refused'; readonly detail: string };

function isWithin(path: string, directories: readonly string[]): boolean {
  return directories.some((directory) => path.startsWith(directory.endsWith(sep) ? directory : directory + sep));
}

/** `directories` are real paths, with no symlink in them. Never throws. */
export function openLog(path: string, directories: readonly string[]): OpenResult {
  let fd: number | undefined;
  try {
    const real = realpathSync(path);
    if (!isWithin(real, directories)) return refused(`${path} leads out of the directories of logs (${real}).`);
    // Opening a device or a named pipe can have effects by itself.
    if (!lstatSync(real).isFile()) return refused(`${path} is not a file.`);
    fd = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
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
    return refused(`${path} cannot be read: ${messageOf(error)}.`);
  }
}

function refused(detail: string): OpenResult {
  return { state: 'refused', detail };
}
