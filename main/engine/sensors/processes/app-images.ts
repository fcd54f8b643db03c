/**
 * Programs that are AppImages (github.com/AppImage/AppImageSpec, type 1 and 2): the file itself is a program with a mark
 * in its ELF header, which mounts what it carries in /tmp and runs it from there.
 */
import { closeSync, fstatSync, readFileSync, readSync } from 'node:fs';
import { localFiles } from '../../runtime/local-files.ts';
import type { FileLooks } from './shared-looks.ts';

/** Its run time mounts itself as the first letters of its name and six random ones. */
const MOUNTED = /^(\/(?:[^/]{1,255}\/){0,8}\.mount_[^/]{6,255})\//;
/** Behind the ELF identification, where others have zeros: "AI" and the type. */
const MAGIC = [0x7f, 0x45, 0x4c, 0x46] as const;
const MARK_OFFSET = 8;
const MARK_BYTES = 3;
const MARK = [0x41, 0x49] as const;
const TYPES: ReadonlySet<number> = new Set([1, 2]);
/** Packages put their programs there, and nobody an AppImage; their headers need not be read. */
const SYSTEM_FOLDERS = /^\/(?:usr|bin|sbin|lib|lib64|proc|sys|dev)\//;
/** Files and mounts that are remembered. */
const MAX_KNOWN = 2_048;
const MAX_MOUNT_BYTES = 1024 * 1024;

export class AppImages {
  readonly #mountsPath: string;
  readonly #files: FileLooks;
  /** By device, inode and time of change: what a header said. */
  readonly #marked = new Map<string, boolean>();
  /** By mount point: name of the file that is mounted there. */
  readonly #mounts = new Map<string, string>();

  /** @param mountsPath for tests: another file of the form of proc_pid_mounts(5) @param files what looks at them and opens them */
  constructor(mountsPath = '/proc/self/mounts', files: FileLooks = localFiles) {
    this.#mountsPath = mountsPath;
    this.#files = files;
  }

  /** "appimage:Name"; undefined for whatever else. Opens a file at most once as long as it stays the same. */
  nameOf(image: string): string | undefined {
    if (!image.startsWith('/') || SYSTEM_FOLDERS.test(image)) return undefined;
    const mounted = MOUNTED.exec(image);
    if (mounted !== null) {
      // Anybody can make such a folder; only where something is mounted on it a run time did.
      const name = this.#mountedAt(mounted[1]);
      return name === undefined ? undefined : `appimage:${name}`;
    }
    return this.#isOne(image) ? `appimage:${nameOfFile(image)}` : undefined;
  }

  /** The mount's source is the file's name. */
  #mountedAt(mountPoint: string): string | undefined {
    const known = this.#mounts.get(mountPoint);
    if (known !== undefined) return known;
    let text = '';
    try {
      text = readFileSync(this.#mountsPath, 'latin1').slice(0, MAX_MOUNT_BYTES);
    } catch {
      // Without /proc nobody knows.
      return undefined;
    }
    for (const line of text.split('\n')) {
      const [source = '', point, type = ''] = line.split(' ', 3);
      if (point !== mountPoint || !type.startsWith('fuse')) continue;
      const name = nameOfFile(unescaped(source));
      remember(this.#mounts, mountPoint, name);
      return name;
    }
    return undefined;
  }

  #isOne(path: string): boolean {
    let key: string;
    try {
      const status = this.#files.lstat(path);
      if (status === undefined || !status.isFile()) return false;
      key = `${status.dev}:${status.ino}:${status.ctimeMs}`;
    } catch {
      return false;
    }
    const known = this.#marked.get(key);
    if (known !== undefined) return known;
    const isOne = hasMark(this.#files, path, key);
    remember(this.#marked, key, isOne);
    return isOne;
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= MAX_KNOWN) {
    const oldest = map.keys().next();
    if (!oldest.done) map.delete(oldest.value);
  }
  map.set(key, value);
}

function hasMark(files: FileLooks, path: string, key: string): boolean {
  let file: number | undefined;
  try {
    file = files.open(path);
    const status = fstatSync(file);
    if (`${status.dev}:${status.ino}:${status.ctimeMs}` !== key) return false;
    const header = Buffer.alloc(MARK_OFFSET + MARK_BYTES);
    if (readSync(file, header, 0, header.length, 0) < header.length) return false;
    const isElf = MAGIC.every((byte, index) => header[index] === byte);
    const isMarked = MARK.every((byte, index) => header[MARK_OFFSET + index] === byte);
    return isElf && isMarked && TYPES.has(header[MARK_OFFSET + MARK.length] ?? 0);
  } catch {
    return false;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** "/home/anna/Krita-5.2.AppImage" is Krita-5.2. */
function nameOfFile(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.appimage$/i, '');
}

/** Blanks and backslashes are written as octal digits: getmntent(3). */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
