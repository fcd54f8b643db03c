/** Which files an event says should be looked at. Pure, and cheap: every event of the host is asked. */
import type { HostEvent, HostProcessWithParents } from '../../../../contract/events.ts';
import { isInstalling } from '../../behaviours/index.ts';
import { isOfSystemPackage } from '../../sensors/index.ts';
import { isSystemFile } from './system-files.ts';

export interface WantedFile {
  readonly path: string;
  /** In hexadecimal, where `path` is not what the name is: it is not UTF-8. */
  readonly pathBytes?: string;
  /** "run": it is at work already, wherever it is. "refused": it was kept from it. */
  readonly how: 'written' | 'run' | 'refused';
  readonly timeMs: number;
  /** Who wrote it, or who runs as it. */
  readonly process?: HostProcessWithParents;
}

export interface Wants {
  /** Folders below which writing matters, without a slash at the end; "" is all of them. */
  readonly places: readonly string[];
  /** Holdfast's own folders: rules quote what they look for. */
  readonly ownDirectories: readonly string[];
  readonly ownPid: number;
}

const ANY_EXECUTE = 0o111;
/** Names of programs, scripts and what they are packed in, which need no execute bit to do harm. */
const ENDINGS: ReadonlySet<string> = new Set([
  ...['sh', 'bash', 'zsh', 'py', 'pl', 'rb', 'php', 'php5', 'phtml', 'jsp', 'jspx', 'war', 'lua', 'ps1', 'awk'],
  ...['elf', 'bin', 'run', 'so', 'ko', 'out', 'appimage', 'jar', 'class', 'exe', 'dll', 'msi', 'scr', 'bat', 'vbs'],
  ...['deb', 'rpm', 'apk', 'snap', 'zip', 'tar', 'gz', 'tgz', 'xz', 'bz2', 'zst', '7z', 'rar', 'iso', 'img'],
  ...['doc', 'docm', 'docx', 'xls', 'xlsm', 'xlsx', 'pdf', 'rtf', 'hta', 'lnk', 'com'],
]);
/** Folders that everybody may write into: there a name without an ending is usual for what is brought in. */
const OPEN_FOLDERS: readonly string[] = ['/tmp/', '/var/tmp/', '/dev/shm/', '/run/'];
/** Made by the kernel while they are read. */
const KERNEL_PLACES: readonly string[] = ['/proc/', '/sys/'];

/** The file that an event is about, where it is worth to be looked at. */
export function wantedOf(event: HostEvent, wants: Wants): WantedFile | undefined {
  switch (event.type) {
    case 'process-start': {
      const { process, timeMs } = event;
      const isFile = process.image.startsWith('/') && process.isImageDeleted !== true;
      // Here its path names another file, or none; what is written into containers is seen by the path that it has here.
      if (process.seesOtherFiles === true) return undefined;
      // What a package owns was looked at by those who made it; that somebody changed it is a write.
      if (!isFile || isOfSystemPackage(process.package) || isExempt(process.image, process, wants)) return undefined;
      return { path: process.image, how: 'run', timeMs, process };
    }
    case 'file-executed': {
      const { path, pathBytes, process, timeMs, file } = event;
      // The process may still be the one that executes it: a shell of a package runs a script of nobody's.
      const isItsOwn = process?.image === path || isSystemFile(path, file?.uid, file?.mode);
      const isOfPackage = isItsOwn && isOfSystemPackage(process?.package);
      if (isOfPackage || isExempt(path, process, wants)) return undefined;
      return { path, ...(pathBytes !== undefined && { pathBytes }), how: 'run', timeMs, process };
    }
    case 'file-created':
    case 'file-written':
    case 'file-renamed':
    case 'file-attributes': {
      const { path, pathBytes, process, timeMs, file } = event;
      if (file?.kind !== undefined && file.kind !== 'file') return undefined;
      if (!isProgramLike(path, file?.mode, file?.magic) || !isWatched(path, wants.places)) return undefined;
      if (isExempt(path, process, wants) || (process !== undefined && isInstalling(lineageOf(process))))
        return undefined;
      return { path, ...(pathBytes !== undefined && { pathBytes }), how: 'written', timeMs, process };
    }
    default:
      return undefined;
  }
}

/** The process, and those above it that the event names. */
export function lineageOf(process: HostProcessWithParents): readonly HostProcessWithParents[] {
  return [process, ...parentsOf(process)];
}

/** The nearest first. */
export function parentsOf({ parent, ancestors = [] }: HostProcessWithParents): readonly HostProcessWithParents[] {
  return parent === undefined ? ancestors : [parent, ...ancestors];
}

function isProgramLike(path: string, mode: number | undefined, magic: string | undefined): boolean {
  if (mode !== undefined && (mode & ANY_EXECUTE) !== 0) return true;
  if (magic === 'elf' || magic === 'script') return true;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  if (dot > 0) return ENDINGS.has(name.slice(dot + 1).toLowerCase());
  return OPEN_FOLDERS.some((folder) => path.startsWith(folder));
}

function isWatched(path: string, places: readonly string[]): boolean {
  return places.some((place) => path.startsWith(`${place}/`));
}

function isExempt(path: string, process: HostProcessWithParents | undefined, wants: Wants): boolean {
  if (process?.pid === wants.ownPid || KERNEL_PLACES.some((place) => path.startsWith(place))) return true;
  return isWatched(path, wants.ownDirectories);
}
