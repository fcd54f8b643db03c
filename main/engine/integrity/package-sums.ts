/** Files whose content is what an installed package brought: dpkg's lists of MD5 sums, as `dpkg -V` uses them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';

const MAX_LISTS = 20_000;
const MAX_LIST_BYTES = 16 * 1024 * 1024;
const MAX_STATUS_BYTES = 128 * 1024 * 1024;
const LISTS_A_TURN = 20;
const SUM_LENGTH = 32;

/**
 * Path → "dpkg:name" for those of the files that are as a package has them. MD5 is no proof against whoever makes
 * files for it, and whoever is root can rewrite the lists: it explains a change, it does not clear it. Never rejects.
 *
 * @param sums MD5 of the files by path
 */
export async function matchingPackages(
  sums: ReadonlyMap<string, string>,
  folder = '/var/lib/dpkg',
): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  if (sums.size === 0) return owners;
  // Packages from before /bin became a link to /usr/bin still list their files below /bin.
  const byListed = new Map<string, string>();
  for (const path of sums.keys()) {
    byListed.set(path, path);
    if (path.startsWith('/usr/')) byListed.set(path.slice('/usr'.length), path);
  }
  const note = (listed: string, sum: string, owner: string): void => {
    const path = byListed.get(listed);
    if (path !== undefined && sums.get(path) === sum) owners.set(path, `dpkg:${owner}`);
  };
  const info = join(folder, 'info');
  const names = (await readdir(info).catch(() => [])).filter((name) => name.endsWith('.md5sums'));
  for (const [index, name] of names.slice(0, MAX_LISTS).entries()) {
    if (index % LISTS_A_TURN === 0) await setImmediate();
    const owner = name.slice(0, -'.md5sums'.length).replace(/:[a-z0-9]{1,16}$/, '');
    // "0123…  usr/bin/curl"
    for (const line of linesOf(await textOf(join(info, name), MAX_LIST_BYTES)))
      note(`/${line.slice(SUM_LENGTH + 2)}`, line.slice(0, SUM_LENGTH), owner);
  }
  await noteConfigurationFiles(join(folder, 'status'), note);
  return owners;
}

/** Configuration files stand in the status, with the sum of what the package brought. */
async function noteConfigurationFiles(
  path: string,
  note: (listed: string, sum: string, owner: string) => void,
): Promise<void> {
  let owner = '';
  let lines = 0;
  for (const line of linesOf(await textOf(path, MAX_STATUS_BYTES))) {
    if (++lines % LINES_A_TURN === 0) await setImmediate();
    if (line.startsWith('Package: ')) owner = line.slice('Package: '.length);
    else if (line.startsWith(' /')) {
      const [listed = '', sum = ''] = line.slice(1).split(' ', 2);
      note(listed, sum, owner);
    }
  }
}

const LINES_A_TURN = 5_000;

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    yield text.slice(start, end);
    start = end + 1;
  }
}

async function textOf(path: string, maxBytes: number): Promise<string> {
  try {
    return (await stat(path)).size > maxBytes ? '' : await readFile(path, 'utf8');
  } catch {
    // Removed at this moment by an installation, or no dpkg here.
    return '';
  }
}
