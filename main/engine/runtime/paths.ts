import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { codeOf, FailureError } from './failure.ts';

/** Where the engine keeps its things. All absolute. */
export interface Paths {
  /** Database, models, snapshots: what outlives a restart. */
  readonly dataDirectory: string;
  /** Sockets and pid: what does not. */
  readonly runtimeDirectory: string;
  readonly logDirectory: string;
  readonly databaseFile: string;
  /** What was changed in Holdfast itself; written by the engine, and need not exist. */
  readonly settingsFile: string;
  /** The configuration file that is read when none is named; it need not exist. */
  readonly configFile: string;
}

export interface PathRequest {
  /** `--data-dir`. Sockets then live below it too, so that a second engine does not meet the first. */
  readonly dataDirectory?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Effective user id; 0 is root. */
  readonly userId: number;
  readonly homeDirectory: string;
}

/**
 * Root: /var/lib/holdfast and /run/holdfast (Filesystem Hierarchy Standard 3.0). Others: the XDG Base
 * Directory Specification 0.8, which says that a relative path in its variables is to be ignored.
 */
export function resolvePaths(request: PathRequest): Paths {
  const { environment, homeDirectory } = request;
  const root = request.userId === 0;
  const xdg = (name: string): string | undefined => {
    const value = environment[name];
    return value?.startsWith('/') ? value : undefined;
  };
  const userData = join(xdg('XDG_DATA_HOME') ?? join(homeDirectory, '.local/share'), 'holdfast');
  const override = request.dataDirectory === undefined ? undefined : resolve(request.dataDirectory);
  const dataDirectory = override ?? (root ? '/var/lib/holdfast' : userData);
  const session = xdg('XDG_RUNTIME_DIR');
  const userRuntime = session === undefined ? join(dataDirectory, 'run') : join(session, 'holdfast');
  const runtimeDirectory = override !== undefined ? join(override, 'run') : root ? '/run/holdfast' : userRuntime;
  const configHome = root ? '/etc' : (xdg('XDG_CONFIG_HOME') ?? join(homeDirectory, '.config'));
  return {
    dataDirectory,
    runtimeDirectory,
    logDirectory: join(dataDirectory, 'logs'),
    databaseFile: join(dataDirectory, 'holdfast.db'),
    settingsFile: join(dataDirectory, SETTINGS_FILE),
    configFile: join(configHome, 'holdfast', 'config.yaml'),
  };
}

const SETTINGS_FILE = 'settings.yaml';
const PRIVATE = 0o700;
/** What directories of ours have: private, or passable for those who may use a socket in it. */
const OWN_MODES: ReadonlySet<number> = new Set([PRIVATE, 0o711]);
/** What stands in a data directory of ours. */
const OWN_ENTRY = /^(holdfast\.|settings\.yaml|\.settings\.|logs$|run$|captures$|indicators$|models$)/;
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;

/**
 * Makes sure that `path` is a directory of ours that no one else can redirect: it is no symbolic link, it
 * belongs to this user, and nobody but root and this user can rename it or one of the directories above.
 * Missing directories are made with mode 0700; an existing one gets `mode`, unless others use it for things of
 * their own: who says `--data-dir /tmp` does not want /tmp to be closed.
 *
 * @throws FailureError `unsafe-directory`, or `no-directory` when it cannot be made
 */
export function ensureOwnDirectory(path: string, mode: number = PRIVATE, userId: number = currentUser()): void {
  const target = resolve(path);
  try {
    // Checked before anything is made: a planted link above must not make us create directories elsewhere.
    checkAncestors(nearestExisting(dirname(target)), userId);
    makeMissing(target);
    const entry = lstatSync(target);
    if (!entry.isDirectory()) {
      throw unsafe(target, entry.isSymbolicLink() ? 'is a symbolic link' : 'is not a directory');
    }
    if (entry.uid !== userId) {
      throw unsafe(target, `belongs to user ${entry.uid}, not to user ${userId}`);
    }
    checkAncestors(dirname(target), userId);
    if ((entry.mode & 0o777) !== mode) {
      if (!OWN_MODES.has(entry.mode & 0o7777) && readdirSync(target).some((name) => !OWN_ENTRY.test(name))) {
        throw unsafe(target, 'is open to other users and holds what is not Holdfast’s');
      }
      chmodSync(target, mode);
    }
  } catch (error) {
    if (error instanceof FailureError) {
      throw error;
    }
    const why = REASONS[codeOf(error)] ?? String(error);
    const hint = 'Choose another place with --data-dir, or make this one writable for the user that runs Holdfast.';
    throw new FailureError({ code: 'no-directory', message: `Cannot make ${target}: ${why}.`, hint }, error);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'something on the way is not a directory',
  EEXIST: 'something that is not a directory has this name',
  ENOENT: 'nothing can be made there',
  ELOOP: 'its symbolic links go round in circles',
};

function currentUser(): number {
  return process.geteuid?.() ?? 0;
}

/** Links above (such as /var/run) are followed; what they lead to is what counts. */
function checkAncestors(path: string, userId: number): void {
  for (let directory = realpathSync(path); ; directory = dirname(directory)) {
    const entry = lstatSync(directory);
    if (entry.uid !== 0 && entry.uid !== userId) {
      throw unsafe(directory, `belongs to user ${entry.uid}, who could replace what is in it`);
    }
    if ((entry.mode & WRITABLE_BY_ALL) !== 0 && (entry.mode & STICKY) === 0) {
      throw unsafe(directory, 'can be written by everybody');
    }
    if (directory === dirname(directory)) {
      return;
    }
  }
}

/** Not mkdir's own `recursive`, which never returns where the kernel answers ENOENT (below /proc). */
function makeMissing(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) {
    makeMissing(dirname(path));
    mkdirSync(path, { mode: PRIVATE });
  }
}

function nearestExisting(path: string): string {
  for (let directory = path; ; directory = dirname(directory)) {
    if (lstatSync(directory, { throwIfNoEntry: false }) !== undefined || directory === dirname(directory)) {
      return directory;
    }
  }
}

function unsafe(path: string, why: string): FailureError {
  const hint =
    'Use a directory of its own that belongs to the user that runs Holdfast and that only this user can write.';
  return new FailureError({ code: 'unsafe-directory', message: `${path} ${why}.`, hint });
}
