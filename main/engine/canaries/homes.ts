import { readFileSync } from 'node:fs';
import { localFiles } from '../runtime/local-files.ts';

/** Users whom people are, not services (login.defs(5): UID_MIN, and nobody). */
const LEAST_UID = 1_000;
const NOBODY = 65_534;
/** More than a workstation has people. */
const MAX_HOMES = 64;
const MAX_PASSWD = 1_048_576;

/** Homes of the people of this computer, without links in their paths; none that others serve. @param passwd text of passwd(5), for tests */
export function homesOfPeople(passwd = passwdText()): readonly string[] {
  const homes = new Set<string>();
  for (const line of passwd.slice(0, MAX_PASSWD).split('\n')) {
    const [, , uid, , , home = ''] = line.split(':');
    const number = Number(uid);
    if (!(number >= LEAST_UID) || number === NOBODY || !home.startsWith('/') || homes.size >= MAX_HOMES) continue;
    const real = attempt(() => localFiles.reach(home, 'all', (_entry, path) => path));
    if (real !== undefined && real !== '/') homes.add(real);
  }
  return [...homes];
}

function passwdText(): string {
  return attempt(() => readFileSync('/etc/passwd', 'utf8')) ?? '';
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
