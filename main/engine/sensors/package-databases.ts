/**
 * Which files the packages of this computer brought, from what package managers keep: dpkg (dpkg-query(1)), rpm(8),
 * pacman (alpm's local database) and apk (apk-db(5)). What is kept as plain files is read; of rpm, whose database has had
 * three formats, the program itself is asked, once, with nothing of anybody's among its arguments.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

export interface PackageDatabase {
  readonly manager: 'dpkg' | 'rpm' | 'pacman' | 'apk';
  /**
   * Another value after packages came or went; undefined where this computer has no such database.
   *
   * @param root another folder than "/" for tests
   */
  stamp(root: string): Promise<number | undefined>;
  /**
   * Hands every file to `take`, with its package's name; folders may be among them. Takes its turns, and leaves out what
   * is longer than packages can be. Rejects where the database cannot be read at this moment.
   */
  read(root: string, take: (name: string, path: string) => void): Promise<void>;
}

/** A full desktop has some three thousand packages. */
const MAX_PACKAGES = 20_000;
/** The longest list of a package, a TeX distribution's, is of half a megabyte; apk keeps all in one file. */
const MAX_LIST_BYTES = 8 * 1024 * 1024;
const MAX_INSTALLED_BYTES = 64 * 1024 * 1024;
/** After so many lists, or lines, others get their turn. */
const LISTS_A_TURN = 20;
const LINES_A_TURN = 20_000;

async function modified(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return undefined;
  }
}

/** The first of several places where there is something; undefined where there is nothing. */
async function latest(paths: readonly string[]): Promise<number | undefined> {
  for (const path of paths) {
    const time = await modified(path);
    if (time !== undefined) return time;
  }
  return undefined;
}

/** Empty where it is too long, or removed at this moment by an installation. */
async function listText(path: string, maxBytes = MAX_LIST_BYTES): Promise<string> {
  try {
    return (await stat(path)).size > maxBytes ? '' : await readFile(path, 'utf8');
  } catch {
    return '';
  }
}

const DPKG_FOLDER = 'var/lib/dpkg/info';
const LIST = '.list';

const dpkg: PackageDatabase = {
  manager: 'dpkg',
  stamp: (root) => modified(join(root, DPKG_FOLDER)),
  async read(root, take) {
    const folder = join(root, DPKG_FOLDER);
    const lists = (await readdir(folder)).filter((name) => name.endsWith(LIST)).slice(0, MAX_PACKAGES);
    for (const [index, list] of lists.entries()) {
      if (index % LISTS_A_TURN === 0) await setImmediate();
      // "libc6:amd64.list"
      const owner = list.slice(0, -LIST.length).replace(/:[a-z0-9]{1,16}$/, '');
      const lines = (await listText(join(folder, list))).split('\n');
      for (const [at, line] of lines.entries()) {
        // The first file of a folder follows it.
        if (line !== '' && lines[at + 1]?.startsWith(`${line}/`) !== true) take(owner, line);
      }
    }
  },
};

const PACMAN_FOLDER = 'var/lib/pacman/local';
/** "linux-firmware-20240909.552ed9b8-1": name, version and release. */
const PACMAN_ENTRY = /^(.{1,255})-[^-]{1,255}-[^-]{1,64}$/;

const pacman: PackageDatabase = {
  manager: 'pacman',
  stamp: (root) => modified(join(root, PACMAN_FOLDER)),
  async read(root, take) {
    const folder = join(root, PACMAN_FOLDER);
    for (const [index, entry] of (await readdir(folder)).slice(0, MAX_PACKAGES).entries()) {
      if (index % LISTS_A_TURN === 0) await setImmediate();
      const owner = PACMAN_ENTRY.exec(entry)?.[1];
      if (owner === undefined) continue;
      const lines = (await listText(join(folder, entry, 'files'))).split('\n');
      for (let at = lines.indexOf('%FILES%') + 1; at > 0 && at < lines.length; at++) {
        const line = lines[at] ?? '';
        // An empty line ends the section. Folders end with a slash.
        if (line === '') break;
        if (!line.endsWith('/')) take(owner, `/${line}`);
      }
    }
  },
};

const APK_FILES = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];

const apk: PackageDatabase = {
  manager: 'apk',
  stamp: (root) => latest(APK_FILES.map((file) => join(root, file))),
  async read(root, take) {
    for (const file of APK_FILES) {
      const text = await listText(join(root, file), MAX_INSTALLED_BYTES);
      let owner = '';
      let folder = '';
      let lines = 0;
      for (let start = 0; start < text.length; ) {
        const newline = text.indexOf('\n', start);
        const end = newline === -1 ? text.length : newline;
        const value = text.slice(start + 2, end);
        // P: a package begins, F: a folder of it, R: a file in that.
        const field = text[start + 1] === ':' ? text[start] : '';
        if (field === 'P') [owner, folder] = [value, ''];
        else if (field === 'F') folder = value;
        else if (field === 'R') take(owner, folder === '' ? `/${value}` : `/${folder}/${value}`);
        start = end + 1;
        lines += 1;
        if (lines % LINES_A_TURN === 0) await setImmediate();
      }
      if (text !== '') return;
    }
  },
};

/** SQLite, NDB and Berkeley DB, in the place of today and in that of before. */
const RPM_FILES = ['usr/lib/sysimage/rpm', 'var/lib/rpm'].flatMap((folder) =>
  ['rpmdb.sqlite', 'Packages.db', 'Packages'].map((name) => `${folder}/${name}`),
);
const RPM = '/usr/bin/rpm';
/** Four thousand packages take some seconds. */
const RPM_LIMIT_MS = 60_000;
/** Half a million files with names of usual length. */
const MAX_RPM_BYTES = 128 * 1024 * 1024;
const MAX_RPM_LINE = 8_192;
const RPM_FORMAT = '[%{=NAME}\\t%{FILENAMES}\\n]';

/** @param program another one for tests */
export function rpmDatabase(program = RPM): PackageDatabase {
  return {
    manager: 'rpm',
    async stamp(root) {
      return (await modified(program)) === undefined ? undefined : latest(RPM_FILES.map((file) => join(root, file)));
    },
    async read(root, take) {
      const child = spawn(program, [...(root === '/' ? [] : ['--root', root]), '-qa', '--queryformat', RPM_FORMAT], {
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' },
        timeout: RPM_LIMIT_MS,
        killSignal: 'SIGKILL',
      });
      const ended = once(child, 'close');
      // Asked for below; a program that cannot be started fails both.
      ended.catch(() => undefined);
      let rest = '';
      let total = 0;
      for await (const piece of child.stdout.setEncoding('utf8')) {
        const text: string = rest + piece;
        total += text.length - rest.length;
        const end = text.lastIndexOf('\n') + 1;
        rest = text.slice(end);
        for (const line of text.slice(0, end).split('\n')) {
          const tab = line.indexOf('\t');
          if (tab > 0 && line[tab + 1] === '/') take(line.slice(0, tab), line.slice(tab + 1));
        }
        if (total <= MAX_RPM_BYTES && rest.length <= MAX_RPM_LINE) continue;
        child.kill('SIGKILL');
        // The pipe is closed with it: who else writes into it ends too.
        break;
      }
      const [code] = await ended;
      if (code !== 0) throw new Error(`rpm ended with ${code}`);
    },
  };
}

/** In the order in which they are asked: a computer has one that counts, though Debian has an rpm to convert with. */
export const PACKAGE_DATABASES: readonly PackageDatabase[] = [dpkg, pacman, apk, rpmDatabase()];
