/**
 * What kinds of programs there are, by the name of the executable. A name alone proves nothing, as anybody may give a
 * file of theirs any name: whoever excuses something by it asks for a folder of the system as well.
 */
import type { HostProcess } from '../../../contract/events.ts';

/** Folders that only root may write into. Paths of a merged and of a separate /usr. */
const SYSTEM_FOLDERS: readonly string[] = ['/usr/', '/bin/', '/sbin/', '/lib/', '/lib64/', '/opt/', '/snap/'];
/** Below those, but for everybody to write or for the administrator's own programs. */
const NOT_OF_THE_SYSTEM: readonly string[] = ['/usr/local/', '/usr/tmp/'];

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh', 'mksh', 'ash', 'csh', 'tcsh', 'fish', 'busybox', 'rbash']);
const INTERPRETERS = new Set([
  'python',
  'perl',
  'ruby',
  'php',
  'node',
  'nodejs',
  'lua',
  'tclsh',
  'pwsh',
  'awk',
  'gawk',
  'mawk',
  'jjs',
  'osascript',
]);
const DOWNLOADERS = new Set([
  'curl',
  'wget',
  'wget2',
  'aria2c',
  'axel',
  'lwp-download',
  'ftp',
  'tftp',
  'scp',
  'sftp',
  'fetch',
]);
const PACKAGE_MANAGERS = new Set([
  'apt',
  'apt-get',
  'aptitude',
  'dpkg',
  'dpkg-deb',
  'dpkg-trigger',
  'dpkg-divert',
  'unattended-upgrade',
  'unattended-upgrades',
  'packagekitd',
  'rpm',
  'dnf',
  'dnf-3',
  'dnf5',
  'yum',
  'zypper',
  'pacman',
  'apk',
  'snapd',
  'snap',
  'flatpak',
  'flatpak-system-helper',
  'update-manager',
  'dkms',
  'depmod',
  'needrestart',
  'debconf',
]);
/** Programs whose work is to answer strangers. */
const SERVERS = new Set([
  'nginx',
  'apache',
  'httpd',
  'php-fpm',
  'lighttpd',
  'caddy',
  'uwsgi',
  'gunicorn',
  'tomcat',
  'jsvc',
  'puma',
  'unicorn',
  'passenger',
  'mysqld',
  'mariadbd',
  'postgres',
  'redis-server',
  'mongod',
  'php-cgi',
  'openlitespeed',
  'hypercorn',
  'uvicorn',
  'h2o',
  'thttpd',
  'mini_httpd',
  'vsftpd',
  'proftpd',
  'exim',
  'smbd',
  'memcached',
]);

/** "python3.11" → "python", "php-fpm8.2" → "php-fpm", "apache2" → "apache", "exim4" → "exim". */
const VERSION = /-?\d{1,3}(?:\.\d{1,3}){0,3}$/;
/** Longest name of a file (NAME_MAX). */
const MAX_NAME = 255;

/** What a path says of the program; every behaviour asks it of a program and of all above it. */
interface Named {
  /** In lower case, without its version. */
  readonly name: string;
  readonly isShell: boolean;
  readonly isInterpreter: boolean;
  readonly isDownloader: boolean;
  readonly isPackageManager: boolean;
  readonly isServer: boolean;
  readonly isInSystemFolder: boolean;
}

/** Paths that are remembered, and the longest of them: programs are the same again and again. Some 600 kB at most. */
const MAX_REMEMBERED = 2_048;
const MAX_REMEMBERED_PATH = 256;
let remembered = new Map<string, Named>();

function named(image: string): Named {
  const known = remembered.get(image);
  if (known !== undefined) return known;
  const name = withoutVersion(image);
  // The name with its digits, for names such as "wget2" that are words of their own.
  const full = image.slice(image.lastIndexOf('/') + 1).toLowerCase();
  const isAmong = (names: ReadonlySet<string>): boolean => names.has(name) || names.has(full);
  const made: Named = {
    name,
    isShell: isAmong(SHELLS),
    isInterpreter: isAmong(INTERPRETERS),
    isDownloader: isAmong(DOWNLOADERS),
    isPackageManager: isAmong(PACKAGE_MANAGERS),
    isServer: isAmong(SERVERS),
    isInSystemFolder:
      SYSTEM_FOLDERS.some((folder) => image.startsWith(folder)) &&
      !NOT_OF_THE_SYSTEM.some((folder) => image.startsWith(folder)) &&
      !image.includes('/../'),
  };
  if (image.length > MAX_REMEMBERED_PATH) return made;
  // Forgetting all at once costs less than knowing which was asked for last.
  if (remembered.size >= MAX_REMEMBERED) remembered = new Map();
  remembered.set(image, made);
  return made;
}

function withoutVersion(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1).slice(0, MAX_NAME);
  const end = name.endsWith(' (deleted)') ? name.slice(0, -' (deleted)'.length) : name;
  return end.replace(VERSION, '').toLowerCase() || end;
}

/** The executable's name in lower case, without its version. */
export function programName(image: string): string {
  return named(image).name;
}

export function isShell({ image }: HostProcess): boolean {
  return named(image).isShell;
}

export function isInterpreter({ image }: HostProcess): boolean {
  return named(image).isInterpreter;
}

export function isDownloader({ image }: HostProcess): boolean {
  return named(image).isDownloader;
}

export function isServer({ image }: HostProcess): boolean {
  return named(image).isServer;
}

/** The executable lies where only the system puts programs. */
export function isOfTheSystem({ image, isImageDeleted }: HostProcess): boolean {
  return isImageDeleted !== true && named(image).isInSystemFolder;
}

/** A path where only the system puts programs. */
export function isInSystemFolder(path: string): boolean {
  return named(path).isInSystemFolder;
}

/** Installs or updates packages, or is run by what does: its files and settings are the package's. */
export function isInstalling(lineage: readonly HostProcess[]): boolean {
  return lineage.some((process) => isOfTheSystem(process) && named(scriptOrImage(process)).isPackageManager);
}

/** Many managers are scripts: what counts is the script, where it lies in a folder of the system. */
function scriptOrImage(process: HostProcess): string {
  if (!isInterpreter(process) && !isShell(process)) return process.image;
  const script = process.arguments?.[1] ?? secondWord(process.commandLine);
  return script.startsWith('/usr/') || script.startsWith('/bin/') ? script : process.image;
}

function secondWord(commandLine: string): string {
  const start = commandLine.indexOf(' ') + 1;
  if (start === 0) return '';
  const end = commandLine.indexOf(' ', start);
  return commandLine.slice(start, end === -1 ? start + MAX_NAME : end);
}

/** Folders that everybody may write into: no package puts programs there. */
const OPEN_FOLDERS: readonly string[] = ['/tmp/', '/var/tmp/', '/dev/shm/', '/run/shm/', '/dev/mqueue/'];

export function isInOpenFolder(path: string): boolean {
  return OPEN_FOLDERS.some((folder) => path.startsWith(folder));
}
