/**
 * From the headless package to the desktop's and back, for real: small packages with the real maintainer scripts, put
 * by dpkg into a root to throw away. Settings and data belong to whichever is installed.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PackageRoot, whyNoPackageRoot } from './support/package-root.ts';

const LINUX = fileURLToPath(new URL('../assets/linux/', import.meta.url));
const UNIT = 'usr/lib/systemd/system/holdfast.service';
const ENGINE = 'opt/Holdfast/resources/engine';
const PROFILE = 'etc/apparmor.d/holdfast';
const STEP_MS = 60_000;

const why = whyNoPackageRoot();
if (why !== undefined) process.stdout.write(`The change from one package to the other is not tested: ${why}.\n`);

describe.skipIf(why !== undefined)('the two packages', () => {
  let root: PackageRoot;

  beforeEach(async () => {
    root = new PackageRoot();
    await root.start();
  }, STEP_MS);

  afterEach(() => root.stop(), STEP_MS);

  const dpkg = (...args: readonly string[]) => root.output('dpkg', '--force-unsafe-io', '--no-triggers', ...args);
  const isThere = async (path: string) => (await root.run('test', '-e', path)).code === 0;

  /** Builds one, and gives its path inside. */
  function build(name: string, files: Readonly<Record<string, string>>, scripts: Readonly<Record<string, string>>) {
    const stage = join(root.shared, `${name}.stage`);
    const place = (path: string, text: string): void => {
      mkdirSync(dirname(join(stage, path)), { recursive: true });
      if (text.startsWith('-> ')) symlinkSync(text.slice(3), join(stage, path));
      else writeFileSync(join(stage, path), text);
    };
    const other = name === 'holdfast' ? 'holdfast-headless' : 'holdfast';
    const control = { Package: name, Version: '1', Architecture: 'all', Maintainer: 'x <x@holdfast.invalid>' };
    const rows = { ...control, Conflicts: other, Replaces: other, Description: 'for a test' };
    place(
      'DEBIAN/control',
      Object.entries(rows)
        .map(([key, value]) => `${key}: ${value}\n`)
        .join(''),
    );
    place('DEBIAN/conffiles', `/${PROFILE}\n`);
    for (const [path, text] of Object.entries({ [PROFILE]: profile, [UNIT]: unit, ...files })) {
      place(path, text);
      if (text.startsWith('#!')) chmodSync(join(stage, path), 0o755);
    }
    for (const [script, text] of Object.entries(scripts)) {
      place(`DEBIAN/${script}`, text);
      chmodSync(join(stage, 'DEBIAN', script), 0o755);
    }
    const file = join(root.shared, `${name}.deb`);
    const args = ['--root-owner-group', '-Znone', '--build', stage, file];
    const { status, stderr } = spawnSync('dpkg-deb', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return `/mnt/${name}.deb`;
  }

  const program = (words: string) => `#!/bin/sh\necho ${words}\n`;
  const profile = readFileSync(join(LINUX, 'holdfast.apparmor'), 'utf8');
  const unit = readFileSync(join(LINUX, 'holdfast.service'), 'utf8');

  const headless = () =>
    build(
      'holdfast-headless',
      {
        'usr/lib/holdfast/holdfast': program('headless'),
        'usr/bin/holdfast': '-> ../lib/holdfast/holdfast',
      },
      scriptsIn('deb', ['preinst', 'postinst', 'prerm', 'postrm'], (name) => name),
    );

  const desktop = () =>
    build(
      'holdfast',
      {
        [`${ENGINE}/holdfast`]: program('desktop'),
        'opt/Holdfast/holdfast-desktop': program('window'),
        'opt/Holdfast/chrome-sandbox': program('sandbox'),
      },
      scriptsIn('desktop', ['postinst', 'prerm', 'postrm'], (name) => DESKTOP_SCRIPTS[name] ?? name),
    );

  /** As they are, with the names filled in that electron-builder fills in. */
  function scriptsIn(folder: string, names: readonly string[], fileOf: (name: string) => string) {
    const found = names.filter((name) => existsSync(join(LINUX, folder, fileOf(name))));
    const read = (name: string) => readFileSync(join(LINUX, folder, fileOf(name)), 'utf8');
    const filled = (text: string) =>
      text.replaceAll('$' + '{executable}', 'holdfast-desktop').replaceAll('$' + '{sanitizedProductName}', 'Holdfast');
    return Object.fromEntries(found.map((name) => [name, filled(read(name))]));
  }

  async function leaveData(): Promise<void> {
    await root.output('sh', '-c', 'mkdir -p /var/lib/holdfast /etc/holdfast; echo x >/var/lib/holdfast/holdfast.db');
  }

  it('hand over: headless to desktop, whose data outlive the purge of the first', { timeout: STEP_MS }, async () => {
    await dpkg('--install', headless());
    await leaveData();
    await dpkg('--install', desktop());
    expect(await root.output('holdfast')).toBe('desktop\n');
    expect((await root.run('readlink', '/etc/systemd/system/holdfast.service')).stdout).not.toContain('/dev/null');
    await dpkg('--purge', 'holdfast-headless');
    expect(await isThere('/var/lib/holdfast/holdfast.db')).toBe(true);
    expect(await isThere('/etc/holdfast')).toBe(true);
    expect(await isThere(`/${PROFILE}`)).toBe(true);
    await dpkg('--purge', 'holdfast');
    for (const path of ['/var/lib/holdfast', '/etc/holdfast', '/usr/lib/holdfast', '/usr/bin/holdfast']) {
      expect([path, await isThere(path)]).toEqual([path, false]);
    }
  });

  it('hand over one after the other as well, as apt does it', { timeout: STEP_MS }, async () => {
    const file = headless();
    await dpkg('--install', file);
    await leaveData();
    await dpkg('--remove', 'holdfast-headless');
    expect(await root.output('readlink', '/etc/systemd/system/holdfast.service')).toBe('/dev/null\n');
    await dpkg('--install', desktop());
    expect((await root.run('readlink', '/etc/systemd/system/holdfast.service')).stdout).toBe('');
    await dpkg('--remove', 'holdfast');
    await dpkg('--install', file);
    expect(await root.output('holdfast')).toBe('headless\n');
    expect(await isThere('/var/lib/holdfast/holdfast.db')).toBe(true);
  });

  it('hand over: desktop to headless, which is whole afterwards', { timeout: STEP_MS }, async () => {
    await dpkg('--install', desktop());
    await leaveData();
    await dpkg('--install', headless());
    expect(await root.output('holdfast')).toBe('headless\n');
    expect((await root.run('readlink', '/usr/lib/holdfast')).stdout).toBe('');
    expect(await isThere(`/${ENGINE}/holdfast`)).toBe(false);
    expect((await root.run('dpkg', '--verify', 'holdfast-headless')).stdout).toBe('');
    await dpkg('--purge', 'holdfast');
    expect(await isThere('/var/lib/holdfast/holdfast.db')).toBe(true);
    expect(await isThere(`/${PROFILE}`)).toBe(true);
    await dpkg('--purge', 'holdfast-headless');
    for (const path of ['/var/lib/holdfast', '/etc/holdfast', '/usr/lib/holdfast', '/usr/bin/holdfast']) {
      expect([path, await isThere(path)]).toEqual([path, false]);
    }
  });
});

/** What electron-builder makes of the files. */
const DESKTOP_SCRIPTS: Readonly<Record<string, string>> = {
  postinst: 'after-install.sh',
  prerm: 'before-remove.sh',
  postrm: 'after-remove.sh',
};
