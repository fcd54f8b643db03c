/** Where this program lies, what starts it, and whether root may be told to start it with the system. */
import { lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout or of the installed tree; both have the same layout. */
const PROGRAM_ROOT = fileURLToPath(new URL('../../../package.json', import.meta.url)).replace(/\/package\.json$/, '');

/** Where packages put the program. */
const PACKAGED_ROOT = '/usr/lib/holdfast';
/** Where packages put the unit. Older systems have /lib beside /usr/lib, and look into both. */
export const PACKAGED_UNIT = '/usr/lib/systemd/system/holdfast.service';

export interface Program {
  /** Absolute, without links. */
  readonly root: string;
  /** What a unit starts. */
  readonly launcher: string;
  /** Whether a package put it where its unit looks for it. */
  readonly isPackaged: boolean;
}

/** @param root other than this program's own, for tests */
export function thisProgram(root: string = PROGRAM_ROOT): Program {
  const real = realpathSync(root);
  const packaged = lstatSync(PACKAGED_ROOT, { throwIfNoEntry: false }) && realpathSync(PACKAGED_ROOT);
  if (real === packaged) return { root: real, launcher: `${PACKAGED_ROOT}/holdfast`, isPackaged: true };
  const bundled = join(real, 'holdfast');
  const hasBundle = lstatSync(bundled, { throwIfNoEntry: false })?.isFile() ?? false;
  return { root: real, launcher: hasBundle ? bundled : join(real, 'bin/holdfast'), isPackaged: false };
}

/** What of a tree is executed or decides what is; tests, documents and sources of the page are not. */
const EXECUTED = [
  'package.json',
  'bin',
  'contract',
  'main',
  'assets',
  'scripts/lib',
  'native-helpers',
  'node_modules',
  'dist',
  'node',
  'holdfast',
] as const;

/** More than a checkout with all of its packages has by far; a tree that goes on is none of ours. */
const MAX_ENTRIES = 300_000;

const WRITABLE_BY_OTHERS = 0o022;
const ROOT_USER = 0;

/** The part of node:fs that the check uses; tests give doubles. */
export interface FileSystem {
  stat(path: string): Pick<Stats, 'uid' | 'mode' | 'isDirectory' | 'isSymbolicLink'> | undefined;
  list(path: string): readonly string[];
  real(path: string): string;
}

const REAL_FILES: FileSystem = {
  stat: (path) => lstatSync(path, { throwIfNoEntry: false }),
  list: (path) => readdirSync(path),
  real: (path) => realpathSync(path),
};

/**
 * Who but root could change what the service would run as root: names the first folder on the way to the program, or
 * file of it, that somebody else owns or can write. Undefined when nobody can.
 */
export function whyUntrusted(root: string, files: FileSystem = REAL_FILES): string | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    const why = whyChangeable(folder, files);
    if (why !== undefined) return why;
    if (folder === dirname(folder)) break;
  }
  const waiting = EXECUTED.map((name) => join(root, name)).filter((path) => files.stat(path) !== undefined);
  for (let seen = 0; waiting.length > 0; seen++) {
    if (seen > MAX_ENTRIES) return `${root} holds more than ${MAX_ENTRIES} files`;
    const path = waiting.pop()!;
    const why = whyChangeable(path, files);
    if (why !== undefined) return why;
    const entry = files.stat(path);
    if (entry?.isSymbolicLink()) {
      const target = files.real(path);
      if (target !== root && !target.startsWith(`${root}/`)) return `${path} leads out of ${root}, to ${target}`;
    } else if (entry?.isDirectory()) {
      for (const name of files.list(path)) waiting.push(join(path, name));
    }
  }
  return undefined;
}

function whyChangeable(path: string, files: FileSystem): string | undefined {
  const entry = files.stat(path);
  if (entry === undefined) return `${path} is not there`;
  if (entry.uid !== ROOT_USER) return `${path} belongs to user ${entry.uid}`;
  // A link has no mode of its own; who can replace it is a question of its folder.
  if (!entry.isSymbolicLink() && (entry.mode & WRITABLE_BY_OTHERS) !== 0) return `${path} can be written by others`;
  return undefined;
}
