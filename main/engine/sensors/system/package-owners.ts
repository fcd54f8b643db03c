/** Which package brought a file, from dpkg's lists; for a set of files at a time, in turns. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

/** A full desktop has some three thousand packages. */
const MAX_LISTS = 20_000;
const MAX_LIST_BYTES = 8 * 1024 * 1024;
const LISTS_A_TURN = 20;

/**
 * Path → "dpkg:name". Files that no package has, and all files of computers without dpkg, are left out. Never rejects.
 *
 * @param root another folder than "/" for tests
 */
export async function packageOwners(paths: ReadonlySet<string>, root = '/'): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  const folder = join(root, 'var/lib/dpkg/info');
  // Packages from before /lib became a link to /usr/lib still list their files below /lib.
  const wanted = new Map<string, string>();
  for (const path of paths) {
    wanted.set(path, path);
    if (path.startsWith('/usr/')) wanted.set(path.slice('/usr'.length), path);
  }
  const names = await readdir(folder).catch(() => []);
  for (const [index, name] of names
    .filter((each) => each.endsWith('.list'))
    .slice(0, MAX_LISTS)
    .entries()) {
    if (index % LISTS_A_TURN === 0) await setImmediate();
    const text = await listText(join(folder, name));
    const owner = `dpkg:${name.slice(0, -'.list'.length).replace(/:[a-z0-9]{1,16}$/, '')}`;
    for (let start = 0; start < text.length; ) {
      const newline = text.indexOf('\n', start);
      const end = newline === -1 ? text.length : newline;
      const path = wanted.get(text.slice(start, end));
      if (path !== undefined) owners.set(path, owner);
      start = end + 1;
    }
  }
  return owners;
}

async function listText(path: string): Promise<string> {
  try {
    return (await stat(path)).size > MAX_LIST_BYTES ? '' : await readFile(path, 'utf8');
  } catch {
    // Removed at this moment by an installation.
    return '';
  }
}
