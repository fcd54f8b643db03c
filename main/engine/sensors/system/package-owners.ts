/** Which package brought a file, from the package managers' lists; for a set of files at a time, in turns. */
import { PACKAGE_DATABASES, type PackageDatabase } from '../package-databases.ts';

/**
 * Path → "dpkg:name", "rpm:name". Files that no package has are left out. Never rejects.
 *
 * @param root another folder than "/" for tests
 */
export async function packageOwners(
  paths: ReadonlySet<string>,
  root = '/',
  databases: readonly PackageDatabase[] = PACKAGE_DATABASES,
): Promise<ReadonlyMap<string, string>> {
  const owners = new Map<string, string>();
  // Packages from before /lib became a link to /usr/lib still list their files below /lib.
  const wanted = new Map<string, string>();
  for (const path of paths) {
    wanted.set(path, path);
    if (path.startsWith('/usr/')) wanted.set(path.slice('/usr'.length), path);
  }
  for (const database of databases) {
    if (wanted.size === 0 || (await database.stamp(root)) === undefined) continue;
    try {
      await database.read(root, (name, listed) => {
        const path = wanted.get(listed);
        if (path !== undefined && !owners.has(path)) owners.set(path, `${database.manager}:${name}`);
      });
    } catch {
      // A package manager is at work at this moment: its files look as if nobody had brought them.
    }
  }
  return owners;
}
