import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { PACKAGE_DATABASES, type PackageDatabase, rpmDatabase } from './package-databases.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-packages-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let roots = 0;
/** A computer of these files. */
function computer(files: Readonly<Record<string, string>>): string {
  roots += 1;
  const root = join(folder, String(roots));
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

function databaseOf(manager: PackageDatabase['manager']): PackageDatabase {
  const found = PACKAGE_DATABASES.find((database) => database.manager === manager);
  if (found === undefined) throw new Error(`no ${manager}`);
  return found;
}

async function filesOf(database: PackageDatabase, root: string): Promise<readonly string[]> {
  const files: string[] = [];
  await database.read(root, (name, path) => files.push(`${name} ${path}`));
  return files.sort();
}

const APK = 'lib/apk/db/installed';
const KNOWN: readonly [PackageDatabase['manager'], Readonly<Record<string, string>>, readonly string[]][] = [
  [
    'dpkg',
    {
      'var/lib/dpkg/info/dash.list': '/.\n/bin\n/bin/dash\n/usr/share/doc\n',
      'var/lib/dpkg/info/libc6:amd64.list': '/lib/ld.so\n',
      'var/lib/dpkg/info/dash.md5sums': 'x  bin/other\n',
    },
    ['dash /.', 'dash /bin/dash', 'dash /usr/share/doc', 'libc6 /lib/ld.so'],
  ],
  [
    'pacman',
    {
      'var/lib/pacman/local/curl-8.9.1-2/files': '%FILES%\nusr/\nusr/bin/\nusr/bin/curl\n\n%BACKUP%\netc/curlrc\tabc\n',
      'var/lib/pacman/local/linux-firmware-20240909.552ed9b8-1/files': '%FILES%\nusr/lib/firmware/a\n',
      'var/lib/pacman/local/ALPM_DB_VERSION': '9\n',
    },
    ['curl /usr/bin/curl', 'linux-firmware /usr/lib/firmware/a'],
  ],
  [
    'apk',
    {
      [APK]:
        'C:Q1x\nP:busybox\nV:1.36\nF:bin\nM:0:0:755\nR:busybox\na:0:0:755\nR:sh\nF:\nR:top\n\nP:zlib\nF:lib\nR:libz.so.1\n',
    },
    ['busybox /bin/busybox', 'busybox /bin/sh', 'busybox /top', 'zlib /lib/libz.so.1'],
  ],
];

describe('databases of packages', () => {
  it.each(KNOWN)('%s', async (manager, files, expected) => {
    const database = databaseOf(manager);
    const root = computer(files);
    expect(await database.stamp(root)).toBeGreaterThan(0);
    expect(await filesOf(database, root)).toEqual(expected);
    expect(await database.stamp(computer({}))).toBeUndefined();
  });

  it('are read whatever stands in them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
        const root = computer({
          [APK]: text,
          'var/lib/dpkg/info/a.list': text,
          'var/lib/pacman/local/a-1-1/files': `%FILES%\n${text}`,
        });
        for (const manager of ['dpkg', 'pacman', 'apk'] as const) {
          expect((await filesOf(databaseOf(manager), root)).length).toBeLessThanOrEqual(text.length + 1);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('rpm', () => {
  const program = (script: string): string => {
    const path = join(computer({ rpm: `#!/bin/sh\n${script}` }), 'rpm');
    chmodSync(path, 0o755);
    return path;
  };

  it('is asked once for all files, with nothing of anybody’s', async () => {
    const root = computer({ 'usr/lib/sysimage/rpm/rpmdb.sqlite': '' });
    const database = rpmDatabase(
      program(`printf 'bash\\t/usr/bin/bash\\nkernel\\t(none)\\nargs\\t/%s/%s/%s\\n' "$1" "$3" "$#"`),
    );
    expect(await database.stamp(root)).toBeGreaterThan(0);
    expect(await filesOf(database, root)).toEqual(['args /--root/-qa/5', 'bash /usr/bin/bash']);
  });

  it('is not there without its program or without a database', async () => {
    const root = computer({ 'var/lib/rpm/Packages': '' });
    expect(await rpmDatabase(join(folder, 'nothing')).stamp(root)).toBeUndefined();
    expect(await rpmDatabase(program('exit 0')).stamp(computer({}))).toBeUndefined();
  });

  it('says when it fails, and ends a line without end', async () => {
    await expect(filesOf(rpmDatabase(program('exit 3')), folder)).rejects.toThrow('rpm ended with 3');
    await expect(filesOf(rpmDatabase(program('while :; do printf "%0999d" 0; done')), folder)).rejects.toThrow(
      'rpm ended with',
    );
  });
});
